"""Health through the command line: a site that falls silent, is told of once, and comes back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.web import Answer, Web, html
from tests.web import web as a_web
from tests.zhengxun.conftest import Zhengxun
from tests.zhengxun.test_jobs import DAY, HONEST, _digest, _on


@pytest.fixture
def web() -> Iterator[Web]:
    """An empty small web."""
    with a_web() as running:
        yield running


def test_a_site_that_falls_silent(
    ready: Zhengxun, loopback: None, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three good days and then a wall: an alarm that tick reports, the digest shows, and a good day ends."""
    site = web.site({"/": html(HONEST)})
    _on(monkeypatch, DAY)
    ready("targets", "add", site.url + "/", "--name", "样例")
    for day in range(3):
        _on(monkeypatch, DAY + timedelta(days=day))
        ready("tick")
    assert ready("health").status == 0
    site.pages["/"] = Answer(b"<html><body>denied</body></html>", 403, {"Content-Type": "text/html"})
    _on(monkeypatch, DAY + timedelta(days=3))
    told = ready("tick", "--json")
    assert told.status == 1
    (alarm,) = told.json["alarms"]
    assert (alarm["subject"], alarm["kind"], alarm["outcome"]) == ("target:1", "silent", "blocked")
    shown = ready("health", "--json")
    assert shown.status == 1
    (target,) = shown.json["targets"]
    assert target["days"]["2026-11-23"] == {"planned": 1, "ok": 1}
    assert target["days"]["2026-11-26"] == {"planned": 1, "blocked": 1}
    assert shown.json["platforms"]["website"] == target["days"]
    gaps = _digest(tmp_path / "data" / "digests", "2026-11-26")["coverage"]["gaps"]
    assert any(gap["detail"].startswith("失声报警：此前连续 3 次") for gap in gaps)
    assert "样例（1 号）失声" in ready("health").out
    _on(monkeypatch, DAY + timedelta(days=4))
    assert ready("tick", "--json").json["alarms"] == []
    site.pages["/"] = html(HONEST)
    _on(monkeypatch, DAY + timedelta(days=5))
    ready("tick")
    assert ready("health", "--json").json["alarms"] == []
