"""Thirty days in a row, with all that happens to a machine in a month: thirty digests, each made once and delivered once."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, text

from tests.storage.conftest import postgres_url  # noqa: F401 - a fixture
from tests.web import Answer, Seen, Site, Web, html
from tests.web import web as a_web
from tests.zhengxun.conftest import Ran, Zhengxun
from tests.zhengxun.test_delivery import Mail, mail  # noqa: F401 - a fixture
from tests.zhengxun.test_jobs import HONEST, OFFER
from zhengxun.clock import SHANGHAI
from zhengxun.services import Services

FIRST = date(2026, 10, 20)
DAYS = [FIRST + timedelta(days=offset) for offset in range(30)]

#: Days of the month on which the database server ends all sessions, twice.
RESTARTS = (4, 6)

CONFIGURATION = """crawl_delay = 0
digest_formats = ["json"]
pictures = false
[[channels]]
name = "市网信办"
kind = "smtp"
host = "127.0.0.1"
port = {port}
security = "none"
sender = "zx@example.cn"
to = ["jia@example.cn"]
formats = ["json"]
"""


@dataclass
class Month:
    """The machine of this month: what it does at which time by its own clock, and what came of it."""

    command: Zhengxun
    folder: Path
    site: Site
    mail: Mail
    patch: pytest.MonkeyPatch
    frozen: dict[date, str] = field(default_factory=dict)
    """Each digest as it was when it was first there."""

    def clock(self, day: int, hour: int, minute: int = 5) -> None:
        """Set the machine's clock (Asia/Shanghai) to a time of the month's ``day``, counted from 1."""
        self.now = datetime(FIRST.year, FIRST.month, FIRST.day, hour, minute, tzinfo=SHANGHAI) + timedelta(days=day - 1)
        self.patch.setenv("ZHENGXUN_NOW", self.now.isoformat())

    def tick(self, day: int, hour: int, minute: int = 5) -> Ran:
        """One tick of a program that was started for it: services, store and clock are new each time."""
        self.clock(day, hour, minute)
        ran = self.command("tick", "--json")
        self.look()
        return ran

    def look(self) -> None:
        """Digests that are there now; one that was there before must not have changed."""
        with Services.load(self.folder).store() as store:
            for listing in store.digests.list():
                kept = store.digests.frozen(listing.date)
                assert self.frozen.setdefault(listing.date, repr(kept)) == repr(kept), listing.date

    def killed_while_crawling(self, day: int, hour: int) -> None:
        """A tick in a process of its own that dies by SIGKILL while the site is answering."""
        self.clock(day, hour)
        asked, over = threading.Event(), threading.Event()
        page = self.site.pages["/"]

        def never(seen: Seen) -> object:
            asked.set()
            over.wait()
            return page

        self.site.pages["/"] = never
        command = [sys.executable, "-m", "zhengxun", "--data-dir", str(self.folder), "tick"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
            while not asked.wait(0.1):
                assert child.poll() is None, "the tick ended without asking the site"
            child.send_signal(signal.SIGKILL)
        self.site.pages["/"] = page
        over.set()

    @contextmanager
    def full_disk(self) -> Iterator[None]:
        """No byte more can be written: evidence and digests refuse, and a database on this machine cannot grow."""

        def full(descriptor: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        def cannot_grow(connection: Any, _record: Any) -> None:
            if hasattr(connection, "execute") and type(connection).__module__ == "sqlite3":
                connection.execute("PRAGMA max_page_count = 1")  # never below the present size

        usage = shutil.disk_usage(self.folder)
        event.listen(Engine, "connect", cannot_grow)
        try:
            with self.patch.context() as patch:
                patch.setattr(os, "fsync", full)
                patch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=0, used=usage.total))
                yield
        finally:
            event.remove(Engine, "connect", cannot_grow)

    def gaps(self, day: int) -> list[str]:
        """Coverage gaps that the digest of the month's ``day`` states."""
        file = self.folder / "digests" / f"digest-{DAYS[day - 1].isoformat()}.json"
        return [f"{gap['name']}：{gap['detail']}" for gap in json.loads(file.read_text("utf-8"))["coverage"]["gaps"]]


@pytest.fixture
def summer_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The machine stands in a zone that leaves summer time on 1 November; the office has none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "America/New_York")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def web() -> Iterator[Web]:
    """An empty small web."""
    with a_web() as running:
        yield running


@pytest.fixture
def site(web: Web) -> Site:
    """A home page and an offer behind it."""
    return web.site({"/": html(HONEST + '<a href="/offer.html">培训</a>'), "/offer.html": html(OFFER, "办证")})


