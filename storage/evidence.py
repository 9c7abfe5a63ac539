"""取证件 in the database: adding them to stored snapshots, and finding what still lacks one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, exists, literal, select

from domain.crawl import WarcRef
from domain.evidence import Capture, CaptureKind, UncapturedPage
from domain.lead import Review
from domain.ports import Clock
from storage.captures import NewCapture, captures_of, write_captures
from storage.chain import chain_rows, lock_chain
from storage.engine import reading, writing
from storage.tables import CaptureRow, DocumentRow, LeadRow, PageRow, SnapshotRow


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

    def without(self, kind: CaptureKind, limit: int, after_lead: int = 0) -> list[UncapturedPage]:
        """Leads (not dismissed) whose last flagged version has no capture of ``kind``, by lead id, at most ``limit``.

        ``after_lead``: only leads with a greater id, so that a caller that cannot capture one goes on behind it.
        """
        statement = (
            select(
                LeadRow.id,
                PageRow.url,
                DocumentRow.embedded,
                SnapshotRow.id.label("snapshot_id"),
                SnapshotRow.final_url,
                SnapshotRow.fetched_at,
                SnapshotRow.warc_file,
                SnapshotRow.warc_offset,
                SnapshotRow.warc_record_id,
            )
            .join(PageRow, PageRow.id == LeadRow.page_id)
            .join(DocumentRow, DocumentRow.id == LeadRow.document_id)
            .join(SnapshotRow, SnapshotRow.id == DocumentRow.snapshot_id)
            .where(
                LeadRow.id > after_lead,
                LeadRow.review != Review.DISMISSED.value,
                ~exists(literal(1)).where(
                    CaptureRow.snapshot_id == SnapshotRow.id,
                    CaptureRow.kind == kind.value,
                    DocumentRow.embedded.is_(False) | (CaptureRow.url_key == PageRow.url_key),
                ),
            )
            .order_by(LeadRow.id)
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
                    embedded=row.embedded,
                    warc=WarcRef(row.warc_file, row.warc_offset, row.warc_record_id),
                )
                for row in connection.execute(statement)
            ]
