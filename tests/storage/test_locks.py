"""Locks that a killed process cannot leave behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from domain.errors import LockHeld, NotSetUp
from storage import hold

_HOLDER = """
import os, sys, time
from pathlib import Path
from storage import hold
with hold(Path(sys.argv[1]), "crawl", sys.argv[2]):
    child = os.fork() if len(sys.argv) > 3 else 0
    if child or len(sys.argv) == 3:
        print(child, flush=True)
    time.sleep(600)
"""


@contextmanager
def holder(data_dir: Path, url: str, *more: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(data_dir), url, *more], stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def held(process: subprocess.Popen[str]) -> int:
    """Wait until the process holds the lock; return the id of the child it forked, or 0."""
    assert process.stdout is not None
    return int(process.stdout.readline())


def take_within(seconds: float, data_dir: Path, url: str) -> bool:
    """Whether the lock can be had before the time is over."""
    end = time.monotonic() + seconds
    while True:
        try:
            with hold(data_dir, "crawl", url):
                return True
        except LockHeld:
            if time.monotonic() > end:
                return False
            time.sleep(0.02)


def test_a_second_process_is_refused_until_the_first_is_gone(database_url: str, tmp_path: Path) -> None:
    """The lock is refused while another process has it, and free when that one was killed."""
    with holder(tmp_path, database_url) as process:
        held(process)
        with pytest.raises(LockHeld, match="crawl"), hold(tmp_path, "crawl", database_url):
            pytest.fail("two processes hold the lock")
        with hold(tmp_path, "digest", database_url):
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert take_within(10, tmp_path, database_url)


def test_a_killed_process_leaves_nothing_to_its_forked_children(database_url: str, tmp_path: Path) -> None:
    """Workers that outlive a killed crawl do not keep its lock."""
    with holder(tmp_path, database_url, "fork") as process:
        child = held(process)
        try:
            process.send_signal(signal.SIGKILL)
            process.wait()
            os.kill(child, 0)
            assert take_within(10, tmp_path, database_url)
        finally:
            os.kill(child, signal.SIGKILL)


def test_the_lock_can_be_taken_again_and_again(database_url: str, tmp_path: Path) -> None:
    """Leaving the block, also by an exception, frees the lock."""
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), hold(tmp_path, "crawl", database_url):
            _ = 1 / 0
    assert take_within(0, tmp_path, database_url)


def test_the_message_says_who_holds_it(sqlite_url: str, tmp_path: Path) -> None:
    """On one machine the number of the process and the time are named."""
    with holder(tmp_path, sqlite_url) as process:
        held(process)
        with (
            pytest.raises(LockHeld, match=rf"进程 {process.pid}，自 \d{{4}}-\d\d-\d\d"),
            hold(tmp_path, "crawl", sqlite_url),
        ):
            pytest.fail("two processes hold the lock")


def test_two_threads_of_one_process_exclude_each_other_too(database_url: str, tmp_path: Path) -> None:
    """The daemon's jobs run in threads; the lock holds between them as well."""
    with (
        hold(tmp_path, "crawl", database_url),
        pytest.raises(LockHeld),
        hold(tmp_path, "crawl", database_url),
    ):
        pytest.fail("two threads hold the lock")


def test_a_folder_that_cannot_be_used_is_named(sqlite_url: str, tmp_path: Path) -> None:
    """A data directory that is a file is an error of the set-up."""
    (tmp_path / "locks").touch()
    with pytest.raises(NotSetUp, match="locks"), hold(tmp_path, "crawl", sqlite_url):
        pytest.fail("no lock can be held there")
