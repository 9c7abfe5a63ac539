"""复核 over simulated days on local sites: whatever a page does, its lead says what is so, and no removal that is none."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from crawler.settings import CrawlSettings
from domain.crawl import RunKind
from tests.web import Answer, Site, Web, html, redirect
from tests.web import web as a_web
from tests.zhengxun.conftest import Zhengxun
from tests.zhengxun.test_jobs import EDITED, HONEST, OFFER, _on
from zhengxun.services import Services

DAY = datetime.fromisoformat("2026-11-23T09:00:00+08:00")
CAPTCHA = "<div class='geetest_holder'></div><p>安全验证：请完成下方验证后继续访问</p>"
LOGIN = "<form><input name='user' type='text'><input type='password' name='p'><button>登录</button></form>"
NOTICE = "<p>该内容因违规已被删除，无法查看。</p>"
SOFT = "<h1>提示信息</h1><p>文章不存在或已被删除</p>"
PARKED = "<h1>该域名正在出售</h1><p>购买此域名请联系域名停放服务商</p>"
DEAD = Answer(raw=b"")


@pytest.fixture
def web() -> Iterator[Web]:
    """An empty small web."""
    with a_web() as running:
        yield running


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dead site is asked again at once, not after seconds."""
    usual: Callable[[Services], CrawlSettings] = Services.crawl_settings
    monkeypatch.setattr(Services, "crawl_settings", lambda self: replace(usual(self), retry_wait=0.0))


def _site(web: Web) -> Site:
    return web.site({"/": html(HONEST + '<a href="/offer.html">培训</a>'), "/offer.html": html(OFFER, "办证")})


def _watch(run: Zhengxun, sites: dict[str, Site], folder: Path) -> None:
    rows = "\n".join(f"{name},{site.url}/" for name, site in sites.items())
    (folder / "targets.csv").write_text(f"名称,网址\n{rows}\n", "utf-8")
    assert run("targets", "import", folder / "targets.csv").status == 0


def _verdicts(run: Zhengxun, *arguments: str) -> dict[str, Any]:
    document = run("recheck", "--json", *arguments).json
    return {result["target"]: result for result in document["results"]}


