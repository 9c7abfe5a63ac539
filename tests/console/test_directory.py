"""名录: lists are imported and speak of leads; what pages are judged by can be looked up, and is the same."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from httpx2 import Response
from starlette.testclient import TestClient

from domain.account import Role
from domain.directory import EditionHead, Listing, ListKind
from storage import Store
from tests.console.conftest import NOW, MakeClient, log_in
from tests.console.content import HOSTILE, Content
from zhengxun.accounts import AccountService


def test_facts_are_looked_up(client_for: MakeClient, accounts: AccountService) -> None:
    """Qualifications by name or department, hosts by any address, and what is not known is said so."""
    client = client_for()
    log_in(client, accounts, Role.READONLY)

    def found(words: str) -> str:
        return client.get("/directory", params={"words": words}).text

    everything = client.get("/directory").text
    for words in (
        "注册会计师",
        "准入类（财政部）",
        "高级技师",
        "osta.org.cn",
        "people.com.cn",
        "国家职业资格目录（2021年版",
    ):
        assert words in everything, words
    narrowed = found("司法部")
    assert ("法律职业资格" in narrowed, "注册会计师" in narrowed) == (True, False)
    for words, said in (
        ("https://www.osta.org.cn/query?id=1", "官方机构的网站"),
        ("rst.shanxi.gov.cn", "官方机构的网站"),
        ("paper.people.com.cn", "新闻媒体"),
        ("osta.org.cn.evil.example", "不在官方网站"),
        ("占星师", "没有找到“占星师”"),
        ("<script>x</script>", "&lt;script&gt;x"),
    ):
        assert said in found(words), words


def test_facts_of_rules_in_force(client_for: MakeClient, accounts: AccountService, tmp_path: Path) -> None:
    """Somebody's own facts take the place of the bundled ones at once."""
    (tmp_path / "rules").mkdir()
    text = (
        "pack: facts\nversion: 1\nauthor: 某省\nsource: 某省目录\nofficial_hosts: [chaxun.example]\nmedia_hosts: []\n"
    )
    (tmp_path / "rules" / "50_facts.yaml").write_text(
        f"{text}qualifications: {{采珠师: 准入类（海事）}}\nlevels: [一级]\n", "utf-8"
    )
    client = client_for()
    log_in(client, accounts, Role.READONLY)
    page = client.get("/directory").text
    assert ("采珠师" in page, "注册会计师" in page, "某省目录" in page) == (True, False, True)
    assert "官方机构的网站" in client.get("/directory?words=www.chaxun.example").text


CODE = "91140000000000000T"
SCHOOL = "太原市晨曦职业培训学校"
LIST = (
    "太原市民办职业培训学校名单（截至2026年5月1日）\n"
    "序号,学校名称,统一社会信用代码,办学内容,等级,有效期至,备注,联系电话\n"
    f"1,{SCHOOL},{CODE},电工,五级,2027.4.30,{HOSTILE.replace(chr(34), '')},13812345678\n"
    "2,,,焊工,,,,\n"
    f"3,太原市暮色职业培训学校,{CODE[:-1]}X,保育师,,三年,=1+1,\n"
)


def _upload(client: TestClient, csrf: str, body: str | bytes = LIST, file: str = "名单.csv", **form: str) -> Response:
    data = {"csrf": csrf, "name": "太原市民办职业培训学校名单", **form}
    content = body.encode("gb18030") if isinstance(body, str) else body
    return client.post("/directory/import", data=data, files={"file": (file, content)})


