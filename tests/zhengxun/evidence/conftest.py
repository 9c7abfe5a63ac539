"""The databases of the storage tests: an empty one of each kind."""

from __future__ import annotations

from tests.storage.conftest import database_url, postgres_url, sqlite_template, sqlite_url

__all__ = ["database_url", "postgres_url", "sqlite_template", "sqlite_url"]
