"""``zhengxun evidence``: what it prints, and the exit statuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.zhengxun.conftest import Zhengxun
from tests.zhengxun.evidence.building import fill
from zhengxun.evidence.sealing import seal
from zhengxun.services import Services


def _filled(data_dir: Path) -> Path:
    services = Services.load(data_dir)
    with services.store() as store:
        fill(store, services.settings.evidence, 2)
        seal(store, services.settings.evidence)
    return services.settings.evidence


def test_verify_says_what_is_sound_and_what_is_not(ready: Zhengxun, tmp_path: Path) -> None:
    """0 and all verified; 1 and the file named; JSON with the same; an unknown lead is bad input."""
    folder = _filled(tmp_path / "data")
    whole = ready("evidence", "verify", "--all")
    assert (whole.status, "件已核验。" in whole.out, "证据链末条：第 3 条" in whole.out) == (0, True, True)
    lead = ready("evidence", "verify", 1, "--json")
    assert (lead.status, lead.json["sound"], lead.json["leads"]) == (0, True, [1])
    assert {item["kind"] for item in lead.json["items"]} == {
        *("snapshot", "capture", "screenshot_file", "warc_file", "chain_file")
    }
    next((folder / "screenshots").rglob("*.png")).unlink()
    broken = ready("evidence", "verify", "--all")
    assert (broken.status, "未通过：缺失 1 件" in broken.out, "截图文件不存在" in broken.out) == (1, True, True)
    as_json = ready("evidence", "verify", "--all", "--json").json
    assert as_json["totals"] == {"verified": 12, "altered": 0, "missing": 1, "unverifiable": 0, "expired": 0}
    assert [item["state"] for item in as_json["items"]] == ["missing"]
    assert ready("evidence", "verify", 77).status == 2


def _evidence_line(ready: Zhengxun) -> dict[str, str]:
    return next(check for check in ready("doctor", "--json").json["checks"] if check["name"] == "证据链")


def test_doctor_tells_when_everything_was_last_verified(
    ready: Zhengxun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No evidence, never verified, verified, long ago, and verified with something missing; one lead is not everything."""
    monkeypatch.setenv("ZHENGXUN_NOW", "2026-11-24T10:00:00+08:00")
    assert _evidence_line(ready)["text"] == "还没有证据"
    folder = _filled(tmp_path / "data")
    assert ready("evidence", "verify", 1).status == 0
    line = _evidence_line(ready)
    assert (line["grade"], "尚未做过全库核验" in line["text"], "共 3 条" in line["text"]) == ("warning", True, True)
    assert ready("evidence", "verify", "--all").status == 0
    line = _evidence_line(ready)
    assert (line["grade"], "2026-11-24 10:00" in line["text"], "全部通过" in line["text"]) == ("ok", True, True)
    monkeypatch.setenv("ZHENGXUN_NOW", "2026-12-30T10:00:00+08:00")
    assert _evidence_line(ready)["grade"] == "warning"
    next((folder / "screenshots").rglob("*.png")).unlink()
    assert ready("evidence", "verify", "--all").status == 1
    line = _evidence_line(ready)
    assert (line["grade"], "有 1 件未通过" in line["text"]) == ("failure", True)
    (tmp_path / "data" / "evidence-verified.json").write_text("[", "utf-8")
    assert _evidence_line(ready)["grade"] == "warning"


def test_verify_wants_to_know_what(ready: Zhengxun) -> None:
    """Neither leads nor --all, or both: wrong usage. An empty store has nothing to verify."""
    assert ready("evidence", "verify").status == 2
    assert ready("evidence", "verify", 1, "--all").status == 2
    empty = ready("evidence", "verify", "--all")
    assert (empty.status, empty.out.strip()) == (0, "还没有证据。")


def test_export_names_its_files(ready: Zhengxun, tmp_path: Path) -> None:
    """Package, form and list; the same name again is bad input; without --out wrong usage."""
    _filled(tmp_path / "data")
    out = tmp_path / "一.wacz"
    done = ready("evidence", "export", 1, "--out", out, "--by", "李四", "--json")
    assert done.status == 0
    assert done.json["exhibits"] == 3
    assert all(Path(done.json[name]).is_file() for name in ("file", "record", "hashes"))
    again = ready("evidence", "export", 1, "--out", out)
    assert (again.status, "已经存在" in again.err) == (2, True)
    assert ready("evidence", "export", 1).status == 2
    assert "取证记录：" in ready("evidence", "export", 2, "--out", tmp_path / "二.wacz").out
    assert ready("evidence", "verify", "--all").status == 0
