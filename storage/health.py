"""健康 in the database: counts of finished runs, and the alarms they raised."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, exists, func, insert, literal, or_, select
from sqlalchemy.orm import aliased

from domain.crawl import Outcome, Purpose, RunKind, RunState
from domain.health import HISTORY, AlarmKind, HealthEvent, RunCount
from storage.dialects import insert_or_ignore
from storage.engine import reading, writing
from storage.tables import CrawlRequestRow, CrawlRunRow, HealthEventRow, RunOutcomeRow, TargetRow

#: Runs further back are not counted any more: an installation that is switched on again after months starts afresh.
_BACK = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Health:
    """Counts and alarms."""

    engine: Engine

    def count_runs(self, now: datetime) -> int:
        """Count the finished crawls that were not counted yet; return how many. Safe to repeat."""
        request, run = CrawlRequestRow, CrawlRunRow
        counted = 0
        with reading(self.engine) as connection:
            waiting = (
                connection.execute(
                    select(run.id)
                    .where(
                        run.state == RunState.DONE.value,
                        run.started_at >= now - _BACK,
                        run.kind == RunKind.CRAWL.value,
                        ~exists(literal(1)).where(RunOutcomeRow.run_id == run.id),
                    )
                    .order_by(run.id)
                )
                .scalars()
                .all()
            )
        for run_id in waiting:
            with writing(self.engine) as connection:
                rows = connection.execute(
                    select(request.target_id, request.outcome, func.count().label("requests"))
                    .where(
                        request.run_id == run_id,
                        request.outcome.is_not(None),
                        request.purpose.in_([Purpose.PAGE.value, Purpose.FEED.value]),
                    )
                    .group_by(request.target_id, request.outcome)
                ).all()
                if rows:
                    connection.execute(
                        insert_or_ignore(connection, RunOutcomeRow, ["run_id", "target_id", "outcome"]),
                        [{"run_id": run_id, **row._mapping} for row in rows],
                    )
                    counted += 1
        return counted

    def histories(self, target_ids: Sequence[int], runs: int = HISTORY + 1) -> dict[int, list[RunCount]]:
        """The last counted runs of each target, newest last."""
        older = aliased(RunOutcomeRow)
        # Out of the index, beginning at its end: what ran years ago is not read.
        first = (
            select(older.run_id)
            .where(older.target_id == TargetRow.id)
            .distinct()
            .order_by(older.run_id.desc())
            .limit(1)
            .offset(runs - 1)
            .correlate(TargetRow)
            .scalar_subquery()
        )
        with reading(self.engine) as connection:
            rows = connection.execute(
                select(
                    RunOutcomeRow.target_id,
                    RunOutcomeRow.run_id,
                    CrawlRunRow.started_at,
                    RunOutcomeRow.outcome,
                    RunOutcomeRow.requests,
                )
                .select_from(TargetRow)
                .join(
                    RunOutcomeRow,
                    (RunOutcomeRow.target_id == TargetRow.id) & (RunOutcomeRow.run_id >= func.coalesce(first, 0)),
                )
                .join(CrawlRunRow, CrawlRunRow.id == RunOutcomeRow.run_id)
                .where(TargetRow.id.in_(list(target_ids)))
                .order_by(RunOutcomeRow.target_id, RunOutcomeRow.run_id)
            ).all()
        return _by_target(rows)

    def since(self, start: datetime) -> dict[int, list[RunCount]]:
        """All counted runs of each target that began at ``start`` or later, newest last."""
        with reading(self.engine) as connection:
            rows = connection.execute(
                select(
                    RunOutcomeRow.target_id,
                    RunOutcomeRow.run_id,
                    CrawlRunRow.started_at,
                    RunOutcomeRow.outcome,
                    RunOutcomeRow.requests,
                )
                .join(CrawlRunRow, CrawlRunRow.id == RunOutcomeRow.run_id)
                .where(CrawlRunRow.started_at >= start)
                .order_by(RunOutcomeRow.target_id, RunOutcomeRow.run_id)
            ).all()
        return _by_target(rows)

    def read_since(self, moment: datetime) -> bool:
        """Whether any page was read, changed or not, at ``moment`` or later; runs under way count."""
        request, run = CrawlRequestRow, CrawlRunRow
        runs = select(run.id).where(or_(run.finished_at >= moment, run.finished_at.is_(None)))
        read = exists(literal(1)).where(
            request.run_id.in_(runs),
            request.outcome.in_([Outcome.OK.value, Outcome.UNCHANGED.value]),
            request.at >= moment,
        )
        with reading(self.engine) as connection:
            return bool(connection.execute(select(read)).scalar())

    def outcomes_after(self, moment: datetime) -> dict[str, int]:
        """Requests by outcome of all counted runs that began later than ``moment``."""
        row = RunOutcomeRow
        with reading(self.engine) as connection:
            counts = connection.execute(
                select(row.outcome, func.sum(row.requests))
                .join(CrawlRunRow, CrawlRunRow.id == row.run_id)
                .where(CrawlRunRow.started_at > moment)
                .group_by(row.outcome)
            )
            return {outcome: int(number) for outcome, number in counts}

    def open_alarms(self, cutoff: datetime | None = None) -> list[HealthEvent]:
        """Alarms that were raised and have not ended (by ``cutoff``), oldest first."""
        with reading(self.engine) as connection:
            return open_alarms(connection, cutoff)

    def append(self, events: Sequence[HealthEvent]) -> None:
        """Keep events."""
        if not events:
            return
        with writing(self.engine) as connection:
            connection.execute(
                insert(HealthEventRow),
                [
                    {
                        "subject": event.subject,
                        "kind": event.kind.value,
                        "raised": event.raised,
                        "at": event.at,
                        "outcome": event.outcome,
                        "detail": event.detail,
                        "target_id": event.target_id,
                        "run_id": event.run_id,
                    }
                    for event in events
                ],
            )

    def last_event(self) -> int:
        """Id of the newest event; 0 where there is none."""
        with reading(self.engine) as connection:
            return connection.execute(select(func.max(HealthEventRow.id))).scalar() or 0

    def raised_after(self, event_id: int) -> list[HealthEvent]:
        """Alarms raised by events newer than ``event_id``, oldest first."""
        row = HealthEventRow
        with reading(self.engine) as connection:
            rows = connection.execute(
                select(*row.__table__.c).where(row.id > event_id, row.raised.is_(True)).order_by(row.id)
            )
            return [_event(found) for found in rows]


def open_alarms(connection: Connection, cutoff: datetime | None = None) -> list[HealthEvent]:
    """Part of a larger reading: see :meth:`Health.open_alarms`."""
    row = HealthEventRow
    newest = select(func.max(row.id)).group_by(row.subject, row.kind)
    if cutoff is not None:
        newest = newest.where(row.at <= cutoff)
    rows = connection.execute(select(*row.__table__.c).where(row.id.in_(newest), row.raised.is_(True)).order_by(row.id))
    return [_event(found) for found in rows]


def _by_target(rows: Sequence[Any]) -> dict[int, list[RunCount]]:
    counts: dict[tuple[int, int], tuple[datetime, dict[str, int]]] = {}
    for row in rows:
        counts.setdefault((row.target_id, row.run_id), (row.started_at, {}))[1][row.outcome] = row.requests
    found: dict[int, list[RunCount]] = {}
    for (target_id, run_id), (at, outcomes) in counts.items():
        found.setdefault(target_id, []).append(RunCount(run_id, at, outcomes))
    return found


def _event(row: Any) -> HealthEvent:
    return HealthEvent(
        row.subject, AlarmKind(row.kind), row.raised, row.at, row.outcome, row.detail, row.target_id, row.run_id, row.id
    )
