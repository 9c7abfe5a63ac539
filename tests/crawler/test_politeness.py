"""Politeness as the sites see it: one request at a time per host, pauses never shorter, robots.txt obeyed by every way."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from crawler.politeness import Politeness
from domain.target import Scope
from tests.crawler.crawling import crawl, ends, target_of
from tests.web import Answer, Seen, Site, html, redirect, web

_PLAIN = {"Content-Type": "text/plain"}


def _robots(text: str, status: int = 200) -> Answer:
    return Answer(text.encode(), status, _PLAIN)


def _gaps(site: Site) -> list[float]:
    return [later.at - earlier.at for earlier, later in pairwise(site.seen)]


def test_one_request_at_a_time_and_the_pause_between(tmp_path: Path) -> None:
    """Pages, robots.txt, sitemaps and redirects of one host keep their distance; other hosts do not wait for it."""
    with web() as net:
        sites = [
            net.site(
                {
                    "/": '<a href="/a">一</a><a href="/r">二</a><a href="/b">三</a>',
                    "/r": redirect("/c"),
                    "/a": "甲",
                    "/b": "乙",
                    "/c": "丙",
                }
            )
            for _ in range(3)
        ]
        crawl([target_of(site, n) for n, site in enumerate(sites, 1)], tmp_path, delay=0.1, sitemaps=True)
        for site in sites:
            assert site.most_at_once == 1
            assert len(site.seen) == 7
            assert min(_gaps(site)) >= 0.1
        started = [site.seen[0].at for site in sites]
        ended = [site.seen[-1].at for site in sites]
        assert max(started) < min(ended)


def test_ports_of_one_host_name_share_its_patience(tmp_path: Path) -> None:
    """Two sites on one machine are one host: never two requests at once."""
    under_way = {"now": 0, "most": 0}

    def page(seen: Seen) -> str:
        under_way["now"] += 1
        under_way["most"] = max(under_way["most"], under_way["now"])
        try:
            return "".join(f'<a href="/p{n}">x</a>' for n in range(5))
        finally:
            under_way["now"] -= 1

    with web() as net:
        sites = [net.site({"*": page, "/robots.txt": _robots("")}, address="127.0.0.9") for _ in range(2)]
        crawl([target_of(site, n) for n, site in enumerate(sites, 1)], tmp_path, delay=0.03)
        times = sorted(seen.at for site in sites for seen in site.seen)
    assert under_way["most"] == 1
    assert len(times) == 14
    assert min(later - earlier for earlier, later in pairwise(times)) >= 0.03


def test_crawl_delay_wins_where_longer(tmp_path: Path) -> None:
    """robots.txt's Crawl-delay holds from the first page on."""
    with web() as net:
        site = net.site(
            {"/robots.txt": _robots("User-agent: *\nCrawl-delay: 0.3\n"), "/": '<a href="/a">x</a>', "/a": "甲"}
        )
        crawl([target_of(site)], tmp_path, delay=0.01)
        assert min(_gaps(site)[1:]) >= 0.3


def test_a_long_crawl_delay_is_capped() -> None:
    """A site cannot stop the run by asking for a year."""
    politeness = Politeness(1.0, 60.0)
    politeness.slow_down("a", 31_536_000)
    assert politeness._gate("a").delay == 60.0
    politeness.slow_down("b", 0.1)
    assert politeness._gate("b").delay == 1.0


def test_disallowed_paths_are_never_asked_for(tmp_path: Path) -> None:
    """Not as links, not as redirect targets, not as several seeds waiting for the same robots.txt, not as sitemaps."""
    with web() as net:
        site = net.site(
            {
                "/robots.txt": _robots(
                    "User-agent: OtherBot\nDisallow: /\n\nUser-agent: ZhengxunBot\nDisallow: /no\nAllow: /no/but\n"
                    "Sitemap: /no/sitemap.xml\n"
                ),
                "/": '<a href="/no/a">一</a><a href="/no/but">二</a><a href="/way">三</a>',
                "/way": redirect("/no/b"),
                "*": "内容",
            }
        )
        seeds = [target_of(site, n, f"/no/{n}", scope=Scope((site.host,), "/no/")) for n in range(2, 12)]
        ledger = crawl([target_of(site), *seeds], tmp_path, sitemaps=True)
        assert [path for path in site.paths() if path.startswith("/no") and path != "/no/but"] == []
        assert site.paths().count("/robots.txt") == 1
    found = ends(ledger)
    assert found["/no/a"] == found["/way"] == ("robots", "disallowed")
    assert found["/no/but"] == ("ok", None)
    assert all(found[f"/no/{n}"] == ("robots", "disallowed") for n in range(2, 12))
    assert found["/no/sitemap.xml"] == ("robots", "disallowed")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (_robots("User-agent: *\nDisallow: /", 404), ("ok", None)),
        (_robots("User-agent: *\nDisallow: /", 401), ("ok", None)),
        (_robots("User-agent: *\nDisallow: /", 403), ("ok", None)),
        (_robots("", 500), ("robots", "robots_unreachable")),
        (_robots("", 503), ("robots", "robots_unreachable")),
        (redirect("/moved-robots.txt"), ("robots", "disallowed")),
        (redirect("/robots.txt"), ("ok", None)),
        (_robots("\ufeffUser-agent: *\r\nDisallow: /"), ("robots", "disallowed")),
        (Answer(b"\x00\xff\xfe" * 100, headers=_PLAIN), ("ok", None)),
        (_robots("User-agent: *\nAllow: /\n#" + "x" * 600_000 + "\nDisallow: /"), ("ok", None)),
        (html("<h1>这不是 robots</h1>"), ("ok", None)),
        (Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nUser-agent: *"), ("failed", "truncated")),
    ],
    ids=["404", "401", "403", "500", "503", "redirect", "loop", "bom", "binary", "500KiB", "html", "cut"],
)
def test_answers_to_robots_txt(tmp_path: Path, answer: Answer, expected: tuple[str, str | None]) -> None:
    """RFC 9309: no file means all is allowed, a server error means nothing is, redirects are followed."""
    moved = _robots("User-agent: *\nDisallow: /")
    with web() as net:
        site = net.site({"/robots.txt": answer, "/moved-robots.txt": moved, "/": "首页"})
        assert ends(crawl([target_of(site)], tmp_path, retries=1)) == {"/": expected}


def test_says_who_it_is(tmp_path: Path) -> None:
    """User agent and language are honest and the same for every request; no cookie is ever sent back."""
    with web() as net:
        site = net.site({"/": Answer(b'<a href="/a">x</a>', headers={"Set-Cookie": "id=1; Domain=co.uk"}), "/a": "甲"})
        crawl([target_of(site)], tmp_path)
        assert len(site.seen) == 3
        for seen in site.seen:
            assert seen.headers["user-agent"].startswith("ZhengxunBot/")
            assert seen.headers["accept-language"].startswith("zh-CN")
            assert "cookie" not in seen.headers
