"""What the console takes for every page and for a decision, with 10⁶ snapshots and 10⁵ leads stored, on SQLite.

Run ``python benchmarks/console.py`` (about five minutes; half of it when the folder of ``--cache`` holds the store
already). The console runs in a process of its own, as under ``zhengxun serve``, and is asked over the network:

1. *Alone*: each page, one request after another: CPU time of the server per request, and wall time.
2. *20 users*: each asks for a page or decides the next lead of its own region, looks at the answer for about a second
   and goes on: wall time as the users see it.
3. *No pause*: the same without looking at anything: what one process gives at most. No limit, for orientation.

Limits: p95 of each page with 20 users 300 ms, of a decision 150 ms. Files to be downloaded have no limit. Exit status 1
when one is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import re
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import httpx2 as httpx
import psutil
import uvicorn
from fastapi import FastAPI
from fastapi.routing import APIRoute

from benchmarks.console_store import NOW, PASSWORD, REGIONS, USERS, accounts_of, filled, open_filled, services_of
from console.app import make_app
from zhengxun.console_services import console_services
from zhengxun.status import HeldStatus, read_status

DECISION_MS, PAGE_MS = 150, 300
CACHE = Path("/tmp/zhengxun-bench-console")
DECIDE = "研判一条并取下一条"
_DAY = f"{NOW:%Y-%m-%d}"
#: What stands for the parts of an address; routes with other parts are listed as not measured.
_VALUES = {
    "lead_id": "77",
    "snapshot_id": "1",
    "day": _DAY,
    "target_id": "7",
    "operator_id": "5",
    "number": "1",
    "rule_id": "B-GUAR-0010",
    "name": "50_facts.yaml",
}
_FORMS = {"targets": "csv", "blacklist": "html"}
#: The same pages, asked differently, and the evidence of the one lead that has any.
_MORE = (
    "/leads?state=all", "/leads?page=400", "/leads?state=all&page=1500", "/leads?platform=weixin&region=山西",
    "/leads?platform=weibo&level=low", "/leads?platform=bilibili", "/leads?state=referred&overdue=1", "/leads?owner=研判3",
    "/leads?owner=-&presence=removed&state=all", "/leads/next?platform=douyin&region=湖北省", "/leads/77?platform=bilibili",
    "/operators/2", "/operators?page=100", f"/digest/{_DAY}?status=still_online&page=3", "/targets?words=机构&state=alarm",
    "/audit?actor=研判3", "/audit?action=确认", "/audit?action=没有的动作", "/audit?before=150000",
    "/evidence/leads/1/versions/1/text", "/evidence/leads/1/versions/1/page", "/evidence/leads/1/screenshot",
)  # fmt: skip
_FILES = re.compile(r"/files/|/export/")


@dataclass
class Times:
    """What was measured of one address."""

    cpu: float = 0.0
    """Seconds of the server's CPU per request."""
    alone: list[float] = field(default_factory=list)
    crowd: list[float] = field(default_factory=list)


def console_on(folder: Path) -> FastAPI:
    """The console as ``serve`` makes it; its scheduler's part of the status is left out."""
    services, store = services_of(folder), open_filled(folder)
    return make_app(
        console_services(services, store, accounts_of(store), HeldStatus(lambda: read_status(services, store)))
    )


def serve(folder: Path) -> None:
    """The server's process: prints its port."""
    listener = socket.socket(
        socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP
    )  # asyncio sets TCP_NODELAY by the protocol
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)
    print(listener.getsockname()[1], flush=True)
    config = uvicorn.Config(console_on(folder), log_config=None, access_log=False, lifespan="off")
    uvicorn.Server(config).run(sockets=[listener])


def addresses(folder: Path) -> tuple[list[str], list[str]]:
    """Every page that can be asked for by its address alone, and the routes that cannot."""
    asked, left = [], []
    for path in sorted(_get_routes(console_on(folder))):
        if path.startswith("/evidence"):
            continue
        values = _VALUES | {"form": _FORMS.get(path.split("/")[1], "json")}
        if set(re.findall(r"{(\w+)[:}]", path)) <= set(values):
            asked.append(path.format(**values))
        else:
            left.append(path)
    return [*asked, *_MORE], left


