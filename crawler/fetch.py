"""One transfer: address in, :class:`Exchange` out, or a :class:`FetchProblem` that says how it ended.

Follows nothing and repeats nothing. Guard, politeness and the limits hold for every transfer of the program, because
this is the only place that starts one.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from scrapy import Request
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)
from twisted.internet import error as tx_error
from twisted.web.client import ResponseFailed

from crawler import verdicts
from crawler.address_guard import AddressGuard
from crawler.exchange import Exchange, Headers
from crawler.logins import Login, withheld, without_values
from crawler.politeness import Politeness
from crawler.resolver import GuardedResolver
from crawler.settings import CrawlSettings
from crawler.verdicts import Ending, FetchProblem
from domain.crawl import Outcome
from domain.ports import Clock

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response

logger = logging.getLogger(__name__)

#: Seconds after a transfer that we broke off: the server needs a moment to notice, and until then it is still at work
#: for us.
_AFTER_BREAK = 0.3
_ACCEPT = (
    (b"Accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    (b"Accept-Language", b"zh-CN,zh;q=0.9,en;q=0.3"),
    (b"Accept-Encoding", b"gzip, deflate, br"),
)


class Fetcher:
    """Transfers of one crawl, through Scrapy's downloader."""

    def __init__(
        self,
        crawler: Crawler,
        settings: CrawlSettings,
        guard: AddressGuard,
        politeness: Politeness,
        resolver: GuardedResolver,
        clock: Clock,
    ) -> None:
        self._crawler = crawler
        self._settings = settings
        self._guard = guard
        self._politeness = politeness
        self._resolver = resolver
        self._clock = clock
        self._transfers = asyncio.Semaphore(settings.concurrency)
        self._headers: Headers = ((b"User-Agent", settings.user_agent.encode("latin-1")), *_ACCEPT)

    def refusal(self, url: str) -> str | None:
        """Chinese reason why the address guard does not let ``url`` be fetched, or None."""
        return self._guard.refusal(url)

    async def get(self, url: str, extra: Headers = (), login: Login | None = None) -> Exchange:
        """Ask for ``url`` when its host's turn has come; any status is an answer. ``login`` goes with it where it may.

        Raises :class:`FetchProblem` for everything else: refused address, names without address, connections that
        fail or stall, bodies over the limit or cut short.
        """
        return await self.send("GET", url, (*self._headers, *extra), login=login)

    async def send(
        self, method: str, url: str, headers: Headers, body: bytes = b"", login: Login | None = None
    ) -> Exchange:
        """As :meth:`get`, with any method and these headers alone: what a shown page asks for by itself."""
        refusal = self._guard.refusal(url)
        if refusal is not None:
            raise FetchProblem(verdicts.refused(refusal))
        url = url.partition("#")[0]
        cookie = login.header_for(method, url) if login is not None else None
        sent: Headers = ((b"Cookie", cookie.encode("latin-1", "ignore")),) if cookie else ()
        try:
            request = Request(
                url,
                method=method,
                body=body,
                headers=[*headers, *sent],
                meta={"download_timeout": self._settings.timeout, "download_maxsize": self._settings.max_body},
                dont_filter=True,
            )
        except ValueError as error:
            raise FetchProblem(Ending(Outcome.FAILED, "bad_address", "地址的写法无法用于请求。")) from error
        host = host_of(url)
        async with self._politeness.turn(host), self._transfers:
            try:
                response = await self._crawler.engine.download_async(request)
            except Exception as error:
                self._politeness.hold_off(host, _AFTER_BREAK)
                raise FetchProblem(self._ending_of(error, host)) from error
            fetched_at = self._clock()
        exchange = _exchange(url, headers, response, fetched_at)
        return exchange if login is None or not sent else _signed(exchange, login)

    def _ending_of(self, error: Exception, host: str) -> Ending:
        settings = self._settings
        if isinstance(error, DownloadCancelledError):  # raised by the handler for its size limit only
            ending = verdicts.too_large("received", settings.max_body)
            return Ending(ending.outcome, ending.reason, ending.detail, bytes_received=settings.max_body)
        if isinstance(error, (DownloadTimeoutError, tx_error.TimeoutError)):
            return verdicts.TIMED_OUT
        if isinstance(error, ResponseDataLossError):
            return verdicts.TRUNCATED
        if isinstance(error, (CannotResolveHostError, tx_error.DNSLookupError)):
            address = self._resolver.refused_answer(host)
            if address is not None:
                return verdicts.refused(f"域名 {host} 指向非公网地址 {address}")
            return Ending(Outcome.FAILED, "dns", f"域名 {host} 解析不到地址。", retry=True)
        if isinstance(error, DownloadConnectionRefusedError):
            return Ending(Outcome.FAILED, "connection", "网站拒绝连接。", retry=True)
        if _is_tls(error):
            return Ending(Outcome.FAILED, "tls", "与网站的加密连接（TLS）无法建立。")
        if isinstance(error, DownloadFailedError):
            lost = isinstance(error.__cause__, ResponseFailed) and any(
                reason.check(tx_error.ConnectionLost, tx_error.ConnectionDone) for reason in error.__cause__.reasons
            )
            if lost:
                return Ending(Outcome.FAILED, "connection", "网站在答复之前断开了连接。", retry=True)
            return Ending(Outcome.FAILED, "protocol", "网站的答复不符合 HTTP 协议。")
        if isinstance(error, tx_error.ConnectError):
            return Ending(Outcome.FAILED, "connection", "无法与网站建立连接。", retry=True)
        if isinstance(error, (UnsupportedURLSchemeError, ValueError)):
            return Ending(Outcome.FAILED, "bad_address", "地址的写法无法用于请求。")
        logger.error("unexpected error while fetching from %s", host, exc_info=error)
        return Ending(Outcome.FAILED, "connection", "与网站的连接出错。", retry=True)


