"""The versions that were kept of a lead's page, oldest first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select
from sqlalchemy.orm import aliased

from storage.tables import AssessmentRow, DocumentRow, LeadRow, SnapshotRow


@dataclass(frozen=True, slots=True)
class PageVersion:
    """One version of a page as it was read and judged."""

    document_id: int
    snapshot_id: int
    fetched_at: datetime
    sha256: str
    title: str
    text: str
    level: str
    score: float

    @property
    def flagged(self) -> bool:
        """Whether this version carries the claims."""
        return self.level != "none"


def page_versions(connection: Connection, lead_id: int, limit: int | None = None) -> list[PageVersion]:
    """Versions of the page of a lead, oldest first; ``limit``: only the newest so many.

    Of a snapshot with several documents of the page, the one that scores highest speaks, as it did when it was kept.
    """
    newer = aliased(AssessmentRow)
    newest = select(func.max(newer.id)).where(newer.document_id == DocumentRow.id).scalar_subquery()
    rows = connection.execute(
        select(
            DocumentRow.id,
            DocumentRow.snapshot_id,
            SnapshotRow.fetched_at,
            SnapshotRow.sha256,
            DocumentRow.title,
            DocumentRow.text,
            AssessmentRow.level,
            AssessmentRow.score,
        )
        .join(LeadRow, LeadRow.page_id == DocumentRow.page_id)
        .join(SnapshotRow, SnapshotRow.id == DocumentRow.snapshot_id)
        .join(AssessmentRow, AssessmentRow.id == newest)
        .where(LeadRow.id == lead_id)
        .order_by(DocumentRow.snapshot_id.desc(), AssessmentRow.score, DocumentRow.id.desc())
    )
    versions: dict[int, PageVersion] = {}
    for row in rows:
        if limit is not None and row.snapshot_id not in versions and len(versions) == limit:
            break
        versions[row.snapshot_id] = PageVersion(*row)
    return list(versions.values())[::-1]
