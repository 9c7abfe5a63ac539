"""Budgets, depth, order and traps: what a target may cost, and what is seen first of it."""

from __future__ import annotations

from pathlib import Path

import crawler
from crawler.memory_ledger import MemoryLedger
from domain.target import Budget, Scope
from tests.crawler.crawling import crawl, ends, now, outcomes, read_simply, settings_for, target_of
from tests.web import Answer, Seen, web


def _many(count: int) -> dict[str, object]:
    pages: dict[str, object] = {
        f"/p{n}": f"这是第{n}页的内容，与其他各页的内容都不相同，编号{n * 7919}。" for n in range(count)
    }
    pages["/"] = "".join(f'<a href="{path}">x</a>' for path in pages)
    return pages


def test_pages_over_the_budget_are_deferred_and_said_so(tmp_path: Path) -> None:
    """Exactly the budget is fetched; the rest is known, with the reason why it was not."""
    with web() as net:
        site = net.site(_many(20))
        ledger = crawl([target_of(site, budget=Budget(max_pages=5))], tmp_path)
        assert len(site.paths()) == 1 + 5
    found = ends(ledger)
    assert sum(end == ("ok", None) for end in found.values()) == 5
    assert sum(end == ("deferred", "pages") for end in found.values()) == 16
    assert "上限 5 页" in (next(one.detail for one in outcomes(ledger).values() if one.reason == "pages") or "")


def test_a_resumed_run_keeps_to_its_budget(tmp_path: Path) -> None:
    """Pages fetched before the stop count."""
    from crawler.process import StopRequest

    with web() as net:
        site = net.site(_many(30))
        target = target_of(site, budget=Budget(max_pages=10))
        stop = StopRequest()
        ledger = MemoryLedger(now)
        settings = settings_for(tmp_path, delay=0.02)

        def enough(progress: crawler.Progress) -> None:
            stop.set()

        crawler.run([target], ledger, read_simply, settings, 1, clock=now, progress=enough, stop=stop)
        crawl([target], tmp_path, ledger=ledger)
        assert sum(path != "/robots.txt" for path in site.paths()) == 10


def test_bytes_and_seconds_are_budgets(tmp_path: Path) -> None:
    """A target ends when it has sent enough or taken long enough."""
    with web() as net:
        heavy = net.site(_many(20) | {f"/p{n}": Answer(b"x" * 50_000) for n in range(20)})
        slow = net.site(_many(20))
        targets = [
            target_of(heavy, 1, budget=Budget(max_bytes=200_000)),
            target_of(slow, 2, budget=Budget(max_seconds=1)),
        ]
        ledger = crawl(targets, tmp_path, delay=0.15)
    reasons = {
        target.id: [
            visit.outcome.reason for visit in ledger.visits.values() if visit.outcome.request.target_id == target.id
        ]
        for target in targets
    }
    assert 10 < reasons[1].count("bytes") < 18
    assert 10 < reasons[2].count("seconds") < 21


def test_depth_counts_clicks_by_the_shortest_way(tmp_path: Path) -> None:
    """Pages too many clicks away are deferred; one that is first found the long way is fetched by the short one."""
    with web() as net:
        site = net.site(
            {
                "/": '<a href="/course/a">课程</a><a href="/z">其他</a>',
                "/course/a": '<a href="/course/b">课程报名</a>',
                "/course/b": '<a href="/course/c">课程</a><a href="/far">很远</a>',
                "/z": '<a href="/course/c">课程</a>',
                "/course/c": "课程丙",
                "/far": "不会被采到",
            }
        )
        # With a pause between requests the more promising long way is gone to its end before the short one.
        found = ends(crawl([target_of(site, budget=Budget(max_depth=2))], tmp_path, delay=0.2))
        assert site.paths().index("/course/b") < site.paths().index("/z")
        assert found["/course/c"] == ("ok", None)
        assert found["/far"] == ("deferred", "depth")
        assert "/far" not in site.paths()


def test_promising_links_come_first(tmp_path: Path) -> None:
    """With little budget the certificate page is seen, the privacy notice is not."""
    dull = "".join(f'<a href="/x{n}">友情链接{n}</a>' for n in range(10))
    with web() as net:
        site = net.site({"/": f'<a href="/privacy">隐私政策</a>{dull}<a href="/y">低价包过 证书报名</a>', "*": "内容"})
        crawl([target_of(site, budget=Budget(max_pages=2))], tmp_path)
        assert [path for path in site.paths() if path != "/robots.txt"] == ["/", "/y"]


def test_a_calendar_does_not_eat_the_budget(tmp_path: Path) -> None:
    """After some pages without anything new their pattern comes last; real pages found later are still seen."""

    def calendar(seen: Seen) -> str:
        month = int(seen.path.rpartition("=")[2])
        more = f'<a href="/news/{month}">第{month}条</a>' if month < 25 else ""
        return f"{month} 月 活动安排 一 二 三 四 五 六 日{more}" + "".join(
            f'<a href="/when?m={later}">{later}</a>' for later in range(month + 1, month + 10)
        )

    with web() as net:
        site = net.site(
            {
                "/": '<a href="/when?m=1">第1月</a><a href="/deep/0">深</a>',
                "/when": calendar,
                "/deep/0": "".join(f'<a href="/deep/{n}">x</a>' for n in range(1, 60)),
                "*": lambda seen: f"{seen.path} 这里的内容每一页都不一样，读起来像是一篇真正的文章：{hash(seen.path)}",
                "/robots.txt": Answer(status=404),
            }
        )
        ledger = crawl([target_of(site, budget=Budget(max_pages=110))], tmp_path)
    found = ends(ledger)
    assert all(found[f"/deep/{n}"] == ("ok", None) for n in range(60))
    assert sum(end == ("deferred", "pages") for end in found.values()) > 0


