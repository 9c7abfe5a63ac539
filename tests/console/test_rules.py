"""规则: verdicts, a rule in words, the test box, editing with its check and effect, going live and back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from classifiers.loader import BUNDLED
from console.app import ConsoleServices, make_app
from domain.account import Role
from domain.lead import EventKind
from storage import Store
from tests.console.conftest import MakeClient, MovingClock, log_in
from tests.console.content import HOSTILE, Content
from zhengxun.accounts import AccountService
from zhengxun.console_services import rule_trying
from zhengxun.console_services.children import Answer
from zhengxun.console_services.rules import RuleDeskService
from zhengxun.rules.versions import RuleVersions
from zhengxun.services import Services

NAME = "64_rules_e_other.yaml"
TEXT = (BUNDLED / NAME).read_text(encoding="utf-8")
EDIT = f"/rules/files/{NAME}"


@pytest.fixture
def keeper(client_for: MakeClient, accounts: AccountService) -> tuple[TestClient, str]:
    """A client of somebody who keeps rules, and CSRF secret."""
    client = client_for()
    return client, log_in(client, accounts, Role.RULES, "孙规")


class Children:
    """Answers in the place of the processes that check packs and look at their effect."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.lost = 0
        self.asked: list[str] = []

    def ask(
        self, settings: object, arguments: Sequence[str], seconds: float, *, bounded: bool = False, nice: int = 0
    ) -> Answer:
        """As :func:`zhengxun.console_services.children.ask`."""
        assert bounded, "what is tried may take all memory"
        assert bool(nice) is (arguments[1] == "effect"), "the machine has a crawl to do as well"
        self.asked.append(arguments[1])
        if arguments[1] == "check":
            return Answer(1 if self.problems else 0, {"problems": self.problems}, "")
        change = {"id": "1", "url": "http://a.example/", "title": f"考证{HOSTILE}", "verdict": "confirmed", "old_score": 90.0,
                  "new_score": 10.0, "old_rules": ["E-MISC-0010"], "new_rules": []}  # fmt: skip
        pages = {"documents": 9, "old_flagged": 3, "new_flagged": 2, "newly_hit": [], "newly_missed": [change],
                 "confirmed_lost": self.lost, "dismissed_gone": 0, "dismissed_back": 0}  # fmt: skip
        return Answer(0, {"samples": None, "pages": pages}, "")


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> Children:
    """Nobody waits for real ones; tests/console/test_browser.py does once."""
    made = Children()
    monkeypatch.setattr(rule_trying, "ask", made.ask)
    return made


def _effect(client: TestClient, csrf: str, text: str, base: int = 0) -> Any:
    answer = client.post(f"{EDIT}/effect", data={"csrf": csrf, "text": text, "base": base})
    found = re.search(r"/rules/effects/([\w-]+)", answer.text)
    return found[1] if found else answer


def _wait(client: TestClient, token: str, desk: Any, owner: str = "孙规") -> str:
    assert desk.editing._looks.get(token, owner).done.wait(10)
    return client.get(f"/rules/effects/{token}").text


def test_rules_show_what_reviewers_made_of_their_hits(
    keeper: tuple[TestClient, str], content: Content, store: Store
) -> None:
    """Counts and precision by rule; the rule in words with its words, law, examples and the leads it hit."""
    client, _ = keeper
    for number in (1, 2, 3):
        content.lead(number, title=f"考证 {HOSTILE}", shot=False)
    store.leads.append(1, EventKind.CONFIRMED, "李明", None, content.clock())
    store.leads.append(2, EventKind.DISMISSED, "李明", None, content.clock())
    page = client.get("/rules?order=dismissed&category=B").text
    first = page[page.index("<tbody>") : page.index("</tr>", page.index("<tbody>"))]
    assert "B-GUAR-0010" in first
    assert re.findall(r'number[^>]*">(\d+)<', first) == ["3", "1", "1"]
    assert "50%" in first
    assert "A-GRAND-0010" not in page
    pack = page[page.index('href="/rules/files/61_rules_b_publicity.yaml"') :]
    assert re.findall(r'number[^>]*">(\d+%?)<', pack)[1:5] == ["3", "1", "1", "50%"]
    rule = client.get("/rules/B-GUAR-0010").text
    for words in ("出现“承诺包过、保过”", "命中处附近或标题里还要有", "广告法 第二十四条第一项", "须是一个词", "这袋面包过期了",
                  "/leads/2?state=all", "没有改动过"):  # fmt: skip
        assert words in rule, words
    assert "<script>alert" not in rule
    assert "没有 Z-NONE-0010" in client.get("/rules/Z-NONE-0010").text


