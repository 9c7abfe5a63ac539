"""From a confirmed lead to the authority and back: papers, answers, times."""

from __future__ import annotations

import zipfile
from datetime import datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from tests.web import web as a_web
from tests.zhengxun.conftest import Zhengxun
from tests.zhengxun.test_jobs import _on
from tests.zhengxun.test_recheck import _site, _watch

DAY = datetime.fromisoformat("2026-11-23T09:00:00+08:00")


def _columns(path: Path) -> dict[str, int]:
    sheet = openpyxl.load_workbook(path)["处置台账"]
    return {str(cell.value): cell.column for cell in sheet[1]}


def _fill(path: Path, row: int, **cells: object) -> None:
    book = openpyxl.load_workbook(path)
    columns = _columns(path)
    for heading, value in cells.items():
        book["处置台账"].cell(row, columns[heading]).value = value  # type: ignore[assignment]
    book.save(path)


def test_referral_papers_answers_and_times(
    ready: Zhengxun, loopback: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two leads are referred with letter and ledger; the filled ledger comes back, once, twice, and with mistakes."""
    _on(monkeypatch, DAY)
    with a_web() as web:
        sites = {name: _site(web) for name in ("=HYPERLINK(甲)", "乙校")}
        _watch(ready, sites, tmp_path)
        ready("crawl", "--all")
    _on(monkeypatch, DAY + timedelta(hours=5))
    assert ready("leads", "confirm", 1, 2, "--by", "张三", "--code", "Q2").status == 0
    monkeypatch.setenv("ZHENGXUN_REFERRAL_SECOND_PERSON", "true")
    papers = tmp_path / "papers"
    refer = ("leads", "refer", 1, 2, "--to", "市网信办", "--letter", "晋函〔2026〕1号", "--out", papers)
    refused = ready(*refer, "--by", "张三")
    assert (refused.status, "另一人" in refused.err, papers.exists()) == (2, True, False)
    assert ready(*refer, "--by", "李四").status == 0
    ledger, letter = sorted(papers.iterdir())
    assert (letter.name, ledger.name) == ("移送函-20261123-线索1等2条.docx", "处置台账-20261123-线索1等2条.xlsx")

    text = zipfile.ZipFile(letter).read("word/document.xml").decode()
    for part in (
        "市网信办：",
        "晋函〔2026〕1号",
        "关于移送网站涉嫌发布虚假培训评价发证宣传线索的函",
        "138****1234",
        "SHA-256",
    ):
        assert part in text
    assert "13800001234" not in text
    sheet = openpyxl.load_workbook(ledger)["处置台账"]
    columns = _columns(ledger)
    assert [sheet.cell(row, columns["线索编号"]).value for row in (2, 3)] == [1, 2]
    assert sheet.cell(2, columns["监测对象"]).data_type == "s", "a name that looks like a formula stays a text"

    _fill(ledger, 2, 办理结果="已处置", 处置措施="责令删除", 处置日期="2026年11月23日", 处置文号="网信〔2026〕9号")
    _fill(ledger, 3, 办理结果="退回")
    returned = ready("leads", "answers", ledger, "--by", "王五", "--json")
    assert returned.status == 1
    assert (returned.json["added"], returned.json["bad"]) == ([1], [{"row": 3, "reason": "退回没有写理由。"}])
    _fill(ledger, 3, **{"说明（退回须写理由）": "不属本单位管辖"})
    assert ready("leads", "answers", ledger, "--json").json["added"] == [2]
    assert ready("leads", "answers", ledger, "--json").json == {"added": [], "unchanged": [1, 2], "empty": 0, "bad": []}
    states = {lead["id"]: (lead["review"], lead["answer"]) for lead in ready("leads", "list", "--json").json}
    assert states == {1: ("referred", "handled"), 2: ("returned", "returned")}
    assert ready("leads", "show", 1, "--json").json["directory"]["consulted"] == []
    assert "名录核对：\n  还没有导入名录，没有核对。" in ready("leads", "show", 1).out
    (event,) = [one for one in ready("leads", "show", 1, "--json").json["events"] if one["kind"] == "handled"]
    assert event["details"] == {"measure": "责令删除", "handled_on": "2026-11-23", "letter": "网信〔2026〕9号"}

    assert ready("leads", "refer", 2, "--to", "市公安局", "--by", "李四").status == 0
    _fill(ledger, 2, 网址="http://other.example/")
    late = ready("leads", "answers", ledger, "--json").json["bad"]
    assert ["网址" in late[0]["reason"], "第 1 次移送" in late[1]["reason"]] == [True, True]
    assert ready("leads", "answers", tmp_path / "targets.csv").status == 2, "another list is no ledger"

    _on(monkeypatch, DAY + timedelta(days=8))
    overdue = ready("leads", "clock", "--overdue", "--json").json
    assert [(line["id"], line["days_since_referral"], line["hours_to_confirm"]) for line in overdue] == [
        (1, 7, 5.0), (2, 7, 5.0),
    ]  # fmt: skip
    figures = ready("leads", "stats", "--by", "authority", "--json").json
    assert {group["group"]: (group["referred"], group["overdue"]) for group in figures["groups"]} == {
        "市网信办": (1, 1), "市公安局": (1, 1),
    }  # fmt: skip
    assert figures["total"]["takedown_rate"] == 0.0
    assert "超期" in ready("leads", "clock").out
    assert "合计" in ready("leads", "stats").out
