"""Turns at hosts and locks that workers on several machines share."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from domain.errors import LockHeld
from domain.ports import HostTurns
from storage import SharedTurns, hold, hold_free

Open = Callable[[], SharedTurns]


@pytest.fixture
def open_turns(postgres_url: str) -> Iterator[Open]:
    """Turns as processes have them, each on a connection of its own."""
    opened: list[SharedTurns] = []

    def one() -> SharedTurns:
        opened.append(SharedTurns(postgres_url))
        return opened[-1]

    yield one
    for turns in opened:
        turns.close()


def test_one_process_at_a_time_has_the_turn_and_the_pause_is_everybodys(open_turns: Open) -> None:
    """Who comes second waits for the first, and then for the host's pause."""
    first, second = open_turns(), open_turns()
    host = "one.example"
    assert first.take(host, 30) == 0
    assert second.take(host, 30) is None
    first.give_back(host, 30)
    wait = second.take(host, 30)
    assert wait is not None
    assert 20 < wait <= 30
    assert first.take("other.example", 30) == 0


def test_a_killed_worker_blocks_nobody_and_its_pause_is_kept(postgres_url: str, open_turns: Open) -> None:
    """Nobody knows when its request ended, so the pause begins when the next one comes."""
    held = """
import sys, time
from storage import SharedTurns
turns = SharedTurns(sys.argv[1])
print(turns.take("killed.example", 40), flush=True)
time.sleep(600)
"""
    process = subprocess.Popen([sys.executable, "-c", held, postgres_url], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert float(process.stdout.readline()) == 0
    turns: HostTurns = open_turns()
    assert turns.take("killed.example", 40) is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    while (wait := turns.take("killed.example", 40)) is None:
        pass  # until the server has noticed
    assert 30 < wait <= 40


def test_many_may_share_a_lock_but_not_with_one_who_wants_it_whole(database_url: str, tmp_path: Path) -> None:
    """Workers share the crawl's lock; a crawl by hand has it whole."""
    with hold(tmp_path, "crawl", database_url, shared=True), hold(tmp_path, "crawl", database_url, shared=True):
        assert not _is_free(tmp_path, database_url, shared=False)
        assert _is_free(tmp_path, database_url, shared=True)
    with hold(tmp_path, "crawl", database_url):
        assert not _is_free(tmp_path, database_url, shared=True)


def _is_free(folder: Path, url: str, *, shared: bool) -> bool:
    try:
        with hold(folder, "crawl", url, shared=shared):
            return True
    except LockHeld:
        return False


def test_of_many_locks_those_are_held_that_were_free(postgres_url: str) -> None:
    """A worker gets what no other has, and waits for nothing."""
    with hold_free(postgres_url, ["a", "b"]) as first, hold_free(postgres_url, ["b", "c", "c"]) as second:
        assert (first, second) == ({"a", "b"}, {"c"})
    with hold_free(postgres_url, ["a", "b", "c"]) as again:
        assert again == {"a", "b", "c"}
