"""A crawl from end to end: every planned request ends in exactly one outcome, and what was kept can be proved."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

import crawler
from crawler.analysis_worker import extract_only
from crawler.memory_ledger import MemoryLedger
from crawler.politeness import TurnsLost
from crawler.process import StopRequest
from crawler.warc import locate
from domain.crawl import Outcome
from domain.document import PageVerdict
from domain.errors import BadRulePack, LockHeld
from domain.target import RobotsOverride, Scope
from tests.crawler.crawling import crawl, ends, now, outcomes, read_simply, settings_for, target_of
from tests.web import Answer, Seen, html, redirect, web

ROOT = Path(__file__).resolve().parents[2]


def test_follows_links_within_the_target_and_records_each_once(tmp_path: Path) -> None:
    """Pages of the site are fetched once; links to other hosts, pictures and scripts are not asked for."""
    with web() as net:
        other = net.site({"*": "别的网站"})
        site = net.site(
            {
                "/": f'首页 <a href="/a">甲</a> <a href="/a#x">甲</a> <a href="{other.url}/">外</a> <a href="/x.jpg">图</a>',
                "/a": '甲页 <a href="/">首页</a> <a href="/b?utm_source=x">乙</a>',
                "/b": "乙页",
            }
        )
        ledger = crawl([target_of(site)], tmp_path)
        assert ends(ledger) == {"/": ("ok", None), "/a": ("ok", None), "/b": ("ok", None)}
        assert sorted(site.paths()) == ["/", "/a", "/b", "/robots.txt"]
        assert other.seen == []


def test_statuses_and_verdicts_have_their_outcomes(tmp_path: Path) -> None:
    """Each kind of answer ends in the outcome and reason that people will read."""
    pages: dict[str, object] = {
        "/gone": Answer(b"", 404),
        "/deleted": Answer(b"", 410),
        "/forbidden": Answer(b"no", 403),
        "/login": Answer(b"", 401),
        "/legal": Answer(b"", 451),
        "/broken": Answer(b"", 500),
        "/captcha": "verdict:captcha",
        "/wall": "verdict:login_wall",
        "/soft": "verdict:soft_404",
        "/parked": "verdict:parked",
        "/empty": "verdict:empty",
        "/violation": "verdict:violation",
        "/failed": "verdict:failed",
        "/cut": "verdict:truncated",
        "/nothing": Answer(b"", 204),
    }
    pages["/"] = "".join(f'<a href="{path}">链接</a>' for path in pages)
    with web() as net:
        ledger = crawl([target_of(net.site(pages))], tmp_path)
    assert ends(ledger) == {
        "/": ("ok", None),
        "/gone": ("failed", "http_404"),
        "/deleted": ("failed", "http_410"),
        "/forbidden": ("blocked", "http_403"),
        "/login": ("blocked", "http_401"),
        "/legal": ("blocked", "http_451"),
        "/broken": ("failed", "http_500"),
        "/captcha": ("blocked", "captcha"),
        "/wall": ("blocked", "login_wall"),
        "/soft": ("empty", "soft_404"),
        "/parked": ("empty", "parked"),
        "/empty": ("empty", "empty"),
        "/violation": ("empty", "violation"),
        "/failed": ("failed", "extraction"),
        "/cut": ("failed", "truncated"),
        "/nothing": ("ok", None),
    }
    verdicts = {visit.outcome.request.url.rpartition("/")[2]: visit.verdict for visit in ledger.visits.values()}
    assert verdicts["violation"] is PageVerdict.VIOLATION
    assert all(one.detail and "。" in one.detail for one in outcomes(ledger).values() if one.outcome is not Outcome.OK)


def test_server_errors_are_tried_again_within_bounds(tmp_path: Path) -> None:
    """A page that answers at the second try is kept; one that never does is asked for three times, not more."""
    answers = iter([Answer(b"", 503), html("好了")])
    with web() as net:
        site = net.site(
            {
                "/": '<a href="/shaky">一</a><a href="/busy">二</a>',
                "/shaky": lambda seen: next(answers),
                "/busy": Answer(b"", 429, {"Retry-After": "0"}),
            }
        )
        ledger = crawl([target_of(site)], tmp_path)
        assert ends(ledger)["/shaky"] == ("ok", None)
        assert ends(ledger)["/busy"] == ("blocked", "http_429")
        assert site.paths().count("/busy") == 3


def test_retry_after_is_honoured(tmp_path: Path) -> None:
    """The host is left alone for as long as it asked, up to the cap."""
    answers = iter([Answer(b"", 503, {"Retry-After": "1"}), html("好了")])
    with web() as net:
        site = net.site({"/": lambda seen: next(answers)})
        assert ends(crawl([target_of(site)], tmp_path)) == {"/": ("ok", None)}
        first, second = [seen.at for seen in site.seen if seen.path == "/"]
        assert second - first >= 1.0


def test_second_crawl_of_an_unchanged_site_keeps_nothing_new(tmp_path: Path) -> None:
    """With validators a page costs a 304; without, its bytes are compared; new bytes with the same text are unchanged."""
    stamp = iter(range(100))

    def tagged(seen: Seen) -> Answer:
        if seen.headers.get("if-none-match") == '"v1"':
            return Answer(b"", 304)
        return Answer("带标签的页面".encode(), headers={"ETag": '"v1"', "Content-Type": "text/html; charset=utf-8"})

    with web() as net:
        site = net.site(
            {
                "/": '<a href="/tag">一</a><a href="/plain">二</a><a href="/stamped">三</a>',
                "/tag": tagged,
                "/plain": "没有标签的页面",
                "/stamped": lambda seen: html(f"每次字节都不同<!-- {next(stamp)} -->").body,
            }
        )
        ledger = crawl([target_of(site)], tmp_path)
        assert set(ends(ledger).values()) == {("ok", None)}
        crawl([target_of(site)], tmp_path, ledger=ledger, run_id=2)
    assert ends(ledger, 2) == {
        "/": ("unchanged", "same_bytes"),
        "/tag": ("unchanged", "not_modified"),
        "/plain": ("unchanged", "same_bytes"),
        "/stamped": ("unchanged", "same_text"),
    }
    assert not any(visit.snapshot for visit in ledger.visits.values() if visit.outcome.request.run_id == 2)


def test_kept_versions_can_be_read_back_and_checked(tmp_path: Path) -> None:
    """A snapshot's WARC record holds the received bytes still packed, its redirect, the IP address; digests hold."""
    import gzip

    packed = gzip.compress("压缩的页面内容".encode())
    headers = {"Content-Type": "text/html; charset=utf-8", "Content-Encoding": "gzip", "Set-Cookie": "a=1; Domain=x.cn"}
    with web() as net:
        site = net.site({"/": redirect("/home"), "/home": Answer(packed, headers=headers)})
        ledger = crawl([target_of(site)], tmp_path)
    visits = {visit.outcome.request.url.rpartition("/")[2]: visit for visit in ledger.visits.values()}
    assert ends(ledger) == {"/home": ("ok", None), "/": ("unchanged", "redirected")}
    snapshot = visits["home"].snapshot
    assert snapshot is not None
    assert snapshot.redirects == (site.url + "/",)
    assert snapshot.ip_address == site.address
    assert visits["home"].documents[0].document.text == "压缩的页面内容"
    with locate(tmp_path, snapshot.warc.file).open("rb") as file:
        file.seek(snapshot.warc.offset)
        record = next(iter(ArchiveIterator(file, check_digests=True)))
        assert record.rec_headers.get_header("WARC-Record-ID") == snapshot.warc.record_id
        assert record.raw_stream.read().endswith(packed)
        assert record.digest_checker.passed
    with locate(tmp_path, snapshot.warc.file).open("rb") as file:
        kinds = []
        for record in ArchiveIterator(file, check_digests=True):
            record.content_stream().read()
            kinds.append((record.rec_type, record.http_headers and record.http_headers.statusline))
            assert record.digest_checker.passed
    assert kinds == [
        ("warcinfo", None),
        ("response", "302 Found"),
        ("request", "/ HTTP/1.1"),
        ("response", "200 OK"),
        ("request", "/home HTTP/1.1"),
    ]