def test_a_list_is_looked_at_imported_replaced_and_withdrawn(
    client_for: MakeClient, accounts: AccountService, store: Store
) -> None:
    """Bad rows are named before and after; nothing is kept before the second step; each step is in the audit log."""
    client = client_for()
    csrf = log_in(client, accounts, Role.ENTRY, "赵录")
    looked = _upload(client, csrf, authority="太原市人社局").text
    for words in (
        "合格 2 行，不合格 1 行",
        "没有机构名称",
        "2026-05-01",
        "校验不符",
        "三年",
        "民办职业培训学校",
        "联系电话",
        "首次导入的名录",
    ):
        assert words in looked, words
    assert ("13812345678" in looked, "<script>" in looked.replace("<script src", "")) == (False, False)
    assert store.directory.editions() == []
    token = re.search(r"/directory/import/([\w-]+)", looked)
    assert token
    done = client.post(f"/directory/import/{token[1]}", data={"csrf": csrf}).text
    assert "收录 2 行，不合格 1 行" in done
    assert "没有机构名称" in done
    assert client.post(f"/directory/import/{token[1]}", data={"csrf": csrf}).status_code == 422
    assert SCHOOL in client.get("/directory/lists/1?words=晨曦").text
    assert "没有名称中含“正午”的" in client.get("/directory/lists/1?words=正午").text
    for form, why in (
        ({}, "没有重复导入"),
        ({"as_of": "2027-01-01"}, "在今天"),
        ({"as_of": "5月1日"}, "不是有效日期"),
        ({"as_of": "2026-06-01", "authority": "大同市人社局"}, "另取名称"),
        ({"name": "　"}, "名称"),
        ({"name": "长" * 101, "as_of": "2026-06-01"}, "过长"),
    ):
        refused = _upload(client, csrf, **form)
        assert (refused.status_code, why in refused.text) == (422, True), (form, refused.text[-600:])
    newer = _upload(client, csrf, "学校名称\n太原市正午职业培训学校\n", as_of="2026-06-01").text
    assert "截至 2026-05-01 的一版（2 行），旧版保留" in newer
    token = re.search(r"/directory/import/([\w-]+)", newer)
    assert token
    client.post(f"/directory/import/{token[1]}", data={"csrf": csrf})
    found = client.get("/directory", params={"words": SCHOOL}).text
    assert "均未列入" in found
    assert "未列入不等于违法，请核对" in found
    assert "名称中含这些字的" in client.get("/directory?words=正午").text
    for words in ("消防设施操作员", "技师", "osta.org.cn", "%"):
        assert "名录核对" not in client.get("/directory", params={"words": words}).text, words
    older = _upload(client, csrf, "学校名称\n太原市清晨职业培训学校\n", as_of="2026-04-01").text
    assert "现行的一版更新（截至 2026-06-01）" in older
    assert "已被替代" in client.get("/directory").text
    withdrawn = client.post("/directory/lists/2/withdraw", data={"csrf": csrf, "reason": "文件有误"})
    assert withdrawn.headers["location"] == "/directory/lists/2"
    assert "文件有误" in client.get("/directory/lists/2").text
    assert "已列入《太原市民办职业培训学校名单》" in client.get("/directory", params={"words": CODE}).text
    actions = [record.entry.action for record in accounts.accounts.log()]
    assert [action for action in actions if "名录" in action] == ["撤下名录", "导入名录", "导入名录"]


@pytest.mark.parametrize(
    ("name", "body", "why"),
    [
        ("../../etc/passwd", b"x", "只能导入"),
        ("a.xls", b"\xd0\xcf\x11\xe0", "另存为"),
        ("a.xlsx", b"PK\x03\x04broken", "不是有效"),
        ("a.csv", "网址\nhttp://a.example/\n".encode(), "没有找到表头"),
        ("a.csv", b"\xff\xfe\xfa", "编码"),
    ],
)
def test_files_that_are_no_list_are_refused(
    client_for: MakeClient, accounts: AccountService, name: str, body: bytes, why: str
) -> None:
    """With a sentence, without a path."""
    client = client_for()
    csrf = log_in(client, accounts, Role.ENTRY, "赵录")
    refused = _upload(client, csrf, body, name)
    assert (refused.status_code, why in refused.text, "/tmp" in refused.text) == (422, True, False)


def test_what_is_looked_at_is_its_owners(client_for: MakeClient, accounts: AccountService) -> None:
    """Nobody imports what somebody else uploaded."""
    first, second = client_for(), client_for()
    csrf = log_in(first, accounts, Role.ENTRY, "赵录")
    other = log_in(second, accounts, Role.ADMIN, "管理一")
    token = re.search(r"/directory/import/([\w-]+)", _upload(first, csrf).text)
    assert token
    assert second.post(f"/directory/import/{token[1]}", data={"csrf": other}).status_code == 422


def test_a_lead_says_what_the_lists_say(
    client_for: MakeClient, accounts: AccountService, content: Content, store: Store
) -> None:
    """By the name in its page's words, with the occupation that is not listed; without lists it is said so."""
    content.lead(1, f"免考包过，证书由{SCHOOL}颁发，电工证、保育师证均可办理。")
    client = client_for()
    log_in(client, accounts, Role.READONLY)
    assert "还没有导入名录，没有核对" in client.get("/leads/1").text
    head = EditionHead("学校名单", ListKind.SCHOOL, HOSTILE, "", date(2026, 5, 1), "a.csv", "0" * 64)
    rows = [
        Listing(3, SCHOOL, CODE, "电工", "五级", valid_to=date(2027, 4, 30)),
        Listing(4, "太原市乙学校", None, "保育师"),
    ]
    store.directory.add(head, rows, 0, "赵录", NOW)
    page = client.get("/leads/1").text
    for words in (
        f"页面文字中的机构名称“{SCHOOL}”：已列入《学校名单》（截至 2026-05-01，&lt;script&gt;",
        "职业 电工，等级 五级，有效期至 2027-04-30。",
        f"页面提到“保育师”，名录给“{SCHOOL}”所列的职业中没有，请核对。",
        "核对了 1 份名录",
    ):
        assert words in page, words
