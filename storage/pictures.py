"""Pictures of kept pages: which are to be read, what was read in each, and what that makes of a page and its lead."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, func, or_, select, tuple_, update

from domain.assessment import Assessment
from domain.crawl import Outcome, WarcRef
from domain.document import Document
from domain.evidence import Capture, CaptureKind
from domain.lead_visit import Sight, Visit
from domain.picture import PictureCode, PictureLine, PictureLook, PictureReading
from domain.ports import Clock
from storage.batch import PageInBatch, Version
from storage.captures import capture_of
from storage.codec import decoder, encode
from storage.content import write_assessments, write_document
from storage.dialects import insert_or_ignore, portions
from storage.engine import reading, writing
from storage.page_rows import attach_leads, read_pages, write_back
from storage.picture_pages import rests_on_picture
from storage.reading import DOCUMENT_COLUMNS, document_of
from storage.tables import (
    AssessmentRow,
    CaptureRow,
    CrawlRequestRow,
    DocumentRow,
    PageRow,
    PicturePageRow,
    PictureReadingRow,
    SnapshotRow,
)
from storage.types import key_of

#: Reasons of outcomes that say: no picture stands at this address any more.
_GONE = ("http_404", "http_410", "not_picture")
_strings = decoder(tuple[str, ...])
_lines = decoder(tuple[PictureLine, ...])
_codes = decoder(tuple[PictureCode, ...])


@dataclass(frozen=True, slots=True)
class PicturePage:
    """A page that waits for its pictures to be read."""

    page_id: int
    target_id: int
    url: str
    document_id: int
    """Of the document as it was extracted."""
    snapshot_id: int
    images: tuple[str, ...]
    tries: int
    """Earlier runs in which some picture could not be fetched."""
    settled_at: datetime | None = None
    """When all of its pictures had been read, or were last found to be the same."""


@dataclass(frozen=True, slots=True)
class StoredReading:
    """What was read in a picture, or why nothing could be."""

    reading: PictureReading
    reason: str | None


@dataclass(frozen=True, slots=True)
class Judged:
    """What the pictures of one page brought."""

    document: Document | None
    """With the pictures' words; None where there are none."""
    assessment: Assessment | None
    """Of that document."""
    incomplete: tuple[str, ...]
    """What of the pictures was not read, Chinese sentences without full stop."""
    unsure: str | None = None
    """Why nobody can say that a claim which stood in a picture is gone."""
    reader: str | None = None
    """None: some pictures are left to be read by a later run."""
    failed: bool = False
    """Whether some picture could not be fetched."""
    replaced: bool = False
    """Pictures of a version that had been judged were replaced: this takes the place of what was said of them."""


