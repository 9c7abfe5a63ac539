"""The main job through the command line: crawl, leads, digest, tick; on real pages, a real database, real worker processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.web import Site, Web, html
from tests.web import web as a_web
from tests.zhengxun.conftest import Zhengxun
from zhengxun.services import Services

#: As plain an offer as there is: whatever the weights become, this is a lead.
OFFER = (
    "<h1>考证直通车</h1><p>全国通用职业技能证书，内部渠道，包过包拿证，不用考试不用培训，交钱直接出证，七天拿证。</p>"
    "<p>国家认可，官网可查，终身有效。电工证、焊工证、健康管理师证全包过，1280元一本，办理加微信 zhengshu88，电话13800001234。</p>"
)
EDITED = OFFER.replace("七天拿证", "三天下证，先拿证后付款")
HONEST = "<h1>通知</h1><p>图书馆本周六上午九点举办读书会，欢迎居民参加，地点在二楼阅览室。</p>"
#: 09:00 in Shanghai: after the digest's time.
DAY = datetime.fromisoformat("2026-11-23T09:00:00+08:00")
DELIVERED_NOTHING: dict[str, list[Any]] = {"sent": [], "failed": [], "unclear": [], "problems": []}


@pytest.fixture
def web() -> Iterator[Web]:
    """An empty small web."""
    with a_web() as running:
        yield running


@pytest.fixture
def site(web: Web) -> Site:
    """A home page with an offer and an honest page behind it, and a link that leads nowhere."""
    links = '<a href="/offer.html">培训</a> <a href="/honest.html">通知</a> <a href="/gone.html">旧页</a>'
    return web.site(
        {"/": html(HONEST + links), "/offer.html": html(OFFER, "办证"), "/honest.html": html(HONEST, "通知")}
    )


def _on(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setenv("ZHENGXUN_NOW", moment.isoformat())


def _digest(folder: Path, day: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / f"digest-{day}.json").read_text("utf-8"))
    return found


@pytest.fixture
def watched(ready: Zhengxun, loopback: None, site: Site, monkeypatch: pytest.MonkeyPatch) -> Zhengxun:
    """The program with that site as target 1, on a simulated morning."""
    _on(monkeypatch, DAY)
    assert ready("targets", "add", site.url + "/", "--name", "样例").status == 0
    return ready


def test_crawl_to_digest(watched: Zhengxun, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole day of a liaison: crawl, digest, confirm; next day the page was edited and another lead dismissed."""
    ran = watched("crawl", "--all", "--json")
    assert ran.status == 1, ran.err
    report = ran.json
    assert {
        key: report[key] for key in ("run_id", "targets", "pages", "snapshots_new", "leads_new", "leads_reopened")
    } == {
        "run_id": 1,
        "targets": 1,
        "pages": {"ok": 3, "failed": 1},
        "snapshots_new": 3,
        "leads_new": 1,
        "leads_reopened": 0,
    }
    assert report["duration_s"] > 0
    (failure,) = report["failures"]
    assert failure["target_id"] == 1
    assert failure["url"] == site.url + "/gone.html"
    assert failure["outcome"] == "failed"
    assert "404" in failure["detail"]

    made = watched("digest", "--format", "html,json", "--out", tmp_path / "out")
    assert made.status == 0, made.err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "digest-2026-11-23.html",
        "digest-2026-11-23.json",
    ]
    first = _digest(tmp_path / "out", "2026-11-23")
    assert first["totals"]["new"] == 1
    (item,) = first["items"]
    assert (item["status"], item["page_url"], item["target"]) == ("new", site.url + "/offer.html", "样例")
    assert (tmp_path / "data" / "evidence" / item["evidence"]["warc"]).exists()

    again = watched("digest", "--format", "json", "--out", tmp_path / "again", "--json")
    assert again.json["created"] is False
    assert _digest(tmp_path / "again", "2026-11-23") == first

    (lead,) = watched("leads", "list", "--json").json
    assert watched("leads", "refer", lead["id"]).status == 2, "a lead is confirmed before it is referred"
    assert watched("leads", "confirm", lead["id"], "--by", "张三", "--reason", "属实").status == 0
    shown = watched("leads", "show", lead["id"], "--json").json
    assert [(event["kind"], event["actor"]) for event in shown["events"]] == [
        ("found", "system"),
        ("confirmed", "张三"),
    ]
    assert shown["review"] == "confirmed"
    assert "包过" in watched("leads", "show", lead["id"]).out

    _on(monkeypatch, DAY + timedelta(days=1))
    site.pages["/offer.html"] = html(EDITED, "办证")
    second_run = watched("crawl", "--all", "--json").json
    assert (second_run["snapshots_new"], second_run["leads_new"]) == (1, 0)
    watched("digest", "--format", "json", "--out", tmp_path / "out")
    (item,) = _digest(tmp_path / "out", "2026-11-24")["items"]
    assert (item["status"], item["changed"]) == ("still_online", True)
    assert any("先拿证后付款" in sentence for sentence in item["added"])
    assert any("七天拿证" in sentence for sentence in item["dropped"])

    (change,) = watched("leads", "show", lead["id"], "--diff", "--json").json["changes"]
    assert any("先拿证后付款" in sentence for sentence in change["added"])
    assert any("七天拿证" in sentence for sentence in change["dropped"])
    assert "＋ " in watched("leads", "show", lead["id"], "--diff").out

    _on(monkeypatch, DAY + timedelta(days=2))
    late = watched("leads", "dismiss", lead["id"], "--by", "李四", "--seen", 2)
    assert (late.status, "已有新的记录" in late.err) == (2, True), "the page was edited since"
    assert watched("leads", "undo", lead["id"], "--by", "李四").status == 2, "only its author takes a decision back"
    assert watched("leads", "undo", lead["id"], "--by", "张三").status == 0
    assert watched("leads", "assign", lead["id"], "--to", "王五").status == 0
    (mine,) = watched("leads", "list", "--owner", "王五", "--json").json
    assert (mine["review"], mine["owner"], mine["version"]) == ("pending", "王五", 5)
    assert watched("leads", "dismiss", lead["id"], "--code", "W2", "--reason", "误报").status == 0
    watched("digest", "--format", "json", "--out", tmp_path / "out")
    assert _digest(tmp_path / "out", "2026-11-25")["items"] == []


