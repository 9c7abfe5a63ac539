"""A read page turned into a Document: segments, contacts, byline. Shared by the extractors of HTML."""

from __future__ import annotations

import re
from datetime import datetime

from crawler.extract.byline import account, published, title_of
from crawler.extract.contacts import contacts_of
from crawler.extract.forms import has_query_form
from crawler.extract.links import script_moves
from crawler.extract.page import Block, Page
from crawler.extract.page_source import source_contacts
from domain.document import Document, Extraction, PageVerdict, Segment, SegmentKind

_FOOTER_SIGNS = re.compile(
    r"ICP\s?[备備证]|公\s?网\s?安\s?备|copyright|©|版权所有|all rights reserved|技术支持[:：]", re.IGNORECASE
)
#: Of these characters every footer sign has one. Looked for first: a set costs a fraction of the alternatives.
_FOOTER_TRACE = re.compile("[备備證©权持yYvV]")
_THREAD_SIGNS = re.compile(r"楼主|沙发|板凳|地板|^\d{1,4}\s?[楼#]|发表于|回复|跟帖")
_FOOTER_LENGTH = 240
#: A region that holds this share of a page while its main part holds next to nothing was taken for one by its name only.
_MISJUDGED_SHARE, _NO_MAIN = 0.6, 120


def settle_regions(page: Page) -> None:
    """Correct kinds that only the whole page can tell: answers in a thread, footers without a footer element, misnamed main columns, and
    navigation in a page head."""
    if len(page.floors) > 1 and (page.surely_thread or any(_THREAD_SIGNS.search(b.text) for b in page.blocks)):
        for start, end in page.floors[1:]:
            for block in page.blocks[start:end]:
                if block.kind in (SegmentKind.MAIN, SegmentKind.TABLE):
                    block.kind = SegmentKind.COMMENT
    lengths: dict[SegmentKind, int] = {}
    for block in page.blocks:
        if block.in_header and block.kind is SegmentKind.MAIN and block.linked * 2 > len(block.text):
            block.kind = SegmentKind.NAV
        elif (
            block.kind not in (SegmentKind.FOOTER, SegmentKind.COMMENT, SegmentKind.FLOATING)
            and block.seen
            and 6 <= len(block.text) <= _FOOTER_LENGTH
            and _FOOTER_TRACE.search(block.text)
            and _FOOTER_SIGNS.search(block.text)
        ):
            block.kind = SegmentKind.FOOTER
        if block.seen:
            lengths[block.kind] = lengths.get(block.kind, 0) + len(block.text)
    total = sum(lengths.values())
    main = sum(lengths.get(kind, 0) for kind in (SegmentKind.MAIN, SegmentKind.TABLE, SegmentKind.FORM))
    if total and main < _NO_MAIN:
        for kind in (SegmentKind.SIDEBAR, SegmentKind.NAV, SegmentKind.FLOATING, SegmentKind.FOOTER):
            if lengths.get(kind, 0) > _MISJUDGED_SHARE * total and lengths[kind] > 2 * _NO_MAIN:
                for block in page.blocks:
                    footer = kind is SegmentKind.FOOTER and _FOOTER_SIGNS.search(block.text)
                    if block.kind is kind and not footer and block.linked * 2 <= len(block.text):
                        block.kind = SegmentKind.MAIN


def document(
    page: Page,
    *,
    extractor: str,
    platform: str = "web",
    title: str | None = None,
    by: str | None = None,
    by_id: str | None = None,
    when: tuple[datetime | None, str | None] | None = None,
    query_form: bool | None = None,
) -> Document:
    """Make the Document of ``page``. What the caller knows better (title, account, time) is passed in."""
    title = title if title is not None else title_of(page)
    published_at, published_raw = when if when is not None else published(page, title)
    segments: list[Segment] = []
    if page.title_tag and page.title_tag != title:
        segments.append(Segment(SegmentKind.TITLE, page.title_tag))
    for name in ("description", "keywords", "og:description"):
        words = page.meta.get(name, "")
        if words and all(s.text != words for s in segments):
            segments.append(Segment(SegmentKind.META, words))
    segments += page.segments()
    return Document(
        url=page.url,
        title=title,
        text=page.text(),
        segments=tuple(segments),
        extractor=extractor,
        platform=platform,
        account=by if by is not None else account(page),
        account_id=by_id,
        published_at=published_at,
        published_raw=published_raw,
        images=tuple(page.images),
        links=tuple(dict.fromkeys(link.url for link in page.links)),
        contacts=contacts_of(segments, page.contact_refs, more=source_contacts(page.html, page.url)),
        has_form=has_query_form(page) if query_form is None else query_form,
        aside_images=page.aside_images,
    )


def refused(
    page: Page, verdict: PageVerdict, reason: str | None, extractor: str, platform: str, encoding: str
) -> Extraction:
    """An Extraction for a page that is no content: its links may still be followed, its text is no document."""
    links = [*page.links, *script_moves(page)] if reason == "redirect" else page.links
    return Extraction(verdict, reason, extractor, platform, (), tuple(links), encoding)


def block_lines(blocks: list[Block]) -> str:
    """The visible text of some blocks."""
    return "\n".join(block.text for block in blocks if block.seen)
