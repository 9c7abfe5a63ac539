"""The demo as a newcomer runs it: the whole pipeline on the sample sites over two days."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from crawler.pictures.reader import missing
from domain.errors import BadInput
from tests.zhengxun.conftest import Zhengxun
from zhengxun.demo.plan import PLANTED, Expectation
from zhengxun.demo.run import MARKER, demo_folder


def test_demo_finds_what_is_planted(zhengxun: Zhengxun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two digests in four formats, with every planted page and no honest site, whatever the environment says."""
    monkeypatch.setenv("ZHENGXUN_NOW", "2001-01-01T00:00:00+08:00")
    monkeypatch.setenv("ZHENGXUN_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    ran = zhengxun("demo", "--json")
    report = ran.json
    assert ran.status == (0 if report["complete"] else 1)
    assert [day["missed"] for day in report["days"]] == [[], []]
    dishonest = {planted.site for planted in PLANTED if Expectation.VIOLATING in {planted.day1, planted.day2}}
    for day in report["days"]:
        assert [alarm for alarm in day["false_alarms"] if alarm[0] not in dishonest] == [], "an honest site is listed"
        assert day["false_alarms"] == []
    for day in report["days"]:
        assert [Path(path).suffix for path in day["files"]] == [".html", ".json", ".xlsx", ".docx"]
        assert all(Path(path).stat().st_size > 1000 for path in day["files"])
        assert day["found"] >= 30
    first = json.loads(Path(report["days"][0]["files"][1]).read_text("utf-8"))
    posters = [item for item in first["items"] if item["page_url"].endswith("/poster.html")]
    # What stands only in the poster is found where words in pictures are read, and the poster is named.
    assert len(posters) == (missing() is None)
    assert all(
        finding["picture"]["url"].endswith("/img/poster.png") for item in posters for finding in item["findings"]
    )
    second = json.loads(Path(report["days"][1]["files"][1]).read_text("utf-8"))
    assert second["totals"]["new"] >= 1, "one advertisement is new on the second day"
    assert any(item["changed"] for item in second["items"]), "one was edited"
    assert any(item["reason"] == "疑似下线，待复核" for item in second["items"]), "one is gone"
    assert second["totals"]["corrected"] >= 1, "one was corrected"
    assert len(report["sites"]) >= 12
    assert all(site["pages"] for site in report["sites"])


def test_demo_empties_only_its_own_folder(tmp_path: Path) -> None:
    """A folder with other things in it is refused; one of an earlier demo is used again."""
    folder = tmp_path / "somebody's"
    folder.mkdir()
    (folder / "letter.txt").write_text("keep me", "utf-8")
    with pytest.raises(BadInput, match="已有内容"):
        demo_folder(str(folder))
    assert (folder / "letter.txt").exists()
    fresh = demo_folder(str(tmp_path / "fresh"))
    (fresh / "old").mkdir()
    (fresh / "old" / "digest.html").write_text("old", "utf-8")
    again = demo_folder(str(fresh))
    assert [entry.name for entry in again.iterdir()] == [MARKER]
    with pytest.raises(BadInput, match="不是目录"):
        demo_folder(str(folder / "letter.txt"))
