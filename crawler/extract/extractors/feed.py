"""RSS and Atom: every entry becomes a Document of its own (``embedded``: the entry's own page wins over it).

feedparser reads the XML. It is given bytes only (a string that looks like an address would be opened), decoded here and
spelled again as UTF-8, without document type declarations: entities are where XML attacks live (expansion, external files).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import feedparser

from crawler.addresses import canonical, resolve
from crawler.extract.contacts import contacts_of
from crawler.extract.dates import parse_instant
from crawler.extract.lines import tidy
from crawler.extract.source import Source
from crawler.extract.walk import read_page
from domain.document import Document, Extraction, Link, PageVerdict, Segment, SegmentKind

NAME = "feed/1"

#: Larger feeds are archives or attacks; parsing takes about 5 ms per 20 kB.
MAX_FEED = 5_000_000
MAX_ENTRIES = 1000

_PLAIN_DOCTYPE = re.compile(
    r"<!DOCTYPE\s+[\w:.-]+(?:\s+(?:PUBLIC|SYSTEM)(?:\s+(?:\"[^\"<>]{0,200}\"|'[^'<>]{0,200}')){1,2})?\s*>"
)
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]{0,300}\?>")
#: Characters that XML 1.0 forbids and careless generators write; one of them makes a parser refuse the whole feed.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def accepts(source: Source) -> bool:
    """XML whose root is ``rss``, ``feed`` or ``rdf:RDF``."""
    return source.kind == "feed"


def extract(source: Source) -> Extraction:
    """One Document per entry; FAILED for a feed that declares entities or is larger than :data:`MAX_FEED`."""
    text = source.text
    if len(text) > MAX_FEED:
        return _refused(source, f"feed_too_large:{len(text)}")
    text = _PLAIN_DOCTYPE.sub("", text, count=1)
    upper = text.upper()
    if "<!DOCTYPE" in upper or "<!ENTITY" in upper:
        return _refused(source, "xml_doctype_refused")
    text = _FORBIDDEN.sub("", _DECLARATION.sub("", text, count=1)).lstrip("\ufeff \t\r\n")
    body = b'<?xml version="1.0" encoding="utf-8"?>\n' + text.encode("utf-8", "replace")
    parsed = feedparser.parse(body, sanitize_html=False, resolve_relative_uris=False)
    entries = parsed.entries[:MAX_ENTRIES]
    feed_title = tidy(str(parsed.feed.get("title", "")))
    documents = []
    links: dict[str, Link] = {}
    for entry in entries:
        made = _document(entry, source.url, feed_title)
        if made is not None:
            documents.append(made)
            for url in (made.url, *made.links):
                links.setdefault(url, Link(url, made.title[:200] if url == made.url else ""))
    if not documents:
        return Extraction(PageVerdict.EMPTY, "feed_without_entries", NAME, "web", (), (), source.encoding)
    links.pop(source.url, None)
    return Extraction(PageVerdict.OK, None, NAME, "web", tuple(documents), tuple(links.values()), source.encoding)


def _refused(source: Source, reason: str) -> Extraction:
    return Extraction(PageVerdict.FAILED, reason, NAME, "web", (), (), source.encoding)


def _document(entry: Mapping[str, Any], feed_url: str, feed_title: str) -> Document | None:
    url = _permalink(entry, feed_url)
    markup = "\n".join(dict.fromkeys(_contents(entry)))
    page = read_page(markup, url)
    title = tidy(read_page(str(entry.get("title", "")), url).text().replace("\n", " "))
    text = page.text()
    if not title and not text:
        return None
    when, raw = _published(entry)
    images = list(page.images)
    for enclosure in [*entry.get("enclosures", ()), *entry.get("media_content", ()), *entry.get("media_thumbnail", ())]:
        href = str(enclosure.get("href") or enclosure.get("url") or "")
        address = resolve(href, url) if href else None
        kind = str(enclosure.get("type") or enclosure.get("medium") or "image")
        if address and kind.startswith("image"):
            images.append(address)
    tags = "，".join(str(tag.get("term") or "") for tag in entry.get("tags", ())[:20] if tag.get("term"))
    segments = list(page.segments())
    if tags:
        segments.append(Segment(SegmentKind.META, tags))
    author = tidy(str(entry.get("author", ""))) or feed_title
    return Document(
        url=url,
        title=title,
        text=text,
        segments=tuple(segments),
        extractor=NAME,
        account=author or None,
        published_at=when,
        published_raw=raw,
        images=tuple(dict.fromkeys(images)),
        links=tuple(dict.fromkeys(link.url for link in page.links)),
        contacts=contacts_of(segments, page.contact_refs, before=title),
        embedded=True,
    )


def _permalink(entry: Mapping[str, Any], feed_url: str) -> str:
    for link in (entry.get("link"), entry.get("id"), *(item.get("href") for item in entry.get("links", ()))):
        if isinstance(link, str) and (
            link.startswith(("http://", "https://", "/", "//", "?", "./")) or link is entry.get("link")
        ):
            url = canonical(link, feed_url)
            if url:
                return url
    return feed_url


def _contents(entry: Mapping[str, Any]) -> list[str]:
    """Full content before the summary, each as HTML; plain text is escaped so that ``<`` in it stays text."""
    found = []
    for item in [*entry.get("content", ()), entry.get("summary_detail") or {}]:
        value = str(item.get("value") or "")
        if not value.strip():
            continue
        if item.get("type") == "text/plain" and not re.search(r"</?[a-zA-Z][^>]{0,200}>", value):
            value = value.replace("&", "&amp;").replace("<", "&lt;").replace("\n", "<br>")
        found.append(f"<div>{value}</div>")
    if len(found) > 1 and found[0] != found[1] and len(found[1]) > 2:
        # A summary that the content begins with says nothing new.
        lead = found[1][5:-6].strip().rstrip(".…")[:60]
        if lead and lead in found[0]:
            del found[1]
    return found


def _published(entry: Mapping[str, Any]) -> tuple[datetime | None, str | None]:
    for name in ("published", "updated", "created"):
        raw = entry.get(name)
        if not isinstance(raw, str) or not raw.strip():
            continue
        instant = parse_instant(raw)
        if instant is None:
            parsed = entry.get(f"{name}_parsed")
            if parsed is not None and 1990 <= parsed[0] <= 2100:
                year, month, day, hour, minute, second = parsed[:6]
                instant = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
        return instant, raw.strip()
    return None, None
