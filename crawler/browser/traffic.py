"""One page's requests: which are answered, with what, and what the page's network log says of each."""

from __future__ import annotations

import asyncio
import html
import json
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from crawler.browser.supply import LOOK_KINDS, TEXT_KINDS, Question, Supply
from crawler.decoding import BadCoding, TooLarge, decode_body
from crawler.exchange import Exchange
from crawler.logins import Login
from crawler.settings import MEBIBYTE
from crawler.verdicts import FetchProblem

if TYPE_CHECKING:
    from playwright.async_api import Request, Route

logger = logging.getLogger(__name__)

#: Requests answered for one page, and bytes of their bodies as received. Shops' front pages need about 80 and 5 MiB.
MAX_REQUESTS = 120
MAX_BYTES = 24 * MEBIBYTE
_MAX_DECODED = 16 * MEBIBYTE
#: Lines of a log; a page that asks for more is in a loop.
_MAX_LINES = 400
_URL = 2000
#: Answer headers that no longer hold for what is handed over, or that would act by themselves.
_DROPPED = frozenset(
    ["connection", "content-encoding", "content-length", "keep-alive", "refresh", "set-cookie", "transfer-encoding"]
)


class Traffic:
    """Answers what one page asks for; ``main`` is the page's own answer, decoded, which is not fetched again."""

    def __init__(
        self,
        address: str,
        main: Exchange,
        body: bytes,
        supply: Supply | None,
        *,
        looks: bool,
        free: frozenset[str],
        login: Login | None = None,
    ) -> None:
        self._address = address
        self._main = main
        self._body = body
        self._supply = supply
        self._kinds = LOOK_KINDS if looks else TEXT_KINDS
        self._free = free
        self._login = login
        self._answers: dict[str, Exchange] = {}
        self._lines: list[dict[str, object]] = []
        self._requests = 0
        self._served = False
        self.moves: list[str] = []
        """Addresses that the page's scripts wanted to take the visitor to."""
        self.bytes_received = 0
        self.under_way = 0
        self.idle = asyncio.Event()
        """Set while none is under way."""
        self.idle.set()
        self.ended = 0
        """How many requests have ended: whether something still moves."""

    async def handle(self, route: Route) -> None:
        """Answer one request of the page; for Playwright's ``context.route``."""
        request = route.request
        try:
            if _is_main_document(request):
                await self._main_document(route, request)
                return
            self.under_way += 1
            self.idle.clear()
            try:
                await self._answer(route, request)
            finally:
                self.under_way -= 1
                self.ended += 1
                if self.under_way == 0:
                    self.idle.set()
        except Exception as error:  # the page is closed meanwhile, or asked for something impossible
            logger.debug("%s of a shown page: %s", request.url[:_URL], error)
            await _quietly(route.abort)

    def note(self, url: str, kind: str, reason: str) -> None:
        """Log what was refused without being asked of the supply."""
        self._line({"url": url[:_URL], "method": "GET", "type": kind, "blocked": reason})

    def log(self) -> bytes:
        """JSON lines, in the order in which requests ended."""
        return b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in self._lines)

    async def _main_document(self, route: Route, request: Request) -> None:
        if not self._served and request.method == "GET":
            self._served = True
            await self._fulfil(route, self._main, self._body)
            self._line(_told(request, self._main) | {"url": self._address[:_URL]})
            return
        # The visitor is sent elsewhere, or the page loads itself again: another page's matter. 204 leaves this one be.
        if request.url not in self.moves and len(self.moves) < 20:
            self.moves.append(request.url)
        self._line(_told(request) | {"blocked": "navigation"})
        await route.fulfill(status=204)

    async def _answer(self, route: Route, request: Request) -> None:
        reason = self._refusal(request)
        if reason is not None:
            self._line(_told(request) | {"blocked": reason})
            await route.abort("blockedbyclient")
            return
        again = self._answers.get(request.url) if request.method == "GET" else None
        try:
            exchange = again or await self._ask(request)
            body = await asyncio.to_thread(
                decode_body, exchange.body, exchange.header("Content-Encoding"), limit=_MAX_DECODED
            )
        except (FetchProblem, TooLarge, BadCoding) as problem:
            said = problem.ending.reason or "failed" if isinstance(problem, FetchProblem) else "bad_coding"
            self._line(_told(request) | {"blocked": said})
            await route.abort("failed")
            return
        if again is None:
            self._line(_told(request, exchange))
        if request.resource_type == "document" and exchange.url != request.url.partition("#")[0]:
            # A frame must know its own address, or its relative ones lead astray: have it go there.
            self._answers[exchange.url] = exchange
            await route.fulfill(
                content_type="text/html; charset=utf-8",
                body=f'<meta http-equiv="refresh" content="0;url={html.escape(exchange.url)}">',
            )
            return
        await self._fulfil(route, exchange, body)

    def _refusal(self, request: Request) -> str | None:
        if self._supply is None:
            return "offline"
        if request.resource_type not in self._kinds:
            return "not_needed"
        if self._requests >= MAX_REQUESTS:
            return "too_many_requests"
        if self.bytes_received >= MAX_BYTES:
            return "too_many_bytes"
        return None

    async def _ask(self, request: Request) -> Exchange:
        assert self._supply is not None
        self._requests += 1
        question = Question(
            request.method, request.url, request.resource_type, request.headers, request.post_data_buffer or b""
        )
        exchange = await self._supply.answer(question, self._free, self._login)
        self.bytes_received += len(exchange.body)
        if request.method == "GET":
            # A page that asks for the same thing over and over (polling) gets what it got.
            self._answers[request.url] = exchange
        return exchange

    async def _fulfil(self, route: Route, exchange: Exchange, body: bytes) -> None:
        headers: dict[str, str] = {}
        for name, value in exchange.headers:
            key = name.decode("latin-1").lower()
            if key not in _DROPPED and key not in headers:
                headers[key] = value.decode("latin-1").replace("\r", " ").replace("\n", " ")
        await route.fulfill(status=exchange.status, headers=headers, body=body)

    def _line(self, line: dict[str, object]) -> None:
        if len(self._lines) < _MAX_LINES:
            self._lines.append(line)
        elif len(self._lines) == _MAX_LINES:
            self._lines.append({"more": "not recorded"})


def _is_main_document(request: Request) -> bool:
    if not request.is_navigation_request():
        return False
    return request.frame.parent_frame is None


def _told(request: Request, exchange: Exchange | None = None) -> dict[str, object]:
    line: dict[str, object] = {
        "url": request.url[:_URL],
        "method": request.method,
        "type": request.resource_type,
    }
    if exchange is not None:
        line |= {
            "status": exchange.status,
            "size": len(exchange.body),
            "remote_address": exchange.ip_address,
            "content_type": exchange.header("Content-Type"),
            "at": exchange.fetched_at.isoformat(),
        }
        if exchange.login is not None:
            line["login"] = exchange.login
        if exchange.url != request.url.partition("#")[0]:
            line["final_url"] = exchange.url[:_URL]
    return line


async def _quietly(call: Callable[[], Awaitable[None]]) -> None:
    try:
        await call()
    except Exception as error:
        logger.debug("a request could not be ended: %s", error)
