"""Crawl runs: begin, find what was interrupted, finish, sum up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Connection, Engine, func, insert, literal_column, not_, select, update

from domain.crawl import CrawlOutcome, CrawlRequest, CrawlRun, Outcome, Purpose, RunKind, RunState, RunSummary
from domain.errors import BadInput
from domain.lead import EventKind
from storage.engine import reading, writing
from storage.tables import CrawlRequestRow, CrawlRunRow, CrawlRunTargetRow, LeadEventRow, SnapshotRow
from storage.targets import note_last_run

#: Outcomes that a run lists as failures.
FAILURES = (
    Outcome.ROBOTS,
    Outcome.BLOCKED,
    Outcome.TIMEOUT,
    Outcome.TOO_LARGE,
    Outcome.EMPTY,
    Outcome.FAILED,
)


#: Whether a request is for a picture. Written out: PostgreSQL takes two parameters for two expressions when it groups.
IS_PICTURE: ColumnElement[bool] = literal_column("crawl_requests.purpose = 'picture'", Boolean())


def begin_run(engine: Engine, target_ids: Sequence[int], now: datetime, kind: RunKind = RunKind.CRAWL) -> CrawlRun:
    """A new run over these targets, state running."""
    ids = tuple(dict.fromkeys(target_ids))
    with writing(engine) as connection:
        run_id = connection.execute(
            insert(CrawlRunRow)
            .values(state=RunState.RUNNING.value, started_at=now, kind=kind.value)
            .returning(CrawlRunRow.id)
        ).scalar_one()
        if ids:
            connection.execute(
                insert(CrawlRunTargetRow),
                [{"run_id": run_id, "target_id": target_id, "planned": 0, "done": 0} for target_id in ids],
            )
    return CrawlRun(run_id, now, ids, RunState.RUNNING, kind=kind)


def interrupted_runs(engine: Engine) -> list[CrawlRun]:
    """Runs that say they are running, oldest first.

    Called while the caller holds the crawl lock, so no process works on them any more.
    """
    with reading(engine) as connection:
        return _read(connection, CrawlRunRow.state == RunState.RUNNING.value)


def recent_runs(engine: Engine, limit: int) -> list[CrawlRun]:
    """The newest runs, newest first."""
    with reading(engine) as connection:
        newest = select(CrawlRunRow.id).order_by(CrawlRunRow.id.desc()).limit(limit).scalar_subquery()
        return _read(connection, CrawlRunRow.id.in_(newest))[::-1]


def resume(engine: Engine, run_id: int, now: datetime) -> CrawlRun:
    """Take up an interrupted run; one that is done raises :class:`BadInput`."""
    with writing(engine) as connection:
        changed = connection.execute(
            update(CrawlRunRow)
            .where(CrawlRunRow.id == run_id, CrawlRunRow.state == RunState.RUNNING.value)
            .values(resumed_at=now)
        )
        if not changed.rowcount:
            raise BadInput(f"采集任务 {run_id} 不存在或已结束，不能继续。")
        return _read(connection, CrawlRunRow.id == run_id)[0]


def finish_run(engine: Engine, run_id: int, now: datetime) -> RunSummary:
    """Close a run and note its start as the last visit of its targets; finishing again changes nothing.

    A run that only looked at leads is no visit of their targets.
    """
    with writing(engine) as connection:
        changed = connection.execute(
            update(CrawlRunRow)
            .where(CrawlRunRow.id == run_id, CrawlRunRow.state == RunState.RUNNING.value)
            .values(state=RunState.DONE.value, finished_at=now)
        )
        if changed.rowcount:
            (run,) = _read(connection, CrawlRunRow.id == run_id)
            if run.kind is RunKind.CRAWL:
                note_last_run(connection, run.target_ids, run.started_at)
    return run_summary(engine, run_id)


def run_summary(engine: Engine, run_id: int) -> RunSummary:
    """What a run did so far; an unknown one raises :class:`BadInput`."""
    request = CrawlRequestRow
    with reading(engine) as connection:
        targets = connection.execute(
            select(func.count()).select_from(CrawlRunTargetRow).where(CrawlRunTargetRow.run_id == run_id)
        ).scalar_one()
        if not connection.execute(select(CrawlRunRow.id).where(CrawlRunRow.id == run_id)).first():
            raise BadInput(f"没有编号为 {run_id} 的采集任务。")
        picture = IS_PICTURE
        ended = connection.execute(
            select(picture, request.outcome, func.count())
            .where(request.run_id == run_id, request.outcome.is_not(None))
            .group_by(picture, request.outcome)
        ).all()
        counted = {outcome: number for is_picture, outcome, number in ended if outcome and not is_picture}
        pictures = {outcome: number for is_picture, outcome, number in ended if outcome and is_picture}
        snapshots = connection.execute(
            select(func.count())
            .select_from(SnapshotRow)
            .join(request, request.id == SnapshotRow.request_id)
            .where(request.run_id == run_id)
        ).scalar_one()
        events = connection.execute(
            select(LeadEventRow.kind, func.count())
            .where(
                LeadEventRow.run_id == run_id,
                LeadEventRow.kind.in_([EventKind.FOUND.value, EventKind.REAPPEARED.value]),
            )
            .group_by(LeadEventRow.kind)
        )
        leads: dict[str, int] = dict(events.all())
        failed = connection.execute(
            select(*request.__table__.c)
            .where(
                request.run_id == run_id, request.outcome.in_([outcome.value for outcome in FAILURES]), not_(picture)
            )
            .order_by(request.target_id, request.id)
        )
        failures = tuple(outcome_of(row) for row in failed)
    return RunSummary(
        run_id=run_id,
        targets=targets,
        pages={outcome.value: counted[outcome.value] for outcome in Outcome if outcome.value in counted},
        snapshots_new=snapshots,
        leads_new=leads.get(EventKind.FOUND.value, 0),
        leads_reopened=leads.get(EventKind.REAPPEARED.value, 0),
        failures=failures,
        pictures={outcome.value: pictures[outcome.value] for outcome in Outcome if outcome.value in pictures},
    )


def run_progress(engine: Engine, run_id: int) -> tuple[int, int]:
    """Requests planned so far and those that have ended, by the counters of the run's targets."""
    target = CrawlRunTargetRow
    with reading(engine) as connection:
        row = connection.execute(
            select(func.coalesce(func.sum(target.planned), 0), func.coalesce(func.sum(target.done), 0)).where(
                target.run_id == run_id
            )
        ).one()
    return int(row[0]), int(row[1])


