"""Screenshots of kept page versions: of the page as it stands, where it still says what was kept, else from the archive.

A job of its own for the engine of :mod:`crawler.process`: the page is asked for with the same guard, robots.txt and
politeness as in a crawl, shown with its pictures, and read. Only where it reads as the kept version does is the picture
one of the live page; otherwise the kept bytes are shown without any network, and a bar in the picture says so.
"""

from __future__ import annotations

import asyncio
import html
import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from crawler.address_guard import AddressGuard
from crawler.addresses import canonical
from crawler.analysis_pool import AnalysisPool, ReadingTooSlow, WorkerDied
from crawler.analysis_worker import Reading
from crawler.browser.chromium import BrowserGivenUp, BrowserLost, BrowserMissing, Chromium
from crawler.browser.showing import Screen, Screenshot, ShowFailed, Shown, Subject
from crawler.browser.supply import Supply
from crawler.decoding import BadCoding, TooLarge, decode_body
from crawler.exchange import Exchange
from crawler.extract.encoding import decode
from crawler.fetch import Fetcher, host_of
from crawler.job import installed_resolver
from crawler.logins import Logins
from crawler.politeness import Politeness
from crawler.robots import RobotsBook
from crawler.settings import CrawlSettings
from crawler.verdicts import FetchProblem
from domain.crawl import FetchedPage
from domain.document import PageVerdict
from domain.evidence import UncapturedPage
from domain.ports import Analyse, Clock
from domain.target import TargetKind

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

_SHANGHAI = ZoneInfo("Asia/Shanghai")
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_HOPS = 5
_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
_BAR = (
    '<div style="all:initial;display:block;background:#fff3cd;border-bottom:2px solid #b8860b;color:#000;padding:8px 12px;'
    'font:14px/1.6 sans-serif">由存档还原，不是实时页面　{url}<br>采集于 {at}（北京时间）　快照 {snapshot}　SHA-256 {sha256}</div>'
)


@dataclass(frozen=True, slots=True)
class Original:
    """A kept version to be photographed."""

    page: UncapturedPage
    content_type: str | None
    body: bytes
    """As it was read: the answer's entity after decompression, or the document that a browser had made of it."""
    sha256: str
    """Hex SHA-256 of the kept answer."""
    rendered: bool


@dataclass(frozen=True, slots=True)
class Photograph:
    """What came of one page: a screenshot, or why there is none."""

    original: Original
    screenshot: Screenshot | None
    restored: bool = False
    """Made of the kept bytes, without network."""
    note: str | None = None
    """Chinese: why the live page was not photographed, or nothing was."""


@dataclass(frozen=True, slots=True)
class PhotographJob:
    """What to photograph; ``deliver`` is called in a thread, one photograph at a time."""

    originals: Sequence[Original]
    analyse: Analyse
    settings: CrawlSettings
    clock: Clock
    deliver: Callable[[Photograph], None]
    warm_up: Callable[[], None] | None = None
    seconds: float = 600.0
    """Time for the whole job; no further page is begun afterwards."""


