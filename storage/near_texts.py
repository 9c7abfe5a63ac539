"""Near-duplicate texts of flagged pages, found by shared keys of their fingerprints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, delete, insert, or_, select

from domain.fingerprint import Fingerprint, near
from storage.dialects import insert_or_ignore, portions
from storage.tables import NearTextRow, TextKeyRow, TextPrintRow

#: Pages looked at for each key, the newest: a template on a hundred thousand pages costs no more than one on twenty.
_PER_KEY = 12
#: Near copies kept of one page, the nearest.
_KEPT = 12


def compare(connection: Connection, prints: Mapping[int, Fingerprint]) -> None:
    """Keep the fingerprints of pages and the near copies that were there before them; again: changes nothing."""
    if not prints:
        return
    before = _read(connection, sorted(prints))
    for page_id, mine in sorted(prints.items()):
        if before.get(page_id) == mine:
            continue
        if page_id in before:
            for table in (TextKeyRow, TextPrintRow):
                connection.execute(delete(table).where(table.page_id == page_id))
            connection.execute(
                delete(NearTextRow).where(or_(NearTextRow.page_id == page_id, NearTextRow.other_id == page_id))
            )
        candidates: set[int] = set()
        for key in mine.keys:
            candidates.update(
                connection.execute(
                    select(TextKeyRow.page_id)
                    .where(TextKeyRow.key == key, TextKeyRow.page_id != page_id)
                    .order_by(TextKeyRow.page_id.desc())
                    .limit(_PER_KEY)
                ).scalars()
            )
        distances = sorted(
            (distance, other)
            for other, theirs in _read(connection, sorted(candidates)).items()
            if (distance := near(mine, theirs)) is not None
        )[:_KEPT]
        connection.execute(
            insert(TextPrintRow).values(page_id=page_id, simhash=mine.simhash, length=mine.length, keys=list(mine.keys))
        )
        connection.execute(
            insert_or_ignore(connection, TextKeyRow), [{"key": key, "page_id": page_id} for key in set(mine.keys)]
        )
        if distances:
            connection.execute(
                insert(NearTextRow),
                [{"page_id": page_id, "other_id": other, "distance": distance} for distance, other in distances],
            )


def _read(connection: Connection, pages: Sequence[int]) -> dict[int, Fingerprint]:
    return {
        row.page_id: Fingerprint(row.simhash, row.length, tuple(row.keys))
        for portion in portions(pages)
        for row in connection.execute(
            select(TextPrintRow.page_id, TextPrintRow.simhash, TextPrintRow.length, TextPrintRow.keys).where(
                TextPrintRow.page_id.in_(portion)
            )
        )
    }


def near_pages(connection: Connection, pages: Sequence[int]) -> dict[int, dict[int, int]]:
    """For each page its near copies, earlier and later ones, with the bits by which they differ."""
    found: dict[int, dict[int, int]] = {page: {} for page in pages}
    for portion in portions(pages):
        for row in connection.execute(
            select(NearTextRow.page_id, NearTextRow.other_id, NearTextRow.distance).where(
                or_(NearTextRow.page_id.in_(portion), NearTextRow.other_id.in_(portion))
            )
        ):
            if row.page_id in found:
                found[row.page_id][row.other_id] = row.distance
            if row.other_id in found:
                found[row.other_id][row.page_id] = row.distance
    return found
