"""抖音: an account's videos and picture posts.

Learned from RSSHub (lib/routes/douyin/user.ts) and yt-dlp (extractor/tiktok.py, DouyinIE): the account's page
``www.douyin.com/user/<sec_uid>`` carries its data as embedded state, posts at ``/video/<id>`` and ``/note/<id>``; the share page
is ``www.iesdouyin.com/share/user/<sec_uid>``. Without a visitor's cookie the page is often a check, which is then a gap.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from crawler.navigation import Navigation

_ACCOUNT = re.compile(r"^/(?:share/)?user/([\w-]{10,})/?$")
_POST = re.compile(r"^/(?:share/)?(?:video|note)/\d+/?$")


def lists(url: str) -> tuple[str, ...]:
    """The account's page."""
    match = _ACCOUNT.match(urlsplit(url).path)
    return (f"https://www.douyin.com/user/{match[1]}",) if match else ()


NAVIGATION = Navigation(
    hosts=("douyin.com", "iesdouyin.com"),
    lists=lists,
    is_post=lambda url: _POST.match(urlsplit(url).path) is not None,
)
