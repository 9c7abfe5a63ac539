"""Writing what a batch of visits brought: snapshots, documents, assessments, findings."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert

from domain.analysis import JudgedDocument, PageVisit
from domain.assessment import Assessment, Finding, ScoreStep
from domain.crawl import PageSnapshot
from domain.document import Contact, Document, Segment
from domain.picture import PicturePlace, PictureRef
from storage.batch import Version
from storage.codec import encode
from storage.tables import AssessmentRow, DocumentRow, FindingRow, SnapshotRow
from storage.types import storable

#: Code points of the original shown on either side of a quote.
CONTEXT = 40


def context_of(document: Document, finding: Finding) -> str:
    """The quote with up to 40 code points of the original on either side, as one line; of a picture, its own words."""
    read = _read_in_picture(document, finding)
    if read is not None:
        segment, start, end = read
        return " ".join(segment.text[max(0, start - CONTEXT) : end + CONTEXT].split())
    if finding.field == "title":
        source = document.title
    elif finding.field == "segments" and finding.segment is not None and finding.segment < len(document.segments):
        source = document.segments[finding.segment].text
    else:
        source = document.text
    return " ".join(source[max(0, finding.start - CONTEXT) : finding.end + CONTEXT].split())


def picture_place(document: Document, finding: Finding) -> PicturePlace | None:
    """Where in a picture a claim stands; None for claims in the page's own text."""
    read = _read_in_picture(document, finding)
    if read is None:
        return None
    segment, start, end = read
    assert segment.picture is not None
    return segment.picture.place(segment.text, start, end)


def _read_in_picture(document: Document, finding: Finding) -> tuple[Segment, int, int] | None:
    """The picture's segment that holds a finding wholly, and where in it; segments of pictures end the text."""
    if finding.field != "text" or not any(segment.picture for segment in document.segments):
        return None
    end = len(document.text)
    for segment in reversed(document.segments):
        if segment.picture is None:
            return None
        start = end - len(segment.text)
        if finding.start >= start:
            return (segment, finding.start - start, finding.end - start) if finding.end <= end else None
        end = start - 1
    return None


def text_hash(document: Document) -> str:
    """Hex SHA-256 over what one document says: by it two versions of a feed's entry are compared."""
    parts = (document.title, document.text, *(segment.text for segment in document.segments), "")
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class NewContent:
    """One visit that brought a snapshot: its request, and the page that each of its documents belongs to."""

    request_id: int
    page_id: int
    visit: PageVisit
    snapshot: PageSnapshot
    document_pages: Sequence[int]


def write_snapshots(connection: Connection, contents: Sequence[NewContent]) -> dict[int, int]:
    """Ids of the new snapshots by request id."""
    if not contents:
        return {}
    rows = connection.execute(
        insert(SnapshotRow).returning(SnapshotRow.request_id, SnapshotRow.id),
        [
            {
                "page_id": content.page_id,
                "request_id": content.request_id,
                "url": content.snapshot.url,
                "final_url": content.snapshot.final_url,
                "fetched_at": content.snapshot.fetched_at,
                "status": content.snapshot.status,
                "content_type": content.snapshot.content_type,
                "sha256": content.snapshot.sha256,
                "size": content.snapshot.size,
                "warc_file": content.snapshot.warc.file,
                "warc_offset": content.snapshot.warc.offset,
                "warc_record_id": content.snapshot.warc.record_id,
                "text_sha256": content.snapshot.text_sha256,
                "redirects": encode(tuple[str, ...], content.snapshot.redirects),
                "etag": content.snapshot.etag,
                "last_modified": content.snapshot.last_modified,
                "ip_address": content.snapshot.ip_address,
            }
            for content in contents
        ],
    )
    return dict(rows.all())


