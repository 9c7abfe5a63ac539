"""研判队列: filters, one lead with its evidence, decisions that do not get lost, papers."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO

import pytest
from starlette.testclient import TestClient

from domain.account import Role
from domain.intake import Handover, IntakeItem, IntakeKind, ItemState
from domain.lead import EventKind
from storage import Store
from tests.console.conftest import MakeClient, MovingClock, log_in
from tests.console.content import HOSTILE, PHONE, TEXT, Content
from zhengxun.accounts import AccountService
from zhengxun.services import Services


@pytest.fixture
def reviewer(client_for: MakeClient, accounts: AccountService) -> tuple[TestClient, str]:
    """A reviewer's client and CSRF secret."""
    client = client_for()
    return client, log_in(client, accounts, Role.REVIEWER, "王芳")


def _actions(accounts: AccountService) -> list[str]:
    return [record.entry.action for record in accounts.accounts.log()]


def test_the_list_filters_and_counts(reviewer: tuple[TestClient, str], content: Content, store: Store) -> None:
    """Pending leads by score; filters by state, region and owner; words that are no filter let all pass."""
    client, _ = reviewer
    for number, score in ((1, 60.0), (2, 90.0), (3, 75.0)):
        content.lead(number, score=score, title=f"标题{number}", shot=False)
    store.leads.append(1, EventKind.CONFIRMED, "李明", None, content.clock())
    store.leads.append(2, EventKind.ASSIGNED, "李明", None, content.clock(), details=[("owner", "王芳")])
    page = client.get("/leads").text
    assert "共 2 条" in page
    assert page.index("标题2") < page.index("标题3")
    shown = {query: re.findall(r">标题(\d)<", client.get(f"/leads?{query}").text) for query in (
        "state=confirmed", "state=all", "owner=王芳&state=all", "owner=-&state=all", "region=河北", "region=山西",
        "level=low&state=all", "state=没有这种&level=x", "overdue=1&state=all", "platform=weibo", "presence=removed",
    )}  # fmt: skip
    assert shown == {
        "state=confirmed": ["1"],
        "state=all": ["2", "3", "1"],
        "owner=王芳&state=all": ["2"],
        "owner=-&state=all": ["3", "1"],
        "region=河北": [],
        "region=山西": ["2", "3"],
        "level=low&state=all": [],
        "state=没有这种&level=x": ["2", "3", "1"],
        "overdue=1&state=all": [],
        "platform=weibo": [],
        "presence=removed": [],
    }
    assert client.get("/leads/next").headers["location"] == "/leads/2?state=pending"


def test_one_lead_shows_marks_reasons_and_nothing_personal(
    reviewer: tuple[TestClient, str], content: Content, accounts: AccountService
) -> None:
    """Claims marked and numbered, exempted ones apart, law articles, masked numbers, hostile words as words."""
    client, csrf = reviewer
    content.lead(1, title=f"考证 {HOSTILE}")
    page = client.get("/leads/1").text
    assert re.search(r"<mark>包过<sup>1</sup></mark>", page)
    assert '<span class="exempt" title="已排除的命中">建筑</span>' in page
    for words in ("广告法 第二十四条第一项", "B-GUAR-0010", "B9", "插入符号", "138****5678", "zh****88", "快照"):
        assert words in page, words
    assert PHONE not in page
    assert "zhengshu_888" not in page
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    shown = client.post("/leads/1/reveal", data={"csrf": csrf}).text
    assert PHONE in shown
    assert _actions(accounts)[:2] == ["查看完整个人信息", "查看线索"]
    assert client.get("/leads/99").status_code == 422


