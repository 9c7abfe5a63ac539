"""人工接收 in the database: who handed in what, and what is known of it already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Engine, and_, insert, select

from domain.crawl import WarcRef
from domain.intake import Handover, IntakeItem, IntakeKind, Provenance
from domain.target import Budget, Scope, Target, TargetKind
from storage.codec import decode, encode
from storage.dialects import portions
from storage.engine import reading, writing
from storage.tables import CrawlRequestRow, CrawlRunRow, IntakeItemRow, IntakeRow, PageRow
from storage.targets import Targets
from storage.types import key_of

#: Address of the target that everything handed in belongs to; it cannot be fetched.
TARGET_URL = "https://intake.invalid/"
TARGET_NAME = "人工接收"
#: A list may hold as many addresses as a file may have rows; the run ends when all were asked for.
TARGET_BUDGET = Budget(max_pages=100_000, max_depth=0, max_seconds=12 * 3600, max_bytes=8 * 1024**3)

_Details = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Intakes:
    """All hand-overs."""

    engine: Engine
    targets: Targets

    def target(self) -> Target:
        """The target that everything handed in belongs to; made when first asked for."""
        target, _ = self.targets.add(
            name=TARGET_NAME,
            url=TARGET_URL,
            kind=TargetKind.INTAKE,
            schedule="0 0 1 1 *",
            scope=Scope(hosts=()),
            budget=TARGET_BUDGET,
        )
        return target

    def of_file(self, sha256: str) -> Handover | None:
        """The hand-over of a file with these bytes, if there was one."""
        with reading(self.engine) as connection:
            row = connection.execute(select(*IntakeRow.__table__.c).where(IntakeRow.sha256 == sha256)).first()
        return None if row is None else _handover(row)

    def add(self, handover: Handover, items: Sequence[IntakeItem]) -> Handover:
        """Keep a hand-over with all its pieces, bad ones too, in one transaction; returns it with its id."""
        warc = handover.warc
        with writing(self.engine) as connection:
            intake_id = connection.execute(
                insert(IntakeRow)
                .values(
                    kind=handover.kind.value,
                    at=handover.at,
                    sha256=handover.sha256,
                    size=handover.size,
                    handed_in_by=handover.by,
                    file_name=handover.file_name,
                    content_type=handover.content_type,
                    warc_file=warc.file if warc else None,
                    warc_offset=warc.offset if warc else None,
                    warc_record_id=warc.record_id if warc else None,
                    note=handover.note,
                )
                .returning(IntakeRow.id)
            ).scalar_one()
            rows = [
                {
                    "intake_id": intake_id,
                    "state": item.state.value,
                    "row_number": item.row,
                    "url_key": key_of(item.url) if item.url is not None else None,
                    "url": item.url,
                    "reason": item.reason,
                    "details": encode(_Details, item.details),
                }
                for item in items
            ]
            if rows:
                connection.execute(insert(IntakeItemRow), rows)
        return replace(handover, id=intake_id)

    def kept(self, urls: Sequence[str]) -> frozenset[str]:
        """Those of ``urls`` of which a version got by a request of its own is kept."""
        found: set[bytes] = set()
        with reading(self.engine) as connection:
            for portion in portions([key_of(url) for url in urls]):
                found.update(
                    connection.execute(
                        select(PageRow.url_key).where(PageRow.url_key.in_(portion), PageRow.snapshot_id.is_not(None))
                    ).scalars()
                )
        return frozenset(url for url in urls if key_of(url) in found)

    def asked_for(self, target_id: int, urls: Sequence[str]) -> frozenset[str]:
        """Those of ``urls`` that an earlier run of the target asked for, or that one under way has planned."""
        found: set[bytes] = set()
        request = CrawlRequestRow
        with reading(self.engine) as connection:
            for portion in portions([key_of(url) for url in urls]):
                found.update(
                    connection.execute(
                        select(request.url_key)
                        .join(CrawlRunRow, CrawlRunRow.id == request.run_id)
                        .where(
                            request.target_id == target_id,
                            request.url_key.in_(portion),
                            request.outcome.is_not(None) | (CrawlRunRow.state == "running"),
                        )
                    ).scalars()
                )
        return frozenset(url for url in urls if key_of(url) in found)

    def provenance(self, url: str) -> list[Provenance]:
        """Where the content of a page came from, as far as people handed it in; oldest first."""
        with reading(self.engine) as connection:
            return provenance_of(connection, url)


def provenance_of(connection: Connection, url: str) -> list[Provenance]:
    """See :meth:`Intakes.provenance`."""
    rows = connection.execute(
        select(*IntakeRow.__table__.c, IntakeItemRow.row_number, IntakeItemRow.details)
        .join(
            IntakeItemRow,
            and_(IntakeItemRow.intake_id == IntakeRow.id, IntakeItemRow.url_key == key_of(url)),
        )
        .order_by(IntakeItemRow.id)
    ).all()
    return [Provenance(_handover(row), row.row_number, decode(_Details, row.details)) for row in rows]


def _handover(row: Any) -> Handover:
    warc = None
    if row.warc_file is not None:
        warc = WarcRef(row.warc_file, row.warc_offset, row.warc_record_id)
    return Handover(
        kind=IntakeKind(row.kind),
        by=row.handed_in_by,
        at=row.at,
        note=row.note,
        file_name=row.file_name,
        sha256=row.sha256,
        size=row.size,
        content_type=row.content_type,
        warc=warc,
        id=row.id,
    )
