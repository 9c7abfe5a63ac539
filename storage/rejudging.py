"""Judging kept pages again after the rule packs changed (CAPABILITIES 24).

A page that does not change is never read again, so new rules would never reach it; and a page that is edited after the
rules changed would be compared with what other rules had said. So before a crawl every kept page's present text is
judged once by the packs in force:

- newly flagged: a lead, unless the page is gone;
- flagged before and still: the lead rests on the new assessment;
- flagged before and no longer: the earlier assessment stays in force and the lead gets a note, because a page that did
  not change has not been corrected; people decide.

The position is kept with each portion, in the same transaction: a killed process goes on where it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update

from domain.assessment import Assessment
from domain.document import Document
from domain.lead import EventKind, LeadEvent
from domain.lead_visit import Sight, Visit
from storage.batch import PageInBatch, Version
from storage.content import write_assessments
from storage.engine import reading, writing
from storage.page_rows import attach_leads, read_pages, write_back
from storage.reading import ASSESSMENT_COLUMNS, DOCUMENT_COLUMNS, assessments_of, document_of
from storage.tables import AssessmentRow, DocumentRow, PageRow, RejudgingRow

NO_LONGER_HIT = "规则包已更新，按现行规则该页面不再命中，请人工核对"


@dataclass(frozen=True, slots=True)
class KeptPage:
    """A page with the document that speaks for it."""

    page_id: int
    document_id: int
    snapshot_id: int
    document: Document
    known: Assessment | None
    """What the packs in force had said of this very document already, if they had."""


@dataclass(frozen=True, slots=True)
class Rejudged:
    """What one portion brought."""

    pages: int
    leads_new: int
    no_longer_hit: int


def is_due(engine: Engine, rule_pack: str) -> bool:
    """Whether kept pages were not all judged by ``rule_pack`` yet."""
    with reading(engine) as connection:
        row = _newest(connection)
    return row is None or row.rule_pack != rule_pack or row.finished_at is None


def _newest(connection: Connection) -> Any:
    return connection.execute(
        select(RejudgingRow.rule_pack, RejudgingRow.finished_at).order_by(RejudgingRow.begun_at.desc()).limit(1)
    ).first()


def begin(engine: Engine, rule_pack: str, at: datetime) -> bool:
    """Whether there may be pages to judge again by ``rule_pack``; starts over where other packs were in force since."""
    with writing(engine) as connection:
        row = _newest(connection)
        if row is not None and row.rule_pack == rule_pack:
            return row.finished_at is None
        values = {"begun_at": at, "position": 0, "finished_at": None}
        changed = connection.execute(
            update(RejudgingRow).where(RejudgingRow.rule_pack == rule_pack).values(**values)
        ).rowcount
        if not changed:
            connection.execute(insert(RejudgingRow).values(rule_pack=rule_pack, **values))
    return True


def next_pages(engine: Engine, rule_pack: str, limit: int) -> list[KeptPage]:
    """The next pages to judge, by id; none when all are done."""
    with reading(engine) as connection:
        rows = connection.execute(
            select(
                PageRow.id.label("page_id"),
                DocumentRow.id.label("document_id"),
                DocumentRow.snapshot_id,
                *DOCUMENT_COLUMNS,
            )
            .join(DocumentRow, DocumentRow.id == PageRow.document_id)
            .where(PageRow.id > _position(connection, rule_pack))
            .order_by(PageRow.id)
            .limit(limit)
        ).all()
        known = connection.execute(
            select(AssessmentRow.document_id, *ASSESSMENT_COLUMNS).where(
                AssessmentRow.document_id.in_([row.document_id for row in rows]),
                AssessmentRow.rule_pack == rule_pack,
            )
        ).all()
        assessments = assessments_of(connection, known) if known else {}
    by_document = {row.document_id: assessments[row.assessment_id][0] for row in known}
    return [
        KeptPage(row.page_id, row.document_id, row.snapshot_id, document_of(row), by_document.get(row.document_id))
        for row in rows
    ]


def record(
    engine: Engine,
    rule_pack: str,
    judged: Sequence[tuple[KeptPage, Assessment]],
    at: datetime,
    confirm_after: timedelta,
) -> Rejudged:
    """Store the assessments of one portion and what follows for pages and leads, in one transaction."""
    with writing(engine) as connection:
        new = [(page.document_id, page.document, said, at) for page, said in judged if page.known is None]
        written = write_assessments(connection, new) if new else {}
        written |= _known_ids(connection, rule_pack, [page.document_id for page, _ in judged if page.known is not None])
        read = read_pages(connection, PageRow.id, [page.page_id for page, _ in judged])
        pages = {page.id: page for page in read.values()}
        attach_leads(connection, pages.values())
        found = lost = 0
        for kept, said in judged:
            page = pages[kept.page_id]
            if page.document_id != kept.document_id:
                continue
            version = Version(
                snapshot_id=kept.snapshot_id,
                document_id=kept.document_id,
                assessment_id=written[kept.document_id],
                flagged=said.flagged,
                level=said.level.value,
                score=said.score,
                platform=kept.document.platform,
            )
            before = page.lead
            if said.flagged:
                _flag(page, version, at, confirm_after)
                found += before is None and page.lead is not None
            elif page.flagged and page.lead is not None and page.lead.state.open:
                page.lead.add(LeadEvent(EventKind.NOTED, at, "system", NO_LONGER_HIT, kept.snapshot_id), None)
                lost += 1
            elif page.flagged and page.lead is None:
                page.flagged, page.assessment_id, page.touched = False, version.assessment_id, True
        write_back(connection, list(pages.values()))
        last = max(page.page_id for page, _ in judged)
        connection.execute(update(RejudgingRow).where(RejudgingRow.rule_pack == rule_pack).values(position=last))
    return Rejudged(len(judged), found, lost)


def finish(engine: Engine, rule_pack: str, at: datetime) -> None:
    """All pages have been judged by ``rule_pack``."""
    with writing(engine) as connection:
        connection.execute(update(RejudgingRow).where(RejudgingRow.rule_pack == rule_pack).values(finished_at=at))


def _flag(page: PageInBatch, version: Version, at: datetime, confirm_after: timedelta) -> None:
    """Nobody looked at the page now, so nothing is said of its presence; its next visit does that."""
    page.flagged, page.assessment_id, page.touched = True, version.assessment_id, True
    if page.lead is not None:
        page.lead.rest_on(version, at)
        page.lead.touched = True
    elif page.gone_since is None:
        seen = Visit(Sight.VIOLATING, at, snapshot_id=version.snapshot_id, reason="规则包已更新，重新研判")
        page.visit(seen, version, None, confirm_after)
        page.seen_with_claims(page.last_seen)


def _position(connection: Connection, rule_pack: str) -> int:
    position = connection.execute(
        select(RejudgingRow.position).where(RejudgingRow.rule_pack == rule_pack)
    ).scalar_one_or_none()
    return int(position or 0)


def _known_ids(connection: Connection, rule_pack: str, document_ids: Sequence[int]) -> dict[int, int]:
    rows = connection.execute(
        select(AssessmentRow.document_id, AssessmentRow.id).where(
            AssessmentRow.document_id.in_(document_ids), AssessmentRow.rule_pack == rule_pack
        )
    )
    return dict(rows.all())
