"""动态黑名单 through the command line: proposed by rule, decided by a person, published, taken off."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import openpyxl
import pytest

from storage.blacklist import Blacklist
from tests.web import web as a_web
from tests.zhengxun.conftest import Zhengxun
from tests.zhengxun.test_jobs import _on
from tests.zhengxun.test_recheck import _site, _watch

DAY = datetime.fromisoformat("2026-11-23T09:00:00+08:00")


def test_from_proposal_to_publication_and_removal(
    ready: Zhengxun, loopback: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What only the machine suspects proposes nobody; a confirmed grave case does, once; the term ends by itself."""
    _on(monkeypatch, DAY)
    with a_web() as web:
        _watch(ready, {"甲校": _site(web)}, tmp_path)
        ready("crawl", "--all")
    assert ready("blacklist", "propose", "--json").json == []
    assert ready("tick", "--json").json["blacklist"] == []
    ready("leads", "confirm", 1, "--by", "张三")
    (entry,) = ready("tick", "--json").json["blacklist"]
    assert (entry["state"], entry["grounds"], entry["lead_ids"]) == ("proposed", ["severe"], [1])
    assert ready("blacklist", "propose", "--json").json == []

    with monkeypatch.context() as patched:
        patched.delattr(Blacklist, "cases")  # nothing is new: nothing is read
        assert ready("tick", "--json").json["blacklist"] == []

    number = entry["number"]
    assert ready("blacklist", "decide", number, "--until", "2026-11-23", "--reason", "属实").status == 2
    assert ready("blacklist", "decide", number, "--reason", "属实").status == 2, "list or decline, not neither"
    listing = ("blacklist", "decide", number, "--until", "2027-05-23", "--reason", "<b>直接发证</b>", "--by", "李四")
    assert ready(*listing).status == 0
    assert ready(*listing).status == 2, "nobody is listed twice"
    assert ready("blacklist", "export", "--out", tmp_path / "out").status == 0
    page, sheet = sorted((tmp_path / "out").iterdir())
    assert "&lt;b&gt;直接发证&lt;/b&gt;" in page.read_text("utf-8")
    rows = list(openpyxl.load_workbook(sheet)["黑名单"].values)
    assert rows[1][2:8] == ("主体", entry["name"], "情节严重", "<b>直接发证</b>", "2026-11-23", "2027-05-23")

    _on(monkeypatch, DAY + timedelta(days=200))
    (expired,) = ready("blacklist", "list", "--json").json
    assert (expired["state"], len(expired["steps"])) == ("expired", 2)
    _on(monkeypatch, DAY + timedelta(days=1))
    assert ready("blacklist", "remove", number, "--reason", "已整改", "--by", "李四").status == 0
    assert ready("blacklist", "list", "--state", "listed", "--json").json == []
    assert ready("blacklist", "propose", "--json").json == [], "the same lead is not held against anybody twice"
