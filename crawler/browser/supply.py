"""What a shown page asks for, fetched by the crawler's own transfers.

Guard, checked DNS answers, robots.txt (of every host, as for pages), one request per host at a time and the pause
between two, size and time limits: all of it is :mod:`crawler.fetch`'s and :mod:`crawler.robots`'s, for each hop of each
redirect. A page waits longer for its parts than in a visitor's browser; its own clock stands still meanwhile.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from crawler import verdicts
from crawler.addresses import host_key, resolve
from crawler.exchange import Exchange, Headers
from crawler.fetch import Fetcher
from crawler.logins import Login
from crawler.robots import RobotsBook
from crawler.settings import MEBIBYTE, CrawlSettings
from crawler.verdicts import Ending, FetchProblem
from domain.crawl import Outcome

#: Kinds of requests (Chromium's words) that make a page's text. Nothing else is fetched for it.
TEXT_KINDS = frozenset({"document", "script", "stylesheet", "xhr", "fetch"})
#: Those that also make its looks.
LOOK_KINDS = TEXT_KINDS | {"image", "font"}
#: Kinds that are the same for every page of a site: fetched once per crawl.
_SHARED = frozenset({"script", "stylesheet", "image", "font"})
_SHARED_BYTES = 64 * MEBIBYTE

#: Reading methods. Sites that read lists by POST are common; whatever else a page may want to do is not for a crawler.
_METHODS = frozenset({"GET", "HEAD", "POST"})
_MAX_SENT = 64 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MAX_HOPS = 5
#: Request headers that the transfer sets itself, or that tell of a browser that we are not.
_OWN_HEADERS = frozenset(
    ["accept-encoding", "connection", "content-length", "cookie", "host", "upgrade-insecure-requests", "user-agent"]
)
_MAX_HEADERS = 40
_MAX_HEADER = 4096


@dataclass(frozen=True, slots=True)
class Question:
    """One request of a page."""

    method: str
    url: str
    kind: str
    """Chromium's word for what it is for: ``script``, ``xhr``, ``image`` …"""
    headers: Mapping[str, str]
    body: bytes = b""


class Supply:
    """Answers the questions of all pages of one crawl; scripts and pictures are asked for once."""

    def __init__(self, fetcher: Fetcher, robots: RobotsBook, settings: CrawlSettings) -> None:
        self._fetcher = fetcher
        self._robots = robots
        self._settings = settings
        self._shared: OrderedDict[str, asyncio.Task[Exchange]] = OrderedDict()

    async def answer(
        self, question: Question, free: frozenset[str] = frozenset(), login: Login | None = None
    ) -> Exchange:
        """The answer after redirects. ``free``: hosts whose robots.txt does not count, by a
        recorded decision. ``login``: that of the platform whose page asks; shared parts are asked for without.

        Raises :class:`FetchProblem` for what is not fetched, with its reason.
        """
        if question.method not in _METHODS or len(question.body) > _MAX_SENT:
            raise FetchProblem(Ending(Outcome.FAILED, "method", "采集只读取页面，不提交内容。"))
        if question.method != "GET" or question.kind not in _SHARED or free:
            return await self._fetch(question, free, login if question.kind not in _SHARED else None)
        task = self._shared.get(question.url)
        if task is None:
            task = self._shared[question.url] = asyncio.create_task(self._fetch(question, free))
            task.add_done_callback(lambda _: self._forget())
        self._shared.move_to_end(question.url)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Break off what no page waits for any more."""
        for task in self._shared.values():
            task.cancel()
        await asyncio.gather(*self._shared.values(), return_exceptions=True)
        self._shared.clear()

    def _forget(self) -> None:
        size = 0
        for url, task in reversed(list(self._shared.items())):
            if not task.done():
                continue
            if task.cancelled() or task.exception() is not None:
                size += 1024
            else:
                size += len(task.result().body) + 1024
            if size > _SHARED_BYTES:
                del self._shared[url]

    async def _fetch(self, question: Question, free: frozenset[str], login: Login | None = None) -> Exchange:
        method, url, body = question.method, question.url, question.body
        headers = self._headers(question)
        for _ in range(_MAX_HOPS + 1):
            refusal = self._fetcher.refusal(url)
            if refusal is not None:
                raise FetchProblem(verdicts.refused(refusal))
            if host_key(url) not in free:
                ending = (await self._robots.of(url)).ending_for(url.partition("#")[0], self._settings.robots_token)
                if ending is not None:
                    raise FetchProblem(ending)
            exchange = await self._fetcher.send(method, url, headers, body, login)
            location = exchange.header("Location")
            if exchange.status not in _REDIRECTS or not location:
                return exchange
            following = resolve(location, url)
            if following is None:
                raise FetchProblem(Ending(Outcome.FAILED, "redirect_bad", "地址转到无法采集的地址。"))
            url = following
            if exchange.status in (301, 302, 303) and method == "POST":
                method, body = "GET", b""
        raise FetchProblem(verdicts.redirect_loop(url, _MAX_HOPS))

    def _headers(self, question: Question) -> Headers:
        sent = [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in list(question.headers.items())[:_MAX_HEADERS]
            if name not in _OWN_HEADERS
            and not name.startswith(("sec-", "proxy-", ":"))
            and len(value) <= _MAX_HEADER
            and _is_latin(name + value)
        ]
        return (
            (b"User-Agent", self._settings.user_agent.encode("latin-1")),
            (b"Accept-Encoding", b"gzip, deflate, br"),
            *sent,
        )


def _is_latin(text: str) -> bool:
    return text.isprintable() and all(ord(letter) < 256 for letter in text)
