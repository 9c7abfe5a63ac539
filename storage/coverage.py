"""覆盖情况 of a day: which targets were planned, which were seen, and what was not.

- *Planned* are targets that a run of that day began to visit, and those that were due by the cutoff and that no run
  visited. A run that only looks at leads again is no visit of the target; its pages count all the same.
- A target is *ok* when its own address (its start page) was read, or found unchanged, at least once on that day.
- *Gaps*: a target's start page that ended otherwise; its other pages that could not be seen, together for each kind
  of outcome; pages that the budget left out; a target that was due and not visited. A page counts with the last
  outcome it had on that day.
- On a day on which taking in stopped because the disk was full, what was due and not seen says so.
- A page that is gone (404, 410, taken down by its platform, led elsewhere) gave an answer and is no gap, unless it is
  the start page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, and_, case, func, or_, select

from domain.crawl import Outcome, Purpose, RunKind
from domain.digest import Coverage, CoverageGap
from domain.health import HealthEvent
from domain.lead_visit import Sight
from domain.target import Target, TargetKind
from storage.days import bounds_of
from storage.engine import reading
from storage.health import open_alarms
from storage.runs import FAILURES, IS_PICTURE
from storage.stoppages import stopped_between
from storage.tables import CrawlRequestRow, CrawlRunRow, CrawlRunTargetRow, TargetRow
from storage.targets import read_targets

_SEEN = (Outcome.OK.value, Outcome.UNCHANGED.value)

#: Outcome of the gap of a target that was due and that no run visited.
NOT_RUN = "not_run"


#: Said of what was due on a day on which taking in stopped because the disk was full.
NO_ROOM = "磁盘空间不足，未采集"

#: Start page of a target whose visit was begun, and whose end was not seen by the cutoff.
_UNFINISHED = (Outcome.DEFERRED.value, "本次采集尚未完成，入口页面没有结果")

_START_COLUMNS = (
    CrawlRequestRow.id,
    CrawlRequestRow.outcome,
    CrawlRequestRow.at,
    CrawlRequestRow.detail,
    CrawlRequestRow.reason,
)


@dataclass(slots=True)
class TargetCoverage:
    """One target's day."""

    target_id: int
    name: str
    planned: bool
    """False: only single pages of it were looked at again."""
    ok: bool
    pages: dict[str, int] = field(default_factory=dict)
    """Number of pages per outcome, the start page included."""
    gaps: list[CoverageGap] = field(default_factory=list)


def coverage(
    engine: Engine, day: date, cutoff: datetime, is_due: Callable[[Target, datetime], bool] | None
) -> Coverage:
    """Coverage of all targets; see the module."""
    targets = target_coverage(engine, day, cutoff, is_due)
    totals: dict[str, int] = {}
    for target in targets:
        for outcome, number in target.pages.items():
            totals[outcome] = totals.get(outcome, 0) + number
    return Coverage(
        targets_planned=sum(target.planned for target in targets),
        targets_ok=sum(target.ok for target in targets),
        gaps=tuple(gap for target in targets for gap in target.gaps),
        pages=tuple((outcome.value, totals[outcome.value]) for outcome in Outcome if outcome.value in totals),
    )


def target_coverage(
    engine: Engine, day: date, cutoff: datetime, is_due: Callable[[Target, datetime], bool] | None
) -> list[TargetCoverage]:
    """Coverage of each planned target, by target id."""
    start, end = bounds_of(day)
    until = min(end, cutoff)
    with reading(engine) as connection:
        targets = read_targets(connection, TargetRow.removed_at.is_(None), TargetRow.paused.is_(False))
        starts = _starts(connection, start, until)
        counts = _counts(connection, start, until)
        last_runs = _last_runs_before(connection, until)
        no_room = stopped_between(connection, start, until)
        days: list[TargetCoverage] = []
        for target in targets:
            pages = counts.get(target.id, {})
            if target.kind is TargetKind.INTAKE:
                # No visit of a target, but addresses that people reported and that could not be read are gaps.
                if pages:
                    days.append(TargetCoverage(target.id, target.name, planned=False, ok=False, pages=pages))
            elif target.id in starts:
                days.append(_visited_target(target, pages, starts[target.id], no_room))
            elif is_due is not None and is_due(_as_of(target, last_runs.get(target.id), until), until):
                days.append(_missed_target(target, pages, no_room))
            elif pages:
                days.append(TargetCoverage(target.id, target.name, planned=False, ok=False, pages=pages))
        _add_page_gaps(connection, days, start, until)
        if no_room:
            _add_pages_left(connection, days, start, until)
        _add_alarms(days, open_alarms(connection, until), {target.id: target for target in targets})
    return days


