"""快手: an account's videos.

Learned from RSSHub (lib/routes/kuaishou/user.ts): ``www.kuaishou.com/profile/<id>`` carries ``__APOLLO_STATE__`` with the
account's photos, each at ``/short-video/<id>``. Further photos come by POST only and are not followed.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from crawler.navigation import Navigation

_ACCOUNT = re.compile(r"^/profile/([\w-]+)/?$")
_POST = re.compile(r"^/(?:short-video|fw/photo)/[\w-]+$")


def lists(url: str) -> tuple[str, ...]:
    """The account's page."""
    match = _ACCOUNT.match(urlsplit(url).path)
    return (f"https://www.kuaishou.com/profile/{match[1]}",) if match else ()


NAVIGATION = Navigation(
    hosts=("kuaishou.com", "gifshow.com", "chenzhongtech.com"),
    lists=lists,
    is_post=lambda url: _POST.match(urlsplit(url).path) is not None,
)
