"""Pages, their versions, and what was read in them.

Long columns stand last: SQLite reads a row from its beginning, and a query that wants a title must not walk through
the pages that hold the text.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import Base
from storage.types import Id, JsonText


def _moved(table: str) -> Index:
    """By where a record was written first: what was frozen before it moved (digests) still finds it."""
    where = text("first_file IS NOT NULL")
    return Index(f"ix_{table}_moved", "first_file", "first_offset", sqlite_where=where, postgresql_where=where)


class PageRow(Base):
    """One address that was kept, and what is known of it now.

    All but the address is derived from requests, snapshots and documents, and is written in the same transaction as
    they are: a day asks only for this row.
    """

    __tablename__ = "pages"
    __table_args__ = (Index("ix_pages_plan", "target_id", "plan_rank", "last_checked", "id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    url_key: Mapped[bytes] = mapped_column(unique=True)
    target_id: Mapped[int] = mapped_column(Id, ForeignKey("targets.id"))
    purpose: Mapped[str]
    depth: Mapped[int]
    plan_rank: Mapped[int]
    """Order in which a run plans known pages: see :class:`storage.pages.PlanRank`."""
    snapshot_id: Mapped[int | None] = mapped_column(Id)
    """Newest version got by a request for this very address. No foreign key: snapshots already point here."""
    document_id: Mapped[int | None] = mapped_column(Id)
    """Document that speaks for the page: of its snapshot, or of a feed's when it was never fetched itself."""
    assessment_id: Mapped[int | None] = mapped_column(Id)
    flagged: Mapped[bool]
    """Whether the newest version was flagged."""
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]
    """Last time it could be read."""
    last_checked: Mapped[datetime]
    """Last time it was asked for, whatever came of it."""
    answered_at: Mapped[datetime | None]
    """Last time its own fetch said something about it (read, or gone); None while only a feed tells of it."""
    gone_since: Mapped[datetime | None]
    times_seen: Mapped[int]
    times_changed: Mapped[int]
    text_sha256: Mapped[str]
    """Of the newest version; see :func:`storage.recording.record`."""
    host: Mapped[str]
    """Host with port, as it stands in a target's scope."""
    url: Mapped[str]
    via: Mapped[str | None]
    anchor: Mapped[str | None]


class SnapshotRow(Base):
    """One version of a page as it was received. Immutable but for where its record lies: triggers refuse other changes."""

    __tablename__ = "snapshots"
    __table_args__ = (Index("ix_snapshots_warc", "warc_file", "warc_offset"), _moved("snapshots"))

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    page_id: Mapped[int] = mapped_column(Id, ForeignKey("pages.id"), index=True)
    request_id: Mapped[int] = mapped_column(Id, ForeignKey("crawl_requests.id"), unique=True)
    fetched_at: Mapped[datetime]
    status: Mapped[int]
    size: Mapped[int] = mapped_column(Id)
    sha256: Mapped[str]
    text_sha256: Mapped[str]
    warc_file: Mapped[str]
    warc_offset: Mapped[int] = mapped_column(Id)
    warc_record_id: Mapped[str]
    first_file: Mapped[str | None]
    """Where the record was written first, by which the evidence chain knows the row; NULL: where it still lies."""
    first_offset: Mapped[int | None] = mapped_column(Id)
    content_type: Mapped[str | None]
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    ip_address: Mapped[str | None]
    url: Mapped[str]
    final_url: Mapped[str]
    redirects: Mapped[Any] = mapped_column(JsonText)


