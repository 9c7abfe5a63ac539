"""A new lead whose operator, or whose text, is known from an earlier lead that people had confirmed (能力 52): it joins that one.

Where the earlier page is gone and the new one repeats its words, :mod:`storage.moves` follows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from domain.lead import CLOSED, EventKind, LeadEvent, Presence, Review
from storage.dialects import portions
from storage.lead_grounds import DECIDED, grounds_between
from storage.near_texts import near_pages
from storage.page_rows import attach_leads, read_pages, write_back
from storage.tables import LeadRelationRow, LeadRow, OperatorPageRow, PageRow

_CLOSED = {presence.value for presence in CLOSED}


def relate(connection: Connection, pages: Sequence[int], at: datetime) -> int:
    """Let the leads of ``pages`` join the confirmed lead that they belong to, once for each; how many joined."""
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
        other = _earlier(connection, row, near[page_id])
        if other is not None:
            found[page_id] = other, _reason(connection, page_id, other, other.page_id in near[page_id])
    if not found:
        return 0
    touched = sorted({*found, *(other.page_id for other, _ in found.values() if other.presence in _CLOSED)})
    read = {page.id: page for page in read_pages(connection, PageRow.id, touched).values()}
    attach_leads(connection, read.values())
    for page_id, (other, reason) in found.items():
        lead = read[page_id].lead
        if lead is None:
            continue
        joined = LeadEvent(EventKind.JOINED, at, "system", reason, details=(("lead", str(other.id)),))
        lead.add(joined, None)
        closed = read.get(other.page_id)
        if closed is not None and closed.lead is not None and other.page_id not in near[page_id]:
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


def _earlier(connection: Connection, lead: Any, near: Collection[int]) -> Any:
    """The confirmed lead that it joins: one whose closed page it repeats, then a closed one, then the newest."""
    candidates: list[Any] = []
    base = select(LeadRow.id, LeadRow.page_id, LeadRow.presence, LeadRow.review).where(
        LeadRow.review.in_(DECIDED), LeadRow.found_at <= lead.found_at, LeadRow.id != lead.id
    )
    if lead.operator_id is not None:
        candidates += connection.execute(
            base.join(OperatorPageRow, OperatorPageRow.page_id == LeadRow.page_id)
            .where(OperatorPageRow.operator_id == lead.operator_id)
            .order_by(LeadRow.id.desc())
            .limit(50)
        ).all()
    if near:
        candidates += connection.execute(base.where(LeadRow.page_id.in_(sorted(near)[:50]))).all()

    def rank(row: Any) -> tuple[bool, bool, int]:
        closed = row.presence in _CLOSED
        return closed and row.page_id in near, closed, row.id

    return max(candidates, key=rank, default=None)


def _reason(connection: Connection, page_id: int, other: Any, alike: bool) -> str:
    grounds = grounds_between(connection, page_id, [other.page_id])[other.page_id]
    if alike:
        grounds = [*grounds, "文案近似"]
    why = "；".join(grounds[:3]) or "同一主体的其他页面有相同标识"
    state = Review(other.review).label
    if other.presence in _CLOSED:
        return f"疑似复发于新网址：线索 {other.id}（{state}，{Presence(other.presence).label}）。{why}"
    return f"疑似同一主体：线索 {other.id}（{state}）。{why}"