def host_of(url: str) -> str:
    """Lower-case host name without port: what politeness is counted by."""
    authority = url.split("/", 3)[2].rpartition("@")[2]
    if authority.startswith("["):
        return authority[1:].partition("]")[0].lower()
    return authority.partition(":")[0].lower()


def retry_after(exchange: Exchange) -> float:
    """Seconds that a Retry-After header asks for (RFC 9110, 10.2.3); 0 where there is none or it is not readable."""
    value = exchange.header("Retry-After")
    if not value:
        return 0.0
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        # Against the server's own clock: ours may be simulated, or simply different.
        since = parsedate_to_datetime(exchange.header("Date") or "")
        return max(0.0, (parsedate_to_datetime(value) - since).total_seconds())
    except (TypeError, ValueError):
        return 0.0


def _is_tls(error: BaseException) -> bool:
    causes: list[BaseException] = [error]
    if error.__cause__ is not None:
        causes.append(error.__cause__)
        causes += [reason.value for reason in getattr(error.__cause__, "reasons", ())]
    return any(type(cause).__module__.startswith(("OpenSSL", "service_identity")) for cause in causes)


def _signed(exchange: Exchange, login: Login) -> Exchange:
    """An exchange that a login went with, without its value: from here on nothing can write it anywhere."""
    return replace(
        exchange,
        headers=without_values(exchange.headers),
        request_headers=(*exchange.request_headers, (b"Cookie", withheld(login.platform))),
        login=login.platform.value,
    )


def _exchange(url: str, request_headers: Headers, response: Response, fetched_at: datetime) -> Exchange:
    return Exchange(
        url=url,
        status=response.status,
        headers=tuple((name, value) for name, values in response.headers.items() for value in values),
        body=response.body,
        request_headers=request_headers,
        fetched_at=fetched_at,
        ip_address=str(response.ip_address) if response.ip_address else None,
        protocol=response.protocol or "HTTP/1.1",
    )
