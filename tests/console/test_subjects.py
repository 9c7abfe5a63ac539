"""主体 and 动态黑名单: splitting, identifiers that join nothing, listing somebody by hand."""

from __future__ import annotations

import re
from datetime import timedelta

from domain.account import Role
from domain.lead import EventKind
from domain.operator import LinkLimits
from storage import Store
from tests.console.conftest import NOW, MakeClient, log_in
from tests.console.content import PHONE, Content
from zhengxun.accounts import AccountService
from zhengxun.services import Services
from zhengxun.target_draft import registered_domain


def test_a_reviewer_splits_and_excludes(
    client_for: MakeClient, accounts: AccountService, content: Content, store: Store, services: Services
) -> None:
    """Pages go to an operator of their own; an identifier joins nothing, and joins again; each with a reason and in the log."""
    client = client_for()
    csrf = log_in(client, accounts, Role.REVIEWER)
    for number in (1, 2, 3):
        content.lead(number, text=f"免考包过，第{number}种话，电话 {PHONE}。", shot=False)
    store.link(LinkLimits(), registered_domain)
    page = client.get("/operators/1").text
    given = {"csrf": csrf, "lead": "2:1", "split_reason": "代理商，另有其人"}
    for wrong in ({"split_reason": " "}, {"lead": ""}, {"lead": "99:1"}, {"lead": "x"}):
        assert client.post("/operators/1/split", data={**given, **wrong}).status_code == 422, wrong
    with services.lock("crawl"):
        busy = client.post("/operators/1/split", data=given)
        assert (busy.status_code, "正在采集" in busy.text) == (422, True), "not while a crawl groups pages"
    answer = client.post("/operators/1/split", data=given)
    new = int(answer.headers["location"].rsplit("/", 1)[1])
    assert [page.lead_id for page in store.operators.get(new).pages] == [2]
    assert {page.lead_id for page in store.operators.get(1).pages} == {1, 3}

    wanted = next(known for known in store.operators.get(1).listing.identifiers if known.contact.value == PHONE)
    assert PHONE not in page
    assert f'value="{wanted.id}"' in page
    given = {"csrf": csrf, "identifier": str(wanted.id), "what": "exclude", "operator": "1", "reason": "建站公司的总机"}
    for wrong in ({"identifier": "9999"}, {"reason": ""}, {"what": "burn"}):
        assert client.post("/identifiers", data={**given, **wrong}).status_code == 422, wrong
    assert client.post("/identifiers", data=given).headers["location"] == "/operators/1"
    listed = client.get("/operators").text
    assert "建站公司的总机" in listed
    assert PHONE not in listed
    assert [one.contact.value for one in store.operators.excluded()] == [PHONE]
    given |= {"what": "include", "reason": "核实后恢复"}
    assert client.post("/identifiers", data=given).status_code == 303
    assert store.operators.excluded() == []
    actions = [record.entry.action for record in accounts.accounts.log()]
    assert {"拆分主体", "排除标识", "恢复标识"} <= set(actions)


def test_somebody_is_listed_by_hand(
    client_for: MakeClient, accounts: AccountService, content: Content, store: Store
) -> None:
    """With reason, term and confirmed leads only; what was typed stays in the form when it is refused."""
    client = client_for()
    csrf = log_in(client, accounts, Role.REVIEWER)
    content.lead(1, shot=False)
    store.link(LinkLimits(), registered_domain)
    until = (NOW.date() + timedelta(days=90)).isoformat()
    given = {
        "csrf": csrf,
        "kind": "site",
        "key": "http://Bad.Example/x?y=1",
        "ground": ["severe", "other"],
        "reason": "伪造查询网站",
        "until": until,
        "leads": "1",
    }
    refused = client.post("/blacklist/new", data=given)
    assert (refused.status_code, "待研判" in refused.text, "伪造查询网站" in refused.text) == (422, True, True)
    store.leads.append(1, EventKind.CONFIRMED, "王芳", None, NOW)
    for wrong in (
        {"key": "不是 域名"},
        {"kind": "account", "key": "nowhere:x"},
        {"kind": "operator", "key": "77"},
        {"kind": "operator", "key": "x"},
        {"kind": "planet"},
        {"until": ""},
        {"until": "2020-01-01"},
        {"reason": " "},
        {"ground": ["magic"]},
        {"leads": "1 88"},
    ):
        assert client.post("/blacklist/new", data={**given, **wrong}).status_code == 422, wrong
    assert store.blacklist.entries() == []
    assert client.post("/blacklist/new", data=given).status_code == 303
    assert client.post("/blacklist/new", data=given).status_code == 422, "already listed"
    assert client.post("/blacklist/new", data={**given, "kind": "account", "key": "weixin:gh_1"}).status_code == 303
    assert 'value="1"' in client.get("/blacklist/new?kind=operator&key=1").text
    assert client.post("/blacklist/new", data={**given, "kind": "operator", "key": "1"}).status_code == 303
    entries = store.blacklist.entries()
    assert [(entry.subject.kind.value, entry.subject.key) for entry in entries] == [
        ("site", "bad.example"), ("account", "weixin:gh_1"), ("operator", "1"),
    ]  # fmt: skip
    assert (entries[0].last.lead_ids, entries[0].last.grounds) == ((1,), ("severe", "other"))
    page = client.get("/blacklist").text
    assert re.search(rf"在列，至 {until}", page)