@dataclass(frozen=True, slots=True)
class Pictures:
    """All of it. Every method is one transaction."""

    engine: Engine
    clock: Clock
    confirm_after: timedelta

    def waiting(self, reader: str, target_ids: Collection[int], limit: int, after: int = 0) -> list[PicturePage]:
        """Pages of these targets whose pictures ``reader`` has not read, by page id, behind page ``after``."""
        row = PicturePageRow
        unread = or_(row.reader.is_(None), row.reader != reader)
        return self._pages(target_ids, row.page_id > after, unread, order=(row.page_id,), limit=limit)

    def settled(
        self,
        reader: str,
        target_ids: Collection[int],
        before: datetime,
        limit: int,
        after: tuple[datetime, int] | None = None,
    ) -> list[PicturePage]:
        """Pages of these targets whose pictures ``reader`` has read, last looked at until ``before``, longest first.

        ``after``: only those behind this (moment, page id).
        """
        row = PicturePageRow
        behind = [tuple_(row.settled_at, row.page_id) > tuple_(*after)] if after is not None else []
        return self._pages(
            target_ids,
            row.reader == reader,
            row.settled_at <= before,
            *behind,
            order=(row.settled_at, row.page_id),
            limit=limit,
        )

    def looked_again(self, page_id: int) -> None:
        """Note that a page's pictures are what they were."""
        with writing(self.engine) as connection:
            connection.execute(
                update(PicturePageRow).where(PicturePageRow.page_id == page_id).values(settled_at=self.clock())
            )

    def _pages(
        self, target_ids: Collection[int], *conditions: Any, order: tuple[Any, ...], limit: int
    ) -> list[PicturePage]:
        row = PicturePageRow
        with reading(self.engine) as connection:
            rows = connection.execute(
                select(
                    row.page_id,
                    row.document_id,
                    row.snapshot_id,
                    row.tries,
                    row.settled_at,
                    PageRow.target_id,
                    PageRow.url,
                    DocumentRow.images,
                )
                .join(PageRow, PageRow.id == row.page_id)
                .join(DocumentRow, DocumentRow.id == row.document_id)
                .where(*conditions, PageRow.gone_since.is_(None), PageRow.target_id.in_(target_ids))
                .order_by(*order)
                .limit(limit)
            )
            return [
                PicturePage(
                    page_id=found.page_id,
                    target_id=found.target_id,
                    url=found.url,
                    document_id=found.document_id,
                    snapshot_id=found.snapshot_id,
                    images=_strings(found.images),
                    tries=found.tries,
                    settled_at=found.settled_at,
                )
                for found in rows
            ]

    def document(self, page: PicturePage) -> Document:
        """The page's document as it was extracted."""
        with reading(self.engine) as connection:
            row = connection.execute(select(*DOCUMENT_COLUMNS).where(DocumentRow.id == page.document_id)).one()
        return document_of(row)

    def captured(self, urls: Collection[str], since: datetime | None = None) -> dict[str, Capture]:
        """The newest kept picture of each address, of those taken at ``since`` or later."""
        row = CaptureRow
        found: dict[str, Capture] = {}
        with reading(self.engine) as connection:
            for portion in portions([key_of(url) for url in urls]):
                statement = select(*row.__table__.c).where(
                    row.url_key.in_(portion), row.kind == CaptureKind.PICTURE.value
                )
                if since is not None:
                    statement = statement.where(row.taken_at >= since)
                for each in connection.execute(statement.order_by(row.id)):
                    found[each.url] = capture_of(each)
        return found

    def outcomes(self, run_id: int, urls: Collection[str]) -> dict[str, Outcome]:
        """How a run's requests for these pictures ended; those without an outcome are not in it."""
        request = CrawlRequestRow
        with reading(self.engine) as connection:
            rows = connection.execute(
                select(request.url, request.outcome).where(
                    request.run_id == run_id,
                    request.url_key.in_([key_of(url) for url in urls]),
                    request.outcome.is_not(None),
                )
            ).all()
        return {url: Outcome(outcome) for url, outcome in rows if outcome is not None}

    def gone(self, run_id: int, urls: Collection[str]) -> set[str]:
        """Those of these pictures that a run found not to be there any more."""
        request = CrawlRequestRow
        with reading(self.engine) as connection:
            return set(
                connection.execute(
                    select(request.url).where(
                        request.run_id == run_id,
                        request.url_key.in_([key_of(url) for url in urls]),
                        request.reason.in_(_GONE),
                    )
                ).scalars()
            )

    def response_of(self, snapshot_id: int) -> WarcRef:
        """Where the answer of a stored snapshot lies."""
        row = SnapshotRow
        with reading(self.engine) as connection:
            found = connection.execute(
                select(row.warc_file, row.warc_offset, row.warc_record_id).where(row.id == snapshot_id)
            ).one()
        return WarcRef(found.warc_file, found.warc_offset, found.warc_record_id)

    def readings(self, sha256s: Collection[str], reader: str) -> dict[str, StoredReading]:
        """What ``reader`` read in pictures with these hashes; those it never read are not in the result."""
        row = PictureReadingRow
        found: dict[str, StoredReading] = {}
        with reading(self.engine) as connection:
            for portion in portions(sha256s):
                for each in connection.execute(
                    select(*row.__table__.c).where(row.sha256.in_(portion), row.reader == reader)
                ):
                    found[each.sha256] = StoredReading(
                        PictureReading(
                            sha256=each.sha256,
                            reader=each.reader,
                            width=each.width,
                            height=each.height,
                            lines=_lines(each.lines),
                            codes=_codes(each.codes),
                            incomplete=_strings(each.incomplete),
                            same_as=each.same_as,
                        ),
                        each.reason,
                    )
        return found

    def looks(self, reader: str) -> list[tuple[str, int]]:
        """(SHA-256, hash) of all pictures that ``reader`` really read and that others can be compared with."""
        row = PictureReadingRow
        with reading(self.engine) as connection:
            rows = connection.execute(
                select(row.sha256, row.look_hash).where(
                    row.reader == reader, row.same_as.is_(None), row.reason.is_(None), func.length(row.look_hash) == 8
                )
            )
            return [(sha256, int.from_bytes(hashed, "big")) for sha256, hashed in rows]

    def look_of(self, sha256: str, reader: str) -> PictureLook | None:
        """What a picture that was read looked like."""
        row = PictureReadingRow
        with reading(self.engine) as connection:
            each = connection.execute(
                select(row.width, row.height, row.look_hash, row.signature).where(
                    row.sha256 == sha256, row.reader == reader
                )
            ).first()
        if each is None:
            return None
        return PictureLook(each.width, each.height, 1, int.from_bytes(each.look_hash, "big"), each.signature)

    def add_reading(self, read: PictureReading, look: PictureLook | None = None, reason: str | None = None) -> None:
        """Keep what was read; a picture that this reader has read already is left as it is."""
        with writing(self.engine) as connection:
            connection.execute(
                insert_or_ignore(connection, PictureReadingRow, ["sha256", "reader"]),
                {
                    "sha256": read.sha256,
                    "reader": read.reader,
                    "read_at": self.clock(),
                    "width": read.width,
                    "height": read.height,
                    "look_hash": look.hash.to_bytes(8, "big") if look is not None and look.signature else b"",
                    "same_as": read.same_as,
                    "reason": reason,
                    "incomplete": encode(tuple[str, ...], read.incomplete),
                    "lines": encode(tuple[PictureLine, ...], read.lines),
                    "codes": encode(tuple[PictureCode, ...], read.codes),
                    "signature": look.signature if look is not None else b"",
                },
            )

    def record(self, page: PicturePage, judged: Judged, run_id: int | None) -> bool:
        """Store what the pictures of a page brought, and what follows for page and lead; whether that made a lead.

        A page that has another version by now is passed over: its pictures are noted anew.
        """
        with writing(self.engine) as connection:
            row = PicturePageRow
            still = connection.execute(
                select(row.page_id).where(row.page_id == page.page_id, row.document_id == page.document_id)
            ).first()
            if still is None:
                return False
            (kept,) = read_pages(connection, PageRow.id, [page.page_id]).values()
            attach_leads(connection, [kept])
            had_lead = kept.lead is not None
            _settle(connection, kept, page, judged, run_id, self.clock(), self.confirm_after)
            write_back(connection, [kept])
            connection.execute(
                update(row)
                .where(row.page_id == page.page_id)
                .values(
                    reader=judged.reader,
                    settled_at=self.clock() if judged.reader is not None else None,
                    tries=page.tries + 1 if judged.failed else 0,
                )
            )
        return kept.lead is not None and not had_lead


