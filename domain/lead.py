"""线索: a flagged page and its state. State is the fold of append-only events; illegal moves raise.

A lead has two independent sides, folded from one list of events:

- 研判 :class:`Review`: what people decided (待研判 → 确认 / 误报 / 待核实 → 已移送 → 已退回 / 再次移送);
- 在线状态 :class:`Presence`: what the web shows (在线 → 疑似下线 → 已下线, 已改正, 复发, 无法判定).

What a visit adds is worked out in :mod:`domain.lead_visit`. Two leads may be bound to each other: the lead of a new page
joins an earlier one that people had confirmed, and where it repeats the words of a page that is gone, that one's lead
stands as 复发（新地址） until the new one is settled (:mod:`storage.moves` finds both).

People take back what they decided by one more event (撤销), which puts the 研判 side back to where it stood before their
last decision; only its author may, and only as long as nobody decided after it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from domain.errors import IllegalMove
from domain.lead_words import DETAIL_LABELS, Answer, EventKind, Presence, Review

__all__ = [
    "CLOSED",
    "DETAIL_LABELS",
    "GONE_HERE",
    "IN_DOUBT",
    "PRESENCE_MOVES",
    "QUIET",
    "REVIEW_MOVES",
    "STANDING",
    "Answer",
    "EventKind",
    "Lead",
    "LeadEvent",
    "LeadState",
    "Presence",
    "Review",
    "apply",
    "begin",
    "fold",
]


#: 研判 moves: event → (states in which it is allowed, state after it). A second referral of a referred lead (催办, 复发)
#: needs a reason, see :func:`apply`; 撤销 is not in the table, because where it leads depends on what came before.
REVIEW_MOVES: dict[EventKind, tuple[frozenset[Review], Review]] = {
    EventKind.CONFIRMED: (
        frozenset({Review.PENDING, Review.CHECKING, Review.DISMISSED, Review.RETURNED}),
        Review.CONFIRMED,
    ),
    EventKind.DISMISSED: (
        frozenset({Review.PENDING, Review.CHECKING, Review.CONFIRMED, Review.RETURNED}),
        Review.DISMISSED,
    ),
    EventKind.CHECK_REQUESTED: (
        frozenset({Review.PENDING, Review.CONFIRMED, Review.RETURNED}),
        Review.CHECKING,
    ),
    EventKind.REFERRED: (frozenset({Review.CONFIRMED, Review.RETURNED, Review.REFERRED}), Review.REFERRED),
    EventKind.ACCEPTED: (frozenset({Review.REFERRED}), Review.REFERRED),
    EventKind.RETURNED: (frozenset({Review.REFERRED}), Review.RETURNED),
    EventKind.HANDLED: (frozenset({Review.REFERRED}), Review.REFERRED),
}
#: Events that change neither where a lead stands nor what a reader of the digest has to be told of it.
QUIET = frozenset({EventKind.NOTED, EventKind.ASSIGNED, EventKind.ACCEPTED, EventKind.HANDLED, EventKind.JOINED})

_ANSWERS = {EventKind(answer.value): answer for answer in Answer}

STANDING = frozenset({Presence.ONLINE, Presence.REAPPEARED})
IN_DOUBT = frozenset({Presence.SUSPECTED_GONE, Presence.UNVERIFIABLE})
#: The page is gone or clean: nothing more to be done at its address, but it is watched for its return.
CLOSED = frozenset({Presence.REMOVED, Presence.CORRECTED, Presence.MOVED})
#: That a page is not there says nothing new of it.
GONE_HERE = frozenset({Presence.REMOVED, Presence.MOVED})

#: 在线状态 moves: event → (states in which it is allowed, state after it; None: see :func:`apply`).
PRESENCE_MOVES: dict[EventKind, tuple[frozenset[Presence], Presence | None]] = {
    EventKind.EDITED: (STANDING | IN_DOUBT, None),
    EventKind.SEEN: (IN_DOUBT, Presence.ONLINE),
    EventKind.MISSING: (STANDING | {Presence.UNVERIFIABLE, Presence.CORRECTED}, Presence.SUSPECTED_GONE),
    EventKind.REMOVED: (IN_DOUBT, Presence.REMOVED),
    EventKind.CORRECTED: (STANDING | IN_DOUBT, Presence.CORRECTED),
    EventKind.UNVERIFIABLE: (STANDING | IN_DOUBT, Presence.UNVERIFIABLE),
    EventKind.SITE_DOWN: (STANDING | IN_DOUBT, None),
    EventKind.REAPPEARED: (CLOSED, Presence.REAPPEARED),
    EventKind.MOVED: (CLOSED - {Presence.MOVED}, Presence.MOVED),
    EventKind.SETTLED: (frozenset({Presence.MOVED}), None),
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
    code: str | None = None
    """Reason code of :mod:`domain.reasons`."""
    details: tuple[tuple[str, str], ...] = ()
    """(key of :data:`DETAIL_LABELS`, value) pairs, e.g. ``("authority", "市网信办")``."""

    def detail(self, key: str) -> str | None:
        """One detail; None where it is not given."""
        return next((value for name, value in self.details if name == key), None)


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
    """Time of the last referral."""
    reason: str | None = None
    """Ground of the present presence, in Chinese."""
    presence_at: datetime | None = None
    """Time of the event that led to the present presence."""
    confirmed_at: datetime | None = None
    confirmed_by: str | None = None
    first_referred_at: datetime | None = None
    referrals: int = 0
    """How often it was referred."""
    referred_to: str | None = None
    """Authority of the last referral, where it was named."""
    answer: Answer | None = None
    """What the authority said of the last referral."""
    answered_at: datetime | None = None
    owner: str | None = None
    """Who works on it."""
    gone_at: datetime | None = None
    """When the claims went, once that is sure: the first look that found the page gone, or clean. None where it stands."""
    site_down_since: datetime | None = None
    """First look that found the whole site down; None where the site answered since."""
    reappeared: int = 0
    """How often it came back at its own address."""
    joins: int | None = None
    """The earlier lead, confirmed by people, whose operator or words its page has."""
    moved_to: int | None = None
    """The lead of the new address at which its words stand; None where it has not moved, or that lead is settled."""

    @property
    def open(self) -> bool:
        """Whether it still has to be followed: not dismissed, and not closed on the web."""
        return self.review is not Review.DISMISSED and self.presence not in CLOSED

    def overdue(self, now: datetime, after: timedelta) -> bool:
        """Whether it was referred longer than ``after`` ago and the page is neither gone nor clean."""
        return (
            self.review is Review.REFERRED
            and self.presence not in CLOSED
            and self.referred_at is not None
            and now - self.referred_at >= after
        )


def begin(event: LeadEvent) -> LeadState:
    """State after the first event; anything but ``found`` raises :class:`IllegalMove`."""
    if event.kind is not EventKind.FOUND:
        raise IllegalMove(f"线索的第一条记录必须是“发现”，不能是“{event.kind.label}”。")
    return LeadState(Review.PENDING, Presence.ONLINE, found_at=event.at, changed_at=event.at, presence_at=event.at)


def apply(state: LeadState, event: LeadEvent) -> LeadState:
    """State after ``event``; a move that ``state`` does not allow raises :class:`IllegalMove`.

    撤销 needs the events before it: see :func:`fold`.
    """
    if event.kind is EventKind.NOTED:
        return state
    if event.kind is EventKind.ASSIGNED:
        return replace(state, owner=event.detail("owner") or None)
    if event.kind is EventKind.JOINED:
        return replace(state, joins=_other_lead(event))
    if event.kind in REVIEW_MOVES:
        return _review(state, event)
    if event.kind in PRESENCE_MOVES:
        return _presence(state, event)
    if event.kind is EventKind.UNDONE:
        raise IllegalMove("没有可以撤销的研判记录。")
    raise IllegalMove(f"线索已有“发现”记录，不能再次记为“{event.kind.label}”。")


def _review(state: LeadState, event: LeadEvent) -> LeadState:
    kind = event.kind
    allowed, after = REVIEW_MOVES[kind]
    if state.review not in allowed:
        raise IllegalMove(f"线索处于“{state.review.label}”状态，不能记为“{kind.label}”；请先核对线索状态。")
    state = replace(state, review=after, changed_at=state.changed_at if kind in QUIET else event.at)
    if kind is EventKind.CONFIRMED:
        return replace(state, confirmed_at=event.at, confirmed_by=event.actor)
    if kind is EventKind.REFERRED:
        if state.referrals and state.answer is not Answer.RETURNED and not (event.reason or "").strip():
            raise IllegalMove("线索已经移送；再次移送（催办、复发）须写明理由。")
        return replace(
            state,
            referred_at=event.at,
            first_referred_at=state.first_referred_at or event.at,
            referrals=state.referrals + 1,
            referred_to=event.detail("authority") or state.referred_to,
            answer=None,
            answered_at=None,
        )
    if kind in _ANSWERS:
        return replace(state, answer=_ANSWERS[kind], answered_at=event.at)
    return state


def _presence(state: LeadState, event: LeadEvent) -> LeadState:
    kind = event.kind
    allowed, after = PRESENCE_MOVES[kind]
    if state.presence not in allowed:
        raise IllegalMove(f"页面处于“{state.presence.label}”状态，不能记为“{kind.label}”；请先核对线索状态。")
    if kind is EventKind.SITE_DOWN:
        # A page that was gone already stays so: its site's silence is no better news of it.
        gone_already = state.presence is Presence.SUSPECTED_GONE
        presence: Presence = Presence.SUSPECTED_GONE if gone_already else Presence.UNVERIFIABLE
    elif kind is EventKind.SETTLED:
        presence = Presence.CORRECTED if state.missing_since is None else Presence.REMOVED
    else:
        presence = after or (Presence.ONLINE if state.presence in IN_DOUBT else state.presence)
    missing_since = None
    if presence in {Presence.SUSPECTED_GONE, Presence.REMOVED}:
        missing_since = state.missing_since or state.site_down_since or event.at
    elif presence is Presence.MOVED:
        missing_since = state.missing_since
    # A page that was corrected first and is gone now has been free of its claims since it was corrected.
    gone_at = state.gone_at if presence is Presence.SUSPECTED_GONE else None
    if presence in CLOSED:
        gone_at = state.gone_at or (missing_since if presence is Presence.REMOVED else event.at)
    return replace(
        state,
        presence=presence,
        changed_at=event.at,
        edited_at=event.at if kind is EventKind.EDITED else state.edited_at,
        missing_since=missing_since,
        reason=event.reason,
        presence_at=state.presence_at if presence is state.presence else event.at,
        gone_at=gone_at,
        site_down_since=(state.site_down_since or event.at) if kind is EventKind.SITE_DOWN else None,
        reappeared=state.reappeared + (kind is EventKind.REAPPEARED),
        moved_to=_other_lead(event) if kind is EventKind.MOVED else None,
    )


def _other_lead(event: LeadEvent) -> int:
    lead = event.detail("lead")
    if lead is None:
        raise IllegalMove(f"“{event.kind.label}”必须写明相关线索的编号。")
    return int(lead)


#: The 研判 side of a state: what 撤销 puts back.
_REVIEW_SIDE = (
    "review", "confirmed_at", "confirmed_by", "referred_at", "first_referred_at", "referrals", "referred_to", "answer",
    "answered_at",
)  # fmt: skip


def fold(events: Iterable[LeadEvent]) -> LeadState:
    """State of a lead from all its events, oldest first; no events raise :class:`IllegalMove`."""
    state: LeadState | None = None
    decided: list[tuple[LeadEvent, LeadState]] = []
    for event in events:
        if state is None:
            state = begin(event)
        elif event.kind is EventKind.UNDONE:
            state = _undo(state, event, decided)
        else:
            before = state
            state = apply(before, event)
            if event.kind in REVIEW_MOVES:
                decided.append((event, before))
    if state is None:
        raise IllegalMove("线索没有任何记录。")
    return state


def _undo(state: LeadState, event: LeadEvent, decided: list[tuple[LeadEvent, LeadState]]) -> LeadState:
    """``state`` with its 研判 side as it stood before the last decision that stands; that one leaves ``decided``."""
    if not decided:
        raise IllegalMove("没有可以撤销的研判记录。")
    last, before = decided[-1]
    if last.actor != event.actor:
        raise IllegalMove(f"最近一次研判“{last.kind.label}”由 {last.actor} 作出，只能由其本人撤销。")
    decided.pop()
    return replace(state, changed_at=event.at, **{name: getattr(before, name) for name in _REVIEW_SIDE})


@dataclass(frozen=True, slots=True)
class Lead:
    """线索: we never decide a case; we say what we saw and what people made of it."""

    id: int
    page_url: str
    target_id: int
    state: LeadState
    events: tuple[LeadEvent, ...] = ()
