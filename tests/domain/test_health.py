"""When silence is an alarm: the two statistics and their ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.crawl import Outcome
from domain.health import AlarmKind, RunCount, judge, judge_platform
from domain.target import TargetKind

AT = datetime(2026, 11, 24, tzinfo=UTC)


def _history(*runs: dict[str, int]) -> list[RunCount]:
    return [RunCount(number, AT + timedelta(days=number), counts) for number, counts in enumerate(runs, start=1)]


def _events(*runs: dict[str, int], open_alarms: frozenset[AlarmKind] = frozenset()) -> list[tuple[AlarmKind, bool]]:
    return [(event.kind, event.raised) for event in judge(7, _history(*runs), open_alarms, AT)]


GOOD, SAME, DOWN = {"ok": 5}, {"unchanged": 4, "failed": 1}, {"timeout": 3, "failed": 2}
SILENT = frozenset({AlarmKind.SILENT})
BLOCKED = frozenset({AlarmKind.BLOCKED})


@pytest.mark.parametrize(
    ("runs", "open_alarms", "events"),
    [
        ((GOOD, SAME, GOOD, DOWN), frozenset(), [(AlarmKind.SILENT, True)]),
        ((GOOD, SAME, GOOD, DOWN), SILENT, []),
        ((GOOD, GOOD, DOWN, DOWN), SILENT, []),
        ((GOOD, DOWN, DOWN, SAME), SILENT, [(AlarmKind.SILENT, False)]),
        ((GOOD, GOOD, DOWN), frozenset(), []),
        ((GOOD, DOWN, GOOD, DOWN), frozenset(), []),
        ((DOWN, DOWN, DOWN, DOWN), frozenset(), []),
        ((GOOD, GOOD, GOOD, {}), frozenset(), []),
        ((GOOD, GOOD, GOOD, {"ok": 2, "blocked": 8}), frozenset(), [(AlarmKind.BLOCKED, True)]),
        ((GOOD, GOOD, GOOD, {"ok": 1, "blocked": 2}), frozenset(), []),
        ((GOOD, GOOD, {"ok": 5, "blocked": 3}, {"ok": 2, "blocked": 8}), frozenset(), []),
        ((GOOD, GOOD, GOOD, {"ok": 6, "blocked": 4}), BLOCKED, []),
        ((GOOD, GOOD, GOOD, {"ok": 9, "blocked": 1}), BLOCKED, [(AlarmKind.BLOCKED, False)]),
        ((GOOD, GOOD, GOOD, {"blocked": 9}), frozenset(), [(AlarmKind.SILENT, True)]),
    ],
)
def test_alarms(
    runs: tuple[dict[str, int], ...], open_alarms: frozenset[AlarmKind], events: list[tuple[AlarmKind, bool]]
) -> None:
    """Three productive runs and then none is silence; half kept out where a tenth was usual is a jump; both end."""
    assert _events(*runs, open_alarms=open_alarms) == events


def test_an_alarm_says_what_it_rests_on() -> None:
    """Figures, the outcome that kept most pages away, and the run."""
    (event,) = judge(7, _history(GOOD, SAME, GOOD, DOWN), frozenset(), AT)
    assert (event.subject, event.outcome, event.run_id) == ("target:7", Outcome.TIMEOUT.value, 4)
    assert "5、4、5" in event.detail
    assert "超时 3" in event.detail


def test_a_platform_is_silent_when_all_its_productive_targets_are() -> None:
    """Two of two; one of two, or one alone, is an account and not the platform."""
    kind = TargetKind.WEIBO
    raised = judge_platform(kind, [3, 4], frozenset({3, 4}), False, "blocked", AT)
    assert raised is not None
    assert (raised.subject, raised.raised, raised.target_id) == ("platform:weibo", True, 3)
    assert judge_platform(kind, [3, 4], frozenset({3}), False, "blocked", AT) is None
    assert judge_platform(kind, [3], frozenset({3}), False, "blocked", AT) is None
    assert judge_platform(kind, [], frozenset(), False, "blocked", AT) is None
    ended = judge_platform(kind, [3, 4], frozenset({3}), True, "blocked", AT)
    assert ended is not None
    assert not ended.raised
