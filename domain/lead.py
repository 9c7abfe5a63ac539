"""线索: a flagged page and its state. State is the fold of append-only events; illegal moves raise.

A lead has two independent sides, folded from one list of events:

- 研判 :class:`Review`: what people decided (待研判 → 确认 / 误报 / 待核实 → 已移送);
- 在线状态 :class:`Presence`: what the web shows (在线 → 疑似下线 → 已下线, 已改正, 复发, 无法判定).

Rules of takedown verification (CONTRACT.md): a page counts as removed after two looks at least
``ZHENGXUN_REMOVAL_CONFIRM_HOURS`` apart; a blocked look (captcha, login wall, time-out) is never a removal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from domain.errors import IllegalMove


class EventKind(StrEnum):
    """What can happen to a lead."""

    FOUND = "found"
    """The machine flagged the page: the first event of every lead."""
    EDITED = "edited"
    """A new version with other visible text, still flagged."""
    SEEN = "seen"
    """The page stands and still violates, after a look that had left it in doubt."""
    MISSING = "missing"
    """First look that found the page gone."""
    REMOVED = "removed"
    """A second look, far enough apart, found it gone again."""
    CORRECTED = "corrected"
    """The page stands, the claims are gone."""
    UNVERIFIABLE = "unverifiable"
    """We were kept out or the site was down: nothing can be said."""
    REAPPEARED = "reappeared"
    """Violating again after it had been removed or corrected."""
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    CHECK_REQUESTED = "check_requested"
    REFERRED = "referred"
    NOTED = "noted"

    @property
    def label(self) -> str:
        """Chinese name for people."""
        return _EVENT_LABELS[self]


_EVENT_LABELS = {
    EventKind.FOUND: "发现",
    EventKind.EDITED: "内容有修改",
    EventKind.SEEN: "仍在线",
    EventKind.MISSING: "疑似下线，待复核",
    EventKind.REMOVED: "已下线",
    EventKind.CORRECTED: "已改正",
    EventKind.UNVERIFIABLE: "无法判定",
    EventKind.REAPPEARED: "复发",
    EventKind.CONFIRMED: "确认",
    EventKind.DISMISSED: "误报",
    EventKind.CHECK_REQUESTED: "待核实",
    EventKind.REFERRED: "已移送",
    EventKind.NOTED: "备注",
}


class Review(StrEnum):
    """What people decided."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    DISMISSED = "dismissed"
    CHECKING = "checking"
    REFERRED = "referred"

    @property
    def label(self) -> str:
        """Chinese name for people."""
        return {
            "pending": "待研判",
            "confirmed": "已确认",
            "dismissed": "误报",
            "checking": "待核实",
            "referred": "已移送",
        }[self.value]


class Presence(StrEnum):
    """What the web shows of the page."""

    ONLINE = "online"
    SUSPECTED_GONE = "suspected_gone"
    REMOVED = "removed"
    CORRECTED = "corrected"
    UNVERIFIABLE = "unverifiable"
    REAPPEARED = "reappeared"

    @property
    def label(self) -> str:
        """Chinese name for people."""
        return {
            "online": "仍在线",
            "suspected_gone": "疑似下线，待复核",
            "removed": "已下线",
            "corrected": "已改正",
            "unverifiable": "无法判定",
            "reappeared": "复发",
        }[self.value]


#: 研判 moves: event → (states in which it is allowed, state after it).
REVIEW_MOVES: dict[EventKind, tuple[frozenset[Review], Review]] = {
    EventKind.CONFIRMED: (
        frozenset({Review.PENDING, Review.CHECKING, Review.DISMISSED}),
        Review.CONFIRMED,
    ),
    EventKind.DISMISSED: (
        frozenset({Review.PENDING, Review.CHECKING, Review.CONFIRMED}),
        Review.DISMISSED,
    ),
    EventKind.CHECK_REQUESTED: (
        frozenset({Review.PENDING, Review.CONFIRMED}),
        Review.CHECKING,
    ),
    EventKind.REFERRED: (frozenset({Review.CONFIRMED}), Review.REFERRED),
}

_STANDING = frozenset({Presence.ONLINE, Presence.REAPPEARED})
_IN_DOUBT = frozenset({Presence.SUSPECTED_GONE, Presence.UNVERIFIABLE})
_CLOSED = frozenset({Presence.REMOVED, Presence.CORRECTED})

#: 在线状态 moves: event → (states in which it is allowed, state after it).
PRESENCE_MOVES: dict[EventKind, tuple[frozenset[Presence], Presence | None]] = {
    EventKind.EDITED: (_STANDING | _IN_DOUBT, None),
    EventKind.SEEN: (_IN_DOUBT, Presence.ONLINE),
    EventKind.MISSING: (_STANDING | {Presence.UNVERIFIABLE, Presence.CORRECTED}, Presence.SUSPECTED_GONE),
    EventKind.REMOVED: (frozenset({Presence.SUSPECTED_GONE}), Presence.REMOVED),
    EventKind.CORRECTED: (_STANDING | _IN_DOUBT, Presence.CORRECTED),
    EventKind.UNVERIFIABLE: (_STANDING, Presence.UNVERIFIABLE),
    EventKind.REAPPEARED: (_CLOSED, Presence.REAPPEARED),
}


