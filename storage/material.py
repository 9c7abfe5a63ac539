"""What the digest builder is told of each lead, as it stood at a moment.

Two roads lead to the state at the cutoff. A lead without an event after it stands in its row as it stood then; that is
nearly every lead of nearly every digest. Only the others are folded again from their events.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, Engine, func, select, union
from sqlalchemy.orm import aliased

from domain.assessment import Assessment
from domain.crawl import Outcome
from domain.digest import EvidenceBrief, LeadMaterial
from domain.evidence import Capture, CaptureKind, screenshot_file
from domain.lead import LeadState
from domain.lead_visit import Sight
from storage.captures import captures_of, screenshots_of, why_none
from storage.edits import edits_of
from storage.engine import reading
from storage.lead_state import belongs_in_digest, event_of, state_at, state_of, to_report
from storage.operators_at import operators_at
from storage.reading import ASSESSMENT_COLUMNS, assessments_of, contacts_of
from storage.tables import (
    AssessmentRow,
    CrawlRequestRow,
    DigestItemRow,
    DigestRow,
    DocumentRow,
    LeadEventRow,
    LeadRelationRow,
    LeadRow,
    PageRow,
    SnapshotRow,
    TargetRow,
)

#: Leads read at a time: four queries for each thousand, and memory for a thousand, however many there are.
_CHUNK = 1000


def lead_material(engine: Engine, day: date, cutoff: datetime) -> Iterator[LeadMaterial]:
    """See :meth:`domain.ports.DigestSource.lead_material`."""
    with reading(engine) as connection:
        ids = _candidates(connection, day, cutoff)
        for start in range(0, len(ids), _CHUNK):
            rows = connection.execute(
                select(*LeadRow.__table__.c)
                .where(LeadRow.id.in_(ids[start : start + _CHUNK]), LeadRow.found_at <= cutoff)
                .order_by(LeadRow.id)
            ).all()
            yield from _material(connection, rows, day, cutoff)


def _candidates(connection: Connection, day: date, cutoff: datetime) -> list[int]:
    """Ids of the leads that may belong in the digest: by their row, and those that may have stood otherwise then.

    Three lookups by index; written as one condition with OR, SQLite would walk through every lead there ever was.
    """
    return sorted(
        connection.execute(
            union(
                to_report(),
                select(LeadRow.id).where(LeadRow.last_event_at > cutoff),
                select(LeadRow.id).where(LeadRow.shown_on >= day),
            )
        ).scalars()
    )


def _material(connection: Connection, rows: Sequence[Any], day: date, cutoff: datetime) -> Iterator[LeadMaterial]:
    states = _states(connection, rows, cutoff)
    shown = _shown(connection, rows, day)
    listed = [
        row
        for row in rows
        if row.id in states
        and (_stands_to_report(row, day, cutoff) or belongs_in_digest(states[row.id], shown[row.id]))
    ]
    if not listed:
        return
    versions = _versions(connection, listed, cutoff)
    seen = _last_seen(connection, listed, cutoff, versions)
    details = {
        row.document_id: row
        for row in connection.execute(
            _details().where(DocumentRow.id.in_([version.document_id for version in versions.values()]))
        )
    }
    described = _describe(connection, [version.assessment_id for version in versions.values()])
    places = {
        row.lead_id: row
        for row in connection.execute(
            select(
                LeadRow.id.label("lead_id"),
                PageRow.url.label("page_url"),
                TargetRow.name.label("target_name"),
                TargetRow.kind.label("target_kind"),
                TargetRow.region,
                TargetRow.paused,
                TargetRow.removed_at,
            )
            .join(PageRow, PageRow.id == LeadRow.page_id)
            .join(TargetRow, TargetRow.id == LeadRow.target_id)
            .where(LeadRow.id.in_([row.id for row in listed]))
        )
    }
    screenshots = _screenshots(
        connection, {row.id: details[versions[row.id].document_id] for row in listed}, places, cutoff
    )
    refused = why_none(
        connection,
        CaptureKind.SCREENSHOT,
        {details[versions[row.id].document_id].snapshot_id for row in listed if row.id not in screenshots},
        cutoff,
    )
    pictures = _pictures(
        connection,
        {row.id: described[versions[row.id].assessment_id][0] for row in listed},
        {row.id: details[versions[row.id].document_id].snapshot_id for row in listed},
    )
    edited = [row.id for row in listed if _is_edited(states[row.id], shown[row.id])]
    edits = edits_of(connection, [(lead_id, shown[lead_id]) for lead_id in edited], cutoff)
    operators, relations = (
        operators_at(connection, [row.page_id for row in listed], cutoff),
        _relations(connection, listed, cutoff),
    )
    for row in listed:
        detail, place = details[versions[row.id].document_id], places[row.id]
        assessment, contexts = described[versions[row.id].assessment_id]
        state = states[row.id]
        yield LeadMaterial(
            lead_id=row.id,
            state=state,
            shown_before=shown[row.id] is not None,
            last_shown_at=shown[row.id],
            page_url=place.page_url,
            final_url=place.page_url if detail.embedded else detail.final_url,
            title=detail.title,
            target_name=place.target_name,
            target_kind=place.target_kind,
            platform=detail.platform,
            account=detail.account,
            region=place.region,
            published_raw=detail.published_raw,
            first_seen=state.found_at,
            last_seen=seen[row.id],
            assessment=assessment,
            contexts=contexts,
            contacts=contacts_of(detail.contacts),
            evidence=EvidenceBrief(
                detail.snapshot_id,
                detail.sha256,
                detail.warc_file,
                detail.warc_offset,
                screenshots.get(row.id),
                None if row.id in screenshots else _why_no_screenshot(detail, refused),
            ),
            pictures=pictures.get(row.id, ()),
            target_stopped=_stopped(place, cutoff),
            added=edits[row.id].added if row.id in edits else (),
            dropped=edits[row.id].dropped if row.id in edits else (),
            operator=operators.get(row.page_id),
            relation=relations.get(row.id),
        )


def _pictures(
    connection: Connection, assessments: Mapping[int, Assessment], snapshots: Mapping[int, int]
) -> dict[int, tuple[Capture, ...]]:
    """Kept pictures in which claims stand, by lead id; leads without any are not in the result."""
    shown = {
        lead_id: {finding.picture.sha256 for finding in said.findings if finding.picture is not None}
        for lead_id, said in assessments.items()
    }
    wanted = {snapshots[lead_id] for lead_id, hashes in shown.items() if hashes}
    kept = captures_of(connection, wanted) if wanted else {}
    return {
        lead_id: tuple(
            capture
            for capture in kept.get(snapshots[lead_id], ())
            if capture.kind is CaptureKind.PICTURE and capture.sha256 in hashes
        )
        for lead_id, hashes in shown.items()
        if hashes
    }


def _is_edited(state: LeadState, shown_at: datetime | None) -> bool:
    """Whether its text was edited since a digest last told of it."""
    return state.edited_at is not None and shown_at is not None and state.edited_at > shown_at


def _screenshots(
    connection: Connection, details: Mapping[int, Any], places: Mapping[int, Any], cutoff: datetime
) -> dict[int, str]:
    """Files of the leads' screenshots, by lead id."""
    pages = {id_: (detail.snapshot_id, places[id_].page_url, detail.embedded) for id_, detail in details.items()}
    return {id_: screenshot_file(shot.sha256) for id_, shot in screenshots_of(connection, pages, cutoff).items()}


