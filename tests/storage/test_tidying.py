"""Upkeep of the database: logins that ended go, space comes back, everything else stays."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text

from domain.account import Role
from storage import Store
from storage.engine import writing
from tests.storage.build import SITE, World
from tests.storage.conftest import TestClock


def test_logins_that_ended_are_forgotten(store: Store, clock: TestClock) -> None:
    """One in force stays; idle ones, old ones and old failures go."""
    user = store.accounts.add(
        name="a", display_name="甲", role=Role.REVIEWER, unit=None, password_hash="x", now=clock()
    )
    now = clock()
    for token, ago in (("in force", 1), ("idle", 3)):
        store.accounts.begin_session(user.id, token, "c", now - timedelta(hours=ago))
    store.accounts.note_failure("a", "10.0.0.1", now - timedelta(hours=1), timedelta(days=1))
    hour = timedelta(hours=1)
    gone = store.tidying.forget(idle_since=now - 2 * hour, begun_before=now - 12 * hour, failures_before=now - hour / 2)
    assert (gone.sessions, gone.login_failures) == (1, 1)
    assert store.accounts.session("in force", now, 2 * hour, 12 * hour) is not None


def test_space_comes_back_and_nothing_else_changes(world: World) -> None:
    """SQLite: written anew only where asked or worth it, and where it fits; PostgreSQL: its own vacuum runs."""
    world.look(SITE)
    tidying = world.store.tidying
    sqlite = world.store.engine.dialect.name == "sqlite"
    with writing(world.store.engine) as connection:
        rows = [{"name": "n" * 900, "address": str(number), "at": world.clock()} for number in range(300)]
        connection.execute(text("INSERT INTO login_failures (name, address, at) VALUES (:name, :address, :at)"), rows)
    tidying.forget(idle_since=world.clock(), begun_before=world.clock(), failures_before=world.clock.forward(hours=1))
    usual = tidying.tidy(10**12)
    assert (usual.rewritten, usual.empty > 0) == (False, sqlite)
    assert tidying.tidy(0, always=True).rewritten is False
    assert tidying.tidy(10**12, always=True).rewritten is sqlite
    after = tidying.tidy(10**12)
    assert after.empty == 0
    assert after.size < usual.size or not sqlite
    assert [link for link, rows in world.store.chain.walk() if not all(row.whole for row in rows)] == []
