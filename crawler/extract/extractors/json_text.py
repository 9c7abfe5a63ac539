"""JSON answers (page data of applications, exported posts): the texts in them, in order, as one Document.

No platform's field names are known here; a value is text if it reads as text. Platform spiders know better and come first.
"""

from __future__ import annotations

import html
import re

from crawler.addresses import canonical
from crawler.extract.contacts import contacts_of
from crawler.extract.dates import parse_instant
from crawler.extract.json_reading import load, whole_text
from crawler.extract.lines import tidy
from crawler.extract.source import Source
from crawler.extract.walk import read_page
from domain.document import Document, Extraction, Link, PageVerdict, Segment, SegmentKind

NAME = "json_text/1"

#: Texts read of one answer; beyond them it is a data dump.
MAX_TEXTS = 5000
MAX_DEPTH = 60

_HAN = re.compile("[\u3400-\u9fff]")
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,300}>")
_PICTURE = re.compile(r"\.(?:jpe?g|png|gif|webp|bmp)(?:[?!@].*)?$", re.IGNORECASE)
_TITLE_KEYS = ("title", "subject", "note_title", "article_title", "name")
_ACCOUNT_KEYS = (
    "nickname",
    "nick_name",
    "screen_name",
    "author",
    "author_name",
    "user_name",
    "username",
    "account",
    "source",
)
_TIME_KEYS = (
    "publish_time",
    "published_at",
    "pubtime",
    "pub_time",
    "create_time",
    "created_at",
    "publishtime",
    "createtime",
    "ctime",
    "date",
    "time",
)


def accepts(source: Source) -> bool:
    """Any JSON."""
    return source.kind == "json"


def extract(source: Source) -> Extraction:
    """One Document with a block per text; EMPTY where nothing reads as text, FAILED where it is no JSON."""
    loaded = load(source.json_text)
    if loaded is None:
        return Extraction(PageVerdict.FAILED, "not_json", NAME, "web", (), (), source.encoding)
    strings = _strings(loaded)
    blocks: list[Segment] = []
    images: dict[str, None] = {}
    links: dict[str, Link] = {}
    for _, value in strings:
        if value.startswith(("http://", "https://", "//")):
            url = canonical(value, source.url)
            if url and _PICTURE.search(value):
                images[url] = None
            elif url:
                links.setdefault(url, Link(url))
        elif _TAG.search(value):
            page = read_page(value, source.url)
            blocks += page.segments()
            images.update(dict.fromkeys(page.images))
            for link in page.links:
                links.setdefault(link.url, link)
        elif _HAN.search(value) or (len(value) >= 20 and " " in value.strip()):
            blocks += [
                Segment(SegmentKind.MAIN, text) for line in html.unescape(value).split("\n") if (text := tidy(line))
            ]
    text = "\n".join(s.text for s in blocks if s.kind is not SegmentKind.HIDDEN and s.kind is not SegmentKind.ALT)
    if not text:
        return Extraction(PageVerdict.EMPTY, "no_text", NAME, "web", (), tuple(links.values()), source.encoding)
    raw = _first(strings, _TIME_KEYS)
    document = Document(
        url=source.url,
        title=tidy(_first(strings, _TITLE_KEYS))[:300],
        text=text,
        segments=tuple(blocks),
        extractor=NAME,
        account=tidy(_first(strings, _ACCOUNT_KEYS))[:60] or None,
        published_at=parse_instant(raw) if raw else None,
        published_raw=raw or None,
        images=tuple(images),
        links=tuple(links),
        contacts=contacts_of(blocks),
    )
    return Extraction(PageVerdict.OK, None, NAME, "web", (document,), tuple(links.values()), source.encoding)


def _strings(loaded: object) -> list[tuple[str, str]]:
    """(key, string) in document order, depth first without recursion."""
    found: list[tuple[str, str]] = []
    stack: list[tuple[str, object, int]] = [("", loaded, 0)]
    while stack and len(found) < MAX_TEXTS:
        key, value, depth = stack.pop()
        if isinstance(value, str):
            if value.strip():
                found.append((key, whole_text(value)))
        elif isinstance(value, int) and not isinstance(value, bool) and key in _TIME_KEYS:
            found.append((key, str(value)))
        elif depth < MAX_DEPTH and isinstance(value, dict):
            stack += [(str(k).lower(), v, depth + 1) for k, v in reversed(value.items())]
        elif depth < MAX_DEPTH and isinstance(value, list):
            stack += [(key, v, depth + 1) for v in reversed(value)]
    return found


def _first(strings: list[tuple[str, str]], keys: tuple[str, ...]) -> str:
    for wanted in keys:
        for key, value in strings:
            if key == wanted:
                return value
    return ""
