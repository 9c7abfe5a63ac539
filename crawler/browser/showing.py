"""Showing one page: its scripts run to their end, what they made is taken down.

Time is the page's own (Chromium's virtual time): timers run at once, and the clock stands still while an answer is under
way. A page that fills itself after seconds costs none, and one that polls for ever is over when its seconds are.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import html
import logging
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from crawler.browser.chromium import CALL_SECONDS, BrowserLost, Chromium, NoAnswer, within
from crawler.browser.supply import Supply
from crawler.browser.traffic import Traffic
from crawler.browser.wall import Wall
from crawler.exchange import Exchange
from crawler.logins import Login

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, CDPSession, Page

logger = logging.getLogger(__name__)

#: Seconds of its own time that a page has after loading, after each scroll, and once more when something came late.
_FIRST_SECONDS = 6.0
_SCROLL_SECONDS = 0.4
_LATE_SECONDS = 1.0
_LATE_ROUNDS = 4
#: Scrolls, each of one screen: what loads only when it comes into view is loaded, a feed without end is not.
_SCROLLS = 16
#: Pixels of a screenshot: 1,280 wide; longer pages are cut, as a viewer of one picture would not read on.
WIDTH = 1280
MAX_HEIGHT = 16_000
#: Characters of a serialised page. The longest page of the rehearsal has a hundredth of it.
MAX_HTML = 4_000_000
#: Tasks of a page in a row at one instant of its time, after which the clock goes on all the same.
_STARVATION = 5_000
#: Where the page runs in a stuck loop, nothing moves for so long.
STALL_SECONDS = 15.0


class ShowFailed(Exception):
    """The page could not be shown; ``reason`` is ``timeout``, ``crashed`` or ``too_large``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Subject:
    """What is to be shown: an answer that was received already."""

    url: str
    """Address as the visitor's browser would show it, fragment and all."""
    answer: Exchange
    body: bytes
    """Of the answer, after decompression."""
    free: frozenset[str] = frozenset()
    """Hosts whose robots.txt does not count, by a recorded decision."""
    login: Login | None = None
    """That of the platform that the page is on, for what it asks for."""


@dataclass(frozen=True, slots=True)
class Screenshot:
    """A PNG of the whole page, cut at :data:`MAX_HEIGHT`."""

    png: bytes
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Shown:
    """A page after its scripts ran."""

    html: bytes
    """The document as it stood, without scripts, UTF-8."""
    log: bytes
    """What it asked for: JSON lines."""
    moves: tuple[str, ...]
    """Addresses that its scripts wanted to go on to."""
    bytes_received: int
    screenshot: Screenshot | None = None


class Screen:
    """Shows pages of one crawl. ``supply``: answers what they ask for; None: nothing is fetched."""

    def __init__(
        self, chromium: Chromium, supply: Supply | None, user_agent: str, *, pages: int, seconds: float, stall: float
    ) -> None:
        self._chromium = chromium
        self._supply = supply
        self._user_agent = user_agent
        self._seconds = seconds
        self._stall = stall
        self._places = asyncio.Semaphore(pages)

    async def show(self, subject: Subject, *, picture: bool = False) -> Shown:
        """Show a page when there is a place for it.

        Raises :class:`ShowFailed` for what the page did, and :mod:`crawler.browser.chromium`'s errors for the browser's.
        """
        async with self._places:
            try:
                return await self._once(subject, picture)
            except BrowserLost:
                return await self._once(subject, picture)  # perhaps another page's fault

    async def _once(self, subject: Subject, picture: bool) -> Shown:
        from playwright.async_api import Error

        wall = Wall()
        await wall.raise_()
        context: BrowserContext | None = None
        try:
            context = await self._chromium.context(wall.address, self._user_agent)
            showing = _Showing(context, subject, self._supply, self._seconds, self._stall, picture)
            try:
                shown = await showing.run()
            finally:
                for address in wall.tried:
                    showing.traffic.note(address, "other", "not_through_crawler")
            return shown
        except NoAnswer as error:
            raise ShowFailed("timeout") from error
        except Error as error:
            if self._chromium.pid is None:
                raise BrowserLost from error
            logger.info("showing %s: %s", subject.url, error)
            raise ShowFailed("crashed") from error
        finally:
            if context is not None:
                await self._chromium.discard(context)
            wall.close()