def request_of(row: Any) -> CrawlRequest:
    """The planned request of a ``crawl_requests`` row, without ``known``."""
    return CrawlRequest(
        run_id=row.run_id,
        target_id=row.target_id,
        url=row.url,
        depth=row.depth,
        priority=row.priority,
        purpose=Purpose(row.purpose),
        via=row.via,
        anchor=row.anchor,
        id=row.id,
    )


def outcome_of(row: Any) -> CrawlOutcome:
    """The outcome of a ``crawl_requests`` row that has one."""
    return CrawlOutcome(
        request=request_of(row),
        outcome=Outcome(row.outcome),
        at=row.at,
        status=row.status,
        reason=row.reason,
        detail=row.detail,
        final_url=row.final_url,
        bytes_received=row.bytes_received,
    )


def _read(connection: Connection, *conditions: Any) -> list[CrawlRun]:
    runs = connection.execute(select(*CrawlRunRow.__table__.c).where(*conditions).order_by(CrawlRunRow.id)).all()
    targets: dict[int, list[int]] = {run.id: [] for run in runs}
    for run_id, target_id in connection.execute(
        select(CrawlRunTargetRow.run_id, CrawlRunTargetRow.target_id)
        .where(CrawlRunTargetRow.run_id.in_(targets))
        .order_by(CrawlRunTargetRow.run_id, CrawlRunTargetRow.target_id)
    ):
        targets[run_id].append(target_id)
    return [
        CrawlRun(
            run.id, run.started_at, tuple(targets[run.id]), RunState(run.state), run.finished_at, RunKind(run.kind)
        )
        for run in runs
    ]