@dataclass(frozen=True, slots=True)
class LeadEvent:
    """One thing that happened. Never changed and never deleted."""

    kind: EventKind
    at: datetime
    actor: str
    """``system`` or a person's name."""
    reason: str | None = None
    snapshot_id: int | None = None
    """The version on which it rests, where there is one."""


@dataclass(frozen=True, slots=True)
class LeadState:
    """What the events of a lead fold to."""

    review: Review
    presence: Presence
    found_at: datetime
    changed_at: datetime
    """Time of the last event that changed review or presence, or of an edit."""
    edited_at: datetime | None = None
    missing_since: datetime | None = None
    """Time of the first look that found it gone; None where it stands."""
    referred_at: datetime | None = None
    reason: str | None = None
    """Ground of the present presence, in Chinese."""
    presence_at: datetime | None = None
    """Time of the event that led to the present presence."""

    @property
    def open(self) -> bool:
        """Whether it still has to be followed: not dismissed, and not closed on the web."""
        return self.review is not Review.DISMISSED and self.presence not in _CLOSED


def begin(event: LeadEvent) -> LeadState:
    """State after the first event; anything but ``found`` raises :class:`IllegalMove`."""
    if event.kind is not EventKind.FOUND:
        raise IllegalMove(f"线索的第一条记录必须是“发现”，不能是“{event.kind.label}”。")
    return LeadState(Review.PENDING, Presence.ONLINE, found_at=event.at, changed_at=event.at, presence_at=event.at)


def apply(state: LeadState, event: LeadEvent) -> LeadState:
    """State after ``event``; a move that ``state`` does not allow raises :class:`IllegalMove`."""
    kind = event.kind
    if kind is EventKind.NOTED:
        return state
    if kind in REVIEW_MOVES:
        allowed, after = REVIEW_MOVES[kind]
        if state.review not in allowed:
            raise IllegalMove(f"线索处于“{state.review.label}”状态，不能记为“{kind.label}”；请先核对线索状态。")
        referred = event.at if kind is EventKind.REFERRED else state.referred_at
        return replace(state, review=after, changed_at=event.at, referred_at=referred)
    if kind in PRESENCE_MOVES:
        allowed_presence, after_presence = PRESENCE_MOVES[kind]
        if state.presence not in allowed_presence:
            raise IllegalMove(f"页面处于“{state.presence.label}”状态，不能记为“{kind.label}”；请先核对线索状态。")
        presence = after_presence or (Presence.ONLINE if state.presence in _IN_DOUBT else state.presence)
        gone = presence in {Presence.SUSPECTED_GONE, Presence.REMOVED}
        return replace(
            state,
            presence=presence,
            changed_at=event.at,
            edited_at=event.at if kind is EventKind.EDITED else state.edited_at,
            missing_since=(state.missing_since or event.at) if gone else None,
            reason=event.reason,
            presence_at=state.presence_at if presence is state.presence else event.at,
        )
    raise IllegalMove(f"线索已有“发现”记录，不能再次记为“{kind.label}”。")


def fold(events: Iterable[LeadEvent]) -> LeadState:
    """State of a lead from all its events, oldest first; no events raise :class:`IllegalMove`."""
    state: LeadState | None = None
    for event in events:
        state = begin(event) if state is None else apply(state, event)
    if state is None:
        raise IllegalMove("线索没有任何记录。")
    return state


class Sight(StrEnum):
    """What one visit of a page saw, as far as its lead is concerned."""

    VIOLATING = "violating"
    CLEAN = "clean"
    GONE = "gone"
    """404, 410, a deletion or violation notice of the platform, or a soft 404."""
    NOT_SEEN = "not_seen"
    """Blocked, timed out, robots, host down …: says nothing about the page."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One look at a page."""

    sight: Sight
    at: datetime
    text_changed: bool = False
    snapshot_id: int | None = None
    reason: str | None = None


def events_of_visit(state: LeadState | None, visit: Visit, confirm_after: timedelta) -> tuple[LeadEvent, ...]:
    """Events that a visit adds to a lead (``state`` None: there is no lead yet); always legal moves.

    ``confirm_after``: time between two looks before a page counts as removed.
    """

    def event(kind: EventKind, reason: str | None = visit.reason) -> tuple[LeadEvent, ...]:
        return (LeadEvent(kind, visit.at, "system", reason, visit.snapshot_id),)

    if state is None:
        return event(EventKind.FOUND) if visit.sight is Sight.VIOLATING else ()
    presence = state.presence
    if visit.sight is Sight.VIOLATING:
        if presence in _CLOSED:
            return event(EventKind.REAPPEARED)
        if visit.text_changed:
            return event(EventKind.EDITED)
        return event(EventKind.SEEN) if presence in _IN_DOUBT else ()
    if visit.sight is Sight.CLEAN:
        return () if presence in _CLOSED else event(EventKind.CORRECTED)
    if visit.sight is Sight.GONE:
        if presence is Presence.REMOVED:
            return ()
        if presence is not Presence.SUSPECTED_GONE:
            return event(EventKind.MISSING, "疑似下线，待复核")
        since = state.missing_since or state.changed_at
        return event(EventKind.REMOVED) if visit.at - since >= confirm_after else ()
    return event(EventKind.UNVERIFIABLE) if presence in _STANDING else ()


@dataclass(frozen=True, slots=True)
class Lead:
    """线索: we never decide a case; we say what we saw and what people made of it."""

    id: int
    page_url: str
    target_id: int
    state: LeadState
    events: tuple[LeadEvent, ...] = ()