def _add_alarms(days: list[TargetCoverage], alarms: Sequence[HealthEvent], targets: Mapping[int, Target]) -> None:
    """A target or platform that fell silent is a gap on every day until it is heard again."""
    by_id = {day.target_id: day for day in days}
    for alarm in alarms:
        target = targets.get(alarm.target_id)
        if target is None:
            continue
        if target.id not in by_id:
            by_id[target.id] = TargetCoverage(target.id, target.name, planned=False, ok=False)
            days.append(by_id[target.id])
        platform = alarm.subject.startswith("platform:")
        words = f"{'平台' if platform else ''}{alarm.kind.label}报警：{alarm.detail}"
        name = target.kind.label if platform else target.name
        by_id[target.id].gaps.append(CoverageGap(target.id, name, alarm.outcome, words))


def _visited_target(target: Target, pages: dict[str, int], start: tuple[str, str], no_room: bool) -> TargetCoverage:
    outcome, detail = start
    if no_room and start == _UNFINISHED:
        detail = NO_ROOM
    if outcome in _SEEN:
        return TargetCoverage(target.id, target.name, planned=True, ok=True, pages=pages)
    gap = CoverageGap(target.id, target.name, outcome, f"入口页面：{detail}")
    return TargetCoverage(target.id, target.name, planned=True, ok=False, pages=pages, gaps=[gap])


def _missed_target(target: Target, pages: dict[str, int], no_room: bool) -> TargetCoverage:
    gap = CoverageGap(target.id, target.name, NOT_RUN, NO_ROOM if no_room else "已到采集时间，当日没有采集")
    return TargetCoverage(target.id, target.name, planned=True, ok=False, pages=pages, gaps=[gap])


def _as_of(target: Target, last_run: datetime | None, until: datetime) -> Target:
    if target.last_run_at is None or target.last_run_at <= until:
        return target
    return replace(target, last_run_at=last_run)


def _in_window(start: datetime, until: datetime) -> tuple[Any, Any]:
    return CrawlRequestRow.at >= start, CrawlRequestRow.at <= until


def _runs_of(start: datetime, until: datetime) -> Any:
    """Ids of the crawls that began, were taken up again or ended on that day, or are still under way since the day before."""
    run = CrawlRunRow
    return select(run.id).where(
        run.kind == RunKind.CRAWL.value,
        or_(
            run.started_at.between(start, until),
            run.resumed_at.between(start, until),
            and_(run.started_at <= until, run.finished_at >= start),
            and_(run.started_at.between(start - timedelta(days=1), until), run.finished_at.is_(None)),
        ),
    )


def _starts(connection: Connection, start: datetime, until: datetime) -> dict[int, tuple[str, str]]:
    """(outcome, detail) of the start page of each target that a run of the day began to visit; the best of the day.

    The start page is the target's own address, and where the run did not plan that (a spider that begins elsewhere),
    the addresses it began with.
    """
    request, place = CrawlRequestRow, CrawlRunTargetRow
    runs = list(connection.execute(_runs_of(start, until)).scalars())
    if not runs:
        return {}
    own = connection.execute(
        select(place.target_id, place.planned, *_START_COLUMNS)
        .join(TargetRow, TargetRow.id == place.target_id)
        .outerjoin(request, and_(request.run_id == place.run_id, request.url_key == TargetRow.url_key))
        .where(place.run_id.in_(runs))
        .order_by(place.target_id, place.run_id)
    ).all()
    elsewhere = {row.target_id for row in own} - {row.target_id for row in own if row.id is not None}
    begun = connection.execute(
        select(request.target_id, *_START_COLUMNS)
        .where(
            request.run_id.in_(runs),
            request.target_id.in_(elsewhere),
            request.depth == 0,
            request.purpose != Purpose.SITEMAP.value,
        )
        .order_by(request.target_id, request.id)
    ).all()
    starts: dict[int, tuple[str, str]] = {}
    for row in (*own, *begun):
        if row.id is None and row.planned:
            continue
        if row.target_id not in starts or starts[row.target_id][0] not in _SEEN:
            finished = row.id is not None and row.at is not None and row.at <= until
            starts[row.target_id] = (row.outcome, _words(row)) if finished else _UNFINISHED
    return starts


def _last_looks(start: datetime, until: datetime) -> Any:
    """Ids of the last request of each page on that day."""
    return (
        select(func.max(CrawlRequestRow.id).label("id"))
        .where(*_in_window(start, until), CrawlRequestRow.purpose != Purpose.SITE_CHECK.value)
        .group_by(CrawlRequestRow.target_id, CrawlRequestRow.url_key)
        .subquery()
    )


