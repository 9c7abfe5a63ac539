"""The few statements for which SQLite and PostgreSQL have their own construct."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from storage.tables import Base

#: Values in one IN list: SQLite takes 32,766 parameters in a statement, PostgreSQL 65,535.
IN_LIMIT = 5000

_Value = TypeVar("_Value")


def portions(values: Collection[_Value]) -> Iterator[list[_Value]]:
    """``values`` in lists short enough for an IN."""
    rest = iter(values)
    while portion := list(islice(rest, IN_LIMIT)):
        yield portion


def insert_for(connection: Connection, table: type[Base]) -> Any:
    """INSERT with ``on_conflict_do_nothing`` and ``on_conflict_do_update`` for the connection's database."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def insert_or_ignore(connection: Connection, table: type[Base], unique: list[str] | None = None) -> Any:
    """INSERT that leaves out rows whose ``unique`` columns are there already; without ``unique``, by any unique key.

    A table with several unique keys needs the second form where the same row may come twice at once: PostgreSQL checks
    the named key first and writes the others, and an error on one of those is not left out.
    """
    return insert_for(connection, table).on_conflict_do_nothing(index_elements=unique)
