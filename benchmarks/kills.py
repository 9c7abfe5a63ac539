"""``kill -9`` at random moments of crawls, captures, rechecks and digests through the command line; nothing may be lost or doubled.

Run ``python benchmarks/kills.py`` (``--kills 20`` for a quick look). A small local site changes its texts each day of a made-up
calendar, and one of its pages is away every third day; ``crawl --all``, ``recheck --all`` and ``digest`` follow each other.
Each is killed, alone or with its worker processes, at a moment chosen among the changes that such a command makes to the data
directory (evidence written, rows committed), until it reaches its end before the kill. Most are forked from a process that has
imported the program (:mod:`benchmarks.victim`), one in ten is started as users do. After **every** kill:

- every row that was ever read, just before this kill or earlier, is still there and the same (:data:`KEPT`);
- nothing is there twice (:data:`DOUBLED`);
- ``evidence verify --all`` finds everything sound.

A store takes twenty kills; then the program is left to finish, and besides these must hold:

- no run is unfinished, no request without an outcome, no flagged version without a screenshot, no day without its digest;
- the last crawl holds exactly the site's pages, each of its flagged pages one lead.

``--keep FOLDER`` notes finished stores there: the same call goes on where it was stopped. Exit status 1 where a check fails; the
store is kept then.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.victim import Cold, Parent, Warm, kill
from tests.web import Answer, Seen, Site, html, web

PAGES = 6
PER_STORE = 20
#: Every third page makes claims that are flagged.
_CLAIM = "零基础包过，不用考试直接拿健康管理师证书，全国通用官网可查，报名微信 kaozheng66。"
_PLAIN = "本校食堂本周调整开饭时间，图书馆新到图书四百余册，供暖管道检修已经完成。"
FLAGGED = range(1, PAGES, 3)
#: Flagged, and not there on every third day.
_AWAY = max(FLAGGED)
FIRST_DAY = datetime(2026, 11, 2, 1, tzinfo=UTC)
COMMANDS = {"crawl": ("crawl", "--all"), "recheck": ("recheck", "--all"), "digest": ("digest", "--format", "json,xlsx")}
#: Seconds within which a kill comes once screenshots are being taken; most of them go by until the browser is there.
PHOTOGRAPHING = 8.0
#: One kill in so many may fall on a digest, which is short and soon begun.
DIGESTS = 10
HOURS = {"crawl": 0, "recheck": 9, "digest": 12}
#: Changes of the data directory that a command makes, until one that ended by itself was seen.
_FIRST_GUESS = {"crawl": 25, "recheck": 12, "digest": 6}
#: Append-only tables and the columns that must never change once they were committed.
KEPT = {
    "snapshots": "select id, page_id, request_id, sha256, warc_file, warc_offset from snapshots",
    "captures": "select id, snapshot_id, kind, sha256, warc_file, warc_offset from captures",
    "lead_events": "select id, lead_id, kind, run_id, at, details from lead_events",
    "evidence_links": "select number, sha256 from evidence_links",
    "outcomes": "select id, run_id, outcome, page_id from crawl_requests where outcome is not null and page_id is not null",
    "digests": "select day, number, sha256 from digests",
    "digest_numbers": "select day, year, sequence from digest_numbers",
}
#: What must not be there at any time: a query whose rows are the faults.
DOUBLED = {
    "pages twice in a run": "select run_id, url from crawl_requests group by run_id, url having count(*) > 1",
    "pages twice": "select url from pages group by url having count(*) > 1",
    "snapshots twice for a visit": "select request_id from snapshots group by request_id having count(*) > 1",
    "same version twice": """select page_id, id from (select page_id, id, sha256, lag(sha256) over
        (partition by page_id order by id) as before from snapshots) where sha256 = before""",
    "leads twice": "select page_id from leads group by page_id having count(*) > 1",
    "events twice": """select lead_id, run_id, kind from lead_events where run_id is not null
        group by lead_id, run_id, kind, snapshot_id having count(*) > 1""",
    "screenshots twice": """select snapshot_id from captures where kind = 'screenshot'
        group by snapshot_id having count(*) > 1""",
    "digests twice": "select number from digests group by number having count(*) > 1",
    "leads twice in a digest": "select digest_id, lead_id from digest_items group by digest_id, lead_id having count(*) > 1",
    "digests with items missing": """select id from digests
        where item_count <> (select count(*) from digest_items where digest_id = digests.id)""",
}
#: What must not be there once the program was left to finish.
LEFT_OVER = {
    "unfinished runs": "select id from crawl_runs where state <> 'done'",
    "requests without outcome": "select id from crawl_requests where outcome is null",
    "flagged pages without screenshot": """select pages.url from pages join snapshots on snapshots.page_id = pages.id
        where pages.flagged and snapshots.id = (select max(id) from snapshots s where s.page_id = pages.id)
        and not exists (select 1 from captures where snapshot_id = snapshots.id and kind = 'screenshot')""",
    "numbers without digest": "select day from digest_numbers where day not in (select day from digests)",
}


class Fault(Exception):
    """Something is not as it must be."""


class Store:
    """A data directory and the program on it, at a made-up hour."""

    def __init__(self, folder: Path, parent: Parent) -> None:
        self.folder = folder
        self.data = folder / "var"
        self.day = 0
        self.hour = 0
        self._parent = parent
        self.known: dict[str, dict[Any, tuple[Any, ...]]] = {name: {} for name in KEPT}

    def start(self, *arguments: str, cold: bool = False) -> Cold | Warm:
        """Start a command at the present hour; what it prints goes to ``said``."""
        environment = {
            "ZHENGXUN_DATA_DIR": str(self.data),
            "ZHENGXUN_ALLOW_NETWORKS": "127.0.0.0/8",
            "ZHENGXUN_CRAWL_DELAY": "0",
            "ZHENGXUN_PROCESSES": "1",
            "ZHENGXUN_NOW": (FIRST_DAY + timedelta(days=self.day, hours=self.hour)).isoformat(),
        }
        said, log = self.folder / "said", self.folder / "log"
        if cold:
            return Cold(arguments, environment, said, log)
        return self._parent.start(arguments, environment, said, log)

    def finish(self, *arguments: str, accept: tuple[int, ...] = (0,)) -> str:
        """Run a command to its end; what it printed."""
        status = self.start(*arguments).ended(600)
        said = (self.folder / "said").read_text("utf-8")
        if status not in accept:
            log = (self.folder / "log").read_text("utf-8", errors="replace")[-3000:]
            raise Fault(f"{' '.join(arguments)} ended with {status}\n{said[-2000:]}\n{log}")
        return said

    def traces(self) -> tuple[tuple[str, int, int], ...]:
        """Size and time of what a command writes first: another value means that it went on."""
        found = []
        for pattern in ("evidence/warc/*/*", "zhengxun.db-wal", "digests/*"):
            for path in self.data.glob(pattern):
                try:
                    status = path.stat()
                except FileNotFoundError:
                    continue
                found.append((path.name, status.st_size, status.st_mtime_ns))
        return tuple(sorted(found))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Committed rows, read as any other program would."""
        with closing(sqlite3.connect(self.data / "zhengxun.db", timeout=60)) as database:
            return database.execute(query).fetchall()

    def phase(self, command: str) -> str:
        """In what the killed program was, by what it left behind."""
        if command == "digest":
            return "digest"
        unfinished = self.rows("select kind from crawl_runs where state <> 'done'")
        if unfinished:
            return str(unfinished[0][0])
        return "capture" if self.photographing() else "before or after"

    def photographing(self) -> bool:
        """Whether pages were crawled and their screenshots are not taken yet."""
        return not self.rows(LEFT_OVER["unfinished runs"]) and bool(
            self.rows(LEFT_OVER["flagged pages without screenshot"])
        )

    def note(self) -> None:
        """Compare all rows that were committed before with those that are there, and remember the present ones."""
        for name, query in KEPT.items():
            found = {row[0]: row for row in self.rows(query)}
            lost = [row for key, row in self.known[name].items() if found.get(key) != row]
            if lost:
                raise Fault(f"{name}: {len(lost)} rows lost or changed, e.g. {lost[:3]}")
            self.known[name] = found

    def check(self) -> None:
        """All that must hold at any time."""
        self.note()
        self._none(DOUBLED)
        verified = json.loads(self.finish("evidence", "verify", "--all", "--json", accept=(0, 1)))
        if not verified["sound"]:
            raise Fault(f"evidence verify: {verified['totals']} {verified['items'][:5]}")

    def check_finished(self) -> None:
        """All that must hold besides once the program was left to finish."""
        self.check()
        self._none(LEFT_OVER)
        crawled = self.rows(
            """select count(*) from crawl_requests where outcome in ('ok', 'unchanged') and purpose <> 'site_check'
            and run_id = (select max(id) from crawl_runs where kind = 'crawl')"""
        )[0][0]
        leads = self.rows("select count(*) from leads")[0][0]
        if (crawled, leads) != (PAGES, len(FLAGGED)):
            raise Fault(f"pages in the last crawl: {crawled} of {PAGES}; leads {leads} of {len(FLAGGED)}")

    def _none(self, faults: dict[str, str]) -> None:
        for name, query in faults.items():
            rows = self.rows(query)
            if rows:
                raise Fault(f"{name}: {len(rows)}, e.g. {rows[:3]}")


