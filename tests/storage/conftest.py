"""The same tests on SQLite and on PostgreSQL, each on a database of its own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from storage import Store, default_url, migrate, open_store
from storage.tables import Base
from tests.postgres import database_or_skip
from tests.storage.build import START, World


class TestClock:
    """A clock that stands still until it is moved."""

    __test__ = False

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **parts: float) -> datetime:
        """Move on by a timedelta's parts; return the new time."""
        self.now += timedelta(**parts)
        return self.now


@pytest.fixture
def clock() -> TestClock:
    """A clock at 2026-11-24 01:00 UTC (09:00 in Shanghai)."""
    return TestClock()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite database that each test copies."""
    folder = tmp_path_factory.mktemp("sqlite")
    migrate(default_url(folder))
    engine = create_engine(default_url(folder))
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return folder / "zhengxun.db"


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A migrated PostgreSQL database of this session, dropped at its end."""
    with database_or_skip() as url:
        migrate(url)
        yield url


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """An empty SQLite database."""
    shutil.copy(sqlite_template, tmp_path / "zhengxun.db")
    return default_url(tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database, once of each kind."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    url = str(request.getfixturevalue("postgres_url"))
    engine = create_engine(url)
    with engine.begin() as connection:
        # Several times as fast as TRUNCATE, which writes new files; as replica, the triggers of append-only tables rest.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table in Base.metadata.sorted_tables:
            connection.execute(text(f"DELETE FROM {table.name}"))
        sequences = connection.execute(text("SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL"))
        for name in sequences.scalars().all():
            connection.execute(text(f"ALTER SEQUENCE {name} RESTART"))
    engine.dispose()
    return url


@pytest.fixture
def store(database_url: str, clock: TestClock) -> Iterator[Store]:
    """An open, empty store; pages count as removed after two looks six hours apart."""
    store = open_store(database_url, clock=clock, confirm_after=timedelta(hours=6))
    yield store
    store.close()


@pytest.fixture
def world(store: Store, clock: TestClock) -> World:
    """A store with one target, and words for what a crawl does."""
    return World(store, clock)


@pytest.fixture
def open_again(database_url: str, clock: TestClock) -> Iterator[Callable[[], Store]]:
    """Open the same database once more, as another process would."""
    opened: list[Store] = []

    def again() -> Store:
        opened.append(open_store(database_url, clock=clock, confirm_after=timedelta(hours=6)))
        return opened[-1]

    yield again
    for each in opened:
        each.close()
