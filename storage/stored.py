"""Stored documents, one after another, for trying rules on what was collected before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.orm import aliased

from domain.assessment import Assessment
from domain.document import Document
from domain.lead import Review
from storage.engine import reading
from storage.reading import ASSESSMENT_COLUMNS, DOCUMENT_COLUMNS, assessments_of, document_of
from storage.tables import AssessmentRow, DocumentRow, LeadRow, PageRow, SnapshotRow

#: Documents held in memory at a time; a document with its segments and links is some tens of kilobytes.
_CHUNK = 200


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document, what was last made of it, and what people decided about its page."""

    document_id: int
    fetched_at: datetime
    document: Document
    assessment: Assessment
    review: Review | None
    """None: the page never became a lead. The verdict is about the version the reviewer saw, which may be another."""


def stored_documents(engine: Engine, limit: int | None, since: datetime | None) -> Iterator[StoredDocument]:
    """Documents by id, oldest first; ``since``: only of versions fetched then or later."""
    left = limit
    last_id = 0
    statement = _statement().order_by(DocumentRow.id)
    if since is not None:
        statement = statement.where(SnapshotRow.fetched_at >= since)
    while left is None or left > 0:
        # A transaction for each chunk: the reader may take hours over it, and an open one would keep the write-ahead
        # log from shrinking.
        with reading(engine) as connection:
            size = _CHUNK if left is None else min(left, _CHUNK)
            found = _read(connection, statement.where(DocumentRow.id > last_id).limit(size))
        if not found:
            return
        yield from found
        last_id = found[-1].document_id
        left = None if left is None else left - len(found)


def documents_to_try(engine: Engine, limit: int) -> Iterator[StoredDocument]:
    """At most ``limit`` documents on which changed rules show what they do.

    Up to half of them are what reviewers decided last, in the version they saw, the rest what the newest pages say now.
    """
    judged = (
        select(LeadRow.document_id)
        .where(LeadRow.review.in_([Review.CONFIRMED.value, Review.DISMISSED.value, Review.REFERRED.value]))
        .order_by(LeadRow.changed_at.desc(), LeadRow.id.desc())
    )
    newest = select(PageRow.document_id).where(PageRow.document_id.is_not(None)).order_by(PageRow.id.desc())
    with reading(engine) as connection:
        ids = [*connection.execute(judged.limit(max(1, limit // 2))).scalars()]
        ids += [number for number in connection.execute(newest.limit(limit)).scalars() if number is not None]
    chosen = list(dict.fromkeys(ids))[:limit]
    for start in range(0, len(chosen), _CHUNK):
        with reading(engine) as connection:
            found = _read(connection, _statement().where(DocumentRow.id.in_(chosen[start : start + _CHUNK])))
        yield from found


def _statement() -> Any:
    each = aliased(AssessmentRow)
    newest = select(func.max(each.id)).where(each.document_id == DocumentRow.id).scalar_subquery()
    return (
        select(
            DocumentRow.id.label("document_id"),
            SnapshotRow.fetched_at,
            *DOCUMENT_COLUMNS,
            *ASSESSMENT_COLUMNS,
            LeadRow.review,
        )
        .join(SnapshotRow, SnapshotRow.id == DocumentRow.snapshot_id)
        .join(AssessmentRow, AssessmentRow.id == newest)
        .outerjoin(LeadRow, LeadRow.page_id == DocumentRow.page_id)
    )


def _read(connection: Connection, statement: Any) -> list[StoredDocument]:
    rows = connection.execute(statement).all()
    assessments = assessments_of(connection, rows)
    return [
        StoredDocument(
            document_id=row.document_id,
            fetched_at=row.fetched_at,
            document=document_of(row),
            assessment=assessments[row.assessment_id][0],
            review=Review(row.review) if row.review else None,
        )
        for row in rows
    ]
