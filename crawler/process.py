"""Runs crawl jobs in this process: one reactor in a thread of its own for the life of the process, one job at a time.

A Twisted reactor cannot be started twice, and jobs come again and again (``serve``, ``demo``); and two crawls at once
would not know of each other's hosts. So the reactor keeps running between jobs, and a second job at once is refused.
"""

from __future__ import annotations

import asyncio
import atexit
import gc
import queue
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from crawler.settings import CrawlSettings, Progress
from domain.errors import LockHeld
from domain.ports import Analyse, Clock, CrawlLedger
from domain.target import Target, TargetKind

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from crawler.job import CrawlJob, Work
    from crawler.navigation import Navigation
    from crawler.photographs import PhotographJob
    from crawler.recorder import Report

_one_at_a_time = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None


class StopRequest(threading.Event):
    """The wish that a crawl ends early, and the signal that brought it."""

    signal: int | None = None
    """None: no signal, :meth:`set` was called."""
    no_room: str | None = None
    """Why there is no room for more, as a Chinese sentence; None where that is not the reason."""


def run(
    targets: Iterable[Target],
    ledger: CrawlLedger,
    analyse: Analyse,
    settings: CrawlSettings,
    run_id: int,
    *,
    progress: Callable[[Progress], None] | None = None,
    clock: Clock | None = None,
    warm_up: Callable[[], None] | None = None,
    stop: StopRequest | None = None,
) -> bool:
    """Crawl ``targets`` and return when every planned request has its outcome in ``ledger``.

    True when all was done; False when it was stopped (SIGINT, SIGTERM in the main thread, or ``stop`` set): requests
    under way are then finished and written, the rest stays pending, and the same ``run_id`` goes on with it.
    ``progress`` is called in the calling thread. The ledger is used from one other thread at a time. Raises
    :class:`LockHeld` where this process crawls already, and whatever the ledger or the disk raises.
    """
    from crawler.job import CrawlJob, utc_now

    if not _one_at_a_time.acquire(blocking=False):
        raise LockHeld("本进程正在进行另一次采集；请等它结束后再试。")
    try:
        loop = _reactor_loop()
        job = CrawlJob(targets, ledger, analyse, settings, run_id, clock or utc_now, warm_up)
        return _Session(job, loop, stop).follow(progress)
    finally:
        _one_at_a_time.release()


def photograph(job: PhotographJob, stop: StopRequest | None = None) -> bool:
    """Take screenshots of kept versions; as :func:`run`, with the same engine and never beside another job."""
    if not _one_at_a_time.acquire(blocking=False):
        raise LockHeld("本进程正在进行另一次采集；请等它结束后再试。")
    try:
        return _Session(job, _reactor_loop(), stop).follow(None)
    finally:
        _one_at_a_time.release()


def dismiss_workers() -> None:
    """End analysis workers that were kept for the next crawl; a process that kept some does not end without it."""
    from crawler import standing_workers

    if _loop is not None:
        asyncio.run_coroutine_threadsafe(standing_workers.dismiss(), _loop).result()


