"""Whoever knows Scrapy is at home: ``scrapy list`` and ``scrapy crawl website`` work from the root with nothing set up."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.web import Seen, web

ROOT = Path(__file__).resolve().parents[2]


def _scrapy(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ZHENGXUN_")}
    return subprocess.run(
        [sys.executable, "-m", "scrapy", *arguments],
        cwd=ROOT,
        env=kept | environment | {"PYTHONWARNINGS": "error::DeprecationWarning:scrapy"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_scrapy_lists_the_spider() -> None:
    """The project is found through scrapy.cfg."""
    assert _scrapy("list").stdout.split() == ["website"]


def test_scrapy_crawls_a_site_into_a_file(tmp_path: Path) -> None:
    """Documents are items; evidence lies in a WARC file; what failed is an item that says so."""
    out = tmp_path / "pages.jsonl"
    with web() as net:
        site = net.site(
            {
                "/": '<p>职业培训学校欢迎您</p><a href="/a">课程</a><a href="/gone">旧</a>',
                "/a": "<p>课程介绍页面的文字</p>",
            }
        )
        done = _scrapy(
            "crawl", "website", "-a", f"url={site.url}/", "-O", str(out), "-s", "ALLOW_NETWORKS=127.0.0.0/8",
            "-s", f"EVIDENCE_FOLDER={tmp_path / 'evidence'}", "-s", "CRAWL_DELAY=0",
        )  # fmt: skip
    assert done.returncode == 0
    assert done.stderr == ""
    items = {item["url"].rpartition("/")[2]: item for item in map(json.loads, out.read_text("utf-8").splitlines())}
    assert "欢迎您" in items[""]["text"]
    assert items["a"]["outcome"] == "ok"
    assert items["gone"] == {"url": f"{site.url}/gone", "outcome": "failed", "reason": "http_404"}
    assert len(list((tmp_path / "evidence").rglob("*.warc.gz"))) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "scrapy crawl website -a url="),
        (("-a", "url=http://127.0.0.1:9/"), "地址 http://127.0.0.1:9/ 不能采集"),
        (("-a", "url=https://example.com/", "-a", "max_pages=many"), "max_pages"),
    ],
)
def test_scrapy_without_a_usable_address_says_why_and_fails(arguments: tuple[str, ...], words: str) -> None:
    """A Chinese ERROR, no traceback, and a status by which scripts can tell."""
    done = _scrapy("crawl", "website", *arguments)
    assert words in done.stderr
    assert "ERROR" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.returncode == 1


def test_scrapy_takes_allowed_networks_from_the_environment(tmp_path: Path) -> None:
    """The same variable as for every other command."""
    out = tmp_path / "pages.jsonl"
    with web() as net:
        site = net.site({"/": "<p>职业培训学校欢迎您</p>"})
        done = _scrapy(
            "crawl", "website", "-a", f"url={site.url}/", "-O", str(out), "-s", f"EVIDENCE_FOLDER={tmp_path}",
            ZHENGXUN_ALLOW_NETWORKS="10.0.0.0/8, 127.0.0.0/8",
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "欢迎您" in out.read_text("utf-8")


def test_interrupting_scrapy_ends_it_in_order(tmp_path: Path) -> None:
    """SIGINT: what was fetched is written, the WARC file is closed, the process ends by itself."""
    process: list[subprocess.Popen[bytes]] = []

    def page(seen: Seen) -> str:
        number = int(seen.path.strip("/p") or 0)
        if number == 10:
            process[0].send_signal(signal.SIGINT)
        return f'第{number}页的文字内容，每一页都有所不同<a href="/p{number + 1}">下一页</a>'

    with web() as net:
        site = net.site({"*": page, "/robots.txt": "", "/sitemap.xml": ""})
        command = [
            sys.executable, "-m", "scrapy", "crawl", "website", "-a", f"url={site.url}/", "-a", "max_depth=1000",
            "-s", "ALLOW_NETWORKS=127.0.0.0/8", "-s", f"EVIDENCE_FOLDER={tmp_path}", "-s", "CRAWL_DELAY=0.01",
            "-a", "max_pages=1000",
        ]  # fmt: skip
        process.append(subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL))
        process[0].wait(timeout=30)
    assert list(tmp_path.rglob("*.warc.gz"))
    assert not list(tmp_path.rglob("*.open"))
    assert len(site.seen) < 100