def test_a_text_is_judged_with_every_reason(client_for: MakeClient, accounts: AccountService, store: Store) -> None:
    """For everybody, marked hits, exempted ones, steps; pasted markup is text; nothing is kept."""
    client = client_for()
    csrf = log_in(client, accounts, Role.READONLY, "看客")
    text = f"电工证培训，一次报名包过。\n谨防“包过”骗局。{HOSTILE}"
    for headers in ({}, {"HX-Request": "true"}):
        page = client.post(
            "/rules/test", data={"csrf": csrf, "text": text, "title": "焊工证包过"}, headers=headers
        ).text
        assert re.search(r"<mark>[^<]*包过[^<]*<sup>", page)
        assert 'class="exempt"' in page
        for words in ("B-GUAR-0010", "列为线索", "合计，换算为", "警示、提醒或揭露", "标题"):
            assert words in page, words
        assert "<script>alert" not in page
        assert ("<html" in page) is not bool(headers)
    assert "没有要试的文字" in client.post("/rules/test", data={"csrf": csrf, "text": " "}).text
    assert store.leads.count() == 0


def test_a_draft_goes_live_only_after_its_effect_was_seen(
    keeper: tuple[TestClient, str],
    console: ConsoleServices,
    children: Children,
    accounts: AccountService,
    clock: MovingClock,
) -> None:
    """Problems by line; the effect with what reviewers said; lost confirmed pages need a tick; then live, logged, listed."""
    client, csrf = keeper
    desk = console.rules
    assert isinstance(desk, RuleDeskService)
    edited = (TEXT + "# 改过").replace("\n", "\r\n")
    children.problems = [f"规则包 {NAME} 第 12 行，规则 E-X：缺少“name”", "规则包 10_claims.yaml 第 3 行：别处"]
    shown = client.post(f"{EDIT}/check", data={"csrf": csrf, "text": edited}).text
    assert re.findall(r'data-line="(\d+)"', shown) == ["12"]
    assert "10_claims.yaml 第 3 行" in shown
    assert "第 12 行" in _effect(client, csrf, edited).text, "nothing is begun while something is wrong"
    children.problems = []
    children.lost = 2
    token = _effect(client, csrf, edited)
    page = _wait(client, token, desk)
    for words in ("3 → 2", "研判为确认", "E-MISC-0010", "已核对：2 个"):
        assert words in page, words
    assert "<script>alert" not in page
    clock.forward(minutes=90)  # who reads the effect closely does not have to look again
    publish = f"/rules/effects/{token}/publish"
    for data, why in (
        ({"reason": "口语说法"}, "已核对"),
        ({"reason": " ", "accept_lost": "yes"}, "请写明为什么"),
    ):
        refused = client.post(publish, data={"csrf": csrf, **data})
        assert (refused.status_code, why in refused.text) == (422, True), why
    assert "已改动" not in client.get(EDIT).text
    live = client.post(
        publish, data={"csrf": csrf, "reason": "口语说法", "accept_lost": "yes"}, headers={"HX-Request": "1"}
    )
    assert live.headers["hx-redirect"] == "/rules/versions/1"
    assert client.post(publish, data={"csrf": csrf, "reason": "再来", "accept_lost": "yes"}).status_code == 422
    version = client.get("/rules/versions/1").text
    assert "# 改过" in version
    assert "口语说法" in version
    assert "现用" in version
    assert "已改动" in client.get(EDIT).text
    assert (RuleVersions(desk.services.settings.rule_versions).get(1).folder / NAME).read_bytes() == (
        TEXT + "# 改过\n"
    ).encode()
    assert children.asked == ["check", "check", "check", "effect"]
    entry = next(record.entry for record in accounts.accounts.log() if record.entry.action == "规则上线")
    assert (entry.actor, entry.target) == ("孙规", "规则第 1 版")
    assert "口语说法" in entry.detail


