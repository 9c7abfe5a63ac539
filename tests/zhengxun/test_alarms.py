"""Alarms of the whole installation: each sounds for its cause, on every surface, and is over with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from console.metrics import as_text
from tests.web import Answer, Web, html
from tests.web import web as a_web
from tests.zhengxun.conftest import Zhengxun
from tests.zhengxun.test_jobs import DAY, HONEST, _on
from zhengxun.alarms import installation_alarms
from zhengxun.clock_watch import FILE, last_jump, watch_clock
from zhengxun.services import Services
from zhengxun.status import read_status


@pytest.fixture
def web() -> Iterator[Web]:
    """An empty small web."""
    with a_web() as running:
        yield running


def _sounding() -> dict[str, str]:
    services = Services.load("data")
    with services.store() as store:
        return {alarm.kind.value: alarm.detail for alarm in installation_alarms(services, store)}


def test_nothing_came_in_and_too_many_failures(
    ready: Zhengxun, loopback: None, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cut line: pages fail, then nothing for longer than a day; status, /metrics, doctor and health say so; a page ends it."""
    pages = {f"/{number}.html": html(HONEST.replace("九", str(number))) for number in range(24)}
    links = "".join(f'<a href="{path}">页</a>' for path in pages)
    site = web.site({"/": html(links), **pages})
    _on(monkeypatch, DAY)
    ready("targets", "add", site.url + "/", "--name", "样例", "--schedule", "每天 04:00")
    assert _sounding() == {}, "nothing has fallen due for an hour yet"
    ready("tick")
    assert _sounding() == {}
    good = dict(site.pages)
    site.pages.clear()
    site.pages["*"] = Answer(b"", 404)
    _on(monkeypatch, DAY + timedelta(days=1))
    ready("crawl", "--all")
    failing = _sounding()
    assert list(failing) == ["error_rate"]
    assert "100% 没有采到（失败 25）" in failing["error_rate"]
    _on(monkeypatch, DAY + timedelta(days=2))
    assert "1 个监测对象到期（如 样例）" in _sounding()["nothing_in"]
    services = Services.load("data")
    with services.store() as store:
        status = read_status(services, store)
    assert any("没有采到任何页面" in problem for problem in status.problems)
    assert 'zhengxun_alarm{kind="nothing_in"} 1.0' in as_text(status).decode()
    assert 'zhengxun_alarm{kind="clock"} 0.0' in as_text(status).decode()
    checks = ready("doctor", "--json").json["checks"]
    assert [check["grade"] for check in checks if check["name"] == "采集进账"] == ["failure"]
    shown = ready("health", "--json")
    assert (shown.status, [alarm["kind"] for alarm in shown.json["installation"]]) == (1, ["nothing_in"])
    site.pages.clear()
    site.pages.update(good)
    ready("crawl", "--all")
    assert "nothing_in" not in _sounding()


def test_a_clock_that_jumps(ready: Zhengxun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Back: seen by the time alone. Ahead: only against the kernel's own count. Told for a day; small steps are none."""
    _on(monkeypatch, DAY)
    assert ready("tick").err == ""
    _on(monkeypatch, DAY - timedelta(minutes=1))
    assert ready("tick").err == ""
    _on(monkeypatch, DAY - timedelta(hours=5))
    assert "时钟向后拨慢约 5.0 小时：应为 2026-11-23 08:59，却是 2026-11-23 04:00" in ready("tick").err
    assert ready("tick").err == "", "it is news once"
    assert "拨慢" in _sounding()["clock"]
    assert ready("health").status == 1
    _on(monkeypatch, DAY + timedelta(days=1))
    assert _sounding() == {}
    monkeypatch.delenv("ZHENGXUN_NOW")
    services = Services.load("data")
    assert watch_clock(services) is None or last_jump(services) is not None
    (tmp_path / "data" / FILE).unlink()
    assert watch_clock(services) is None
    assert watch_clock(services) is None
    kept = json.loads((tmp_path / "data" / FILE).read_text())
    kept["seconds"] += 3600  # as if an hour less had passed than the clock says
    (tmp_path / "data" / FILE).write_text(json.dumps(kept))
    jump = watch_clock(services)
    assert jump is not None
    assert jump.forward
    assert "向前拨快约 60 分钟" in jump.sentence
    kept["machine"] = "another run of the machine"
    (tmp_path / "data" / FILE).write_text(json.dumps(kept))
    assert watch_clock(services) is None, "across a restart only a step back can be seen"
    (tmp_path / "data" / FILE).write_text("{")
    assert watch_clock(services) is None


def _certificate(path: Path, ends: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "zhengxun.example")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(ends - timedelta(days=90))
        .not_valid_after(ends)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))


def test_the_consoles_certificate(ready: Zhengxun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told three weeks before its end, at its end, and where it cannot be read."""
    _on(monkeypatch, DAY)
    monkeypatch.setenv("ZHENGXUN_CONSOLE_CERTIFICATE", str(tmp_path / "console.pem"))
    assert "不存在" in _sounding()["certificate"]
    for days, part in ((30, None), (20, "将于 2026-12-13 09:00 到期"), (-1, "已于 2026-11-22 09:00 到期")):
        _certificate(tmp_path / "console.pem", DAY + timedelta(days=days))
        assert part is None if (said := _sounding().get("certificate")) is None else part is not None and part in said
