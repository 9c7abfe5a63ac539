"""One planned request on its way to an answer: robots.txt, login, conditions, redirects hop by hop."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from urllib.parse import urljoin

from w3lib.url import safe_url_string

from crawler import rendering, verdicts
from crawler.addresses import canonical
from crawler.exchange import Exchange, Headers
from crawler.fetch import Fetcher
from crawler.logins import Logins
from crawler.robots import RobotsBook
from crawler.settings import CrawlSettings
from crawler.target_crawl import TargetCrawl, mark_of
from crawler.verdicts import Ending, FetchProblem
from domain.crawl import CrawlRequest, KnownVersion, Outcome, Purpose

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(slots=True)
class Landing:
    """Where a request's redirects ended: the answer to be read, or the ending there is instead."""

    hops: list[Exchange] = field(default_factory=list)
    """Redirects gone through, first to last."""
    answer: Exchange | None = None
    ending: Ending | None = None
    canonical_url: str = ""
    """Canonical form of the last address asked for."""
    leads_to: int | None = None
    """Mark of a planned page that the redirects lead to and whose end is not known yet."""

    @property
    def bytes_received(self) -> int:
        """Bytes of all bodies."""
        return sum(len(hop.body) for hop in self.hops) + (len(self.answer.body) if self.answer else 0)


class Approach:
    """Fetches the requests of one crawl."""

    def __init__(self, fetcher: Fetcher, robots: RobotsBook, logins: Logins, settings: CrawlSettings) -> None:
        self._fetcher = fetcher
        self._robots = robots
        self._logins = logins
        self._settings = settings

    async def fetch(self, crawl: TargetCrawl, request: CrawlRequest) -> Landing:
        """The network part: conditional request, redirects hop by hop. Never raises for what a site does."""
        landing = Landing(canonical_url=request.url)
        try:
            await self._follow(crawl, request, landing)
        except FetchProblem as problem:
            landing.ending = problem.ending
        return landing

    async def _follow(self, crawl: TargetCrawl, request: CrawlRequest, landing: Landing) -> None:
        url = request.url
        asked = {url}
        known = request.known if rendering.may_skip(crawl.target, request.known) else None
        conditions = _referer(request) if request.purpose is Purpose.PICTURE else _conditions(known)
        while True:
            # What was decided of a target's robots.txt does not hold for the hosts on which its pictures lie.
            if crawl.target.robots_override is None or not crawl.in_scope(url):
                refusal = (await self._robots.of(url)).ending_for(url, self._settings.robots_token)
                if refusal is not None:
                    landing.ending = replace(refusal, final_url=url) if landing.hops else refusal
                    return
            login = self._logins.of(url, crawl.target.kind) if request.purpose is not Purpose.PICTURE else None
            exchange = await self._fetcher.get(url, conditions, login)
            location = exchange.header("Location")
            if exchange.status not in _REDIRECTS or not location:
                landing.answer = exchange
                return
            landing.hops.append(exchange)
            following, landing.ending = self._next_hop(crawl, request, landing, _as_written(location), asked)
            if landing.ending is not None:
                return
            asked.add(following)
            url = following
            conditions = ()

    def _next_hop(
        self, crawl: TargetCrawl, request: CrawlRequest, landing: Landing, location: str, asked: set[str]
    ) -> tuple[str, Ending | None]:
        """Where a redirect goes on to, or how it ends here; ``landing.canonical_url`` follows it."""
        base = landing.hops[-1].url
        following = canonical(location, base)
        if following is None:
            return "", Ending(Outcome.FAILED, "redirect_bad", "地址转到无法采集的地址。")
        refusal = self._fetcher.refusal(following)
        if refusal is not None:
            return following, replace(verdicts.refused(refusal), final_url=following)
        written = following
        if following in asked:
            # Only a session id was added: worth one request. The very same address again is a loop (it waits for a
            # cookie that we do not keep).
            written = safe_url_string(urljoin(base, location))
        if written in asked or len(landing.hops) > self._settings.max_redirects:
            return following, verdicts.redirect_loop(following, self._settings.max_redirects)
        if request.purpose is Purpose.PICTURE:
            return written, None  # it belongs to the page that names it, wherever it lies
        if not crawl.in_scope(following):
            return following, verdicts.out_of_scope(following)
        if following != request.url:
            mark = mark_of(following)
            ended = crawl.aliases.bad_end(mark)
            if ended is not None:
                return following, replace(ended, final_url=following)
            if crawl.is_planned(following):
                landing.leads_to = None if crawl.aliases.has_ended(mark) else mark
                return following, alias_ending(request, following)
        landing.canonical_url = following
        return written, None


def alias_ending(request: CrawlRequest, url: str) -> Ending:
    """How an address ends that leads to another page: as an alias, or, where it was a page itself, as gone from here."""
    return verdicts.moved(url) if request.known is not None else verdicts.redirected(url)


def _conditions(known: KnownVersion | None) -> Headers:
    if known is None:
        return ()
    conditions = []
    if known.etag:
        conditions.append((b"If-None-Match", known.etag.encode("latin-1", "ignore")))
    if known.last_modified:
        conditions.append((b"If-Modified-Since", known.last_modified.encode("latin-1", "ignore")))
    return tuple(conditions)


def _referer(request: CrawlRequest) -> Headers:
    """The page that shows a picture, as a browser says it (RFC 9110, 10.1.3): many hosts give pictures to nobody else."""
    if not request.via or (request.via.startswith("https:") and request.url.startswith("http:")):
        return ()
    return ((b"Referer", request.via.encode("ascii", "ignore")),)


def _as_written(location: str) -> str:
    """A Location header as the site meant it: header bytes are read as Latin-1, sites write UTF-8 or GBK into them."""
    raw = location.encode("latin-1", "replace")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return location
