"""When the page of a lead is looked at again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from domain.lead import EventKind, LeadEvent, fold
from domain.recheck import LookPlan, next_look

START = datetime(2026, 11, 23, tzinfo=UTC)
PLAN = LookPlan(tuple(timedelta(hours=hours) for hours in (24, 72, 168)), timedelta(hours=6), timedelta(days=20))


def _due(*events: tuple[EventKind, float], looked: float) -> float | None:
    """Hours after the finding at which the page is due; ``looked``: hours at which it was last looked at."""
    told = [LeadEvent(EventKind.FOUND, START, "system")]
    told += [LeadEvent(kind, START + timedelta(hours=hours), "张三") for kind, hours in events]
    due = next_look(fold(told), START + timedelta(hours=looked), PLAN)
    return None if due is None else (due - START) / timedelta(hours=1)


def test_the_spaces_between_looks_grow_and_a_referral_begins_anew() -> None:
    """24, 72 and 168 hours after the finding, then every 96; after a referral the same steps from there."""
    assert [_due(looked=hours) for hours in (0, 24, 100, 168, 264)] == [24, 72, 168, 264, 360]
    referred = ((EventKind.CONFIRMED, 200), (EventKind.REFERRED, 200))
    assert [_due(*referred, looked=hours) for hours in (168, 224)] == [224, 272]


def test_doubt_is_settled_soon() -> None:
    """A page that was gone is due after the confirmation time, one out of reach after the first step."""
    assert _due((EventKind.MISSING, 200), looked=200) == 206
    assert _due((EventKind.UNVERIFIABLE, 200), looked=200) == 224


def test_closed_leads_are_watched_for_their_return_and_dismissed_ones_are_not() -> None:
    """The steps count from the closing and end with the watch."""
    fixed = (EventKind.CORRECTED, 100)
    assert [_due(fixed, looked=hours) for hours in (100, 124, 268, 460)] == [124, 172, 364, 556]
    assert _due(fixed, looked=500) is None
    assert _due((EventKind.DISMISSED, 1), looked=1) is None
