"""JSON Feed (jsonfeed.org, versions 1 and 1.1): every item a Document."""

from __future__ import annotations

import html
from typing import Any

from crawler.addresses import canonical, resolve
from crawler.extract.contacts import contacts_of
from crawler.extract.dates import parse_instant
from crawler.extract.json_reading import load
from crawler.extract.lines import tidy
from crawler.extract.source import Source
from crawler.extract.walk import read_page
from domain.document import Document, Extraction, Link, PageVerdict

NAME = "json_feed/1"
MAX_ITEMS = 1000


def accepts(source: Source) -> bool:
    """JSON that names jsonfeed.org as its version."""
    return source.kind == "json" and "jsonfeed.org/version/" in source.text[:100_000].replace("\\/", "/")


def extract(source: Source) -> Extraction:
    """One Document per item."""
    loaded = load(source.json_text)
    items = loaded.get("items") if isinstance(loaded, dict) else None
    if not isinstance(loaded, dict) or not isinstance(items, list):
        return Extraction(PageVerdict.FAILED, "field_not_found:items", NAME, "web", (), (), source.encoding)
    documents = [
        made
        for item in items[:MAX_ITEMS]
        if isinstance(item, dict) and (made := _document(item, source.url, loaded)) is not None
    ]
    if not documents:
        return Extraction(PageVerdict.EMPTY, "feed_without_entries", NAME, "web", (), (), source.encoding)
    links = {made.url: Link(made.url, made.title[:200]) for made in documents if made.url != source.url}
    for made in documents:
        for url in made.links:
            links.setdefault(url, Link(url))
    following = canonical(_text(loaded, "next_url"), source.url) if loaded.get("next_url") else None
    if following:
        links.setdefault(following, Link(following))
    return Extraction(PageVerdict.OK, None, NAME, "web", tuple(documents), tuple(links.values()), source.encoding)


def _document(item: dict[str, Any], feed_url: str, feed: dict[str, Any]) -> Document | None:
    address = _text(item, "url") or _text(item, "external_url") or _text(item, "id")
    url = canonical(address, feed_url) if address.startswith(("http", "/")) else None
    markup = _text(item, "content_html") or html.escape(_text(item, "content_text") or _text(item, "summary")).replace(
        "\n", "<br>"
    )
    page = read_page(markup, url or feed_url)
    title = tidy(_text(item, "title"))
    text = page.text()
    if not title and not text:
        return None
    raw = _text(item, "date_published") or _text(item, "date_modified")
    images = [
        *page.images,
        *(resolve(image, feed_url) for key in ("image", "banner_image") if (image := _text(item, key))),
    ]
    return Document(
        url=url or feed_url,
        title=title,
        text=text,
        segments=page.segments(),
        extractor=NAME,
        account=_author(item) or _author(feed) or tidy(_text(feed, "title")) or None,
        published_at=parse_instant(raw) if raw else None,
        published_raw=raw or None,
        images=tuple(dict.fromkeys(image for image in images if image)),
        links=tuple(dict.fromkeys(link.url for link in page.links)),
        contacts=contacts_of(page.segments(), page.contact_refs, before=title),
        embedded=True,
    )


def _text(item: dict[str, Any], key: str) -> str:
    value = item.get(key)
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""


def _author(item: dict[str, Any]) -> str:
    authors = item.get("authors")
    first = authors[0] if isinstance(authors, list) and authors else item.get("author")
    return tidy(_text(first, "name")) if isinstance(first, dict) else ""
