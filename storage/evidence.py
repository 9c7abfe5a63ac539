"""取证件 in the database: adding them to stored snapshots, and finding what still lacks one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, exists, false, func, literal, or_, select

from domain.crawl import PageSnapshot, WarcRef
from domain.errors import BadInput
from domain.evidence import Capture, CaptureKind, LeadEvidence, StoredRecord, UncapturedPage
from domain.lead import Review
from domain.ports import Clock
from storage.captures import NewCapture, captures_of, write_captures
from storage.chain import chain_rows, lock_chain
from storage.dialects import insert_for, portions
from storage.engine import reading, writing
from storage.tables import CaptureRow, CaptureTryRow, DocumentRow, LeadRow, PageRow, SnapshotRow, TargetRow


@dataclass(frozen=True, slots=True)
class Backlog:
    """Leads whose last flagged version lacks a capture of some kind."""

    waiting: int
    """Nobody has tried yet."""
    refused: int
    """It was tried and could not be taken."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All captures. Whatever a method was given is durable when it returns."""

    engine: Engine
    clock: Clock

    def add(self, snapshot_id: int, captures: Sequence[Capture]) -> list[Capture]:
        """Keep captures with a stored snapshot, in one transaction; return all captures of that snapshot.

        Their WARC records must be on disk already. A capture of a kind and address that the snapshot has is left as it
        is: doing it again after a kill adds nothing twice.
        """
        with writing(self.engine) as connection:
            lock_chain(connection)
            new = write_captures(connection, [NewCapture(snapshot_id, capture) for capture in captures])
            chain_rows(connection, [], new, self.clock())
            return captures_of(connection, [snapshot_id]).get(snapshot_id, [])

    def of_snapshots(self, snapshot_ids: Collection[int]) -> dict[int, list[Capture]]:
        """Captures of snapshots, in the order in which they were stored; one without any is not in the result."""
        with reading(self.engine) as connection:
            return captures_of(connection, snapshot_ids)

    def of_snapshot(self, snapshot_id: int) -> list[Capture]:
        """Captures of one snapshot, in the order in which they were stored."""
        return self.of_snapshots([snapshot_id]).get(snapshot_id, [])

    def without(self, kind: CaptureKind, limit: int, *, tried_before: datetime | None = None) -> list[UncapturedPage]:
        """Leads (not dismissed) whose last flagged version has no capture of ``kind``, at most ``limit``.

        Those that nobody tried to capture come first, by lead id, then those whose last try was before ``tried_before`` (None:
        none of these), longest ago first: what cannot be captured holds nothing else up. An entry that only a feed tells of is
        no answer of the page itself, and left out.
        """
        statement = (
            select(
                LeadRow.id,
                PageRow.url,
                SnapshotRow.id.label("snapshot_id"),
                SnapshotRow.final_url,
                SnapshotRow.fetched_at,
                SnapshotRow.warc_file,
                SnapshotRow.warc_offset,
                SnapshotRow.warc_record_id,
                SnapshotRow.text_sha256,
            )
            .select_from(LeadRow)
            .join(PageRow, PageRow.id == LeadRow.page_id)
            .join(DocumentRow, DocumentRow.id == LeadRow.document_id)
            .join(SnapshotRow, SnapshotRow.id == DocumentRow.snapshot_id)
            .outerjoin(CaptureTryRow, _tried(kind))
            .where(
                *_lacks(kind),
                or_(
                    CaptureTryRow.last_at.is_(None),
                    false() if tried_before is None else CaptureTryRow.last_at < tried_before,
                ),
            )
            .order_by(CaptureTryRow.last_at.asc().nulls_first(), LeadRow.id)
            .limit(limit)
        )
        with reading(self.engine) as connection:
            return [
                UncapturedPage(
                    lead_id=row.id,
                    snapshot_id=row.snapshot_id,
                    url=row.url,
                    final_url=row.final_url,
                    fetched_at=row.fetched_at,
                    warc=WarcRef(row.warc_file, row.warc_offset, row.warc_record_id),
                    text_sha256=row.text_sha256,
                )
                for row in connection.execute(statement)
            ]

    def not_captured(self, kind: CaptureKind, snapshot_id: int, reason: str) -> None:
        """Remember that a capture of a version could not be taken, and why (a Chinese clause)."""
        values = {"last_at": self.clock(), "reason": reason}
        with writing(self.engine) as connection:
            statement = insert_for(connection, CaptureTryRow).values(
                snapshot_id=snapshot_id, kind=kind.value, tries=1, **values
            )
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["snapshot_id", "kind"], set_=values | {"tries": CaptureTryRow.tries + 1}
                )
            )

    def backlog(self, kind: CaptureKind) -> Backlog:
        """How many leads lack a capture of ``kind``, whenever they were tried."""
        with reading(self.engine) as connection:
            tried, all_ = connection.execute(
                select(func.count(CaptureTryRow.last_at), func.count())
                .select_from(LeadRow)
                .join(DocumentRow, DocumentRow.id == LeadRow.document_id)
                .outerjoin(CaptureTryRow, _tried(kind))
                .where(*_lacks(kind))
            ).one()
        return Backlog(waiting=all_ - tried, refused=tried)

    def in_file(self, file: str) -> list[StoredRecord]:
        """Rows that refer to a WARC file, by offset."""
        with reading(self.engine) as connection:
            found = [*_snapshots(connection, SnapshotRow.warc_file == file)]
            found += _captures(connection, CaptureRow.warc_file == file)
        # SQLite keeps whatever was put into a column of numbers.
        return sorted(found, key=lambda record: record.warc.offset if isinstance(record.warc.offset, int) else -1)

    def files(self) -> Iterator[str]:
        """Names of all WARC files that rows refer to, in order, each once."""
        last = ""
        while True:
            with reading(self.engine) as connection:
                names = [
                    connection.execute(select(column).where(column > last).order_by(column).limit(1)).scalar()
                    for column in (SnapshotRow.warc_file, CaptureRow.warc_file)
                ]
            found = [name for name in names if name is not None]
            if not found:
                return
            last = min(found)
            yield last

    def pages(self, snapshot_ids: Collection[int]) -> dict[int, PageSnapshot]:
        """Versions of pages as they were received, by id."""
        found = {}
        with reading(self.engine) as connection:
            for portion in portions(snapshot_ids):
                for row in connection.execute(select(*SnapshotRow.__table__.c).where(SnapshotRow.id.in_(portion))):
                    found[row.id] = _page(row)
        return found

    def of_lead(self, lead_id: int) -> LeadEvidence:
        """What is kept of a lead's page; an unknown id raises :class:`BadInput`.

        All versions that its own requests brought, and those of feeds in which the lead's flagged version stands.
        """
        with reading(self.engine) as connection:
            row = connection.execute(
                select(LeadRow.page_id, PageRow.url, DocumentRow.title, DocumentRow.snapshot_id, TargetRow.name)
                .join(PageRow, PageRow.id == LeadRow.page_id)
                .join(DocumentRow, DocumentRow.id == LeadRow.document_id)
                .join(TargetRow, TargetRow.id == LeadRow.target_id)
                .where(LeadRow.id == lead_id)
            ).first()
            if row is None:
                raise BadInput(f"没有编号为 {lead_id} 的线索；可用“zhengxun leads list”查看编号。")
            snapshots = _snapshots(
                connection, or_(SnapshotRow.page_id == row.page_id, SnapshotRow.id == row.snapshot_id)
            )
            own = {record.id for record in snapshots}
            captures = [
                record
                for record in _captures(connection, CaptureRow.snapshot_id.in_(own))
                # A feed's snapshot holds screenshots of other leads' pages too.
                if record.snapshot_id != row.snapshot_id or record.url == row.url or not _is_of_page(record)
            ]
        by_snapshot: dict[int, list[StoredRecord]] = {record.id: [] for record in snapshots}
        for record in captures:
            by_snapshot[record.snapshot_id].append(record)
        return LeadEvidence(
            lead_id=lead_id,
            url=row.url,
            title=row.title,
            target=row.name,
            records=tuple(record for snapshot in snapshots for record in (snapshot, *by_snapshot[snapshot.id])),
        )


