"""``kill -9`` at any moment: the next start finishes the run, nothing is lost or doubled, every WARC file can be read."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

from warcio.archiveiterator import ArchiveIterator

import storage
from crawler.warc import locate
from domain.evidence import EvidenceState
from tests.crawler.crawling import now
from tests.web import Answer, Seen, Web, web
from zhengxun.evidence.sealing import seal
from zhengxun.evidence.verification import Verification

ROOT = Path(__file__).resolve().parents[2]
PAGES = 150


class _Victim:
    """The crawling process; killed when its site has been asked for so many pages."""

    def __init__(self, folder: Path, host: str) -> None:
        self._command = [sys.executable, "-m", "tests.crawler.killed", str(folder), host]
        self._left: int | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, kill_after: int | None) -> bool:
        """Run once; True when it ended by itself."""
        self._left = kill_after
        self._process = subprocess.Popen(self._command, cwd=ROOT)
        status = self._process.wait(timeout=60)
        assert status in (0, -9)
        return status == 0

    def asked(self) -> None:
        if self._left is not None:
            self._left -= 1
            if self._left == 0 and self._process is not None:
                self._process.kill()


def _site(net: Web, victim: list[_Victim]) -> str:
    def page(seen: Seen) -> str:
        number = int(seen.path.removeprefix("/p").strip("/") or 0)
        victim[0].asked()
        links = "".join(
            f'<a href="/p{child}">x</a>' for child in range(3 * number + 1, 3 * number + 4) if child < PAGES
        )
        return f"第 {number} 页的内容，每页都不相同。{links}"

    return net.site({"*": page, "/robots.txt": Answer(status=404)}).host


def test_killed_runs_are_finished_without_loss_or_doubling(tmp_path: Path) -> None:
    """After several kills at random points every page has one outcome and one snapshot, and its evidence can be read."""
    storage.migrate(storage.default_url(tmp_path))
    picker = random.Random(20261124)
    with web() as net:
        victim: list[_Victim] = []
        host = _site(net, victim)
        victim.append(_Victim(tmp_path, host))
        kills = [picker.randint(2, 30) for _ in range(5)]
        ended = [victim[0].run(kill_after=pages) for pages in kills]
        assert not any(ended)
        assert victim[0].run(kill_after=None)
    with sqlite3.connect(tmp_path / "zhengxun.db") as database:
        requests = database.execute("select url, outcome, reason from crawl_requests").fetchall()
        snapshots = database.execute("select url, warc_file, warc_offset, sha256 from snapshots").fetchall()
        runs = database.execute("select state from crawl_runs").fetchall()
    database.close()
    assert runs == [("done",)]
    assert len(requests) == PAGES
    assert Counter(outcome for _, outcome, _ in requests) == {"ok": PAGES}
    assert len({url for url, *_ in requests}) == PAGES
    assert sorted(url for url, *_ in snapshots) == sorted(url for url, *_ in requests)
    evidence = tmp_path / "evidence"
    assert not list(evidence.rglob("*.open"))
    for url, file, offset, sha256 in snapshots:
        with locate(evidence, file).open("rb") as stream:
            stream.seek(offset)
            record = next(iter(ArchiveIterator(stream, check_digests=True)))
            assert record.rec_headers.get_header("WARC-Target-URI") == url
            assert record.rec_headers.get_header("WARC-Payload-Digest") == f"sha256:{sha256}"
            record.content_stream().read()
            assert record.digest_checker.passed
    store = storage.open_store(storage.default_url(tmp_path), clock=now, confirm_after=timedelta(hours=6))
    seal(store, evidence)
    report = Verification(store, evidence).everything()
    store.close()
    assert report.sound, report.items
    assert report.counts["snapshot", EvidenceState.VERIFIED] == PAGES
    for path in evidence.rglob("*.warc.gz"):
        with path.open("rb") as stream:
            for record in ArchiveIterator(stream, check_digests=True):
                record.content_stream().read()
                assert record.digest_checker.passed
