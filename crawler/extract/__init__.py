"""Response bytes → :class:`domain.document.Extraction`. The only door is :func:`extract`; it never raises for any bytes."""

from __future__ import annotations

import logging
from dataclasses import replace

from crawler.addresses import host_key
from crawler.extract.extractors.mhtml import root_part
from crawler.extract.source import MAX_TEXT, Source
from crawler.extract.table import EXTRACTORS
from domain.document import Extraction, PageVerdict

_log = logging.getLogger(__name__)

__all__ = ["extract"]


def extract(
    body: bytes,
    *,
    url: str,
    content_type: str | None = None,
    hosts: frozenset[str] | None = None,
    rendered: bool = False,
) -> Extraction:
    """Read one response.

    ``body`` is the entity after content decoding (gzip and the like), ``url`` the final address, ``content_type`` the
    header as sent. ``hosts`` (as :func:`crawler.addresses.host_key` spells them) keeps ``Extraction.links`` to links
    within these hosts; ``Document.links`` always holds all. ``rendered``: the body is what a browser made of the answer;
    its links into the application itself (``#/course``) are pages then. Bytes that are no text give verdict ``empty``
    with a reason such as ``not_text:application/pdf``; bytes that an extractor cannot survive give ``failed`` with its error's name.
    """
    source = Source(body, url, content_type, rendered)
    try:
        extraction = _extract(source)
    except (Exception, RecursionError) as error:
        _log.exception("extraction failed: %s", url)
        return Extraction(PageVerdict.FAILED, f"extractor_error:{type(error).__name__}", "none/1", "web", (), ())
    if hosts is not None:
        extraction = replace(extraction, links=tuple(link for link in extraction.links if host_key(link.url) in hosts))
    return extraction


def _extract(source: Source) -> Extraction:
    kind = source.kind
    if kind == "blank":
        return Extraction(PageVerdict.EMPTY, "no_bytes", "none/1", "web", (), ())
    if kind.startswith("not_text:"):
        return Extraction(PageVerdict.EMPTY, kind, "none/1", "web", (), ())
    if kind == "mhtml":
        part = root_part(source)
        if part is not None and part.kind != "mhtml":
            return _extract(part)
    for extractor in EXTRACTORS:
        if extractor.accepts(source):
            extraction = extractor.extract(source)
            if len(source.text) >= MAX_TEXT and extraction.verdict is PageVerdict.OK:
                return replace(extraction, verdict=PageVerdict.TRUNCATED, verdict_reason=f"longer_than:{MAX_TEXT}")
            return extraction
    return Extraction(PageVerdict.EMPTY, f"not_text:{source.declared_type or 'unknown'}", "none/1", "web", (), ())
