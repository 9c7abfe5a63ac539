"""Operators through the command line: two sites with one number, found by a crawl, shown, split, merged, excluded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web import Web, html
from tests.web import web as a_web
from tests.zhengxun.conftest import Zhengxun

OFFER = (
    "<h1>考证直通车</h1><p>全国通用职业技能证书，内部渠道，包过包拿证，不用考试不用培训，交钱直接出证，七天拿证。</p>"
    "<p>国家认可，官网可查，终身有效。电工证、焊工证、健康管理师证全包过，1280元一本，欢迎来电。</p>"
)
OTHER = "<h1>办证快车</h1><p>消防证、安全员证免考包过，内部关系，三天出证，不过全额退款，电话联系，先拿证后付款。</p>"


@pytest.fixture
def web() -> Iterator[Web]:
    """An empty small web."""
    with a_web() as running:
        yield running


def test_from_a_crawl_to_related_pages(ready: Zhengxun, loopback: None, web: Web, tmp_path: Path) -> None:
    """The whole way: crawl, list, related pages with masked grounds, digest, split, merge, exclude."""
    one = web.site({"/": html(f"{OFFER}<p>电话 13812341234</p>")})
    two = web.site({"/": html(f"{OTHER}<p>手机：幺三八壹贰叁肆壹贰叁肆</p>")})
    for name, site in (("甲", one), ("乙", two)):
        assert ready("targets", "add", f"{site.url}/", "--name", name).status == 0
    assert ready("crawl", "--all", "--json").json["leads_new"] == 2

    (listing,) = ready("operators", "list", "--json").json
    assert (listing["pages"], listing["leads"]) == (2, 2)
    assert listing["identifiers"] == [{"kind": "phone", "value": "13812341234", "masked": "138****1234", "pages": 2}]
    assert "138****1234" in ready("operators", "list").out
    leads = {lead["page_url"]: lead["id"] for lead in ready("leads", "list", "--json").json}
    first, second = leads[f"{one.url}/"], leads[f"{two.url}/"]
    related = ready("leads", "related", first, "--json").json
    assert [(page["lead_id"], page["reasons"]) for page in related["pages"]] == [
        (second, ["两页都写有手机 138****1234"])
    ]
    shown = ready("leads", "related", first).out
    assert "138****1234" in shown
    assert "13812341234" not in shown

    assert ready("digest", "--format", "json", "--out", tmp_path / "out").status == 0
    (path,) = (tmp_path / "out").iterdir()
    for item in json.loads(path.read_text("utf-8"))["items"]:
        assert item["operator"] == {
            "id": listing["id"],
            "name": None,
            "identifiers": [{"kind": "phone", "value": "138****1234"}],
            "pages": 2,
        }

    split = ready("operators", "split", listing["id"], second, "--by", "张三", "--reason", "号码已转让", "--json").json
    assert split["id"] != listing["id"]
    assert len(ready("operators", "list", "--json").json) == 2
    assert ready("crawl", "--all").status == 0
    assert len(ready("operators", "list", "--json").json) == 2, "what people decided stays"
    assert "号码已转让" in ready("operators", "show", listing["id"]).out
    merged = ready("operators", "merge", listing["id"], split["id"], "--by", "李四", "--json").json
    assert (merged["id"], merged["pages"]) == (listing["id"], 2)
    assert ready("operators", "merge", listing["id"], 99).status == 2
    assert ready("operators", "split", listing["id"]).status == 2
    assert ready("operators", "exclude", "phone", "13812341234", "--reason", "总机").status == 0
