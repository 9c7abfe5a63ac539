"""Databases of their own on a local PostgreSQL."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import OperationalError

#: A local server with trust authentication; another one may be named in the environment.
SERVER = os.environ.get("ZHENGXUN_TEST_POSTGRES", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")


@contextmanager
def fresh_database(server: str = SERVER) -> Iterator[str]:
    """The address of an empty database, dropped at the end; a server that does not answer raises :class:`OperationalError`."""
    engine = create_engine(server, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3})
    name = f"zhengxun_test_{uuid4().hex}"
    try:
        with engine.connect() as connection:
            connection.execute(
                text(f"CREATE DATABASE {name} TEMPLATE template0 LC_CTYPE 'C.UTF-8' LC_COLLATE 'C.UTF-8'")
            )
            # What uses it kills processes, not the server: what is committed need not reach the disk.
            connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
        try:
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            with engine.connect() as connection, suppress(OperationalError):
                connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    finally:
        engine.dispose()


@contextmanager
def database_or_skip() -> Iterator[str]:
    """As :func:`fresh_database`; where there is no server, the test is skipped on a user's machine and fails in CI."""
    with ExitStack() as held:
        try:
            url = held.enter_context(fresh_database())
        except OperationalError:
            if os.environ.get("CI"):
                raise
            pytest.skip("no PostgreSQL server on this machine")
        yield url
