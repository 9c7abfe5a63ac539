"""复发（新地址）: an advertisement whose page is gone, found again at an address that was new when it had gone.

The old lead stands as 复发（新地址） and names the new one for as long as that one has to be followed. All is worked out from
what the database holds at the moment (relations, near texts, operators, where both leads stand), so that a process that was killed,
a dismissal that was taken back and an operator that was split all come right with the next call.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select
from sqlalchemy.orm import aliased

from domain.lead import CLOSED, EventKind, LeadEvent, Presence, Review
from storage.dialects import portions
from storage.lead_grounds import DECIDED, grounds_between
from storage.lead_state import to_report
from storage.page_rows import attach_leads, read_pages, write_back
from storage.tables import LeadRelationRow, LeadRow, NearTextRow, OperatorPageRow, PageRow

#: Within one round of crawling, which of the two pages was asked for first says nothing. A copy that was known earlier stood beside
#: the old page, or may have: that one is gone, but it did not come back there.
SAME_ROUND = timedelta(hours=6)

_CLOSED = [presence.value for presence in CLOSED]
_SETTLED = [presence.value for presence in CLOSED - {Presence.MOVED}]

_Old, _New = aliased(LeadRow), aliased(LeadRow)
_OldPlace, _NewPlace = aliased(OperatorPageRow), aliased(OperatorPageRow)
#: Both pages have an operator, and not the same: the words are a common template, or a reviewer has split them.
_STRANGERS = _OldPlace.operator_id != _NewPlace.operator_id


def follow(connection: Connection, at: datetime, lead_id: int | None = None) -> int:
    """Bring leads that moved, or are settled at their new address, to where they stand now; how many events that made.

    ``lead_id``: only what this lead, the old or the new one, makes of it.
    """
    to_settle = _settling(connection, lead_id)
    settled = _add(connection, EventKind.SETTLED, at, [(row, _why_settled(row)) for row in to_settle])
    firsts: dict[int, Any] = {}
    for row in _moving(connection, lead_id):
        if row.gone_at is None or row.found_at >= row.gone_at - SAME_ROUND:
            firsts.setdefault(row.page_id, row)
    return settled + _add(
        connection, EventKind.MOVED, at, [(row, _why_moved(connection, row)) for row in firsts.values()]
    )


def _settling(connection: Connection, lead_id: int | None) -> Sequence[Any]:
    """What :func:`_to_settle` finds; of one lead, only where that one moved or another moved to it."""
    if lead_id is None:
        return connection.execute(_to_settle()).all()
    moved = or_(and_(LeadRow.id == lead_id, LeadRow.moved_to.is_not(None)), LeadRow.moved_to == lead_id)
    if not connection.execute(select(LeadRow.id).where(moved).limit(1)).first():
        return ()
    return connection.execute(_to_settle().where(or_(_Old.id == lead_id, _New.id == lead_id))).all()


def _moving(connection: Connection, lead_id: int | None) -> Sequence[Any]:
    """What :func:`_to_move` finds; of one lead, without a look at all the others: every decision asks for that."""
    if lead_id is None:
        return connection.execute(_to_move()).all()
    relation, lead = LeadRelationRow, LeadRow
    repeating = list(connection.execute(select(relation.lead_id).where(relation.lead_id == lead_id)).scalars())
    may_be_old = select(lead.id).where(lead.id == lead_id, lead.presence.in_(_SETTLED), lead.review.in_(DECIDED))
    if connection.execute(may_be_old).first():
        # No index leads from an old lead to the new ones; few decisions are about a page that is gone.
        repeating += connection.execute(select(relation.lead_id).where(relation.other_id == lead_id)).scalars()
    found: list[Any] = []
    for portion in portions(sorted(repeating)):
        found += connection.execute(_to_move().where(_New.id.in_(portion), or_(_Old.id == lead_id, _New.id == lead_id)))
    return sorted(found, key=lambda row: (row.page_id, row.new_id))


def _to_settle() -> Any:
    """Moved leads whose new one needs nothing more. A new one that moved on itself is not settled by that."""
    return (
        _pairs(_New.id == _Old.moved_to)
        .add_columns(_New.review, _New.presence, _STRANGERS.label("strangers"))
        .where(
            _Old.moved_to.is_not(None),
            or_(_New.review == Review.DISMISSED.value, _New.presence.in_(_SETTLED), _STRANGERS),
        )
    )


def _to_move() -> Any:
    """Closed leads that an open one repeats which was found since their page was last seen; by both leads."""
    near = exists().where(
        or_(
            and_(NearTextRow.page_id == _New.page_id, NearTextRow.other_id == _Old.page_id),
            and_(NearTextRow.page_id == _Old.page_id, NearTextRow.other_id == _New.page_id),
        )
    )
    related = (
        select(LeadRelationRow.other_id).where(LeadRelationRow.lead_id == _New.id).correlate(_New).scalar_subquery()
    )
    return (
        _pairs(_Old.id == related)
        .add_columns(PageRow.url, _New.found_at, _Old.gone_at)
        .join(PageRow, PageRow.id == _New.page_id)
        .where(
            _New.id.in_(to_report()),  # open leads are few beside all there ever were
            _New.review != Review.DISMISSED.value,
            _New.presence.not_in(_CLOSED),
            _New.found_at > _Old.last_seen,
            _Old.presence.in_(_SETTLED),
            _Old.review.in_(DECIDED),
            near,
            or_(_OldPlace.operator_id.is_(None), _NewPlace.operator_id.is_(None), ~_STRANGERS),
        )
        .order_by(_Old.id, _New.id)
    )


def _pairs(bound: ColumnElement[bool]) -> Any:
    return (
        select(_Old.page_id, _Old.presence.label("stands"), _New.id.label("new_id"), _New.page_id.label("new_page"))
        .select_from(_New)
        .join(_Old, bound)
        .outerjoin(_OldPlace, _OldPlace.page_id == _Old.page_id)
        .outerjoin(_NewPlace, _NewPlace.page_id == _New.page_id)
    )


def _why_settled(row: Any) -> str:
    if row.review == Review.DISMISSED.value:
        return f"新地址的线索 {row.new_id} 已判为误报"
    if row.presence in _SETTLED:
        return f"新地址的线索 {row.new_id} {Presence(row.presence).label}"
    return f"新地址的线索 {row.new_id} 属于另一主体"


def _why_moved(connection: Connection, row: Any) -> str:
    grounds = grounds_between(connection, row.page_id, [row.new_page])[row.new_page]
    return f"线索 {row.new_id}：{row.url}（{'；'.join(['文案近似', *grounds[:2]])}）"


def _add(connection: Connection, kind: EventKind, at: datetime, found: Sequence[tuple[Any, str]]) -> int:
    """Append the event to each old lead that, now that its row is locked, still stands as it was found."""
    read = {page.id: page for page in read_pages(connection, PageRow.id, [row.page_id for row, _ in found]).values()}
    attach_leads(connection, read.values())
    added = 0
    for row, reason in found:
        lead = read[row.page_id].lead
        if lead is not None and lead.state.presence.value == row.stands:
            lead.add(LeadEvent(kind, at, "system", reason, details=(("lead", str(row.new_id)),)), None)
            added += 1
    write_back(connection, list(read.values()))
    return added