def test_the_rest_of_a_trap_is_left_and_said_so(tmp_path: Path) -> None:
    """An endless list of days ends with the reason trap; the page behind a hundred others is still found."""

    def day(seen: Seen) -> str:
        number = int(seen.path.rpartition("=")[2])
        return f"您正在查看第 {number} 天的全部活动安排，这一天没有任何活动，请选择别的日期" + "".join(
            f'<a href="/day?n={later}">{later}</a>' for later in range(number + 1, number + 8)
        )

    with web() as net:
        site = net.site({"/": '<a href="/day?n=1">日历</a><a href="/p0">文</a>', "/day": day})
        for n in range(100):
            site.pages[f"/p{n}"] = f'{chr(0x4E00 + 37 * n) * 30}<a href="/p{n + 1}">下一篇</a>'
        ledger = crawl([target_of(site, budget=Budget(max_depth=300))], tmp_path, trap_pages=5)
    found = ends(ledger)
    assert all(found[f"/p{n}"] == ("ok", None) for n in range(100))
    asked = [path for path, end in found.items() if path.startswith("/day") and end == ("ok", None)]
    left = [end for path, end in found.items() if path.startswith("/day") and end[0] != "ok"]
    # A few more are asked for than tell it: each page is compared while the next is already on its way. Without the rule
    # it is hundreds.
    assert 15 <= len(asked) <= 40
    assert left
    assert set(left) == {("deferred", "trap")}
    told = next(one.detail for one in outcomes(ledger).values() if one.reason == "trap")
    assert "/day?n={n} 的网址连续多页没有新内容" in (told or "")


def test_targets_are_read_lazily(tmp_path: Path) -> None:
    """A generator of a hundred thousand targets is asked for a few at a time."""
    taken = []
    with web() as net:
        site = net.site({"*": "内容", "/robots.txt": Answer(status=404)})

        def endless() -> object:
            for number in range(1, 100_001):
                taken.append(number)
                yield target_of(site, number, f"/t{number}/", scope=Scope((site.host,), f"/t{number}/"))

        from crawler.process import StopRequest

        stop = StopRequest()

        def enough(progress: crawler.Progress) -> None:
            if progress.targets_finished >= 20:
                stop.set()

        settings = settings_for(tmp_path, concurrency=4)
        crawler.run(endless(), MemoryLedger(now), read_simply, settings, 1, clock=now, progress=enough, stop=stop)  # type: ignore[arg-type]
    assert 20 <= len(taken) < 400


def test_sitemaps_feed_the_frontier(tmp_path: Path) -> None:
    """Pages that nothing links to are found through robots.txt's sitemap, nested and packed; budgets do not count them."""
    import gzip

    with web() as net:
        site = net.site({"/": "首页", "/island": "孤岛页面一", "/packed": "孤岛页面二", "/plain": "孤岛页面三"})
        xml = {"Content-Type": "application/xml"}
        site.pages |= {
            "/robots.txt": Answer(f"Sitemap: {site.url}/index.xml\nSitemap: /gone.xml".encode(), headers=xml),
            "/index.xml": Answer(
                f"<?xml version='1.0'?><sitemapindex><sitemap><loc>{site.url}/a.xml.gz</loc></sitemap></sitemapindex>".encode(),
                headers=xml,
            ),
            "/a.xml.gz": Answer(gzip.compress(f"<urlset><url><loc>{site.url}/packed</loc></url></urlset>".encode())),
            "/sitemap.xml": Answer(
                f"<urlset><url><loc>{site.url}/island</loc><lastmod>2026-11-20</lastmod></url>"
                f"<url><loc>{site.url}/plain</loc></url><url><loc>http://other.example/</loc></url></urlset>".encode(),
                headers=xml,
            ),
        }
        ledger = crawl([target_of(site, budget=Budget(max_pages=4))], tmp_path, sitemaps=True)
    found = ends(ledger)
    assert found.pop("/gone.xml") == ("failed", "http_404")
    assert found == dict.fromkeys(("/", "/island", "/packed", "/plain"), ("ok", None))


def test_a_resumed_run_ends_where_a_target_was_done_already(tmp_path: Path) -> None:
    """A run killed after one of its targets was finished goes on with the others and comes to its end."""
    with web() as net:
        first, second = net.site(_many(3)), net.site(_many(3))
        done, left = target_of(first, 1), target_of(second, 2)
        ledger = crawl([done], tmp_path)
        crawl([done, left], tmp_path, ledger=ledger)
        assert len(second.paths()) == 1 + 4
        assert len(first.paths()) == 1 + 4
