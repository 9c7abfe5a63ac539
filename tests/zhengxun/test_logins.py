"""Cookie files of platforms: read strictly, shown with their end, refused where others can read them; never a value shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.zhengxun.conftest import Zhengxun
from zhengxun.logins import LoginState, read_login

NOW = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
SECRET = "geheim-4711"


def _write(path: Path, *lines: str, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("# Netscape HTTP Cookie File\n" + "".join(line + "\n" for line in lines))
    path.chmod(mode)
    return path


def _line(name: str, ends: datetime | None, domain: str = ".weibo.com", prefix: str = "#HttpOnly_") -> str:
    return "\t".join([prefix + domain, "TRUE", "/", "TRUE", str(int(ends.timestamp())) if ends else "0", name, SECRET])


def _state(path: Path) -> LoginState:
    found = read_login(path, NOW, 7)
    assert SECRET not in repr(found)
    return found.state


def test_how_long_a_login_lasts(tmp_path: Path) -> None:
    """The login's own cookie decides, by the clock that was given; a session's 0 is no time at all."""
    day = timedelta(days=1)
    path = tmp_path / "weibo.txt"
    counter = _line("_s_tentry", NOW - 30 * day)
    for end, state in (
        (NOW + 30 * day, LoginState.GOOD),
        (NOW + 3 * day, LoginState.EXPIRING),
        (NOW - day, LoginState.EXPIRED),
        (None, LoginState.GOOD),
    ):
        assert _state(_write(path, counter, _line("SUB", end))) is state
        login = read_login(path, NOW, 7).login
        assert login is not None
        sent = login.header_for("GET", "https://m.weibo.com/status/1")
        assert sent == (None if state is LoginState.EXPIRED else f"SUB={SECRET}")
    assert read_login(path, NOW, 7).expires_at is None
    assert _state(_write(path, _line("ULV", NOW + day * 30))) is LoginState.DOUBTFUL


@pytest.mark.parametrize(
    ("name", "content", "mode", "told"),
    [
        ("weibo.txt", _line("SUB", None), 0o644, "chmod 600"),
        ("weibo.txt", _line("SUB", None, ".evil.cn"), 0o600, "没有微博"),
        ("sina.txt", _line("SUB", None), 0o600, "文件名应为"),
        ("weibo.txt", '{"cookies": []}', 0o600, "Netscape"),
    ],
)
def test_files_that_are_not_used(tmp_path: Path, name: str, content: str, mode: int, told: str) -> None:
    """Each says why, and its login carries nothing."""
    found = read_login(_write(tmp_path / name, content, mode=mode), NOW, 7)
    assert found.state is LoginState.UNUSABLE
    assert told in found.detail
    assert found.login is None or (found.login.jar is None and told in (found.login.fault or ""))


def test_a_json_export_is_named(tmp_path: Path) -> None:
    """The commonest mistake: another format of the same extension."""
    path = tmp_path / "weibo.txt"
    path.write_text('[{"domain": ".weibo.com"}]')
    path.chmod(0o600)
    assert "Netscape" in read_login(path, NOW, 7).detail


def test_commands_show_the_end_and_never_a_value(
    ready: Zhengxun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """add puts the file where only we can read it; list, health and doctor tell of one that ends soon."""
    monkeypatch.setenv("ZHENGXUN_NOW", NOW.isoformat())
    source = _write(tmp_path / "export.txt", _line("SUB", NOW + timedelta(days=3)), mode=0o644)
    assert ready("logins", "list").out.startswith("没有平台登录文件")
    assert ready("logins", "check", "weibo", source).status == 1  # as it lies there, others can read it
    added = ready("logins", "add", "weibo", source)
    assert added.status == 0, added.err
    place = tmp_path / "data" / "cookies" / "weibo.txt"
    assert place.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in place.parent.iterdir()] == ["weibo.txt"]
    listed = ready("logins", "list", "--json")
    assert listed.status == 1
    (one,) = listed.json
    assert (one["platform"], one["state"], one["cookies"]) == ("weibo", "expiring", 1)
    shown = [ready("health"), ready("health", "--json"), ready("doctor"), ready("logins", "list")]
    assert shown[0].status == 1
    assert "登录报警：微博登录文件 cookies/weibo.txt 即将到期：将于 2026-11-26 09:00 到期" in shown[0].out
    assert shown[1].json["logins"] == [one]
    assert "cookies/weibo.txt 即将到期" in shown[2].out.replace("\n", "")
    assert not any(SECRET in ran.out + ran.err for ran in (*shown, added, listed))
    expired = _write(tmp_path / "old.txt", _line("SUB", NOW - timedelta(days=3)))
    refused = ready("logins", "add", "weibo", expired)
    assert refused.status == 2
    assert "已于 2026-11-20 09:00 过期" in refused.err
    assert place.read_text() == source.read_text()
