"""到期遮蔽: personal data in texts that need not be kept in clear any more.

The same texts whose evidence may go (:mod:`storage.retention`), by a limit of its own. Every character keeps its place.
Change detection goes on by the hash that was taken before; a page that changes brings a new text, which counts anew.
Not reached: identifiers that operators rest on, words read in pictures (append-only), WARC files and backups.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, not_, select, update

from domain.document import Contact, Document
from domain.personal import blanked, without_personal
from storage.codec import encode
from storage.content import segment_rows
from storage.engine import writing
from storage.reading import DOCUMENT_COLUMNS, document_of
from storage.retention import kept
from storage.tables import AssessmentRow, DocumentRow, FindingRow, SnapshotRow


@dataclass(frozen=True, slots=True)
class Masking:
    """Masking in one store."""

    engine: Engine

    def mask(self, cutoff: datetime, at: datetime, limit: int = 200) -> int:
        """Mask the next ``limit`` documents that ran out before ``cutoff``; return how many, 0 when all are.

        Ask only under the crawl lock: others read documents meanwhile to compare them.
        """
        with writing(self.engine) as connection:
            rows = connection.execute(
                select(DocumentRow.id, *DOCUMENT_COLUMNS)
                .join(SnapshotRow, SnapshotRow.id == DocumentRow.snapshot_id)
                .where(DocumentRow.masked_at.is_(None), SnapshotRow.fetched_at < cutoff, not_(kept(cutoff)))
                .order_by(DocumentRow.id)
                .limit(limit)
            ).all()
            for row in rows:
                _mask(connection, row.id, document_of(row), at)
        return len(rows)


def _mask(connection: Connection, document_id: int, document: Document, at: datetime) -> None:
    contacts = document.contacts
    masked = replace(
        document,
        title=blanked(document.title, contacts),
        text=blanked(document.text, contacts),
        segments=tuple(replace(one, text=blanked(one.text, contacts)) for one in document.segments),
        contacts=tuple(without_personal(contact) for contact in contacts),
    )
    connection.execute(
        update(DocumentRow)
        .where(DocumentRow.id == document_id)
        .values(
            title=masked.title,
            text=masked.text,
            segments=segment_rows(masked.segments),
            contacts=encode(tuple[Contact, ...], masked.contacts),
            masked_at=at,
        )
    )
    findings = connection.execute(
        select(FindingRow.id, FindingRow.field, FindingRow.span_start, FindingRow.span_end, FindingRow.quote,
               FindingRow.context)
        .join(AssessmentRow, AssessmentRow.id == FindingRow.assessment_id)
        .where(AssessmentRow.document_id == document_id)
    ).all()  # fmt: skip
    for finding in findings:
        connection.execute(
            update(FindingRow)
            .where(FindingRow.id == finding.id)
            .values(quote=_quote(finding, document, masked), context=blanked(finding.context, contacts, excerpt=True))
        )


def _quote(finding: Any, before: Document, after: Document) -> str:
    """A quote stays what stands in the text at its place."""
    span = slice(finding.span_start, finding.span_end)
    for old, new in ((before.text, after.text), (before.title, after.title)):
        if old[span] == finding.quote:
            return new[span]
    return blanked(finding.quote, before.contacts, excerpt=True)