def _counts(connection: Connection, start: datetime, until: datetime) -> dict[int, dict[str, int]]:
    looks = _last_looks(start, until)
    rows = connection.execute(
        select(CrawlRequestRow.target_id, CrawlRequestRow.outcome, func.count())
        .join(looks, looks.c.id == CrawlRequestRow.id)
        .where(CrawlRequestRow.purpose != Purpose.PICTURE.value)
        .group_by(CrawlRequestRow.target_id, CrawlRequestRow.outcome)
    )
    counts: dict[int, dict[str, int]] = {}
    for target_id, outcome, number in rows:
        if outcome is not None:
            counts.setdefault(target_id, {})[outcome] = number
    return counts


def _last_runs_before(connection: Connection, until: datetime) -> dict[int, datetime]:
    """Start of the last run up to a moment of each target that ran again since; there is none but for days past."""
    later = list(connection.execute(select(TargetRow.id).where(TargetRow.last_run_at > until)).scalars())
    if not later:
        return {}
    rows = connection.execute(
        select(CrawlRunTargetRow.target_id, func.max(CrawlRunRow.started_at))
        .join(CrawlRunRow, CrawlRunRow.id == CrawlRunTargetRow.run_id)
        .join(TargetRow, TargetRow.id == CrawlRunTargetRow.target_id)
        .where(CrawlRunRow.kind == RunKind.CRAWL.value, CrawlRunRow.started_at <= until, TargetRow.last_run_at > until)
        .group_by(CrawlRunTargetRow.target_id)
    )
    return dict(rows.all())


def _add_page_gaps(connection: Connection, days: Sequence[TargetCoverage], start: datetime, until: datetime) -> None:
    """One gap for each target and outcome under which pages other than its start page were not seen."""
    looks = _last_looks(start, until)
    unseen = [outcome.value for outcome in (*FAILURES, Outcome.DEFERRED)]
    picture = IS_PICTURE
    # What was left out is told by its reason: over the budget, too many clicks away, or a trap.
    why = case((CrawlRequestRow.outcome == Outcome.DEFERRED.value, CrawlRequestRow.reason))
    grouped = connection.execute(
        select(CrawlRequestRow.target_id, picture, CrawlRequestRow.outcome, func.count(), func.min(CrawlRequestRow.id))
        .join(looks, looks.c.id == CrawlRequestRow.id)
        .join(TargetRow, TargetRow.id == CrawlRequestRow.target_id)
        .where(
            CrawlRequestRow.outcome.in_(unseen),
            or_(CrawlRequestRow.sight.is_(None), CrawlRequestRow.sight != Sight.GONE.value),
            CrawlRequestRow.url_key != TargetRow.url_key,
            # A site without a sitemap hides nothing by that: its pages are found by their links.
            CrawlRequestRow.purpose != Purpose.SITEMAP.value,
        )
        .group_by(CrawlRequestRow.target_id, picture, CrawlRequestRow.outcome, why)
    ).all()
    examples = {
        row.id: row
        for row in connection.execute(
            select(*_START_COLUMNS, CrawlRequestRow.url).where(
                CrawlRequestRow.id.in_([example for *_, example in grouped])
            )
        )
    }
    order = {outcome: position for position, outcome in enumerate(unseen)}
    by_target: dict[int, list[tuple[bool, str, int, Any]]] = {}
    for target_id, is_picture, outcome, number, example in grouped:
        if outcome is not None:
            by_target.setdefault(target_id, []).append((bool(is_picture), outcome, number, examples[example]))
    for target in days:
        gaps = sorted(by_target.get(target.target_id, ()), key=lambda gap: (gap[0], order[gap[1]]))
        for is_picture, outcome, number, example in gaps:
            what = f"{number} 张图片" if is_picture else f"{number} 个页面"
            detail = f"{what}：{_words(example)}（如 {example.url}）"
            target.gaps.append(CoverageGap(target.target_id, target.name, outcome, detail))


def _add_pages_left(connection: Connection, days: Sequence[TargetCoverage], start: datetime, until: datetime) -> None:
    """One gap for each target with pages that its run, stopped for lack of room, has not come to."""
    request = CrawlRequestRow
    left = connection.execute(
        select(request.target_id, func.count())
        .join(TargetRow, TargetRow.id == request.target_id)
        .join(CrawlRunRow, CrawlRunRow.id == request.run_id)
        .where(
            request.outcome.is_(None),
            request.run_id.in_(_runs_of(start, until)),
            CrawlRunRow.finished_at.is_(None),
            request.url_key != TargetRow.url_key,
            request.purpose.in_([Purpose.PAGE.value, Purpose.FEED.value]),
        )
        .group_by(request.target_id)
    )
    by_id = {day.target_id: day for day in days}
    for target_id, number in left:
        if target_id in by_id:
            day = by_id[target_id]
            day.gaps.append(CoverageGap(target_id, day.name, Outcome.DEFERRED.value, f"{number} 个页面：{NO_ROOM}"))


def _words(row: Any) -> str:
    if row.detail:
        return str(row.detail)
    label = Outcome(row.outcome).label
    return f"{label}（{row.reason}）" if row.reason else label