def _why_no_screenshot(detail: Any, refused: Mapping[int, str]) -> str:
    if detail.embedded:
        return "只见于订阅源，没有网页画面"
    return refused.get(detail.snapshot_id, "尚未截图")


def _relations(connection: Connection, rows: Sequence[Any], cutoff: datetime) -> dict[int, str]:
    found = connection.execute(
        select(LeadRelationRow.lead_id, LeadRelationRow.reason).where(
            LeadRelationRow.lead_id.in_([row.id for row in rows]), LeadRelationRow.at <= cutoff
        )
    )
    return dict(found.all())


def _stopped(target: Any, cutoff: datetime) -> Literal["paused", "removed"] | None:
    if target.removed_at is not None and target.removed_at <= cutoff:
        return "removed"
    return "paused" if target.paused else None


def _stands_to_report(row: Any, day: date, cutoff: datetime) -> bool:
    """Whether the row itself says so, and nothing happened since the cutoff.

    It also says so of a change that is older than the last digest's cutoff but was written after that digest was
    frozen (a batch of visits under way), which times alone would lose.
    """
    return bool(row.to_report) and row.last_event_at <= cutoff and (row.shown_on is None or row.shown_on < day)


def _states(connection: Connection, rows: Sequence[Any], cutoff: datetime) -> dict[int, LeadState]:
    states = {row.id: state_of(row) for row in rows if row.last_event_at <= cutoff}
    moved_on = [row.id for row in rows if row.last_event_at > cutoff]
    if moved_on:
        events = connection.execute(
            select(*LeadEventRow.__table__.c)
            .where(LeadEventRow.lead_id.in_(moved_on))
            .order_by(LeadEventRow.lead_id, LeadEventRow.id)
        )
        for lead_id, group in groupby(events, key=lambda event: event.lead_id):
            state = state_at((event_of(event) for event in group), cutoff)
            if state is not None:
                states[lead_id] = state
    return states


def _shown(connection: Connection, rows: Sequence[Any], day: date) -> dict[int, datetime | None]:
    """Cutoff of the last digest before ``day`` that listed each lead."""
    shown: dict[int, datetime | None] = {row.id: row.shown_at for row in rows}
    later = [row.id for row in rows if row.shown_on is not None and row.shown_on >= day]
    if later:
        shown |= dict.fromkeys(later)
        earlier = connection.execute(
            select(DigestItemRow.lead_id, func.max(DigestRow.generated_at).label("at"))
            .join(DigestRow, DigestRow.id == DigestItemRow.digest_id)
            .where(DigestItemRow.lead_id.in_(later), DigestRow.day < day)
            .group_by(DigestItemRow.lead_id)
        )
        shown |= dict(earlier.all())
    return shown