@pytest.mark.parametrize(("kind", "days"), [("sqlite", 30), ("postgresql", 6)])
def test_thirty_days(
    kind: str,
    days: int,
    ready: Zhengxun,
    loopback: None,
    summer_time: None,
    site: Site,
    mail: Mail,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> None:
    """Clock steps, a zone with summer time, kills, a dead mail server, a full disk, database restarts, a machine that is off."""
    url = None
    if kind == "postgresql":
        url = str(request.getfixturevalue("postgres_url"))
        monkeypatch.setenv("ZHENGXUN_DATABASE_URL", url)
    (tmp_path / "data" / "zhengxun.toml").write_text(CONFIGURATION.format(port=mail.port), "utf-8")
    month = Month(ready, tmp_path / "data", site, mail, monkeypatch)
    month.clock(1, 3)
    assert ready("targets", "add", site.url + "/", "--name", "样例", "--schedule", "每天 04:00").status == 0
    mail.start()

    for day in range(1, days + 1):
        site.pages["/offer.html"] = html(OFFER.replace("七天", f"{(day + 4) // 6 + 2}天"), "办证")
        _live(month, day, url)
        if day not in (18, 25):
            assert DAYS[day - 1] in month.frozen, day

    _check(month, days, RESTARTS if url is not None else ())


def _live(month: Month, day: int, url: str | None) -> None:
    """One day: crawl and digest by 08:05, unless something is wrong with this day."""
    if day == 3:  # killed while crawling; the next tick finishes
        month.killed_while_crawling(day, 4)
    elif day == 5:  # seven hours ahead in the night, then set back
        month.tick(day, 9, 30)
        month.tick(day, 2, 35)
    elif day == 8:  # the evening before, nine hours ahead: tomorrow's digest is made before its day
        month.tick(day, 4)
        month.tick(day, 8)
        month.tick(day + 1, 8, 30)
        month.tick(day, 23, 50)
        return
    elif day == 12:  # five hours behind all morning
        month.tick(day - 1, 23)
        month.tick(day, 3)
    elif day == 15:  # no mail all day
        month.mail.stop()
    elif day == 16:
        month.mail.start()
    elif day == 18:  # killed, and the machine stays off until tomorrow
        month.killed_while_crawling(day, 4)
        return
    elif day == 20:  # set back after the digest
        month.tick(day, 8)
        month.tick(day, 3)
    elif day == 25:  # off for a whole day
        return
    elif day == 28:  # the site is down
        month.site.pages["/offer.html"] = month.site.pages["/"] = Answer(b"", 503)
    elif day == 29:
        month.site.pages["/"] = html(HONEST + '<a href="/offer.html">培训</a>')
    if url is not None and day in RESTARTS:
        _with_restarts(month, day, url)
    elif day == 14:  # nothing can be written from four to five, nor from eight to nine
        with month.full_disk():
            assert month.tick(day, 4).status != 0
        month.tick(day, 5)
        with month.full_disk():
            assert month.tick(day, 8).status != 0
        month.tick(day, 9)
    else:
        if day % 3 == 0:  # on the others the morning's tick does all at once
            month.tick(day, 4)
        month.tick(day, 8)
    if day == 15:
        late = month.tick(day, 9)
        assert any("仍未送达" in problem for problem in late.json["delivery"]["problems"])


def _with_restarts(month: Month, day: int, url: str) -> None:
    """The server ends all sessions while pages are fetched, and once more while the mail server takes the digest."""
    server = create_engine(url, isolation_level="AUTOCOMMIT")

    ended: list[int] = []

    def restart() -> None:
        with server.connect() as connection:
            others = connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
            ended.append(len(others.all()))

    home = month.site.pages["/"]

    def page(seen: Seen) -> object:
        restart()
        return home

    month.site.pages["/"] = page
    month.tick(day, 4)
    month.site.pages["/"] = home
    taken = month.mail.box.handle_DATA

    async def handle_DATA(*arguments: Any) -> str:
        restart()
        return await taken(*arguments)

    month.mail.box.handle_DATA = handle_DATA  # type: ignore[method-assign]
    month.tick(day, 8)
    month.mail.box.handle_DATA = taken  # type: ignore[method-assign]
    server.dispose()
    assert len(ended) == 2
    assert all(ended), "each time there were sessions to end"
    month.tick(day, 9)


def _check(month: Month, days: int, restarts: Collection[int]) -> None:
    """Each day's digest once, numbered in order, delivered once and in order; what was not seen is said, nothing else is."""
    with Services.load(month.folder).store() as store:
        listed = sorted(store.digests.list(), key=lambda listing: listing.date)
    assert [listing.date for listing in listed] == DAYS[:days]
    assert [int(listing.number.split("第")[1].rstrip("期")) for listing in listed] == list(range(1, days + 1))
    messages = [message_from_bytes(raw, policy=policy.default) for raw in month.mail.box.messages]
    assert [message["Subject"].split()[1][:10] for message in messages] == [day.isoformat() for day in DAYS[:days]]
    # A restart may hit a transaction or only a resting connection: what was not seen then is a gap of that day, or nothing is.
    watched = (day for day in range(1, days + 1) if day not in restarts)
    gaps = {day: found for day in watched if (found := month.gaps(day))}
    stated = {
        18: ("本次采集尚未完成，入口页面没有结果",),
        25: ("已到采集时间，当日没有采集",),
        28: ("入口页面：网站暂不可用", "1 个页面：网站暂不可用", "失声报警"),
    }
    assert list(gaps) == [day for day in stated if day <= days]
    for day, found in gaps.items():
        assert len(found) == len(stated[day])
        assert all(part in gap for part, gap in zip(stated[day], found, strict=True)), found
