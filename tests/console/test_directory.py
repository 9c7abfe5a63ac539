"""名录: what pages are judged by can be looked up, and is the same."""

from __future__ import annotations

from pathlib import Path

from domain.account import Role
from tests.console.conftest import MakeClient, log_in
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
