"""Identifiers of a portion of documents: rows, occurrences, and how widely each is spread."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from domain.document import Contact, ContactKind
from domain.operator import OF_SITE, PARTY, STRONG, LinkLimits
from storage.dialects import insert_or_ignore, portions
from storage.tables import IdentifierPartyRow, IdentifierRow, IdentifierSiteRow, OccurrenceRow
from storage.types import storable


@dataclass(frozen=True, slots=True)
class Sighting:
    """The identifiers of one document."""

    page_id: int
    document_id: int
    snapshot_id: int
    fetched_at: datetime
    site: str
    """Registrable domain, or account on a platform."""
    official: bool
    """It is a government's: what it carries belongs to nobody else."""
    identities: tuple[Contact, ...]


@dataclass(slots=True)
class Known:
    """An identifier as it is stored."""

    id: int
    kind: ContactKind
    common: bool
    confidence: float = 1.0

    @property
    def strong(self) -> bool:
        """Whether it joins pages alone."""
        return self.kind in STRONG


@dataclass(frozen=True, slots=True)
class Noted:
    """What :func:`note` wrote."""

    new: list[tuple[int, int]]
    """(page, identifier) pairs that were not known."""
    spread: list[int]
    """Identifiers that became common by it."""


def note(connection: Connection, sightings: Sequence[Sighting], limits: LinkLimits) -> Noted:
    """Write identifiers and occurrences of ``sightings``, count their spread; doing it again changes nothing."""
    by_key = _identifiers(connection, sightings)
    new = _occurrences(connection, sightings, by_key)
    _official(connection, sightings, by_key)
    spread = _spread(connection, sightings, by_key, limits)
    return Noted(new, spread)


def _key(contact: Contact) -> tuple[str, str]:
    return storable(contact.value), contact.kind.value


def _identifiers(connection: Connection, sightings: Sequence[Sighting]) -> dict[tuple[str, str], Known]:
    seen: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for sighting in sightings:
        for contact in sighting.identities:
            seen[_key(contact)].append(sighting.fetched_at)
    known: dict[tuple[str, str], Known] = {}
    if not seen:
        return known
    connection.execute(
        insert_or_ignore(connection, IdentifierRow, ["value", "kind"]),
        [
            {
                "value": value,
                "kind": kind,
                "pages": 0,
                "sites": 0,
                "parties": 0,
                "official": False,
                "excluded": False,
                "common": False,
                "first_seen": min(times),
                "last_seen": max(times),
            }
            for (value, kind), times in seen.items()
        ],
    )
    older = []
    for values in portions(sorted({value for value, _ in seen})):
        for row in connection.execute(
            select(
                IdentifierRow.id,
                IdentifierRow.value,
                IdentifierRow.kind,
                IdentifierRow.common,
                IdentifierRow.last_seen,
            ).where(IdentifierRow.value.in_(values))
        ):
            key = row.value, row.kind
            if key in seen:
                known[key] = Known(row.id, ContactKind(row.kind), row.common)
                if row.last_seen < max(seen[key]):
                    older.append({"row": row.id, "at": max(seen[key])})
    if older:
        connection.execute(
            update(IdentifierRow).where(IdentifierRow.id == bindparam("row")).values(last_seen=bindparam("at")), older
        )
    return known


def _occurrences(
    connection: Connection, sightings: Sequence[Sighting], by_key: Mapping[tuple[str, str], Known]
) -> list[tuple[int, int]]:
    rows: dict[tuple[int, int], dict[str, Any]] = {}
    for sighting in sightings:
        for contact in sighting.identities:
            place = sighting.page_id, by_key[_key(contact)].id
            rows[place] = {
                "page_id": place[0],
                "identifier_id": place[1],
                "first_document_id": rows[place]["first_document_id"] if place in rows else sighting.document_id,
                "document_id": sighting.document_id,
                "snapshot_id": sighting.snapshot_id,
                "source": contact.source.value,
                "segment": contact.segment,
                "span_start": contact.start,
                "span_end": contact.end,
                "confidence": contact.confidence,
                "raw": contact.raw,
            }
    if not rows:
        return []
    pages = sorted({page for page, _ in rows})
    present: set[tuple[int, int]] = set()
    for portion in portions(pages):
        present.update(
            (row.page_id, row.identifier_id)
            for row in connection.execute(
                select(OccurrenceRow.page_id, OccurrenceRow.identifier_id).where(OccurrenceRow.page_id.in_(portion))
            )
        )
    new = [place for place in rows if place not in present]
    if new:
        connection.execute(
            insert_or_ignore(connection, OccurrenceRow, ["page_id", "identifier_id"]), [rows[place] for place in new]
        )
        counted: dict[int, int] = defaultdict(int)
        for _, identifier in new:
            counted[identifier] += 1
        connection.execute(
            update(IdentifierRow)
            .where(IdentifierRow.id == bindparam("row"))
            .values(pages=IdentifierRow.pages + bindparam("more")),
            [{"row": identifier, "more": more} for identifier, more in sorted(counted.items())],
        )
    again = [values for place, values in rows.items() if place in present]
    if again:
        table = OccurrenceRow.__table__
        connection.execute(
            update(OccurrenceRow)
            .where(table.c.page_id == bindparam("b_page"), table.c.identifier_id == bindparam("b_identifier"))
            .values({name: bindparam(f"b_{name}") for name in _PLACE}),
            [
                {"b_page": values["page_id"], "b_identifier": values["identifier_id"]}
                | {f"b_{name}": values[name] for name in _PLACE}
                for values in again
            ],
        )
    return new


