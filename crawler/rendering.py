"""When a page is shown in the browser before it is read, and how a request ends that could not be shown."""

from __future__ import annotations

import logging
from datetime import datetime

from crawler import verdicts
from crawler.browser.chromium import BrowserGivenUp, BrowserLost, BrowserMissing, Chromium, missing
from crawler.browser.showing import MAX_HTML, Screen, ShowFailed, Shown, Subject
from crawler.browser.supply import Supply
from crawler.decoding import BadCoding, TooLarge, decode_body
from crawler.exchange import Exchange, Resource
from crawler.fetch import Fetcher
from crawler.logins import Logins
from crawler.robots import RobotsBook
from crawler.settings import CrawlSettings
from crawler.verdicts import Ending
from domain.crawl import KnownVersion, Outcome
from domain.document import Extraction, PageVerdict
from domain.evidence import CaptureKind
from domain.target import Rendering, Target

logger = logging.getLogger(__name__)

NEEDED = "needs_rendering"
_HTML = ("", "text/html", "application/xhtml+xml")


class Renderer:
    """The browser of one crawl; it is started when the first page needs it."""

    def __init__(self, fetcher: Fetcher, robots: RobotsBook, settings: CrawlSettings) -> None:
        self._settings = settings
        self._supply = Supply(fetcher, robots, settings)
        self._logins = Logins(settings.logins)
        self._chromium = Chromium(settings.browser_restarts)
        self._screen = Screen(
            self._chromium,
            self._supply,
            settings.user_agent,
            pages=settings.browser_pages,
            seconds=settings.browser_seconds,
            stall=settings.browser_stall,
        )
        self.waiting = 0
        """Pages that wait for the browser or are shown in it."""
        self._missing: str | None = None
        self._asked = False

    async def close(self) -> None:
        """End the browser."""
        await self._supply.close()
        await self._chromium.close()

    async def show(self, target: Target, url: str, answer: Exchange) -> Shown | Ending:
        """The page after its scripts ran, or how its request ends."""
        lacking = self._lacking()
        if lacking is not None:
            return unshown(f"{lacking}，未渲染")
        self.waiting += 1
        try:
            body = decode_body(answer.body, answer.header("Content-Encoding"), limit=self._settings.max_decoded)
            login = self._logins.of(url, target.kind)
            return await self._screen.show(Subject(url, answer, body, _free(target), login))
        except (TooLarge, BadCoding):
            return verdicts.BAD_CODING  # was decoded before: the worker read it
        except ShowFailed as failure:
            return _FAILURES[failure.reason]
        except BrowserMissing as error:
            return unshown(f"{error}，未渲染")
        except BrowserGivenUp:
            return unshown("浏览器多次异常退出，本次采集不再渲染")
        except BrowserLost:
            return verdicts.RENDER_CRASHED
        finally:
            self.waiting -= 1

    def _lacking(self) -> str | None:
        if not self._asked:
            self._asked = True
            self._missing = missing()
            if self._missing is not None:
                logger.warning("%s：靠脚本显示内容的网页不能渲染", self._missing)
        return self._missing


_FAILURES = {
    "timeout": verdicts.RENDER_TIMEOUT,
    "crashed": verdicts.RENDER_CRASHED,
    "too_large": Ending(
        Outcome.TOO_LARGE, "rendered", f"网页由脚本生成的内容超过 {MAX_HTML // 10_000} 万字符，未采用。"
    ),
}


def unshown(why: str) -> Ending:
    """A shell that was not rendered, and why."""
    return Ending(Outcome.EMPTY, PageVerdict.EMPTY.value, f"页面没有可读内容（内容靠脚本显示；{why}）。")


def _free(target: Target) -> frozenset[str]:
    return frozenset(target.scope.hosts) if target.robots_override is not None else frozenset()


def is_wanted(target: Target, answer: Exchange, extraction: Extraction) -> bool:
    """Whether this answer is to be shown in the browser."""
    if target.render is Rendering.NEVER:
        return False
    if is_shell(extraction):
        return True
    declared = (answer.header("Content-Type") or "").partition(";")[0].strip().lower()
    return target.render is Rendering.ALWAYS and declared in _HTML


def is_shell(extraction: Extraction) -> bool:
    """Whether the answer shows nothing until its scripts have run."""
    return extraction.verdict is PageVerdict.EMPTY and extraction.verdict_reason == NEEDED


def may_skip(target: Target, known: KnownVersion | None) -> bool:
    """Whether the same bytes mean the same page: not where scripts fill them."""
    return known is not None and not known.rendered and target.render is not Rendering.ALWAYS


def resources(shown: Shown, url: str, at: datetime) -> tuple[Resource, ...]:
    """What is kept of a rendering: the document that was read, and what the page had asked for."""
    return (
        Resource(CaptureKind.DOM, url, at, "text/html; charset=utf-8", shown.html),
        Resource(CaptureKind.NETWORK_LOG, url, at, "application/x-ndjson", shown.log),
    )
