"""A run over many targets: starts what may start, never more, and sees that each planned request gets its outcome.

Scrapy's engine transfers; its scheduler and callbacks are not used, because a request here is one coroutine from the
gate to the ledger: whatever happens to it, its end is in one place, and a killed run finds the rest in the ledger.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

from crawler import promise, verdicts
from crawler.addresses import address_pattern, canonical
from crawler.analysis_pool import AnalysisPool, WorkersUnusable
from crawler.fetch import Fetcher
from crawler.frontier import Frontier
from crawler.landing import Approach, Landing
from crawler.logins import Logins
from crawler.navigation import Navigation
from crawler.politeness import Politeness, TurnsLost
from crawler.recorder import Recorder, Report
from crawler.rendering import Renderer
from crawler.robots import RobotsBook
from crawler.settings import CrawlSettings, Progress
from crawler.sitemap_reading import SitemapReader
from crawler.target_crawl import IN_HAND, LOW, TargetCrawl, mark_of
from crawler.verdicts import Ending
from crawler.visit import Visitor
from crawler.warc import WarcWriter
from domain.crawl import CrawlRequest, Outcome, Purpose
from domain.intake import is_fetchable
from domain.ports import Clock, CrawlLedger
from domain.target import Target, TargetKind

logger = logging.getLogger(__name__)

#: Targets in memory at a time, per transfer that may be under way: enough that hosts in their pause do not stop others.
_TARGETS_PER_TRANSFER = 8
#: Visits under way per transfer: some wait for a host's pause between robots.txt, redirect and page.
_VISITS_PER_TRANSFER = 4
#: Pages that may wait for the browser beside the others; with more the crawl waits for it, or memory would grow.
_SHOWN_ASIDE = 200
_TOO_MANY = 429


class Patrol:
    """One run. ``report`` is called in the event loop for every outcome and every target that begins or ends."""

    def __init__(
        self,
        targets: Iterator[Target],
        ledger: CrawlLedger,
        settings: CrawlSettings,
        run_id: int,
        clock: Clock,
        fetcher: Fetcher,
        politeness: Politeness,
        pool: AnalysisPool,
        report: Callable[[Progress, Report | None], None],
        navigations: Mapping[TargetKind, Navigation] = MappingProxyType({}),
    ) -> None:
        self._navigations = navigations
        self._targets = targets
        self._ledger = ledger
        self._settings = settings
        self._run_id = run_id
        self._clock = clock
        self._pool = pool
        self._politeness = politeness
        self._report = report
        self._warc = WarcWriter(settings.evidence_folder, run_id, settings.warc_size, clock, settings.about)
        self._recorder = Recorder(ledger, self._warc, self._written)
        self._robots = RobotsBook(fetcher, politeness, settings)
        self._renderer = Renderer(fetcher, self._robots, settings)
        logins = Logins(settings.logins)
        self._approach = Approach(fetcher, self._robots, logins, settings)
        self._visitor = Visitor(logins, pool, self._recorder, settings, clock, self._renderer)
        self._sitemaps = SitemapReader(fetcher, self._robots, self._recorder, settings, clock)
        self._frontier = Frontier(politeness)
        self._active: dict[int, TargetCrawl] = {}
        self._tasks: set[asyncio.Future[None]] = set()
        self._fetching = 0
        self._changed = asyncio.Event()
        self._all_started = False
        self._starting = 0
        self._stopping = False
        self._stopped = asyncio.Event()
        self._error: BaseException | None = None
        self._outcomes: Counter[str] = Counter()
        self._started = 0
        self._finished = 0

    def stop(self) -> None:
        """Begin no further request; those under way are finished and written, the rest stays pending."""
        self._stopping = True
        self._stopped.set()
        self._changed.set()

    async def run(self) -> bool:
        """Return True when every target is done, False when all is written after :meth:`stop`.

        Raises what made going on impossible (disk, database, workers that do not start).
        """
        writing = self._recorder.start()
        writing.add_done_callback(self._writing_ended)
        try:
            while self._error is None and not self._is_over():
                self._changed.clear()
                if not self._stopping:
                    self._start_targets()
                    self._start_visits()
                await self._wait()
        except Exception as error:
            self._error = self._error or error
        try:
            if self._error is not None:
                for task in self._tasks:
                    task.cancel()
            if self._tasks:
                await asyncio.wait(self._tasks)
        finally:
            await self._renderer.close()
            await self._recorder.close()
        if self._error is not None:
            raise self._error
        return self._all_started and not self._active

    def _is_over(self) -> bool:
        if self._stopping:
            return not self._tasks and not any(crawl.under_way for crawl in self._active.values())
        return self._all_started and not self._active and not self._tasks

    async def _wait(self) -> None:
        room = self._fetching < self._settings.concurrency * _VISITS_PER_TRANSFER
        timeout = self._frontier.wait(time.monotonic()) if room and not self._stopping and self._has_room() else None
        if not self._tasks:
            self._recorder.hurry()
        # At least every second: budgets of time end although nothing happens.
        wake = asyncio.get_running_loop().call_later(min(1.0, 1.0 if timeout is None else timeout), self._changed.set)
        await self._changed.wait()
        wake.cancel()

    def _has_room(self) -> bool:
        shown = min(self._renderer.waiting, _SHOWN_ASIDE)  # they wait for the browser, and must not make others wait
        return len(self._tasks) - shown < self._settings.concurrency * _VISITS_PER_TRANSFER + self._pool.room

    def _start_targets(self) -> None:
        most = max(16, self._settings.concurrency * _TARGETS_PER_TRANSFER)
        while not self._all_started and len(self._active) + self._starting < most:
            target = next(self._targets, None)
            if target is None:
                self._all_started = True
                return
            self._starting += 1
            self._spawn(self._begin(target))

    async def _begin(self, target: Target) -> None:
        try:
            navigation = self._navigation_of(target)
            first = [] if self._settings.planned_only else self._first_requests(target, navigation)
            done, pending = await self._recorder.ask(self._open_target, target, first, navigation is None)
        finally:
            self._starting -= 1
        crawl = TargetCrawl(target, self._settings.trap_pages, done, navigation)
        self._active[target.id] = crawl
        self._started += 1
        self._refilled(crawl, pending)
        self._report(self._progress(), None)
        if (
            self._settings.sitemaps
            and not self._settings.planned_only
            and target.kind is TargetKind.WEBSITE
            and pending
        ):
            crawl.under_way += 1  # the target is not done before its sitemaps are read
            self._spawn(self._read_sitemaps(crawl))
        self._settle(crawl)  # a resumed run may find nothing left to do for this target

    def _open_target(self, target: Target, first: Sequence[CrawlRequest], kept: bool) -> tuple[int, list[CrawlRequest]]:
        if first:
            self._ledger.plan(first)
        # Handed in, or looked at again: only what was planned. Of an account, old posts are not fetched again.
        if target.kind is not TargetKind.INTAKE and not self._settings.planned_only:
            self._ledger.plan_known(self._run_id, target.id, target.budget.max_pages, kept=kept)
        done = self._ledger.done_count(self._run_id, target.id)
        return done, self._ledger.pending(self._run_id, target.id, IN_HAND)

    def _navigation_of(self, target: Target) -> Navigation | None:
        """How the target's account is walked; None where its address is a site, a feed or a single post."""
        navigation = self._navigations.get(target.kind)
        return navigation if navigation is not None and navigation.lists(target.url) else None

    def _first_requests(self, target: Target, navigation: Navigation | None) -> list[CrawlRequest]:
        if target.kind is TargetKind.INTAKE:
            return []
        purpose = Purpose.FEED if target.kind is TargetKind.FEED else Purpose.PAGE
        written = navigation.lists(target.url) if navigation is not None else (target.url,)
        urls = [url for url in map(canonical, written) if url is not None]
        if not urls:
            logger.error("target %s has no address that can be fetched: %s", target.id, target.url)
        return [
            CrawlRequest(self._run_id, target.id, url, depth=0, priority=promise.START, purpose=purpose) for url in urls
        ]

    async def _read_sitemaps(self, crawl: TargetCrawl) -> None:
        try:
            links = await self._sitemaps.links(crawl, self._run_id)
            planned = await self._recorder.ask(self._ledger.plan_due, links) if links else []
            crawl.take_in(planned)
        finally:
            crawl.under_way -= 1
        self._settle(crawl)

    def _start_visits(self) -> None:
        now = time.monotonic()
        while self._fetching < self._settings.concurrency * _VISITS_PER_TRANSFER and self._has_room():
            found = self._frontier.next(now)
            if found is None:
                return
            crawl, request, attempt = found
            if not crawl.check_budget():
                crawl.ended(request)
                crawl.drop_all()
                self._frontier.release(request.host)
                self._settle(crawl)
                continue
            ending = self._unasked(crawl, request)
            crawl.under_way += 1
            if ending is not None:
                self._frontier.release(request.host)
                self._recorder.put(self._visitor.without_visit(crawl, request, ending))
                continue
            crawl.begin()
            crawl.pages += attempt == 0
            self._fetching += 1
            self._spawn(self._visit(crawl, request, attempt))
            if len(crawl) < LOW:
                self._refill(crawl)

    def _unasked(self, crawl: TargetCrawl, request: CrawlRequest) -> Ending | None:
        """How a request ends that is not made: no address of the web, too many clicks away, to a silent site, or a trap."""
        if not is_fetchable(request.url):
            return verdicts.NOT_HANDED_IN
        if crawl.is_silent:
            return verdicts.HOST_DOWN
        if request.depth > crawl.target.budget.max_depth and request.known is None:
            return verdicts.TOO_DEEP
        if crawl.is_trap(request):
            return verdicts.trap(address_pattern(request.url))
        return None

    async def _visit(self, crawl: TargetCrawl, request: CrawlRequest, attempt: int) -> None:
        landing = Landing(ending=verdicts.INTERNAL, canonical_url=request.url)
        try:
            try:
                landing = await self._approach.fetch(crawl, request)
            finally:
                self._fetching -= 1
                self._frontier.release(request.host)
                self._changed.set()
            crawl.bytes += landing.bytes_received
            if landing.leads_to is not None and self._waits(crawl, request, landing):
                return
            report = await self._visitor.conclude(crawl, request, landing)
        except (asyncio.CancelledError, WorkersUnusable, TurnsLost):
            raise
        except Exception:
            logger.exception("the visit of %s failed", request.url)
            report = self._visitor.without_visit(crawl, request, verdicts.INTERNAL)
        if self._try_again(crawl, request, attempt, report):
            return
        crawl.hear(report.ending)
        self._recorder.put(report)

    def _waits(self, crawl: TargetCrawl, request: CrawlRequest, landing: Landing) -> bool:
        """Whether the request's end depends on a page that has not ended yet."""
        assert landing.leads_to is not None
        ending = crawl.aliases.wait(request, mark_of(request.url), landing.leads_to, landing)
        if ending is not None:
            landing.ending = ending
            return False
        crawl.under_way -= 1
        self._settle(crawl)
        return True

    def _try_again(self, crawl: TargetCrawl, request: CrawlRequest, attempt: int, report: Report) -> bool:
        ending = report.ending
        if ending is None or not ending.retry or attempt >= self._settings.retries or self._stopping:
            return False
        wait = min(max(self._settings.retry_wait * 2**attempt, ending.retry_after), self._settings.longest_wait)
        if ending.retry_after or ending.status == _TOO_MANY:
            self._politeness.hold_off(request.host, wait)  # the host asks for quiet, not only this page
        self._spawn(self._later(crawl, request, attempt + 1, wait))
        return True

    async def _later(self, crawl: TargetCrawl, request: CrawlRequest, attempt: int, wait: float) -> None:
        """Offer a request again after its pause; other pages of the host go on meanwhile."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), wait)
        crawl.under_way -= 1
        crawl.take_in([request], attempt=attempt)
        self._settle(crawl)

    def _refill(self, crawl: TargetCrawl) -> None:
        if crawl.more and not crawl.refilling and crawl.exhausted is None:
            crawl.refilling = True
            self._spawn(self._fetch_pending(crawl))

    async def _fetch_pending(self, crawl: TargetCrawl) -> None:
        pending = await self._recorder.ask(self._ledger.pending, self._run_id, crawl.target.id, IN_HAND, crawl.excluded)
        crawl.refilling = False
        self._refilled(crawl, pending)
        self._settle(crawl)

    def _refilled(self, crawl: TargetCrawl, pending: Sequence[CrawlRequest]) -> None:
        crawl.more = len(pending) >= IN_HAND
        crawl.take_in(pending)
        self._frontier.offer(crawl)
        self._changed.set()

    def _written(self, report: Report, planned: Sequence[CrawlRequest]) -> None:
        """A visit is in the ledger: take in what it led to."""
        crawl = report.crawl
        crawl.under_way -= 1
        for finish in report.finishes:
            crawl.ended(finish.outcome.request)
            self._outcomes[finish.outcome.outcome.value] += 1
            self._end_aliases(crawl, crawl.aliases.note(mark_of(finish.outcome.request.url), finish.outcome))
        crawl.take_in(planned)
        self._report(self._progress(report), report)
        self._settle(crawl)

    def _end_aliases(self, crawl: TargetCrawl, waited: Sequence[tuple[CrawlRequest, Landing]]) -> None:
        for request, landing in waited:
            crawl.under_way += 1
            self._recorder.put(self._visitor.alias_of(crawl, request, landing))

    def _settle(self, crawl: TargetCrawl) -> None:
        """Something of the target changed: let it wait for its host, refill it, or finish it."""
        self._changed.set()
        if self._stopping:
            return
        self._frontier.offer(crawl)
        if len(crawl) == 0:
            self._refill(crawl)
        if crawl.under_way or crawl.refilling or len(crawl) or crawl.finishing:
            return
        if crawl.exhausted is not None or not crawl.more:
            waited = crawl.aliases.release()
            if waited:
                self._end_aliases(crawl, waited)
                return
            crawl.finishing = True
            self._spawn(self._finish(crawl))

    async def _finish(self, crawl: TargetCrawl) -> None:
        if crawl.exhausted is not None:
            reason, detail = crawl.exhausted
            deferred = await self._recorder.ask(self._ledger.defer_rest, self._run_id, crawl.target.id, reason, detail)
            if deferred:
                self._outcomes[Outcome.DEFERRED.value] += deferred
        elif await self._recorder.ask(self._ledger.pending_count, self._run_id, crawl.target.id):
            # Left behind by a visit that failed half-way: not lost, only not in hand.
            crawl.finishing = False
            crawl.let_go()
            self._refill(crawl)
            return
        del self._active[crawl.target.id]
        self._finished += 1
        self._report(self._progress(), None)
        self._changed.set()

    def _progress(self, report: Report | None = None) -> Progress:
        latest = report.finishes[0].outcome if report is not None else None
        return Progress(self._started, self._finished, dict(self._outcomes), latest)

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._task_ended)

    def _task_ended(self, task: asyncio.Future[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None and self._error is None:
            self._error = task.exception()
        self._changed.set()

    def _writing_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and task.exception() is not None and self._error is None:
            self._error = task.exception()
        self._changed.set()