_PLACE = ("document_id", "snapshot_id", "source", "segment", "span_start", "span_end", "confidence", "raw")


def _official(connection: Connection, sightings: Sequence[Sighting], by_key: Mapping[tuple[str, str], Known]) -> None:
    ids = {
        by_key[_key(contact)].id
        for sighting in sightings
        if sighting.official
        for contact in sighting.identities
        if contact.kind in OF_SITE
    }
    for portion in portions(sorted(ids)):
        connection.execute(update(IdentifierRow).where(IdentifierRow.id.in_(portion)).values(official=True))


def _spread(
    connection: Connection,
    sightings: Sequence[Sighting],
    by_key: Mapping[tuple[str, str], Known],
    limits: LinkLimits,
) -> list[int]:
    """Count sites and parties of what is not common yet; ids of those that became common."""
    sites: set[tuple[int, str]] = set()
    parties: set[tuple[int, str, int]] = set()
    official: set[int] = set()
    for sighting in sightings:
        known = [by_key[_key(contact)] for contact in sighting.identities]
        for one in known:
            if one.common:
                continue
            if sighting.official and one.kind in OF_SITE:
                official.add(one.id)
            sites.add((one.id, storable(sighting.site)))
            parties.update(
                (one.id, other.kind.value, other.id) for other in known if other.kind in PARTY and other.id != one.id
            )
    touched = set(official)
    if sites:
        added: dict[int, int] = defaultdict(int)
        for row in connection.execute(
            insert_or_ignore(connection, IdentifierSiteRow, ["identifier_id", "site"]).returning(
                IdentifierSiteRow.identifier_id
            ),
            [{"identifier_id": one, "site": site} for one, site in sorted(sites)],
        ):
            added[row.identifier_id] += 1
        if added:
            connection.execute(
                update(IdentifierRow)
                .where(IdentifierRow.id == bindparam("row"))
                .values(sites=IdentifierRow.sites + bindparam("more")),
                [{"row": one, "more": more} for one, more in sorted(added.items())],
            )
            touched |= set(added)
    if parties:
        grown = {
            row.identifier_id
            for row in connection.execute(
                insert_or_ignore(connection, IdentifierPartyRow, ["identifier_id", "kind", "other_id"]).returning(
                    IdentifierPartyRow.identifier_id
                ),
                [{"identifier_id": one, "kind": kind, "other_id": other} for one, kind, other in sorted(parties)],
            )
        }
        if grown:
            _count_parties(connection, grown)
            touched |= grown
    return recount(connection, touched, limits)


def _count_parties(connection: Connection, ids: Iterable[int]) -> None:
    most: dict[int, int] = defaultdict(int)
    for portion in portions(sorted(ids)):
        for row in connection.execute(
            select(IdentifierPartyRow.identifier_id, IdentifierPartyRow.kind, func.count().label("number"))
            .where(IdentifierPartyRow.identifier_id.in_(portion))
            .group_by(IdentifierPartyRow.identifier_id, IdentifierPartyRow.kind)
        ):
            most[row.identifier_id] = max(most[row.identifier_id], row.number)
    if most:
        connection.execute(
            update(IdentifierRow).where(IdentifierRow.id == bindparam("row")).values(parties=bindparam("number")),
            [{"row": one, "number": number} for one, number in sorted(most.items())],
        )


def recount(connection: Connection, ids: Iterable[int], limits: LinkLimits) -> list[int]:
    """Set ``common`` by the counts of these identifiers; ids of those for which it changed."""
    changed: dict[int, bool] = {}
    for portion in portions(sorted(ids)):
        for row in connection.execute(
            select(
                IdentifierRow.id,
                IdentifierRow.sites,
                IdentifierRow.parties,
                IdentifierRow.official,
                IdentifierRow.excluded,
                IdentifierRow.common,
            ).where(IdentifierRow.id.in_(portion))
        ):
            common = row.official or row.excluded or limits.common(row.sites, row.parties)
            if common != row.common:
                changed[row.id] = common
    for value in (True, False):
        rows = [one for one, common in changed.items() if common is value]
        for portion in portions(rows):
            connection.execute(update(IdentifierRow).where(IdentifierRow.id.in_(portion)).values(common=value))
    return list(changed)


def of_pages(connection: Connection, pages: Sequence[int]) -> dict[int, list[Known]]:
    """Identifiers of each page that are not common, by id."""
    found: dict[int, list[Known]] = {page: [] for page in pages}
    for portion in portions(pages):
        for row in connection.execute(
            select(OccurrenceRow.page_id, IdentifierRow.id, IdentifierRow.kind, OccurrenceRow.confidence)
            .join(IdentifierRow, IdentifierRow.id == OccurrenceRow.identifier_id)
            .where(OccurrenceRow.page_id.in_(portion), IdentifierRow.common.is_(False))
            .order_by(OccurrenceRow.page_id, IdentifierRow.id)
        ):
            found[row.page_id].append(Known(row.id, ContactKind(row.kind), False, row.confidence))
    return found
