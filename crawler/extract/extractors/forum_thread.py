"""Threads of Discuz! forums: the first floor is the content, the others are comments.

Learned from the public templates of Discuz! X: ``[id^=postmessage_]`` (a floor's text), ``#thread_subject`` (title),
``em[id^=authorposton]`` (time, the exact one in its inner ``title``), ``.authi a`` (author). The walk gives floors their kinds.
"""

from __future__ import annotations

from datetime import datetime

from crawler.extract.assemble import document, settle_regions
from crawler.extract.dates import find_date, parse_instant
from crawler.extract.lines import tidy
from crawler.extract.page import Page
from crawler.extract.source import Source
from domain.document import Extraction, PageVerdict

NAME = "forum_thread/1"


def accepts(source: Source) -> bool:
    """Pages with Discuz floors."""
    return source.kind == "html" and source.page.tree.css_first('[id^="postmessage_"]') is not None


def extract(source: Source) -> Extraction:
    """The thread as one Document; floors keep their order and kinds."""
    page = source.page
    settle_regions(page)
    title = _text(page, "#thread_subject") or None
    made = document(
        page,
        extractor=NAME,
        title=title,
        by=_text(page, "#postlist .authi a, .pls .authi a, .authi a") or None,
        when=_first_floor_time(page),
    )
    return Extraction(PageVerdict.OK, None, NAME, "web", (made,), tuple(page.links), source.encoding)


def _text(page: Page, selector: str) -> str:
    node = page.tree.css_first(selector)
    return tidy(node.text(deep=True)) if node is not None else ""


def _first_floor_time(page: Page) -> tuple[datetime | None, str | None] | None:
    node = page.tree.css_first('em[id^="authorposton"]')
    if node is None:
        return None
    exact = node.css_first("[title]")
    raw = (exact.attributes.get("title") or "") if exact is not None else ""
    shown = tidy(node.text(deep=True)).removeprefix("发表于").strip()
    if raw:
        return parse_instant(raw), raw
    date = find_date(shown)
    return (date[0], date[1]) if date else (None, shown or None)