class _Showing:
    """One page in one profile."""

    def __init__(
        self,
        context: BrowserContext,
        subject: Subject,
        supply: Supply | None,
        seconds: float,
        stall: float,
        picture: bool,
    ) -> None:
        self._context = context
        self._subject = subject
        self._stall = stall
        self._picture = picture
        self._loop = asyncio.get_running_loop()
        self._deadline = self._loop.time() + seconds
        self._expired = asyncio.Event()
        self.traffic = Traffic(
            subject.url, subject.answer, subject.body, supply, looks=picture, free=subject.free, login=subject.login
        )

    async def run(self) -> Shown:
        await self._call(self._context.route("**/*", self.traffic.handle))
        page = await self._call(self._context.new_page())
        self._keep_quiet(page)
        session = await self._call(self._context.new_cdp_session(page))
        session.on("Emulation.virtualTimeBudgetExpired", lambda _: self._expired.set())
        await self._send(session, "Emulation.setVirtualTimePolicy", policy="pause")
        await self._call(page.goto(self._subject.url, wait_until="commit"))
        await self._pass(session, _FIRST_SECONDS)
        await self._draw(session)
        await self._settle(session, page)
        await self._scroll(session, page)
        made = await self._serialise(session)
        screenshot = await self._photograph(session) if self._picture else None
        return Shown(
            made.encode("utf-8", "replace"),
            self.traffic.log(),
            tuple(self.traffic.moves),
            self.traffic.bytes_received,
            screenshot,
        )

    def _keep_quiet(self, page: Page) -> None:
        """Dialogs are dismissed, pages that open themselves closed, sockets logged (the wall refuses them)."""
        page.on("dialog", lambda dialog: _leave(dialog.dismiss()))
        page.on("websocket", lambda socket: self.traffic.note(socket.url, "websocket", "not_through_crawler"))
        self._context.on("page", lambda opened: _leave(opened.close()) if opened is not page else None)

    async def _settle(self, session: CDPSession, page: Page) -> None:
        """Wait for answers that the page's clock does not wait for (workers'), and let the page take them in."""
        for _ in range(_LATE_ROUNDS):
            seen = self.traffic.ended
            if page.workers:
                await asyncio.sleep(0.3)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.traffic.idle.wait(), max(0.1, self._left()))
            if self.traffic.ended == seen and not page.workers:
                return
            await self._pass(session, _LATE_SECONDS)
            if self.traffic.ended == seen and not self.traffic.under_way:
                return

    async def _draw(self, session: CDPSession) -> None:
        """Have two frames drawn: what waits for being seen, or for the next frame, hears of it then, in real time."""
        world = await self._world(session)
        drawn = asyncio.ensure_future(self._evaluate(session, world, _FRAMES, wait=True))
        try:
            while not drawn.done():
                await self._pass(session, _SCROLL_SECONDS)
                await asyncio.wait({drawn}, timeout=0.05)
        finally:
            drawn.cancel()
        drawn.result()

    async def _scroll(self, session: CDPSession, page: Page) -> None:
        for _ in range(_SCROLLS):
            if not await self._evaluate(session, await self._world(session), _SCROLL):
                break
            await self._draw(session)
            await self._pass(session, _SCROLL_SECONDS)
        await self._settle(session, page)
        await self._evaluate(session, await self._world(session), "window.scrollTo(0, 0)")

    async def _serialise(self, session: CDPSession) -> str:
        tree = (await self._send(session, "Page.getFrameTree"))["frameTree"]
        main = await self._taken_down(session, tree["frame"]["id"], MAX_HTML, body_only=False)
        rest = MAX_HTML - len(main)
        inside = ""
        for frame in _frames_of_others(tree):
            try:
                text = await self._taken_down(session, frame["id"], rest, body_only=True)
            except (NoAnswer, ShowFailed):
                raise
            except Exception as error:  # the frame is gone, or lives in a process of its own
                logger.debug("frame %s of %s: %s", frame.get("url"), self._subject.url, error)
                continue
            inside += f'<div data-frame="{html.escape(frame["url"])}">{text}</div>'
            rest -= len(text)
        head, body_end, tail = main.rpartition("</body>")
        return f"{head}{inside}{body_end}{tail}" if body_end else main + inside

    async def _taken_down(self, session: CDPSession, frame: str, limit: int, *, body_only: bool) -> str:
        world = await self._world(session, frame)
        taken = await self._evaluate(session, world, f"({_script()}\n)({limit}, {str(body_only).lower()})")
        if taken["cut"]:
            raise ShowFailed("too_large")
        return str(taken["html"])

    async def _photograph(self, session: CDPSession) -> Screenshot:
        metrics = await self._send(session, "Page.getLayoutMetrics")
        height = max(1, min(MAX_HEIGHT, int(metrics["cssContentSize"]["height"])))
        taken = await self._send(
            session,
            "Page.captureScreenshot",
            format="png",
            captureBeyondViewport=True,
            clip={"x": 0, "y": 0, "width": WIDTH, "height": height, "scale": 1},
        )
        return Screenshot(base64.b64decode(taken["data"]), WIDTH, height)

    async def _pass(self, session: CDPSession, seconds: float) -> None:
        """Let ``seconds`` of the page's own time go by."""
        self._expired.clear()
        await self._send(
            session,
            "Emulation.setVirtualTimePolicy",
            policy="pauseIfNetworkFetchesPending",
            budget=seconds * 1000,
            maxVirtualTimeTaskStarvationCount=_STARVATION,
        )
        moved, ended = self._loop.time(), self.traffic.ended
        while not self._expired.is_set():
            now = self._loop.time()
            if self.traffic.under_way or self.traffic.ended != ended:
                moved, ended = now, self.traffic.ended
            if now - moved > self._stall or now > self._deadline:
                raise NoAnswer
            try:
                await asyncio.wait_for(self._expired.wait(), 0.25)
            except TimeoutError:
                continue

    async def _world(self, session: CDPSession, frame: str | None = None) -> int:
        """A JavaScript context of our own in a frame: the page's scripts cannot see it or change what it finds."""
        if frame is None:
            frame = (await self._send(session, "Page.getFrameTree"))["frameTree"]["frame"]["id"]
        made = await self._send(session, "Page.createIsolatedWorld", frameId=frame)
        return int(made["executionContextId"])

    async def _evaluate(self, session: CDPSession, world: int, expression: str, *, wait: bool = False) -> Any:
        answer = await self._send(
            session,
            "Runtime.evaluate",
            expression=expression,
            contextId=world,
            returnByValue=True,
            awaitPromise=wait,
            timeout=self._stall * 1000,
        )
        if "exceptionDetails" in answer:
            logger.info("%s: %s", self._subject.url, answer["exceptionDetails"].get("text"))
            raise ShowFailed("crashed")
        return answer["result"].get("value")

    async def _send(self, session: CDPSession, method: str, **parameters: Any) -> Any:
        return await self._call(session.send(method, parameters))

    async def _call(self, call: Any) -> Any:
        return await within(min(self._stall, max(0.1, self._left())), call)

    def _left(self) -> float:
        return self._deadline - self._loop.time()


