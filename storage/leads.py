"""线索 for people: lists, one lead with all that belongs to it, and what a reviewer adds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update

from domain.assessment import Assessment
from domain.digest import EvidenceBrief
from domain.document import Document
from domain.errors import BadInput, IllegalMove
from domain.evidence import screenshot_file
from domain.lead import EventKind, Lead, LeadEvent, LeadState, Presence, Review
from storage.batch import LeadInBatch
from storage.captures import screenshots_of
from storage.days import bounds_of
from storage.engine import reading, writing
from storage.lead_state import event_of, plan_rank, state_of
from storage.reading import ASSESSMENT_COLUMNS, DOCUMENT_COLUMNS, assessments_of, document_of
from storage.tables import (
    AssessmentRow,
    DocumentRow,
    LeadEventRow,
    LeadRow,
    PageRow,
    SnapshotRow,
    TargetRow,
)
from storage.targets import scope_hosts


@dataclass(frozen=True, slots=True)
class LeadListing:
    """One line of a list of leads."""

    id: int
    title: str
    page_url: str
    target_id: int
    target_name: str
    level: str
    score: float
    state: LeadState
    last_seen: datetime
    """Last time the page was seen with its claims."""
    version: int


@dataclass(frozen=True, slots=True)
class LeadDetail:
    """One lead with all that belongs to it; document, assessment and evidence of the last flagged version."""

    lead: Lead
    version: int
    """Pass it to :meth:`Leads.append` as ``expected_version``: the decision rests on what was shown."""
    target_name: str
    document: Document
    assessment: Assessment
    contexts: tuple[str, ...]
    """For each of ``assessment.findings``: the quote with up to 40 characters either side, one line."""
    final_url: str
    last_seen: datetime
    evidence: EvidenceBrief


@dataclass(frozen=True, slots=True)
class Leads:
    """All leads."""

    engine: Engine

    def list(
        self,
        *,
        review: Review | None = None,
        presence: Presence | None = None,
        level: str | None = None,
        target_id: int | None = None,
        day: date | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[LeadListing]:
        """Leads that meet all conditions, highest score first; ``day``: found on that day in Asia/Shanghai."""
        conditions: list[Any] = []
        if review is not None:
            conditions.append(LeadRow.review == review.value)
        if presence is not None:
            conditions.append(LeadRow.presence == presence.value)
        if level is not None:
            conditions.append(LeadRow.level == level)
        if target_id is not None:
            conditions.append(LeadRow.target_id == target_id)
        if day is not None:
            start, end = bounds_of(day)
            conditions += [LeadRow.found_at >= start, LeadRow.found_at < end]
        statement = (
            select(
                *LeadRow.__table__.c,
                DocumentRow.title,
                PageRow.url.label("page_url"),
                TargetRow.name.label("target_name"),
            )
            .join(PageRow, PageRow.id == LeadRow.page_id)
            .join(DocumentRow, DocumentRow.id == LeadRow.document_id)
            .join(TargetRow, TargetRow.id == LeadRow.target_id)
            .where(*conditions)
            .order_by(LeadRow.score.desc(), LeadRow.id)
            .limit(limit)
            .offset(offset)
        )
        with reading(self.engine) as connection:
            return [
                LeadListing(
                    id=row.id,
                    title=row.title,
                    page_url=row.page_url,
                    target_id=row.target_id,
                    target_name=row.target_name,
                    level=row.level,
                    score=row.score,
                    state=state_of(row),
                    last_seen=row.last_seen,
                    version=row.version,
                )
                for row in connection.execute(statement)
            ]

    def get(self, lead_id: int) -> LeadDetail:
        """One lead; an unknown id raises :class:`BadInput`."""
        statement = (
            select(
                LeadRow.page_id,
                LeadRow.target_id,
                LeadRow.version,
                LeadRow.last_seen,
                *_state_columns(),
                PageRow.url.label("page_url"),
                TargetRow.name.label("target_name"),
                SnapshotRow.final_url,
                SnapshotRow.sha256,
                SnapshotRow.warc_file,
                SnapshotRow.warc_offset,
                DocumentRow.snapshot_id,
                *DOCUMENT_COLUMNS,
                *ASSESSMENT_COLUMNS,
            )
            .join(PageRow, PageRow.id == LeadRow.page_id)
            .join(TargetRow, TargetRow.id == LeadRow.target_id)
            .join(DocumentRow, DocumentRow.id == LeadRow.document_id)
            .join(AssessmentRow, AssessmentRow.id == LeadRow.assessment_id)
            .join(SnapshotRow, SnapshotRow.id == DocumentRow.snapshot_id)
            .where(LeadRow.id == lead_id)
        )
        with reading(self.engine) as connection:
            row = connection.execute(statement).first()
            if row is None:
                raise _unknown(lead_id)
            events = connection.execute(
                select(*LeadEventRow.__table__.c).where(LeadEventRow.lead_id == lead_id).order_by(LeadEventRow.id)
            )
            lead = Lead(
                id=lead_id,
                page_url=row.page_url,
                target_id=row.target_id,
                state=state_of(row),
                events=tuple(event_of(event) for event in events),
            )
            assessment, contexts = assessments_of(connection, [row])[row.assessment_id]
            shown = {lead_id: (row.snapshot_id, row.page_url, row.embedded)}
            screenshot = screenshots_of(connection, shown).get(lead_id)
        return LeadDetail(
            lead=lead,
            version=row.version,
            target_name=row.target_name,
            document=document_of(row),
            assessment=assessment,
            contexts=contexts,
            final_url=row.page_url if row.embedded else row.final_url,
            last_seen=row.last_seen,
            evidence=EvidenceBrief(
                row.snapshot_id,
                row.sha256,
                row.warc_file,
                row.warc_offset,
                None if screenshot is None else screenshot_file(screenshot.sha256),
            ),
        )

    def append(
        self,
        lead_id: int,
        kind: EventKind,
        actor: str,
        reason: str | None,
        at: datetime,
        *,
        expected_version: int | None = None,
    ) -> LeadState:
        """Add what a person decided; return the state after it.

        A move that the state does not allow raises :class:`IllegalMove`, and so does ``expected_version`` when someone
        else (or a crawl) added to the lead since it was read: two people cannot decide past each other.
        """
        with writing(self.engine) as connection:
            # First the page, then its lead: the order in which a crawl takes them, so that the two wait for each other.
            page_id = connection.execute(select(LeadRow.page_id).where(LeadRow.id == lead_id)).scalar()
            if page_id is None:
                raise _unknown(lead_id)
            page = connection.execute(
                select(*_RANKED).where(PageRow.id == page_id).with_for_update(key_share=True)
            ).one()
            row = connection.execute(
                select(*LeadRow.__table__.c).where(LeadRow.id == lead_id).with_for_update(key_share=True)
            ).one()
            if expected_version is not None and row.version != expected_version:
                raise IllegalMove(
                    f"线索 {lead_id} 在您查看之后已有新的记录，本次“{kind.label}”未保存；请重新打开线索核对后再处理。"
                )
            lead = LeadInBatch.from_row(row)
            lead.add(LeadEvent(kind, at, actor, reason), run_id=None)
            connection.execute(update(LeadRow).where(LeadRow.id == lead_id).values(**lead.columns()))
            connection.execute(
                insert(LeadEventRow).values(lead_id=lead_id, kind=kind.value, at=at, actor=actor, reason=reason)
            )
            _rank_page(connection, page, lead.state)
        return lead.state


_RANKED = (PageRow.id, PageRow.snapshot_id, PageRow.gone_since, PageRow.host, PageRow.target_id)


def _rank_page(connection: Connection, page: Any, state: LeadState) -> None:
    """A dismissed lead's page is no longer looked at first, and a confirmed one's is again."""
    rank = plan_rank(
        open_lead=state.open,
        gone=page.gone_since is not None,
        fetched=page.snapshot_id is not None,
        in_scope=page.host in scope_hosts(connection, {page.target_id})[page.target_id],
    )
    connection.execute(update(PageRow).where(PageRow.id == page.id).values(plan_rank=int(rank)))


def _state_columns() -> list[Any]:
    return [
        LeadRow.review,
        LeadRow.presence,
        LeadRow.found_at,
        LeadRow.changed_at,
        LeadRow.presence_at,
        LeadRow.edited_at,
        LeadRow.missing_since,
        LeadRow.referred_at,
        LeadRow.reason,
    ]


def _unknown(lead_id: int) -> BadInput:
    return BadInput(f"没有编号为 {lead_id} 的线索；可用“zhengxun leads list”查看编号。")
