"""Hostile answers: bounded in size, time, redirects and decompression; each ends in its outcome and takes nothing down."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

import brotli

from crawler.settings import MEBIBYTE
from tests.crawler.crawling import crawl, ends, outcomes, target_of
from tests.web import Answer, Site, html, web

_HTML = {"Content-Type": "text/html; charset=utf-8"}


def _linking(site: Site, pages: dict[str, object]) -> Site:
    site.pages.update(pages)
    site.pages["/"] = "".join(f'<a href="{path}">x</a>' for path in pages)
    return site


def test_sizes_are_bounded_declared_received_and_decompressed(tmp_path: Path) -> None:
    """Nothing over a limit is used, and it is not read to its end."""
    megabyte = b"x" * MEBIBYTE
    zeros = b"\0" * (20 * MEBIBYTE)

    def coded(body: bytes, coding: str) -> Answer:
        return Answer(body, headers=_HTML | {"Content-Encoding": coding})

    bomb = gzip.compress(zeros)
    pages: dict[str, object] = {
        "/declared": Answer(headers=_HTML | {"Content-Length": "31457280"}, pieces=((0.0, b"small"),)),
        "/received": Answer(b"", headers=_HTML, pieces=((0.0, megabyte),) * 30),
        "/gzip": coded(bomb, "gzip"),
        "/deflate": coded(zlib.compress(zeros), "deflate"),
        "/br": coded(brotli.compress(zeros, quality=1), "br"),
        "/nested": coded(gzip.compress(bomb), "gzip, gzip"),
        "/ratio": coded(gzip.compress(zeros[: 5 * MEBIBYTE]), "gzip"),
        "/unknown": coded(b"\x00\x01", "xyz"),
        "/damaged": coded(b"\x1f\x8b\x08\x00garbage-that-is-no-gzip", "gzip"),
    }
    with web() as net:
        ledger = crawl([target_of(_linking(net.site(), pages))], tmp_path, max_body=2 * MEBIBYTE)
    found = ends(ledger)
    assert found.pop("/") == ("ok", None)
    assert found.pop("/declared") == found.pop("/received") == ("too_large", "received")
    assert found.pop("/unknown") == found.pop("/damaged") == ("failed", "bad_coding")
    assert set(found.values()) == {("too_large", "decoded")}
    assert "2 MB" in (outcomes(ledger)["/received"].detail or "")


def test_time_is_bounded_for_silence_and_for_drips(tmp_path: Path) -> None:
    """A server that says nothing, stops in the middle or sends a byte now and then costs one time-out."""
    pages: dict[str, object] = {
        "/silent": Answer(hang=True),
        "/half": Answer(pieces=((0.0, b"<html>"),), hang=True),
        "/drip": Answer(pieces=((0.1, b"x"),) * 200),
        "/heads": Answer(raw=b"HTTP/1.1 200 OK\r\nX-A: b\r\n", hang=True),
        "/good": "好的页面",
    }
    with web() as net:
        sites = [_linking(net.site(), {path: page, "/good": "好"}) for path, page in pages.items()]
        ledger = crawl([target_of(site, n) for n, site in enumerate(sites, 1)], tmp_path, timeout=1.0)
    ended = {
        visit.outcome.request.url.rpartition("/")[2]: visit.outcome.outcome.value for visit in ledger.visits.values()
    }
    assert {name: ended[name] for name in ("silent", "half", "drip", "heads", "good")} == {
        "silent": "timeout",
        "half": "timeout",
        "drip": "timeout",
        "heads": "timeout",
        "good": "ok",
    }
    assert sum(path == "/silent" for site in sites for path in site.paths()) == 1


def test_broken_protocol_is_a_failure_with_a_name(tmp_path: Path) -> None:
    """What is no HTTP, is cut short or never ends its headers is told apart from a page."""
    endless = b"HTTP/1.1 200 OK\r\n" + b"X-Padding: " + b"y" * 8000 + b"\r\n"
    pages: dict[str, object] = {
        "/garbage": Answer(raw=b"\x00\x01\x02\x03 not http at all\r\n\r\n"),
        "/cut": Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 1000\r\n\r\nabc"),
        "/closed": Answer(raw=b""),
        "/headers": Answer(
            raw=endless + (b"X-Padding: " + b"y" * 8000 + b"\r\n") * 500 + b"Content-Length: 4\r\n\r\nread"
        ),
        "/chunks": Answer(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n"),
    }
    with web() as net:
        found = ends(crawl([target_of(_linking(net.site(), pages))], tmp_path, retries=0))
    assert found["/cut"] == ("failed", "truncated")
    assert {found[path][0] for path in pages} == {"failed"}
    assert all(found[path][1] for path in pages)


def test_odd_bytes_are_read(tmp_path: Path) -> None:
    """NUL bytes, wrong charsets, broken HTML and a body labelled gzip that is none are still pages."""
    from crawler.analysis_worker import extract_only

    words = "职业技能培训学校欢迎各位学员前来咨询报名参加考试"
    pages: dict[str, object] = {
        "/nul": Answer(b"<html><body>\0\0\0<p>" + words.encode() + b"</p>\0\0", headers=_HTML),
        "/gbk": Answer(f"<html><body><p>{words}</p></body></html>".encode("gbk"), headers=_HTML),
        "/broken": html(f"<div><p>{words}<table><tr><td><b></i></div></span><p"),
        "/plain": Answer(f"<p>{words}</p>".encode(), headers=_HTML | {"Content-Encoding": "gzip"}),
        "/header": Answer(f"<p>{words}</p>".encode(), headers={"Content-Type": "text/html", "X-B": "\xe4\xb8\xad"}),
    }
    with web() as net:
        ledger = crawl([target_of(_linking(net.site(), pages))], tmp_path, analyse=extract_only)
    found = ends(ledger)
    texts = {visit.outcome.request.url.rpartition("/")[2]: visit.documents for visit in ledger.visits.values()}
    for path in pages:
        assert found[path] == ("ok", None), path
        assert words in texts[path[1:]][0].document.text, path


def test_a_dead_host_costs_one_wait_and_not_one_per_page(tmp_path: Path) -> None:
    """Where nothing listens, or robots.txt hangs, every planned page ends as the host did."""
    with web() as net:
        gone = net.site({"/": "x"})
        silent = net.site({"/robots.txt": Answer(hang=True), "/": "x"})
        closed = web()
        with closed as other:
            dead = other.site({})
        found = crawl([target_of(gone, 1), target_of(silent, 2), target_of(dead, 3)], tmp_path, timeout=1.0, retries=1)
    by_site = {visit.outcome.request.target_id: visit.outcome for visit in found.visits.values()}
    assert by_site[1].outcome.value == "ok"
    assert (by_site[2].outcome.value, by_site[2].reason) == ("timeout", "no_answer")
    assert (by_site[3].outcome.value, by_site[3].reason) == ("failed", "connection")
    assert silent.paths() == ["/robots.txt"]


def test_a_site_that_falls_silent_is_left_and_said_so(tmp_path: Path) -> None:
    """After twelve pages without an answer the rest ends like them without waiting for each."""
    pages: dict[str, object] = {f"/p{n}": Answer(raw=b"") for n in range(40)}
    with web() as net:
        site = _linking(net.site(), pages)
        ledger = crawl([target_of(site)], tmp_path, retries=0)
    found = list(ends(ledger).values())
    assert found.count(("failed", "connection")) == 12
    assert found.count(("timeout", "host_down")) == 28


def test_a_page_that_is_tried_again_does_not_hold_up_the_others(tmp_path: Path) -> None:
    """The pause before another try is the page's own, unless the host asked for it."""
    with web() as net:
        site = _linking(net.site(), {"/bad": Answer(b"", 500), **{f"/p{n}": f"第{n}页" for n in range(10)}})
        crawl([target_of(site)], tmp_path, retries=1, retry_wait=1.0)
        times = {seen.path: seen.at for seen in site.seen if seen.path != "/bad"}
        tries = [seen.at for seen in site.seen if seen.path == "/bad"]
    assert tries[1] - tries[0] >= 1.0
    assert all(at < tries[1] for at in times.values())