def away(day: int) -> bool:
    """Whether the page that comes and goes is not there."""
    return day % 3 == 2


@contextmanager
def site_of(stores: list[Store]) -> Iterator[Site]:
    """The site: each page says what day it is, so that every crawl finds new versions."""

    def page(seen: Seen) -> Answer | None:
        number, day = int(seen.path.removeprefix("/p").strip("/") or 0), stores[-1].day
        if not 0 <= number < PAGES or (number == _AWAY and away(day)):
            return None
        links = "".join(
            f'<a href="/p{child}">第 {child} 期</a> '
            for child in range(3 * number + 1, 3 * number + 4)
            if child < PAGES
        )
        claim = _CLAIM if number in FLAGGED else _PLAIN
        body = f"<h1>第 {number} 期</h1><p>第 {day} 日更新。{claim}{_PLAIN * (number % 4)}</p>{links}"
        return html(body, f"第 {number} 期")

    with web() as net:
        yield net.site({"*": page, "/robots.txt": Answer(status=404)})


class Killer:
    """Chooses the moments; learns how many changes a command makes from those that ended by themselves."""

    def __init__(self, seed: str) -> None:
        self._picker = random.Random(seed)
        self._length = dict(_FIRST_GUESS)

    def kill(self, store: Store, command: str) -> int | None:
        """Run ``command`` and kill it; its exit status where it ended first, else None."""
        picker = self._picker
        process = store.start(*COMMANDS[command], cold=picker.random() < 0.1)
        wanted, wait = picker.randint(0, self._length[command]), picker.uniform(0.0, 0.3)
        group = picker.random() < 0.5
        if command != "digest" and picker.random() < 0.5:
            # Half of them while screenshots are taken, which is one long silence for the data directory.
            while not store.photographing():
                if (status := process.ended(0.03)) is not None:
                    return status
            wanted, wait = 0, picker.uniform(0.0, PHOTOGRAPHING)
        seen, traces = 0, store.traces()
        while seen < wanted:
            status = process.ended(0.005)
            if status is not None:
                self._length[command] = max(2, seen)
                return status
            now = store.traces()
            seen, traces = seen + (now != traces), now
        status = process.ended(wait)
        if status is None:
            store.note()
            if (status := process.ended(0)) is None:
                kill(process, group)
                status = process.ended(60)
        return None if status == -9 else status


