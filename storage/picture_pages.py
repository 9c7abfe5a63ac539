"""Pages whose pictures are to be read: noted with each new version, and asked for while visits are recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, delete, exists, insert, literal, select

from domain.analysis import PageVisit
from domain.crawl import KnownVersion, Purpose
from domain.evidence import CaptureKind
from storage.dialects import portions
from storage.tables import CaptureRow, FindingRow, PageRow, PicturePageRow
from storage.types import key_of


def note(connection: Connection, shown: Mapping[int, tuple[int, int] | None]) -> None:
    """By page id, (document, snapshot) of its new version where that shows pictures, None where it shows none."""
    for portion in portions(sorted(shown)):
        connection.execute(delete(PicturePageRow).where(PicturePageRow.page_id.in_(portion)))
    rows = [
        {"page_id": page_id, "document_id": place[0], "snapshot_id": place[1], "reader": None, "tries": 0}
        for page_id, place in sorted(shown.items())
        if place is not None
    ]
    if rows:
        connection.execute(insert(PicturePageRow), rows)


def is_unread(connection: Connection, page_id: int) -> bool:
    """Whether pictures of the page's present version are still to be read."""
    row = PicturePageRow
    return (
        connection.execute(select(row.page_id).where(row.page_id == page_id, row.reader.is_(None))).first() is not None
    )


def rests_on_picture(connection: Connection, assessment_id: int) -> bool:
    """Whether some claim of an assessment stood in a picture."""
    found = exists(literal(1)).where(
        FindingRow.assessment_id == assessment_id, FindingRow.exempted.is_(False), FindingRow.picture.is_not(None)
    )
    return bool(connection.execute(select(found)).scalar())


def known_pictures(connection: Connection, requests: Sequence[Any]) -> dict[bytes, KnownVersion]:
    """By address, the picture that is kept with the present version of the very page that a request names: the same bytes
    need not be kept with it again. ``requests``: rows with ``url_key`` and ``via``."""
    wanted = {request.url_key: key_of(request.via) for request in requests if request.via}
    found: dict[bytes, KnownVersion] = {}
    for portion in portions(sorted(wanted)):
        rows = connection.execute(
            select(CaptureRow.url_key, CaptureRow.snapshot_id, CaptureRow.sha256, PageRow.url_key.label("page"))
            .join(PicturePageRow, PicturePageRow.snapshot_id == CaptureRow.snapshot_id)
            .join(PageRow, PageRow.id == PicturePageRow.page_id)
            .where(CaptureRow.url_key.in_(portion), CaptureRow.kind == CaptureKind.PICTURE.value)
            .order_by(CaptureRow.id)
        )
        for row in rows:
            if row.page == wanted[row.url_key]:
                found[row.url_key] = KnownVersion(row.snapshot_id, row.sha256, "")
    return found


def with_owners(connection: Connection, visits: Sequence[PageVisit]) -> list[PageVisit]:
    """Visits of pictures, each with the snapshot that its captures belong to: the present one of the page it was on.

    A picture whose page is not kept any more has nothing to belong to; its captures are left out.
    """
    keys = {
        key_of(visit.outcome.request.via)
        for visit in visits
        if visit.outcome.request.purpose is Purpose.PICTURE and visit.captures and visit.outcome.request.via
    }
    owners = {
        row.url_key: row.id
        for portion in portions(sorted(keys))
        for row in connection.execute(
            select(PageRow.url_key, PicturePageRow.snapshot_id.label("id"))
            .join(PicturePageRow, PicturePageRow.page_id == PageRow.id)
            .where(PageRow.url_key.in_(portion))
        )
    }
    found = []
    for visit in visits:
        owner = owners.get(key_of(visit.outcome.request.via)) if visit.captures and visit.outcome.request.via else None
        if owner is not None:
            found.append(replace(visit, captures_of=(owner,)))
        else:
            found.append(replace(visit, captures=()))
    return found
