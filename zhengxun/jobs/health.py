"""Health: after each crawl, count what it brought of each target, and raise or end the alarms that follow.

Spidermon is not used: it monitors one spider's statistics and items inside Scrapy's process at ``spider_closed`` and sends
messages. Here one process crawls many targets, Scrapy's statistics are off (each request's end is in the ledger), and an
alarm must be an event of the store that digests, the status page and a later recovery refer to. What it would add, rules
over counts, are the two functions of :mod:`domain.health`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from domain.health import PLATFORMS, AlarmKind, HealthEvent, RunCount, judge, judge_platform, platform_subject
from domain.target import Target, TargetKind
from zhengxun.clock import day_of
from zhengxun.jobs.screenshots import ScreenshotGap, screenshot_gap
from zhengxun.services import Services

if TYPE_CHECKING:
    from datetime import date

    from storage import Store


def watch_health(services: Services, store: Store) -> None:
    """Count finished crawls and keep the events that follow; safe to repeat. Ask only under the crawl lock."""
    now = services.clock()
    store.health.count_runs(now)
    targets = store.targets.list()
    histories = store.health.histories([target.id for target in targets])
    alarms = store.health.open_alarms()
    events: list[HealthEvent] = []
    silent = {alarm.target_id for alarm in alarms if alarm.kind is AlarmKind.SILENT and _is_target(alarm)}
    for target in targets:
        open_kinds = frozenset(alarm.kind for alarm in alarms if _is_target(alarm) and alarm.target_id == target.id)
        for event in judge(target.id, histories.get(target.id, ()), open_kinds, now):
            events.append(event)
            if event.kind is AlarmKind.SILENT:
                (silent.add if event.raised else silent.discard)(target.id)
    events += _of_platforms(targets, histories, alarms, frozenset(silent), events, now)
    watched = {target.id for target in targets}
    events += [_withdrawn(alarm, now) for alarm in alarms if _is_target(alarm) and alarm.target_id not in watched]
    store.health.append(events)


def _of_platforms(
    targets: Sequence[Target],
    histories: dict[int, list[RunCount]],
    alarms: Sequence[HealthEvent],
    silent: frozenset[int],
    events: Sequence[HealthEvent],
    now: datetime,
) -> list[HealthEvent]:
    found = []
    raised = {alarm.subject for alarm in alarms}
    for kind in sorted(PLATFORMS):
        own = [target.id for target in targets if target.kind is kind and not target.paused]
        productive = [
            target_id
            for target_id in own
            if target_id in silent or any(run.read for run in histories.get(target_id, ()))
        ]
        outcomes = [event.outcome for event in (*events, *alarms) if event.target_id in productive]
        event = judge_platform(
            kind, productive, silent, platform_subject(kind) in raised, outcomes[0] if outcomes else "failed", now
        )
        if event is not None:
            found.append(event)
    return found


def _is_target(alarm: HealthEvent) -> bool:
    return alarm.subject.startswith("target:")


def _withdrawn(alarm: HealthEvent, now: datetime) -> HealthEvent:
    return replace(alarm, raised=False, at=now, detail="监测对象已移除", id=None, run_id=None)


@dataclass(frozen=True, slots=True)
class TargetHealth:
    """One target's last days."""

    target: Target
    days: dict[date, dict[str, int]]
    """Requests by outcome for each day (Asia/Shanghai) on which a finished crawl of it began."""
    alarms: tuple[HealthEvent, ...]

    @property
    def totals(self) -> dict[str, int]:
        """Requests by outcome over all these days."""
        return added_up(self.days.values())


@dataclass(frozen=True, slots=True)
class HealthReport:
    """The state of all targets and platforms."""

    since: date
    targets: tuple[TargetHealth, ...]
    platforms: dict[TargetKind, dict[date, dict[str, int]]]
    alarms: tuple[HealthEvent, ...]
    """All open ones."""
    screenshots: ScreenshotGap | None
    """Leads whose pages have no screenshot; None where the settings ask for none."""


def read_health(services: Services, store: Store, days: int) -> HealthReport:
    """Counts of the last ``days`` days, today included."""
    now = services.clock()
    first = day_of(now) - timedelta(days=days - 1)
    store.health.count_runs(now)
    counts = store.health.since(now - timedelta(days=days))
    alarms = store.health.open_alarms()
    targets = []
    platforms: dict[TargetKind, dict[date, dict[str, int]]] = {}
    for target in store.targets.list():
        by_day: dict[date, dict[str, int]] = {}
        for run in counts.get(target.id, ()):
            day = day_of(run.at)
            if day >= first:
                by_day[day] = added_up([by_day.get(day, {}), run.outcomes])
        own = tuple(alarm for alarm in alarms if _is_target(alarm) and alarm.target_id == target.id)
        targets.append(TargetHealth(target, by_day, own))
        total = platforms.setdefault(target.kind, {})
        for day, outcomes in by_day.items():
            total[day] = added_up([total.get(day, {}), outcomes])
    return HealthReport(first, tuple(targets), platforms, tuple(alarms), screenshot_gap(services, store))


def sentence(alarm: HealthEvent, names: dict[int, str]) -> str:
    """One alarm for people."""
    if not _is_target(alarm):
        return f"平台{alarm.kind.label}：{alarm.detail}"
    return f"{names.get(alarm.target_id, alarm.subject)}（{alarm.target_id} 号）{alarm.kind.label}：{alarm.detail}"


def added_up(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Requests by outcome over all of ``counts``."""
    total: dict[str, int] = {}
    for one in counts:
        for outcome, number in one.items():
            total[outcome] = total.get(outcome, 0) + number
    return total