def write_documents(
    connection: Connection, contents: Sequence[NewContent], snapshots: Mapping[int, int]
) -> dict[tuple[int, int], Version]:
    """Write documents, assessments and findings; return versions by (request id, position in the visit)."""
    places: list[tuple[NewContent, int, JudgedDocument]] = [
        (content, position, judged) for content in contents for position, judged in enumerate(content.visit.documents)
    ]
    if not places:
        return {}
    written = connection.execute(
        insert(DocumentRow).returning(DocumentRow.snapshot_id, DocumentRow.position, DocumentRow.id),
        [
            _document_columns(judged.document)
            | {
                "snapshot_id": snapshots[content.request_id],
                "page_id": content.document_pages[position],
                "position": position,
            }
            for content, position, judged in places
        ],
    )
    documents: dict[tuple[int, int], int] = {(snapshot, position): id_ for snapshot, position, id_ in written}

    def document_id(content: NewContent, position: int) -> int:
        return documents[snapshots[content.request_id], position]

    assessments = write_assessments(
        connection,
        [
            (document_id(content, position), judged.document, judged.assessment, content.visit.outcome.at)
            for content, position, judged in places
        ],
    )
    return {
        (content.request_id, position): Version(
            snapshot_id=snapshots[content.request_id],
            document_id=document_id(content, position),
            assessment_id=assessments[document_id(content, position)],
            flagged=judged.assessment.flagged,
            level=judged.assessment.level.value,
            score=judged.assessment.score,
            platform=judged.document.platform,
        )
        for content, position, judged in places
    }


def write_document(connection: Connection, document: Document, snapshot_id: int, page_id: int, position: int) -> int:
    """Write a further document of a stored snapshot (the same content, read more fully); return its id."""
    place = {"snapshot_id": snapshot_id, "page_id": page_id, "position": position}
    written: int = connection.execute(
        insert(DocumentRow).returning(DocumentRow.id), _document_columns(document) | place
    ).scalar_one()
    return written


def write_assessments(
    connection: Connection, judged: Sequence[tuple[int, Document, Assessment, datetime]]
) -> dict[int, int]:
    """Write assessments of stored documents (id, document, assessment, time); return their ids by document id."""
    assessed = connection.execute(
        insert(AssessmentRow).returning(AssessmentRow.document_id, AssessmentRow.id),
        [
            {
                "document_id": document_id,
                "rule_pack": assessment.rule_pack,
                "assessed_at": at,
                "score": assessment.score,
                "level": assessment.level.value,
                "speaker": assessment.speaker.value,
                "evasion": encode(tuple[str, ...], assessment.evasion),
                "incomplete": encode(tuple[str, ...], assessment.incomplete),
                "steps": encode(tuple[ScoreStep, ...], assessment.steps),
            }
            for document_id, _, assessment, at in judged
        ],
    )
    assessments: dict[int, int] = dict(assessed.all())
    findings = [
        _finding_columns(document, finding, exempted) | {"assessment_id": assessments[document_id]}
        for document_id, document, assessment, _ in judged
        for exempted, group in ((False, assessment.findings), (True, assessment.exempted))
        for finding in group
    ]
    if findings:
        connection.execute(insert(FindingRow), findings)
    return assessments


def _document_columns(document: Document) -> dict[str, object]:
    return {
        "embedded": document.embedded,
        "has_form": document.has_form,
        "published_at": document.published_at,
        "published_raw": document.published_raw,
        "platform": document.platform,
        "extractor": document.extractor,
        "account": document.account,
        "account_id": document.account_id,
        "text_sha256": text_hash(document),
        "url": document.url,
        "title": document.title,
        "contacts": encode(tuple[Contact, ...], document.contacts),
        "images": encode(tuple[str, ...], document.images),
        "text": document.text,
        "segments": segment_rows(document.segments),
        "links": list(document.links),
    }


def segment_rows(segments: Sequence[Segment]) -> list[dict[str, object]]:
    """The stored form of segments: a page has hundreds of them, nearly all without a picture and without anything that
    must not be stored, which one look at all their words together tells. A kind is a string itself."""
    words = "".join([segment.text for segment in segments])
    if storable(words) is words:
        plain: list[dict[str, object]] = [{"kind": segment.kind, "text": segment.text} for segment in segments]
    else:
        plain = [{"kind": segment.kind, "text": storable(segment.text)} for segment in segments]
    for form, segment in zip(plain, segments, strict=True):
        if segment.picture is not None:
            form["picture"] = encode(PictureRef, segment.picture)
    return plain


def _finding_columns(document: Document, finding: Finding, exempted: bool) -> dict[str, object]:
    return {
        "exempted": exempted,
        "rule_id": finding.rule_id,
        "category": finding.category.value,
        "field": finding.field,
        "segment": finding.segment,
        "span_start": finding.start,
        "span_end": finding.end,
        "weight": finding.weight,
        "behaviour": finding.behaviour,
        "exempted_by": finding.exempted_by,
        "quote": finding.quote,
        "context": context_of(document, finding),
        "legal_basis": encode(tuple[str, ...], finding.legal_basis),
        "steps": encode(tuple[ScoreStep, ...], finding.steps),
        "picture": encode(PicturePlace | None, picture_place(document, finding)),
    }
