"""Operators as they stood at a moment, for digests: pages and identifiers that came later are not among them.

Of each page only its last coming to an operator is kept. A page that came to its present one later stands with nobody then,
whether it stood with another or not; and names are those of now.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select

from domain.digest import OperatorMaterial
from domain.document import Contact, ContactKind
from domain.operator import ordered
from storage.dialects import portions
from storage.operators import IDENTIFIERS_SHOWN, identifiers_of
from storage.tables import IdentifierRow, OccurrenceRow, OperatorPageRow, OperatorRow


def operators_at(connection: Connection, pages: Sequence[int], cutoff: datetime) -> dict[int, OperatorMaterial]:
    """Operators of ``pages`` at ``cutoff``, by page; a page without one is not in the result."""
    placed = connection.execute(
        select(OperatorPageRow.page_id, OperatorRow.id, OperatorRow.name)
        .join(OperatorRow, OperatorRow.id == OperatorPageRow.operator_id)
        .where(OperatorPageRow.page_id.in_(pages), OperatorPageRow.since <= cutoff)
    ).all()
    if not placed:
        return {}
    ids = sorted({row.id for row in placed})
    counted = connection.execute(
        select(
            OperatorPageRow.operator_id,
            func.count().label("now"),
            func.count().filter(OperatorPageRow.since <= cutoff).label("then"),
        )
        .where(OperatorPageRow.operator_id.in_(ids))
        .group_by(OperatorPageRow.operator_id)
    ).all()
    sizes = {row.operator_id: row.then for row in counted}
    grown = [row.operator_id for row in counted if row.now != row.then]
    known = {
        operator: tuple(each.contact for each in found)
        for operator, found in identifiers_of(connection, sorted(set(ids) - set(grown))).items()
    } | _identifiers_at(connection, grown, cutoff)
    made = {row.id: OperatorMaterial(row.id, row.name, sizes[row.id], known[row.id]) for row in placed}
    return {row.page_id: made[row.id] for row in placed}


def _identifiers_at(
    connection: Connection, operators: Sequence[int], cutoff: datetime
) -> dict[int, tuple[Contact, ...]]:
    """As :func:`identifiers_of`, of the pages that had come by then; each identifier of each page is looked up."""
    found: dict[int, Counter[Contact]] = {operator: Counter() for operator in operators}
    for portion in portions(operators):
        for row in connection.execute(
            select(OperatorPageRow.operator_id, IdentifierRow.kind, IdentifierRow.value, func.count().label("pages"))
            .join(OccurrenceRow, OccurrenceRow.page_id == OperatorPageRow.page_id)
            .join(IdentifierRow, IdentifierRow.id == OccurrenceRow.identifier_id)
            .where(
                OperatorPageRow.operator_id.in_(portion),
                OperatorPageRow.since <= cutoff,
                IdentifierRow.common.is_(False),
                IdentifierRow.first_seen <= cutoff,
            )
            .group_by(OperatorPageRow.operator_id, IdentifierRow.kind, IdentifierRow.value)
        ):
            found[row.operator_id][Contact(ContactKind(row.kind), row.value)] = row.pages
    return {operator: tuple(ordered(known)[:IDENTIFIERS_SHOWN]) for operator, known in found.items()}
