"""Sitemaps of a target: found through robots.txt or by their usual name, read within bounds, turned into requests.

They are no pages: no budget counts them. One that robots.txt names and that cannot be read gets an outcome of its own in
the ledger, because then pages may be missing from the run; the guess ``/sitemap.xml`` promised nothing to anyone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from urllib.parse import urlsplit

from crawler import promise, verdicts
from crawler.addresses import canonical
from crawler.exchange import Exchange
from crawler.fetch import Fetcher
from crawler.recorder import Finish, Recorder, Report
from crawler.robots import RobotsBook
from crawler.settings import CrawlSettings
from crawler.sitemap import Sitemap, read_sitemap
from crawler.target_crawl import TargetCrawl
from crawler.verdicts import Ending, FetchProblem
from domain.crawl import CrawlOutcome, CrawlRequest, Outcome, Purpose
from domain.document import SegmentKind
from domain.ports import Clock

logger = logging.getLogger(__name__)

#: Sitemap files read per target; an index may name thousands.
_FILES = 20
#: Redirects followed for one sitemap.
_REDIRECTS = 3
#: Addresses taken from sitemaps, as a multiple of the target's page budget: the best of them are asked for.
_SURPLUS = 10


class SitemapReader:
    """Reads the sitemaps of targets."""

    def __init__(
        self, fetcher: Fetcher, robots: RobotsBook, recorder: Recorder, settings: CrawlSettings, clock: Clock
    ) -> None:
        self._fetcher = fetcher
        self._robots = robots
        self._recorder = recorder
        self._settings = settings
        self._clock = clock

    async def links(self, crawl: TargetCrawl, run_id: int) -> list[CrawlRequest]:
        """Requests for the addresses in the target's sitemaps that are in scope and not planned from here yet."""
        target = crawl.target
        robots = await self._robots.of(target.url)
        if robots.refusal is not None and target.robots_override is None:
            return []  # the page's own request says why nothing of this host is fetched
        named = [url for text in robots.sitemaps if (url := canonical(text, target.url))]
        parts = urlsplit(target.url)
        waiting = [*dict.fromkeys(named), f"{parts.scheme}://{parts.netloc}/sitemap.xml"]
        asked: set[str] = set()
        found: dict[str, str] = {}
        most = target.budget.max_pages * _SURPLUS
        while waiting and len(asked) < _FILES and len(found) < most:
            url = waiting.pop(0)
            if url in asked:
                continue
            asked.add(url)
            sitemap = await self._read(crawl, run_id, url, named=url in named)
            for entry in sitemap.entries:
                address = canonical(entry.url, url)
                if address is None:
                    continue
                if entry.nested:
                    waiting.append(address)
                elif crawl.in_scope(address) and promise.is_page(address):
                    found.setdefault(address, entry.lastmod or "")
        if waiting:
            logger.warning("target %s: %d sitemap files were not read (limit %d)", target.id, len(waiting), _FILES)
        return self._requests(crawl, run_id, found, most)

    def _requests(self, crawl: TargetCrawl, run_id: int, found: dict[str, str], most: int) -> list[CrawlRequest]:
        requests = []
        newest_first = sorted(found, key=lambda url: found[url], reverse=True)
        for rank, address in enumerate(newest_first[:most]):
            if not crawl.is_new(address, 1):
                continue
            freshness = max(0, 10 - rank // 50) if found[address] else 0
            priority = promise.SITEMAP + freshness + promise.promise(address, "", SegmentKind.NAV, 1)
            requests.append(
                CrawlRequest(run_id, crawl.target.id, address, depth=1, priority=priority, via="sitemap.xml")
            )
        return requests

    async def _read(self, crawl: TargetCrawl, run_id: int, url: str, *, named: bool) -> Sitemap:
        try:
            exchange = await self._ask(crawl, url)
        except FetchProblem as problem:
            await self._note(crawl, run_id, url, problem.ending, named)
            return Sitemap(())
        ending = verdicts.of_status(exchange.status)
        if ending is not None:
            await self._note(crawl, run_id, url, ending, named)
            return Sitemap(())
        sitemap = await asyncio.to_thread(
            read_sitemap, exchange.body, exchange.header("Content-Encoding"), limit=self._settings.max_decoded
        )
        if sitemap.problem is not None:
            ending = Ending(Outcome.FAILED, "sitemap", sitemap.problem + "。", exchange.status)
            await self._note(crawl, run_id, url, ending, named)
        return sitemap

    async def _ask(self, crawl: TargetCrawl, url: str) -> Exchange:
        for _ in range(_REDIRECTS + 1):
            if not crawl.in_scope(url) and not self._same_site(crawl, url):
                raise FetchProblem(verdicts.out_of_scope(url))
            if crawl.target.robots_override is None:
                refusal = (await self._robots.of(url)).ending_for(url, self._settings.robots_token)
                if refusal is not None:
                    raise FetchProblem(refusal)
            exchange = await self._fetcher.get(url)
            location = exchange.header("Location")
            if exchange.status not in (301, 302, 303, 307, 308) or not location:
                return exchange
            following = canonical(location, url)
            if following is None:
                break
            url = following
        raise FetchProblem(verdicts.redirect_loop(url, _REDIRECTS))

    def _same_site(self, crawl: TargetCrawl, url: str) -> bool:
        """A target may be a part of a host (path prefix); the sitemap stands at its root nevertheless."""
        return urlsplit(url).netloc == urlsplit(crawl.target.url).netloc

    async def _note(self, crawl: TargetCrawl, run_id: int, url: str, ending: Ending, named: bool) -> None:
        if not named:
            logger.debug("%s is no sitemap: %s", url, ending.reason)
            return
        planned: Sequence[CrawlRequest] = await self._recorder.plan(
            [CrawlRequest(run_id, crawl.target.id, url, depth=0, priority=promise.START, purpose=Purpose.SITEMAP)]
        )
        for request in planned:
            outcome = CrawlOutcome(
                request=request,
                outcome=ending.outcome,
                at=self._clock(),
                status=ending.status,
                reason=ending.reason,
                detail=f"站点地图未能读取：{ending.detail}" if ending.detail else None,
            )
            crawl.under_way += 1  # given back when it is written
            self._recorder.put(Report(crawl, (Finish(outcome),)))
