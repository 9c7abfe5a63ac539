"""What finished requests leave behind, written in batches by one thread: evidence first, then the ledger.

Order within a batch, so that a kill at any point loses nothing and tells no lie: (1) links found are planned, (2) bodies
go to the WARC file, (3) fsync, (4) outcomes with their snapshots are committed. Whatever is repeated after a kill
before (4) adds nothing twice: planning is idempotent, and a WARC record nobody refers to does no harm.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from crawler import captures
from crawler.exchange import Exchange, Resource
from crawler.target_crawl import TargetCrawl
from crawler.verdicts import Ending
from crawler.warc import WarcWriter
from domain.analysis import JudgedDocument, PageVisit
from domain.crawl import CrawlOutcome, CrawlRequest, PageSnapshot, WarcRef
from domain.document import PageVerdict
from domain.errors import EvidenceDamaged
from domain.evidence import Capture
from domain.ports import CrawlLedger

T = TypeVar("T")

logger = logging.getLogger(__name__)

#: Finished requests per transaction: one fsync of evidence and one of the database for so many pages.
BATCH = 64
#: Seconds that a finished request may wait for others: the most that a kill can make us fetch again. Waiting ends at
#: once when nothing else is going on.
LINGER = 0.5


@dataclass(frozen=True, slots=True)
class Kept:
    """A version to be kept: its exchanges (redirects first) and what was read in it."""

    exchanges: tuple[Exchange, ...]
    sha256: str
    text_sha256: str
    documents: tuple[JudgedDocument, ...]
    resources: tuple[Resource, ...] = ()
    """Made of the page while it was fetched: screenshot, DOM, log."""


@dataclass(frozen=True, slots=True)
class KeptPicture:
    """A picture to be kept with snapshots that are stored already."""

    url: str
    """Address that the pages name."""
    exchanges: tuple[Exchange, ...]
    snapshot_ids: tuple[int, ...]
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Finish:
    """How one request ended, with what there is to keep."""

    outcome: CrawlOutcome
    verdict: PageVerdict | None = None
    kept: Kept | None = None
    picture: KeptPicture | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """Everything one visit leaves: usually one finish; two where a redirect led to a page of its own."""

    crawl: TargetCrawl
    finishes: tuple[Finish, ...]
    links: tuple[CrawlRequest, ...] = ()
    ending: Ending | None = None
    """How the request itself ended, where it brought nothing: says whether another try may end better."""


class Recorder:
    """The only user of the ledger and of the WARC file; both live in its thread."""

    def __init__(
        self,
        ledger: CrawlLedger,
        warc: WarcWriter,
        written: Callable[[Report, Sequence[CrawlRequest]], None],
    ) -> None:
        self._ledger = ledger
        self._warc = warc
        self._written = written
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        self._reports: list[Report] = []
        self._wake = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> asyncio.Task[None]:
        """Begin to write; the task ends with :meth:`close`, or with the error that made writing impossible."""
        self._task = asyncio.create_task(self._run())
        return self._task

    def put(self, report: Report) -> None:
        """Have a visit written soon."""
        self._reports.append(report)
        self._schedule()

    def hurry(self) -> None:
        """Nothing else is going on: write what there is."""
        if self._reports:
            self._wake.set()

    async def ask(self, question: Callable[..., T], *arguments: Any) -> T:
        """Call a method of the ledger in its thread, between two batches."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, question, *arguments)

    async def plan(self, requests: Sequence[CrawlRequest]) -> list[CrawlRequest]:
        """Plan at once; returns those that were not planned yet."""
        return await self.ask(self._ledger.plan, requests)

    async def close(self) -> None:
        """Write what is left, close the WARC file and end the thread."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await asyncio.wait([self._task])
        try:
            await self.ask(self._warc.close)
        finally:
            await asyncio.to_thread(self._thread.shutdown)

    def _schedule(self) -> None:
        if len(self._reports) >= BATCH or self._closing:
            self._wake.set()
        elif self._reports and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(LINGER, self._wake.set)

    async def _run(self) -> None:
        while self._reports or not self._closing:
            await self._wake.wait()
            self._wake.clear()
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            batch, self._reports = self._reports[:BATCH], self._reports[BATCH:]
            if batch:
                planned = await self.ask(self._write, batch)
                for report in batch:
                    self._written(report, planned.pop(report.crawl.target.id, ()))
            self._schedule()

    def _write(self, reports: Sequence[Report]) -> dict[int, list[CrawlRequest]]:
        planned: dict[int, list[CrawlRequest]] = {}
        walked = [link for report in reports if report.crawl.navigation is None for link in report.links]
        listed = [link for report in reports if report.crawl.navigation is not None for link in report.links]
        for request in (
            *(self._ledger.plan_due(walked) if walked else ()),
            *(self._ledger.plan_new(listed) if listed else ()),
        ):
            planned.setdefault(request.target_id, []).append(request)
        visits = [self._visit(finish) for report in reports for finish in report.finishes]
        self._warc.sync()
        self._ledger.record(visits)
        return planned

    def _visit(self, finish: Finish) -> PageVisit:
        kept = finish.kept
        if finish.picture is not None:
            return self._picture_visit(finish, finish.picture)
        if kept is None:
            return PageVisit(finish.outcome, finish.verdict)
        ref = self._warc.write(kept.exchanges)
        last = kept.exchanges[-1]
        snapshot = PageSnapshot(
            url=finish.outcome.request.url,
            final_url=last.url,
            fetched_at=last.fetched_at,
            status=last.status,
            content_type=last.header("Content-Type"),
            sha256=kept.sha256,
            size=len(last.body),
            warc=ref,
            text_sha256=kept.text_sha256,
            redirects=tuple(exchange.url for exchange in kept.exchanges[:-1]),
            etag=last.header("ETag"),
            last_modified=last.header("Last-Modified"),
            ip_address=last.ip_address,
        )
        return PageVisit(finish.outcome, finish.verdict, snapshot, kept.documents, self._captures(kept, ref))

    def _picture_visit(self, finish: Finish, found: KeptPicture) -> PageVisit:
        picture = captures.keep_picture(self._warc, found.url, found.exchanges, found.width, found.height)
        return PageVisit(finish.outcome, finish.verdict, captures=(picture,), captures_of=found.snapshot_ids)

    def _captures(self, kept: Kept, page: WarcRef) -> tuple[Capture, ...]:
        """What was made of the page; what must not be kept as evidence is left out, and taken again by a later step."""
        found = []
        for resource in kept.resources:
            try:
                found.append(captures.keep(self._warc, resource, page))
            except EvidenceDamaged as error:
                logger.warning("%s", error)
        return tuple(found)
