"""Intake: what people hand in goes through the same pipeline as what is crawled, and keeps where it came from.

A file is kept whole as evidence (a WARC ``resource`` record), then its pieces become documents of it in portions, each
in one transaction. They are treated as entries of a feed are (:mod:`storage.recording`): they speak for an address only
until its own fetch has said something, because what somebody saved is no look at the page. Addresses without content are
planned in a run of their own and crawled at once; where another crawl is under way, the next one finishes them.

The order makes repeating safe: (1) the file is durable, (2) the hand-over with all its pieces, (3) portion by portion. The
same file again finds what is there and adds what is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from domain.analysis import JudgedDocument, PageVisit
from domain.crawl import CrawlOutcome, CrawlRequest, Outcome, PageSnapshot, RunSummary
from domain.document import PageVerdict
from domain.errors import BadInput, LockHeld, RefusedAddress
from domain.evidence import Capture, CaptureKind
from domain.intake import HANDED_IN, Handover, IntakeItem, IntakeKind, ItemState, upload_url
from zhengxun.jobs.crawl import OnProgress, crawl
from zhengxun.jobs.room import require_room
from zhengxun.services import Services

if TYPE_CHECKING:
    from crawler.warc import WarcWriter
    from storage import Store
    from zhengxun.intake.reading import FileReading

#: Documents per transaction: what a kill can make us judge again.
PORTION = 200


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What became of one file or address."""

    source: str
    kind: IntakeKind | None
    """None where it could not even be read."""
    sha256: str | None = None
    content: int = 0
    """Pieces whose text was kept and judged by this call."""
    addresses: int = 0
    """Addresses that this call planned."""
    repeated: int = 0
    """Pieces that an earlier call had taken."""
    bad: tuple[IntakeItem, ...] = ()
    unread: tuple[str, ...] = ()
    error: str | None = None
    """Why nothing of it was taken."""


@dataclass(slots=True)
class IntakeReport:
    """What one call did."""

    sources: list[SourceReport] = field(default_factory=list)
    run: RunSummary | None = None
    """The run; None where nothing was new."""
    waiting: int = 0
    """Addresses left to the next crawl, because one is under way."""

    @property
    def complete(self) -> bool:
        """Whether everything was taken and read."""
        failed = self.run is not None and self.run.failures
        return not (failed or self.waiting or any(source.bad or source.error for source in self.sources))


def intake(
    services: Services,
    sources: Sequence[str],
    *,
    kind: IntakeKind | None = None,
    url: str | None = None,
    note: str | None = None,
    by: str,
    progress: OnProgress | None = None,
) -> IntakeReport:
    """Take in files and addresses under the lock ``intake``; one that cannot be read does not stop the others.

    ``url`` is the address of a saved page and goes with a single file. :class:`domain.errors.LockHeld` where another
    process takes something in.
    """
    work = _Intake(services, note, by)
    with services.store() as store, services.lock("intake"):
        require_room(services, store)
        try:
            for source in sources:
                work.take(store, source, kind, url)
        finally:
            work.close_evidence()
        work.close_run(store)
        run_id, planned = work.run_id, work.planned
    report = work.report
    if run_id is None:
        return report
    if planned:
        try:
            done = crawl(services, only_run=run_id, progress=progress)
            report.run = done.resumed[0] if done.resumed else None
        except LockHeld:
            report.waiting = planned
    if report.run is None:
        with services.store() as store:
            report.run = store.run_summary(run_id)
    return report


