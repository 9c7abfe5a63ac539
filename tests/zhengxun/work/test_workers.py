"""Several workers on one PostgreSQL: shares, the queue, politeness between processes, and workers that go away."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from crawler.process import StopRequest
from domain.crawl import RunKind
from domain.errors import LockHeld
from domain.target import Scope, Target, TargetKind
from storage import Store
from tests.hosts import SHARED, Met, host, impolite, many_hosts
from tests.postgres import database_or_skip
from tests.zhengxun.conftest import Zhengxun
from zhengxun.jobs.shares import crawl_share, plan_shares
from zhengxun.services import Services
from zhengxun.work.queue import JobName, open_queue, read_state

PAGES = 1
DELAY = 0.2
#: Clocks of two processes on one machine agree; reading them takes a moment.
SLACK = 0.02


@pytest.fixture
def database(clean_environment: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """An installation that shares its work, with nothing in it."""
    with database_or_skip() as url:
        for name, value in {
            "DATA_DIR": str(tmp_path / "data"),
            "DATABASE_URL": url,
            "WORKERS": "true",
            "SHARE_HOSTS": "2",
            "ALLOW_NETWORKS": "127.0.0.0/8",
            "CRAWL_DELAY": str(DELAY),
            "PROCESSES": "1",
            "SCREENSHOTS": "false",
        }.items():
            monkeypatch.setenv(f"ZHENGXUN_{name}", value)
        Services.load().prepare()
        yield url


@pytest.fixture
def hosts() -> Iterator[tuple[int, Callable[[], list[Met]]]]:
    """The local hosts."""
    with many_hosts(PAGES) as running:
        yield running


def add_targets(store: Store, port: int, count: int) -> list[int]:
    """One target for each of so many hosts."""
    return [
        store.targets.add(
            name=host(number),
            url=f"http://{host(number)}:{port}/",
            kind=TargetKind.WEBSITE,
            schedule="0 4 * * *",
            scope=Scope(hosts=(f"{host(number)}:{port}",)),
        )[0].id
        for number in range(count)
    ]


def worker(*arguments: str) -> subprocess.Popen[str]:
    """A worker process in the environment of the test."""
    return subprocess.Popen(
        [sys.executable, "-m", "zhengxun", "worker", *arguments],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_workers_visit_every_host_once_and_are_polite_together(
    database: str, hosts: tuple[int, Callable[[], list[Met]]], zhengxun: Zhengxun
) -> None:
    """What no single process can see: the pictures' host, which they share, is asked by one at a time, after its pause."""
    port, met = hosts
    services = Services.load()
    with services.store() as store:
        add_targets(store, port, 4)
    told = zhengxun("tick", "--json").json
    assert told["queued"]["jobs"][JobName.CRAWL.value] == 2
    assert told["queued"]["targets"] == 4
    assert zhengxun("tick", "--json").json["queued"]["targets"] == 0
    workers = [worker("--once"), worker("--once")]
    for process in workers:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
    seen = met()
    pages = Counter((one.host, one.path) for one in seen if one.path.endswith((".html", "/")))
    assert len(pages) == 4 * (PAGES + 1)
    assert set(pages.values()) == {1}
    together, shortest = impolite(seen)
    assert together == 0
    assert shortest >= DELAY - SLACK
    assert any(one.host == SHARED for one in seen)
    with services.store() as store:
        assert all(target.last_run_at for target in store.targets.list())
        assert store.interrupted_runs() == []
    assert json.loads(zhengxun("evidence", "verify", "--all", "--json").out)["sound"] is True
    assert zhengxun("tick").status == 0
    assert read_state(database).doing == 0


def test_a_share_goes_on_with_what_a_lost_worker_left(
    database: str, hosts: tuple[int, Callable[[], list[Met]]]
) -> None:
    """The run that was left open is finished, also where the shares are cut otherwise; nothing of it is fetched twice."""
    port, met = hosts
    services = Services.load()
    with services.store() as store:
        first, second, third = add_targets(store, port, 3)
        left = store.begin_run([first, second])
        shares = plan_shares(store, [store.targets.get(third)], set(), hosts=2)
        assert sorted(target_id for share in shares for target_id in share) == [first, second, third]
        report = crawl_share(services, [second, third], StopRequest())
        assert [summary.run_id for summary in report.resumed] == [left.id]
        assert report.run is not None
        assert report.run.targets == 1
        again = crawl_share(services, [first, second, third], StopRequest())
        assert (again.resumed, again.run) == ((), None)
        assert store.interrupted_runs() == []
    pages = Counter((one.host, one.path) for one in met() if one.path.endswith((".html", "/")))
    assert len(pages) == 3 * (PAGES + 1)
    assert set(pages.values()) == {1}


def test_what_another_worker_has_in_hand_is_left_alone(database: str) -> None:
    """Its host is not visited, and its unfinished run not taken for a lost one."""
    services = Services.load()
    with services.store() as store:
        (target_id,) = add_targets(store, 9, 1)
        run = store.begin_run([target_id], RunKind.CRAWL)
        with services.free_hosts([host(0)]):
            report = crawl_share(services, [target_id], StopRequest())
        assert (report.resumed, report.run) == ((), None)
        assert [open_run.id for open_run in store.interrupted_runs()] == [run.id]


def test_a_crawl_by_hand_and_workers_keep_out_of_each_others_way(database: str) -> None:
    """One holds the crawl's lock whole, the others share it."""
    services = Services.load()
    with services.lock("crawl"), pytest.raises(LockHeld):
        crawl_share(services, [1], StopRequest())


def test_targets_of_a_host_stay_together() -> None:
    """Whatever their addresses and kinds; what has no host stands alone."""

    class Nothing:
        def interrupted_runs(self) -> list[object]:
            return []

    one = Target(1, "a", "https://a.example/x/", TargetKind.WEBSITE, "0 4 * * *", Scope(("a.example",)))
    others = [
        replace(one, id=2, url="https://b.example/"),
        replace(one, id=3, url="https://A.example:443/feed", kind=TargetKind.FEED),
        replace(one, id=4, kind=TargetKind.INTAKE),
        replace(one, id=5, url="http://c.example/"),
    ]
    store: Store = Nothing()  # type: ignore[assignment]
    assert plan_shares(store, [one, *others], {5}, hosts=2) == [(1, 3, 2), (4,)]


def test_a_worker_that_is_told_to_stop_gives_its_share_back(
    database: str, hosts: tuple[int, Callable[[], list[Met]]], zhengxun: Zhengxun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends with status 0 after what was under way; the job waits again, and the run is finished by the next worker."""
    monkeypatch.setenv("ZHENGXUN_CRAWL_DELAY", "3")
    port, _ = hosts
    services = Services.load()
    with services.store() as store:
        add_targets(store, port, 2)
        zhengxun("tick")
        process = worker()
        while not store.interrupted_runs():
            assert process.poll() is None, process.communicate()
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
        assert len(store.interrupted_runs()) == 1
    state = read_state(database)
    assert state.doing == 0
    assert state.waiting >= 1
    with open_queue(database) as queue:
        assert len(queue.crawling()) == 2


def test_without_postgresql_a_worker_says_so(
    zhengxun: Zhengxun, initialised: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not set up: status 4."""
    zhengxun("init")
    ran = zhengxun("worker", "--once")
    assert ran.status == 4
    assert "须使用 PostgreSQL" in ran.err