def _tried(kind: CaptureKind) -> ColumnElement[bool]:
    return and_(CaptureTryRow.snapshot_id == DocumentRow.snapshot_id, CaptureTryRow.kind == kind.value)


def _lacks(kind: CaptureKind) -> tuple[ColumnElement[bool], ...]:
    """Of a lead with its document: that the page's own answer has no capture of ``kind``."""
    return (
        LeadRow.review != Review.DISMISSED.value,
        DocumentRow.embedded.is_(False),
        ~exists(literal(1)).where(CaptureRow.snapshot_id == DocumentRow.snapshot_id, CaptureRow.kind == kind.value),
    )


def _page(row: Any) -> PageSnapshot:
    return PageSnapshot(
        url=row.url,
        final_url=row.final_url,
        fetched_at=row.fetched_at,
        status=row.status,
        content_type=row.content_type,
        sha256=row.sha256,
        size=row.size,
        warc=WarcRef(row.warc_file, row.warc_offset, row.warc_record_id),
        text_sha256=row.text_sha256,
        redirects=tuple(row.redirects),
        etag=row.etag,
        last_modified=row.last_modified,
        ip_address=row.ip_address,
        id=row.id,
    )


def _is_of_page(record: StoredRecord) -> bool:
    """Whether the record's address is that of a page (a picture's or an upload's is its own)."""
    return record.kind not in (CaptureKind.PICTURE.value, CaptureKind.UPLOAD.value)


def _snapshots(connection: Connection, condition: Any) -> list[StoredRecord]:
    row = SnapshotRow
    rows = connection.execute(
        select(row.id, row.final_url, row.sha256, row.size, row.warc_file, row.warc_offset, row.warc_record_id)
        .where(condition)
        .order_by(row.id)
    )
    return [
        StoredRecord("snapshots", id_, id_, "page", url, sha256, size, WarcRef(file, offset, record_id))
        for id_, url, sha256, size, file, offset, record_id in rows
    ]


def _captures(connection: Connection, condition: Any) -> list[StoredRecord]:
    row = CaptureRow
    columns = (row.id, row.snapshot_id, row.kind, row.url, row.sha256, row.size)
    rows = connection.execute(
        select(*columns, row.warc_file, row.warc_offset, row.warc_record_id).where(condition).order_by(row.id)
    )
    return [
        StoredRecord("captures", id_, snapshot_id, kind, url, sha256, size, WarcRef(file, offset, record_id))
        for id_, snapshot_id, kind, url, sha256, size, file, offset, record_id in rows
    ]
