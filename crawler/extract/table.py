"""The extractors, in the order in which they are asked. To add one: a module in ``extractors/`` and a line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from crawler.extract.extractors import feed, forum_thread, html, json_feed, json_text, mhtml, plain_text, weixin_article
from crawler.extract.source import Source
from domain.document import Extraction


@dataclass(frozen=True, slots=True)
class Extractor:
    """One kind of response that can be read."""

    name: str
    """Name and version, e.g. ``html/1``; the version rises whenever the same bytes give another result."""
    accepts: Callable[[Source], bool]
    extract: Callable[[Source], Extraction]


EXTRACTORS: tuple[Extractor, ...] = tuple(
    Extractor(module.NAME, module.accepts, module.extract)
    for module in (mhtml, feed, json_feed, json_text, plain_text, weixin_article, forum_thread, html)
)
