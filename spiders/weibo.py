"""微博: an account's posts.

Learned from RSSHub (lib/routes/weibo/user.ts): the mobile site gives an account's posts without login as
``m.weibo.cn/api/container/getIndex?type=uid&value=<uid>&containerid=107603<uid>``; its cards hold the posts whole, and
each post has a page ``m.weibo.cn/status/<bid>`` or ``/detail/<id>``.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from crawler.navigation import Navigation

_ACCOUNT = re.compile(r"^/(?:u|profile|p/1005\d{2})/?(\d{5,12})(?:/|$)|^/(\d{5,12})/?$")
_POST = re.compile(r"^/(?:status|detail)/\w+$|^/\d{5,12}/(?:\d{9,}|[A-Za-z0-9]{9})$")


def lists(url: str) -> tuple[str, ...]:
    """The mobile site's list of the account; a named account (``weibo.com/n/…``) has no number and is none."""
    match = _ACCOUNT.match(urlsplit(url).path)
    if match is None:
        return ()
    uid = match[1] or match[2]
    return (f"https://m.weibo.cn/api/container/getIndex?containerid=107603{uid}&type=uid&value={uid}",)


NAVIGATION = Navigation(
    hosts=("weibo.com", "weibo.cn"),
    lists=lists,
    is_post=lambda url: _POST.match(urlsplit(url).path) is not None,
)