def test_redirects_end_in_words(tmp_path: Path) -> None:
    """Loops, endless chains, ways out of the target and into refused addresses are not followed to the bitter end."""
    with web() as net:
        other = net.site({"*": "别的网站"})
        site = net.site(
            {
                "/": "".join(f'<a href="/{name}">x</a>' for name in ("loop", "self", "endless", "out", "meta", "bad")),
                "/loop": redirect("/pool"),
                "/pool": redirect("/loop"),
                "/self": redirect("/self"),
                "/endless": lambda seen: redirect(f"/endless?n={len(site.seen)}"),
                "/out": redirect(other.url + "/x"),
                "/meta": redirect("http://169.254.169.254/latest/meta-data/"),
                "/bad": redirect("javascript:alert(1)"),
            }
        )
        ledger = crawl([target_of(site)], tmp_path)
        found = ends(ledger)
        assert found["/loop"] == found["/self"] == found["/endless"] == ("failed", "redirect_loop")
        assert found["/out"] == ("failed", "redirected_out_of_scope")
        assert found["/meta"] == ("failed", "refused_address")
        assert found["/bad"] == ("failed", "redirect_bad")
        assert other.seen == []
        assert sum(path.startswith("/endless") for path in site.paths()) == 9
        assert outcomes(ledger)["/out"].final_url == other.url + "/x"


