"""Rows back to documents and assessments, many at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from domain.assessment import Assessment, Category, Finding, Level, ScoreStep, Speaker
from domain.document import Contact, Document, Segment
from domain.picture import PicturePlace
from storage.codec import decoder
from storage.tables import AssessmentRow, DocumentRow, FindingRow

_strings = decoder(tuple[str, ...])
_steps = decoder(tuple[ScoreStep, ...])
_place = decoder(PicturePlace | None)
_segments = decoder(tuple[Segment, ...])
contacts_of = decoder(tuple[Contact, ...])

#: What :func:`document_of` reads of a row.
DOCUMENT_COLUMNS: tuple[Any, ...] = (
    DocumentRow.url,
    DocumentRow.title,
    DocumentRow.text,
    DocumentRow.segments,
    DocumentRow.extractor,
    DocumentRow.platform,
    DocumentRow.account,
    DocumentRow.account_id,
    DocumentRow.published_at,
    DocumentRow.published_raw,
    DocumentRow.images,
    DocumentRow.links,
    DocumentRow.contacts,
    DocumentRow.has_form,
    DocumentRow.embedded,
)

#: What :func:`assessments_of` reads of a row.
ASSESSMENT_COLUMNS: tuple[Any, ...] = (
    AssessmentRow.id.label("assessment_id"),
    AssessmentRow.score,
    AssessmentRow.level,
    AssessmentRow.speaker,
    AssessmentRow.evasion,
    AssessmentRow.rule_pack,
    AssessmentRow.steps.label("assessment_steps"),
    AssessmentRow.incomplete,
)


def document_of(row: Any) -> Document:
    """The document of a row with :data:`DOCUMENT_COLUMNS`."""
    return Document(
        url=row.url,
        title=row.title,
        text=row.text,
        segments=_segments(row.segments),
        extractor=row.extractor,
        platform=row.platform,
        account=row.account,
        account_id=row.account_id,
        published_at=row.published_at,
        published_raw=row.published_raw,
        images=_strings(row.images),
        links=_strings(row.links),
        contacts=contacts_of(row.contacts),
        has_form=row.has_form,
        embedded=row.embedded,
    )


def assessments_of(connection: Connection, rows: Sequence[Any]) -> dict[int, tuple[Assessment, tuple[str, ...]]]:
    """Assessments of rows with :data:`ASSESSMENT_COLUMNS`, each with the contexts of its findings; one query."""
    findings: dict[int, list[Finding]] = {row.assessment_id: [] for row in rows}
    exempted: dict[int, list[Finding]] = {row.assessment_id: [] for row in rows}
    contexts: dict[int, list[str]] = {row.assessment_id: [] for row in rows}
    found = connection.execute(
        select(*FindingRow.__table__.c)
        .where(FindingRow.assessment_id.in_(findings))
        .order_by(FindingRow.assessment_id, FindingRow.id)
    )
    for row in found:
        if row.exempted:
            exempted[row.assessment_id].append(_finding(row))
        else:
            findings[row.assessment_id].append(_finding(row))
            contexts[row.assessment_id].append(row.context)
    return {
        row.assessment_id: (
            Assessment(
                score=row.score,
                level=Level(row.level),
                findings=tuple(findings[row.assessment_id]),
                exempted=tuple(exempted[row.assessment_id]),
                speaker=Speaker(row.speaker),
                evasion=_strings(row.evasion),
                rule_pack=row.rule_pack,
                steps=_steps(row.assessment_steps),
                incomplete=_strings(row.incomplete),
            ),
            tuple(contexts[row.assessment_id]),
        )
        for row in rows
    }


def _finding(row: Any) -> Finding:
    return Finding(
        rule_id=row.rule_id,
        category=Category(row.category),
        field=row.field,
        start=row.span_start,
        end=row.span_end,
        quote=row.quote,
        weight=row.weight,
        legal_basis=_strings(row.legal_basis),
        steps=_steps(row.steps),
        behaviour=row.behaviour,
        exempted_by=row.exempted_by,
        segment=row.segment,
        picture=_place(row.picture),
    )