def run_store(folder: Path, parent: Parent, seed: str, kills: int) -> tuple[Counter[str], Counter[str]]:
    """So many kills on a store of its own, and the checks; phases of the kills and commands that ended by themselves."""
    store, killer = Store(folder, parent), Killer(seed)
    phases: Counter[str] = Counter()
    ended: Counter[str] = Counter()
    with site_of([store]) as site:
        store.finish("init")
        store.finish("targets", "add", f"{site.url}/", "--name", "样例")
        order = list(COMMANDS)
        command = order[0]
        while phases.total() < kills:
            if command == "digest" and DIGESTS * phases["digest: digest"] >= phases.total():
                status = store.start(*COMMANDS[command]).ended(600)
            else:
                status = killer.kill(store, command)
            store.check()
            if status is None:
                phases[f"{command}: {store.phase(command)}"] += 1
                continue
            if status not in (0, 1):
                raise Fault(f"{command} ended with {status}")
            ended[command] += 1
            command = order[(order.index(command) + 1) % len(order)]
            store.day += command == order[0]
            store.hour = HOURS[command]
        store.hour = max(store.hour, HOURS["digest"]) + 1
        store.finish(*COMMANDS["recheck"], accept=(0, 1))
        store.finish(*COMMANDS["digest"])
        # A page that is away is looked for again after as long as it has been away: three days later by any crawl.
        store.day += 4 if away(store.day + 3) else 3
        for command in order:
            store.hour = HOURS[command]
            store.finish(*COMMANDS[command], accept=(0, 1))
        store.check_finished()
    rows = ", ".join(f"{name} {len(found)}" for name, found in store.known.items())
    print(f"  {store.day + 1} days; committed rows watched: {rows}", flush=True)
    return phases, ended


