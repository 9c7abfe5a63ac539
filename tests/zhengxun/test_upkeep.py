"""The nightly upkeep: once a night in its hours, each step by itself, backups by schedule and number."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.zhengxun.conftest import Zhengxun
from tests.zhengxun.test_jobs import DAY, _on
from zhengxun.jobs.upkeep import backup_problem
from zhengxun.services import Services

NIGHT = DAY - timedelta(hours=6, minutes=50)  # 02:10


def test_once_a_night_with_backups_that_rotate(
    ready: Zhengxun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """tick does it in the hours after the set time; old backups go, others' files stay; a day without is an alarm."""
    backups = tmp_path / "backups"
    monkeypatch.setenv("ZHENGXUN_BACKUP_DIR", str(backups))
    monkeypatch.setenv("ZHENGXUN_BACKUPS_KEPT", "2")
    _on(monkeypatch, DAY)
    assert ready("tick", "--json").json["upkeep"] is None, "by day it waits for the night"
    assert "还没有自动备份" in (backup_problem(Services.load(tmp_path / "data")) or "")
    for night in range(3):
        _on(monkeypatch, NIGHT + timedelta(days=night))
        done = ready("tick", "--json").json["upkeep"]
        assert (done["problems"], done["database"]["rewritten"]) == ([], False)
        assert ready("tick", "--json").json["upkeep"] is None
        (backups / "zhengxun-2026-11-01.partial").mkdir(exist_ok=True)
        (backups / "别人的文件").touch()
    assert sorted(path.name for path in backups.iterdir()) == [
        "zhengxun-2026-11-01.partial",
        "zhengxun-2026-11-24",
        "zhengxun-2026-11-25",
        "别人的文件",
    ]
    assert backup_problem(Services.load(tmp_path / "data")) is None
    ran = ready("--data-dir", tmp_path / "again", "restore", backups / "zhengxun-2026-11-25")
    assert ran.status == 0, ran.err
    again = ready("upkeep", "--json")
    assert (again.status, again.json["backup"]) == (0, None)
    _on(monkeypatch, NIGHT + timedelta(days=9))
    assert "最近一次自动备份是 2026-11-25，已经过期" in (backup_problem(Services.load(tmp_path / "data")) or "")


def test_what_cannot_be_done_is_listed_and_keeps_nothing_else_waiting(
    ready: Zhengxun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a crawl runs the database is not touched; a folder that cannot be used is named; both end with 1."""
    _on(monkeypatch, NIGHT)
    (tmp_path / "file").touch()
    monkeypatch.setenv("ZHENGXUN_BACKUP_DIR", str(tmp_path / "file" / "backups"))
    services = Services.load(tmp_path / "data")
    with services.lock("crawl"):
        ran = ready("upkeep", "--json")
    assert (ran.status, ran.json["database"], ran.json["sessions_removed"]) == (1, None, 0)
    crawling, folder = ran.json["problems"]
    assert "正在采集" in crawling
    assert str(tmp_path / "file") in folder
    with services.lock("upkeep"):
        assert ready("upkeep").status == 3
        assert ready("backup", tmp_path / "b").status == 3
    monkeypatch.setenv("ZHENGXUN_BACKUP_DIR", str(tmp_path / "data" / "b"))
    ran = ready("upkeep")
    assert (ran.status, "在数据目录里面" in ran.err) == (2, True)
