"""今日头条: an account's articles and short posts.

Learned from RSSHub (lib/routes/toutiao/user.ts): accounts at ``www.toutiao.com/c/user/token/<token>/`` (older: ``/c/user/<id>/``),
posts at ``/article/<id>/``, ``/w/<id>/`` and ``/video/<id>/``. The interface behind the page asks for a signature that only its
own script makes; what the page itself carries is read.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from crawler.navigation import Navigation

_ACCOUNT = re.compile(r"^/c/user/(?:token/)?[\w-]+/?$")
_POST = re.compile(r"^/(?:article|w|video|group)/\d+/?$|^/[aiw]\d{10,}/?$")


def lists(url: str) -> tuple[str, ...]:
    """The account's page."""
    return (url,) if _ACCOUNT.match(urlsplit(url).path) else ()


NAVIGATION = Navigation(
    hosts=("toutiao.com",),
    lists=lists,
    is_post=lambda url: _POST.match(urlsplit(url).path) is not None,
)
