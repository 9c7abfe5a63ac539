"""What tests of the composition share: an environment of our own, and the program run in this process."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from zhengxun.cli import program
from zhengxun.cli.failures import run as run_program


@dataclass(frozen=True)
class Ran:
    """What one command did."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as the one JSON document it must be."""
        return json.loads(self.out)


@pytest.fixture
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the machine reaches the test, and relative paths stay inside its folder."""
    for name in list(os.environ):
        if name.startswith("ZHENGXUN_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def loopback(clean_environment: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback may be fetched, without delay, by one worker; no browser for pages that are flagged in passing."""
    monkeypatch.setenv("ZHENGXUN_SCREENSHOTS", "0")
    monkeypatch.setenv("ZHENGXUN_ALLOW_NETWORKS", "127.0.0.0/8")
    monkeypatch.setenv("ZHENGXUN_CRAWL_DELAY", "0")
    monkeypatch.setenv("ZHENGXUN_PROCESSES", "1")


Zhengxun = Callable[..., Ran]


@pytest.fixture
def zhengxun(clean_environment: None, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Iterator[Zhengxun]:
    """Runs ``zhengxun ARGUMENTS`` in this process on a data directory of the test's own."""
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level

    def command(*arguments: object) -> Ran:
        status = run_program(program, ["--data-dir", str(tmp_path / "data"), *map(str, arguments)])
        captured = capsys.readouterr()
        return Ran(status, captured.out, captured.err)

    yield command
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)


@pytest.fixture(scope="session")
def initialised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory after ``init``, copied by each test that needs one (migrating takes a third of a second)."""
    folder = tmp_path_factory.mktemp("initialised") / "data"
    command = [sys.executable, "-m", "zhengxun", "--data-dir", str(folder), "init"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ZHENGXUN_")}
    subprocess.run(command, env=kept, check=True, capture_output=True)
    return folder


@pytest.fixture
def ready(zhengxun: Zhengxun, initialised: Path, tmp_path: Path) -> Zhengxun:
    """The same, set up."""
    shutil.copytree(initialised, tmp_path / "data")
    return zhengxun
