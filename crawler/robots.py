"""robots.txt as RFC 9309 has it, asked once per origin and run.

Scrapy's own middleware lets requests through unchecked when several wait for the same robots.txt (2.19.0), takes an
unreachable one for permission and ignores Crawl-delay; so the gate is here, before any transfer.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass
from urllib.parse import urlsplit

from protego import Protego

from crawler import verdicts
from crawler.addresses import canonical
from crawler.decoding import BadCoding, TooLarge, decode_body
from crawler.exchange import Exchange
from crawler.fetch import Fetcher, host_of, retry_after
from crawler.politeness import Politeness
from crawler.settings import CrawlSettings
from crawler.verdicts import Ending, FetchProblem
from domain.crawl import Outcome

logger = logging.getLogger(__name__)

#: RFC 9309, 2.5: parse at least 500 kibibytes; what follows is not read.
_READ = 500 * 1024
#: RFC 9309, 2.3.1.2: at least five consecutive redirects.
_REDIRECTS = 5
#: Origins whose rules are kept; the least recently used ones are read again when they come back.
_REMEMBERED = 2_000


@dataclass(frozen=True, slots=True)
class Robots:
    """What a host's robots.txt says to us; ``refusal`` where nothing of it may be fetched."""

    rules: Protego | None = None
    refusal: Ending | None = None
    sitemaps: tuple[str, ...] = ()

    def ending_for(self, url: str, token: str) -> Ending | None:
        """How a request for ``url`` ends without being made, or None where it may be made."""
        if self.refusal is not None:
            return self.refusal
        if self.rules is None or self.rules.can_fetch(url, token):
            return None
        return verdicts.ROBOTS


class RobotsBook:
    """Rules per origin (scheme, host, port): read once, however many requests wait for them."""

    def __init__(self, fetcher: Fetcher, politeness: Politeness, settings: CrawlSettings) -> None:
        self._fetcher = fetcher
        self._politeness = politeness
        self._settings = settings
        self._readings: OrderedDict[str, asyncio.Task[Robots]] = OrderedDict()

    async def of(self, url: str) -> Robots:
        """Rules that hold for ``url``; its Crawl-delay is applied to the host."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        reading = self._readings.get(origin)
        if reading is None:
            # A task, not a Deferred: any number of waiters get the same result, and one that is cancelled takes
            # nothing from the others.
            reading = self._readings[origin] = asyncio.create_task(self._read(origin))
            if len(self._readings) > _REMEMBERED:
                self._forget()
        else:
            self._readings.move_to_end(origin)
        return await asyncio.shield(reading)

    def _forget(self) -> None:
        for origin in list(self._readings)[: _REMEMBERED // 4]:
            if self._readings[origin].done():
                del self._readings[origin]

    async def _read(self, origin: str) -> Robots:
        try:
            exchange = await self._ask(origin)
        except FetchProblem as problem:
            # The host did not answer at all: its pages end as they would have, without another try each.
            return Robots(refusal=problem.ending)
        if exchange is None or (400 <= exchange.status < 500 and exchange.status != 429):
            return Robots()  # unavailable: everything may be fetched (2.3.1.3)
        if not 200 <= exchange.status < 300:
            return Robots(refusal=verdicts.ROBOTS_UNREACHABLE)  # server error: nothing may (2.3.1.4)
        try:
            body = decode_body(exchange.body, exchange.header("Content-Encoding"), limit=self._settings.max_decoded)
        except (TooLarge, BadCoding):
            return Robots(refusal=verdicts.ROBOTS_UNREACHABLE)
        return self._understand(origin, body)

    def _understand(self, origin: str, body: bytes) -> Robots:
        if len(body) > _READ:
            body = body[:_READ].rpartition(b"\n")[0]
        try:
            rules = Protego.parse(body.decode("utf-8-sig", errors="replace"))
            delay = rules.crawl_delay(self._settings.robots_token)
            sitemaps = tuple(rules.sitemaps)
        except Exception:
            logger.warning("robots.txt of %s could not be parsed; nothing of it is fetched", origin, exc_info=True)
            return Robots(refusal=verdicts.ROBOTS_UNREACHABLE)
        if delay is not None and delay > 0:
            self._politeness.slow_down(host_of(origin + "/"), float(delay))
        return Robots(rules=rules, sitemaps=sitemaps)

    async def _ask(self, origin: str) -> Exchange | None:
        """The answer after redirects; None where there are too many (then it counts as unavailable, 2.3.1.2)."""
        url = origin + "/robots.txt"
        for _ in range(_REDIRECTS + 1):
            exchange = await self._ask_again(url)
            location = exchange.header("Location")
            if exchange.status not in (301, 302, 303, 307, 308) or not location:
                return exchange
            following = canonical(location, url)
            if following is None:
                return None
            url = following
        return None

    async def _ask_again(self, url: str) -> Exchange:
        """Ask until there is an answer that will not be better a moment later, within the settings' retries."""
        wait = self._settings.retry_wait
        for attempt in range(self._settings.retries + 1):
            last = attempt == self._settings.retries
            try:
                exchange = await self._fetcher.get(url)
            except FetchProblem as problem:
                if last or not problem.ending.retry:
                    raise
            else:
                if last or (exchange.status < 500 and exchange.status != 429):
                    return exchange
                wait = max(wait, retry_after(exchange))
            self._politeness.hold_off(host_of(url), wait)
            wait *= 2
        raise FetchProblem(Ending(Outcome.FAILED, "connection", "网站的 robots.txt 未能读取。"))
