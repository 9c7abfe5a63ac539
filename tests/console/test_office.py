"""用户, 审计日志, 主体, 动态黑名单."""

from __future__ import annotations

from datetime import timedelta

from domain.account import AuditEntry, Role
from domain.blacklist import Step, StepKind, Subject, SubjectKind
from domain.operator import LinkLimits
from storage import Store
from tests.console.conftest import NOW, PASSWORD, MakeClient, log_in
from tests.console.content import HOSTILE, PHONE, Content
from zhengxun.accounts import AccountService
from zhengxun.target_draft import registered_domain


def test_an_administrator_keeps_users_but_not_himself(client_for: MakeClient, accounts: AccountService) -> None:
    """New user, other role, password, disabled: each in the log; weak words and one's own account are refused."""
    client = client_for()
    csrf = log_in(client, accounts, Role.ADMIN, "管理一")

    def change(**data: str) -> tuple[int, str]:
        answer = client.post("/users", data={"csrf": csrf, **data})
        return answer.status_code, answer.text

    assert change(what="add", name="李明", role="entry", password=PASSWORD, unit="市委网信办")[0] == 200
    for data, why in (
        ({"what": "add", "name": "李明", "role": "entry", "password": PASSWORD}, "已被使用过"),
        ({"what": "add", "name": "张三", "role": "entry", "password": "kurz"}, "太短"),
        ({"what": "add", "name": "张三", "role": "boss", "password": PASSWORD}, "请选择角色"),
        ({"what": "add", "name": "<b>", "role": "entry", "password": PASSWORD}, "登录名"),
        ({"what": "role", "name": "管理一", "role": "reviewer"}, "不能修改自己的角色"),
        ({"what": "disable", "name": "管理一"}, "不能停用自己"),
        ({"what": "burn", "name": "李明"}, "没有这种操作"),
    ):
        status, page = change(**data)
        assert (status, why in page) == (422, True), data
    other = client_for()
    log_in(other, accounts, Role.ENTRY, "李明")
    assert change(what="role", name="李明", role="readonly")[0] == 200
    assert other.get("/leads").status_code == 303, "his sessions ended"
    assert change(what="disable", name="李明")[0] == 200
    assert other.post("/login", data={"name": "李明", "password": PASSWORD}).status_code == 403
    assert change(what="enable", name="李明")[0] == 200
    assert change(what="password", name="李明", password="另一个 很长 的密码")[0] == 200
    log = client.get("/audit?action=角色").text
    assert "修改角色" in log
    assert "管理一" in log
    assert PASSWORD not in client.get("/audit").text


def test_the_audit_log_filters_and_turns_pages(client_for: MakeClient, accounts: AccountService) -> None:
    """By who and what, a hundred lines at a time; hostile words stay words."""
    client = client_for()
    log_in(client, accounts, Role.ADMIN, "管理一")
    for number in range(120):
        accounts.accounts.note(
            AuditEntry(NOW, "王芳", "导出台账" if number % 2 else "登录", f"第{number}号", HOSTILE, "10.0.0.1")
        )
    page = client.get("/audit?actor=王芳").text
    assert (page.count("<tr>"), "第119号" in page, "第20号" in page) == (101, True, True)
    assert "<script>alert" not in page
    older = page.split("before=")[1].split('"')[0]
    assert client.get(f"/audit?actor=王芳&before={older}").text.count("<tr>") == 21
    assert client.get("/audit?actor=王芳&action=台账").text.count("<tr>") == 61
    assert client.get("/audit?before=0").status_code == 422


def test_operators_and_blacklist(
    client_for: MakeClient, accounts: AccountService, content: Content, store: Store
) -> None:
    """Pages that share a number stand together, masked; a proposal is listed with a term, published, and removed."""
    client = client_for()
    csrf = log_in(client, accounts, Role.REVIEWER, "王芳")
    content.lead(1, shot=False)
    content.lead(2, text="免考包过，别的话。", shot=False)
    store.link(LinkLimits(), registered_domain)
    page = client.get("/operators").text
    assert "138****5678" in page
    assert PHONE not in page
    related = client.get("/leads/1/related").text
    assert "两页都写有手机 138****5678" in related
    assert 'value="2:' in related
    detail = client.get("/operators/1")
    assert (detail.status_code, PHONE in detail.text) == (200, False)
    assert client.post("/operators/merge", data={"csrf": csrf, "operator": ["1"]}).status_code == 422
    assert client.get("/operators/99").status_code == 422

    subject = Subject(SubjectKind.SITE, "peixun.example", "peixun.example")
    today = NOW.date()
    store.blacklist.add(subject, Step(StepKind.PROPOSED, NOW, "system", "屡犯 3 次", ("repeat",), (1, 2)), today)
    assert "屡犯" in client.get("/blacklist?state=proposed").text
    given = {"csrf": csrf, "kind": "listed", "reason": "经批准"}
    assert client.post("/blacklist/1", data={**given, "until": "不久"}).status_code == 422
    assert client.post("/blacklist/1", data={**given, "reason": " "}).status_code == 422
    until = (today + timedelta(days=180)).isoformat()
    assert client.post("/blacklist/1", data={**given, "until": until}).status_code == 303
    assert f"在列，至 {until}" in client.get("/blacklist").text
    assert "peixun" in client.get("/blacklist/files/html").text, "its dots are written so that nothing becomes a link"
    assert client.get("/blacklist/files/xlsx").content[:2] == b"PK"
    assert client.post("/blacklist/1", data={"csrf": csrf, "kind": "removed", "reason": "已整改"}).status_code == 303
    assert client.post("/blacklist/1", data={"csrf": csrf, "kind": "removed", "reason": "再移"}).status_code == 422
    assert client.post("/blacklist/7", data={"csrf": csrf, "kind": "removed", "reason": "x"}).status_code == 422
    actions = [record.entry.action for record in accounts.accounts.log()]
    assert {"黑名单：列入", "黑名单：移出", "导出黑名单", "查看主体"} <= set(actions)
