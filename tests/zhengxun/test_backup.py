"""Backup and restore: while a crawl runs, onto an empty place only, with the same evidence and the same digest after."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.errors import BadInput
from storage.copying import copy_database, restore_database
from tests.storage.conftest import postgres_url
from tests.web import Answer, Seen, Site, Web, html
from tests.web import web as a_web
from tests.zhengxun.conftest import Zhengxun
from tests.zhengxun.test_jobs import DAY, HONEST, OFFER, _on
from zhengxun.backup import archive

__all__ = ["postgres_url"]


@pytest.fixture
def web() -> Iterator[Web]:
    """An empty small web."""
    with a_web() as running:
        yield running


@pytest.fixture
def crawled(ready: Zhengxun, loopback: None, web: Web, monkeypatch: pytest.MonkeyPatch) -> tuple[Zhengxun, Site]:
    """A site with an offer, crawled once, with a digest."""
    site = web.site({"/": html(HONEST + '<a href="/offer.html">培训</a>'), "/offer.html": html(OFFER, "办证")})
    _on(monkeypatch, DAY)
    ready("targets", "add", site.url + "/", "--name", "样例")
    assert ready("tick").status == 0
    return ready, site


def _restored(zhengxun: Zhengxun, place: Path, folder: Path) -> Any:
    return zhengxun("--data-dir", folder, "restore", place)


def _items(folder: Path, day: str) -> Any:
    found = json.loads((folder / "digests" / f"digest-{day}.json").read_text("utf-8"))
    return {name: value for name, value in found.items() if name != "generated_at"}


def test_restored_it_is_the_same(
    crawled: tuple[Zhengxun, Site], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a folder and a .tar: evidence verifies, and the next digest is the same as without the accident."""
    zhengxun, _ = crawled
    places = [tmp_path / "backups" / name for name in ("folder", "file.tar")]
    made = [zhengxun("backup", place, "--json").json["files"] for place in places]
    assert made[0] == made[1] > 6
    _on(monkeypatch, DAY + timedelta(days=1))
    assert zhengxun("digest", "--format", "json").status == 0
    for place in places:
        there = tmp_path / f"there-{place.name}"
        ran = zhengxun("restore", place, "--data-dir", there)
        assert ran.status == 0, ran.err
        assert zhengxun("evidence", "verify", "--all", "--data-dir", there).status == 0
        assert zhengxun("digest", "--format", "json", "--data-dir", there).status == 0
        assert _items(there, "2026-11-24") == _items(tmp_path / "data", "2026-11-24")
        assert _items(there, "2026-11-24")["items"]
        again = zhengxun("restore", place, "--data-dir", there)
        assert (again.status, "不是空的" in again.err) == (2, True)
        assert zhengxun("backup", place).status == 2


def test_while_a_crawl_is_under_way(
    crawled: tuple[Zhengxun, Site], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crawl hangs on a page with its WARC file open: the backup holds what was committed, and the next crawl goes on."""
    zhengxun, site = crawled
    site.pages["/"] = html(HONEST + '<a href="/new.html">新</a><a href="/slow.html">慢</a>')
    site.pages["/new.html"] = html(OFFER.replace("七天", "八天"), "新")
    reached = threading.Event()

    def slow(seen: Seen) -> Answer:
        reached.set()
        return Answer(hang=True)

    site.pages["/slow.html"] = slow
    _on(monkeypatch, DAY + timedelta(hours=22))
    command = [sys.executable, "-m", "zhengxun", "--data-dir", str(tmp_path / "data"), "crawl", "--all"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        assert reached.wait(60)
        assert list((tmp_path / "data" / "evidence").rglob("*.open"))
        assert zhengxun("backup", tmp_path / "b").status == 0
        child.kill()
    there = tmp_path / "there"
    assert zhengxun("restore", tmp_path / "b", "--data-dir", there).status == 0
    assert zhengxun("evidence", "verify", "--all", "--data-dir", there).status == 0
    site.pages["/slow.html"] = html(HONEST)
    assert zhengxun("tick", "--data-dir", there).status == 0
    assert zhengxun("evidence", "verify", "--all", "--data-dir", there).status == 0


def test_a_damaged_backup_is_refused(ready: Zhengxun, tmp_path: Path) -> None:
    """One byte, one missing file, a name that leads out: nothing is restored."""
    (tmp_path / "data" / "evidence" / "warc").mkdir(parents=True, exist_ok=True)
    (tmp_path / "data" / "evidence" / "warc" / "a.warc.gz").write_bytes(b"not a record, but kept")
    assert ready("backup", tmp_path / "b").status == 0
    there = tmp_path / "there"

    def refused() -> str:
        ran = ready("restore", tmp_path / "b", "--data-dir", there)
        assert ran.status == 2
        assert not [path for path in there.rglob("*") if path.is_file()]
        return ran.err

    manifest, warc = tmp_path / "b" / "manifest.json", tmp_path / "b" / "evidence" / "warc" / "a.warc.gz"
    good, kept = manifest.read_text("utf-8"), warc.read_bytes()
    warc.write_bytes(kept[:-1] + bytes([kept[-1] ^ 1]))
    assert "校验值不符" in refused()
    warc.unlink()
    assert "备份不完整" in refused()
    warc.write_bytes(kept)
    manifest.write_text(good.replace('"name": "database"', '"name": "../database"'), "utf-8")
    assert "越界" in refused()
    manifest.write_text(good, "utf-8")
    assert ready("restore", tmp_path / "b", "--data-dir", there).status == 0


@pytest.mark.parametrize("name", ["folder", "file.tar"])
def test_a_full_disk_leaves_no_half_backup(
    ready: Zhengxun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """The write that fails is told, and nothing stays that could be taken for a backup."""
    real, left = archive._Hashing.read, [1]

    def full(self: Any, size: int = -1) -> bytes:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(self, size)

    monkeypatch.setattr(archive._Hashing, "read", full)
    ran = ready("backup", tmp_path / "b" / name)
    assert (ran.status, "磁盘空间" in ran.err) == (2, True)
    assert list((tmp_path / "b").iterdir()) == []


def test_postgresql(postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pg_dump and pg_restore into an empty schema; a used one is refused; a missing tool is named."""
    if shutil.which("pg_dump") is None and not os.environ.get("CI"):
        pytest.skip("no pg_dump on this machine")
    copy_database(postgres_url, tmp_path / "dump")
    with pytest.raises(BadInput, match="恢复只能在空的数据库中进行"):
        restore_database(postgres_url, tmp_path / "dump")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BadInput, match="本机没有"):
        copy_database(postgres_url, tmp_path / "other")
