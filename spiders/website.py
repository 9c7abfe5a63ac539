"""网站: patrols web sites, from one target on a command line to all targets of a day.

``scrapy crawl website -a url=https://example.com/ -O pages.jsonl`` crawls one site with nothing set up: the ledger is in
memory, evidence goes to ./var/evidence, documents come out as items. Networks that are not public may be fetched where
``-s ALLOW_NETWORKS=…`` or the environment's ``ZHENGXUN_ALLOW_NETWORKS`` names them. Jobs give a session instead
(:func:`crawler.run`), which holds the targets, the ledger and what reads the pages.

The spider yields no requests: each planned request is followed from the gate to its outcome by
:class:`crawler.patrol.Patrol`, which uses this crawler's engine for the transfers.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import scrapy
from scrapy import signals
from scrapy.crawler import Crawler

from crawler.address_guard import AddressGuard
from crawler.addresses import canonical, host_key
from crawler.analysis_worker import extract_only
from crawler.job import CrawlJob, Crew, Work, utc_now
from crawler.memory_ledger import MemoryLedger
from crawler.navigation import Navigation
from crawler.recorder import Report
from crawler.settings import CrawlSettings, Progress
from domain.errors import BadTarget, ZhengxunError
from domain.target import Budget, Scope, Target, TargetKind
from spiders.platforms import NAVIGATION


class Session(Protocol):
    """Who asked for the crawl and hears of it."""

    def assemble(self, crawler: Crawler, navigation: Mapping[TargetKind, Navigation]) -> Work:
        """The parts that do the work, made in the engine's event loop."""
        ...

    def begun(self, crew: Work) -> None:
        """The parts are put together; from now on the crawl can be stopped."""
        ...

    def report(self, progress: Progress, report: Report | None) -> None:
        """Something happened; called in the event loop."""
        ...

    def ended(self, result: bool | BaseException) -> None:
        """The crawl is over."""
        ...


class WebsiteSpider(scrapy.Spider):
    """See the module's text."""

    name = "website"

    def __init__(
        self,
        session: Session | None = None,
        url: str | None = None,
        max_pages: str = "100",
        max_depth: str = "8",
        **arguments: Any,
    ) -> None:
        super().__init__(**arguments)
        self._items: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._arguments = (url, max_pages, max_depth)
        self.session = session
        self._crew: Work | None = None
        self._work: asyncio.Task[None] | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> WebsiteSpider:
        """As Scrapy does, and keep the engine open until the crawl's books are closed."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        if spider.session is None:
            try:
                spider.session = _Standalone(*spider._arguments, crawler, spider._items)
            except ZhengxunError as error:
                spider.logger.error("%s", error)
        crawler.signals.connect(spider._wind_up, signal=signals.spider_closed)
        return spider

    async def start(self) -> AsyncIterator[Any]:
        """Crawl; yields documents where they are asked for as items."""
        if self.session is None:
            return
        self._work = asyncio.create_task(self._patrol())
        try:
            while (item := await self._items.get()) is not None:
                yield item
        finally:
            if self._crew is not None:
                self._crew.stop()

    async def _patrol(self) -> None:
        assert self.session is not None
        try:
            self._crew = self.session.assemble(self.crawler, NAVIGATION)
            self.session.begun(self._crew)
            self.session.ended(await self._crew.run())
        except Exception as error:
            self.session.ended(error)
        finally:
            self._items.put_nowait(None)

    async def _wind_up(self) -> None:
        if self._work is not None:
            await self._work
        if self.session is None:
            # Scrapy's only way to an exit status of 1: it takes a crawler without a spider for one that never started.
            # Raising from from_crawler would do too, but prints a traceback.
            self.crawler.spider = None


class _Standalone:
    """The session of ``scrapy crawl``: one site, nothing kept but evidence and items."""

    def __init__(
        self, url: str | None, max_pages: str, max_depth: str, crawler: Crawler, items: asyncio.Queue[Any]
    ) -> None:
        address = canonical(url or "")
        if address is None:
            raise BadTarget(f"没有可采集的地址“{url or ''}”；请写 scrapy crawl website -a url=https://…。")
        settings = crawler.settings
        networks = tuple(settings.getlist("ALLOW_NETWORKS"))
        AddressGuard(networks).check(address)
        target = Target(
            id=1,
            name=address,
            url=address,
            kind=TargetKind.WEBSITE,
            schedule="0 6 * * *",
            scope=Scope(hosts=(host_key(address),)),
            budget=Budget(max_pages=_number("max_pages", max_pages), max_depth=_number("max_depth", max_depth)),
        )
        self._items = items
        self._logger = crawler
        self.job = CrawlJob(
            targets=[target],
            ledger=MemoryLedger(utc_now),
            analyse=extract_only,
            settings=CrawlSettings(
                evidence_folder=Path(settings.get("EVIDENCE_FOLDER", "var/evidence")),
                delay=settings.getfloat("CRAWL_DELAY", 1.0),
                concurrency=settings.getint("CONCURRENT_REQUESTS"),
                allow_networks=networks,
            ),
            run_id=1,
        )

    def assemble(self, crawler: Crawler, navigation: Mapping[TargetKind, Navigation]) -> Work:
        """A crawl's parts."""
        return Crew(self.job, crawler, self.report, navigation)

    def begun(self, crew: Work) -> None:
        """Nothing to keep: Scrapy's own signals stop the spider."""

    def report(self, progress: Progress, report: Report | None) -> None:
        """Documents that were kept become items; requests that failed become items that say so."""
        for finish in report.finishes if report is not None else ():
            outcome = finish.outcome
            if finish.kept is None:
                self._items.put_nowait(
                    {"url": outcome.request.url, "outcome": outcome.outcome.value, "reason": outcome.reason}
                )
                continue
            for judged in finish.kept.documents:
                item = asdict(judged.document)
                item["outcome"] = outcome.outcome.value
                self._items.put_nowait(item)

    def ended(self, result: bool | BaseException) -> None:
        """An error of the crawl is the spider's error."""
        if isinstance(result, BaseException):
            raise result


def _number(name: str, text: str) -> int:
    if not text.isdecimal():
        raise BadTarget(f"参数 {name} 的值“{text}”不是整数。")
    return int(text)
