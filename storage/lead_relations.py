"""A new lead whose operator, or whose text, is known from an earlier lead that people had confirmed (能力 52)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from domain.document import Contact, ContactKind, ContactSource
from domain.lead import EventKind, LeadEvent, Presence, Review
from domain.operator import LABELS, ordered, shares
from storage.dialects import portions
from storage.near_texts import near_pages
from storage.page_rows import attach_leads, read_pages, write_back
from storage.tables import IdentifierRow, LeadRelationRow, LeadRow, OccurrenceRow, OperatorPageRow, PageRow

_DECIDED = (Review.CONFIRMED.value, Review.REFERRED.value)
_CLOSED = (Presence.REMOVED.value, Presence.CORRECTED.value)


def relate(connection: Connection, pages: Sequence[int], at: datetime) -> int:
    """Note on the leads of ``pages`` which confirmed lead they join or repeat, once for each; how many were noted."""
    fresh: dict[int, Any] = {}
    for portion in portions(pages):
        for row in connection.execute(
            select(LeadRow.id, LeadRow.page_id, LeadRow.found_at, OperatorPageRow.operator_id)
            .outerjoin(OperatorPageRow, OperatorPageRow.page_id == LeadRow.page_id)
            .outerjoin(LeadRelationRow, LeadRelationRow.lead_id == LeadRow.id)
            .where(
                LeadRow.page_id.in_(portion),
                LeadRow.review == Review.PENDING.value,
                LeadRelationRow.lead_id.is_(None),
            )
        ):
            fresh[row.page_id] = row
    if not fresh:
        return 0
    near = near_pages(connection, sorted(fresh))
    found: dict[int, tuple[Any, str]] = {}
    for page_id, row in sorted(fresh.items()):
        other = _earlier(connection, row, sorted(near[page_id]))
        if other is not None:
            found[page_id] = (
                other,
                _reason(connection, page_id, other, page_id in near and other.page_id in near[page_id]),
            )
    if not found:
        return 0
    touched = sorted({*found, *(other.page_id for other, _ in found.values() if other.presence in _CLOSED)})
    read = {page.id: page for page in read_pages(connection, PageRow.id, touched).values()}
    attach_leads(connection, read.values())
    for page_id, (other, reason) in found.items():
        lead = read[page_id].lead
        if lead is None:
            continue
        lead.add(LeadEvent(EventKind.NOTED, at, "system", reason), None)
        closed = read.get(other.page_id)
        if closed is not None and closed.lead is not None:
            closed.lead.add(
                LeadEvent(EventKind.NOTED, at, "system", f"疑似在新网址复发：线索 {fresh[page_id].id}"), None
            )
    write_back(connection, list(read.values()))
    connection.execute(
        insert(LeadRelationRow),
        [
            {"lead_id": fresh[page_id].id, "other_id": other.id, "reason": reason, "at": at}
            for page_id, (other, reason) in found.items()
        ],
    )
    return len(found)


def _earlier(connection: Connection, lead: Any, near: Sequence[int]) -> Any:
    """The confirmed lead that it joins: one that was closed before others, then the newest."""
    candidates: list[Any] = []
    base = select(LeadRow.id, LeadRow.page_id, LeadRow.presence, LeadRow.review).where(
        LeadRow.review.in_(_DECIDED), LeadRow.found_at <= lead.found_at, LeadRow.id != lead.id
    )
    if lead.operator_id is not None:
        candidates += connection.execute(
            base.join(OperatorPageRow, OperatorPageRow.page_id == LeadRow.page_id)
            .where(OperatorPageRow.operator_id == lead.operator_id)
            .order_by(LeadRow.id.desc())
            .limit(50)
        ).all()
    if near:
        candidates += connection.execute(base.where(LeadRow.page_id.in_(near[:50]))).all()
    return max(candidates, key=lambda row: (row.presence in _CLOSED, row.id), default=None)


def _reason(connection: Connection, page_id: int, other: Any, alike: bool) -> str:
    grounds = grounds_between(connection, page_id, [other.page_id])[other.page_id]
    if alike:
        grounds = [*grounds, "文案近似"]
    why = "；".join(grounds[:3]) or "同一主体的其他页面有相同标识"
    state = Review(other.review).label
    if other.presence in _CLOSED:
        return f"疑似复发于新网址：线索 {other.id}（{state}，{Presence(other.presence).label}）。{why}"
    return f"疑似同一主体：线索 {other.id}（{state}）。{why}"


def grounds_between(connection: Connection, page_id: int, others: Sequence[int]) -> Mapping[int, list[str]]:
    """For each of ``others``: what it shares with the page, in Chinese, strongest first; common identifiers are none."""
    mine = {
        row.identifier_id: row
        for row in connection.execute(
            select(OccurrenceRow.identifier_id, OccurrenceRow.source, IdentifierRow.kind, IdentifierRow.value)
            .join(IdentifierRow, IdentifierRow.id == OccurrenceRow.identifier_id)
            .where(OccurrenceRow.page_id == page_id, IdentifierRow.common.is_(False))
        )
    }
    shared: dict[int, list[Contact]] = {other: [] for other in others}
    for portion in portions(others):
        for row in connection.execute(
            select(OccurrenceRow.page_id, OccurrenceRow.identifier_id).where(
                OccurrenceRow.page_id.in_(portion), OccurrenceRow.identifier_id.in_(sorted(mine))
            )
        ):
            found = mine[row.identifier_id]
            shared[row.page_id].append(
                Contact(ContactKind(found.kind), found.value, source=ContactSource(found.source))
            )
    return {
        other: [shares(contact, LABELS[contact.kind]) for contact in ordered(contacts)]
        for other, contacts in shared.items()
    }
