"""``kill -9`` at random moments of crawls, captures and rechecks through the command line; nothing may be lost or doubled.

Run ``python benchmarks/kills.py`` (``--kills 20`` for a quick look; 200 take about an hour on two busy cores). A small local
site changes its texts each day of a made-up calendar; ``crawl --all`` and ``recheck --all`` follow each other, and each is
killed, alone or with its worker processes, until it reaches its end before the kill. After every kill all
rows that were committed by then are noted. At the end the program is left to finish, and these must hold:

- every row that was ever read after a kill is still there and the same (snapshots, captures, events, outcomes, chain);
- no page twice in a run, no snapshot twice for a visit, no event twice for a lead in a run, no capture without its bytes;
- the last crawl holds exactly the site's pages, each of its flagged pages one lead and one screenshot;
- ``evidence verify --all`` verifies everything.

Exit status 1 where one of them does not.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.web import Answer, Seen, Site, html, web

PAGES = 12
#: Every third page makes claims that are flagged.
_CLAIM = "零基础包过，不用考试直接拿健康管理师证书，全国通用官网可查，报名微信 kaozheng66。"
_PLAIN = "本校食堂本周调整开饭时间，图书馆新到图书四百余册，供暖管道检修已经完成。"
FIRST_DAY = datetime(2026, 11, 2, 1, tzinfo=UTC)
#: Append-only tables and the columns that must never change once they were committed.
KEPT = {
    "snapshots": "select id, page_id, request_id, sha256, warc_file, warc_offset from snapshots",
    "captures": "select id, snapshot_id, kind, sha256, warc_file, warc_offset from captures",
    "lead_events": "select id, lead_id, kind, run_id, at, details from lead_events",
    "evidence_links": "select number, sha256 from evidence_links",
    "outcomes": "select id, run_id, outcome, page_id from crawl_requests where outcome is not null and page_id is not null",
}
#: What must not be there at all: a query whose rows are the faults.
FAULTS = {
    "unfinished runs": "select id from crawl_runs where state <> 'done'",
    "requests without outcome": "select id from crawl_requests where outcome is null",
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
    "flagged pages without screenshot": """select pages.url from pages join snapshots on snapshots.page_id = pages.id
        where pages.flagged and snapshots.id = (select max(id) from snapshots s where s.page_id = pages.id)
        and not exists (select 1 from captures where snapshot_id = snapshots.id and kind = 'screenshot')""",
}


class Victim:
    """The program on a data directory of its own, at a made-up hour."""

    def __init__(self, folder: Path, site: Site) -> None:
        self.folder = folder
        self.day = 0
        self.hour = 0
        self.site = site
        self.program = [sys.executable, "-m", "zhengxun"]

    def start(self, *arguments: str, said: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
        """Start a command as a leader of its own group."""
        now = FIRST_DAY + timedelta(days=self.day, hours=self.hour)
        environment = {
            **os.environ,
            "ZHENGXUN_DATA_DIR": str(self.folder),
            "ZHENGXUN_ALLOW_NETWORKS": "127.0.0.0/8",
            "ZHENGXUN_CRAWL_DELAY": "0",
            "ZHENGXUN_PROCESSES": "1",
            "ZHENGXUN_NOW": now.isoformat(),
            "PYTHONPATH": str(Path(__file__).resolve().parent.parent),
        }
        with (self.folder.parent / "log").open("ab") as log:
            return subprocess.Popen(
                [*self.program, *arguments],
                env=environment,
                stdout=said,
                stderr=log,
                start_new_session=True,
            )

    def finish(self, *arguments: str, accept: tuple[int, ...] = (0,)) -> bytes:
        """Run a command to its end; what it printed."""
        process = self.start(*arguments)
        said, _ = process.communicate()
        if process.returncode not in accept:
            log = (self.folder.parent / "log").read_text("utf-8", errors="replace")[-3000:]
            raise SystemExit(f"{' '.join(arguments)} ended with {process.returncode}\n{said.decode()[-2000:]}\n{log}")
        return said

    def await_work(self, process: subprocess.Popen[bytes]) -> None:
        """Wait until the program has taken the lock and begun to write evidence, or has ended."""
        warc = self.folder / "evidence" / "warc"
        left_over = {(path, path.stat().st_size) for path in warc.glob("*/*.open")}
        while process.poll() is None:
            if {(path, path.stat().st_size) for path in warc.glob("*/*.open") if path.exists()} - left_over:
                return
            time.sleep(0.02)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Committed rows, read as any other program would."""
        with closing(sqlite3.connect(self.folder / "zhengxun.db", timeout=60)) as database:
            return database.execute(query).fetchall()

    def phase(self) -> str:
        """In what the killed program was, by what it left behind."""
        unfinished = self.rows("select kind from crawl_runs where state <> 'done'")
        if unfinished:
            return str(unfinished[0][0])
        return "capture" if self.rows(FAULTS["flagged pages without screenshot"]) else "before or after"


def pages_of(victim: list[Victim]) -> Any:
    """All pages of the site: each says what day it is, so that every crawl finds new versions."""

    def page(seen: Seen) -> Answer | None:
        number = int(seen.path.removeprefix("/p").strip("/") or 0)
        if not 0 <= number < PAGES:
            return None
        links = "".join(
            f'<a href="/p{child}">第 {child} 期</a> '
            for child in range(3 * number + 1, 3 * number + 4)
            if child < PAGES
        )
        claim = _CLAIM if number % 3 == 1 else _PLAIN
        body = f"<h1>第 {number} 期</h1><p>第 {victim[0].day} 日更新。{claim}{_PLAIN * (number % 4)}</p>{links}"
        return html(body, f"第 {number} 期")

    return page


