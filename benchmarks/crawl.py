"""The whole pipeline against bare Scrapy, on the same sites in the same run: pages per second, memory, second crawl.

Ours: fetch, evidence, extraction, classification, SQLite. Bare Scrapy: fetch and follow links with LinkExtractor, with
the same concurrency, one request per host at a time, robots.txt obeyed. Each crawl is a process of its own; memory is
the peak of the proportional set size of that process and its children, so that shared pages count once.

    python -m benchmarks.crawl [--quick] [--pages N] [--hosts N] [--memory]

Targets (issue 2): ratio of pages/s at least 0.7 on pages of sites (portal, article; text is the worst case); peak memory at 20,000 pages at most 1.3 times that at 2,000; a second
crawl of the unchanged sites in at most 0.3 times the first one's time.
"""

from __future__ import annotations

import argparse
import json
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
CONCURRENCY = 32


def _targets(hosts: int, port: int, pages: int) -> list[Any]:
    from domain.target import Budget, Scope, Target, TargetKind

    return [
        Target(
            id=number,
            name=f"站点{number}",
            url=f"http://127.0.1.{number}:{port}/",
            kind=TargetKind.WEBSITE,
            schedule="0 6 * * *",
            scope=Scope((f"127.0.1.{number}:{port}",)),
            budget=Budget(max_pages=pages * 2, max_depth=20, max_bytes=10**12, max_seconds=10**6),
        )
        for number in range(1, hosts + 1)
    ]


def crawl_ours(options: argparse.Namespace) -> dict[str, Any]:
    """One run of the whole pipeline; with the same folder again it is the second crawl."""
    import crawler
    import storage
    from zhengxun import analysis

    folder = Path(options.folder)
    url = storage.default_url(folder)

    def now() -> datetime:
        return datetime.now(UTC)

    if not (folder / "ready").exists():
        storage.migrate(url)
        (folder / "ready").touch()
    store = storage.open_store(url, clock=now, confirm_after=timedelta(hours=6))
    targets = store.targets.list()
    if not targets:
        for target in _targets(options.hosts, options.port, options.pages):
            store.targets.add(
                name=target.name,
                url=target.url,
                kind=target.kind,
                schedule=target.schedule,
                scope=target.scope,
                budget=target.budget,
            )
        targets = store.targets.list()
    run = store.begin_run([target.id for target in targets])
    settings = crawler.CrawlSettings(
        evidence_folder=folder / "evidence",
        delay=0.0,
        concurrency=CONCURRENCY,
        allow_networks=("127.0.0.0/8",),
        sitemaps=False,
    )
    started = time.monotonic()
    crawler.run(targets, store.ledger(), analysis.analyse, settings, run.id, warm_up=analysis.warm_up, clock=now)
    seconds = time.monotonic() - started
    summary = store.finish_run(run.id)
    store.close()
    return {"seconds": seconds, "pages": summary.pages, "snapshots": summary.snapshots_new, "leads": summary.leads_new}


def crawl_bare(options: argparse.Namespace) -> dict[str, Any]:
    """Scrapy alone: fetch, follow what LinkExtractor finds."""
    import scrapy
    from scrapy.crawler import AsyncCrawlerProcess
    from scrapy.linkextractors import LinkExtractor

    counted = {"pages": 0}

    class Bare(scrapy.Spider):
        name = "bare"
        handle_httpstatus_list = (404,)
        links = LinkExtractor(allow=r"^http://127\.0\.1\.\d+:")

        async def start(self) -> Any:
            for number in range(1, options.hosts + 1):
                yield scrapy.Request(f"http://127.0.1.{number}:{options.port}/")

        def parse(self, response: Any) -> Any:
            counted["pages"] += 1
            if response.status == 200:
                for link in self.links.extract_links(response):
                    yield scrapy.Request(link.url)

    process = AsyncCrawlerProcess(
        {
            "LOG_LEVEL": "WARNING",
            "TELNETCONSOLE_ENABLED": False,
            "REMOTE_CONTROL_ENABLED": False,
            "ROBOTSTXT_OBEY": True,
            "CONCURRENT_REQUESTS": CONCURRENCY,
            "CONCURRENT_REQUESTS_PER_DOMAIN": 1,
            "DOWNLOAD_DELAY": 0,
            "COOKIES_ENABLED": False,
        }
    )
    process.crawl(Bare)
    started = time.monotonic()
    process.start()
    return {"seconds": time.monotonic() - started, "pages": {"ok": counted["pages"]}}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def _site(hosts: int, pages: int, *, kind: str = "portal", validators: bool = False) -> Iterator[int]:
    port = _free_port()
    command = [sys.executable, "-m", "benchmarks.crawl_site", f"--hosts={hosts}", f"--port={port}", f"--pages={pages}"]
    command.append(f"--kind={kind}")
    if validators:
        command.append("--validators")
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        server.stdout.readline()
        try:
            yield port
        finally:
            server.stdin.close()
            server.wait(timeout=10)


