"""B站: an account's videos and dynamics.

Learned from RSSHub (lib/routes/bilibili/dynamic.ts): ``api.bilibili.com/x/polymer/web-dynamic/v1/feed/space?host_mid=<mid>``
lists what an account published, videos and columns included; posts are at ``/opus/<id>``, ``/video/BV…``, ``/read/cv…`` and
``t.bilibili.com/<id>``.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from crawler.navigation import Navigation

_ACCOUNT = re.compile(r"^/(?:space/)?(\d{1,16})(?:/|$)")
_POST = re.compile(r"^/(?:video/(?:BV|av)\w+|opus/\d+|dynamic/\d+|read/(?:mobile/)?cv\d+|\d{15,})/?$")


def lists(url: str) -> tuple[str, ...]:
    """The interface that the account's own page reads its posts from."""
    parts = urlsplit(url)
    if not (parts.netloc.startswith("space.") or parts.path.startswith("/space/")):
        return ()
    match = _ACCOUNT.match(parts.path)
    if match is None:
        return ()
    return (f"https://api.bilibili.com/x/polymer/web-dynamic/v1/feed/space?host_mid={match[1]}",)


NAVIGATION = Navigation(
    hosts=("bilibili.com",),
    lists=lists,
    is_post=lambda url: _POST.match(urlsplit(url).path) is not None,
)
