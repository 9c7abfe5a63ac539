"""Too little room on the disk: nothing more is taken in, what is kept stays, people are told, and it goes on by itself.

Free space is faked where the limit is meant; where a write is refused the refusal is real: a small tmpfs in a mount
namespace of the test's own, SQLite's own page limit, and, where the system mounts nothing, an error put into the
lowest call (the WARC file's ``write``).
"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import event, text

from crawler import warc
from crawler.exchange import Resource
from crawler.warc_reading import read_payload
from crawler.warc_scan import scan
from domain.errors import EvidenceDamaged, NoRoom
from domain.evidence import CaptureKind
from storage.engine import default_url, new_engine, parse_url, writing
from tests.web import Answer, Seen, Site, Web, html
from tests.web import web as a_web
from tests.zhengxun.conftest import Zhengxun
from tests.zhengxun.test_jobs import DAY, HONEST, OFFER, _digest, _on
from zhengxun.services import Services
from zhengxun.status import read_status


@pytest.fixture
def web() -> Iterator[Web]:
    """An empty small web."""
    with a_web() as running:
        yield running


class Disk:
    """A disk whose free space the test decides."""

    def __init__(self) -> None:
        self.free = 10**12
        self.looked = threading.Event()

    def __call__(self, folder: Path) -> int:
        if self.free < 10**9:
            self.looked.set()
        return self.free


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """In place of the machine's own."""
    fake = Disk()
    monkeypatch.setattr("zhengxun.disk.free_space", fake)
    return fake


@pytest.fixture
def watched(ready: Zhengxun, loopback: None, web: Web, monkeypatch: pytest.MonkeyPatch) -> tuple[Zhengxun, Site]:
    """A site with an offer behind its home page as target 1, in the morning."""
    site = web.site({"/": html(HONEST + '<a href="/offer.html">培训</a>'), "/offer.html": html(OFFER, "办证")})
    _on(monkeypatch, DAY)
    assert ready("targets", "add", site.url + "/", "--name", "样例").status == 0
    return ready, site