def test_evidence_is_shown_sealed_and_every_look_is_written_down(
    reviewer: tuple[TestClient, str], content: Content, accounts: AccountService, services: Services
) -> None:
    """Nothing in a kept page runs, loads or leads away; altered bytes are not shown as evidence."""
    client, _ = reviewer
    content.lead(1)
    content.lead(2, text=TEXT + "二")
    original = client.get("/evidence/leads/1/versions/1/page")
    policy = original.headers["content-security-policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "allow-" not in policy
    assert original.headers["x-frame-options"] == "SAMEORIGIN"
    for gone in ("<script", "onload", "http-equiv", "<base", "<iframe", "<link", "action=", "autofocus"):
        assert gone not in original.text, gone
    assert "免考包过" in original.text
    text = client.get("/evidence/leads/1/versions/1/text")
    assert (PHONE in text.text, "138****5678" in text.text, "<script" in text.text) == (False, True, False)
    shot = client.get("/evidence/leads/1/screenshot")
    assert (shot.status_code, shot.headers["content-type"], shot.content[:4]) == (200, "image/png", b"\x89PNG")
    assert _actions(accounts)[:3] == ["查看截图", "查看网页正文", "查看原始网页"]
    assert client.get("/evidence/leads/1/versions/2/page").status_code == 422, "another lead's version"
    for path in ("1/../../x", "1%2f..%2f..%2fzhengxun.db", "..", "0", "-1", "9" * 30):
        assert client.get(f"/evidence/leads/1/versions/{path}/page").status_code in (404, 422)
    (png,) = (services.settings.evidence / "screenshots").rglob("*.png")
    png.write_bytes(png.read_bytes() + b"x")
    altered = client.get("/evidence/leads/1/screenshot")
    assert (altered.status_code, "校验值不符" in altered.text) == (422, True)


def test_decisions_move_on_and_can_be_taken_back(
    reviewer: tuple[TestClient, str], content: Content, store: Store, accounts: AccountService
) -> None:
    """By htmx the next lead comes with the answer, without it the browser is sent there; 撤销 puts it back."""
    client, csrf = reviewer
    for number in (1, 2, 3):
        content.lead(number, score=90.0 - number, title=f"标题{number}", shot=False)
    htmx = {"HX-Request": "true"}
    answer = client.post(
        "/leads/1/decide?state=pending",
        data={"csrf": csrf, "kind": "confirmed", "version": 1, "code": "Q2"},
        headers=htmx,
    )
    assert answer.status_code == 200
    assert "<!DOCTYPE" not in answer.text
    assert answer.headers["hx-push-url"] == "/leads/2?state=pending"
    for words in ("线索 1：确认", "标题2", 'name="version" value="2"'):
        assert words in answer.text
    event = store.leads.get(1).lead.events[-1]
    assert (event.kind, event.actor, event.code) == (EventKind.CONFIRMED, "王芳", "Q2")
    plain = client.post(
        "/leads/2/decide?state=pending", data={"csrf": csrf, "kind": "dismissed", "version": 1, "code": "W2"}
    )
    assert plain.headers["location"] == "/leads/3?state=pending"
    back = client.post(
        "/leads/1/decide?state=pending", data={"csrf": csrf, "kind": "undone", "version": 2}, headers=htmx
    )
    assert "标题1" in back.text
    assert [store.leads.get(number).lead.state.review.value for number in (1, 2)] == ["pending", "dismissed"]
    last = client.post(
        "/leads/3/decide?state=pending",
        data={"csrf": csrf, "kind": "check_requested", "version": 1, "code": "H1"},
        headers=htmx,
    )
    assert "队列到此为止" in last.text
    assert {"研判：确认", "研判：误报", "研判：撤销", "研判：待核实"} <= set(_actions(accounts))
    wrong = client.post("/leads/1/decide", data={"csrf": csrf, "kind": "found", "version": 3})
    assert (wrong.status_code, "没有“found”" in wrong.text) == (422, True)


def test_two_people_on_one_lead_lose_nothing(
    reviewer: tuple[TestClient, str], content: Content, store: Store, client_for: MakeClient, accounts: AccountService
) -> None:
    """Who comes second is told who did what, and sees the lead as it stands now; nothing is written."""
    client, csrf = reviewer
    content.lead(1, shot=False)
    other = client_for()
    other_csrf = log_in(other, accounts, Role.REVIEWER, "李明")
    assert other.post(
        "/leads/1/decide", data={"csrf": other_csrf, "kind": "dismissed", "version": 1, "code": "W1"}
    ).is_redirect
    late = client.post(
        "/leads/1/decide", data={"csrf": csrf, "kind": "confirmed", "version": 1}, headers={"HX-Request": "true"}
    )
    assert late.status_code == 409
    for words in ("已有新的记录", "李明：误报", "未保存", 'name="version" value="2"'):
        assert words in late.text, words
    assert store.leads.get(1).lead.state.review.value == "dismissed"
    assert len(store.leads.get(1).lead.events) == 2


def test_second_person_signs_off(
    reviewer: tuple[TestClient, str], content: Content, services: Services, store: Store
) -> None:
    """With the setting on, who confirmed does not refer."""
    client, csrf = reviewer
    object.__setattr__(services, "settings", services.settings.model_copy(update={"referral_second_person": True}))
    content.lead(1, shot=False)
    store.leads.append(1, EventKind.CONFIRMED, "王芳", None, content.clock())
    answer = client.post(
        "/leads/1/decide", data={"csrf": csrf, "kind": "referred", "version": 2, "authority": "市网信办"}
    )
    assert (answer.status_code, "须由另一人签批" in answer.text) == (409, True)


def test_bulk_decides_each_by_itself_and_papers_are_files(
    reviewer: tuple[TestClient, str], content: Content, store: Store, accounts: AccountService, clock: MovingClock
) -> None:
    """One that somebody else took is named and left; letter and ledger come as Word and Excel."""
    client, csrf = reviewer
    for number in (1, 2, 3):
        content.lead(number, shot=False)
    store.leads.append(3, EventKind.NOTED, "李明", "看过", clock())
    done = client.post("/leads/bulk", data={"csrf": csrf, "kind": "confirmed", "lead": ["1:1", "2:1", "3:1"]})
    assert "已记录 2 条" in done.text
    assert "李明：备注" in done.text
    assert [store.leads.get(number).lead.state.review.value for number in (1, 2, 3)] == [
        "confirmed",
        "confirmed",
        "pending",
    ]
    letter = client.post("/leads/letter", data={"csrf": csrf, "lead": ["1:2", "2:2"], "authority": "市网信办"})
    assert letter.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%E7%A7%BB")
    words = zipfile.ZipFile(BytesIO(letter.content)).read("word/document.xml").decode()
    assert "市网信办" in words
    assert PHONE not in words
    ledger = client.post("/leads/ledger", data={"csrf": csrf, "lead": ["1:2"]})
    assert zipfile.ZipFile(BytesIO(ledger.content)).testzip() is None
    assert _actions(accounts)[:3] == ["导出处置台账", "导出移送函", "批量研判：确认"]
    assert client.post("/leads/bulk", data={"csrf": csrf, "kind": "confirmed"}).status_code == 422
    assert client.post("/leads/ledger", data={"csrf": csrf, "lead": ["x"]}).status_code == 422


def test_versions_and_related_pages(reviewer: tuple[TestClient, str], content: Content, clock: MovingClock) -> None:
    """What a page gained and lost, masked; without an operator there are no related pages."""
    client, _ = reviewer
    content.lead(1, text="免考包过。旧的一句。", shot=False)
    clock.forward(hours=1)
    content.lead(1, text=f"免考包过。新的一句 {PHONE}。", shot=False)
    versions = client.get("/leads/1/versions").text
    assert "<ins>增 新的一句 138****5678。</ins>" in versions
    assert "<del>删 旧的一句。</del>" in versions
    assert "没有发现关联网页" in client.get("/leads/1/related").text


def test_pictures_show_what_was_read_and_where(
    reviewer: tuple[TestClient, str], content: Content, client_for: MakeClient, accounts: AccountService, store: Store
) -> None:
    """Boxes of lines, the claim's marked; numbers masked; the kept bytes by hash, never as what the site called them."""
    client, _ = reviewer
    content.lead(1, "本中心开展培训。", title="招生", shot=False)
    sha256 = content.poster(1, f"八大员证书免考包过\n咨询 {PHONE}\n{HOSTILE[:60]}")
    page = client.get("/leads/1?state=all").text
    assert page.count('class="line-box"') == 2
    (claim,) = re.findall(r'<rect class="claim-box" x="(\d+)" y="(\d+)"', page)
    assert claim == ("100", "100")
    assert re.search(r"<mark>[^<]*免考包过<sup>1</sup></mark>", page)
    assert PHONE not in page
    assert "<script>alert" not in page
    address = f"/evidence/leads/1/pictures/{sha256}"
    shown = client.get(address)
    assert (shown.status_code, shown.headers["content-type"]) == (200, "image/png")
    assert "sandbox" in shown.headers["content-security-policy"]
    assert "查看网页图片" in _actions(accounts)
    assert client.get(f"/evidence/leads/1/pictures/{'0' * 64}").status_code == 422
    assert client.get("/evidence/leads/1/pictures/..%2F..%2Fetc").status_code in (404, 422)
    readonly = client_for()
    log_in(readonly, accounts, Role.READONLY, "看客")
    assert address not in readonly.get("/leads/1?state=all").text
    assert readonly.get(address).status_code == 403
    for file in content.evidence.rglob("*.gz*"):
        file.write_bytes(file.read_bytes()[:20])
    damaged = client.get(address)
    assert damaged.status_code == 422
    assert str(content.evidence) not in damaged.text


def test_a_lead_says_who_handed_it_in(reviewer: tuple[TestClient, str], content: Content, store: Store) -> None:
    """File, row, note and what the complaint says, masked; hostile names are words."""
    client, _ = reviewer
    content.lead(1, shot=False)
    handover = Handover(
        IntakeKind.LIST, "李值班", content.clock(), f"电话举报 {PHONE}", f"举报{HOSTILE[:30]}.xlsx", "ab" * 32, 10
    )
    item = IntakeItem(
        ItemState.ADDRESS, 7, "http://peixun.example/1", details=(("举报内容", f"交了钱，{PHONE}"), ("时间", ""))
    )
    store.intakes.add(handover, [item])
    page = client.get("/leads/1?state=all").text
    for words in ("李值班", "举报清单", "第 7 行", "举报内容：交了钱"):
        assert words in page, words
    assert PHONE not in page
    assert "<script>alert" not in page
