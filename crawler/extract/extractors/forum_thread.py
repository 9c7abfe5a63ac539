"""Threads of forums, Discuz! above all: the first posting is the content, the others are comments.

Learned from the public templates of Discuz! X: ``[id^=postmessage_]`` (a floor's text), ``#thread_subject`` (title),
``em[id^=authorposton]`` (time, the exact one in its inner ``title``), ``.authi a`` (author). The walk finds the
postings of other forums by the usual names of their elements (:func:`crawler.extract.regions.posting_of`).
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

_AUTHORS = ".authi, .floor .author, .post .author, .username, .poster, .post-author, .floor .name, .user-name"
#: A posting's time stands in a short line of its own.
_STAMP_LENGTH = 60


def accepts(source: Source) -> bool:
    """Pages with Discuz floors, or with several postings that are surely a thread's."""
    if source.kind != "html":
        return False
    page = source.page
    return bool(page.floors) and (page.tree.css_first("#thread_subject") is not None or page.surely_thread)


def extract(source: Source) -> Extraction:
    """The thread as one Document; postings keep their order and kinds."""
    page = source.page
    settle_regions(page)
    made = document(
        page,
        extractor=NAME,
        title=_text(page, "#thread_subject") or None,
        by=_text(page, "#postlist .authi a") or _text(page, ".authi a") or _text(page, _AUTHORS) or None,
        when=_first_time(page),
    )
    return Extraction(PageVerdict.OK, None, NAME, "web", (made,), tuple(page.links), source.encoding)


def _text(page: Page, selector: str) -> str:
    node = page.tree.css_first(selector)
    return tidy(node.text(deep=True))[:300] if node is not None else ""


def _first_time(page: Page) -> tuple[datetime | None, str | None]:
    """The first posting's time: Discuz keeps the exact one in a title beside "昨天 10:00"."""
    node = page.tree.css_first('em[id^="authorposton"] [title]')
    exact = (node.attributes.get("title") or "") if node is not None else ""
    if exact:
        return parse_instant(exact), exact
    start, end = page.floors[0]
    for block in page.blocks[start:end]:
        date = find_date(block.text) if len(block.text) <= _STAMP_LENGTH else None
        if date:
            return date[0], date[1]
    return None, None
