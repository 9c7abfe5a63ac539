"""线索 for people: lists, one lead with all that belongs to it, and what a reviewer adds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, UnaryExpression, func, insert, select, update
from sqlalchemy.sql.operators import custom_op

from domain.digest import EvidenceBrief
from domain.errors import BadInput, IllegalMove
from domain.evidence import screenshot_file
from domain.lead import CLOSED, REVIEW_MOVES, EventKind, Lead, LeadEvent, LeadState, Presence, Review, fold
from domain.lead_clock import ClockLine
from domain.lead_detail import LeadDetail
from domain.reasons import check_code
from storage.batch import LeadInBatch
from storage.captures import screenshots_of
from storage.days import SHANGHAI, bounds_of
from storage.dialects import portions
from storage.engine import reading, writing
from storage.intakes import provenance_of
from storage.lead_state import event_columns, event_of, may_be_visited, plan_rank, state_of
from storage.moves import follow
from storage.page_versions import PageVersion, page_versions
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
    platform: str
    region: str | None
    account: str | None


@dataclass(frozen=True, slots=True)
class LeadFilter:
    """Which leads a list shows; a condition that is None lets all pass."""

    review: Review | None = None
    presence: Presence | None = None
    level: str | None = None
    target_id: int | None = None
    platform: str | None = None
    region: str | None = None
    """Name of a region, or its beginning: 山西 finds 山西太原 as well."""
    owner: str | None = None
    """Who works on it; an empty string finds those that nobody works on."""
    day: date | None = None
    """Found on that day in Asia/Shanghai."""
    overdue_since: datetime | None = None
    """Referred then or before, and the page is neither gone nor clean."""


@dataclass(frozen=True, slots=True)
class Leads:
    """All leads."""

    engine: Engine

    def list(
        self,
        wanted: LeadFilter | None = None,
        *,
        limit: int = 100,
        offset: int = 0,
        **conditions: Any,
    ) -> list[LeadListing]:
        """Leads that meet all conditions, highest score first.

        ``conditions``: fields of :class:`LeadFilter`, laid over ``wanted``.
        """
        wanted = replace(wanted or LeadFilter(), **conditions)
        order = (LeadRow.score.desc(), LeadRow.id)
        # First which leads, out of the index alone; then what is shown of these few.
        shown = select(LeadRow.id).where(*_conditions(wanted)).order_by(*order).limit(limit).offset(offset).subquery()
        statement = (
            select(
                *LeadRow.__table__.c,
                DocumentRow.title,
                DocumentRow.account,
                PageRow.url.label("page_url"),
                TargetRow.name.label("target_name"),
                TargetRow.region,
            )
            .join(shown, shown.c.id == LeadRow.id)
            .join(PageRow, PageRow.id == LeadRow.page_id)
            .join(DocumentRow, DocumentRow.id == LeadRow.document_id)
            .join(TargetRow, TargetRow.id == LeadRow.target_id)
            .order_by(*order)
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
                    platform=row.platform,
                    region=row.region,
                    account=row.account,
                )
                for row in connection.execute(statement)
            ]

    def count(self, wanted: LeadFilter | None = None, **conditions: Any) -> int:
        """How many leads meet all conditions."""
        wanted = replace(wanted or LeadFilter(), **conditions)
        statement = select(func.count()).select_from(LeadRow).where(*_conditions(wanted))
        with reading(self.engine) as connection:
            return int(connection.execute(statement).scalar_one())

    def neighbours(self, lead_id: int, wanted: LeadFilter) -> tuple[int | None, int | None]:
        """Ids of the leads before and after this one in the list of ``wanted``, whether or not it stands in it itself."""
        with reading(self.engine) as connection:
            here = connection.execute(select(LeadRow.score, LeadRow.id).where(LeadRow.id == lead_id)).first()
            if here is None:
                return None, None
            # The first comparison lets the database begin at the place in its index instead of at the list's end.
            after = (
                LeadRow.score <= here.score,
                (LeadRow.score < here.score) | (LeadRow.id > here.id),
            )
            before = (
                LeadRow.score >= here.score,
                (LeadRow.score > here.score) | (LeadRow.id < here.id),
            )
            ways = ((before, (LeadRow.score, LeadRow.id.desc())), (after, (LeadRow.score.desc(), LeadRow.id)))
            previous, following = (
                connection.execute(
                    select(LeadRow.id).where(*_conditions(wanted), *side).order_by(*order).limit(1)
                ).scalar()
                for side, order in ways
            )
        return previous, following

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
                TargetRow.region,
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
            lead = Lead(
                id=lead_id,
                page_url=row.page_url,
                target_id=row.target_id,
                state=state_of(row),
                events=tuple(_events(connection, lead_id)),
            )
            assessment, contexts = assessments_of(connection, [row])[row.assessment_id]
            shown = {lead_id: (row.snapshot_id, row.page_url, row.embedded)}
            screenshot = screenshots_of(connection, shown).get(lead_id)
            provenance = tuple(provenance_of(connection, row.page_url))
        return LeadDetail(
            lead=lead,
            version=row.version,
            target_name=row.target_name,
            region=row.region,
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
            provenance=provenance,
        )

    def seen_versions(self, lead_ids: Sequence[int]) -> dict[int, int]:
        """Version of each of these leads, as :meth:`append` wants to hear it."""
        found: dict[int, int] = {}
        with reading(self.engine) as connection:
            for portion in portions(lead_ids):
                rows = connection.execute(select(LeadRow.id, LeadRow.version).where(LeadRow.id.in_(portion)))
                found.update((row.id, row.version) for row in rows)
        return found

    def clock(self, wanted: LeadFilter | None = None, **conditions: Any) -> Sequence[ClockLine]:
        """Leads that meet all conditions with what the clock needs of them, by lead id."""
        statement = (
            select(
                LeadRow.id,
                LeadRow.level,
                *_state_columns(),
                DocumentRow.title,
                LeadRow.platform,
                PageRow.url,
                TargetRow.name,
                TargetRow.region,
            )
            .join(PageRow, PageRow.id == LeadRow.page_id)
            .join(DocumentRow, DocumentRow.id == LeadRow.document_id)
            .join(TargetRow, TargetRow.id == LeadRow.target_id)
            .where(*_conditions(replace(wanted or LeadFilter(), **conditions)))
            .order_by(LeadRow.id)
        )
        with reading(self.engine) as connection:
            return [
                ClockLine(row.id, row.title, row.url, row.name, row.platform, row.region, row.level, state_of(row))
                for row in connection.execute(statement)
            ]

    def versions(self, lead_id: int, limit: int | None = None) -> Sequence[PageVersion]:
        """Kept versions of a lead's page, oldest first; ``limit``: only the newest so many."""
        with reading(self.engine) as connection:
            return page_versions(connection, lead_id, limit)

    def append(
        self,
        lead_id: int,
        kind: EventKind,
        actor: str,
        reason: str | None,
        at: datetime,
        *,
        expected_version: int | None = None,
        code: str | None = None,
        details: Sequence[tuple[str, str]] = (),
        second_person: bool = False,
    ) -> LeadState:
        """Add what a person decided; return the state after it.

        A move that the state does not allow raises :class:`IllegalMove`, and so does ``expected_version`` when someone
        else (or a crawl) added to the lead since it was read: two people cannot decide past each other. ``code`` is a
        reason code (:mod:`domain.reasons`), ``details`` are pairs as :data:`domain.lead.DETAIL_LABELS` names them.
        ``second_person``: a referral must be signed off by another person than the one who confirmed the lead.
        """
        check_code(kind, code)
        event = LeadEvent(kind, at, actor, reason, code=code, details=tuple(details))
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
            before = _events(connection, lead_id)
            if expected_version is not None and row.version != expected_version:
                raise IllegalMove(
                    f"线索 {lead_id} 在您查看之后已有新的记录{_told(before[expected_version:])}，本次“{kind.label}”未保存；"
                    "请重新打开线索核对后再处理。"
                )
            lead = LeadInBatch.from_row(row)
            if second_person and kind is EventKind.REFERRED and lead.state.confirmed_by == actor:
                raise IllegalMove(f"线索 {lead_id} 由 {actor} 确认，按双人复核要求须由另一人签批移送。")
            # 撤销 goes by all that was decided before; everything else by the state alone.
            lead.add(event, None, fold([*before, event]) if kind is EventKind.UNDONE else None)
            connection.execute(update(LeadRow).where(LeadRow.id == lead_id).values(**lead.columns()))
            connection.execute(insert(LeadEventRow).values(lead_id=lead_id, **event_columns(event)))
            _rank_page(connection, page, lead.state)
        if kind in REVIEW_MOVES or kind is EventKind.UNDONE:
            # In a transaction of its own, which takes other pages in their order; where it fails the next crawl does it.
            with writing(self.engine) as connection:
                follow(connection, at, lead_id)
        return lead.state


