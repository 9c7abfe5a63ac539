"""整理: rows that nobody needs any more are removed, and the database is brought into order. Nothing that is kept as evidence,
decision or history is touched.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, delete, or_, text
from sqlalchemy.engine import CursorResult

from storage.engine import writing
from storage.tables import LoginFailureRow, SessionRow

#: A SQLite file is written anew where at least this part of it is empty …
_EMPTY_SHARE = 0.25
#: … and at least so many bytes are: below it the work is not worth its time.
_EMPTY_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Rows that were removed."""

    sessions: int
    login_failures: int


@dataclass(frozen=True, slots=True)
class Tidied:
    """What bringing the database into order did."""

    size: int
    """Bytes of the database before."""
    empty: int
    """Bytes of it that held nothing; 0 on PostgreSQL, which does not tell."""
    rewritten: bool
    """Whether the file was written anew without them."""


@dataclass(frozen=True, slots=True)
class Tidying:
    """The upkeep of one database."""

    engine: Engine

    @property
    def blocks(self) -> bool:
        """Whether :meth:`tidy` keeps others from writing meanwhile."""
        return self.engine.dialect.name == "sqlite"

    def forget(self, *, idle_since: datetime, begun_before: datetime, failures_before: datetime) -> Forgotten:
        """Remove logins of the console that are not in force any more, counts of failed ones, and old turns at hosts."""
        with writing(self.engine) as connection:
            sessions: CursorResult[object] = connection.execute(
                delete(SessionRow).where(or_(SessionRow.last_seen < idle_since, SessionRow.created_at < begun_before))
            )
            failures: CursorResult[object] = connection.execute(
                delete(LoginFailureRow).where(LoginFailureRow.at < failures_before)
            )
            # Turns are told by the server's clock and count for minutes; one that somebody died with, for ever.
            if self.engine.dialect.name == "postgresql":
                connection.execute(
                    text("DELETE FROM host_turns WHERE ready_at < clock_timestamp() - make_interval(days => 7)")
                )
            return Forgotten(sessions.rowcount, failures.rowcount)

    def tidy(self, free: int, *, always: bool = False) -> Tidied:
        """Renew the planner's figures and give empty space back. SQLite: ask only while nobody crawls, others must wait.

        ``free``: bytes free on the disk; a SQLite file is only written anew where twice its size fits, and where
        much of it is empty (or ``always``). PostgreSQL does the like by itself, table by table; its figures are
        renewed, because a night's crawl changes more than its own schedule expects.
        """
        if self.engine.dialect.name == "postgresql":
            with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                size = int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
                connection.execute(text("VACUUM (ANALYZE, SKIP_LOCKED)"))
            return Tidied(size, 0, rewritten=False)
        with closing(self.engine.raw_connection()) as pooled:
            # The driver's own connection: none of this may stand in a transaction.
            database = pooled.driver_connection
            assert database is not None
            page, pages, unused = (
                int(database.execute(f"PRAGMA {name}").fetchone()[0])
                for name in ("page_size", "page_count", "freelist_count")
            )
            size, empty = page * pages, page * unused
            worth = always or (empty >= _EMPTY_BYTES and empty >= _EMPTY_SHARE * size)
            rewritten = worth and free > 2 * size
            if rewritten:
                database.execute("VACUUM")
            database.execute("PRAGMA optimize")
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return Tidied(size, empty, rewritten)
