"""Any HTML page that no other extractor knows better."""

from __future__ import annotations

from crawler.extract.assemble import document, refused, settle_regions
from crawler.extract.forms import has_query_form
from crawler.extract.source import Source
from crawler.extract.verdicts import judge
from domain.document import Extraction, PageVerdict

NAME = "html/1"


def accepts(source: Source) -> bool:
    """HTML and XHTML."""
    return source.kind == "html"


def extract(source: Source) -> Extraction:
    """The page as one Document, or the verdict why it is none."""
    page = source.page
    settle_regions(page)
    query_form = has_query_form(page)
    verdict, reason = judge(page, has_query_form=query_form)
    if verdict is not PageVerdict.OK:
        return refused(page, verdict, reason, NAME, "web", source.encoding)
    made = document(page, extractor=NAME, query_form=query_form)
    return Extraction(verdict, None, NAME, "web", (made,), tuple(page.links), source.encoding)
