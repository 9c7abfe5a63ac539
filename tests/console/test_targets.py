"""监测目标: adding after a look, lists, pausing, editing; addresses and files that are refused."""

from __future__ import annotations

import re
from dataclasses import replace
from ipaddress import ip_network

import pytest
from starlette.testclient import TestClient

from console.app import ConsoleServices, make_app
from console.body_limit import MOST
from domain.account import Role
from storage import Store
from tests.console.conftest import MakeClient, log_in
from tests.console.content import HOSTILE, Content
from tests.web import html
from tests.web import web as a_web
from zhengxun.accounts import AccountService
from zhengxun.console_services.targets import TargetDeskService
from zhengxun.services import Services


@pytest.fixture
def keeper(client_for: MakeClient, accounts: AccountService) -> tuple[TestClient, str]:
    """A client of somebody who keeps targets, and CSRF secret."""
    client = client_for()
    return client, log_in(client, accounts, Role.ENTRY, "赵录")


def test_anything_pasted_becomes_a_target(
    keeper: tuple[TestClient, str], store: Store, accounts: AccountService
) -> None:
    """The kind is guessed, also from the words of a share button; twice changes nothing; what is none is explained."""
    client, csrf = keeper
    for number, (pasted, kind) in enumerate(
        (
            ("www.example.com", "website"),
            ("https://example.org/feed.xml", "feed"),
            ("7.99 复制打开抖音，看看【某校】 https://www.douyin.com/video/7300000000000000000，快来", "douyin"),
        ),
        start=1,
    ):
        answer = client.post("/targets/new", data={"csrf": csrf, "url": pasted, "region": "山西太原"})
        assert answer.headers["location"] == f"/targets/{number}", answer.text
        assert store.targets.get(number).kind.value == kind
    again = client.post("/targets/new", data={"csrf": csrf, "url": "http://www.example.com/"})
    assert "已在监测" in client.get(again.headers["location"]).text
    for url, why in (("", "网址为空"), ("免考 包过", "不是有效网址"), ("http://127.0.0.1/", "127.0.0.1"), ("http://[::1]/", "::1"),
                     ("http://169.254.169.254/latest", "169.254"), ("file:///etc/passwd", "不是有效"), ("http://0x7f.1/", "127.0.0.1")):  # fmt: skip
        refused = client.post("/targets/new", data={"csrf": csrf, "url": url})
        assert (refused.status_code, why in refused.text) == (422, True), (url, refused.text[-900:])
        tried = client.post("/targets/trials", data={"csrf": csrf, "url": url})
        assert "没有试采" in tried.text, url
    assert len(store.targets.list()) == 3
    assert [record.entry.action for record in accounts.accounts.log()].count("添加监测目标") == 3


