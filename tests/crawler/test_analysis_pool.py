"""Worker processes: exact blame, replacement, and no process left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from crawler import analysis_pool
from crawler.analysis_pool import AnalysisPool
from crawler.analysis_worker import Reading
from domain.crawl import FetchedPage
from tests.crawler.crawling import read_simply

ROOT = Path(__file__).resolve().parents[2]


def _reading(text: str) -> Reading:
    return Reading(FetchedPage("http://a/", "http://a/", 200, "text/html", text.encode(), ("a",)), None, 10**6)


def _children() -> list[psutil.Process]:
    return [child for child in psutil.Process().children() if "multiprocessing.spawn" in " ".join(child.cmdline())]


def test_many_pages_by_few_workers_in_any_order() -> None:
    """Every page gets its own answer, large ones too, and the workers are gone at the end."""

    async def work() -> list[str]:
        pool = AnalysisPool(read_simply, workers=2)
        try:
            texts = [f"<body>{n} " + "汉" * (n * 4001) for n in range(40)]
            answers = await asyncio.gather(*(pool.read(_reading(text)) for text in texts))
            return [answer.analysis.extraction.documents[0].text for answer in answers if answer.analysis]
        finally:
            await pool.close()

    found = asyncio.run(work())
    assert [text.split()[0] for text in found] == [str(n) for n in range(40)]
    assert len(found[39]) > 39 * 4000
    assert _children() == []


def test_workers_are_replaced_after_their_share(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a parser leaks ends with its process; no page is lost at the change."""
    monkeypatch.setattr(analysis_pool, "_PAGES_PER_WORKER", 3)

    async def work() -> int:
        pool = AnalysisPool(read_simply, workers=1)
        try:
            answers = await asyncio.gather(*(pool.read(_reading(f"<body>{n}")) for n in range(8)))
            return sum(answer.analysis is not None for answer in answers)
        finally:
            await pool.close()

    assert asyncio.run(work()) == 8


def test_closing_ends_a_page_that_never_ends() -> None:
    """A stop does not wait for the time limit of a hanging page."""

    async def work() -> float:
        pool = AnalysisPool(read_simply, workers=1, seconds=600)
        stuck = asyncio.ensure_future(pool.read(_reading("stall-worker")))
        await asyncio.sleep(1.0)
        began = time.monotonic()
        await pool.close()
        with pytest.raises(asyncio.CancelledError):
            await stuck
        return time.monotonic() - began

    assert asyncio.run(work()) < 5
    assert _children() == []


def test_a_killed_engine_leaves_no_worker_behind(tmp_path: Path) -> None:
    """Even a worker in the middle of a page that never ends is gone with its engine."""
    program = (
        "import asyncio\n"
        "from tests.crawler.test_analysis_pool import _reading, AnalysisPool, read_simply\n"
        "async def work():\n"
        "    pool = AnalysisPool(read_simply, workers=1, seconds=600)\n"
        "    await pool.read(_reading('<body>x'))\n"
        "    asyncio.ensure_future(pool.read(_reading('stall-worker')))\n"
        "    await asyncio.sleep(0.2)\n"
        "    print('ready', flush=True)\n"
        "    await asyncio.sleep(600)\n"
        "asyncio.run(work())\n"
    )
    engine = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE)
    assert engine.stdout is not None
    assert engine.stdout.readline() == b"ready\n"
    workers = psutil.Process(engine.pid).children(recursive=True)
    assert workers
    os.kill(engine.pid, signal.SIGKILL)
    engine.wait()
    engine.stdout.close()
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert alive == []
