"""Compaction: bytes before and after on a generated store, time, and whether memory stays flat.

One page in ten is a lead's, the others ran out. Limits: what is left is at most 1.2 of what the leads' pages were, the
store verifies before and after, a file of four times the size takes at most 1.2 of the memory. Exit status 1 when a
limit is missed.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sqlalchemy import event

from crawler.warc import WarcWriter
from domain.crawl import CrawlRequest
from domain.target import Scope, TargetKind
from storage import Store
from tests.storage.build import AD
from tests.zhengxun.evidence.building import ABOUT, NOON, SITE, services_at, visit
from zhengxun.evidence.compaction import Compacted, Rule, compact
from zhengxun.evidence.sealing import seal
from zhengxun.evidence.verification import Verification

_BATCH = 64
_FLAGGED = 10


def fill(store: Store, folder: Path, pages: int) -> None:
    """One crawl into one file."""
    target, _ = store.targets.add(
        name="n", url=f"{SITE}/", kind=TargetKind.WEBSITE, schedule="0 8 * * *", scope=Scope(("peixun.example",))
    )
    run = store.begin_run([target.id])
    writer = WarcWriter(folder, run.id, 10**10, lambda: NOON, ABOUT)
    ledger = store.ledger()
    requests = ledger.plan([CrawlRequest(run.id, target.id, f"{SITE}/{page}") for page in range(pages)])
    noise = random.Random(1)
    for start in range(0, pages, _BATCH):
        visits = []
        for number, one in enumerate(requests[start:][:_BATCH], start):
            body = noise.randbytes(10_000).hex()
            visits.append(visit(writer, one, number, f"{AD}{body}" if number % _FLAGGED == 0 else body, shot=False))
        ledger.record(visits)
    writer.close()
    seal(store, folder)
    store.finish_run(run.id)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in (folder / "warc").glob("*/*.warc.gz*"))


def compact_once(data_dir: Path) -> None:
    """Compact a store and print seconds, peak memory (kB), bytes freed; in a process of its own."""
    services = services_at(data_dir)
    with services.store() as store:
        # SQLite's cache of pages fills up to its 64 MB with the size of the database: that is not what is measured.
        store.engine.dispose()
        event.listen(store.engine, "connect", lambda driver, _: driver.execute("PRAGMA cache_size=-2000"))
        done = Compacted()
        begun = time.perf_counter()
        compact(store, services.settings.evidence, Rule(NOON + timedelta(days=31), 30, 50), lambda: False, done)
        seconds = time.perf_counter() - begun
        assert (done.files, done.problems) == (1, []), done
        seal(store, services.settings.evidence)
    status = Path("/proc/self/status").read_text()
    print(seconds, status.partition("VmHWM:")[2].split()[0], done.freed)


def run(folder: Path, pages: int) -> tuple[int, bool]:
    """Peak memory in kB, and whether the other limits are kept."""
    services = services_at(folder)
    evidence = services.settings.evidence
    with services.store() as store:
        fill(store, evidence, pages)
        assert Verification(store, evidence).everything().sound
    before = _size(evidence)
    command = [sys.executable, "-P", __file__, "--compact", str(folder)]
    seconds, kilobytes, freed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    after = _size(evidence)
    with services.store() as store:
        sound = Verification(store, evidence).everything().sound
    assert before - after == int(freed)
    print(
        f"  {pages} pages: {before:,} bytes before, {after:,} after ({after / before:.1%}), {float(seconds):.1f} s, "
        f"peak {int(kilobytes) // 1024} MB, verifies: {sound}"
    )
    return int(kilobytes), sound and after <= 1.2 * before / _FLAGGED


def main() -> int:
    """Run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=1500)
    parser.add_argument("--compact", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.compact:
        compact_once(arguments.compact)
        return 0
    with tempfile.TemporaryDirectory() as name:
        small, good = run(Path(name) / "small", arguments.pages)
        large, well = run(Path(name) / "large", 4 * arguments.pages)
    flat = large <= 1.2 * small
    print(f"memory of four times the size: {large / small:.2f} (limit 1.2)")
    return 0 if good and well and flat else 1


if __name__ == "__main__":
    raise SystemExit(main())