class _Intake:
    """One call: the run, the evidence file and the report, made when first needed."""

    def __init__(self, services: Services, note: str | None, by: str) -> None:
        self._services = services
        self._note = note
        self._by = by
        self._writer: WarcWriter | None = None
        self.report = IntakeReport()
        self.run_id: int | None = None
        self.planned = 0

    def take(self, store: Store, source: str, kind: IntakeKind | None, url: str | None) -> None:
        """Take one file or address in; what is wrong with it goes to the report."""
        try:
            if _is_address(source, kind):
                self._take_address(store, source)
            else:
                self._take_file(store, Path(source), kind, url)
        except BadInput as error:
            self.report.sources.append(SourceReport(source, None, error=str(error)))
        except RefusedAddress as error:
            self.report.sources.append(SourceReport(source, IntakeKind.ADDRESS, error=str(error)))

    def close_evidence(self) -> None:
        """Give the evidence file its final name."""
        if self._writer is not None:
            self._writer.close()

    def close_run(self, store: Store) -> None:
        """Close the run where nothing of it is left to fetch."""
        if self.run_id is not None and not self.planned:
            store.finish_run(self.run_id)

    def _take_address(self, store: Store, source: str) -> None:
        from zhengxun.target_draft import address_of

        address = address_of(source)
        self._services.address_guard.check(address)
        item = IntakeItem(ItemState.ADDRESS, url=address)
        store.intakes.add(self._handover(IntakeKind.ADDRESS), [item])
        # Given by hand, it is meant to be looked at now, whatever an earlier run saw.
        planned = self._plan(store, [address])
        self.report.sources.append(SourceReport(source, IntakeKind.ADDRESS, addresses=planned))

    def _take_file(self, store: Store, path: Path, kind: IntakeKind | None, url: str | None) -> None:
        from zhengxun.intake.reading import read_file

        reading = read_file(path, self._services.address_guard.check, kind=kind, url=url)
        handover = store.intakes.of_file(reading.sha256)
        if handover is None:
            handover = store.intakes.add(self._keep_file(store, reading), reading.items)
        contents = [item for item in reading.items if item.state is ItemState.CONTENT]
        addresses = [item.url for item in reading.items if item.state is ItemState.ADDRESS and item.url is not None]
        taken = self._record(store, reading, handover, contents)
        known = store.intakes.asked_for(store.intakes.target().id, addresses)
        planned = self._plan(store, [address for address in addresses if address not in known])
        self.report.sources.append(
            SourceReport(
                str(path),
                reading.kind,
                reading.sha256,
                content=taken,
                addresses=planned,
                repeated=len(contents) + len(addresses) - taken - planned,
                bad=tuple(item for item in reading.items if item.state is ItemState.BAD),
                unread=reading.unread,
            )
        )

    def _handover(self, kind: IntakeKind) -> Handover:
        return Handover(kind=kind, by=self._by, at=self._services.clock(), note=self._note)

    def _keep_file(self, store: Store, reading: FileReading) -> Handover:
        """The hand-over of a file whose bytes are durable."""
        from crawler.exchange import Resource

        writer = self._evidence(store)
        at = self._services.clock()
        ref = writer.write_resource(
            Resource(CaptureKind.UPLOAD, reading.name, at, reading.content_type, reading.body), None
        )
        writer.sync()
        return Handover(
            kind=reading.kind,
            by=self._by,
            at=at,
            note=self._note,
            file_name=reading.name,
            sha256=reading.sha256,
            size=len(reading.body),
            content_type=reading.content_type,
            warc=ref,
        )

    def _evidence(self, store: Store) -> WarcWriter:
        if self._writer is None:
            from crawler.warc import WarcWriter

            settings = self._services.crawl_settings()
            self._writer = WarcWriter(
                settings.evidence_folder,
                self._begun(store),
                settings.warc_size,
                self._services.clock,
                settings.about,
            )
        return self._writer

    def _begun(self, store: Store) -> int:
        if self.run_id is None:
            self.run_id = store.begin_run([store.intakes.target().id]).id
        return self.run_id

    def _plan(self, store: Store, addresses: Sequence[str]) -> int:
        if not addresses:
            return 0
        target = store.intakes.target()
        requests = [CrawlRequest(self._begun(store), target.id, address) for address in dict.fromkeys(addresses)]
        planned = len(store.ledger().plan(requests))
        self.planned += planned
        return planned

    def _record(self, store: Store, reading: FileReading, handover: Handover, items: Sequence[IntakeItem]) -> int:
        """Judge and store the pieces that are not stored yet; return how many."""
        portions = list(_portions(reading, items))
        kept = store.intakes.kept([address for address, _ in portions])
        taken = 0
        for address, portion in portions:
            if address in kept:
                continue
            self._record_portion(store, handover, address, portion)
            taken += len(portion)
        return taken

    def _record_portion(self, store: Store, handover: Handover, address: str, portion: Sequence[IntakeItem]) -> None:
        from classifiers.pages import assess_page
        from zhengxun.analysis import subject_of, text_sha256

        assert handover.warc is not None
        assert handover.sha256 is not None
        documents = tuple(item.document for item in portion if item.document is not None)
        judged = tuple(
            JudgedDocument(document, assess_page(self._services.classifier, subject_of(document)))
            for document in documents
        )
        ledger = store.ledger()
        wanted = CrawlRequest(self._begun(store), store.intakes.target().id, address, depth=1)
        at = self._services.clock()
        snapshot = PageSnapshot(
            url=address,
            final_url=address,
            fetched_at=handover.at,
            status=200,
            content_type=handover.content_type,
            sha256=handover.sha256,
            size=handover.size or 0,
            warc=handover.warc,
            text_sha256=text_sha256(documents),
        )
        capture = Capture(
            kind=CaptureKind.UPLOAD,
            url=handover.file_name or address,
            taken_at=handover.at,
            content_type=handover.content_type or "application/octet-stream",
            sha256=handover.sha256,
            size=handover.size or 0,
            warc=handover.warc,
        )
        for request in ledger.plan([wanted]):
            outcome = CrawlOutcome(request, Outcome.OK, at, 200, reason=HANDED_IN, bytes_received=handover.size or 0)
            ledger.record([PageVisit(outcome, PageVerdict.OK, snapshot, judged, captures=(capture,))])


def _is_address(source: str, kind: IntakeKind | None) -> bool:
    if source.lower().startswith(("http://", "https://")):
        return True
    return kind is IntakeKind.ADDRESS and not Path(source).exists()


def _portions(reading: FileReading, items: Sequence[IntakeItem]) -> Iterator[tuple[str, Sequence[IntakeItem]]]:
    for start in range(0, len(items), PORTION):
        portion = items[start : start + PORTION]
        first = portion[0].row
        part = quote(reading.name, safe="")[:200] if first is None else f"rows-{first}"
        yield upload_url(reading.sha256, part), portion