def run(kills: int, seed: int, folder: Path) -> int:
    """Kill, store after store; 1 where something is not as it must be."""
    notes = folder / f"finished-{seed}.json"
    finished: list[dict[str, Any]] = json.loads(notes.read_text("utf-8")) if notes.exists() else []
    began, parent = time.monotonic(), Parent()
    try:
        while (done := sum(each["kills"] for each in finished)) < kills:
            number = len(finished) + 1
            # Never one used before: a command whose benchmark was stopped may still be writing there.
            place = Path(tempfile.mkdtemp(prefix=f"store-{seed}-{number}-", dir=folder))
            try:
                phases, ended = run_store(place, parent, f"{seed}/{number}", min(PER_STORE, kills - done))
            except Fault as fault:
                kept = Path(tempfile.mkdtemp(prefix="kills-"))
                shutil.copytree(place, kept / "store")
                print(f"store {number}: {fault}\nkept in {kept}")
                return 1
            shutil.rmtree(place)
            finished.append({"kills": phases.total(), "phases": phases, "ended": ended})
            notes.write_text(json.dumps(finished), "utf-8")
            done += phases.total()
            print(f"{done} of {kills} kills, all sound; {time.monotonic() - began:.0f} s", flush=True)
    finally:
        parent.close()
    for title in ("phases", "ended"):
        total = sum((Counter(each[title]) for each in finished), Counter[str]())
        print({"phases": "killed in", "ended": "ended by themselves"}[title] + f": {dict(sorted(total.items()))}")
    print(f"{done} kills on {len(finished)} stores: nothing lost, nothing doubled, every store verified after each")
    return 0


def main() -> int:
    """Parse and run."""
    parser = argparse.ArgumentParser(description="在采集、截图、复核和生成简报中随机 kill -9")
    parser.add_argument("--kills", type=int, default=200, help="次数（默认 200）")
    parser.add_argument("--seed", type=int, default=20261124, help="随机种子")
    parser.add_argument("--keep", type=Path, help="在此目录记下做完的部分，中断后可接着做（默认用后删除）")
    options = parser.parse_args()
    if options.keep is not None:
        options.keep.mkdir(parents=True, exist_ok=True)
        return run(options.kills, options.seed, options.keep)
    with tempfile.TemporaryDirectory() as name:
        return run(options.kills, options.seed, Path(name))


if __name__ == "__main__":
    raise SystemExit(main())