def test_below_the_limit_nothing_is_taken_in(
    watched: tuple[Zhengxun, Site], disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before a run: no request, the day's digest with the reason as its gap, everything readable; then it goes on."""
    zhengxun, site = watched
    disk.free = 10 * 2**20
    ran = zhengxun("tick")
    assert ran.status == 1
    assert "磁盘空间不足" in ran.err
    assert f"{tmp_path / 'data'} 所在磁盘只剩 10 MB" in ran.err
    assert site.seen == []
    (gap,) = _digest(tmp_path / "data" / "digests", "2026-11-23")["coverage"]["gaps"]
    assert (gap["outcome"], gap["detail"]) == ("not_run", "磁盘空间不足，未采集")
    for command in (["recheck"], ["intake", str(tmp_path)], ["backup", str(tmp_path / "b")]):
        ran = zhengxun(*command)
        assert (ran.status, "磁盘空间不足" in ran.err) == (1, True), (command, ran.err)
    assert not (tmp_path / "b").exists()
    assert zhengxun("leads", "list").status == 0
    assert (zhengxun("doctor").status, "已停止采集" in zhengxun("doctor").out) == (1, True)
    services = Services.load(tmp_path / "data")
    with services.store() as store:
        problems = read_status(services, store).problems
    assert any("已停止采集" in problem for problem in problems)

    with services.store() as store:
        assert store.stoppages.current() is not None
        disk.free = 10**12
        assert zhengxun("recheck").status == 0
        assert store.stoppages.current() is None


def test_room_that_runs_out_during_a_crawl(
    watched: tuple[Zhengxun, Site], disk: Disk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is under way is finished and written, the rest stays pending and stands in the digest; nothing twice."""
    zhengxun, site = watched
    # Time for the wish to stop to get from the thread that looks to the one that crawls.
    monkeypatch.setenv("ZHENGXUN_CRAWL_DELAY", "2")

    def last_before(seen: Seen) -> Answer:
        disk.free = 10 * 2**20
        assert disk.looked.wait(30)
        return html(OFFER, "办证")

    names = [f"/{number}.html" for number in range(5)]
    site.pages["/"] = html(HONEST + "".join(f'<a href="{name}">培训</a>' for name in ("/offer.html", *names)))
    site.pages["/offer.html"] = last_before
    site.pages.update({name: html(HONEST + name) for name in names})
    ran = zhengxun("tick")
    assert (ran.status, "磁盘空间不足" in ran.err) == (1, True)
    kept = {path for path in site.paths() if path.endswith(".html")}
    assert kept == {"/offer.html"}
    digest = _digest(tmp_path / "data" / "digests", "2026-11-23")
    assert [item["status"] for item in digest["items"]] == ["new"]
    (gap,) = digest["coverage"]["gaps"]
    assert (gap["outcome"], gap["detail"]) == ("deferred", "5 个页面：磁盘空间不足，未采集")

    disk.free = 10**12
    monkeypatch.setenv("ZHENGXUN_CRAWL_DELAY", "0")
    site.pages["/offer.html"] = html(OFFER, "办证")
    assert zhengxun("tick").status == 0
    assert sorted(path for path in site.paths() if path.endswith(".html")) == sorted(["/offer.html", *names])
    assert zhengxun("evidence", "verify", "--all").status == 0


class _Half:
    """A file on a full disk: of what is written half arrives."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def write(self, data: bytes) -> int:
        self._file.write(data[: len(data) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_refused_write_of_evidence(tmp_path: Path) -> None:
    """Half a record never gets into a closed file, even where there is room again before it is closed."""
    writer = warc.WarcWriter(tmp_path, 1, 10**6, lambda: DAY)
    whole = writer.write_resource(Resource(CaptureKind.UPLOAD, "a.txt", DAY, "text/plain", b"whole"), None)
    writer.sync()
    writer._file = _Half(writer._file)  # type: ignore[assignment]
    with pytest.raises(OSError, match=r"1-00001\.warc\.gz"):
        writer.write_resource(Resource(CaptureKind.UPLOAD, "b.txt", DAY, "text/plain", b"half"), None)
    writer.close()
    assert list(tmp_path.rglob("*.warc.gz")) == []
    assert read_payload(tmp_path, whole) == b"whole"
    (closed,) = warc.recover(tmp_path)
    assert [record.fields["warc-type"] for record in scan(closed, ()) if not isinstance(record, EvidenceDamaged)] == [
        "warcinfo",
        "resource",
    ]


def test_a_full_database_is_told_and_keeps_what_it_has(initialised: Path, tmp_path: Path) -> None:
    """SQLite's own refusal becomes one sentence with path and remedy; the transaction leaves nothing."""
    import shutil

    shutil.copytree(initialised, tmp_path / "data")
    url = default_url(tmp_path / "data")
    engine = new_engine(parse_url(url))

    @event.listens_for(engine, "connect")
    def _small(connection: Any, record: Any) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages}")

    note = text("INSERT INTO stoppage_events (began, at, detail) VALUES (1, '2026-11-23 00:00:00.000000', :detail)")
    rows = [{"detail": "满" * 10_000} for _ in range(100)]
    with pytest.raises(NoRoom, match=r"zhengxun\.db 磁盘已满.*清理磁盘"), writing(engine) as connection:
        connection.execute(note, rows)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM stoppage_events").scalar() == 0
    engine.dispose()


def _may_mount() -> bool:
    try:
        tried = subprocess.run(
            ["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False
        )
    except FileNotFoundError:
        return False
    return tried.returncode == 0


@pytest.mark.skipif(not _may_mount(), reason="this system mounts nothing for us; the tests above put the error in")
def test_a_disk_that_is_really_full(watched: tuple[Zhengxun, Site], tmp_path: Path) -> None:
    """A tmpfs of 4 MB: the crawl ends with the reason, nothing half-written shows, and more room is enough to go on; read-only, all can be read."""
    _, site = watched
    noise = Random(7)
    for number in range(4):
        noisy = noise.randbytes(900_000).hex()
        site.pages[f"/big{number}.html"] = html(f"<p>{HONEST}</p><!-- {noisy} -->")
    links = "".join(f'<a href="/big{number}.html">通知</a>' for number in range(4))
    site.pages["/"] = html(HONEST + links)
    data, small = tmp_path / "data", tmp_path / "small"
    small.mkdir()
    program = f"{sys.executable} -m zhengxun --data-dir {small}"
    script = f"""
        mount -t tmpfs -o size=4m tmpfs {small} && cp -r {data}/. {small} || exit 90
        {program} crawl --all; echo first $?
        ls {small}/evidence/warc/*/ | grep -c 'warc.gz$'
        mount -o remount,size=64m {small} || exit 91
        {program} crawl --all >/dev/null; echo second $?
        mount -o remount,ro {small} || exit 92
        {program} evidence verify --all >/dev/null; echo verified $?
        {program} crawl --all; echo locked $?
    """
    ran = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script],
        env=os.environ | {"ZHENGXUN_MIN_FREE_MB": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout.split("\n")[:1] == ["first 1"], ran.stdout + ran.stderr
    assert "磁盘" in ran.stderr
    assert "文件系统只读" in ran.stderr
    assert "未预料" not in ran.stderr
    assert ran.stdout.split("\n")[1:-1] == ["0", "second 0", "verified 0", "locked 4"], ran.stdout + ran.stderr
    assert {path for path in site.paths() if "big" in path} == {f"/big{number}.html" for number in range(4)}
