"""``zhengxun evidence``: what it prints, and the exit statuses."""

from __future__ import annotations

from pathlib import Path

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
    assert as_json["totals"] == {"verified": 12, "altered": 0, "missing": 1, "unverifiable": 0}
    assert [item["state"] for item in as_json["items"]] == ["missing"]
    assert ready("evidence", "verify", 77).status == 2


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