def _settle(
    connection: Connection,
    kept: PageInBatch,
    page: PicturePage,
    judged: Judged,
    run_id: int | None,
    at: datetime,
    confirm_after: timedelta,
) -> None:
    lead = kept.lead
    # Whether the lead's claims stood in pictures of an older version, and nothing was said of this one yet.
    waits = (
        lead is not None
        and lead.state.open
        and not kept.flagged
        and _snapshot_of(connection, lead.document_id) != page.snapshot_id
        and rests_on_picture(connection, lead.assessment_id)
    )
    said = judged.assessment
    if judged.document is not None and said is not None:
        version = _write(connection, kept, page, judged.document, said, at)
        was_flagged = kept.flagged
        if said.flagged or not kept.flagged or judged.replaced:
            kept.document_id, kept.assessment_id = version.document_id, version.assessment_id
            kept.flagged, kept.touched = said.flagged, True
        if said.flagged:
            if lead is None or waits or judged.replaced or not lead.state.open:
                visit = Visit(
                    Sight.VIOLATING,
                    at,
                    text_changed=waits or (judged.replaced and was_flagged),
                    snapshot_id=page.snapshot_id,
                    reason="图片文字含违规宣传内容",
                )
                kept.visit(visit, version, run_id, confirm_after)
                kept.seen_with_claims(kept.last_seen)
            else:
                lead.rest_on(version, at)
                lead.touched = True
            return
        if judged.replaced and lead is not None and lead.state.open:
            reason = "页面图片已更换，文字和图片中未再发现违规宣传内容"
            kept.visit(Visit(Sight.CLEAN, at, snapshot_id=page.snapshot_id, reason=reason), None, run_id, confirm_after)
            return
    elif kept.assessment_id is not None:
        connection.execute(
            update(AssessmentRow)
            .where(AssessmentRow.id == kept.assessment_id)
            .values(incomplete=encode(tuple[str, ...], judged.incomplete))
        )
    if waits and judged.unsure is not None:
        kept.visit(Visit(Sight.NOT_SEEN, at, reason=judged.unsure), None, run_id, confirm_after)
    elif waits and judged.reader is not None:
        reason = "页面可以访问，文字和图片中未再发现违规宣传内容"
        kept.visit(Visit(Sight.CLEAN, at, snapshot_id=page.snapshot_id, reason=reason), None, run_id, confirm_after)


def _snapshot_of(connection: Connection, document_id: int) -> int | None:
    found: int | None = connection.execute(
        select(DocumentRow.snapshot_id).where(DocumentRow.id == document_id)
    ).scalar()
    return found


def _write(
    connection: Connection, kept: PageInBatch, page: PicturePage, document: Document, said: Assessment, at: datetime
) -> Version:
    position = connection.execute(select(DocumentRow.position).where(DocumentRow.id == page.document_id)).scalar_one()
    document_id = write_document(connection, document, page.snapshot_id, kept.id, position)
    (assessment_id,) = write_assessments(connection, [(document_id, document, said, at)]).values()
    return Version(
        page.snapshot_id, document_id, assessment_id, said.flagged, said.level.value, said.score, document.platform
    )
