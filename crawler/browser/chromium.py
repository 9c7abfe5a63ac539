"""One Chromium for one crawl: found, started when first needed, ended by its process id when it does not answer.

Playwright drives it. Its calls are never awaited alone: a page's script can keep a call from ever returning, so each is
given its seconds by :func:`within`, which leaves a call behind that does not come back.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from crawler.browser.wall import Wall

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Playwright
    from playwright.async_api._context_manager import PlaywrightContextManager

logger = logging.getLogger(__name__)
T = TypeVar("T")

#: Debian's Chromium first; the others are the same engine under the names of other distributions and of Google's build.
PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: Seconds for starting on a slow, busy machine, and for every small call.
START_SECONDS = 60.0
CALL_SECONDS = 15.0

_ARGUMENTS = (
    # No other way out than the proxy, not even for loopback addresses and not for names (Playwright adds the rest).
    "--proxy-bypass-list=<-loopback>",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--dns-prefetch-disable",
    "--disable-quic",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy",
    # Nothing that runs beside the pages.
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-client-side-phishing-detection",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-notifications",
    "--mute-audio",
    "--lang=zh-CN",
    # All frames of a page in one process: there is no network and no cookie that one site could steal from another, and
    # every frame can be read in the same way. The sandbox between page and machine stays.
    "--disable-features=IsolateOrigins,site-per-process,IsolateSandboxedIframes,Translate,BackForwardCache,"
    "OptimizationHints,MediaRouter,WebRtcHideLocalIpsWithMdns,Prerender2,SpeculationRulesPrefetchFuture",
    "--js-flags=--max-old-space-size=512",
)


#: Its Node.js needs a library that neither Chromium nor Python brings along on Debian.
DRIVER_FAILS = "驱动浏览器的组件 playwright 不能启动（多半缺系统软件 libatomic1）"


class BrowserMissing(Exception):
    """There is no Chromium, or nothing to drive it with; the text is a Chinese clause that says which."""


class BrowserLost(Exception):
    """Chromium ended, or was ended, while it was needed; another try may start it again."""


class BrowserGivenUp(Exception):
    """Chromium ended too often in this crawl to be started again."""


class NoAnswer(Exception):
    """A call did not come back within its seconds."""


def find_chromium() -> str | None:
    """Path of the browser to be used, or None."""
    return next((path for name in PROGRAMS if (path := shutil.which(name))), None)


def missing() -> str | None:
    """Chinese clause saying what is missing for rendering, or None."""
    if find_chromium() is None:
        return "本机没有安装 Chromium"
    if importlib.util.find_spec("playwright") is None:
        return "没有安装驱动浏览器的组件 playwright"
    return None


def driver_problem() -> str | None:
    """Chinese clause where the driver of the browser is installed but does not run, or None; starts it once."""
    command = [sys.executable, "-m", "playwright", "--version"]
    try:
        ran = subprocess.run(command, capture_output=True, timeout=START_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return DRIVER_FAILS
    return DRIVER_FAILS if ran.returncode else None


async def within(seconds: float, call: Coroutine[Any, Any, T]) -> T:
    """Result of a browser call; raises :class:`NoAnswer` when it does not come back in time.

    ``asyncio.wait_for`` would wait for the cancelled call to end, which a call to a stuck page never does.
    """
    task = asyncio.ensure_future(call)
    done, _ = await asyncio.wait({task}, timeout=seconds)
    if done:
        return task.result()
    task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())  # nobody else will ask
    task.cancel()
    raise NoAnswer


class Chromium:
    """The browser of one crawl. ``restarts``: how often it may be started again after it ended by itself."""

    def __init__(self, restarts: int = 3, program: str | None = None) -> None:
        self._program = program
        self._starts_left = restarts + 1
        self._wall = Wall()
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None
        self._pid: int | None = None
        self._starting = asyncio.Lock()

    @property
    def pid(self) -> int | None:
        """Process id of the running browser."""
        return self._pid if self._browser is not None and self._browser.is_connected() else None

    async def context(self, proxy: str, user_agent: str) -> BrowserContext:
        """A fresh profile behind ``proxy``: no cookie, no cache, no service worker, no download.

        Raises :class:`BrowserMissing`, :class:`BrowserLost` and :class:`BrowserGivenUp`.
        """
        from playwright.async_api import Error

        browser = await self._running()
        try:
            return await within(
                CALL_SECONDS,
                browser.new_context(
                    proxy={"server": proxy},
                    user_agent=f"{_as_browser(browser.version)} {user_agent}",
                    locale="zh-CN",
                    timezone_id="Asia/Shanghai",
                    viewport={"width": 1280, "height": 900},
                    service_workers="block",
                    accept_downloads=False,
                    ignore_https_errors=True,
                ),
            )
        except (Error, NoAnswer) as error:
            self.kill()
            raise BrowserLost from error

    async def _running(self) -> Browser:
        async with self._starting:
            if self._browser is not None and self._browser.is_connected():
                return self._browser
            if self._starts_left <= 0:
                raise BrowserGivenUp
            self._starts_left -= 1
            self._browser = await self._start()
            return self._browser

    async def _start(self) -> Browser:
        program = self._program or find_chromium()
        lacking = missing() if self._program is None else None
        if lacking is not None or program is None:
            raise BrowserMissing(lacking)
        from playwright.async_api import Error, async_playwright

        try:
            if self._playwright is None:
                await self._wall.raise_()
                self._playwright = await self._driver(async_playwright())
            browser = await within(
                START_SECONDS,
                self._playwright.chromium.launch(
                    executable_path=program,
                    args=list(_ARGUMENTS),
                    # The sandbox needs user namespaces, which root's Chromium does not use; run as an ordinary user.
                    chromium_sandbox=os.geteuid() != 0,
                    proxy={"server": self._wall.address},
                    handle_sigint=False,
                    handle_sigterm=False,
                    handle_sighup=False,
                ),
            )
            session = await within(CALL_SECONDS, browser.new_browser_cdp_session())
            processes = await within(CALL_SECONDS, session.send("SystemInfo.getProcessInfo"))
        except (Error, NoAnswer) as error:
            logger.error("Chromium could not be started", exc_info=error)
            raise BrowserLost from error
        self._pid = next(entry["id"] for entry in processes["processInfo"] if entry["type"] == "browser")
        return browser

    async def _driver(self, driver: PlaywrightContextManager) -> Playwright:
        from playwright.async_api import Error

        try:
            return await within(START_SECONDS, driver.start())
        except (Error, NoAnswer):
            raise
        except Exception as error:  # its bare word for a driver that ended at once
            logger.error("Playwright's driver could not be started", exc_info=error)
            raise BrowserMissing(DRIVER_FAILS) from error

    async def discard(self, context: BrowserContext) -> None:
        """Close a profile with its pages, whatever they are doing; a browser that cannot is killed."""
        try:
            await within(CALL_SECONDS, context.close())
        except NoAnswer:
            self.kill()
        except Exception as error:  # the browser is gone already
            logger.debug("closing a page: %s", error)

    def kill(self) -> None:
        """End the browser at once; pages that were open end with an error, the next one starts it again."""
        pid = self.pid
        if pid is not None:
            logger.warning("Chromium (process %s) does not answer and is ended", pid)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    async def close(self) -> None:
        """End browser and driver; never raises and never hangs."""
        for name, ending in (
            ("browser", self._browser.close() if self._browser is not None else None),
            ("driver", self._playwright.stop() if self._playwright is not None else None),
        ):
            if ending is None:
                continue
            try:
                await within(CALL_SECONDS, ending)
            except NoAnswer:
                logger.warning("the %s did not end in time", name)
                self.kill()
            except Exception as error:
                logger.debug("ending the %s: %s", name, error)
        self._wall.close()


def _as_browser(version: str) -> str:
    """What scripts take for a browser; they parse the engine's version out of it."""
    major = version.partition(".")[0]
    return f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{major}.0.0.0 Safari/537.36"
