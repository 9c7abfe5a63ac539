"""Workers on one PostgreSQL over many local hosts: pages per second by number of workers, politeness, and killed workers.

Run ``python benchmarks/workers.py`` (about a quarter of an hour: 400 hosts, 1, 2 and 4 workers, then workers killed every
10 s for 3 minutes). ``--hosts 60 --kill-seconds 40`` for a quick look. Needs PostgreSQL, ``--server`` names it.

Every host is an address of the loopback network of its own (127.x.y.z) and answers from one server, which notes when each request came
and when its answer was out. Some hosts show pictures of one host that all share, so that turns are shared between
workers, not only within one. A worker takes few hosts at a time, so that pauses, not this machine's cores, bound its
speed. Exit status 1 unless

- two workers reach ≥ 1.7 × and four ≥ 3 × the pages per second of one,
- never two requests at one host at once, never less than the pause between an answer and the next request,
- with workers killed: every target visited to its end once, no page lost, none twice in a run, evidence whole.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sqlalchemy import create_engine, text

from domain.target import Scope, TargetKind
from tests.hosts import SHARED, host, impolite, many_hosts
from tests.postgres import SERVER, fresh_database
from zhengxun.services import Services

TWO, FOUR = 1.7, 3.0
#: Pages of a host beside its start page.
PAGES = 6
#: Hosts that a worker takes at a time, and the pause at each: together they bound a worker to ten pages per second.
SHARE, DELAY = 10, 1.0
#: Clocks of two processes on one machine agree; reading them takes a moment.
_SLACK = 0.02


@contextmanager
def installation(server: str, port: int, hosts: int) -> Iterator[dict[str, str]]:
    """A database and a data directory with one target per host; the environment that names them."""
    with fresh_database(server) as database, tempfile.TemporaryDirectory() as folder:
        environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("ZHENGXUN_")},
            "ZHENGXUN_DATA_DIR": folder,
            "ZHENGXUN_DATABASE_URL": database,
            "ZHENGXUN_WORKERS": "true",
            "ZHENGXUN_SHARE_HOSTS": str(SHARE),
            "ZHENGXUN_CRAWL_DELAY": str(DELAY),
            "ZHENGXUN_ALLOW_NETWORKS": "127.0.0.0/8",
            "ZHENGXUN_PROCESSES": "1",
            "ZHENGXUN_LOG_LEVEL": "info",
            "PYTHONPATH": str(Path(__file__).resolve().parent.parent),
        }
        try:
            _program(environment, "init")
            os.environ.update({key: value for key, value in environment.items() if key.startswith("ZHENGXUN_")})
            with Services.load().store() as store:
                for number in range(hosts):
                    at = host(number)
                    store.targets.add(
                        name=at,
                        url=f"http://{at}:{port}/",
                        kind=TargetKind.WEBSITE,
                        schedule="0 4 * * *",
                        scope=Scope(hosts=(f"{at}:{port}",)),
                    )
            yield environment
        finally:
            for key in list(os.environ):
                if key.startswith("ZHENGXUN_") and key != "ZHENGXUN_TEST_POSTGRES":
                    del os.environ[key]


def _program(environment: dict[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "zhengxun", *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(arguments)}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def _start(environment: dict[str, str], log: Path, *arguments: str) -> subprocess.Popen[bytes]:
    with log.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "zhengxun", *arguments],
            env=environment,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )


def _wait_done(environment: dict[str, str], seconds: float) -> bool:
    """Wait until no target is due and no run open."""
    services = Services.load()
    until = time.monotonic() + seconds
    with services.store() as store:
        while time.monotonic() < until:
            if all(target.last_run_at for target in store.targets.list()) and not store.interrupted_runs():
                return True
            time.sleep(0.5)
    return False


def speed(server: str, hosts: int, workers: int) -> tuple[float, bool]:
    """Pages per second of so many workers over fresh hosts, and whether they were polite."""
    with many_hosts(PAGES) as (port, met), installation(server, port, hosts) as environment:
        folder = Path(environment["ZHENGXUN_DATA_DIR"])
        _program(environment, "tick")
        started = [_start(environment, folder / f"worker{n}.log", "worker") for n in range(workers)]
        try:
            if not _wait_done(environment, 1200):
                raise SystemExit("not done: " + (folder / "worker0.log").read_text()[-3000:])
        finally:
            for worker in started:
                worker.send_signal(signal.SIGTERM)
            for worker in started:
                worker.wait(60)
        seen = met()
    pages = [one for one in seen if one.host != SHARED and not one.path.endswith((".txt", ".xml"))]
    # From the first page to the last: starting processes is not what is measured, and the last share's pause is.
    took = max(one.end for one in seen) - min(one.begin for one in seen)
    together, shortest = impolite(seen)
    polite = not together and shortest >= DELAY - _SLACK
    wanted = hosts * (PAGES + 1)
    twice = sum(count - 1 for count in Counter((one.host, one.path) for one in pages).values())
    print(
        f"{workers} 个 worker：{len(pages)} 页（应有 {wanted}，重复 {twice}），{took:.1f} 秒，{len(pages) / took:.1f} 页/秒；"
        f"同一主机并发 {together} 次，最短间隔 {shortest:.3f} 秒"
    )
    return len(pages) / took, polite and len(pages) == wanted and not twice


def killed(server: str, hosts: int, seconds: float) -> bool:
    """Three workers, one of which is killed every ten seconds and replaced; then the rest is done in peace."""
    rng = random.Random(7)
    with many_hosts(PAGES) as (port, met), installation(server, port, hosts) as environment:
        folder = Path(environment["ZHENGXUN_DATA_DIR"])
        log = folder / "workers.log"
        _program(environment, "tick")
        running = [_start(environment, log, "worker") for _ in range(3)]
        begun = time.monotonic()
        kills = 0
        ticks: list[subprocess.Popen[bytes]] = []
        while time.monotonic() - begun < seconds:
            time.sleep(max(0.0, begun + 10 * (kills + 1) - time.monotonic()))
            victim = running.pop(rng.randrange(len(running)))
            os.killpg(victim.pid, signal.SIGKILL)
            victim.wait()
            kills += 1
            running.append(_start(environment, log, "worker"))
            ticks.append(_start(environment, log, "tick"))
        for tick in ticks:
            tick.wait()
        while not _wait_done(environment, 30):
            _program(environment, "tick")
            if time.monotonic() - begun > seconds + 900:
                raise SystemExit("not done: " + log.read_text()[-3000:])
        for worker in running:
            worker.send_signal(signal.SIGTERM)
        for worker in running:
            worker.wait(60)
        seen = met()
        engine = create_engine(environment["ZHENGXUN_DATABASE_URL"])
        with engine.connect() as connection:

            def count(query: str) -> int:
                return int(connection.execute(text(query)).scalar_one())

            faults = {
                "targets never visited to the end": count("SELECT count(*) FROM targets WHERE last_run_at IS NULL"),
                "targets visited twice": count(
                    "SELECT count(*) FROM (SELECT target_id FROM crawl_run_targets GROUP BY 1 HAVING count(*) > 1) AS x"
                ),
                "open runs": count("SELECT count(*) FROM crawl_runs WHERE state <> 'done'"),
                "requests without outcome": count("SELECT count(*) FROM crawl_requests WHERE outcome IS NULL"),
                "pages missing": hosts * (PAGES + 1)
                - count("SELECT count(DISTINCT url) FROM pages WHERE snapshot_id IS NOT NULL"),
                "snapshots twice": count(
                    "SELECT count(*) FROM (SELECT page_id FROM snapshots GROUP BY 1 HAVING count(*) > 1) AS x"
                ),
            }
        engine.dispose()
        verified = json.loads(_program(environment, "evidence", "verify", "--all", "--json"))
    together, shortest = impolite(seen)
    print(
        f"杀死 {kills} 次：{faults}；同一主机并发 {together} 次，最短间隔 {shortest:.3f} 秒；证据完好 {verified['sound']}"
    )
    return not any(faults.values()) and not together and shortest >= DELAY - _SLACK and bool(verified["sound"])


def main() -> int:
    """Measure and print; 1 where a limit is not kept."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--server", default=SERVER)
    parser.add_argument("--hosts", type=int, default=400)
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 2, 4])
    parser.add_argument("--kill-seconds", type=float, default=180)
    options = parser.parse_args()
    good = True
    speeds = {}
    for workers in options.workers:
        speeds[workers], fine = speed(options.server, options.hosts, workers)
        good = good and fine
    for workers, least in ((2, TWO), (4, FOUR)):
        if 1 in speeds and workers in speeds:
            ratio = speeds[workers] / speeds[1]
            good = good and ratio >= least
            print(f"{workers} 个 worker 是 1 个的 {ratio:.2f} 倍（目标 ≥ {least}）")
    if options.kill_seconds:
        good = killed(options.server, options.hosts, options.kill_seconds) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
