"""``init`` on an older database: backed up before, with nobody else at work; a newer one is left alone by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

import storage
from domain.errors import NotSetUp
from storage import default_url, hold, migrate, revision_state
from storage.engine import new_engine, parse_url, writing
from storage.revision import HEAD
from tests.zhengxun.conftest import Zhengxun

BEFORE = f"{int(HEAD) - 1:04}"


@pytest.fixture
def older(zhengxun: Zhengxun, tmp_path: Path) -> Zhengxun:
    """A data directory as the migration before the newest left it."""
    (tmp_path / "data").mkdir()
    config = Config()
    config.set_main_option("script_location", str(Path(storage.__file__).with_name("migrations")))
    engine = new_engine(parse_url(default_url(tmp_path / "data")), foreign_keys=False)
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE)
    engine.dispose()
    return zhengxun


def _revision(folder: Path) -> str | None:
    return revision_state(default_url(folder)).current


def test_an_upgrade_is_backed_up_before(older: Zhengxun, tmp_path: Path) -> None:
    """Where nobody said where the backup goes nothing is touched; restored, it is the database before the upgrade."""
    ran = older("init")
    assert (ran.status, "--backup" in ran.err, _revision(tmp_path / "data")) == (2, True, BEFORE)
    place = tmp_path / "backup.tar"
    ran = older("init", "--backup", place)
    assert (ran.status, _revision(tmp_path / "data")) == (0, HEAD), ran.err
    assert str(place) in ran.out
    assert f"从 {BEFORE} 升级到 {HEAD}" in ran.out
    assert older("init").out == older("init").out, "nothing to upgrade: no second backup, no question"
    restored = older("restore", place, "--data-dir", tmp_path / "there", "--json")
    assert (restored.json["revision"], _revision(tmp_path / "there")) == (BEFORE, BEFORE)


def test_the_backup_goes_to_the_folder_of_the_setting(
    older: Zhengxun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under a name that no daily backup has, so that it is not counted or dropped among them."""
    monkeypatch.setenv("ZHENGXUN_BACKUP_DIR", str(tmp_path / "backups"))
    monkeypatch.setenv("ZHENGXUN_NOW", "2026-11-24T08:00:00+08:00")
    assert older("init").status == 0
    assert older("upkeep").status == 0
    names = {path.name for path in (tmp_path / "backups").iterdir()}
    assert names == {f"before-upgrade-{BEFORE}-20261124T000000Z", "zhengxun-2026-11-24"}


@pytest.mark.parametrize("lock", ["serve", "crawl"])
def test_others_must_have_stopped(older: Zhengxun, tmp_path: Path, lock: str) -> None:
    """A service of the old version would go on writing to a database that it no longer knows."""
    with hold(tmp_path / "data", lock, default_url(tmp_path / "data")):
        ran = older("init", "--backup", tmp_path / "backup")
    assert (ran.status, _revision(tmp_path / "data")) == (3, BEFORE)
    assert not (tmp_path / "backup").exists()
    assert older("init", "--no-backup").status == 0


def test_a_newer_database_is_named_and_left(ready: Zhengxun, tmp_path: Path) -> None:
    """After a step back of the program: no command works on it, each says what to do, and none tells to upgrade."""
    url = default_url(tmp_path / "data")
    engine = new_engine(parse_url(url))
    with writing(engine) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    for words in (["init"], ["tick"], ["backup", tmp_path / "backup"]):
        ran = ready(*words)
        assert (ran.status, "较新的程序" in ran.err, "init" in ran.err) == (4, True, False), ran.err
    ran = ready("doctor")
    assert (ran.status, "比本程序" in ran.out) == (4, True)
    with pytest.raises(NotSetUp, match="9999"):
        migrate(url)
