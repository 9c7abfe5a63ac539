"""Debian's Chromium, and a console served on loopback for it."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright
from starlette.types import ASGIApp

from tests.console.conftest import PASSWORD

CHROMIUM = shutil.which("chromium")
#: In CI a missing browser is a failure.
MISSING = CHROMIUM is None and not os.environ.get("CI")

#: A screen and a phone.
SIZES = ((1366, 768), (390, 844))


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser while the block runs."""
    # Only root needs the flag, as on the machines that run the tests.
    arguments = ["--disable-gpu", "--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM or "/usr/bin/chromium", args=arguments)
        yield started
        started.close()


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """Address of ``app`` while the block runs."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
    bound = server.config.bind_socket()
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    try:
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


class Watched:
    """A page that remembers what it asked for and what it complained about."""

    def __init__(self, browser: Browser, address: str, size: tuple[int, int]) -> None:
        self.page: Page = browser.new_context(viewport={"width": size[0], "height": size[1]}).new_page()
        self.address = address
        self.elsewhere: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", self._asked)
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _asked(self, request: object) -> None:
        url = str(getattr(request, "url", ""))
        if not url.startswith((self.address, "data:")):
            self.elsewhere.append(url)

    def log_in(self, name: str) -> None:
        """By the form, as people do."""
        self.page.goto(f"{self.address}/login")
        self.page.fill("#name", name)
        self.page.fill("#password", PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector("form.who")

    def check(self, where: str) -> None:
        """Nothing sticks out to the side, and axe finds nothing serious."""
        width = self.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert width[0] <= width[1], f"{where}: wider than the screen"
        # A button that was just enabled again fades in: colours are judged when they stand still.
        self.page.evaluate(
            "Promise.all(document.getAnimations().map((each) => each.finished.catch(() => null))).then(() => null)"
        )
        found = Axe().run(self.page)
        serious = [
            (violation["id"], violation["nodes"][0]["html"][:200])
            for violation in found.response["violations"]
            if violation["impact"] in ("serious", "critical")
        ]
        assert serious == [], where

    def close(self) -> None:
        """Say what was heard."""
        assert self.elsewhere == []
        assert self.complaints == []
        self.page.context.close()
