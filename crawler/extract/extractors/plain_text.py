"""Plain text: every line a block."""

from __future__ import annotations

import re

from crawler.addresses import canonical
from crawler.extract.contacts import contacts_of
from crawler.extract.lines import tidy
from crawler.extract.source import Source
from domain.document import Document, Extraction, Link, PageVerdict, Segment, SegmentKind

NAME = "plain_text/1"

_ADDRESS = re.compile(r"https?://[A-Za-z0-9./?#=&%_~:@!$*+,;\[\]-]{4,2000}")
_TITLE_LENGTH = 80


def accepts(source: Source) -> bool:
    """Text that is neither markup nor JSON."""
    return source.kind == "text"


def extract(source: Source) -> Extraction:
    """One Document; its first line is the title if it is short and more follows."""
    lines = [text for line in source.text.replace("\0", "").splitlines() if (text := tidy(line))]
    if not lines:
        return Extraction(PageVerdict.EMPTY, "no_text", NAME, "web", (), (), source.encoding)
    urls = dict.fromkeys(url for match in _ADDRESS.finditer(source.text) if (url := canonical(match[0].rstrip(".,;"))))
    text = "\n".join(lines)
    segments = tuple(Segment(SegmentKind.MAIN, line) for line in lines)
    document = Document(
        url=source.url,
        title=lines[0] if len(lines) > 1 and len(lines[0]) <= _TITLE_LENGTH else "",
        text=text,
        segments=segments,
        extractor=NAME,
        links=tuple(urls),
        contacts=contacts_of(segments),
    )
    links = tuple(Link(url) for url in urls)
    return Extraction(PageVerdict.OK, None, NAME, "web", (document,), links, source.encoding)