def _leave(call: Any) -> None:
    """Have a call made without waiting for it; what comes of it does not matter."""
    task = asyncio.ensure_future(within(CALL_SECONDS, call))
    _LEFT.add(task)

    def ended(done: asyncio.Task[Any]) -> None:
        _LEFT.discard(done)
        if not done.cancelled():
            done.exception()

    task.add_done_callback(ended)


#: Calls that nobody waits for; the event loop itself holds tasks by weak references only.
_LEFT: set[asyncio.Task[Any]] = set()


def _frames_of_others(tree: dict[str, Any]) -> list[dict[str, Any]]:
    """Frames of other origins than the page's; those of its own were taken down with it."""
    own = _origin(tree["frame"]["url"])
    found: list[dict[str, Any]] = []
    waiting = list(tree.get("childFrames", ()))
    while waiting and len(found) < 20:
        child = waiting.pop(0)
        frame = child["frame"]
        waiting += child.get("childFrames", ())
        if frame["url"].startswith(("http://", "https://")) and _origin(frame["url"]) != own:
            found.append(frame)
    return found


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


@cache
def _script() -> str:
    return Path(__file__).with_name("serialise.js").read_text(encoding="utf-8")


_FRAMES = "new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(() => drawn(true))))"

#: Scrolls the page, and boxes in it that scroll, by one screen; false when there is nothing left to scroll.
_SCROLL = """
(() => {
  let moved = false;
  const page = document.scrollingElement;
  const boxes = page ? [page] : [];
  for (const box of document.querySelectorAll("body *")) {
    if (boxes.length > 4) break;
    if (box.scrollHeight > box.clientHeight + 100 && box.clientHeight > 200) boxes.push(box);
  }
  for (const box of boxes) {
    const before = box.scrollTop;
    box.scrollTop = before + Math.max(300, box.clientHeight - 50);
    moved = moved || box.scrollTop > before + 1;
  }
  return moved;
})()
"""
