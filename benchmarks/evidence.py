"""Evidence: what the chain costs a crawl, how verification grows with the store, and whether it finds every change.

Ratios are against a baseline of the same run; a thousand one-byte changes are made one at a time and undone. Limits:
recording with the chain ≤ 1.3 of recording without, a store of four times verified in ≤ 5 times the time and 1.2 of the
memory, every change found. Exit status 1 when a limit is missed.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from crawler.warc import WarcWriter
from domain.crawl import CrawlRequest
from domain.target import Scope, TargetKind
from storage import Store
from tests.zhengxun.evidence.building import ABOUT, NOON, SITE, services_at, visit
from tests.zhengxun.evidence.flips import flip_everywhere, make_store, verifier
from zhengxun.evidence.sealing import seal
from zhengxun.evidence.verification import Verification

_BATCH = 64


def fill(store: Store, folder: Path, pages: int) -> float:
    """One crawl in the recorder's batches; returns the seconds that recording in the database took."""
    target, _ = store.targets.add(
        name="n", url=f"{SITE}/", kind=TargetKind.WEBSITE, schedule="0 8 * * *", scope=Scope(("peixun.example",))
    )
    run = store.begin_run([target.id])
    writer = WarcWriter(folder, run.id, 2_000_000, lambda: NOON, ABOUT)
    ledger = store.ledger()
    requests = ledger.plan([CrawlRequest(run.id, target.id, f"{SITE}/{page}") for page in range(pages)])
    # Bodies that do not shrink: what verification reads is then in proportion to the pages.
    noise = random.Random(1)
    seconds = 0.0
    for start in range(0, pages, _BATCH):
        visits = [
            visit(writer, one, one.id or 0, noise.randbytes(6_000).hex(), shot=False)
            for one in requests[start:][:_BATCH]
        ]
        begun = time.perf_counter()
        ledger.record(visits)
        seconds += time.perf_counter() - begun
    writer.close()
    seal(store, folder)
    store.finish_run(run.id)
    return seconds


@contextmanager
def _without_chain() -> Iterator[None]:
    with patch("storage.recording.chain_rows"), patch("storage.recording.lock_chain"):
        yield


def cost_of_the_chain(pages: int) -> float:
    """Recording with the chain against recording without; the better of three runs each, in turns."""
    with_chain, without = [], []
    for _ in range(3):
        with tempfile.TemporaryDirectory() as name, services_at(Path(name)).store() as store:
            with_chain.append(fill(store, Path(name) / "evidence", pages))
        with tempfile.TemporaryDirectory() as name, services_at(Path(name)).store() as store, _without_chain():
            without.append(fill(store, Path(name) / "evidence", pages))
    return min(with_chain) / min(without)


def verify_once(data_dir: Path) -> None:
    """Verify a store and print seconds and peak memory (kB); in a process of its own."""
    services = services_at(data_dir)
    with services.store() as store:
        begun = time.perf_counter()
        report = Verification(store, services.settings.evidence).everything()
        seconds = time.perf_counter() - begun
    assert report.sound, report.items[:3]
    # Not getrusage: its figure is at least what the process that started this one had.
    status = Path("/proc/self/status").read_text()
    print(seconds, status.partition("VmHWM:")[2].split()[0])


def measured(data_dir: Path) -> tuple[float, int]:
    """The better of two verifications."""
    command = [sys.executable, "-P", __file__, "--verify", str(data_dir)]
    outputs = [subprocess.run(command, check=True, capture_output=True, text=True) for _ in range(2)]
    runs = [output.stdout.split() for output in outputs]
    return min(float(run[0]) for run in runs), min(int(run[1]) for run in runs)


def growth(small: int, times: int) -> bool:
    """Verification of a store against one ``times`` as large; whether it keeps to the limits."""
    with tempfile.TemporaryDirectory() as name:
        figures = []
        for pages in (small, small * times):
            folder = Path(name) / str(pages)
            with services_at(folder).store() as store:
                fill(store, folder / "evidence", pages)
            seconds, kilobytes = measured(folder)
            size = sum(path.stat().st_size for path in (folder / "evidence").rglob("*") if path.is_file())
            figures.append((seconds, kilobytes))
            print(f"  {pages} pages, {size / 1e6:.1f} MB: {seconds:.2f} s, peak {kilobytes // 1024} MB")
        (seconds, memory), (more_seconds, more_memory) = figures
        print(f"verify, store of {times} times: time {more_seconds / seconds:.2f}, memory {more_memory / memory:.2f}")
        return more_seconds / seconds <= 1.25 * times and more_memory / memory <= 1.2


def changes(number: int) -> bool:
    """One-byte changes that verification does not find; whether there are none."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_store(folder, pages=6)
        with services_at(folder).store() as store:
            sound = verifier(store, folder / "evidence")
            assert sound()
            missed, places = flip_everywhere(folder, number, sound)
        print(f"one-byte changes found: {number - missed} of {number}, in {len(places)} places")
    return not missed


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=600)
    parser.add_argument("--changes", type=int, default=1000)
    parser.add_argument("--verify", type=Path, help=argparse.SUPPRESS)
    wanted = parser.parse_args(arguments)
    if wanted.verify:
        verify_once(wanted.verify)
        return 0
    cost = cost_of_the_chain(wanted.pages)
    print(f"recording with the evidence chain against without: {cost:.2f}")
    kept = [cost <= 1.3, growth(wanted.pages, 4), changes(wanted.changes)]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
