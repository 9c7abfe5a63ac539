"""微信公众号: albums (合集), the only public list of an account's articles that the web has.

Learned from RSSHub (lib/routes/wechat/msgalbum.ts): ``mp.weixin.qq.com/mp/appmsgalbum?__biz=…&action=getalbum&album_id=…``
answers with JSON under ``f=json``: ``getalbum_resp.article_list[].url``. An account's whole list needs a login that staff cannot
give to a program; follow it by its feed (we-mp-rss, RSSHub) as a target of kind 订阅源.
"""

from __future__ import annotations

from urllib.parse import parse_qs, urlencode, urlsplit

from crawler.navigation import Navigation


def lists(url: str) -> tuple[str, ...]:
    """The album as JSON."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    if parts.path != "/mp/appmsgalbum" or not (query.get("__biz") and query.get("album_id")):
        return ()
    asked = {
        "__biz": query["__biz"][0],
        "action": "getalbum",
        "album_id": query["album_id"][0],
        "count": "20",
        "f": "json",
    }
    return (f"https://mp.weixin.qq.com/mp/appmsgalbum?{urlencode(asked)}",)


NAVIGATION = Navigation(
    hosts=("mp.weixin.qq.com",),
    lists=lists,
    is_post=lambda url: urlsplit(url).path.rstrip("/") == "/s" or urlsplit(url).path.startswith("/s/"),
)