def test_two_people_and_the_way_back(
    keeper: tuple[TestClient, str],
    console: ConsoleServices,
    children: Children,
    client_for: MakeClient,
    accounts: AccountService,
) -> None:
    """Who edits an older version is told; another user's look is unknown; going back is one more version."""
    client, csrf = keeper
    other = client_for()
    other_csrf = log_in(other, accounts, Role.ADMIN, "管理一")
    mine, theirs = _effect(client, csrf, TEXT + "# 甲\n"), None
    _wait(client, mine, console.rules)
    theirs = _effect(other, other_csrf, TEXT + "# 乙\n")
    _wait(other, theirs, console.rules, "管理一")
    assert "已过期" in other.get(f"/rules/effects/{mine}").text
    assert client.post(f"/rules/effects/{mine}/publish", data={"csrf": csrf, "reason": "甲"}).status_code == 303
    late = other.post(f"/rules/effects/{theirs}/publish", data={"csrf": other_csrf, "reason": "乙"})
    assert (late.status_code, "第 1 版刚刚上线" in late.text) == (422, True)
    old = _effect(client, csrf, TEXT + "# 丙\n", base=0)
    assert "第 1 版已经上线" in old.text
    assert client.post("/rules/versions/0/restore", data={"csrf": csrf, "seen": "1"}).status_code == 422
    back = client.post("/rules/versions/0/restore", data={"csrf": csrf, "seen": "1", "reason": "误报多了"})
    assert back.headers["location"] == "/rules/versions/2"
    listed = client.get("/rules/versions").text
    for words in ("第 2 版", "恢复随附规则", "误报多了", "第 1 版"):
        assert words in listed, words
    assert "已改动" not in client.get(EDIT).text
    children.problems = ["规则包 10_claims.yaml 第 3 行：没有名为“x”的概念"]
    refused = client.post("/rules/versions/1/restore", data={"csrf": csrf, "seen": "2", "reason": "再试"})
    assert "不相配" in refused.text
    assert RuleVersions(console.rules.services.settings.rule_versions).newest == 2  # type: ignore[attr-defined]


def test_what_cannot_be_edited_here_says_why(
    keeper: tuple[TestClient, str],
    console: ConsoleServices,
    services: Services,
    store: Store,
    accounts: AccountService,
    children: Children,
    tmp_path: Path,
) -> None:
    """Generated files, names that are none, empty bundled files, and a folder that a setting names."""
    client, csrf = keeper
    assert "由训练命令生成" in client.get("/rules/files/91_wording.yaml/edit").text
    for name in ("..%2Fconfig.yaml", "10_Claims.yaml", "a.yaml", "10_x.yml"):
        assert client.get(f"/rules/files/{name}/edit").status_code in (404, 422), name
    assert "没有规则文件" in client.get("/rules/files/65_none.yaml").text
    assert "不能清空" in client.post(f"{EDIT}/check", data={"csrf": csrf, "text": " "}).text
    assert client.get("/rules/new?name=65_local.yaml").headers["location"] == "/rules/files/65_local.yaml/edit"
    assert "B-LOCAL-0010" in client.get("/rules/files/65_local.yaml/edit").text
    assert "已经有了" in client.get(f"/rules/new?name={NAME}").text
    folder = tmp_path / "fixed"
    folder.mkdir()
    (folder / NAME).write_text(TEXT, encoding="utf-8")
    fixed = replace(services, settings=services.settings.model_copy(update={"rules_dir": folder}))
    app = make_app(replace(console, rules=RuleDeskService(fixed, store)))
    locked = TestClient(app, follow_redirects=False, base_url="http://console.test")
    csrf = log_in(locked, accounts, Role.RULES, "孙规")
    assert "ZHENGXUN_RULES_DIR" in locked.get("/rules/versions").text
    assert locked.post(f"{EDIT}/check", data={"csrf": csrf, "text": TEXT}).status_code == 422
    assert locked.post("/rules/versions/0/restore", data={"csrf": csrf, "reason": "试"}).status_code == 422
    assert children.asked == []
