"""The sample sites while they are served."""

from __future__ import annotations

import csv
import http.client
import re
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest

from zhengxun.demo.content import SITE_KEYS
from zhengxun.demo.plan import PLANTED, Expectation, PlantKind
from zhengxun.demo.server import SampleWeb
from zhengxun.demo.targets import HEADER


@pytest.fixture
def web() -> Iterator[SampleWeb]:
    """The sample sites on day 1."""
    with SampleWeb() as running:
        yield running


def fetch(url: str, headers: dict[str, str] | None = None, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    """One request on its own connection, redirects not followed."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), headers=headers or {})
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
    finally:
        connection.close()


def test_every_site_has_its_own_host_and_one_port(web: SampleWeb) -> None:
    """Sites differ by loopback host (or, where there is only 127.0.0.1, by port), so that politeness is per site."""
    places = [urlsplit(site.url).netloc for site in web.sites]
    assert len(set(places)) == len(SITE_KEYS)
    assert all(place.startswith("127.0.0.") for place in places)
    if not places[0].startswith("127.0.0.1:"):
        assert len({place.partition(":")[2] for place in places}) == 1


@pytest.mark.parametrize("day", [1, 2])
def test_every_planned_page_is_served_and_absent_ones_are_404(day: int) -> None:
    """What the plan lists is there on its day, and what it calls absent is not."""
    with SampleWeb(day) as web:
        for planted in PLANTED:
            if planted.kind is PlantKind.TRAP:
                continue
            status, _, _ = fetch(web.url_of(planted.site, planted.path))
            assert status == (404 if planted.on(day) is Expectation.ABSENT else 200), planted


def test_pages_are_reachable_from_the_watched_address(web: SampleWeb) -> None:
    """Following links (sitemap and feed included) from the watched address reaches every planned page of the site."""
    for site in web.sites:
        seen: set[str] = set()
        queue = deque([(site.url, 0), (site.base_url + "/sitemap.xml", 0)])
        while queue:
            url, depth = queue.popleft()
            canonical = re.sub(r"(?<=[?&])(sid|PHPSESSID|utm_source)=[^&]*&?|;jsessionid=\w+", "", url).rstrip("?&")
            if canonical in seen or depth > 6 or "/rili/2025" in url or "/rili/2027" in url:
                continue
            seen.add(canonical)
            status, headers, body = fetch(url)
            if status in {301, 302}:
                continue
            text = body.decode("gb18030" if site.key == "tianyu" else "utf-8", "replace")
            found = re.findall(r'(?:href="|<link>|<loc>)(?!https?://beian)([^"<#]+)', text)
            for link in found if "text" in headers["Content-Type"] or "xml" in headers["Content-Type"] else ():
                target = urljoin(url, link.replace("&amp;", "&"))
                if target.startswith(site.base_url + "/"):
                    queue.append((target, depth + 1))
        for planted in PLANTED:
            unlinked = planted.on(1) is Expectation.ABSENT or planted.kind is PlantKind.RENDER
            if planted.site == site.key and not unlinked:
                assert site.base_url + planted.path in seen, planted


def test_unchanged_page_costs_one_304(web: SampleWeb) -> None:
    """ETag and Last-Modified are stable, and either of them gets a 304 without a body."""
    url = web.url_of("qingheng", "/about.html")
    status, headers, body = fetch(url)
    assert status == 200
    assert body
    assert fetch(url)[2] == body
    for asked in ({"If-None-Match": headers["ETag"]}, {"If-Modified-Since": headers["Last-Modified"]}):
        again, _, empty = fetch(url, asked)
        assert (again, empty) == (304, b"")


def test_day_two_changes_only_what_the_plan_says() -> None:
    """After ``advance`` all other pages are the same bytes with the same validators."""
    changed = {
        ("dingsui", "/"),
        ("dingsui", "/course/jiankang.html"),
        ("dingsui", "/course/yanglao.html"),
        ("huaiyin", "/thread-102.html"),
        ("tianyu", "/xm/ws.htm"),
    }
    with SampleWeb() as web:
        pages = [(p.site, p.path) for p in PLANTED if p.kind is not PlantKind.TRAP]
        before = {page: fetch(web.url_of(*page)) for page in pages}
        web.advance()
        for page in pages:
            status, headers, body = fetch(web.url_of(*page))
            old_status, old_headers, old_body = before[page]
            same = (status, body, headers.get("ETag"), headers.get("Last-Modified")) == (
                old_status,
                old_body,
                old_headers.get("ETag"),
                old_headers.get("Last-Modified"),
            )
            assert same is (page not in changed), page


def test_wrong_charset_is_declared_on_purpose(web: SampleWeb) -> None:
    """The old seller's site says UTF-8 and sends GBK."""
    _, headers, body = fetch(web.url_of("tianyu"))
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert "国家认可" in body.decode("gbk")
    with pytest.raises(UnicodeDecodeError):
        body.decode("utf-8")


def test_traps_answer_as_traps(web: SampleWeb) -> None:
    """Login wall, endless redirect, session ids, calendar, soft 404 and refused address behave as on the real web."""
    base = web.url_of("baigong")[:-1]
    assert fetch(base + "/member/center")[1]["Location"].startswith("/member/login")
    assert fetch(base + "/tiao/a")[1]["Location"] == "/tiao/b?n=1"
    assert fetch(base + "/tiao/b?n=1")[1]["Location"] == "/tiao/a?n=2"
    assert fetch(base + "/go/neiwang")[1]["Location"] == "http://[::1]:9/oa/"
    assert fetch(base + "/go/huoban")[1]["Location"] == web.url_of("huaiyin")
    assert "/rili/2027/1" in fetch(base + "/rili/2026/12")[2].decode()
    first, second = fetch(base + "/hui?sid=0")[2].decode(), fetch(base + "/hui?sid=1")[2].decode()
    assert first != second
    assert "页面不存在" in fetch(base + "/lost/2026-1.html")[2].decode()
    assert b"Crawl-delay: 0.3" in fetch(base + "/robots.txt")[2]
    assert fetch(base + "/hui?topic=9")[0] == 404


def test_requests_are_logged_with_what_ran_beside_them() -> None:
    """The log tells path, status, agent, and how many requests were under way on the host at the same time."""
    with SampleWeb(latency=0.05) as web:
        url = web.url_of("maisui")
        threads = [threading.Thread(target=fetch, args=(url, {"User-Agent": "probe"})) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        log = web.request_log["maisui"]
        assert [(served.path, served.status, served.user_agent) for served in log] == [("/", 200, "probe")] * 4
        assert max(served.concurrent for served in log) > 1
        assert not web.request_log["lanhe"]
        fetch(url)
        assert web.request_log["maisui"][-1].concurrent == 1


def test_other_methods_are_refused_and_pictures_are_pictures(web: SampleWeb) -> None:
    """Forms lead nowhere, HEAD sends no body, and a picture's bytes are a picture's."""
    assert fetch(web.url_of("chaxun", "/result"), method="POST")[0] == 405
    status, headers, body = fetch(web.url_of("lanhe"), method="HEAD")
    assert status == 200
    assert int(headers["Content-Length"]) > 0
    assert body == b""
    assert fetch(web.url_of("lanhe", "/img/damen"))[2].startswith(b"\x89PNG")
    assert len(fetch(web.url_of("zhitong", "/img/poster.png"))[2]) > 3_000  # words, not two bands of colour


def test_addresses_are_told_back(web: SampleWeb) -> None:
    """``locate`` turns an address of a lead back into site and path, and knows no others."""
    assert web.locate(web.url_of("baigong", "/hui?topic=1")) == ("baigong", "/hui?topic=1")
    assert web.locate("http://127.0.0.250:1/") is None


def test_targets_file_can_be_imported(web: SampleWeb, tmp_path: Path) -> None:
    """One row for each site under the agreed header; on request two bad rows more; Excel's encodings."""
    rows = list(csv.reader(web.targets_file(tmp_path).read_text(encoding="utf-8-sig").splitlines()))
    assert tuple(rows[0]) == HEADER
    assert [row[1] for row in rows[1:]] == [site.url for site in web.sites]
    assert {row[2] for row in rows[1:]} == {"网站", "订阅源"}
    bad = web.targets_file(tmp_path, bad_rows=True, encoding="gb18030")
    assert len(bad.read_text(encoding="gb18030").splitlines()) == len(rows) + 2


def test_stop_frees_the_port() -> None:
    """Stopping closes everything, may be repeated, and a second web may take the same port."""
    web = SampleWeb().start()
    port = urlsplit(web.sites[0].url).port
    connection = http.client.HTTPConnection(urlsplit(web.sites[0].url).netloc, timeout=5)
    connection.request("GET", "/")
    connection.getresponse().read()
    web.stop()
    web.stop()
    connection.close()
    assert port is not None
    with SampleWeb(port=port) as again:
        assert urlsplit(again.sites[0].url).port == port
