"""Title, author and time of a page, from its head, its structured data and the lines around its heading."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from crawler.extract.dates import find_date, parse_instant
from crawler.extract.page import Block, Page
from crawler.extract.regions import HEADINGS
from domain.document import SegmentKind

_TIME_META = [
    "article:published_time",
    "og:article:published_time",
    "og:release_date",
    "og:published_time",
    "datepublished",
    "publishdate",
    "pubdate",
    "publish_time",
    "publishtime",
    "publish-date",
    "publication_date",
    "pub_date",
    "dc.date.issued",
    "dc.date",
    "dcterms.created",
    "article.published",
    "weibo:",
    "article:create_at",
    "bytedance:published_time",
    "datecreated",
    "date",
]
_AUTHOR_META = [
    "article:author",
    "og:article:author",
    "author",
    "byl",
    "dc.creator",
    "og:site_author",
    "mediaid",
    "contentsource",
    "source",
]

_NAME_END = r"(?=\s{1,}|作者|编辑|责编|来源|时间|日期|发布|浏览|点击|阅读|字体|字号|[|｜,，;；()（）【】\[\]]|(?:19|20)\d{2}[-年/.]|$)"
_AUTHOR_LINE = re.compile(
    r"(?P<label>来源|稿源|作者|发布者|发布人|发布机构|发布单位|编辑|撰文)\s*[:：]\s*"
    rf"(?P<name>\S.{{0,38}}?)\s*{_NAME_END}"
)
#: Who answers for the content comes before who typed it; a person's name is only taken where no institution is given.
_AUTHOR_RANK = {
    "发布机构": 0,
    "发布单位": 0,
    "发布者": 0,
    "发布人": 0,
    "来源": 1,
    "稿源": 1,
    "作者": 2,
    "撰文": 2,
    "编辑": 3,
}
#: Bylines have no sentences.
_SENTENCE = re.compile(r"[。！？；，!?;]")
_NO_NAME = frozenset(
    [
        "admin",
        "administrator",
        "管理员",
        "本站",
        "本站原创",
        "原创",
        "网络",
        "互联网",
        "未知",
        "佚名",
        "转载",
        "匿名",
        "none",
        "null",
    ]
)

#: Date lines are looked for this many visible blocks around the heading; a byline stands next to it.
_BYLINE_BEFORE, _BYLINE_AFTER = 3, 8
#: A byline is short; a date in a longer block is part of a sentence.
_BYLINE_LENGTH = 90


def title_of(page: Page) -> str:
    """The content's own title: ``og:title``, or a heading that the ``<title>`` repeats, or the only h1, or ``<title>``."""
    shared = page.meta.get("og:title", "").strip()
    if shared == page.meta.get("og:site_name", "").strip():
        shared = ""  # a template that shares every page under the site's name
    headings = [b.text for b in page.blocks if b.tag == "h1" and b.seen and not b.in_header and 4 <= len(b.text) <= 120]
    if shared:
        # A template's og:title is often the site's name on every page: a heading that <title> repeats is better.
        for heading in headings:
            if heading in page.title_tag and heading not in shared and len(heading) >= 8:
                return heading
        return shared[:300]
    for heading in headings:
        if heading in page.title_tag:
            return heading
    if len(headings) == 1 and (not page.title_tag or len(headings[0]) >= 8):
        return headings[0]
    if page.title_tag:
        return page.title_tag[:300]
    if headings:
        return headings[0]
    lines = [b for b in page.blocks if b.seen and len(b.text) >= 4]
    for block in lines:
        if block.tag in HEADINGS:
            return block.text[:120]
    # A page without any title is known by its first line.
    return next((b.text for b in lines if b.kind is SegmentKind.MAIN and len(b.text) <= 60), "")


def structured(page: Page) -> Iterator[dict[str, Any]]:
    """JSON-LD objects of a page, ``@graph`` unfolded. Broken JSON is skipped: it is decoration."""
    for text in page.json_ld[:20]:
        try:
            loaded = json.loads(text.strip().rstrip(";"), strict=False)
        except (ValueError, RecursionError):
            continue
        queue = [loaded]
        seen = 0
        while queue and seen < 200:
            item = queue.pop(0)
            seen += 1
            if isinstance(item, list):
                queue += item[:100]
            elif isinstance(item, dict):
                yield item
                if isinstance(item.get("@graph"), list):
                    queue += item["@graph"][:100]