def test_pages_behind_one_login_wall_are_blocked_with_one_visit_of_it(tmp_path: Path) -> None:
    """Links that lead to the login page are blocked themselves; the login page is fetched once."""
    with web() as net:
        site = net.site(
            {
                "/": "".join(f'<a href="/member/{n}">会员{n}</a>' for n in range(5)),
                "*": lambda seen: redirect("/login") if seen.path.startswith("/member") else None,
                "/login": "verdict:login_wall slow-read",
            }
        )
        found = ends(crawl([target_of(site)], tmp_path))
        assert [found[f"/member/{n}"] for n in range(5)] == [("blocked", "login_wall")] * 5
        assert site.paths().count("/login") == 1
        assert all(site.paths().count(f"/member/{n}") == 1 for n in range(5))


def test_a_kept_page_that_now_leads_elsewhere_is_gone_from_its_address(tmp_path: Path) -> None:
    """Taking a page down by sending its visitors to the home page does not pass for an unchanged page."""
    pages: dict[str, object] = {"/": '<a href="/ad">广告</a>', "/ad": "广告页"}
    with web() as net:
        site = net.site(pages)
        ledger = crawl([target_of(site)], tmp_path)
        site.pages["/ad"] = redirect("/")
        crawl([target_of(site)], tmp_path, ledger=ledger, run_id=2)
    assert ends(ledger, 2)["/ad"] == ("failed", "moved")


def test_session_redirect_to_the_same_page_is_followed(tmp_path: Path) -> None:
    """A redirect that only adds a session id leads to the page itself."""
    with web() as net:
        site = net.site({"/": redirect("/?PHPSESSID=abcdef123456"), "/?PHPSESSID=abcdef123456": "首页内容"})
        ledger = crawl([target_of(site)], tmp_path)
    assert ends(ledger) == {"/": ("ok", None)}


def test_a_page_that_kills_its_worker_takes_no_other_with_it(tmp_path: Path) -> None:
    """The page is tried twice and then failed; pages read by the same worker are read again by another."""
    pages: dict[str, object] = {f"/p{n}": f"第{n}页" for n in range(8)}
    pages |= {"/killer": "kill-worker", "/error": "raise-error", "/slow": "stall-worker"}
    pages["/"] = "".join(f'<a href="{path}">x</a>' for path in pages)
    with web() as net:
        found = ends(crawl([target_of(net.site(pages))], tmp_path, analysis_seconds=1.0))
    assert found.pop("/killer") == ("failed", "analysis_crashed")
    assert found.pop("/error") == ("failed", "analysis_error")
    assert found.pop("/slow") == ("failed", "analysis_timeout")
    assert set(found.values()) == {("ok", None)}
    assert len(found) == 9


def broken_warm_up() -> None:
    """A rule pack that does not load."""
    raise BadRulePack("规则包 x.yaml 第 1 行有错。")


def crashing_warm_up() -> None:
    """A library that takes the process with it."""
    os._exit(3)