def _get_routes(app: FastAPI) -> set[str]:
    found: set[str] = set()
    stack = list(app.routes)
    while stack:
        route = stack.pop()
        if isinstance(route, APIRoute):
            found |= {route.path} if "GET" in route.methods else set()
        else:
            stack += getattr(getattr(route, "original_router", None), "routes", [])
    return found


class Person:
    """Somebody at a browser: logged in, with the page of the lead that he decides next."""

    def __init__(self, base: str, name: str, queue: str) -> None:
        self.client = httpx.AsyncClient(base_url=base, timeout=120, follow_redirects=True)
        self.name = name
        self.queue = queue
        self._page = ""

    async def log_in(self) -> None:
        """By the form."""
        answer = await self.client.post("/login", data={"name": self.name, "password": PASSWORD})
        if "审计" not in answer.text and "研判队列" not in answer.text:
            raise SystemExit(f"{self.name} cannot log in")

    async def ask(self, address: str) -> float:
        """Seconds until the whole answer is there."""
        began = time.perf_counter()
        answer = await self.client.get(quote(address, safe="/?&=-"))
        taken = time.perf_counter() - began
        if answer.status_code >= 400:
            raise SystemExit(f"{answer.status_code}: {address}")
        return taken

    async def decide(self) -> float:
        """As the browser does: what the page's form for 误报 holds is sent, and the answer is the next page."""
        if not self._page:
            self._page = (await self.client.get(quote(f"/leads/next?{self.queue}", safe="/?&=-"))).text
        # The form of 撤销 stands first in a page that follows a decision.
        form = self._page.split('aria-label="研判"')[1]
        lead = re.search(r'action="/leads/(\d+)/decide\?([^"]*)', form)
        version, csrf = (re.search(rf'name="{name}" value="([^"]+)"', form) for name in ("version", "csrf"))
        if lead is None or version is None or csrf is None:
            raise SystemExit("the page has no form to decide with")
        began = time.perf_counter()
        answer = await self.client.post(
            f"/leads/{lead[1]}/decide?{lead[2].replace('&amp;', '&')}",
            data={"csrf": csrf[1], "kind": "dismissed", "version": version[1], "code": "W2"},
            headers={"HX-Request": "true"},
        )
        taken = time.perf_counter() - began
        if answer.status_code >= 400:
            raise SystemExit(f"{answer.status_code}: deciding lead {lead[1]}")
        self._page = answer.text
        return taken


@asynccontextmanager
async def _server(folder: Path) -> AsyncIterator[tuple[str, psutil.Process]]:
    command = [sys.executable, __file__, "--serve", str(folder)]
    child = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        # The port listens already: what is asked before the server runs waits for it.
        yield f"http://127.0.0.1:{int(await child.stdout.readline())}", psutil.Process(child.pid)
    finally:
        child.terminate()
        await child.wait()


