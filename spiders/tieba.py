"""百度贴吧: a bar's threads.

Learned from RSSHub (lib/routes/tieba/forum.ts): ``tieba.baidu.com/f?kw=<name>`` lists a bar's threads, fifty a page
(``pn``); the list stands in an HTML comment inside a ``code`` element (read by ``tieba_forum``), threads at ``/p/<id>``.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from crawler.navigation import Navigation

_POST = re.compile(r"^/p/\d+$")


def lists(url: str) -> tuple[str, ...]:
    """The bar's first page."""
    return (url,) if _is_bar(url) else ()


def _is_bar(url: str) -> bool:
    parts = urlsplit(url)
    return parts.path in ("/f", "/f/index") and bool(parse_qs(parts.query).get("kw"))


def _is_next(url: str) -> bool:
    number = parse_qs(urlsplit(url).query).get("pn", [""])[0]
    return _is_bar(url) and number.isdecimal() and int(number) > 0


NAVIGATION = Navigation(
    hosts=("tieba.baidu.com",),
    lists=lists,
    is_post=lambda url: _POST.match(urlsplit(url).path) is not None,
    is_list=_is_next,
)