def _conditions(wanted: LeadFilter) -> list[Any]:
    """Conditions on columns of leads alone (see :data:`storage.tables.cases.LISTED_BY`)."""
    found: list[Any] = []
    for column, value in (
        (LeadRow.review, wanted.review.value if wanted.review else None),
        (LeadRow.presence, wanted.presence.value if wanted.presence else None),
        (LeadRow.level, wanted.level),
        (LeadRow.target_id, wanted.target_id),
        (LeadRow.platform, wanted.platform),
        (LeadRow.owner, wanted.owner or None),
    ):
        if value is not None:
            found.append(column == value)
    if wanted.owner == "":
        found.append(LeadRow.owner.is_(None))
    if wanted.region is not None:
        there = TargetRow.region.startswith(wanted.region, autoescape=True)
        # The plus keeps SQLite in the index that has the list's order: going by target it would read and sort every
        # lead of a region that may hold half of them.
        here: UnaryExpression[int] = UnaryExpression(LeadRow.__table__.c.target_id, operator=custom_op("+"))
        found.append(here.in_(select(TargetRow.id).where(there)))
    if wanted.day is not None:
        start, end = bounds_of(wanted.day)
        found += [LeadRow.found_at >= start, LeadRow.found_at < end]
    if wanted.overdue_since is not None:
        found += [
            LeadRow.review == Review.REFERRED.value,
            LeadRow.presence.not_in([presence.value for presence in CLOSED]),
            LeadRow.referred_at <= wanted.overdue_since,
        ]
    return found


