"""The one place where the time of day is read; everything else is given a clock."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from domain.ports import Clock

#: What people read.
SHANGHAI = ZoneInfo("Asia/Shanghai")


def system_clock() -> datetime:
    """The present time, aware UTC."""
    return datetime.now(UTC)


def fixed_clock(moment: datetime) -> Clock:
    """A clock that stands at ``moment`` (``ZHENGXUN_NOW``)."""
    still = moment.astimezone(UTC)
    return lambda: still


def day_of(moment: datetime) -> date:
    """Calendar day in Asia/Shanghai."""
    return moment.astimezone(SHANGHAI).date()


def for_people(moment: datetime | None) -> str:
    """``2026-11-23 08:00`` in Asia/Shanghai; a dash where there is none."""
    return "—" if moment is None else moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")