def note(victim: Victim, known: dict[str, dict[Any, tuple[Any, ...]]], lost: Counter[str]) -> None:
    """Compare all rows that were committed before with those that are there, and remember the present ones."""
    for name, query in KEPT.items():
        found = {row[0]: row for row in victim.rows(query)}
        lost[name] += sum(found.get(key) != row for key, row in known[name].items())
        known[name] = found


def run(kills: int, seed: int, folder: Path, seconds: float) -> int:
    """Kill for so many seconds at most, finish, look; 1 where something is not as it must be."""
    picker = random.Random(seed)
    with web() as net:
        victims: list[Victim] = []
        page = pages_of(victims)
        site = net.site({"*": page, "/robots.txt": Answer(status=404)})
        victim = Victim(folder / "var", site)
        victims.append(victim)
        victim.finish("init")
        victim.finish("targets", "add", f"{site.url}/", "--name", "样例")
        began = time.monotonic()
        lengths: dict[str, float] = {}
        for name in ("crawl", "recheck"):
            process = victim.start(name, "--all", said=subprocess.DEVNULL)
            victim.await_work(process)
            start = time.monotonic()
            process.wait()
            lengths[name] = time.monotonic() - start
            victim.hour += 4
        known: dict[str, dict[Any, tuple[Any, ...]]] = {name: {} for name in KEPT}
        lost: Counter[str] = Counter()
        phases: Counter[str] = Counter()
        ended: Counter[str] = Counter()
        done, command = 0, "crawl"
        victim.day, victim.hour = 1, 0
        while done < kills and time.monotonic() - began < seconds:
            process = victim.start(command, "--all", said=subprocess.DEVNULL)
            if picker.random() < 0.8:
                victim.await_work(process)
                wait = picker.uniform(0.0, 0.9) * lengths[command]
            else:
                wait = picker.uniform(0.1, 3.0)
            try:
                process.wait(wait)
            except subprocess.TimeoutExpired:
                if picker.random() < 0.5:
                    os.killpg(process.pid, signal.SIGKILL)
                else:
                    process.kill()
            if process.wait() == -signal.SIGKILL:
                done += 1
                phases[f"{command}: {victim.phase()}"] += 1
                note(victim, known, lost)
                if done % 20 == 0:
                    print(f"{done} kills, {sum(ended.values())} ended, {time.monotonic() - began:.0f} s", flush=True)
                continue
            if process.returncode not in (0, 1):
                raise SystemExit(f"{command} ended with {process.returncode}: {folder / 'log'}")
            ended[command] += 1
            note(victim, known, lost)
            if command == "crawl":
                command, victim.hour = "recheck", 12
            else:
                command, victim.day, victim.hour = "crawl", victim.day + 1, 0
        victim.hour += 1
        victim.finish("recheck", "--all", accept=(0, 1))
        victim.day, victim.hour = victim.day + 2, 0
        victim.finish("crawl", "--all", accept=(0, 1))
        note(victim, known, lost)
        verified = json.loads(victim.finish("evidence", "verify", "--all", "--json", accept=(0, 1)))
    faults = {name: victim.rows(query) for name, query in FAULTS.items()}
    crawled = victim.rows(
        """select count(*) from crawl_requests where outcome = 'ok' and purpose <> 'site_check'
        and run_id = (select max(id) from crawl_runs where kind = 'crawl')"""
    )[0][0]
    leads = victim.rows("select count(*) from leads")[0][0]
    expected = len(range(1, PAGES, 3))
    print(f"{done} kills in {time.monotonic() - began:.0f} s; ended by themselves: {dict(ended)}")
    for name, number in sorted(phases.items()):
        print(f"  killed in {name}: {number}")
    print("committed rows watched: " + ", ".join(f"{name} {len(rows)}" for name, rows in known.items()))
    print(f"lost or changed: {sum(lost.values())} {dict(+lost)}")
    for name, rows in faults.items():
        print(f"{name}: {len(rows)} {rows[:3] if rows else ''}")
    print(f"pages in the last crawl: {crawled} of {PAGES}; leads {leads} of {expected}")
    print(f"evidence verify --all: {'sound' if verified['sound'] else 'NOT sound'} {verified['totals']}")
    for item in verified["items"][:5]:
        print(f"  {item}")
    good = not +lost and not any(faults.values()) and crawled == PAGES and leads == expected and verified["sound"]
    return int(not good)


def main() -> int:
    """Parse and run."""
    parser = argparse.ArgumentParser(description="在采集、截图和复核中随机 kill -9")
    parser.add_argument("--kills", type=int, default=200, help="次数（默认 200）")
    parser.add_argument("--seed", type=int, default=20261124, help="随机种子")
    parser.add_argument("--minutes", type=float, default=60.0, help="至多这么多分钟（默认 60），此后不再 kill")
    parser.add_argument("--keep", type=Path, help="数据留在此目录（默认用后删除）")
    options = parser.parse_args()
    if options.keep is not None:
        options.keep.mkdir(parents=True)
        return run(options.kills, options.seed, options.keep, options.minutes * 60)
    with tempfile.TemporaryDirectory() as name:
        return run(options.kills, options.seed, Path(name), options.minutes * 60)


if __name__ == "__main__":
    raise SystemExit(main())
