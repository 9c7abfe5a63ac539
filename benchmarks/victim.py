"""The program as something to be killed: started warm from a forking parent, or cold as a user starts it.

A warm start forks a process that has loaded the program's modules and nothing else: no threads, no reactor, no database, no
file of the data directory. What runs from there is the program, in a process and a group of its own, with worker processes and a
browser that it starts itself. Only the seconds of importing are saved, in which nothing can be lost.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
#: What the program loads for crawls, rechecks, screenshots, digests and verification.
_LOADED = (
    "zhengxun.cli.crawl zhengxun.cli.recheck zhengxun.cli.digest zhengxun.cli.evidence zhengxun.cli.targets zhengxun.cli.setup"
    " zhengxun.jobs.crawl zhengxun.jobs.recheck zhengxun.jobs.digest zhengxun.analysis zhengxun.thumbnails"
    " zhengxun.evidence.verification zhengxun.evidence.sealing crawler.patrol crawler.photographs crawler.extract"
    " crawler.browser.chromium storage storage.migration digest.builder digest.writing digest.measures scrapy"
).split()


class Ended(Exception):
    """The forking parent is gone."""


class Cold:
    """A command as a user starts it; leader of its own group."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], out: Path, log: Path) -> None:
        with out.open("wb") as said, log.open("ab") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "zhengxun", *arguments],
                env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=errors,
                start_new_session=True,
            )
        self.pid = self._process.pid

    def ended(self, within: float) -> int | None:
        """Exit status (negative: the signal), once it has ended; None where it is still there after so many seconds."""
        try:
            return self._process.wait(within)
        except subprocess.TimeoutExpired:
            return None


class Parent:
    """Forks commands, one at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", f"from benchmarks.victim import serve; serve({_LOADED!r})"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._rest = b""

    def start(self, arguments: Sequence[str], environment: Mapping[str, str], out: Path, log: Path) -> Warm:
        """Fork a command; the one before must have ended."""
        assert self._process.stdin is not None
        order = {"arguments": list(arguments), "environment": dict(environment), "out": str(out), "log": str(log)}
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()
        pid = self.answer(None)
        assert pid is not None
        return Warm(self, pid)

    def answer(self, within: float | None) -> int | None:
        """The next number that the parent says; None where it says none within so many seconds."""
        assert self._process.stdout is not None
        stream = self._process.stdout.fileno()
        until = None if within is None else time.monotonic() + within
        while b"\n" not in self._rest:
            left = None if until is None else max(0.0, until - time.monotonic())
            if not select.select([stream], [], [], left)[0]:
                return None
            more = os.read(stream, 4096)
            if not more:
                raise Ended
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\n")
        return int(line)

    def close(self) -> None:
        """No more commands."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


class Warm:
    """A command that was forked; leader of its own group."""

    def __init__(self, parent: Parent, pid: int) -> None:
        self.pid = pid
        self._parent = parent
        self._status: int | None = None

    def ended(self, within: float) -> int | None:
        """As :meth:`Cold.ended`."""
        if self._status is None:
            self._status = self._parent.answer(within)
        return self._status


def kill(process: Cold | Warm, group: bool) -> None:
    """``kill -9``, of the program alone or with the processes of its group."""
    (os.killpg if group else os.kill)(process.pid, signal.SIGKILL)


def serve(modules: Sequence[str]) -> None:
    """The parent: load, then fork as told; says each child's pid and, when it has ended, its status."""
    from importlib import import_module

    for module in modules:
        import_module(module)
    assert "twisted.internet.reactor" not in sys.modules, "a reactor cannot be shared with children"
    while order := sys.stdin.buffer.readline():
        told = json.loads(order)
        ready, in_group = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(ready)
            _become(told, in_group)
        os.close(in_group)
        os.read(ready, 1)
        os.close(ready)
        _say(pid)
        _say(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def _say(number: int) -> None:
    os.write(1, b"%d\n" % number)


def _become(told: dict[str, Any], in_group: int) -> None:
    """In the child: run the program as its own process would."""
    import random

    from zhengxun.cli import main

    status = 1
    try:
        os.setsid()
        for number, (name, flags) in enumerate(
            (
                (os.devnull, os.O_RDONLY),
                (told["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
                (told["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND),
            )
        ):
            opened = os.open(name, flags, 0o644)
            os.dup2(opened, number)
            os.close(opened)
        os.environ.update(told["environment"])
        random.seed()
        os.write(in_group, b".")
        os.close(in_group)
        main(told["arguments"])
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
