"""Sitemaps (sitemaps.org protocol 0.9): addresses with their last change, from bytes that nobody vouches for.

Read by pattern and not by an XML parser: no entity is ever expanded and no external one fetched, a broken file still
gives the addresses before the break, and the cost is linear in its size.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape

from crawler.decoding import BadCoding, TooLarge, decode_body

#: The protocol's own limit of addresses in one file.
MAX_ADDRESSES = 50_000
_TAG = re.compile(rb"<([A-Za-z0-9_]{1,20}:)?(url|sitemap|loc|lastmod)(?:\s[^<>]{0,500})?>")
_LASTMOD = re.compile(rb"\s*([0-9T:.+Z-]{4,40})\s*<")
_MAX_ADDRESS = 2_048


@dataclass(frozen=True, slots=True)
class SitemapEntry:
    """An address in a sitemap; ``nested`` where it is another sitemap."""

    url: str
    lastmod: str | None
    nested: bool


@dataclass(frozen=True, slots=True)
class Sitemap:
    """Entries of one file; ``problem`` says in Chinese why it is not (wholly) read."""

    entries: tuple[SitemapEntry, ...]
    problem: str | None = None


def read_sitemap(body: bytes, content_encoding: str | None, *, limit: int, most: int = MAX_ADDRESSES) -> Sitemap:
    """Entries of a sitemap, sitemap index or plain address list, gzip-packed or not; at most ``most`` of them."""
    try:
        data = decode_body(body, content_encoding, limit=limit)
        if data[:2] == b"\x1f\x8b":  # sitemap.xml.gz: the file itself is packed
            data = decode_body(data, "gzip", limit=limit)
    except TooLarge:
        return Sitemap((), "站点地图解压后超过大小上限")
    except BadCoding:
        return Sitemap((), "站点地图的压缩数据无法解开")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        data = data.decode("utf-16", errors="replace").encode()
    data = data.removeprefix(b"\xef\xbb\xbf")
    head = data[:2048].lstrip()
    if b"<!ENTITY" in data[:65536].upper():
        return Sitemap((), "站点地图含有实体定义，未读取")
    if head[:4].lower() == b"http":
        return _plain_list(data, most)
    if b"<urlset" not in data[:65536] and b"<sitemapindex" not in data[:65536] and b":urlset" not in data[:65536]:
        return Sitemap((), "不是站点地图")
    return _entries(data, most)


def _plain_list(data: bytes, most: int) -> Sitemap:
    lines = (line.strip().decode("utf-8", errors="replace") for line in data.splitlines()[:most])
    return Sitemap(tuple(SitemapEntry(line, None, False) for line in lines if line[:4] == "http"))


def _entries(data: bytes, most: int) -> Sitemap:
    found: list[SitemapEntry] = []
    nested = False
    url: str | None = None
    lastmod: str | None = None
    prefix: bytes | None = None

    def close() -> None:
        nonlocal url, lastmod
        if url:
            found.append(SitemapEntry(url, lastmod, nested))
        url = lastmod = None

    for tag in _TAG.finditer(data):
        name = tag[2]
        if name in (b"url", b"sitemap"):
            close()
            if len(found) == most:
                return Sitemap(tuple(found), f"站点地图地址超过 {most} 条，其余未读取")
            nested = name == b"sitemap"
            prefix = tag[1]
        elif tag[1] != prefix:
            continue  # an address of another vocabulary: <image:loc>
        elif name == b"loc":
            url = _address(data[tag.end() : tag.end() + _MAX_ADDRESS])
        else:
            moment = _LASTMOD.match(data, tag.end())
            lastmod = moment[1].decode("ascii") if moment else None
    close()
    return Sitemap(tuple(found))


def _address(text: bytes) -> str | None:
    """The address that a <loc> begins with; None where it does not end within the limit."""
    text = text.lstrip()
    if text[:9] == b"<![CDATA[":
        text, end, _ = text[9:].partition(b"]]>")
    else:
        text, end, _ = text.partition(b"<")
    return unescape(text.decode("utf-8", errors="replace")).strip() if end else None