def _events(connection: Connection, lead_id: int) -> list[LeadEvent]:
    rows = connection.execute(
        select(*LeadEventRow.__table__.c).where(LeadEventRow.lead_id == lead_id).order_by(LeadEventRow.id)
    )
    return [event_of(row) for row in rows]


def _told(events: Sequence[LeadEvent]) -> str:
    """Who did what since, in brackets: a refusal that does not say so makes people decide again blindly."""
    told = [
        f"{event.at.astimezone(SHANGHAI):%m-%d %H:%M} {'系统' if event.actor == 'system' else event.actor}：{event.kind.label}"
        for event in events[-3:]
    ]
    return f"（{'；'.join(told)}）" if told else ""


_RANKED = (PageRow.id, PageRow.snapshot_id, PageRow.gone_since, PageRow.url, PageRow.host, PageRow.target_id)


def _rank_page(connection: Connection, page: Any, state: LeadState) -> None:
    """A dismissed lead's page is no longer looked at first, and a confirmed one's is again."""
    rank = plan_rank(
        open_lead=state.open,
        gone=page.gone_since is not None,
        fetched=page.snapshot_id is not None,
        in_scope=may_be_visited(page.url, page.host, scope_hosts(connection, {page.target_id})[page.target_id]),
    )
    connection.execute(update(PageRow).where(PageRow.id == page.id).values(plan_rank=int(rank)))


def _state_columns() -> list[Any]:
    return [LeadRow.__table__.c[field.name] for field in fields(LeadState)]


def _unknown(lead_id: int) -> BadInput:
    return BadInput(f"没有编号为 {lead_id} 的线索；可用“zhengxun leads list”查看编号。")
