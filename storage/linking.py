"""Linking: documents that came since the last time are joined to operators (rules: :mod:`domain.operator`).

Portions of documents, one transaction each, with the position in it: a killed process goes on where it was. A page costs
a few lookups by index however much is stored. Only where it joins two operators, or makes an identifier common, are
their pages grouped anew (:mod:`storage.regrouping`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, select, update
from sqlalchemy.orm import aliased

from domain.assessment import Level, Speaker
from domain.document import Document, SegmentKind
from domain.fingerprint import Fingerprint, fingerprint
from domain.operator import LinkLimits, identities, posted, speaks_for_others
from storage.dialects import insert_or_ignore
from storage.engine import reading, writing
from storage.identifiers import Sighting, note, recount
from storage.lead_relations import relate
from storage.moves import follow
from storage.near_texts import compare
from storage.placing import Placed, Placing
from storage.reading import DOCUMENT_COLUMNS, document_of
from storage.regrouping import by_site, operators_with, readmit, regroup
from storage.tables import (
    AssessmentRow,
    DocumentRow,
    IdentifierRow,
    LinkingRow,
    PageRow,
    SnapshotRow,
)

#: Gives the registrable domain of a host (``a.b.com.cn`` → ``b.com.cn``).
DomainOf = Callable[[str], str]

_OFFICIAL = (".gov.cn", ".gov")
_OWN_TEXT = (SegmentKind.MAIN, SegmentKind.TABLE, SegmentKind.PICTURE)


@dataclass(slots=True)
class Linked:
    """What linking did."""

    documents: int = 0
    operators_new: int = 0
    leads_related: int = 0
    leads_moved: int = 0
    """Leads that now stand at a new address, or no longer do."""


@dataclass(frozen=True, slots=True)
class _Read(Placed):
    sighting: Sighting
    text: str
    linked: bool


def link(
    engine: Engine, clock: Callable[[], datetime], limits: LinkLimits, domain_of: DomainOf, portion: int = 200
) -> Linked:
    """Link all documents that were not linked yet, then follow leads to new addresses; again: does nothing.

    Ask only under the crawl lock.
    """
    done = Linked()
    _use_limits(engine, limits, clock())
    while rows := _next(engine, portion):
        with writing(engine) as connection:
            _portion(connection, [_read(row, domain_of) for row in rows], limits, clock(), done)
            connection.execute(update(LinkingRow).where(LinkingRow.id == 1).values(position=rows[-1].document_id))
        done.documents += len(rows)
    with writing(engine) as connection:
        done.leads_moved = follow(connection, clock())
    return done


def _use_limits(engine: Engine, limits: LinkLimits, at: datetime) -> None:
    """Where the limits were changed, identifiers gain or lose their force and their operators are grouped anew."""
    wanted = [limits.max_sites, limits.max_parties]
    with writing(engine) as connection:
        connection.execute(
            insert_or_ignore(connection, LinkingRow, ["id"]), [{"id": 1, "position": 0, "limits": wanted}]
        )
        if connection.execute(select(LinkingRow.limits).where(LinkingRow.id == 1)).scalar_one() == wanted:
            return
        everywhere = connection.execute(select(IdentifierRow.id)).scalars().all()
        for identifier in recount(connection, everywhere, limits):
            readmit(connection, identifier, at)
            regroup(connection, operators_with(connection, identifier), at)
        connection.execute(update(LinkingRow).where(LinkingRow.id == 1).values(limits=wanted))


def _next(engine: Engine, limit: int) -> Sequence[Any]:
    each = aliased(AssessmentRow)
    newest = select(func.max(each.id)).where(each.document_id == DocumentRow.id).scalar_subquery()
    with reading(engine) as connection:
        position = connection.execute(select(LinkingRow.position).where(LinkingRow.id == 1)).scalar_one()
        return connection.execute(
            select(
                DocumentRow.id.label("document_id"),
                DocumentRow.page_id,
                DocumentRow.snapshot_id,
                SnapshotRow.fetched_at,
                PageRow.host,
                AssessmentRow.level,
                AssessmentRow.speaker,
                *DOCUMENT_COLUMNS,
            )
            .join(SnapshotRow, SnapshotRow.id == DocumentRow.snapshot_id)
            .join(PageRow, PageRow.id == DocumentRow.page_id)
            .outerjoin(AssessmentRow, AssessmentRow.id == newest)
            .where(DocumentRow.id > position)
            .order_by(DocumentRow.id)
            .limit(limit)
        ).all()


def _read(row: Any, domain_of: DomainOf) -> _Read:
    document = document_of(row)
    host = row.host.partition(":")[0]
    official = host.endswith(_OFFICIAL) or host == "gov.cn"
    quotes = row.speaker is not None and speaks_for_others(Speaker(row.speaker))
    account = f"{document.platform}:{document.account_id}" if posted(document) and document.account_id else ""
    return _Read(
        sighting=Sighting(
            page_id=row.page_id,
            document_id=row.document_id,
            snapshot_id=row.snapshot_id,
            fetched_at=row.fetched_at,
            site=account or domain_of(row.host),
            official=official,
            identities=() if quotes and not official else identities(document),
        ),
        place=account or ("" if posted(document) else row.host),
        flagged=row.level is not None and row.level != Level.NONE.value,
        text=_own_text(document),
        linked=not official and not quotes,
    )


def _own_text(document: Document) -> str:
    """Its own words without its identifiers: a mirror with another number, or another word for 微信, is a copy."""
    spans: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for contact in document.contacts:
        if contact.segment is not None and contact.start is not None and contact.end is not None:
            spans[contact.segment].append((contact.start, contact.end))
    own = []
    for index, segment in enumerate(document.segments):
        if segment.kind not in _OWN_TEXT:
            continue
        text = segment.text
        for start, end in sorted(spans.get(index, ()), reverse=True):
            text = text[:start] + text[end:]
        if index not in spans or len(text) > _CONTACT_LINE:
            own.append(text)
    return "\n".join(own) or document.text


#: What is left of a line that only gives a contact (“电话：”, “加老师微信”).
_CONTACT_LINE = 12


def _portion(connection: Connection, reads: Sequence[_Read], limits: LinkLimits, at: datetime, done: Linked) -> None:
    noted = note(connection, [read.sighting for read in reads], limits)
    prints: dict[int, Fingerprint] = {}
    for read in reads:
        if read.flagged and (made := fingerprint(read.text)) is not None:
            prints[read.sighting.page_id] = made
    compare(connection, prints)
    pages = {read.sighting.page_id: read for read in reads if read.linked}
    placing = Placing(connection, pages, at)
    placing.add_spread(noted.spread)
    new_ids = defaultdict(set)
    for page, identifier in noted.new:
        new_ids[page].add(identifier)
    for page in sorted(pages):
        placing.place(page, new_ids.get(page, set()))
    placing.write()
    done.operators_new += placing.made
    by_site(connection, {read.place for read in reads if read.place}, at)
    done.leads_related += relate(connection, sorted(pages), at)
