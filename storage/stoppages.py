"""停采 in the database: when taking in stopped for lack of room, and when it went on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select

from domain.stoppage import StoppageEvent
from storage.engine import reading, writing
from storage.tables import StoppageEventRow

_COLUMNS = (StoppageEventRow.began, StoppageEventRow.at, StoppageEventRow.detail)


@dataclass(frozen=True, slots=True)
class Stoppages:
    """All stoppages of an installation."""

    engine: Engine

    def current(self) -> StoppageEvent | None:
        """The stoppage that has not ended; None while work goes on."""
        with reading(self.engine) as connection:
            last = _last(connection)
        return last if last is not None and last.began else None

    def note(self, *, stopped: bool, at: datetime, detail: str) -> None:
        """Keep that taking in stopped, or goes on; nothing where that is known already."""
        with writing(self.engine) as connection:
            last = _last(connection)
            if stopped == (last is not None and last.began):
                return
            connection.execute(insert(StoppageEventRow).values(began=stopped, at=at, detail=detail))


def stopped_between(connection: Connection, start: datetime, until: datetime) -> bool:
    """Whether taking in was stopped at any moment of that time."""
    row = StoppageEventRow
    began = select(row.id).where(row.began, row.at >= start, row.at <= until).limit(1)
    if connection.execute(began).first():
        return True
    before = _last(connection, row.at < start)
    return before is not None and before.began


def _last(connection: Connection, *conditions: Any) -> StoppageEvent | None:
    row = connection.execute(select(*_COLUMNS).where(*conditions).order_by(StoppageEventRow.id.desc()).limit(1)).first()
    return None if row is None else StoppageEvent(row.began, row.at, row.detail)