class _Session:
    """One job seen from the thread that asked for it."""

    def __init__(
        self, job: CrawlJob | PhotographJob, loop: asyncio.AbstractEventLoop, stop: StopRequest | None
    ) -> None:
        self._job = job
        self._loop = loop
        self._asked_to_stop = stop or StopRequest()
        self._told = False
        self._news: queue.SimpleQueue[Progress | None] = queue.SimpleQueue()
        self._crew: Work | None = None
        self._result: bool | BaseException = False

    def follow(self, progress: Callable[[Progress], None] | None) -> bool:
        """Start the job and return its result; ``progress`` is called in this thread."""
        future = asyncio.run_coroutine_threadsafe(self._crawl(), self._loop)
        future.add_done_callback(lambda _: self._news.put(None))
        try:
            with signals_stop(self._asked_to_stop):
                self._tell(progress)
        except Exception:  # of the caller's own progress: the crawl must not go on without him
            self._loop.call_soon_threadsafe(self._stop)
            wait([future])
            raise
        return future.result()

    def _tell(self, progress: Callable[[Progress], None] | None) -> None:
        """Pass on news and the wish to stop until the crawl is over."""
        while True:
            news = self._next_news()
            if self._asked_to_stop.is_set() and not self._told:
                self._told = True
                self._loop.call_soon_threadsafe(self._stop)
            if news is None:
                return
            if news is not _NOTHING and progress is not None:
                progress(news)

    def _next_news(self) -> Any:
        try:
            return self._news.get(timeout=0.1)
        except queue.Empty:
            return _NOTHING

    def _stop(self) -> None:
        if self._crew is not None:
            self._crew.stop()

    async def _crawl(self) -> bool:
        from scrapy.crawler import AsyncCrawlerRunner
        from scrapy.settings import Settings

        settings = Settings()
        settings.setmodule("crawler.scrapy_settings", priority="project")
        # Counting every signal costs as much as some middlewares; outcomes are counted in the ledger.
        settings.set("EXTENSIONS_BASE", {}, priority="cmdline")
        settings.set("STATS_CLASS", "scrapy.statscollectors.DummyStatsCollector", priority="cmdline")
        settings.set("CONCURRENT_REQUESTS", self._job.settings.concurrency, priority="cmdline")
        runner = AsyncCrawlerRunner(settings)
        with _rare_collections():
            await runner.crawl("website", session=self)
        if isinstance(self._result, BaseException):
            raise self._result
        return self._result

    # What the spider asks of a session

    def assemble(self, crawler: Crawler, navigation: Mapping[TargetKind, Navigation]) -> Work:
        """The parts that do the job."""
        from crawler.job import CrawlJob, Crew
        from crawler.photographs import PhotographCrew

        if isinstance(self._job, CrawlJob):
            return Crew(self._job, crawler, self.report, navigation)
        return PhotographCrew(self._job, crawler)

    def begun(self, crew: Work) -> None:
        """The spider has put the parts together."""
        self._crew = crew
        if self._asked_to_stop.is_set():
            crew.stop()

    def ended(self, result: bool | BaseException) -> None:
        """The crawl is over: done, stopped, or failed."""
        self._result = result

    def report(self, progress: Progress, report: Report | None) -> None:
        """Something happened."""
        self._news.put(progress)


_NOTHING = object()


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Spare Python's cycle collector the libraries' objects and look less often: it took a tenth of the engine's time.

    Values of a crawl hold no cycles; memory stays flat without it (benchmarks/crawl, ``--memory``).
    """
    usual = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()


@contextmanager
def signals_stop(stop: StopRequest) -> Iterator[None]:
    """While it holds, the first SIGINT or SIGTERM sets ``stop``; a second one acts as it did before."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before: dict[int, Any] = {}

    def first(number: int, frame: Any) -> None:
        stop.signal = number
        stop.set()
        signal.signal(number, before[number])

    for number in (signal.SIGINT, signal.SIGTERM):
        before[number] = signal.signal(number, first)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _reactor_loop() -> asyncio.AbstractEventLoop:
    """The event loop of the running reactor; starts it in a thread at the first call."""
    global _loop
    if _loop is not None:
        return _loop
    from scrapy.utils.reactor import is_reactor_installed

    if is_reactor_installed():
        raise RuntimeError("another Twisted reactor runs in this process; crawl jobs need their own process")
    from twisted.internet import asyncioreactor

    loop = asyncio.new_event_loop()
    asyncioreactor.install(loop)
    from twisted.internet import reactor

    from crawler.address_guard import AddressGuard
    from crawler.resolver import GuardedResolver

    GuardedResolver(reactor, AddressGuard()).install_on_reactor()
    running = threading.Event()

    def serve() -> None:
        asyncio.set_event_loop(loop)
        reactor.callWhenRunning(running.set)  # type: ignore[attr-defined]  # the module is typed, not the reactor
        reactor.run(installSignalHandlers=False)  # type: ignore[attr-defined]  # the same

    thread = threading.Thread(target=serve, name="reactor", daemon=True)
    thread.start()
    running.wait()

    def end() -> None:
        reactor.callFromThread(reactor.stop)  # type: ignore[attr-defined]  # the same
        thread.join(timeout=5)
        if not thread.is_alive():
            loop.close()

    atexit.register(end)
    _loop = loop
    return loop
