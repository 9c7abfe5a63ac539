"""健康: what each run brought of each target, and when silence is an alarm.

A target that always gave pages and now gives none looks, in a digest, like one that has nothing to report. So silence is
an event of its own. Two statistics, both of the target's own runs, newest last:

- *silent*: nothing was read in the last run, and in each of the :data:`HISTORY` runs before it at least one page was. With
  the chance p that a healthy target fails a whole run by accident, a false alarm needs one accident after three successes;
  one success ends it. Chosen so that a target visited daily is noticed on the first day, and one that never worked
  (which stands as a coverage gap every day anyway) never alarms.
- *blocked*: some pages were read, but at least :data:`BLOCKED_SHARE` of the last run's requests were kept out, and of the
  :data:`HISTORY` runs before it together at most :data:`USUAL_SHARE`. It ends below :data:`ENDED_SHARE`. Runs of fewer than
  :data:`FEW` requests say nothing about shares.

A platform is silent when all of its targets that were productive are (at least :data:`TARGETS`): then it is the platform
that changed, or keeps us out, and not one account.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.crawl import Outcome
from domain.target import TargetKind

HISTORY = 3
BLOCKED_SHARE = 0.5
USUAL_SHARE = 0.1
ENDED_SHARE = 0.25
FEW = 5
TARGETS = 2

#: Kinds whose targets stand on one platform each; websites and feeds have hosts of their own.
PLATFORMS = frozenset(
    set(TargetKind) - {TargetKind.WEBSITE, TargetKind.FEED, TargetKind.SEARCH, TargetKind.INTAKE},
)


class AlarmKind(StrEnum):
    """What is wrong."""

    SILENT = "silent"
    BLOCKED = "blocked"

    @property
    def label(self) -> str:
        """Chinese name for people."""
        return "失声" if self is AlarmKind.SILENT else "被拦截骤增"


@dataclass(frozen=True, slots=True)
class RunCount:
    """What one finished run brought of one target: requests by outcome (sitemaps not counted)."""

    run_id: int
    at: datetime
    """Start of the run."""
    outcomes: Mapping[str, int]

    @property
    def planned(self) -> int:
        """Requests of any outcome."""
        return sum(self.outcomes.values())

    @property
    def read(self) -> int:
        """Pages that were read, changed or not."""
        return self.outcomes.get(Outcome.OK, 0) + self.outcomes.get(Outcome.UNCHANGED, 0)

    @property
    def asked(self) -> int:
        """Requests that were made or refused, not put off."""
        return self.planned - self.outcomes.get(Outcome.DEFERRED, 0)

    @property
    def kept_out(self) -> int:
        """Requests that the site keeps us out of."""
        return self.outcomes.get(Outcome.BLOCKED, 0)

    @property
    def why_unread(self) -> Outcome:
        """The outcome under which most of what was not read ended."""
        unread = Counter({Outcome(word): number for word, number in self.outcomes.items()})
        for good in (Outcome.OK, Outcome.UNCHANGED):
            unread.pop(good, None)
        return unread.most_common(1)[0][0] if unread else Outcome.FAILED


@dataclass(frozen=True, slots=True)
class HealthEvent:
    """An alarm that was raised or has ended. Never changed and never deleted."""

    subject: str
    """``target:<id>`` or ``platform:<kind>``."""
    kind: AlarmKind
    raised: bool
    """False: it has ended."""
    at: datetime
    outcome: str
    """The :class:`~domain.crawl.Outcome` word that says best what kept the pages away."""
    detail: str
    """One Chinese sentence with the figures it rests on."""
    target_id: int
    """The target, of a platform the first of its targets."""
    run_id: int | None = None
    id: int | None = None


def target_subject(target_id: int) -> str:
    """Subject of a target's events."""
    return f"target:{target_id}"


def platform_subject(kind: TargetKind) -> str:
    """Subject of a platform's events."""
    return f"platform:{kind.value}"


def judge(
    target_id: int, history: Sequence[RunCount], open_alarms: frozenset[AlarmKind], at: datetime
) -> list[HealthEvent]:
    """Events that the newest of a target's runs brings; ``history``: its finished runs, newest last."""
    if not history or history[-1].planned == 0:
        return []
    last, before = history[-1], history[-1 - HISTORY : -1]
    subject = target_subject(target_id)

    def event(kind: AlarmKind, raised: bool, detail: str) -> HealthEvent:
        return HealthEvent(subject, kind, raised, at, last.why_unread.value, detail, target_id, last.run_id)

    events = []
    productive = len(before) == HISTORY and all(run.read for run in before)
    if last.read:
        if AlarmKind.SILENT in open_alarms:
            events.append(event(AlarmKind.SILENT, False, f"已恢复：本次读到 {last.read} 个页面"))
    elif productive and AlarmKind.SILENT not in open_alarms:
        pages = "、".join(str(run.read) for run in before)
        events.append(
            event(
                AlarmKind.SILENT,
                True,
                f"此前连续 {HISTORY} 次分别读到 {pages} 个页面，本次一个也没有读到（{_counts(last)}）",
            )
        )
    return events + _blocked(last, before, open_alarms, event)


def _blocked(
    last: RunCount,
    before: Sequence[RunCount],
    open_alarms: frozenset[AlarmKind],
    event: Callable[[AlarmKind, bool, str], HealthEvent],
) -> list[HealthEvent]:
    if last.asked < FEW:
        return []
    share = last.kept_out / last.asked
    if AlarmKind.BLOCKED in open_alarms:
        return [event(AlarmKind.BLOCKED, False, f"已恢复：本次被拦截 {share:.0%}")] if share < ENDED_SHARE else []
    asked = sum(run.asked for run in before)
    usual = sum(run.kept_out for run in before) / asked if asked >= FEW else 1.0
    if last.read and len(before) == HISTORY and share >= BLOCKED_SHARE and usual <= USUAL_SHARE:
        detail = (
            f"本次 {last.asked} 个请求中 {last.kept_out} 个被拦截（{share:.0%}），此前 {HISTORY} 次合计 {usual:.0%}"
        )
        return [event(AlarmKind.BLOCKED, True, detail)]
    return []


def judge_platform(
    kind: TargetKind,
    productive: Sequence[int],
    silent: frozenset[int],
    is_open: bool,
    outcome: str,
    at: datetime,
) -> HealthEvent | None:
    """The event of a platform, if there is one; ``productive``: its targets that were productive or have fallen silent."""
    if not productive:
        return None
    all_silent = len(productive) >= TARGETS and silent.issuperset(productive)
    if all_silent == is_open:
        return None
    if all_silent:
        detail = f"{kind.label}的 {len(productive)} 个监测对象此前都有内容，现在全部失声，可能是平台改版或拦截采集"
    else:
        detail = f"{kind.label}已有监测对象恢复"
    return HealthEvent(platform_subject(kind), AlarmKind.SILENT, all_silent, at, outcome, detail, min(productive))


def _counts(run: RunCount) -> str:
    return "，".join(f"{Outcome(word).label} {number}" for word, number in sorted(run.outcomes.items()))