def published(page: Page, title: str) -> tuple[datetime | None, str | None]:
    """When the content was published, and the page's wording of it; (None, None) where the page does not say."""
    for name in _TIME_META:
        raw = page.meta.get(name)
        if raw:
            instant = parse_instant(raw)
            if instant is not None:
                return instant, raw
    for item in structured(page):
        for key in ("datePublished", "uploadDate", "dateCreated", "pubDate"):
            raw = item.get(key)
            if isinstance(raw, str):
                instant = parse_instant(raw)
                if instant is not None:
                    return instant, raw
    if len(page.times) == 1 or (page.times and _has_heading(page)):
        instant = parse_instant(page.times[0])
        if instant is not None:
            return instant, page.times[0]
    return _from_lines(page, title)


def account(page: Page) -> str | None:
    """Who publishes: structured author, ``<meta name=author>``, or the 作者/来源 line."""
    for item in structured(page):
        for key in ("author", "publisher"):
            name = _name_in(item.get(key))
            if name:
                return name
    for key in _AUTHOR_META:
        name = _clean_name(page.meta.get(key, ""))
        if name and "://" not in name:
            return name
    best: tuple[int, str] | None = None
    for block in page.blocks:
        if block.kind not in (SegmentKind.MAIN, SegmentKind.NAV, SegmentKind.TABLE) or len(block.text) > _BYLINE_LENGTH:
            continue
        if "：" not in block.text and ":" not in block.text:
            continue
        for match in _AUTHOR_LINE.finditer(block.text):
            name = _clean_name(match["name"])
            rank = _AUTHOR_RANK[match["label"]]
            if name and (best is None or rank < best[0]):
                best = (rank, name)
    return best[1] if best else None


def _from_lines(page: Page, title: str) -> tuple[datetime | None, str | None]:
    blocks = [b for b in page.blocks if b.kind in (SegmentKind.MAIN, SegmentKind.TABLE)]
    at = next((i for i, b in enumerate(blocks) if title and b.text == title), None)
    if at is None:
        at = next((i for i, b in enumerate(blocks) if b.tag == "h1"), None)
    if at is not None:
        near = blocks[max(0, at - _BYLINE_BEFORE) : at] + blocks[at + 1 : at + 1 + _BYLINE_AFTER]
        # After the heading first: what stands before it is often the site's "today is".
        found = _best_date(blocks[at + 1 : at + 1 + _BYLINE_AFTER]) or _best_date(
            blocks[max(0, at - _BYLINE_BEFORE) : at]
        )
        if found and not _is_list(near):
            return found
    dates = [date for block in blocks if len(block.text) <= _BYLINE_LENGTH and (date := find_date(block.text))]
    for instant, raw, labelled in dates:
        if labelled and instant is not None:
            return instant, raw
    # A page with one dated line and running text is an article without a heading element.
    dated = [(instant, raw) for instant, raw, _ in dates if instant is not None]
    if len(dated) == 1 and len(dated[0][1]) >= 8 and any(len(block.text) >= 80 for block in blocks):
        return dated[0]
    return None, None


def _best_date(blocks: list[Block]) -> tuple[datetime | None, str | None] | None:
    loose: tuple[datetime | None, str | None] | None = None
    for block in blocks:
        if len(block.text) > _BYLINE_LENGTH:
            continue
        date = find_date(block.text)
        if date is None:
            continue
        instant, raw, labelled = date
        rest = block.text.replace(raw, "", 1)
        if labelled or (instant is not None and len(rest) <= 30 and not _SENTENCE.search(rest)):
            return instant, raw
        # A short or relative form counts only where it is nearly the whole line ("3小时前 · 来源").
        if loose is None and not _SENTENCE.search(rest) and (instant is not None or len(rest) <= 12):
            loose = instant, raw
    return loose


def _is_list(blocks: list[Block]) -> bool:
    """A list page has a date on every entry."""
    dated = [b for b in blocks if len(b.text) <= _BYLINE_LENGTH and find_date(b.text)]
    return len(dated) >= 3


def _has_heading(page: Page) -> bool:
    return any(b.tag == "h1" for b in page.blocks)


def _name_in(value: object) -> str | None:
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        value = value.get("name")
    return _clean_name(value) if isinstance(value, str) else None


def _clean_name(name: str) -> str | None:
    name = re.sub(r"\s+", " ", name).strip(" :：|,，。-")[:60]
    return name if name and name.lower() not in _NO_NAME else None
