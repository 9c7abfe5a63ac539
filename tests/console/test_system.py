"""系统状态: what it shows, how it protects itself, what monitoring gets."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from console.app import ConsoleServices, make_app
from console.headers import SECURITY_HEADERS
from console.status import Status
from domain.account import Role
from tests.console.conftest import PASSWORD, MakeClient, log_in
from tests.console.status import STATUS
from zhengxun.accounts import AccountService


@pytest.fixture
def client(client_for: MakeClient, accounts: AccountService) -> TestClient:
    """Logged in, on :data:`STATUS`."""
    made = client_for(STATUS)
    log_in(made, accounts)
    return made


def test_the_page_shows_what_a_person_on_duty_asks_for(client: TestClient) -> None:
    """Runs, coverage, last digest, next jobs and disk, in Chinese and Shanghai time."""
    page = client.get("/system")
    assert page.status_code == 200
    for words in (
        "运行正常",
        "共 3 个，其中暂停 1 个；此刻到期 2 个",
        "〔2026〕第001期",
        "新发现 4",
        "/data/digest-2026-11-23.html",
        "计划 3 个对象，已看到 2 个",
        "被拦截",
        "未采集",
        "已采集 10",
        "进行中或已中断",
        "已完成 20 / 已排 50 个请求",
        "每日处置简报",
        "2026-11-23 09:00",
        "5 GB",
        "cookies/weibo.txt",
        "即将到期",
    ):
        assert words in page.text, words


def test_names_of_pages_and_targets_are_escaped(client: TestClient) -> None:
    """A target called <script> is text."""
    page = client.get("/system")
    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text


@pytest.mark.parametrize("path", ["/system", "/healthz", "/login", "/static/console.css", "/nothing"])
def test_every_answer_has_the_security_headers(client: TestClient, path: str) -> None:
    """Also the style sheet and the page for a wrong address."""
    answer = client.get(path)
    for name, value in SECURITY_HEADERS.items():
        assert answer.headers[name] == value


def test_nothing_is_loaded_from_outside(client: TestClient) -> None:
    """Users sit on closed networks: every address is our own, no script and no style stands in a page."""
    page = client.get("/system").text
    assert all(
        found.startswith("/") for found in re.findall(r'(?:src|href|action)="([^"]+)"', page) if found != "#main"
    )
    assert not re.search(r"<script(?![^>]*src=)|style=|@import| on[a-z]+=", page)
    assert not re.search(r"@import|url\(", client.get("/static/console.css").text)


def test_healthz_is_200_or_503(client_for: MakeClient) -> None:
    """Problems turn monitoring red and say why; monitoring does not log in."""
    well = client_for(STATUS).get("/healthz")
    assert (well.status_code, well.json()["status"], well.json()["problems"]) == (200, "ok", [])
    ill = client_for(replace(STATUS, problems=("磁盘只剩 3 MB。",))).get("/healthz")
    assert (ill.status_code, ill.json()["status"], ill.json()["problems"]) == (503, "failing", ["磁盘只剩 3 MB。"])


def test_an_unreadable_status_says_nothing_of_the_reason(
    console: ConsoleServices, accounts: AccountService, caplog: pytest.LogCaptureFixture
) -> None:
    """Exception text goes to the log, never into an answer."""

    def broken() -> Status:
        raise RuntimeError("password=secret")

    app = make_app(replace(console, read_status=broken))
    client = TestClient(app, base_url="http://console.test", follow_redirects=False)
    accounts.add("李明", "", Role.READONLY, None, PASSWORD, by="system")
    client.post("/login", data={"name": "李明", "password": PASSWORD})
    for path in ("/system", "/healthz"):
        answer = client.get(path)
        assert answer.status_code == 503
        assert "secret" not in answer.text
    assert "password=secret" in caplog.text


def test_before_the_first_run_the_page_stands(client_for: MakeClient, accounts: AccountService) -> None:
    """An installation of five minutes ago has nothing to show, and says so."""
    client = client_for(replace(STATUS, runs=(), coverage=None, digest=None, jobs=()))
    log_in(client, accounts)
    page = client.get("/system")
    assert page.status_code == 200
    for words in ("还没有采集过", "今天还没有采集", "还没有生成过简报"):
        assert words in page.text


def test_foreign_host_names_are_refused(console: ConsoleServices) -> None:
    """A page elsewhere cannot read this one by letting its own name point here (DNS rebinding)."""
    app = make_app(console, ["localhost", "127.0.0.1"])
    client = TestClient(app, base_url="http://127.0.0.1")
    assert client.get("/healthz").status_code == 200
    assert client.get("/healthz", headers={"Host": "evil.example"}).status_code == 400
