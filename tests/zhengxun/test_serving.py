"""``serve`` as a real process: page, health, one only, orderly end; and doctor."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.zhengxun.conftest import Zhengxun
from zhengxun.scheduler import Children
from zhengxun.serving import allowed_hosts


@contextmanager
def _serving(folder: Path, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running service and the address of its page."""
    process = subprocess.Popen(
        [sys.executable, "-m", "zhengxun", "--data-dir", str(folder), "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONUNBUFFERED": "1"} | environment,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        found = re.search(r"http://\S+/", line)
        assert found, line
        yield process, found.group()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _get(address: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_serve_shows_the_page_catches_up_and_ends_in_order(ready: Zhengxun, tmp_path: Path) -> None:
    """At its start a tick runs as a child; SIGTERM ends the service with status 0; a second service ends with 3."""
    folder = tmp_path / "data"
    with _serving(folder, ZHENGXUN_NOW="2026-11-23T09:00:00+08:00") as (process, address):
        status, health = _get(address + "healthz")
        assert (status, json.loads(health)["status"]) == (200, "ok")
        assert "证巡" in _get(address)[1]
        second = ready("serve", "--port", "0")
        assert second.status == 3
        assert "serve" in second.err
        made = folder / "digests" / "digest-2026-11-23.html"
        deadline = time.monotonic() + 30
        while not made.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert made.exists(), "the tick at the start builds the missing digest"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


def test_a_taken_port_is_a_written_message(ready: Zhengxun, tmp_path: Path) -> None:
    """Port in use or unknown host: status 4 and what to do."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = ready("serve", "--port", taken.getsockname()[1])
    assert ran.status == 4
    assert "--port" in ran.err
    assert ready("serve", "--host", "no-such-host.invalid", "--port", 0).status == 4


@pytest.mark.parametrize(
    ("host", "answered"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("10.0.0.5", False)],
)
def test_bound_to_loopback_only_its_names_are_answered(host: str, answered: bool) -> None:
    """A service that is bound to this machine does not answer to foreign names; others cannot know their names."""
    assert (allowed_hosts(host) != ["*"]) is answered
    names = allowed_hosts(host, ["zx.example"])
    assert {"zx.example", "127.0.0.1"} <= set(names), "a proxy's name beside this machine's own, wherever it is bound"
    assert "*" not in names


def test_children_are_ended_by_their_own_ids(tmp_path: Path) -> None:
    """Stopping asks each child to end, and kills one that does not, within the time given."""
    import threading

    started = tmp_path / "started"
    code = (
        "import pathlib, signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        f"pathlib.Path({str(started)!r}).touch()\ntime.sleep(60)"
    )
    children = Children([sys.executable, "-c", code], lambda: datetime(2026, 11, 23, tzinfo=UTC))
    waiting = threading.Thread(target=children.run, args=("试验",))
    waiting.start()
    deadline = time.monotonic() + 20
    while not started.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    children.stop(seconds=0.2)
    waiting.join(timeout=10)
    assert not waiting.is_alive()
    assert children.last is not None
    assert children.last.status == -signal.SIGKILL
    children.run("不再启动")
    assert children.last.job == "试验", "after stopping nothing is started"


def test_doctor_before_and_after_init(zhengxun: Zhengxun, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not set up: status 4 and what to do. Set up: no failure; a misspelt setting is told."""
    before = zhengxun("doctor", "--json")
    assert before.status == 4
    assert {check["name"]: check["grade"] for check in before.json["checks"]}["数据库"] == "failure"
    zhengxun("init")
    monkeypatch.setenv("ZHENGXUN_CRAWL_DEALY", "1")
    monkeypatch.setenv("ZHENGXUN_ALLOW_NETWORKS", "10.0.0.0/8")
    after = zhengxun("doctor", "--json")
    assert after.status == 0, after.out
    grades = {check["name"]: check["grade"] for check in after.json["checks"]}
    assert (grades["设置"], grades["允许的内网网段"], grades["远程控制端口"]) == ("warning", "warning", "ok")
    assert "数据目录" in zhengxun("doctor").out


def test_doctor_names_an_unreachable_database(zhengxun: Zhengxun, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that does not answer: status 4, without its password."""
    monkeypatch.setenv("ZHENGXUN_DATABASE_URL", "postgresql://zx:geheim@127.0.0.1:1/zx")
    ran = zhengxun("doctor", "--json")
    assert ran.status == 4
    assert "geheim" not in ran.out


def test_doctor_fails_on_a_full_disk_and_a_broken_pack(
    ready: Zhengxun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Failures that are no matter of set-up end with 1."""
    monkeypatch.setenv("ZHENGXUN_MIN_FREE_MB", "999999999")
    assert ready("doctor").status == 1
    monkeypatch.delenv("ZHENGXUN_MIN_FREE_MB")
    rules = tmp_path / "data" / "rules"
    rules.mkdir()
    (rules / "own.yaml").write_text("pack: rules\nrules: [broken", "utf-8")
    ran = ready("doctor")
    assert ran.status == 1
    assert "规则包" in ran.out
    with suppress(FileNotFoundError):
        (rules / "own.yaml").unlink()