def test_a_day_to_come_has_no_digest(watched: Zhengxun) -> None:
    """Tomorrow's digest is bad input."""
    ran = watched("digest", "--date", "2026-11-24")
    assert ran.status == 2
    assert "还没有到" in ran.err


def test_a_kind_without_spider_is_a_gap(
    ready: Zhengxun, loopback: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such a target ends in failed / unsupported_kind and stands in the digest's coverage, never in silence."""
    _on(monkeypatch, DAY)
    ready("targets", "add", "https://www.douyin.com/user/1", "--name", "某抖音号")
    report = ready("crawl", "--all", "--json")
    assert report.status == 1
    assert report.json["pages"] == {"failed": 1}
    assert report.json["failures"][0]["reason"] == "unsupported_kind"
    ready("digest", "--format", "json", "--out", tmp_path)
    coverage = _digest(tmp_path, "2026-11-23")["coverage"]
    assert (coverage["targets_planned"], coverage["targets_ok"]) == (1, 0)
    assert [gap["name"] for gap in coverage["gaps"]] == ["某抖音号"]


def test_an_interrupted_run_is_finished_first(watched: Zhengxun, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a killed process left is done by the next crawl; it is that crawl's visit, unless it was of another day."""
    services = Services.load("data")
    with services.store() as store:
        store.begin_run([1])
    first = watched("crawl", "--all", "--max-pages", 1, "--json")
    assert "先做完上次中断的第 1 次采集，页数仍按它自己的上限，--max-pages 对它不起作用。\n" in first.err
    report = first.json
    assert (report["run_id"], report["resumed_runs"], report["targets"]) == (1, [1], 1)
    assert report["pages"] == {"ok": 3, "failed": 1}, "the same visit, not a second one"
    with services.store() as store:
        assert store.interrupted_runs() == []
        store.begin_run([1])
    _on(monkeypatch, DAY + timedelta(days=1))
    later = watched("crawl", "--all", "--json").json
    assert (later["run_id"], later["resumed_runs"]) == (3, [2])
    assert later["pages"]["unchanged"] == 6


def test_named_targets_and_a_smaller_budget(watched: Zhengxun) -> None:
    """--target takes numbers, --max-pages cuts this run only; an unknown number is bad input."""
    assert watched("crawl", "--target", 7).status == 2
    report = watched("crawl", "--target", 1, "--max-pages", 1, "--json").json
    assert sum(count for outcome, count in report["pages"].items() if outcome != "deferred") == 1
    assert report["pages"]["deferred"] >= 1


def test_a_held_lock_ends_with_3(watched: Zhengxun) -> None:
    """A second crawl or digest does not start; it says who is at it."""
    services = Services.load("data")
    with services.lock("crawl"):
        ran = watched("crawl", "--all")
        assert ran.status == 3
        assert "crawl" in ran.err
    with services.lock("digest"):
        assert watched("digest").status == 3


def test_nothing_due_is_no_failure(ready: Zhengxun, loopback: None) -> None:
    """Without targets a crawl says so and ends with 0."""
    assert ready("crawl", "--due").status == 0
    assert ready("crawl", "--all", "--json").json["run_id"] is None


def test_tick_does_what_is_due_and_only_once(
    watched: Zhengxun, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Crawl and digest once; a second tick finds nothing; the next days are caught up after an outage."""
    digests = tmp_path / "data" / "digests"
    _on(monkeypatch, DAY.replace(hour=7))
    early = watched("tick", "--json").json
    assert early["crawl"]["run_id"] == 1
    assert early["digests"] == [], "before 08:00 there is no digest"
    _on(monkeypatch, DAY)
    assert [made["date"] for made in watched("tick", "--json").json["digests"]] == ["2026-11-23"]
    assert sorted(path.suffix for path in digests.iterdir()) == [".docx", ".html", ".json", ".xlsx"]
    asked = len(site.seen)
    idle = watched("tick", "--json")
    assert (idle.status, idle.json) == (
        0,
        {
            "crawl": None,
            "recheck": None,
            "digests": [],
            "blacklist": [],
            "alarms": [],
            "delivery": DELIVERED_NOTHING,
            "upkeep": None,
            "held": [],
            "queued": None,
        },
    )
    assert len(site.seen) == asked

    (digests / "digest-2026-11-23.xlsx").unlink()
    (rewritten,) = watched("tick", "--json").json["digests"]
    assert rewritten["created"] is False
    assert (digests / "digest-2026-11-23.xlsx").exists()

    _on(monkeypatch, DAY + timedelta(days=3))
    late = watched("tick", "--json").json
    assert late["crawl"]["run_id"] == 2
    assert [made["date"] for made in late["digests"]] == ["2026-11-24", "2026-11-25", "2026-11-26"]
    days = ("2026-11-24", "2026-11-25", "2026-11-26")
    assert [_digest(digests, day)["items"][0]["status"] for day in days] == [
        "unverifiable",
        "unverifiable",
        "still_online",
    ], "on days without a crawl nobody looked at the page"


def test_tick_leaves_a_running_crawl_alone_and_waits_with_the_digest_for_a_while(
    watched: Zhengxun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While another process crawls: status 3; the digest waits for a young run, but not for ever."""
    services = Services.load("data")
    with services.store() as store, services.lock("crawl"):
        store.begin_run([1])
        young = watched("tick", "--json")
        assert young.status == 3
        assert young.json["digests"] == []
        _on(monkeypatch, DAY + timedelta(minutes=31))
        old = watched("tick", "--json")
        assert old.status == 3
        assert [made["date"] for made in old.json["digests"]] == ["2026-11-23"]


def test_worker_processes_judge_by_the_users_own_rules(watched: Zhengxun, tmp_path: Path) -> None:
    """Rules in the data directory are what leads are found by, not the bundled ones."""
    from classifiers.loader import BUNDLED

    rules = tmp_path / "data" / "rules"
    rules.mkdir()
    first = min(BUNDLED.glob("*.yaml"))
    (rules / first.name).write_text(first.read_text("utf-8") + "# own\n", "utf-8")
    services = Services.load("data")
    assert services.rule_pack != Services.load("elsewhere").rule_pack
    watched("crawl", "--all")
    (lead,) = watched("leads", "list", "--json").json
    assert watched("leads", "show", lead["id"], "--json").json["assessment"]["rule_pack"] == services.rule_pack


def test_a_crawl_that_cannot_be_made_costs_no_digest(watched: Zhengxun, tmp_path: Path) -> None:
    """With a broken rule pack nothing is crawled and the status says so; the digest is made with its coverage gap."""
    rules = tmp_path / "data" / "rules"
    rules.mkdir()
    (rules / "99.yaml").write_text("pack: rules\nrules: broken\n", "utf-8")
    ran = watched("tick", "--json")
    assert ran.status == 2
    assert "99.yaml" in ran.err
    assert [made["date"] for made in ran.json["digests"]] == ["2026-11-23"]
    coverage = _digest(tmp_path / "data" / "digests", "2026-11-23")["coverage"]
    assert (coverage["targets_planned"], coverage["targets_ok"]) == (1, 0)


def _environment(**more: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"} | more


def test_two_ticks_at_once_crawl_once(watched: Zhengxun, tmp_path: Path) -> None:
    """Two processes started together: one does the work, the other finds the lock held or nothing to do."""
    command = [sys.executable, "-m", "zhengxun", "--data-dir", str(tmp_path / "data"), "tick", "--json"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=_environment()) for _ in "ab"]
    ended = [(process.communicate(timeout=60), process.returncode) for process in both]
    reports = [json.loads(out) for (out, _), _ in ended if out or pytest.fail(str(ended))]
    # 1: the link that leads nowhere; 3: the other one held a lock; 0: it came after all was done.
    assert {status for _, status in ended} <= {0, 1, 3}, ended
    with Services.load(tmp_path / "data").store() as store:
        assert len(store.recent_runs(5)) == 1
        assert len(store.digests.list()) == 1
        assert store.digests.frozen(DAY.date()).items, reports  # type: ignore[union-attr]


def test_a_killed_crawl_is_finished_by_the_next(watched: Zhengxun, site: Site, tmp_path: Path) -> None:
    """kill -9 in the middle: the lock is free, nothing is lost, nothing is there twice."""
    for number in range(30):
        site.pages[f"/p{number}.html"] = html(HONEST.replace("周六", f"周六第{number}场"), f"第{number}页")
    links = "".join(f'<a href="/p{number}.html">第{number}页</a>' for number in range(30))
    site.pages["/"] = html(HONEST + links)
    command = [sys.executable, "-m", "zhengxun", "--data-dir", str(tmp_path / "data"), "crawl", "--all"]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=_environment(ZHENGXUN_CRAWL_DELAY="0.1")
    )
    deadline = time.monotonic() + 30
    while len(site.seen) < 12 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    process.wait()
    report = watched("crawl", "--due", "--json").json
    assert report["resumed_runs"] == [1]
    with Services.load("data").store() as store:
        assert store.run_summary(1).pages["ok"] == 31
        assert store.run_summary(1).snapshots_new == 31


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGTERM, 1), (signal.SIGINT, 130)])
def test_a_signal_ends_a_crawl_in_order(
    watched: Zhengxun, site: Site, tmp_path: Path, sent: signal.Signals, status: int
) -> None:
    """What is under way is stored, the run stays unfinished, counts so far are printed, the message says it goes on."""
    site.pages["/"] = html(HONEST + "".join(f'<a href="/p{number}.html">页</a>' for number in range(30)))
    for number in range(30):
        site.pages[f"/p{number}.html"] = html(HONEST.replace("周六", f"周六第{number}场"))
    command = [sys.executable, "-m", "zhengxun", "--data-dir", str(tmp_path / "data"), "crawl", "--all", "--json"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=_environment(ZHENGXUN_CRAWL_DELAY="0.2"),
    )
    deadline = time.monotonic() + 30
    while len(site.seen) < 5 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(sent)
    out, said = process.communicate(timeout=30)
    assert process.returncode == status
    assert "接着做完" in said
    report = json.loads(out)
    assert (report["interrupted"], report["run_id"], report["targets"]) == (True, 1, 1)
    with Services.load("data").store() as store:
        (left,) = store.interrupted_runs()
        assert store.run_summary(left.id).pages == report["pages"]
        assert report["pages"]["ok"] >= 1


def test_check_tries_an_address_and_keeps_nothing(watched: Zhengxun, site: Site, tmp_path: Path) -> None:
    """Reachability, encoding, robots and what the classifier says, without a trace in database or evidence."""
    site.pages["/robots.txt"] = b"User-agent: *\nDisallow: /honest.html\n"
    site.pages["/offer.html"] = html(OFFER, "办证", charset="gbk")
    tried = watched("targets", "check", site.url + "/offer.html", "--json")
    assert tried.status == 0, tried.err
    assert tried.json["reachable"] is True
    assert tried.json["encoding"] in {"gbk", "gb18030"}
    assert tried.json["pages"][0]["flagged"] is True
    forbidden = watched("targets", "check", site.url + "/honest.html", "--json")
    assert (forbidden.status, forbidden.json["robots"]) == (1, "forbidden")
    assert "可读" not in watched("targets", "check", site.url + "/nothing").out
    assert len(watched("targets", "list", "--json").json) == 1
    assert not list((tmp_path / "data" / "evidence").rglob("*.warc*"))
