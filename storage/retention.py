"""保存期限: which WARC files hold nothing any more that must be kept, and the decision to remove one.

A record must be kept while its version of a page is younger than the limit, is what the page said when it was last seen and
that is not longer ago than the limit, or belongs to a lead. A lead gives its evidence up only where it was dismissed,
was never referred, and nothing happened to it since the limit. What people handed in is kept for ever. A file goes
here as a whole, when every record in it has run out; of others :mod:`storage.compaction` keeps what must be.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, exists, func, literal, or_, select

from domain.chain import Link, LinkKind
from domain.evidence import CaptureKind
from domain.lead import Review
from domain.ports import Clock
from domain.target import TargetKind
from storage.chain import append_removal, file_content, lock_chain, removed_files
from storage.engine import reading, writing
from storage.tables import CaptureRow, DocumentRow, EvidenceLinkRow, LeadRow, PageRow, SnapshotRow, TargetRow


@dataclass(frozen=True, slots=True)
class Retention:
    """What has run out in one store."""

    engine: Engine
    clock: Clock

    def expired_files(self, cutoff: datetime) -> Iterator[str]:
        """Names of sealed files that hold nothing that must be kept, oldest first; ``cutoff``: older things have run out."""
        number = 0
        gone = set(self.removals())
        while True:
            with reading(self.engine) as connection:
                row = connection.execute(
                    select(EvidenceLinkRow.number, EvidenceLinkRow.subject)
                    .where(EvidenceLinkRow.number > number, *sealed_before(cutoff))
                    .order_by(EvidenceLinkRow.number)
                    .limit(1)
                ).first()
                if row is None:
                    return
                number = row.number
                if row.subject is None or row.subject in gone or must_stay(connection, row.subject, cutoff):
                    continue
            yield row.subject

    def remove(self, file: str, cutoff: datetime, days: int) -> Link | None:
        """Decide that a file goes and append that to the chain; None where it must stay after all.

        From then on the decision stands: whoever is killed before the bytes are gone finishes it the next time.
        """
        with writing(self.engine, durable=True) as connection:
            lock_chain(connection)
            sealed = file_content(connection, file)
            if sealed is None or file in removed_files(connection) or must_stay(connection, file, cutoff):
                return None
            return append_removal(connection, self.clock(), sealed | rows_in(connection, file) | {"days": days})

    def removals(self) -> dict[str, Link]:
        """Files that were decided to go, with the link that says so."""
        with reading(self.engine) as connection:
            return removed_files(connection)

    def unused_screenshots(self, file: str, gone: set[str]) -> list[str]:
        """Hashes of screenshots in a file that goes, which no file that stays holds as well."""
        capture = CaptureRow
        unused = []
        with reading(self.engine) as connection:
            hashes = connection.execute(
                select(capture.sha256)
                .distinct()
                .where(capture.warc_file == file, capture.kind == CaptureKind.SCREENSHOT.value)
            ).scalars()
            for sha256 in sorted(map(str, hashes)):
                files = connection.execute(select(CaptureRow.warc_file).where(CaptureRow.sha256 == sha256)).scalars()
                if set(files) <= gone:
                    unused.append(sha256)
        return unused


def sealed_before(cutoff: datetime) -> tuple[ColumnElement[bool], ...]:
    """Of links for files: all in it may have run out. A compacted file is as old as the one whose place it took."""
    link = EvidenceLinkRow
    return link.kind == LinkKind.FILE.value, or_(link.at < cutoff, link.subject.like("%.kept%"))


def rows_in(connection: Connection, file: str) -> dict[str, int]:
    """How many rows of each table tell of records in a file."""
    return {
        table: connection.execute(select(func.count()).where(row.warc_file == file)).scalar_one()
        for table, row in (("snapshots", SnapshotRow), ("captures", CaptureRow))
    }


def must_stay(connection: Connection, file: str, cutoff: datetime) -> bool:
    """Whether a file holds a record that must be kept."""
    snapshot = SnapshotRow
    own = select(snapshot.id).where(snapshot.warc_file == file, kept(cutoff)).limit(1)
    if connection.execute(own).first():
        return True
    capture = CaptureRow
    beside = (
        select(capture.id)
        .join(snapshot, snapshot.id == capture.snapshot_id)
        .where(capture.warc_file == file, kept_capture(cutoff))
        .limit(1)
    )
    return connection.execute(beside).first() is not None


def kept_capture(cutoff: datetime) -> ColumnElement[bool]:
    """Whether a capture must be kept; the query around joins its snapshot."""
    capture = CaptureRow
    return or_(capture.taken_at >= cutoff, capture.kind == CaptureKind.UPLOAD.value, kept(cutoff))


def kept(cutoff: datetime) -> ColumnElement[bool]:
    """Whether a snapshot (of the query around) must be kept."""
    snapshot, document, page, lead = SnapshotRow, DocumentRow, PageRow, LeadRow
    running: Any = or_(
        lead.review != Review.DISMISSED.value, lead.last_event_at >= cutoff, lead.first_referred_at.is_not(None)
    )
    return or_(
        snapshot.fetched_at >= cutoff,
        exists(literal(1)).where(lead.page_id == snapshot.page_id, running),
        exists(literal(1)).where(document.snapshot_id == snapshot.id, lead.page_id == document.page_id, running),
        exists(literal(1)).where(
            page.id == snapshot.page_id, page.snapshot_id == snapshot.id, page.last_seen >= cutoff
        ),
        exists(literal(1)).where(
            document.snapshot_id == snapshot.id,
            page.id == document.page_id,
            page.document_id == document.id,
            page.last_seen >= cutoff,
        ),
        exists(literal(1)).where(
            and_(page.id == snapshot.page_id, TargetRow.id == page.target_id),
            TargetRow.kind == TargetKind.INTAKE.value,
        ),
    )
