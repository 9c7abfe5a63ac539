"""Each migration keeps what the one before it left: every table has a row, all of them are there at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.exc import OperationalError

import storage
from storage import default_url
from storage.engine import new_engine, parse_url, writing
from storage.revision import HEAD
from tests.storage.conftest import TestClock

_AT = datetime(2026, 11, 24, 1, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without tables, once of each kind."""
    if request.param == "sqlite":
        yield default_url(tmp_path)
        return
    url = str(request.getfixturevalue("postgres_url"))
    server = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    name = f"zhengxun_test_{uuid4().hex}"
    with server.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE template0"))
    yield sa.make_url(url).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection, suppress(OperationalError):
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


def _value(column: sa.Column[Any]) -> Any:
    """Something that the column takes; text is JSON too, because some of it is read as such."""
    kind = column.type
    if isinstance(kind, sa.Boolean):
        return False
    if isinstance(kind, sa.Integer):
        return 1
    if isinstance(kind, sa.Float | sa.Numeric):
        return 1.5
    if isinstance(kind, sa.DateTime):
        return _AT
    if isinstance(kind, sa.Date):
        return date(2026, 11, 24)
    return b"1" if isinstance(kind, sa.LargeBinary) else "[]"


def _fill(connection: sa.Connection, filled: dict[str, dict[str, Any]]) -> None:
    """One row in each table that has none, with a value in every column."""
    found = sa.MetaData()
    found.reflect(connection)
    for table in found.sorted_tables:
        if table.name == "alembic_version" or table.name in filled:
            continue
        row = {column.name: _value(column) for column in table.columns}
        connection.execute(sa.insert(table).values(row))
        filled[table.name] = row


def test_every_step_keeps_the_rows(empty_url: str, clock: TestClock) -> None:
    """From each revision to the next with rows in all tables; at the end all columns of then say what they said."""
    config = Config()
    config.set_main_option("script_location", str(Path(storage.__file__).with_name("migrations")))
    steps = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()][::-1]
    assert steps[-1] == HEAD
    engine = new_engine(parse_url(empty_url), foreign_keys=False)
    filled: dict[str, dict[str, Any]] = {}
    for step in steps:
        with writing(engine) as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, step)
        with writing(engine) as connection:
            if engine.dialect.name == "sqlite":
                assert connection.exec_driver_sql("PRAGMA foreign_key_check").first() is None, step
            _fill(connection, filled)
    now = sa.MetaData()
    with engine.connect() as connection:
        now.reflect(connection)
        for name, row in filled.items():
            kept = {column: value for column, value in row.items() if column in now.tables[name].columns}
            (there,) = connection.execute(sa.select(*(now.tables[name].c[column] for column in kept))).all()
            for column, value in kept.items():
                had = there._mapping[column]
                if isinstance(had, datetime):
                    had = had.replace(tzinfo=UTC) if had.tzinfo is None else had.astimezone(UTC)
                assert had == value, (name, column)
    engine.dispose()
