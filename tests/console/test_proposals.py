"""新目标建议: where found, accepted as wished or declined with a reason, one or many at once."""

from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from domain.account import Role
from domain.discovery import Found, FoundBy, ProposalState
from storage import Store
from tests.console.conftest import NOW, MakeClient, log_in
from tests.console.content import HOSTILE
from zhengxun.accounts import AccountService


@pytest.fixture
def keeper(client_for: MakeClient, accounts: AccountService) -> tuple[TestClient, str]:
    """A client of somebody who keeps targets, and CSRF secret."""
    client = client_for()
    return client, log_in(client, accounts, Role.ENTRY, "赵录")


@pytest.fixture
def proposed(store: Store) -> None:
    """Four proposals: two by a search, one by a link, one that may not be fetched."""
    search = "https://so.example/s?q=1"
    store.proposals.propose(
        [
            Found("http://jia.example/", FoundBy.SEARCH, "http://jia.example/a", search, f"甲校{HOSTILE}", "百度", "电工证 包过"),
            Found("http://yi.example/", FoundBy.SEARCH, "http://yi.example/", search, "乙校", "必应", "焊工证"),
            Found("http://bing.example/", FoundBy.LINK, "http://bing.example/x", "http://lead.example/", "线索页"),
            Found("http://10.0.0.1/", FoundBy.LINK, "http://10.0.0.1/", "http://lead.example/", "内网"),
        ],
        NOW,
    )  # fmt: skip


def test_proposals_say_where_they_were_found(keeper: tuple[TestClient, str], proposed: None) -> None:
    """Newest first, filtered; scraped titles are words; the tab says how many wait; readers see no buttons."""
    client, _ = keeper
    page = client.get("/targets/proposals").text
    assert re.findall(r'name="proposal" value="(\d)"', page) == ["4", "3", "2", "1"]
    for words in ("百度搜索“电工证 包过”", "线索页面的链接", "http://lead.example/", "甲校", "网站", "试采看看"):
        assert words in page, words
    assert "<script>alert" not in page
    assert re.findall(r'name="proposal" value="(\d)"', client.get("/targets/proposals?by=search").text) == ["2", "1"]
    assert "没有符合条件" in client.get("/targets/proposals?state=refused").text
    assert '<span class="count">4' in client.get("/targets").text


def test_accepted_as_wished_and_declined_with_a_reason(
    keeper: tuple[TestClient, str], proposed: None, store: Store, accounts: AccountService
) -> None:
    """Each by itself: what cannot be decided is named, the others are kept; every decision is in the audit log."""
    client, csrf = keeper

    def decide(**data: object) -> tuple[int, str]:
        answer = client.post("/targets/proposals", data={"csrf": csrf, **data})
        return answer.status_code, answer.text

    wishes = {"schedule": "每12小时", "region": "山西太原", "tags": "山寨证书、电工"}
    for data, why in (
        ({"what": "accept"}, "没有选择建议"),
        ({"what": "refuse", "proposal": ["1"]}, "请写明谢绝的理由"),
        ({"what": "accept", "proposal": ["1", "2"], "name": "两个"}, "只能在接受一条"),
        ({"what": "accept", "proposal": ["1"], "schedule": "有空的时候"}, "有空的时候"),
        ({"what": "accept", "proposal": ["1"], "tags": "过长的标签" * 5}, "过长"),
        ({"what": "burn", "proposal": ["1"]}, "没有这种操作"),
    ):
        status, page = decide(**data)
        assert (status, why in page) == (422, True), why
    assert store.targets.list() == []
    status, page = decide(what="accept", proposal=["1", "4", "99"], **wishes)
    assert status == 200
    for words in ("已接受 1 条", "2 条没有处理", "建议 4：", "10.0.0.1", "没有 99 号建议", "/targets/1"):
        assert words in page, words
    (target,) = store.targets.list()
    assert (target.url, target.region, target.tags) == ("http://jia.example/", "山西太原", ("山寨证书", "电工"))
    assert target.note is not None
    assert "百度搜索“电工证 包过”" in target.note
    assert "已谢绝 2 条" in decide(what="refuse", proposal=["2", "3"], reason="无关行业")[1]
    assert "建议 3：3 号建议" in decide(what="refuse", proposal=["3"], reason="再次")[1]
    assert [one.state for one in store.proposals.list()] == [
        ProposalState.ACCEPTED, ProposalState.REFUSED, ProposalState.REFUSED, ProposalState.PROPOSED,
    ]  # fmt: skip
    log = [(one.entry.action, one.entry.target) for one in accounts.accounts.log(limit=3)]
    assert log == [("谢绝新目标建议", "建议 3"), ("谢绝新目标建议", "建议 2"), ("接受新目标建议", "建议 1")]
    decided = client.get("/targets/proposals?state=refused").text
    assert "赵录" in decided
    assert "无关行业" in decided
    assert store.proposals.waiting() == 1
