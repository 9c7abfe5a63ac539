"""Settings: where they come from, what wins, and what a wrong one says."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import pytest

from domain.errors import BadInput
from zhengxun.services import Services
from zhengxun.settings import Settings, unknown_environment


def test_defaults_are_those_of_the_contract(clean_environment: None) -> None:
    """Without anything said: ./var, SQLite, one second, 32 requests, no private network, six hours."""
    settings = Settings.load()
    assert settings.data_dir == Path("var")
    assert settings.database_url is None
    assert (settings.crawl_delay, settings.crawl_concurrency) == (1.0, 32)
    assert settings.allow_networks == ()
    assert settings.removal_confirm_hours == 6.0
    assert settings.now is None


def test_the_file_of_the_data_directory_counts_and_the_environment_wins(
    tmp_path: Path, clean_environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """zhengxun.toml is read from the data directory that flag or environment name; environment variables override it."""
    (tmp_path / "zhengxun.toml").write_text('crawl_delay = 2.5\ncrawl_concurrency = 4\ndigest_dir = "简报"\n', "utf-8")
    monkeypatch.setenv("ZHENGXUN_CRAWL_DELAY", "0.5")
    by_flag = Settings.load(tmp_path)
    assert (by_flag.crawl_delay, by_flag.crawl_concurrency) == (0.5, 4)
    assert by_flag.digests == tmp_path / "简报"
    monkeypatch.setenv("ZHENGXUN_DATA_DIR", str(tmp_path))
    assert Settings.load().crawl_concurrency == 4


def test_networks_are_a_comma_separated_list(clean_environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """ZHENGXUN_ALLOW_NETWORKS holds CIDR blocks, with blanks allowed."""
    monkeypatch.setenv("ZHENGXUN_ALLOW_NETWORKS", "127.0.0.0/8, fd00::/8")
    assert Settings.load().allow_networks == (ip_network("127.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("NOW", "yesterday", "ISO 8601"),
        ("NOW", "2026-11-23T08:00:00", "时区"),
        ("CRAWL_DELAY", "fast", "数字"),
        ("CRAWL_DELAY", "-1", "不得小于 0"),
        ("CRAWL_DELAY", "nan", "ZHENGXUN_CRAWL_DELAY"),
        ("CRAWL_CONCURRENCY", "1.5", "整数"),
        ("ALLOW_NETWORKS", "localhost", "CIDR"),
        ("DIGEST_TIME", "25:00", "时:分"),
        ("DIGEST_TIME", "8", "时:分"),
        ("DIGEST_FORMATS", "pdf", "可选值"),
        ("LOG_LEVEL", "loud", "可选值"),
    ],
)
def test_a_wrong_value_names_setting_and_value(
    clean_environment: None, monkeypatch: pytest.MonkeyPatch, name: str, value: str, part: str
) -> None:
    """A value that cannot be used stops the command with the setting's name, the value and the reason."""
    monkeypatch.setenv(f"ZHENGXUN_{name}", value)
    with pytest.raises(BadInput) as caught:
        Settings.load()
    assert f"ZHENGXUN_{name}" in str(caught.value)
    assert value in str(caught.value)
    assert part in str(caught.value)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("crawl_dely = 2.0", "没有这个设置"),
        ("crawl_delay =", "TOML"),
        ('data_dir = "/x"', "data_dir"),
        ('crawl_delay = "x"', "数字"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, clean_environment: None, text: str, part: str) -> None:
    """A misspelt name or a broken file is an error, not silently the default."""
    (tmp_path / "zhengxun.toml").write_text(text, "utf-8")
    with pytest.raises(BadInput, match=part):
        Settings.load(tmp_path)


def test_now_replaces_the_clock(clean_environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """ZHENGXUN_NOW is what every part of the process takes for the present, in UTC."""
    monkeypatch.setenv("ZHENGXUN_NOW", "2026-11-23T08:00:00+08:00")
    services = Services.load()
    assert services.clock() == services.clock() == datetime(2026, 11, 23, 0, 0, tzinfo=UTC)


def test_misspelt_environment_names_are_found(clean_environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that looks like a setting and is none is told by doctor."""
    monkeypatch.setenv("ZHENGXUN_CRAWL_DELAYS", "1")
    assert unknown_environment() == ["ZHENGXUN_CRAWL_DELAYS"]


def test_a_data_directory_that_is_a_file_is_named(tmp_path: Path) -> None:
    """Not its settings file, which the user never heard of."""
    path = tmp_path / "数据"
    path.touch()
    with pytest.raises(BadInput, match=r"数据目录 .*数据 不是文件夹"):
        Settings.load(path)
    with pytest.raises(BadInput, match=r"数据目录 .*下级 的上级不是文件夹"):
        Settings.load(path / "下级")
