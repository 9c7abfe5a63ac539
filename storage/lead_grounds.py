"""What two pages have in common, in words; and which leads count as known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, select

from domain.document import Contact, ContactKind, ContactSource
from domain.lead import Review
from domain.operator import LABELS, ordered, shares
from storage.dialects import portions
from storage.tables import IdentifierRow, OccurrenceRow

#: What people made of a lead that others may join.
DECIDED = (Review.CONFIRMED.value, Review.REFERRED.value)


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
