"""Writing and reading rows of ``captures``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from domain.crawl import WarcRef
from domain.evidence import Capture, CaptureKind
from storage.dialects import insert_or_ignore, portions
from storage.tables import CaptureRow, CaptureTryRow
from storage.types import key_of


@dataclass(frozen=True, slots=True)
class NewCapture:
    """A capture and the snapshot that it is kept with."""

    snapshot_id: int
    capture: Capture


def write_captures(connection: Connection, captures: Sequence[NewCapture]) -> list[int]:
    """Store captures; return the ids of those that are new.

    One that its snapshot has already (same kind and address, of a picture also the moment) is left as it is: a picture may be
    replaced under its own address.
    """
    if not captures:
        return []
    captures = _unkept(connection, captures)
    if not captures:
        return []
    rows = connection.execute(
        insert_or_ignore(connection, CaptureRow, ["snapshot_id", "kind", "url_key", "taken_at"]).returning(
            CaptureRow.id
        ),
        [
            {
                "snapshot_id": new.snapshot_id,
                "url_key": key_of(new.capture.url),
                "kind": new.capture.kind.value,
                "taken_at": new.capture.taken_at,
                "content_type": new.capture.content_type,
                "sha256": new.capture.sha256,
                "size": new.capture.size,
                "width": new.capture.width,
                "height": new.capture.height,
                "warc_file": new.capture.warc.file,
                "warc_offset": new.capture.warc.offset,
                "warc_record_id": new.capture.warc.record_id,
                "url": new.capture.url,
            }
            for new in captures
        ],
    )
    return list(rows.scalars())


def _unkept(connection: Connection, captures: Sequence[NewCapture]) -> list[NewCapture]:
    """Pictures, and of other kinds what the snapshots have none of yet; one of several."""
    once = {new.snapshot_id for new in captures if new.capture.kind is not CaptureKind.PICTURE}
    row = CaptureRow
    kept: set[tuple[int, str, bytes]] = set()
    for portion in portions(sorted(once)):
        found = connection.execute(select(row.snapshot_id, row.kind, row.url_key).where(row.snapshot_id.in_(portion)))
        kept.update((each.snapshot_id, each.kind, each.url_key) for each in found)
    wanted = []
    for new in captures:
        place = (new.snapshot_id, new.capture.kind.value, key_of(new.capture.url))
        if new.capture.kind is CaptureKind.PICTURE or place not in kept:
            kept.add(place)
            wanted.append(new)
    return wanted


def captures_of(connection: Connection, snapshot_ids: Collection[int]) -> dict[int, list[Capture]]:
    """Captures of snapshots, in the order in which they were stored; a snapshot without any is not in the result."""
    found: dict[int, list[Capture]] = defaultdict(list)
    for portion in portions(snapshot_ids):
        rows = connection.execute(
            select(*CaptureRow.__table__.c).where(CaptureRow.snapshot_id.in_(portion)).order_by(CaptureRow.id)
        )
        for row in rows:
            found[row.snapshot_id].append(capture_of(row))
    return dict(found)


def capture_of(row: Any) -> Capture:
    """The capture of a row."""
    return Capture(
        kind=CaptureKind(row.kind),
        url=row.url,
        taken_at=row.taken_at,
        content_type=row.content_type,
        sha256=row.sha256,
        size=row.size,
        warc=WarcRef(row.warc_file, row.warc_offset, row.warc_record_id),
        width=row.width,
        height=row.height,
        id=row.id,
    )


def why_none(
    connection: Connection, kind: CaptureKind, snapshot_ids: Collection[int], cutoff: datetime
) -> dict[int, str]:
    """Why a capture of ``kind`` could not be taken up to ``cutoff``, by snapshot; those nobody tried are not in the result."""
    return {
        row.snapshot_id: row.reason
        for portion in portions(snapshot_ids)
        for row in connection.execute(
            select(CaptureTryRow.snapshot_id, CaptureTryRow.reason).where(
                CaptureTryRow.snapshot_id.in_(portion),
                CaptureTryRow.kind == kind.value,
                CaptureTryRow.last_at <= cutoff,
            )
        )
    }


def screenshots_of(
    connection: Connection, pages: Mapping[int, tuple[int, str, bool]], cutoff: datetime | None = None
) -> dict[int, Capture]:
    """The newest screenshot of each page that has one, of those taken up to ``cutoff``.

    ``pages``: by any key, the page's snapshot, its address, and whether the snapshot is a feed's that only tells of it.
    A feed's snapshot holds screenshots of many pages, told apart by their address.
    """
    found = captures_of(connection, {snapshot_id for snapshot_id, _, _ in pages.values()})
    return {
        key: capture
        for key, (snapshot_id, url, embedded) in pages.items()
        for capture in found.get(snapshot_id, ())
        if capture.kind is CaptureKind.SCREENSHOT
        and (capture.url == url or not embedded)
        and (cutoff is None or capture.taken_at <= cutoff)
    }