def _measure(role: str, port: int, hosts: int, pages: int, folder: str) -> dict[str, Any]:
    """Run one crawl in a process of its own; its result with the peak of its memory in MiB."""
    command = [sys.executable, "-m", "benchmarks.crawl", f"--role={role}", f"--port={port}"]
    command += [f"--hosts={hosts}", f"--pages={pages}", f"--folder={folder}"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        peak = _Peak(process.pid)
        assert process.stdout is not None
        output = process.stdout.read()
        process.wait()
        peak.stop()
    if process.returncode:
        raise SystemExit(f"{role} ended with status {process.returncode}")
    result: dict[str, Any] = json.loads(output.splitlines()[-1])
    result["peak_mib"] = peak.mib
    result["cpu_seconds"] = peak.cpu
    return result


class _Peak:
    def __init__(self, pid: int) -> None:
        self.mib = 0.0
        self.cpu = 0.0
        self._root = psutil.Process(pid)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(0.5):
            try:
                family = [self._root, *self._root.children(recursive=True)]
            except psutil.Error:
                return
            total = 0
            cpu = 0.0
            for process in family:
                try:
                    total += process.memory_full_info().pss
                    times = process.cpu_times()
                    cpu += times.user + times.system
                except psutil.Error:
                    continue
            self.mib = max(self.mib, total / 2**20)
            self.cpu = max(self.cpu, cpu)


def compare(hosts: int, pages: int) -> dict[str, Any]:
    """Ours and bare Scrapy on the same sites, then ours again.

    Three kinds: pages of a site with its menus and columns, short (``portal``) and long (``article``, with ETags), and
    long ones with hardly a link (``text``, with ETags), where bare Scrapy has next to nothing to do: the worst case.
    """
    found: dict[str, Any] = {"hosts": hosts, "pages": hosts * pages}
    for kind, validators in (("portal", False), ("article", True), ("text", True)):
        with _site(hosts, pages, kind=kind, validators=validators) as port, tempfile.TemporaryDirectory() as folder:
            bare = _measure("bare", port, hosts, pages, folder)
            first = _measure("ours", port, hosts, pages, folder)
            second = _measure("ours", port, hosts, pages, folder)
        rate = sum(first["pages"].values()) / first["seconds"]
        bare_rate = sum(bare["pages"].values()) / bare["seconds"]
        found[kind] = {
            "bare": bare,
            "first": first,
            "second": second,
            "pages_per_second": round(rate, 1),
            "bare_pages_per_second": round(bare_rate, 1),
            "ratio_to_bare": round(rate / bare_rate, 2),
            "second_to_first": round(second["seconds"] / first["seconds"], 2),
        }
    return found


def memory(hosts: int) -> dict[str, Any]:
    """Peak memory of ours at 2,000 and at 20,000 pages."""
    peaks = {}
    for total in (2_000, 20_000):
        with _site(hosts, total // hosts) as port, tempfile.TemporaryDirectory() as folder:
            peaks[total] = _measure("ours", port, hosts, total // hosts, folder)["peak_mib"]
    return {"peak_mib": peaks, "ratio": round(peaks[20_000] / peaks[2_000], 2)}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pages", type=int, default=2_000, help="pages over all hosts")
    options.add_argument("--hosts", type=int, default=20)
    options.add_argument("--quick", action="store_true", help="400 pages")
    options.add_argument("--memory", action="store_true", help="also 20,000 pages against 2,000 (minutes)")
    options.add_argument("--role", choices=("ours", "bare"), help=argparse.SUPPRESS)
    options.add_argument("--port", type=int, help=argparse.SUPPRESS)
    options.add_argument("--folder", help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.role:
        print(json.dumps({"ours": crawl_ours, "bare": crawl_bare}[chosen.role](chosen)), flush=True)
        return
    pages = 400 if chosen.quick else chosen.pages
    result = compare(chosen.hosts, pages // chosen.hosts)
    if chosen.memory:
        result["memory"] = memory(chosen.hosts)
    print(json.dumps(result, ensure_ascii=False, indent=2))


if __name__ == "__main__":
    main()