async def measure(
    folder: Path, options: argparse.Namespace
) -> tuple[dict[str, Times], tuple[int, list[float]], list[str]]:
    """Times by address, (requests, seconds of each) without pause, and routes that were not measured."""
    pages, left = addresses(folder)
    found: dict[str, Times] = defaultdict(Times)
    async with _server(folder) as (base, process):
        manager = Person(base, "管理", "")
        people = [Person(base, f"研判{number}", f"state=pending&region={REGIONS[number]}") for number in range(USERS)]
        for person in (manager, *people):
            await person.log_in()

        owners: dict[str, Person] = {}
        for page in list(pages):  # templates are read at this first look
            for person in (people[0], manager):
                if (await person.client.get(quote(page, safe="/?&=-"))).status_code < 400:
                    owners[page] = person
                    break
            else:
                pages.remove(page)
                left.append(page)

        def cpu() -> float:
            times = process.cpu_times()
            return float(times.user + times.system)

        for page in (*pages, DECIDE):
            before, times = cpu(), found[page]
            for _ in range(options.times if page != DECIDE else options.times * 4):
                times.alone.append(await (people[0].decide() if page == DECIDE else owners[page].ask(page)))
            times.cpu = (cpu() - before) / len(times.alone)
            print(f"  {times.cpu * 1000:7.1f} ms CPU  {page}", file=sys.stderr, flush=True)

        def step(person: Person, chance: random.Random) -> tuple[str, Person]:
            page = (
                DECIDE if chance.random() < 0.25 else chance.choice([page for page in pages if not _FILES.search(page)])
            )
            return page, manager if page != DECIDE and owners[page] is manager else person

        async def work(person: Person, seconds: float, pause: float, into: list[tuple[str, float]]) -> None:
            chance = random.Random(person.name)
            await asyncio.sleep(pause * chance.random())
            end = time.perf_counter() + seconds
            while time.perf_counter() < end:
                page, who = step(person, chance)
                into.append((page, await (who.decide() if page == DECIDE else who.ask(page))))
                await asyncio.sleep(pause * (0.5 + chance.random()))

        crowd: list[tuple[str, float]] = []
        await asyncio.gather(*(work(person, options.seconds, options.pause, crowd) for person in people))
        for page, taken in crowd:
            found[page].crowd.append(taken)
        full: list[tuple[str, float]] = []
        await asyncio.gather(*(work(person, options.full_seconds, 0.0, full) for person in people))
        for person in (manager, *people):
            await person.client.aclose()
    return found, (len(full), [taken for _, taken in full]), left


def at(taken: list[float], share: float) -> float:
    """Milliseconds below which this share of the requests stayed."""
    return sorted(taken)[min(len(taken) - 1, int(len(taken) * share))] * 1000 if taken else float("nan")


def main() -> int:
    """Fill, measure, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--leads", type=int, default=100_000)
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder in which the filled store is kept")
    parser.add_argument("--times", type=int, default=15, help="requests of each page alone")
    parser.add_argument("--seconds", type=float, default=90.0, help="how long 20 users work")
    parser.add_argument("--pause", type=float, default=1.0, help="seconds that a user looks at an answer, on average")
    parser.add_argument("--full-seconds", type=float, default=15.0, help="how long they work without pause")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve)
        return 0
    folder = filled(options.cache, options.leads, lambda words: print(words, file=sys.stderr, flush=True))
    found, (requests, full), left = asyncio.run(measure(folder, options))
    missed = 0
    print(f"{options.leads:,} leads; one process, SQLite; milliseconds")
    print("           CPU  alone p50/p95   20 users p50/p95")
    for page, times in sorted(found.items(), key=lambda item: -item[1].cpu):
        limit = DECISION_MS if page == DECIDE else 0 if _FILES.search(page) else PAGE_MS
        over = limit and max(at(times.crowd or times.alone, 0.95), at(times.alone, 0.95)) > limit
        missed += bool(over)
        print(
            f"{'MISSED' if over else 'ok' if limit else 'file':6} {times.cpu * 1000:7.1f} {at(times.alone, 0.5):7.1f}/{at(times.alone, 0.95):7.1f}"
            f"   {at(times.crowd, 0.5):7.1f}/{at(times.crowd, 0.95):7.1f} ({len(times.crowd):3})  {page}"
        )
    crowd = [taken for page, times in found.items() if page != DECIDE for taken in times.crowd]
    print(
        f"20 users, pause {options.pause} s: all pages p50 {at(crowd, 0.5):.0f}, p95 {at(crowd, 0.95):.0f} ({len(crowd)} pages, {len(found[DECIDE].crowd)} decisions)"
    )
    print(
        f"20 users, no pause: {requests / options.full_seconds:.0f} requests/s, p50 {at(full, 0.5):.0f}, p95 {at(full, 0.95):.0f}"
    )
    print(f"not measured: {', '.join(left)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
