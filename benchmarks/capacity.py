"""A planned size on paper and by simulation: how many workers, how much room, and which limit comes first.

    python benchmarks/capacity.py [--targets 100000] [--pages-a-day 10000000] [--sample 200] [--server URL] [--json]

1. *Measured*, in the same run: a small local crawl of everyday pages, twice (all new, then all unchanged), gives CPU per page,
   bytes of evidence and of database per page, and rows; a loop on PostgreSQL (``--server``; left out where there is none)
   gives turns at hosts per second of one connection and of eight.
2. *Simulated*: one day. Every target is a host; its pages follow a log-normal distribution (few large sites, many small ones)
   cut at the page budget. Workers take shares of hosts as the queue hands them out (setting ``share_hosts``), and a share's visit is
   simulated page by page: a host is asked again when its answer has come and its pause is over, at most
   ``crawl_concurrency`` answers are under way, each page takes a core for its CPU time. ``--sample`` shares are simulated
   so; the others draw their time from these. Then workers take share after share until the day's are done.
3. *Reckoned*: database and evidence growth, network, transactions per second, memory; each limit as a share of what one
   server gives, largest first.

What it cannot know is an argument with a default: the answer time of real sites, the share of pages that changed since
yesterday, the pause. docs/capacity.md states a result with all of them.
"""

from __future__ import annotations

import argparse
import heapq
import json
import math
import random
import sqlite3
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.crawl import _measure, _site

DAY = 86_400.0


@dataclass(frozen=True)
class Measured:
    """Per page, on this machine."""

    cpu_new: float
    """Seconds of one core for a page that is new: fetch, evidence, extraction, classification, records."""
    cpu_same: float
    """For one that is as it was."""
    warc_new: float
    """Bytes of evidence."""
    warc_same: float
    database_new: float
    """Bytes of database."""
    database_same: float
    rows_new: float
    rows_same: float
    received: float
    """Bytes of body received, as the site sends them."""
    memory_mib: float
    """Peak of one worker's processes together."""


@dataclass(frozen=True)
class Plan:
    """What is asked for, and what is assumed."""

    targets: int
    pages: int
    changed: float
    pause: float
    answer: float
    concurrency: int
    share_hosts: int
    cores: int
    budget: int


