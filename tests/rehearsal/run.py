"""Rehearsal of the hidden test: other sites, through the command line and its JSON only.

    python tests/rehearsal/run.py [--seed N] [--rounds N] [--delay SECONDS] [--again] [--next-day] [--kill SECONDS] [--keep FOLDER]

Prints one JSON document: precision and recall of the digest's items, what was missed or wrongly flagged and from
which bank of phrases, in which outcomes the hostile addresses ended, robots violations, requests that ran at the same
time on one host, shortest gap between two requests, addresses that were fetched although they are refused.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from hostile import HOST, HOSTILE
from oddities import HOST as ODD_HOST
from oddities import ODD
from sites import RehearsalSite, build_sites
from warcio.archiveiterator import ArchiveIterator
from web import RehearsalWeb


class Rehearsal:
    """One data directory, one web, and what the program said."""

    def __init__(self, web: RehearsalWeb, sites: list[RehearsalSite], folder: Path, delay: float) -> None:
        self.web, self.sites, self.folder = web, sites, folder
        self.environment = {
            **os.environ,
            "ZHENGXUN_DATA_DIR": str(folder / "var"),
            "ZHENGXUN_ALLOW_NETWORKS": "127.0.0.0/16",
            "ZHENGXUN_CRAWL_DELAY": str(delay),
        }
        self.program = str(Path(sys.executable).with_name("zhengxun"))
        self.seconds: dict[str, float] = {}

    def at(self, moment: datetime) -> None:
        """Let the program's clock stand at ``moment``."""
        self.environment["ZHENGXUN_NOW"] = moment.isoformat(timespec="seconds")

    def command(self, name: str, *arguments: str, accept: tuple[int, ...] = (0,)) -> str:
        """Run ``zhengxun``; its standard output. Ends the rehearsal on an exit status that is not accepted."""
        began = time.monotonic()
        log = self.folder / f"{name}.log"
        with log.open("w", encoding="utf-8") as stream:
            done = subprocess.run(
                [self.program, *arguments],
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=stream,
                text=True,
                check=False,
            )
        self.seconds[name] = round(time.monotonic() - began, 1)
        if done.returncode not in accept:
            said = log.read_text(encoding="utf-8")[-4000:]
            sys.exit(f"{' '.join(arguments)} ended with {done.returncode}\n{done.stdout[-2000:]}\n{said}")
        return done.stdout

    def import_targets(self) -> None:
        """All sites through ``targets import``."""
        path = self.folder / "targets.csv"
        with path.open("w", encoding="gb18030", newline="") as stream:
            rows = csv.writer(stream)
            rows.writerow(["名称", "网址", "类型", "频率", "备注"])
            for site in self.sites:
                rows.writerow([site.name, self.web.url(site.host), "网站", "每天", ""])
            rows.writerow(["奇特链接", self.web.url(ODD_HOST), "网站", "每天", ""])
            rows.writerow(["杂项站点", self.web.url(HOST), "网站", "每12小时", ""])
        self.command("init", "init")
        self.command("import", "targets", "import", str(path))

    def crawl(self, name: str) -> dict[str, Any]:
        """``crawl --all --json``."""
        answer: dict[str, Any] = json.loads(self.command(name, "crawl", "--all", "--json", accept=(0, 1)))
        return answer

    def crawl_and_kill(self, seconds: float) -> None:
        """Begin a crawl and end it with SIGKILL, its worker processes with it."""
        with (self.folder / "killed.log").open("w", encoding="utf-8") as log:
            process = subprocess.Popen(
                [self.program, "crawl", "--all", "--json"],
                env=self.environment,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
            time.sleep(seconds)
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def read_evidence(self) -> dict[str, Any]:
        """Read every WARC file to its end: records by type, and pages whose same bytes were kept more than once."""
        kinds: Counter[str] = Counter()
        kept: Counter[tuple[str, str]] = Counter()
        broken = []
        files = sorted((self.folder / "var").rglob("*.warc.gz"))
        for path in files:
            with path.open("rb") as stream:
                try:
                    for record in ArchiveIterator(stream, check_digests="raise"):
                        kinds[record.rec_type] += 1
                        digest = record.rec_headers.get_header("WARC-Payload-Digest") or ""
                        if record.rec_type == "response":
                            kept[str(record.rec_headers.get_header("WARC-Target-URI")), digest] += 1
                        record.content_stream().read()
                except Exception as error:
                    broken.append(f"{path.name}: {error!r}")
        return {
            "files": len(files),
            "records": dict(kinds),
            "unreadable": broken,
            "kept_twice": sorted({url for (url, _), count in kept.items() if count > 1}),
        }

    def digest(self, name: str = "digest") -> dict[str, Any]:
        """``digest --format json``."""
        out = self.folder / name
        self.command(name, "digest", "--format", "json", "--out", str(out))
        answer: dict[str, Any] = json.loads(next(out.glob("digest-*.json")).read_text(encoding="utf-8"))
        return answer

    def judge_items(self, items: list[dict[str, Any]]) -> dict[str, Any]:
        """Digest items beside the truth."""
        truth = {self.web.url(s.host, p.path): p for s in self.sites for p in s.pages.values()}
        hostile = {self.web.url(HOST, item.path): item for item in HOSTILE}
        wanted = {u for u, p in truth.items() if p.violating} | {u for u, h in hostile.items() if h.violating}
        given = {item["page_url"]: item for item in items}
        right = wanted & set(given)
        banks: Counter[str] = Counter(truth[u].manner if u in truth else "hostile" for u in wanted)
        banks_found: Counter[str] = Counter(truth[u].manner if u in truth else "hostile" for u in right)
        return {
            "pages": len(truth) + len(hostile),
            "violating": len(wanted),
            "items": len(given),
            "precision": round(len(right) / len(given), 4) if given else None,
            "recall": round(len(right) / len(wanted), 4),
            "recall_by_bank": {bank: f"{banks_found[bank]}/{count}" for bank, count in sorted(banks.items())},
            "missed": sorted(wanted - set(given)),
            "false_alarms": [
                {
                    "url": url,
                    "bank": truth[url].manner if url in truth else "hostile",
                    "findings": [(f["rule_id"], f["quote"]) for f in given[url]["findings"]],
                }
                for url in sorted(set(given) - wanted)
            ],
        }

    def judge_changes(self, before: list[dict[str, Any]], after: list[dict[str, Any]], gone: str) -> dict[str, Any]:
        """Status of every changed page that had a lead, and of the unchanged ones; ``gone``: what a lost page must be."""
        right = {"edited": ("still_online", True), "gone": (gone, False), "corrected": ("corrected", False)}
        given = {item["page_url"]: (item["status"], item["changed"]) for item in after}
        known = {item["page_url"] for item in before}
        changed = {self.web.url(site.host, p): kind for site in self.sites for p, kind in site.changes.items()}
        wrong = {}
        counts: Counter[str] = Counter()
        for url, kind in changed.items():
            if url in known:
                counts[kind] += 1
                if given.get(url) != right[kind]:
                    wrong[url] = {"was": kind, "given": given.get(url), "right": right[kind]}
            elif kind == "new":
                counts[kind] += 1
                if given.get(url) != ("new", False):
                    wrong[url] = {"was": kind, "given": given.get(url), "right": ("new", False)}
        for url in known - set(changed):
            counts["unchanged"] += 1
            if given.get(url) != ("still_online", False):
                wrong[url] = {"was": "unchanged", "given": given.get(url), "right": ("still_online", False)}
        return {"judged": dict(counts), "wrong": wrong}

    def judge_outcomes(self, run: dict[str, Any]) -> dict[str, Any]:
        """Every page of the truth has an outcome, and the hostile ones the right one."""
        ended = {failure["url"]: failure["outcome"] for failure in run["failures"]}
        fetched = {
            self.web.url(host, asked.path) for host, log in self.web.log.items() for asked in log if asked.status == 200
        }
        lost = [
            self.web.url(site.host, path)
            for site in self.sites
            for path in site.pages
            if self.web.url(site.host, path) not in fetched and self.web.url(site.host, path) not in ended
        ]
        wrong = {}
        for item in HOSTILE:
            url = self.web.url(HOST, item.path)
            outcome = ended.get(url, "ok" if any(a.path == item.path for a in self.web.log[HOST]) else "no outcome")
            if outcome not in item.outcomes:
                wrong[item.path] = {"outcome": outcome, "right": item.outcomes}
        return {"pages": run["pages"], "lost": lost, "hostile_wrong": wrong, "hostile": len(HOSTILE)}

    def judge_oddities(self) -> dict[str, list[str]]:
        """Odd links that were not followed, and addresses that robots.txt forbids but were asked for."""
        asked = {request.path for request in self.web.log[ODD_HOST]}
        return {
            "not_followed": [f"{odd.path}: {odd.why}" for odd in ODD if odd.wanted and odd.path not in asked],
            "forbidden": [f"{odd.path}: {odd.why}" for odd in ODD if not odd.wanted and odd.path in asked]
            + sorted(path for path in asked if path.startswith("/no/mapped")),
        }

    def judge_manners(self, delay: float) -> dict[str, Any]:
        """robots.txt, one request per host at a time, the gap between two, refused addresses."""
        forbidden = [
            self.web.url(site.host, asked.path)
            for site in self.sites
            for asked in self.web.log[site.host]
            if asked.path in site.disallowed
        ]
        gaps = {}
        hurried = []
        for host, log in self.web.log.items():
            order = sorted(log, key=lambda asked: asked.at)
            hurried.extend(f"{host}{a.path} → {b.path}" for a, b in pairwise(order) if b.at - a.at < delay)
            times = sorted(asked.at for asked in log if asked.path != "/robots.txt")
            if len(times) > 1:
                gaps[host] = round(min(b - a for a, b in pairwise(times)), 3)
        return {
            "robots_violations": forbidden,
            "max_concurrency_per_host": max((a.concurrent for log in self.web.log.values() for a in log), default=0),
            "hosts_with_overlap": sorted({h for h, log in self.web.log.items() for a in log if a.concurrent > 1}),
            "shortest_gap_s": gaps,
            "hurried": hurried,
            "delay_s": delay,
            "refused_addresses_fetched": self.web.canary,
        }


def main() -> None:
    """Run the rehearsal and print its report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--delay", type=float, default=0.05)
    parser.add_argument("--rounds", type=int, default=1, help="how often the nine kinds of sites are generated")
    parser.add_argument("--kill", type=float, default=0.0, help="end a first crawl with SIGKILL after so many seconds")
    parser.add_argument("--again", action="store_true", help="crawl the unchanged sites a second time")
    parser.add_argument(
        "--next-day", action="store_true", help="a second and a third day, with pages edited, gone, new"
    )
    parser.add_argument("--keep", type=Path, help="folder that keeps data directory and logs")
    given = parser.parse_args()
    sites = build_sites(given.seed, given.rounds)
    web = RehearsalWeb(sites)
    web.start()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        rehearsal = Rehearsal(web, sites, folder, given.delay)
        rehearsal.import_targets()
        if given.kill:
            rehearsal.crawl_and_kill(given.kill)
        first = rehearsal.crawl("crawl")
        digest = rehearsal.digest()
        report: dict[str, Any] = {
            "items": rehearsal.judge_items(digest["items"]),
            "outcomes": rehearsal.judge_outcomes(first),
            "oddities": rehearsal.judge_oddities(),
            "manners": rehearsal.judge_manners(given.delay),
            "evidence": rehearsal.read_evidence(),
            "coverage": digest["coverage"],
            "leads_new": first["leads_new"],
            "seconds": rehearsal.seconds,
            "largest_process_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
        }
        if given.next_day:
            now = datetime.now(UTC)
            web.second_day = True
            rehearsal.at(now + timedelta(days=1))
            rehearsal.crawl("crawl_day2")
            second_digest = rehearsal.digest("digest_day2")
            report["day2"] = rehearsal.judge_changes(digest["items"], second_digest["items"], "unverifiable")
            report["day2"]["totals"] = second_digest["totals"]
            report["day2"]["gaps"] = len(second_digest["coverage"]["gaps"])
            rehearsal.at(now + timedelta(days=1, hours=7))
            rehearsal.crawl("crawl_evening")
            third = rehearsal.digest("digest_evening")
            report["evening"] = {"totals": third["totals"], "same_as_morning": third["items"] == second_digest["items"]}
            rehearsal.at(now + timedelta(days=2))
            rehearsal.crawl("crawl_day3")
            report["day3"] = {"totals": rehearsal.digest("digest_day3")["totals"]}
        if given.again:
            second = rehearsal.crawl("crawl_again")
            report["again"] = {name: second[name] for name in ("pages", "snapshots_new", "leads_new")}
        json.dump(report, sys.stdout, ensure_ascii=False, indent=1)
        sys.stdout.write("\n")
    web.stop()


if __name__ == "__main__":
    main()