class CaptureRow(Base):
    """One thing kept with a snapshot: screenshot, picture, log. Immutable but for where its record lies."""

    __tablename__ = "captures"
    __table_args__ = (
        UniqueConstraint("snapshot_id", "kind", "url_key", "taken_at"),
        Index("ix_captures_warc", "warc_file", "warc_offset"),
        _moved("captures"),
        Index("ix_captures_url_key", "url_key", "id"),
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    snapshot_id: Mapped[int] = mapped_column(Id, ForeignKey("snapshots.id"))
    url_key: Mapped[bytes]
    kind: Mapped[str]
    taken_at: Mapped[datetime]
    content_type: Mapped[str]
    sha256: Mapped[str]
    size: Mapped[int] = mapped_column(Id)
    width: Mapped[int | None]
    height: Mapped[int | None]
    warc_file: Mapped[str]
    warc_offset: Mapped[int] = mapped_column(Id)
    warc_record_id: Mapped[str]
    first_file: Mapped[str | None]
    """Where the record was written first, by which the evidence chain knows the row; NULL: where it still lies."""
    first_offset: Mapped[int | None] = mapped_column(Id)
    url: Mapped[str]


class DocumentRow(Base):
    """What one snapshot says, or one of the entries it holds."""

    __tablename__ = "documents"
    __table_args__ = (Index("ix_documents_page_id_id", "page_id", "id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    snapshot_id: Mapped[int] = mapped_column(Id, ForeignKey("snapshots.id"), index=True)
    page_id: Mapped[int] = mapped_column(Id, ForeignKey("pages.id"))
    position: Mapped[int]
    embedded: Mapped[bool]
    has_form: Mapped[bool]
    published_at: Mapped[datetime | None]
    masked_at: Mapped[datetime | None]
    """When personal data in it was masked for good; None: in clear."""
    published_raw: Mapped[str | None]
    platform: Mapped[str]
    extractor: Mapped[str]
    account: Mapped[str | None]
    account_id: Mapped[str | None]
    text_sha256: Mapped[str]
    url: Mapped[str]
    title: Mapped[str]
    contacts: Mapped[Any] = mapped_column(JsonText)
    images: Mapped[Any] = mapped_column(JsonText)
    text: Mapped[str]
    segments: Mapped[Any] = mapped_column(JsonText)
    links: Mapped[Any] = mapped_column(JsonText)


class AssessmentRow(Base):
    """机器研判 of one document by one state of the rule packs."""

    __tablename__ = "assessments"
    __table_args__ = (UniqueConstraint("document_id", "rule_pack"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    document_id: Mapped[int] = mapped_column(Id, ForeignKey("documents.id"))
    rule_pack: Mapped[str]
    assessed_at: Mapped[datetime]
    score: Mapped[float]
    level: Mapped[str]
    speaker: Mapped[str]
    evasion: Mapped[Any] = mapped_column(JsonText)
    incomplete: Mapped[Any] = mapped_column(JsonText)
    steps: Mapped[Any] = mapped_column(JsonText)


class RejudgingRow(Base):
    """How far the kept pages have been judged again by one state of the rule packs; the newest one is in force."""

    __tablename__ = "rejudgings"

    rule_pack: Mapped[str] = mapped_column(primary_key=True)
    begun_at: Mapped[datetime] = mapped_column(index=True)
    position: Mapped[int] = mapped_column(Id)
    """Id of the last page that was judged."""
    finished_at: Mapped[datetime | None]


class FindingRow(Base):
    """One 命中 of an assessment, counted or exempted."""

    __tablename__ = "findings"
    __table_args__ = (Index("ix_findings_assessment_id_id", "assessment_id", "id"),)

    id: Mapped[int] = mapped_column(Id, primary_key=True)
    assessment_id: Mapped[int] = mapped_column(Id, ForeignKey("assessments.id"))
    exempted: Mapped[bool]
    rule_id: Mapped[str]
    category: Mapped[str]
    field: Mapped[str]
    segment: Mapped[int | None]
    span_start: Mapped[int]
    span_end: Mapped[int]
    weight: Mapped[float]
    behaviour: Mapped[str | None]
    exempted_by: Mapped[str | None]
    quote: Mapped[str]
    context: Mapped[str]
    """The quote with up to 40 characters either side, one line."""
    legal_basis: Mapped[Any] = mapped_column(JsonText)
    steps: Mapped[Any] = mapped_column(JsonText)
    picture: Mapped[Any] = mapped_column(JsonText, nullable=True)
    """Where it stands in a picture (:class:`domain.picture.PicturePlace`); NULL for claims in the page's own text."""
