"""What one look at a page says of its lead: the function that turns visits into events.

Rules of takedown verification (CONTRACT.md): a page counts as removed after two looks at least
``ZHENGXUN_REMOVAL_CONFIRM_HOURS`` apart; a blocked look (captcha, login wall, time-out) is never a removal. A whole site
that stays down for ``ZHENGXUN_SITE_GONE_HOURS`` counts as shut down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from domain.lead import CLOSED, GONE_HERE, IN_DOUBT, STANDING, LeadEvent, LeadState
from domain.lead_words import EventKind, Presence


class Sight(StrEnum):
    """What one visit of a page saw, as far as its lead is concerned."""

    VIOLATING = "violating"
    CLEAN = "clean"
    GONE = "gone"
    """404, 410, a deletion or violation notice of the platform, or a soft 404."""
    NOT_SEEN = "not_seen"
    """Blocked, timed out, robots, host down …: says nothing about the page."""
    SITE_DOWN = "site_down"
    """Neither the page nor its site's start page could be reached, while other sites could; or both say it is closed."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One look at a page."""

    sight: Sight
    at: datetime
    text_changed: bool = False
    snapshot_id: int | None = None
    reason: str | None = None
    answered: bool = False
    """Whether the site gave any answer at all, where the page was not seen."""


def events_of_visit(state: LeadState | None, visit: Visit, confirm_after: timedelta) -> tuple[LeadEvent, ...]:
    """Events that a visit adds to a lead (``state`` None: there is no lead yet); always legal moves.

    ``confirm_after``: time between two looks before a page counts as removed, or, for a visit that found the whole site
    down, before the site counts as shut down.
    """

    def event(kind: EventKind, reason: str | None = visit.reason) -> tuple[LeadEvent, ...]:
        return (LeadEvent(kind, visit.at, "system", reason, visit.snapshot_id),)

    if state is None:
        return event(EventKind.FOUND) if visit.sight is Sight.VIOLATING else ()
    presence = state.presence
    if visit.sight is Sight.VIOLATING:
        if presence in CLOSED:
            return event(EventKind.REAPPEARED)
        if visit.text_changed:
            return event(EventKind.EDITED)
        return event(EventKind.SEEN) if presence in IN_DOUBT else ()
    if visit.sight is Sight.CLEAN:
        return () if presence in CLOSED else event(EventKind.CORRECTED)
    if visit.sight is Sight.GONE:
        if presence in GONE_HERE:
            return ()
        if presence is not Presence.SUSPECTED_GONE:
            return event(EventKind.MISSING, "疑似下线，待复核")
        since = state.missing_since or state.changed_at
        return event(EventKind.REMOVED) if visit.at - since >= confirm_after else ()
    if visit.sight is Sight.SITE_DOWN:
        return _events_of_silence(state, visit, confirm_after, event)
    back = visit.answered and state.site_down_since is not None
    return event(EventKind.UNVERIFIABLE) if presence in STANDING or (back and presence in IN_DOUBT) else ()


def _events_of_silence(
    state: LeadState,
    visit: Visit,
    confirm_after: timedelta,
    event: Callable[..., tuple[LeadEvent, ...]],
) -> tuple[LeadEvent, ...]:
    if state.presence in CLOSED:
        return ()
    if state.site_down_since is None:
        return event(EventKind.SITE_DOWN)
    return (
        event(EventKind.REMOVED, f"整站关闭：{visit.reason}")
        if visit.at - state.site_down_since >= confirm_after
        else ()
    )