class PhotographCrew:
    """The parts of a running job; made and used in the reactor's event loop."""

    def __init__(self, job: PhotographJob, crawler: Crawler) -> None:
        settings = job.settings
        self._job = job
        resolver = installed_resolver()
        resolver.serve(AddressGuard(settings.allow_networks), settings.lookup)
        self._politeness = politeness = Politeness(settings.delay, settings.longest_wait, settings.turns)
        guard = AddressGuard(settings.allow_networks)
        self._fetcher = Fetcher(crawler, settings, guard, politeness, resolver, job.clock)
        self._robots = RobotsBook(self._fetcher, politeness, settings)
        self._supply = Supply(self._fetcher, self._robots, settings)
        self._logins = Logins(settings.logins)
        self._chromium = Chromium(settings.browser_restarts)
        self._live = self._screen(self._supply)
        self._offline = self._screen(None)
        self._pool = AnalysisPool(job.analyse, workers=1, seconds=settings.analysis_seconds, warm_up=job.warm_up)
        self._delivering = asyncio.Lock()
        self._stopped = False
        self._given_up = False

    def _screen(self, supply: Supply | None) -> Screen:
        settings = self._job.settings
        return Screen(
            self._chromium,
            supply,
            settings.user_agent,
            pages=settings.browser_pages,
            seconds=settings.browser_seconds,
            stall=settings.browser_stall,
        )

    def stop(self) -> None:
        """Begin no further page."""
        self._stopped = True

    async def run(self) -> bool:
        """Photograph all pages (True), or those there was time for (False)."""
        until = asyncio.get_running_loop().time() + self._job.seconds
        by_host: dict[str, list[Original]] = {}
        for original in self._job.originals:
            by_host.setdefault(host_of(original.page.url), []).append(original)
        places = asyncio.Semaphore(max(2, 2 * self._job.settings.browser_pages))

        async def of_host(originals: Sequence[Original]) -> bool:
            for original in originals:
                async with places:
                    if self._stopped or self._given_up or asyncio.get_running_loop().time() > until:
                        return False
                    photograph = await self._photograph(original)
                async with self._delivering:
                    await asyncio.to_thread(self._job.deliver, photograph)
            return True

        try:
            return all(await asyncio.gather(*(of_host(originals) for originals in by_host.values())))
        finally:
            await self._supply.close()
            await self._chromium.close()
            await self._pool.close()
            await self._politeness.close()

    async def _photograph(self, original: Original) -> Photograph:
        try:
            shown, note = await self._of_the_live_page(original)
            if shown is not None:
                return Photograph(original, shown.screenshot)
            shown = await self._offline.show(_archived(original), picture=True)
            return Photograph(original, shown.screenshot, restored=True, note=note)
        except ShowFailed as failure:
            return Photograph(original, None, note=f"浏览器未能显示该页面（{failure.reason}），未截图")
        except BrowserLost:
            return Photograph(original, None, note="浏览器异常退出，未截图")
        except (BrowserGivenUp, BrowserMissing):
            self._given_up = True
            return Photograph(original, None, note="浏览器无法使用，未截图")

    async def _of_the_live_page(self, original: Original) -> tuple[Shown | None, str]:
        """The page as it stands, where it says what was kept; else None and why."""
        try:
            answer = await self._fetch(original.page.url)
            body = decode_body(answer.body, answer.header("Content-Encoding"), limit=self._job.settings.max_decoded)
        except FetchProblem as problem:
            return None, f"页面现在无法读取，未截实时画面：{problem.ending.detail or problem.ending.reason}"
        except (TooLarge, BadCoding):
            return None, "页面现在无法读取，未截实时画面"
        if answer.status != 200:
            return None, f"页面现在答复 HTTP {answer.status}，未截实时画面"
        fragment = original.page.url.partition("#")[2]
        url = answer.url + (f"#{fragment}" if fragment else "")
        if not original.rendered and not await self._says_the_same(original, answer.header("Content-Type"), body):
            return None, "页面已变化，未截图"
        try:
            login = self._logins.of(url, TargetKind.INTAKE)
            shown = await self._live.show(Subject(url, answer, body, login=login), picture=True)
        except ShowFailed as failure:
            return None, f"浏览器未能显示实时页面（{failure.reason}）"
        if original.rendered and not await self._says_the_same(original, "text/html; charset=utf-8", shown.html):
            return None, "页面已变化，未截图"
        return shown, ""

    async def _fetch(self, url: str) -> Exchange:
        for _ in range(_MAX_HOPS + 1):
            ending = (await self._robots.of(url)).ending_for(url, self._job.settings.robots_token)
            if ending is not None:
                raise FetchProblem(ending)
            # Only pages that were kept are asked for: as with an address that was handed in, any platform's login may go.
            exchange = await self._fetcher.get(url, login=self._logins.of(url, TargetKind.INTAKE))
            location = exchange.header("Location")
            following = canonical(location, url) if exchange.status in _REDIRECTS and location else None
            if following is None:
                return exchange
            url = following
        return exchange

    async def _says_the_same(self, original: Original, content_type: str | None, body: bytes) -> bool:
        page = FetchedPage(
            original.page.url, original.page.final_url, 200, content_type, body, rendered=original.rendered
        )
        reading = Reading(page, None, self._job.settings.max_decoded)
        try:
            finished = await self._pool.read(reading)
        except (WorkerDied, ReadingTooSlow):
            return False
        analysis = finished.analysis
        return (
            analysis is not None
            and analysis.extraction.verdict is PageVerdict.OK
            and analysis.text_sha256 == original.page.text_sha256
        )


def _archived(original: Original) -> Subject:
    """The kept version with a bar on top that says what it is; its scripts do not run."""
    page = original.page
    text, _ = decode(original.body, original.content_type)
    bar = _BAR.format(
        url=html.escape(page.url),
        at=page.fetched_at.astimezone(_SHANGHAI).strftime("%Y-%m-%d %H:%M:%S"),
        snapshot=page.snapshot_id,
        sha256=original.sha256,
    )
    opened = _BODY.search(text)
    place = opened.end() if opened else 0
    body = (text[:place] + bar + text[place:]).encode("utf-8", "replace")
    headers = (
        (b"Content-Type", b"text/html; charset=utf-8"),
        (b"Content-Security-Policy", b"script-src 'none'"),
    )
    url = page.final_url if page.final_url.startswith(("http://", "https://")) else page.url
    answer = Exchange(url, 200, headers, body, (), page.fetched_at)
    return Subject(url, answer, body)