@pytest.mark.parametrize(
    ("warm_up", "words"), [(broken_warm_up, "规则包 x.yaml 第 1 行有错。"), (crashing_warm_up, "退出")]
)
def test_workers_that_cannot_start_end_the_run_with_an_error(
    tmp_path: Path, warm_up: Callable[[], None], words: str
) -> None:
    """An analysis that cannot be loaded is nobody's page's fault: the run fails, requests stay pending."""
    from crawler.analysis_pool import WorkersUnusable

    with web() as net:
        ledger = MemoryLedger(now)
        with pytest.raises(WorkersUnusable, match=words):
            crawler.run(
                [target_of(net.site({"/": "x"}))],
                ledger,
                read_simply,
                settings_for(tmp_path),
                1,
                clock=now,
                warm_up=warm_up,
            )
    assert ledger.pending_count(1, 1) == 1


def test_an_error_of_the_ledger_ends_the_run(tmp_path: Path) -> None:
    """A full disk or a lost database is raised to the caller, not swallowed."""

    class Full(MemoryLedger):
        def record(self, visits: object) -> None:
            raise OSError("disk full")

    with web() as net, pytest.raises(OSError, match="disk full"):
        crawl([target_of(net.site({"/": "x"}))], tmp_path, ledger=Full(now))


def test_lost_turns_end_the_run_and_no_page_is_called_failed(tmp_path: Path) -> None:
    """A database that restarts takes the turns at hosts with it: what was not fetched is for the next run."""

    class Restarted:
        left = 4

        def take(self, host: str, delay: float) -> float | None:
            self.left -= 1
            if self.left < 0:
                raise ConnectionError("terminating connection due to administrator command")
            return 0.0

        def give_back(self, host: str, pause: float) -> None:
            """Nobody else is there."""

        def close(self) -> None:
            """Nothing was opened."""

    pages: dict[str, object] = {f"/p{n}": f"第{n}页的内容" for n in range(10)}
    pages["/"] = "".join(f'<a href="{path}">x</a>' for path in pages)
    with web() as net:
        site = net.site(pages)
        ledger = MemoryLedger(now)
        settings = settings_for(tmp_path, sitemaps=False, turns=Restarted)
        with pytest.raises(TurnsLost, match="与数据库的连接中断"):
            crawler.run([target_of(site)], ledger, read_simply, settings, 1, clock=now)
        # robots.txt and three pages had their turn, of which some may still have been read; none is called failed.
        assert {visit.outcome.outcome for visit in ledger.visits.values()} <= {Outcome.OK}
        assert len(ledger.visits) <= 3
        crawl([target_of(site)], tmp_path, ledger=ledger)
        assert len(ledger.visits) == 11


def test_stopping_leaves_the_rest_pending_and_the_same_run_goes_on(tmp_path: Path) -> None:
    """After a stop nothing is lost and nothing is fetched twice when the run is taken up again."""
    pages: dict[str, object] = {f"/p{n}": f"第{n}页的内容" for n in range(30)}
    pages["/"] = "".join(f'<a href="{path}">x</a>' for path in pages)
    with web() as net:
        site = net.site(pages)
        stop = StopRequest()
        ledger = MemoryLedger(now)

        def enough(progress: crawler.Progress) -> None:
            if progress.pages >= 5:
                stop.set()

        settings = settings_for(tmp_path, delay=0.02)
        done = crawler.run([target_of(site)], ledger, read_simply, settings, 1, clock=now, progress=enough, stop=stop)
        assert not done
        assert 5 <= len(ledger.visits) < 31
        assert ledger.pending_count(1, 1) == 31 - len(ledger.visits)
        crawl([target_of(site)], tmp_path, ledger=ledger)
        assert len(ledger.visits) == 31
        fetched = [path for path in site.paths() if path != "/robots.txt"]
        assert len(fetched) == len(set(fetched)) == 31


def test_one_crawl_at_a_time_in_a_process(tmp_path: Path) -> None:
    """A second crawl could not know of the first one's hosts, so it is refused."""
    refused = []

    def try_another(progress: crawler.Progress) -> None:
        try:
            crawl([], tmp_path)
        except LockHeld as error:
            refused.append(str(error))

    with web() as net:
        ledger = MemoryLedger(now)
        target = target_of(net.site({"/": "x"}))
        crawler.run([target], ledger, read_simply, settings_for(tmp_path), 1, clock=now, progress=try_another)
    assert refused
    assert "正在进行另一次采集" in refused[0]


