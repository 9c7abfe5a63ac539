"""时限: how long a lead took from finding to confirmation, referral and takedown, and what that makes for many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median

from domain.lead import LeadState, Presence, Review


@dataclass(frozen=True, slots=True)
class ClockLine:
    """One lead on the clock."""

    lead_id: int
    title: str
    page_url: str
    target_name: str
    platform: str
    region: str | None
    level: str
    state: LeadState

    @property
    def hours_to_confirm(self) -> float | None:
        """From the finding to the last confirmation."""
        return hours_between(self.state.found_at, self.state.confirmed_at)

    @property
    def hours_to_refer(self) -> float | None:
        """From the finding to the first referral."""
        return hours_between(self.state.found_at, self.state.first_referred_at)

    @property
    def hours_to_takedown(self) -> float | None:
        """From the first referral until the claims were gone; None where they stand, at a new address too, or went before."""
        if self.state.presence is Presence.MOVED:
            return None
        return hours_between(self.state.first_referred_at, self.state.gone_at)

    def days_since_referral(self, now: datetime) -> int | None:
        """Whole days since the last referral; None where it was never referred."""
        return None if self.state.referred_at is None else (now - self.state.referred_at).days


def hours_between(start: datetime | None, end: datetime | None) -> float | None:
    """Hours from ``start`` to ``end``, to a tenth; None where one of them is missing or they are the wrong way round."""
    if start is None or end is None or end < start:
        return None
    return round((end - start) / timedelta(hours=1), 1)


class ClockGroup(StrEnum):
    """By what leads are put together for figures."""

    PLATFORM = "platform"
    REGION = "region"
    AUTHORITY = "authority"
    TARGET = "target"

    @property
    def label(self) -> str:
        """Chinese name for people."""
        return {"platform": "平台", "region": "地区", "authority": "移送部门", "target": "监测对象"}[self.value]


@dataclass(frozen=True, slots=True)
class ClockFigures:
    """Figures of one group of leads. Dismissed leads are left out of all of them but ``dismissed``."""

    group: str
    """Empty: the leads of which it is not known."""
    found: int
    dismissed: int
    confirmed: int
    """Ever confirmed, and not taken back."""
    referred: int
    """Ever referred, and not taken back."""
    gone: int
    """Of the referred: gone or clean after the referral, and not back since."""
    overdue: int
    median_hours_to_confirm: float | None
    median_hours_to_refer: float | None
    median_hours_to_takedown: float | None

    @property
    def takedown_rate(self) -> float | None:
        """Share of the referred that are gone, 0 to 1; None where nothing was referred."""
        return round(self.gone / self.referred, 4) if self.referred else None


_KEYS: dict[ClockGroup, Callable[[ClockLine], str]] = {
    ClockGroup.PLATFORM: lambda line: line.platform,
    ClockGroup.REGION: lambda line: line.region or "",
    ClockGroup.AUTHORITY: lambda line: line.state.referred_to or "",
    ClockGroup.TARGET: lambda line: line.target_name,
}


def figures(lines: Iterable[ClockLine], by: ClockGroup, now: datetime, overdue_after: timedelta) -> list[ClockFigures]:
    """Figures by group, most leads first; the whole is :func:`total`."""
    groups: dict[str, list[ClockLine]] = {}
    for line in lines:
        groups.setdefault(_KEYS[by](line), []).append(line)
    counted = [total(members, now, overdue_after, name) for name, members in groups.items()]
    return sorted(counted, key=lambda figure: (-figure.found, figure.group))


def total(lines: Sequence[ClockLine], now: datetime, overdue_after: timedelta, group: str = "") -> ClockFigures:
    """Figures of all ``lines`` together."""
    kept = [line for line in lines if line.state.review is not Review.DISMISSED]
    referred = [line for line in kept if line.state.first_referred_at is not None]
    taken_down = [hours for line in referred if (hours := line.hours_to_takedown) is not None]
    return ClockFigures(
        group=group,
        found=len(kept),
        dismissed=len(lines) - len(kept),
        confirmed=sum(line.state.confirmed_at is not None for line in kept),
        referred=len(referred),
        gone=len(taken_down),
        overdue=sum(line.state.overdue(now, overdue_after) for line in kept),
        median_hours_to_confirm=_median(line.hours_to_confirm for line in kept),
        median_hours_to_refer=_median(line.hours_to_refer for line in referred),
        median_hours_to_takedown=_median(taken_down),
    )


def _median(hours: Iterable[float | None]) -> float | None:
    known = [value for value in hours if value is not None]
    return round(median(known), 1) if known else None