def test_every_fate_of_a_page_over_some_days(
    ready: Zhengxun, loopback: None, impatient: None, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thirteen sites: each page's state is right on each day, and nothing is called removed that is not."""
    fates = "stays removed notice fixed edited returned down captcha login soft home parked renamed copied later"
    sites = {name: _site(web) for name in fates.split()}
    sites["later"].pages["/offer.html"] = html(HONEST, "通知")
    _on(monkeypatch, DAY)
    _watch(ready, sites, tmp_path)
    assert ready("crawl", "--all", "--json").json["leads_new"] == len(sites) - 1
    assert ready("recheck", "--json").json["run_id"] is None, "nothing is due yet"

    def page(name: str, answer: object, path: str = "/offer.html") -> None:
        sites[name].pages[path] = answer

    page("removed", Answer(b"", 404))
    page("notice", html(NOTICE))
    page("fixed", html(HONEST, "通知"))
    page("edited", html(EDITED, "办证"))
    page("returned", Answer(b"", 410))
    sites["down"].pages = {"*": DEAD}
    page("captcha", html(CAPTCHA))
    page("login", redirect("/login"))
    page("login", html(LOGIN, "用户登录"), "/login")
    page("soft", html(SOFT, "提示信息"))
    page("home", redirect("/"))
    sites["parked"].pages = {"*": html(PARKED, "域名出售")}
    page("renamed", redirect("/kaozheng/1.html", 301))
    page("renamed", html(OFFER, "办证"), "/kaozheng/1.html")

    gone = {"removed", "notice", "returned", "soft", "home", "parked"}
    unsure = {"down", "captcha", "login"}
    _on(monkeypatch, DAY + timedelta(hours=24))
    first = _verdicts(ready)
    assert set(first) == set(sites) - {"later"}
    for name in gone:
        assert first[name]["verdict"] == "unverifiable"
        assert "疑似下线，待复核" in first[name]["ground"], name
    for name in unsure:
        assert first[name]["verdict"] == "unverifiable", name
    assert "整站无法访问" in first["down"]["ground"]
    assert "验证码" in first["captcha"]["ground"]
    assert "登录" in first["login"]["ground"]
    assert first["fixed"]["verdict"] == "corrected"
    assert (first["edited"]["verdict"], first["edited"]["changed"]) == ("still_online", True)
    for name in ("stays", "copied", "renamed"):
        assert (first[name]["verdict"], first[name]["changed"]) == ("still_online", False), name
    with Services.load("data").store() as store:
        assert [run.kind for run in store.recent_runs(2)] == [RunKind.RECHECK, RunKind.CRAWL]
        assert {target.last_run_at for target in store.targets.list()} == {DAY}, "a recheck is no visit of the target"

    # Seven hours later only what is in doubt is due, and a second look settles it; not the site that is down.
    _on(monkeypatch, DAY + timedelta(hours=31))
    second = _verdicts(ready)
    assert set(second) == gone
    assert {result["verdict"] for result in second.values()} == {"removed"}
    assert "域名停放" in second["parked"]["ground"]

    # Next day: one comes back, one is copied to another host, an ad appears where there was none.
    page("returned", html(OFFER, "办证"))
    page("later", html(OFFER.replace("考证直通车", "新班"), "办证"))
    copy = _site(web)
    _watch(ready, {"copy": copy}, tmp_path)
    _on(monkeypatch, DAY + timedelta(hours=72))
    crawled = ready("crawl", "--all", "--json").json
    assert (crawled["leads_new"], crawled["leads_reopened"]) == (2, 1)
    assert _verdicts(ready) == {}, "the crawl has just looked at all of them"

    # The site that stays down counts as shut only after 72 hours.
    _on(monkeypatch, DAY + timedelta(hours=97))
    late = _verdicts(ready, "--all")
    assert (late["down"]["verdict"], late["returned"]["verdict"]) == ("removed", "still_online")
    assert late["down"]["ground"].startswith("整站关闭")
    assert (late["captcha"]["verdict"], late["login"]["verdict"]) == ("unverifiable", "unverifiable")

    leads = {lead["target"]: lead["presence"] for lead in ready("leads", "list", "--json").json}
    expected = dict.fromkeys(gone | {"down"}, "removed") | dict.fromkeys(("captcha", "login"), "unverifiable")
    expected |= dict.fromkeys(("stays", "edited", "copied", "renamed", "later", "copy"), "online")
    assert leads == expected | {"fixed": "corrected", "returned": "reappeared"}
    ready("digest", "--format", "json", "--out", tmp_path / "out")
    (digest,) = (tmp_path / "out").iterdir()
    statuses = {item["target"]: item["status"] for item in json.loads(digest.read_text("utf-8"))["items"]}
    assert {name for name, status in statuses.items() if status == "removed"} == (gone | {"down"}) - {"returned"}
    assert (statuses["fixed"], statuses["captcha"], statuses["login"]) == ("corrected", "unverifiable", "unverifiable")


def test_a_cut_line_of_our_own_closes_nothing(
    ready: Zhengxun, loopback: None, impatient: None, web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With no site answering, days of silence say nothing; a killed recheck is finished by the next one; locks hold."""
    sites = {name: _site(web) for name in ("a", "b")}
    _on(monkeypatch, DAY)
    _watch(ready, sites, tmp_path)
    ready("crawl", "--all")
    for site in sites.values():
        site.pages = {"*": DEAD}
    for days in (1, 5, 9):
        _on(monkeypatch, DAY + timedelta(days=days))
        found = ready("recheck", "--all", "--json")
        assert (found.status, found.json["verdicts"]["unverifiable"]) == (1, 2)
    assert {lead["presence"] for lead in ready("leads", "list", "--json").json} == {"unverifiable"}

    services = Services.load("data")
    with services.store() as store:
        run = store.begin_run([1], RunKind.RECHECK)
    _on(monkeypatch, DAY + timedelta(days=10))
    resumed = ready("tick", "--json").json
    assert run.id in resumed["crawl"]["resumed_runs"]
    with services.lock("crawl"):
        assert ready("recheck").status == 3