def test_scope_is_host_and_path(tmp_path: Path) -> None:
    """Only paths under the prefix are fetched; with and without www is one site."""
    with web() as net:
        site = net.site(
            {
                "/school/": '<a href="/school/a">一</a><a href="/other/b">二</a><a href="/schoolbag">三</a>',
                "/school/a": "一",
            }
        )
        target = target_of(site, path="/school/", scope=Scope((site.host,), "/school/"))
        found = ends(crawl([target], tmp_path))
    assert set(found) == {"/school/", "/school/a"}


def test_an_override_of_robots_is_the_targets_own(tmp_path: Path) -> None:
    """A target with a recorded override is fetched in spite of robots.txt; another one on the same host is not."""
    robots = Answer(b"User-agent: *\nDisallow: /", headers={"Content-Type": "text/plain"})
    with web() as net:
        site = net.site({"/robots.txt": robots, "/a/": "甲", "/b/": "乙"})
        override = RobotsOverride("主管部门批准", "张三", now())
        allowed = target_of(site, 1, "/a/", scope=Scope((site.host,), "/a/"), robots_override=override)
        obeying = target_of(site, 2, "/b/", scope=Scope((site.host,), "/b/"))
        found = ends(crawl([allowed, obeying], tmp_path))
        assert found == {"/a/": ("ok", None), "/b/": ("robots", "disallowed")}
        assert "/b/" not in site.paths()


def test_with_and_without_www_is_one_site(tmp_path: Path) -> None:
    """A target entered without www follows its own redirect and links to the address with www."""
    from dataclasses import replace

    with web() as net:
        site = net.site({"/a": "甲"})
        port = site.port
        bare, full = f"http://school.test:{port}", f"http://www.school.test:{port}"
        site.pages["/"] = lambda seen: (
            f'<a href="{full}/a">甲</a>' if seen.headers["host"].startswith("www.") else redirect(full + "/")
        )
        target = replace(target_of(site, scope=Scope((f"school.test:{port}",))), url=bare + "/")
        ledger = crawl([target], tmp_path, lookup=lambda name: [site.address], analyse=extract_only)
    ended = {visit.outcome.request.url: visit.outcome.outcome.value for visit in ledger.visits.values()}
    assert ended == {bare + "/": "unchanged", full + "/": "ok", full + "/a": "ok"}


def test_an_error_of_the_callers_progress_ends_the_crawl(tmp_path: Path) -> None:
    """Whoever watches and fails is told so, after the crawl has been stopped in order; a new one can begin."""

    def fail(progress: crawler.Progress) -> None:
        raise ZeroDivisionError

    with web() as net:
        target = target_of(net.site({"*": '<a href="/a">x</a>', "/robots.txt": ""}))
        ledger = MemoryLedger(now)
        with pytest.raises(ZeroDivisionError):
            crawler.run([target], ledger, read_simply, settings_for(tmp_path), 1, clock=now, progress=fail)
        crawl([target], tmp_path, ledger=ledger)
    assert ledger.pending_count(1, 1) == 0


def test_sigterm_ends_a_crawling_process_in_order(tmp_path: Path) -> None:
    """The process ends by itself with warnings as errors, what was fetched is written, the rest is still pending."""
    program = (
        "import sys; from pathlib import Path; import crawler; from tests.crawler.crawling import *\\n"
        "from domain.target import *\\n"
        "t = Target(1, 'x', sys.argv[2], TargetKind.WEBSITE, '0 6 * * *', Scope((sys.argv[3],)))\\n"
        "l = MemoryLedger(now)\\n"
        "print(crawler.run([t], l, read_simply, settings_for(Path(sys.argv[1]), delay=0.02), 1, clock=now),"
        " len(l.visits), l.pending_count(1, 1))\\n"
    ).replace("\\n", "\n")
    process: list[subprocess.Popen[str]] = []

    def page(seen: Seen) -> str:
        if seen.path == "/p5":
            process[0].send_signal(signal.SIGTERM)
        return "".join(f'<a href="/p{n}">x</a>' for n in range(300))

    with web() as net:
        site = net.site({"*": page, "/robots.txt": ""})
        command = [sys.executable, "-W", "error", "-c", program, str(tmp_path), site.url + "/", site.host]
        process.append(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
        said, complained = process[0].communicate(timeout=60)
    done, visits, pending = said.split()
    assert (done, complained, process[0].returncode) == ("False", "", 0)
    assert int(visits) + int(pending) == 301
    assert 0 < int(visits) < 200
    assert not list(tmp_path.rglob("*.open"))
