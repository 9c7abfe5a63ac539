"""Sitemaps from hostile hands."""

from __future__ import annotations

import gzip
import time

import pytest

from crawler.sitemap import read_sitemap

LIMIT = 2 * 1024 * 1024


def _urls(body: bytes, **more: int) -> list[str]:
    return [entry.url for entry in read_sitemap(body, None, limit=LIMIT, **more).entries]


def test_reads_what_sites_write() -> None:
    """Namespaces, prefixes, CDATA, escapes, white space, UTF-16, plain lists, missing ends."""
    plain = '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc> http://a/?x=1&amp;y=2 </loc></url>'
    assert _urls(plain.encode()) == ["http://a/?x=1&y=2"]
    assert _urls(plain.encode("utf-16")) == ["http://a/?x=1&y=2"]
    assert _urls(b"<s:urlset><s:url><s:loc><![CDATA[http://a/b?c&d]]></s:loc></s:url></s:urlset>") == ["http://a/b?c&d"]
    assert _urls("<urlset><url><loc>http://a/中文</loc></url></urlset>".encode()) == ["http://a/中文"]
    assert _urls(b"\xef\xbb\xbfhttp://a/1\nhttp://a/2\r\nnot an address\n") == ["http://a/1", "http://a/2"]
    assert _urls(b"<urlset><url><image:image><image:loc>http://a/i.jpg</image:loc></image:image></url></urlset>") == []
    entry = read_sitemap(
        b"<sitemapindex><sitemap><loc>http://a/s.xml</loc><lastmod>2026-11-01T00:00:00+08:00</lastmod></sitemap></sitemapindex>",
        None,
        limit=LIMIT,
    ).entries[0]
    assert entry.nested
    assert entry.lastmod == "2026-11-01T00:00:00+08:00"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b'<!DOCTYPE x [<!ENTITY a "b">]><urlset><url><loc>&a;</loc></url></urlset>', "实体"),
        (b"<html><body>404</body></html>", "不是站点地图"),
        (gzip.compress(b"\0" * 50_000_000), "大小上限"),
        (b"\x1f\x8b\x08garbage", "无法解开"),
        (b"<urlset>" + b"<url><loc>http://a/</loc></url>" * 11, "超过 10 条"),
    ],
)
def test_refuses_with_a_reason(body: bytes, problem: str) -> None:
    """What is not read is said in Chinese."""
    sitemap = read_sitemap(body, None, limit=LIMIT, most=10)
    assert problem in (sitemap.problem or "")


@pytest.mark.parametrize("piece", [b"<url>", b"<loc>", b"<url><loc>http://a/", b"<loc", b"<urlset", b"<![CDATA["])
def test_cost_is_linear(piece: bytes) -> None:
    """Tags that never end cost no more per byte in a large file than in a small one."""

    def cost(size: int) -> float:
        body = b"<urlset>" + piece * (size // len(piece))
        began = time.process_time()
        read_sitemap(body, None, limit=LIMIT)
        return time.process_time() - began

    small, large = cost(200_000), cost(1_600_000)
    assert large < 8 * small * 4 + 0.05
