"""The few statements for which SQLite and PostgreSQL have their own construct."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from storage.tables import Base


def insert_for(connection: Connection, table: type[Base]) -> Any:
    """INSERT with ``on_conflict_do_nothing`` and ``on_conflict_do_update`` for the connection's database."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def insert_or_ignore(connection: Connection, table: type[Base], unique: list[str]) -> Any:
    """INSERT that leaves out rows whose ``unique`` columns are there already."""
    return insert_for(connection, table).on_conflict_do_nothing(index_elements=unique)