def test_a_trial_shows_pages_and_verdicts_and_keeps_nothing(
    console: ConsoleServices,
    services: Services,
    accounts: AccountService,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A real look by a process of its own; another user does not see it."""
    for name, value in (("ALLOW_NETWORKS", "127.0.0.0/8"), ("CRAWL_DELAY", "0"), ("PROCESSES", "1")):
        monkeypatch.setenv(f"ZHENGXUN_{name}", value)
    open_to_loopback = services.settings.model_copy(update={"allow_networks": (ip_network("127.0.0.0/8"),)})
    desk = TargetDeskService(replace(services, settings=open_to_loopback), store)
    app = make_app(replace(console, targets=desk))
    client, other = (TestClient(app, follow_redirects=False, base_url="http://console.test") for _ in range(2))
    csrf = log_in(client, accounts, Role.ENTRY, "赵录")
    log_in(other, accounts, Role.ENTRY, "钱录")
    with a_web() as web:
        site = web.site({"/": html("<p>本校代办电工证，免考包过，不用培训，七天出证，联网可查。</p>", "考证")})
        started = client.post("/targets/trials", data={"csrf": csrf, "url": f"{site.url}/"}).text
        token = re.search(r"/targets/trials/([\w-]+)", started)
        assert token
        assert desk._tried.get(token[1], "赵录").done.wait(60)
        shown = client.get(f"/targets/trials/{token[1]}").text
    for words in ("入口可以读到", "robots.txt 允许采集", "考证", "包过", "没有保存"):
        assert words in shown, shown
    assert other.get(f"/targets/trials/{token[1]}").status_code == 422
    assert store.targets.list() == []


def test_the_table_edits_and_pauses(
    keeper: tuple[TestClient, str], content: Content, store: Store, accounts: AccountService
) -> None:
    """Filters, a change with its before and after in the audit log, pausing of several, hostile names as words."""
    client, csrf = keeper
    content.lead(1, shot=False)
    content.world.add_target("other")
    form = {
        "csrf": csrf,
        "name": HOSTILE[:90],
        "schedule": "每12小时",
        "region": "山西",
        "max_pages": "20",
        "max_depth": "2",
    }
    assert client.post("/targets/1", data=form).status_code == 303
    changed = store.targets.get(1)
    assert (changed.name, changed.budget.max_pages, changed.url) == (HOSTILE[:90].strip(), 20, "http://peixun.example/")
    page = client.get("/targets").text
    assert "<script>alert" not in page
    assert "线索 1 条" in client.get("/targets/1").text
    assert "频率：0 8 * * * →" in accounts.accounts.log()[0].entry.detail
    bad = client.post("/targets/1", data={**form, "schedule": "有空的时候"})
    assert (bad.status_code, "有空的时候" in bad.text) == (422, True)
    assert client.post("/targets/many", data={"csrf": csrf, "what": "pause", "target": ["1", "2"]}).status_code == 303
    assert [target.paused for target in store.targets.list()] == [True, True]
    client.post("/targets/many", data={"csrf": csrf, "what": "resume", "target": ["2"]})
    assert "other" not in client.get("/targets?state=paused").text
    assert "other" in client.get("/targets?words=OTHER.example&state=active").text
    for data in ({"what": "burn", "target": ["1"]}, {"what": "pause"}, {"what": "remove", "target": ["99"]}):
        assert client.post("/targets/many", data={"csrf": csrf, **data}).status_code == 422
    exported = client.get("/targets/export/csv")
    assert "'<script>" in exported.text or "<script>" in exported.text
    assert client.get("/targets/export/exe").status_code == 422


def test_a_list_is_looked_at_before_it_is_taken(
    keeper: tuple[TestClient, str], store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Good and bad rows with numbers and reasons; taken once; bombs and other files are refused."""
    client, csrf = keeper
    listed = "名称,网址,类型\n甲校,http://jia.example/,网站\n乙校,http://127.0.0.1/,\n丙校,,\n丁校,ding.example.com,\n".encode()

    def hand_in(name: str, body: bytes) -> tuple[int, str]:
        answer = client.post("/targets/import", data={"csrf": csrf}, files={"file": (name, body)})
        return answer.status_code, answer.text

    status, page = hand_in("../../名单.csv", listed)
    assert status == 200
    for words in ("合格 2 行", "不合格 2 行", "<td>3</td>", "<td>4</td>", "网址为空"):
        assert words in page, words
    assert store.targets.list() == []
    token = re.search(r"/targets/import/([\w-]+)", page)
    assert token
    assert "新增 2 个" in client.post(f"/targets/import/{token[1]}", data={"csrf": csrf}).text
    assert client.post(f"/targets/import/{token[1]}", data={"csrf": csrf}).status_code == 422
    assert [target.name for target in store.targets.list()] == ["甲校", "丁校"]
    assert hand_in("a.exe", b"MZ")[0] == 422
    assert hand_in("a.csv", b"a,b\n1,2\n")[0] == 422
    book = client.get("/targets/export/xlsx").content
    monkeypatch.setattr("zhengxun.spreadsheets.MAX_UNPACKED_BYTES", 1000)
    status, page = hand_in("a.xlsx", book)
    assert (status, "压缩炸弹" in page, "/tmp" in page) == (422, True, False)


def test_what_is_too_large_is_not_read(keeper: tuple[TestClient, str]) -> None:
    """By its length, and where it says none, by what comes."""
    client, csrf = keeper
    said = client.post("/targets/import", headers={"Content-Length": str(MOST + 1), "X-CSRF-Token": csrf}, content=b"x")
    assert said.status_code == 413

    def endless() -> object:
        boundary = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        yield boundary
        for _ in range(MOST // 2**20 + 2):
            yield b"x" * 2**20

    headers = {"Content-Type": "multipart/form-data; boundary=b", "X-CSRF-Token": csrf}
    cut = client.post("/targets/import", headers=headers, content=endless())  # type: ignore[arg-type]
    assert cut.status_code == 413
    assert client.get("/targets").status_code == 200


def test_tags_filters_and_bulk_edits(
    keeper: tuple[TestClient, str], content: Content, store: Store, accounts: AccountService
) -> None:
    """Many at once or none; each target's page says who changed what, its leads and what its runs brought."""
    client, csrf = keeper
    content.lead(1, shot=False)
    for name in ("other", "third"):
        content.world.add_target(name)
    store.health.count_runs(content.clock())
    form = {"csrf": csrf, "what": "edit", "target": ["1", "2"], "back": "kind=website&state=never"}
    done = client.post(
        "/targets/many", data={**form, "add_tags": "重点，电工", "schedule": "每周一 08:00", "region": "大同"}
    )
    assert done.headers["location"] == "/targets?kind=website&state=never"
    assert [(one.tags, one.region, one.schedule) for one in store.targets.list()] == [
        (("电工", "重点"), "大同", "0 8 * * mon"),
        (("电工", "重点"), "大同", "0 8 * * mon"),
        ((), "山西", "0 8 * * *"),
    ]
    client.post("/targets/many", data={**form, "target": ["2"], "drop_tags": "电工", "back": "//evil.example"})
    assert store.targets.get(2).tags == ("重点",)
    for data, why in (
        ({}, "没有填要改成什么"),
        ({"schedule": "有空的时候"}, "有空的时候"),
        ({"add_tags": "、".join(f"签{n}" for n in range(9))}, "标签将超过"),
        ({"add_tags": "重点", "target": ["1", "99"]}, "99"),
    ):
        refused = client.post("/targets/many", data={**form, **data})
        assert (refused.status_code, why in refused.text) == (422, True), why
    names = {1: "peixun", 2: "other", 3: "third"}
    for asked, shown in (("tag=重点", {1, 2}), ("tag=电工", {1}), ("state=never", {2, 3}), ("state=overdue", {2, 3}),
                         ("state=paused", set()), ("state=nonsense", {1, 2, 3})):  # fmt: skip
        page = client.get(f"/targets?{asked}").text
        assert {number for number, name in names.items() if f"http://{name}.example/" in page} == shown, asked
    page = client.get("/targets/1").text
    for words in (
        "线索 1 条",
        "/leads?state=all&amp;target=1",
        "批量修改监测目标",
        "频率：每周一 08:00",
        "outcome-ok",
        "赵录",
    ):
        assert words in page, words
    assert "共 1 条" in client.get("/leads?state=all&target=1").text
    assert "共 0 条" in client.get("/leads?state=all&target=2").text
    actions = [one.entry.target for one in accounts.accounts.log(action="批量修改")]
    assert actions == ["监测目标 2", "监测目标 2", "监测目标 1"]
    client.post("/targets/1", data={"csrf": csrf, "name": "某校", "tags": "电工 新", "schedule": "每天"})
    assert store.targets.get(1).tags == ("新", "电工")
    assert "标签：电工、重点 → 新、电工" in accounts.accounts.log()[0].entry.detail
