"""The state of a lead as columns: written with every event, read wherever many leads are listed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import IntEnum
from typing import Any

from sqlalchemy import Select, select, text

from domain.intake import is_fetchable
from domain.lead import Answer, EventKind, LeadEvent, LeadState, Presence, Review, fold
from storage.codec import decoder, encoder
from storage.tables import LeadRow

_encode_details = encoder(tuple[tuple[str, str], ...])
_decode_details = decoder(tuple[tuple[str, str], ...])


def state_columns(state: LeadState) -> dict[str, Any]:
    """Columns of ``leads`` that hold ``state``."""
    return {
        "review": state.review.value,
        "presence": state.presence.value,
        "found_at": state.found_at,
        "changed_at": state.changed_at,
        "edited_at": state.edited_at,
        "missing_since": state.missing_since,
        "referred_at": state.referred_at,
        "reason": state.reason,
        "presence_at": state.presence_at,
        "confirmed_at": state.confirmed_at,
        "confirmed_by": state.confirmed_by,
        "first_referred_at": state.first_referred_at,
        "referrals": state.referrals,
        "referred_to": state.referred_to,
        "answer": state.answer.value if state.answer else None,
        "answered_at": state.answered_at,
        "owner": state.owner,
        "gone_at": state.gone_at,
        "site_down_since": state.site_down_since,
        "reappeared": state.reappeared,
        "joins": state.joins,
        "moved_to": state.moved_to,
    }


def state_of(row: Any) -> LeadState:
    """The state that a row of ``leads`` holds."""
    return LeadState(
        review=Review(row.review),
        presence=Presence(row.presence),
        found_at=row.found_at,
        changed_at=row.changed_at,
        edited_at=row.edited_at,
        missing_since=row.missing_since,
        referred_at=row.referred_at,
        reason=row.reason,
        presence_at=row.presence_at,
        confirmed_at=row.confirmed_at,
        confirmed_by=row.confirmed_by,
        first_referred_at=row.first_referred_at,
        referrals=row.referrals,
        referred_to=row.referred_to,
        answer=Answer(row.answer) if row.answer else None,
        answered_at=row.answered_at,
        owner=row.owner,
        gone_at=row.gone_at,
        site_down_since=row.site_down_since,
        reappeared=row.reappeared,
        joins=row.joins,
        moved_to=row.moved_to,
    )


def event_of(row: Any) -> LeadEvent:
    """The event that a row of ``lead_events`` holds."""
    details = _decode_details(row.details) if row.details else ()
    return LeadEvent(EventKind(row.kind), row.at, row.actor, row.reason, row.snapshot_id, row.code, details)


def event_columns(event: LeadEvent) -> dict[str, Any]:
    """Columns of ``lead_events`` that hold ``event``; the lead and its run come beside them."""
    return {
        "kind": event.kind.value,
        "at": event.at,
        "actor": event.actor,
        "reason": event.reason,
        "snapshot_id": event.snapshot_id,
        "code": event.code,
        "details": _encode_details(event.details) if event.details else None,
    }


def state_at(events: Iterable[LeadEvent], cutoff: datetime) -> LeadState | None:
    """State at ``cutoff`` from a lead's events, oldest first; None where it had not been found yet."""
    before = [event for event in events if event.at <= cutoff]
    return fold(before) if before else None


def to_report() -> Select[Any]:
    """Ids of the leads that the next digest lists, by their index.

    Written as text: SQLAlchemy renders the column alone as ``to_report = 1`` for SQLite, which the index of ``to_report`` does
    not answer.
    """
    return select(LeadRow.id).where(text("leads.to_report"))


def belongs_in_digest(state: LeadState, shown_at: datetime | None) -> bool:
    """Whether a digest lists a lead in this state; ``shown_at``: cutoff of the last digest that listed it."""
    if state.review is Review.DISMISSED:
        return False
    return state.open or shown_at is None or state.changed_at > shown_at


class PlanRank(IntEnum):
    """Order in which a run plans the pages it knows."""

    OPEN_LEAD = 0
    KEPT = 1
    GONE = 2
    NOT_PLANNED = 3
    """Only a feed tells of it; nobody asked for its own address yet."""


def may_be_visited(url: str, host: str, scope_hosts: frozenset[str]) -> bool:
    """Whether a run of its target may ask for a page that it only heard of; a scope without hosts is anywhere."""
    return is_fetchable(url) and (not scope_hosts or host in scope_hosts)


def plan_rank(*, open_lead: bool, gone: bool, fetched: bool, in_scope: bool) -> PlanRank:
    """Rank of a page. ``fetched``: it was got by a request of its own; ``in_scope``: its host is its target's."""
    if not fetched and not (open_lead and in_scope):
        return PlanRank.NOT_PLANNED
    if open_lead:
        return PlanRank.OPEN_LEAD
    return PlanRank.GONE if gone else PlanRank.KEPT
