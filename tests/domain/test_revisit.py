"""When a kept page is due: the estimate, its bounds, and pages that are gone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.revisit import is_due, wait_of

START = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("visits", "changes", "days", "least", "most"),
    [
        (1, 0, 0, 0, 0),
        (3, 0, 2, 0, 0),
        (5, 0, 4, 2, 2),
        (30, 0, 29, 7, 7),
        (30, 29, 29, 0, 0.25),
        (30, 15, 29, 0.8, 1.2),
        (30, 3, 29, 5, 7),
        (4, 9, 3, 0, 0.5),
    ],
)
def test_wait(visits: int, changes: int, days: float, least: float, most: float) -> None:
    """Few visits: due. Never changed: half the time watched, at most a week. Changes half the days: a day."""
    assert least * DAY <= wait_of(visits, changes, START, START + days * DAY) <= most * DAY


def test_gone_pages_are_looked_at_ever_more_rarely() -> None:
    """After as long as they have been gone."""

    def due(gone_days: float, ago_days: float) -> bool:
        checked = START + gone_days * DAY
        return is_due(
            checked + ago_days * DAY,
            last_checked=checked,
            gone_since=START,
            times_seen=1,
            times_changed=0,
            first_seen=START,
            last_seen=START,
        )

    assert due(0, 1)
    assert due(1, 1)
    assert not due(4, 1)
    assert due(4, 4)
    assert due(400, 30)