class _Version(NamedTuple):
    """The version on which a lead rested at the cutoff."""

    document_id: int
    assessment_id: int
    at: datetime


def _versions(connection: Connection, rows: Sequence[Any], cutoff: datetime) -> dict[int, _Version]:
    """Each lead's last version that was flagged at the cutoff."""
    versions = {row.id: _Version(row.document_id, row.assessment_id, row.flagged_at) for row in rows}
    lead_of_page = {row.page_id: row.id for row in rows if row.flagged_at > cutoff}
    if lead_of_page:
        earlier = connection.execute(
            select(
                DocumentRow.page_id, DocumentRow.id, AssessmentRow.id.label("assessment_id"), AssessmentRow.assessed_at
            )
            .join(AssessmentRow, AssessmentRow.document_id == DocumentRow.id)
            .where(
                DocumentRow.page_id.in_(lead_of_page),
                AssessmentRow.assessed_at <= cutoff,
                AssessmentRow.level != "none",
            )
            # Of one snapshot the document that scores highest speaks for the page, as it did when it was recorded.
            .order_by(DocumentRow.page_id, DocumentRow.snapshot_id, AssessmentRow.score, DocumentRow.id.desc())
        )
        for page_id, document_id, assessment_id, at in earlier:
            versions[lead_of_page[page_id]] = _Version(document_id, assessment_id, at)
    return versions


def _last_seen(
    connection: Connection, rows: Sequence[Any], cutoff: datetime, versions: Mapping[int, _Version]
) -> dict[int, datetime]:
    """Last time each page was seen with its claims, up to the cutoff."""
    seen: dict[int, datetime] = {row.id: row.last_seen for row in rows}
    lead_of_page = {row.page_id: row.id for row in rows if row.last_seen > cutoff}
    if lead_of_page:
        # A page that only feeds tell of has no request of its own: then the looks at its feed count.
        seen |= _feed_looks(connection, {lead_id: versions[lead_id] for lead_id in lead_of_page.values()}, cutoff)
        looks = connection.execute(
            select(CrawlRequestRow.page_id, func.max(CrawlRequestRow.at).label("at"))
            .where(
                CrawlRequestRow.page_id.in_(lead_of_page),
                CrawlRequestRow.at <= cutoff,
                CrawlRequestRow.sight == Sight.VIOLATING.value,
            )
            .group_by(CrawlRequestRow.page_id)
        )
        for page_id, at in looks:
            if page_id is not None and at is not None:
                seen[lead_of_page[page_id]] = at
    return seen


def _feed_looks(connection: Connection, versions: Mapping[int, _Version], cutoff: datetime) -> dict[int, datetime]:
    """Last time up to the cutoff that the document a lead rests on was received, or its source found unchanged."""
    received, looked = aliased(SnapshotRow), aliased(CrawlRequestRow)
    newer = aliased(SnapshotRow)
    looks = connection.execute(
        select(DocumentRow.id, func.max(looked.at).label("at"))
        .join(received, received.id == DocumentRow.snapshot_id)
        .join(looked, looked.page_id == received.page_id)
        .where(
            DocumentRow.id.in_([version.document_id for version in versions.values()]),
            looked.outcome == Outcome.UNCHANGED.value,
            looked.at.between(received.fetched_at, cutoff),
            # Unchanged since a later version says nothing about this one.
            ~select(newer.id)
            .where(newer.page_id == received.page_id, newer.id > received.id, newer.fetched_at <= looked.at)
            .exists(),
        )
        .group_by(DocumentRow.id)
    )
    unchanged = {document_id: at for document_id, at in looks if at is not None}
    return {
        lead_id: max(version.at, unchanged.get(version.document_id, version.at))
        for lead_id, version in versions.items()
    }


def _details() -> Any:
    return select(
        DocumentRow.id.label("document_id"),
        DocumentRow.snapshot_id,
        DocumentRow.embedded,
        DocumentRow.title,
        DocumentRow.platform,
        DocumentRow.account,
        DocumentRow.published_raw,
        DocumentRow.contacts,
        SnapshotRow.final_url,
        SnapshotRow.sha256,
        SnapshotRow.warc_file,
        SnapshotRow.warc_offset,
    ).join(SnapshotRow, SnapshotRow.id == DocumentRow.snapshot_id)


def _describe(connection: Connection, assessment_ids: Sequence[int]) -> Any:
    rows = connection.execute(select(*ASSESSMENT_COLUMNS).where(AssessmentRow.id.in_(assessment_ids))).all()
    return assessments_of(connection, rows)
