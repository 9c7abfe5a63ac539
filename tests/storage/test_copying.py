"""A copy of a whole database is the same database: rows, chain, sequences and the digest that is built from it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from copy import copy
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError

from storage import Store, default_url, open_store
from storage.copying import copy_database, restore_database
from tests.storage.build import AD, SITE, World
from tests.storage.conftest import TestClock
from tests.storage.test_digests import freeze, material


@pytest.fixture
def elsewhere(database_url: str, tmp_path: Path) -> Iterator[str]:
    """An empty place of the same kind as the database."""
    if database_url.startswith("sqlite"):
        yield default_url(tmp_path / "elsewhere")
        return
    if shutil.which("pg_restore") is None and not os.environ.get("CI"):
        pytest.skip("no pg_restore on this machine")
    server = create_engine(database_url, isolation_level="AUTOCOMMIT")
    name = f"zhengxun_test_{uuid4().hex}"
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0 LC_CTYPE 'C.UTF-8' LC_COLLATE 'C.UTF-8'"))
    yield make_url(database_url).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection, suppress(OperationalError):
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


def test_a_restored_database_goes_on_like_the_old_one(
    world: World, clock: TestClock, database_url: str, elsewhere: str, tmp_path: Path
) -> None:
    """Dump, restore, and the next day's digest from both: the same; new rows get new numbers; the chain holds."""
    world.look(SITE)
    world.look(f"{SITE}/second")
    freeze(world.store, clock(), 1)
    copy_database(database_url, tmp_path / "copy")
    restore_database(elsewhere, tmp_path / "copy")
    restored = open_store(elsewhere, clock=clock, confirm_after=timedelta(hours=6))
    try:
        clock.forward(days=1)
        stores: list[Store] = [world.store, restored]
        for store in stores:
            there = copy(world)
            there.store = store
            there.look(f"{SITE}/third", AD.replace("八大员", "电工"))
        old, new = (material(store, clock()) for store in stores)
        assert set(old) == {1, 2, 3}
        assert old == new
        kept = [freeze(store, clock(), 1, 2, 3) for store in stores]
        assert kept[0] == kept[1]
        for store in stores:
            assert all(row.whole for _, rows in store.chain.walk() for row in rows)
        assert [store.chain.count() for store in stores] == [world.store.chain.count()] * 2
    finally:
        restored.close()
