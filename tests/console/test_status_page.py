"""The status page: what it shows, how it protects itself, what monitoring gets."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from console.app import SECURITY_HEADERS, make_app
from console.status import DigestLine, JobLine, RunLine, Status
from domain.digest import Coverage, CoverageGap

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
STATUS = Status(
    now=NOW,
    version="0.1.0",
    problems=(),
    targets=3,
    targets_paused=1,
    targets_due=2,
    runs=(
        RunLine(7, NOW, NOW, 2, (("ok", 10), ("failed", 1)), 4, 1),
        RunLine(6, NOW, None, 2, (), 0, 0),
    ),
    coverage=Coverage(
        3,
        2,
        (
            CoverageGap(1, "<script>alert(1)</script>", "blocked", "要求输入验证码"),
            CoverageGap(2, "未采的对象", "not_run", "已到采集时间"),
        ),
    ),
    digest=DigestLine("2026-11-23", "〔2026〕第001期", NOW, (("新发现", 4),), (Path("/data/digest-2026-11-23.html"),)),
    jobs=(JobLine("每日处置简报", NOW, ""),),
    disk_free=5 * 1024**3,
    disk_total=100 * 1024**3,
    data_dir=Path("/data"),
)


def _client(status: Status) -> TestClient:
    return TestClient(make_app(lambda: status))


def test_the_page_shows_what_a_person_on_duty_asks_for() -> None:
    """Runs, coverage, last digest, next jobs and disk, in Chinese and Shanghai time."""
    page = _client(STATUS).get("/")
    assert page.status_code == 200
    for words in (
        *(
            "运行正常",
            "共 3 个，其中暂停 1 个；此刻到期 2 个",
            "〔2026〕第001期",
            "新发现 4",
            "/data/digest-2026-11-23.html",
        ),
        *(
            "计划 3 个对象，已看到 2 个",
            "被拦截",
            "未采集",
            "已采集 10",
            "进行中或已中断",
            "每日处置简报",
            "2026-11-23 09:00",
            "5 GB",
        ),
    ):
        assert words in page.text, words


def test_names_of_pages_and_targets_are_escaped() -> None:
    """A target called <script> is text."""
    page = _client(STATUS).get("/")
    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text


@pytest.mark.parametrize("path", ["/", "/healthz", "/console.css", "/nothing"])
def test_every_answer_has_the_security_headers(path: str) -> None:
    """Also the style sheet and the page for a wrong address."""
    answer = _client(STATUS).get(path)
    assert SECURITY_HEADERS.items() <= dict(answer.headers.multi_items()).items() or all(
        answer.headers[name] == value for name, value in SECURITY_HEADERS.items()
    )


def test_nothing_is_loaded_from_outside() -> None:
    """Users sit on closed networks: no address of another host, no script, no inline style."""
    client = _client(STATUS)
    page = client.get("/").text
    assert re.findall(r'(?:src|href)="([^"]+)"', page) == ["/console.css"]
    assert not re.search(r"<script|style=|@import|url\(", page + client.get("/console.css").text)


def test_healthz_is_200_or_503() -> None:
    """Problems turn monitoring red and say why."""
    well = _client(STATUS).get("/healthz")
    assert (well.status_code, well.json()["status"], well.json()["problems"]) == (200, "ok", [])
    ill = _client(replace(STATUS, problems=("磁盘只剩 3 MB。",))).get("/healthz")
    assert (ill.status_code, ill.json()["status"], ill.json()["problems"]) == (503, "failing", ["磁盘只剩 3 MB。"])


def test_an_unreadable_status_says_nothing_of_the_reason(caplog: pytest.LogCaptureFixture) -> None:
    """Exception text goes to the log, never into an answer."""

    def broken() -> Status:
        raise RuntimeError("password=secret")

    client = TestClient(make_app(broken))
    for path in ("/", "/healthz"):
        answer = client.get(path)
        assert answer.status_code == 503
        assert "secret" not in answer.text
    assert "password=secret" in caplog.text


def test_before_the_first_run_the_page_stands() -> None:
    """An installation of five minutes ago has nothing to show, and says so."""
    page = _client(replace(STATUS, runs=(), coverage=None, digest=None, jobs=())).get("/")
    assert page.status_code == 200
    for words in ("还没有采集过", "今天还没有采集", "还没有生成过简报"):
        assert words in page.text


def test_only_reading_is_possible() -> None:
    """Nothing can be posted to the status page."""
    assert _client(STATUS).post("/").status_code == 405


def test_foreign_host_names_are_refused() -> None:
    """A page elsewhere cannot read this one by letting its own name point here (DNS rebinding)."""
    client = TestClient(make_app(lambda: STATUS, ["localhost", "127.0.0.1"]), base_url="http://127.0.0.1")
    assert client.get("/").status_code == 200
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400
