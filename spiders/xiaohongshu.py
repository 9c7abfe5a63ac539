"""小红书: an account's notes.

Learned from RSSHub (lib/routes/xiaohongshu/user.ts): ``www.xiaohongshu.com/user/profile/<id>`` carries the first notes in
``window.__INITIAL_STATE__`` (``user.notes[][].noteCard``, read by ``xiaohongshu_user``); notes at ``/explore/<id>`` and
``/discovery/item/<id>``. Further notes come only to logged-in visitors.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from crawler.navigation import Navigation

_ACCOUNT = re.compile(r"^/user/profile/(\w+)/?$")
_POST = re.compile(r"^/(?:explore|discovery/item|user/profile/\w+)/[0-9a-f]{24}$")


def lists(url: str) -> tuple[str, ...]:
    """The account's own page."""
    match = _ACCOUNT.match(urlsplit(url).path)
    return (f"https://www.xiaohongshu.com/user/profile/{match[1]}",) if match else ()


NAVIGATION = Navigation(
    hosts=("xiaohongshu.com", "xhslink.com"),
    lists=lists,
    is_post=lambda url: _POST.match(urlsplit(url).path) is not None,
)
