"""Leads with their events, and the digests that showed them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Date, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import Base
from storage.types import Id, JsonText

#: Columns of leads by which lists are filtered.
LISTED_BY = ("platform", "level", "presence", "owner", "target_id", "referred_at")


class LeadRow(Base):
    """One 线索 with its state.

    The state columns are the fold of ``lead_events`` (:func:`domain.lead.fold`), written in the transaction that
    appends the event: lists and digests of thousands of leads read them instead of folding again.
    """

    __tablename__ = "leads"
    __table_args__ = (
        Index(
            "ix_leads_to_report",
            "id",
            sqlite_where=text("to_report"),
            postgresql_where=text("to_report"),
        ),
        Index(
            "ix_leads_moved_to",
            "moved_to",
            sqlite_where=text("moved_to IS NOT NULL"),
            postgresql_where=text("moved_to IS NOT NULL"),
        ),
        # All that lists are filtered by stands in the index that has their order: what a filter leaves out, and what
        # is only counted, costs no look at the wide rows.
        Index("ix_leads_score", text("score DESC"), "id", *LISTED_BY),
        Index("ix_leads_target_id_score", "target_id", text("score DESC"), "id"),
        Index("ix_leads_review_score", "review", text("score DESC"), "id", *LISTED_BY),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    page_id: Mapped[int] = mapped_column(Id, ForeignKey("pages.id"), unique=True)
    target_id: Mapped[int] = mapped_column(Id, ForeignKey("targets.id"))
    document_id: Mapped[int] = mapped_column(Id, ForeignKey("documents.id"))
    """Of the last version that was flagged."""
    assessment_id: Mapped[int] = mapped_column(Id, ForeignKey("assessments.id"))
    version: Mapped[int]
    """Number of events; who appends may say on which version the decision rests."""
    level: Mapped[str]
    score: Mapped[float]
    platform: Mapped[str] = mapped_column(server_default=text("''"))
    """Of that version."""
    review: Mapped[str]
    presence: Mapped[str]
    found_at: Mapped[datetime] = mapped_column(index=True)
    changed_at: Mapped[datetime]
    presence_at: Mapped[datetime | None]
    edited_at: Mapped[datetime | None]
    missing_since: Mapped[datetime | None]
    referred_at: Mapped[datetime | None]
    reason: Mapped[str | None]
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[str | None]
    first_referred_at: Mapped[datetime | None]
    referrals: Mapped[int] = mapped_column(server_default=text("0"))
    referred_to: Mapped[str | None]
    answer: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    owner: Mapped[str | None]
    gone_at: Mapped[datetime | None]
    site_down_since: Mapped[datetime | None]
    reappeared: Mapped[int] = mapped_column(server_default=text("0"))
    joins: Mapped[int | None] = mapped_column(Id)
    moved_to: Mapped[int | None] = mapped_column(Id)
    last_event_at: Mapped[datetime] = mapped_column(index=True)
    flagged_at: Mapped[datetime] = mapped_column(index=True)
    """When the last flagged version was fetched."""
    last_seen: Mapped[datetime]
    """Last time the page was seen with its claims."""
    shown_on: Mapped[date | None] = mapped_column(Date, index=True)
    """Day of the last digest that listed it."""
    shown_at: Mapped[datetime | None]
    """Cutoff of that digest."""
    to_report: Mapped[bool]
    """Whether the next digest lists it: open, or changed since (or never) shown; dismissed ones never."""


class LeadEventRow(Base):
    """One thing that happened to a lead. Append-only: triggers refuse every change."""

    __tablename__ = "lead_events"
    __table_args__ = (
        Index("ix_lead_events_lead_id_id", "lead_id", "id"),
        Index("ix_lead_events_run_id_kind", "run_id", "kind"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    lead_id: Mapped[int] = mapped_column(Id, ForeignKey("leads.id"))
    kind: Mapped[str]
    at: Mapped[datetime]
    actor: Mapped[str]
    reason: Mapped[str | None]
    snapshot_id: Mapped[int | None] = mapped_column(Id, ForeignKey("snapshots.id"))
    run_id: Mapped[int | None] = mapped_column(Id, ForeignKey("crawl_runs.id"))
    """Run whose visit caused it; NULL for what a person did."""
    code: Mapped[str | None]
    """Reason code (:mod:`domain.reasons`)."""
    details: Mapped[Any | None] = mapped_column(JsonText)
    """(key, value) pairs, e.g. the authority of a referral; NULL for none."""


class BlacklistEventRow(Base):
    """One step of a 黑名单 entry; where the entry stands is the fold of its steps. Append-only."""

    __tablename__ = "blacklist_events"
    __table_args__ = (Index("ix_blacklist_events_subject", "subject_kind", "subject_key", "id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    subject_kind: Mapped[str]
    subject_key: Mapped[str]
    subject_name: Mapped[str]
    kind: Mapped[str]
    at: Mapped[datetime]
    actor: Mapped[str]
    reason: Mapped[str | None]
    grounds: Mapped[Any] = mapped_column(JsonText)
    """Codes of the rules that it rests on."""
    lead_ids: Mapped[Any] = mapped_column(JsonText)
    until: Mapped[date | None] = mapped_column(Date)


class ProposingRow(Base):
    """On what the last proposals for the 黑名单 were made, one row: nothing new means nothing to propose."""

    __tablename__ = "blacklist_proposing"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    event: Mapped[int] = mapped_column(Id)
    """Last event of any lead."""
    day: Mapped[date] = mapped_column(Date)
    rules: Mapped[Any] = mapped_column(JsonText)


class DigestNumberRow(Base):
    """A number given to a day, for ever: a digest that is built again after a crash gets the same one."""

    __tablename__ = "digest_numbers"
    __table_args__ = (UniqueConstraint("year", "sequence"),)

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    year: Mapped[int]
    sequence: Mapped[int]


class DigestRow(Base):
    """One frozen 处置简报; its items stand in ``digest_items``. Append-only."""

    __tablename__ = "digests"

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    day: Mapped[date] = mapped_column(Date, unique=True)
    number: Mapped[str] = mapped_column(unique=True)
    generated_at: Mapped[datetime]
    rule_pack: Mapped[str]
    sha256: Mapped[str]
    """Over the canonical JSON of the whole digest, items included."""
    item_count: Mapped[int]
    coverage: Mapped[Any] = mapped_column(JsonText)


class DigestIssueRow(Base):
    """One frozen digest was issued by somebody. Append-only."""

    __tablename__ = "digest_issues"

    digest_id: Mapped[int] = mapped_column(Id, ForeignKey("digests.id"), primary_key=True)
    sha256: Mapped[str]
    """Of the digest, as it stood when it was issued."""
    issued_by: Mapped[str]
    issued_at: Mapped[datetime]


class DigestItemRow(Base):
    """One lead as one digest showed it. Append-only."""

    __tablename__ = "digest_items"

    digest_id: Mapped[int] = mapped_column(Id, ForeignKey("digests.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    lead_id: Mapped[int] = mapped_column(Id, ForeignKey("leads.id"), index=True)
    status: Mapped[str]
    payload: Mapped[Any] = mapped_column(JsonText)