def measure(pages: int) -> Measured:
    """Crawl 20 local hosts twice; sizes and rows from the files."""
    hosts = 20
    with _site(hosts, pages // hosts, kind="article", validators=True) as port, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first = _measure("ours", port, hosts, pages // hosts, name)
        sizes = _sizes(folder)
        second = _measure("ours", port, hosts, pages // hosts, name)
        later = _sizes(folder)
    new, same = sum(first["pages"].values()), sum(second["pages"].values())
    return Measured(
        cpu_new=first["cpu_seconds"] / new,
        cpu_same=second["cpu_seconds"] / same,
        warc_new=sizes["warc"] / new,
        warc_same=(later["warc"] - sizes["warc"]) / same,
        database_new=sizes["database"] / new,
        database_same=max(0.0, later["database"] - sizes["database"]) / same,
        rows_new=sizes["rows"] / new,
        rows_same=(later["rows"] - sizes["rows"]) / same,
        received=28_000.0,
        memory_mib=max(first["peak_mib"], second["peak_mib"]),
    )


def _sizes(folder: Path) -> dict[str, float]:
    database = folder / "zhengxun.db"
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = sum(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables)
        used, free, size = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
    connection.close()
    warc = sum(path.stat().st_size for path in (folder / "evidence").rglob("*") if path.is_file())
    return {"database": float((used - free) * size), "warc": float(warc), "rows": float(rows)}


def measure_turns(server: str, seconds: float = 3.0) -> dict[int, float] | None:
    """Turns at hosts per second on PostgreSQL, by number of connections; None where there is no server."""
    from sqlalchemy.exc import OperationalError

    from storage import SharedTurns, migrate
    from tests.postgres import fresh_database

    def ask(url: str, number: int, counts: list[int], until: float) -> None:
        turns = SharedTurns(url)
        while time.monotonic() < until:
            host = f"h{number}-{counts[number] % 500}"
            if turns.take(host, 1.0) is not None:
                turns.give_back(host, 0.0)
                counts[number] += 1
        turns.close()

    found: dict[int, float] = {}
    try:
        with fresh_database(server) as url:
            migrate(url)
            for many in (1, 8):
                counts = [0] * many
                until = time.monotonic() + seconds
                threads = [threading.Thread(target=ask, args=(url, number, counts, until)) for number in range(many)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                found[many] = sum(counts) / seconds
    except OperationalError:
        return None
    return found


def page_counts(plan: Plan, picker: random.Random) -> list[int]:
    """Pages of each target for one day; they add up to about ``plan.pages``, and none is over the budget."""
    raw = [picker.lognormvariate(0.0, 1.5) for _ in range(plan.targets)]
    low, high = 0.0, float(plan.pages)
    for _ in range(60):  # the factor at which the cut distribution has the wanted sum
        factor = (low + high) / 2
        total = sum(min(plan.budget, max(1.0, value * factor)) for value in raw)
        low, high = (factor, high) if total < plan.pages else (low, factor)
    return [round(min(plan.budget, max(1.0, value * low))) for value in raw]


def visit_share(plan: Plan, pages: list[int], cpu: float, picker: random.Random) -> float:
    """Seconds that one worker needs for a share, page by page."""
    left = list(pages)
    ready = [(0.0, host) for host in range(len(left))]
    heapq.heapify(ready)
    under_way: list[float] = []
    cores = [0.0] * plan.cores
    now = 0.0
    while ready:
        moment, host = heapq.heappop(ready)
        now = max(now, moment)
        while under_way and under_way[0] <= now:
            heapq.heappop(under_way)
        if len(under_way) >= plan.concurrency:
            now = heapq.heappop(under_way)
        # Answers take long now and then; a log-normal law with this mean has a tail like that of the web.
        answered = now + plan.answer * picker.lognormvariate(-0.5, 1.0)
        heapq.heappush(under_way, answered)
        core = heapq.heappop(cores)
        heapq.heappush(cores, max(core, answered) + cpu)
        left[host] -= 1
        if left[host]:
            heapq.heappush(ready, (answered + plan.pause, host))
    return max(max(cores), max(under_way, default=0.0))


def simulate(plan: Plan, measured: Measured, sample: int) -> dict[str, Any]:
    """One day: how long it takes with how many workers, and how many are enough."""
    picker = random.Random(20261124)
    cpu = plan.changed * measured.cpu_new + (1 - plan.changed) * measured.cpu_same
    pages = page_counts(plan, picker)
    picker.shuffle(pages)
    shares = [pages[start : start + plan.share_hosts] for start in range(0, len(pages), plan.share_hosts)]
    seen = [visit_share(plan, share, cpu, picker) for share in shares[:sample]]
    durations = [*seen, *(picker.choice(seen) for _ in shares[sample:])]

    def day(workers: int) -> float:
        free = [0.0] * workers
        for duration in durations:
            heapq.heappush(free, heapq.heappop(free) + duration)
        return max(free)

    def enough(seconds: float) -> int | None:
        if max(durations) > seconds:
            return None
        low, high = 1, len(durations)
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if day(middle) <= seconds else (middle + 1, high)
        return low

    whole_day, night = enough(DAY), enough(4 * 3600.0)
    shown = sorted({1, 2, 4, 8, 16, 32, 64, *(one for one in (whole_day, night) if one)})
    return {
        "hosts": len(pages),
        "pages": sum(pages),
        "largest_site": max(pages),
        "shares": len(shares),
        "shares_simulated": len(seen),
        "share_minutes": {"mean": sum(durations) / len(durations) / 60, "max": max(durations) / 60},
        "cpu_per_page": cpu,
        "cpu_share_of_a_worker": sum(pages) * cpu / plan.cores / sum(durations),
        "hours_by_workers": {workers: day(workers) / 3600 for workers in shown},
        "workers_for_a_day": whole_day,
        "workers_for_four_hours": night,
    }


def reckon(plan: Plan, measured: Measured, turns: dict[int, float] | None) -> dict[str, float]:
    """What a day and a year need."""
    new, same = plan.pages * plan.changed, plan.pages * (1 - plan.changed)
    per_second = plan.pages / DAY
    warc = new * measured.warc_new + same * measured.warc_same
    database = new * measured.database_new + same * measured.database_same
    return {
        "cores": (new * measured.cpu_new + same * measured.cpu_same) / DAY,
        "pages_per_second": per_second,
        "evidence_gb_a_day": warc / 1e9,
        "evidence_tb_a_year": warc * 365 / 1e12,
        "database_gb_a_day": database / 1e9,
        "database_tb_a_year": database * 365 / 1e12,
        "rows_millions_a_day": (new * measured.rows_new + same * measured.rows_same) / 1e6,
        "network_mbit": plan.pages * measured.received * 8 / DAY / 1e6,
        "turns_share_of_database": per_second / turns[max(turns)] if turns else math.nan,
    }


def limits(plan: Plan, need: dict[str, float]) -> list[tuple[str, float]]:
    """Each limit as the share of one ordinary server that a year's work takes (>1: one is not enough), largest first."""
    return sorted(
        [
            ("database disk, 4 TB, one year", need["database_tb_a_year"] / 4),
            ("evidence disk, 40 TB, one year", need["evidence_tb_a_year"] / 40),
            ("cores, 16 of one machine", need["cores"] / 16),
            ("turns at hosts, one PostgreSQL", need["turns_share_of_database"]),
            ("network, 1 Gbit/s", need["network_mbit"] / 1000),
            ("largest site within a day", plan.budget * (plan.pause + plan.answer) / DAY),
        ],
        key=lambda limit: -(limit[1] if limit[1] == limit[1] else -1.0),
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--targets", type=int, default=100_000)
    options.add_argument("--pages-a-day", type=int, default=10_000_000)
    options.add_argument("--changed", type=float, default=0.1, help="share of pages that are new or changed each day")
    options.add_argument("--pause", type=float, default=1.0, help="seconds between two requests at a host")
    options.add_argument("--answer", type=float, default=0.8, help="mean seconds of an answer")
    options.add_argument("--cores", type=int, default=2, help="cores that one worker has to itself")
    options.add_argument("--share-hosts", type=int, default=50)
    options.add_argument("--budget", type=int, default=500, help="most pages of a target in a day")
    options.add_argument("--sample", type=int, default=200, help="shares simulated page by page")
    options.add_argument("--measured-pages", type=int, default=600)
    options.add_argument("--server", help="PostgreSQL to measure; default: that of the tests")
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    from tests.postgres import SERVER

    plan = Plan(
        chosen.targets, chosen.pages_a_day, chosen.changed, chosen.pause, chosen.answer, 32, chosen.share_hosts,
        chosen.cores, chosen.budget,
    )  # fmt: skip
    measured = measure(chosen.measured_pages)
    turns = measure_turns(chosen.server or SERVER)
    day = simulate(plan, measured, chosen.sample)
    need = reckon(plan, measured, turns)
    found = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "plan": asdict(plan),
        "measured": asdict(measured) | {"turns_per_second_by_connections": turns},
        "simulated": day,
        "needed": need,
        "limits": limits(plan, need),
    }
    if chosen.json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return
    for part, content in found.items():
        print(f"\n{part}")
        rows = (
            content.items() if isinstance(content, dict) else content if isinstance(content, list) else [("", content)]
        )
        for name, value in rows:
            print(f"  {name:<40} {value if not isinstance(value, float) else format(value, '.4g')}")


if __name__ == "__main__":
    main()
