"""Scrapy's HTTP transfer with the limits it lacks, and without its word per request in the log."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from scrapy.core.downloader.handlers import http11
from scrapy.core.scheduler import BaseScheduler
from scrapy.logformatter import LogFormatter

if TYPE_CHECKING:
    from scrapy import Request, Spider
    from scrapy.crawler import Crawler
    from scrapy.http import Response

logger = logging.getLogger(__name__)

#: Bytes of status line and headers of one answer; servers in use send a few hundred, Apache's own limit for requests
#: is 100 fields of 8 KiB.
MAX_HEADER_BYTES = 256 * 1024
#: Seconds an idle connection is kept. Twisted's 240 would keep thousands open in a crawl over many hosts.
IDLE_SECONDS = 20

# An answer over its limit ends in an outcome with a Chinese reason; the handler's own warning would say it twice.
logging.getLogger(http11.__name__).setLevel(logging.ERROR)


class _BoundedProtocol(http11._LenientHTTP11ClientProtocol):
    """Ends the connection of a server that never stops sending headers: Twisted keeps all of them in memory."""

    _header_bytes = 0

    def request(self, request: Any) -> Any:
        self._header_bytes = 0
        return super().request(request)

    def dataReceived(self, bytes: bytes) -> None:
        parser = self._parser
        if parser is not None and parser.state != http11_body_state:
            self._header_bytes += len(bytes)
            if self._header_bytes > MAX_HEADER_BYTES + _READ_SIZE:
                self.transport.abortConnection()  # type: ignore[union-attr]  # there is one while data arrives
                return
        super().dataReceived(bytes)


#: State of Twisted's parser once headers are over.
http11_body_state = "BODY"
#: A first read may hold the headers and a piece of body.
_READ_SIZE = 64 * 1024


class _BoundedFactory(http11._LenientHTTP11ClientFactory):
    def buildProtocol(self, addr: Any) -> Any:
        return _BoundedProtocol(self._quiescentCallback)


class BoundedHandler(http11.HTTP11DownloadHandler):
    """Scrapy's HTTP/1.1 handler with bounded headers and short-lived idle connections."""

    lazy = True

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._pool._factory = _BoundedFactory
        self._pool.cachedConnectionTimeout = IDLE_SECONDS
        # Twisted would ask again at once, behind the host's pause; crawler.patrol tries again when the pause is over.
        self._pool.retryAutomatically = False


class EmptyScheduler(BaseScheduler):
    """Holds nothing: requests go out through ``engine.download_async`` only."""

    def has_pending_requests(self) -> bool:
        """Never."""
        return False

    def enqueue_request(self, request: Request) -> bool:
        """Refuse, so that a request that someone yields is reported as dropped and not lost unseen."""
        logger.error("%s was yielded to Scrapy; plan it in the ledger instead", request)
        return False

    def next_request(self) -> Request | None:
        """None, always."""
        return None


class QuietFormatter(LogFormatter):
    """Says nothing per request: outcomes are in the ledger, and formatting costs time even when nobody reads it."""

    def crawled(self, request: Request, response: Response, spider: Spider) -> None:  # type: ignore[override]  # the base class promises a line; Scrapy takes None for none
        """No line for an answer."""
        return

    def scraped(self, item: Any, response: Any, spider: Spider) -> None:  # type: ignore[override]
        """No line for an item."""
        return
