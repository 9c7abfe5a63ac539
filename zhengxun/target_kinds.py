"""类型: which kind of target an address is, and what people call it."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

from domain.errors import BadTarget
from domain.target import TargetKind
from spiders.platforms import NAVIGATION

#: Host suffixes of platforms, longest first where one contains another.
_PLATFORMS: tuple[tuple[str, TargetKind], ...] = (
    ("tieba.baidu.com", TargetKind.TIEBA),
    ("mp.weixin.qq.com", TargetKind.WECHAT),
    ("weixin.qq.com", TargetKind.WECHAT),
    ("weibo.com", TargetKind.WEIBO),
    ("weibo.cn", TargetKind.WEIBO),
    ("xiaohongshu.com", TargetKind.XIAOHONGSHU),
    ("xhslink.com", TargetKind.XIAOHONGSHU),
    ("douyin.com", TargetKind.DOUYIN),
    ("iesdouyin.com", TargetKind.DOUYIN),
    ("kuaishou.com", TargetKind.KUAISHOU),
    ("gifshow.com", TargetKind.KUAISHOU),
    ("chenzhongtech.com", TargetKind.KUAISHOU),
    ("bilibili.com", TargetKind.BILIBILI),
    ("b23.tv", TargetKind.BILIBILI),
    ("zhihu.com", TargetKind.ZHIHU),
    ("toutiao.com", TargetKind.TOUTIAO),
    ("ixigua.com", TargetKind.TOUTIAO),
)
_FEED_PATH = re.compile(r"/(?:feed|rss|atom)(?:/|\.\w+)?$|\.(?:xml|rss|atom|rdf)$|/feed\.json$", re.IGNORECASE)
_SITEMAP = re.compile(r"sitemap[^/]*\.xml$", re.IGNORECASE)

_ALIASES: dict[str, TargetKind] = {
    "网站": TargetKind.WEBSITE,
    "网页": TargetKind.WEBSITE,
    "网址": TargetKind.WEBSITE,
    "站点": TargetKind.WEBSITE,
    "论坛": TargetKind.WEBSITE,
    "web": TargetKind.WEBSITE,
    "site": TargetKind.WEBSITE,
    "订阅": TargetKind.FEED,
    "订阅源": TargetKind.FEED,
    "rss": TargetKind.FEED,
    "atom": TargetKind.FEED,
    "微信": TargetKind.WECHAT,
    "公众号": TargetKind.WECHAT,
    "微信公众号": TargetKind.WECHAT,
    "微信文章": TargetKind.WECHAT,
    "weixin": TargetKind.WECHAT,
    "新浪微博": TargetKind.WEIBO,
    "xhs": TargetKind.XIAOHONGSHU,
    "抖音号": TargetKind.DOUYIN,
    "快手号": TargetKind.KUAISHOU,
    "哔哩哔哩": TargetKind.BILIBILI,
    "b站": TargetKind.BILIBILI,
    "贴吧": TargetKind.TIEBA,
    "头条": TargetKind.TOUTIAO,
    "头条号": TargetKind.TOUTIAO,
    "搜索": TargetKind.SEARCH,
}

#: Paths of single posts on the platforms: one page that can be fetched and read like any other. Accounts, lists and
#: searches are built by scripts behind logins and need a spider of their own.
_POSTS: dict[TargetKind, re.Pattern[str]] = {
    TargetKind.WECHAT: re.compile(r"/s(?:/|$)"),
    TargetKind.WEIBO: re.compile(r"/(?:status|detail)/\w+|/\d{5,}/[A-Za-z0-9]{8,}$|/ttarticle/"),
    TargetKind.XIAOHONGSHU: re.compile(r"/(?:explore|discovery/item|a)/\w+"),
    TargetKind.DOUYIN: re.compile(r"/(?:share/)?(?:video|note)/\d+"),
    TargetKind.KUAISHOU: re.compile(r"/(?:short-video|fw/photo|f)/\w+"),
    TargetKind.BILIBILI: re.compile(r"/video/(?:BV|av)\w+|/read/(?:mobile/)?cv\d+|/opus/\d+|/dynamic/\d+|^/\d{10,}$"),
    TargetKind.ZHIHU: re.compile(r"/question/\d+|/p/\d+|/pin/\d+|/answer/\d+"),
    TargetKind.TIEBA: re.compile(r"/p/\d+"),
    TargetKind.TOUTIAO: re.compile(r"/(?:article|w|video|group)/\d+|/[ai]\d{10,}"),
}
#: Walked by following links, or (handed in) nothing but the addresses that were planned.
_WALKED = frozenset({TargetKind.WEBSITE, TargetKind.FEED, TargetKind.INTAKE})
#: What people may choose.
CHOICES = tuple(kind for kind in TargetKind if kind is not TargetKind.INTAKE)


def is_post(kind: TargetKind, url: str) -> bool:
    """Whether a platform's address is that of one post."""
    pattern = _POSTS.get(kind)
    return pattern is not None and pattern.search(urlsplit(url).path) is not None


def why_not_collectable(kind: TargetKind, url: str) -> str | None:
    """Chinese reason why a target cannot be collected yet; None where it can.

    Such a target is accepted, and each visit ends in the outcome ``failed`` / ``unsupported_kind``: a coverage gap.
    """
    if kind is TargetKind.SEARCH:
        from zhengxun.discovery.phrases import wanted_of

        return None if wanted_of(url) else "这个网址不是可识别的搜索引擎结果页，请直接写搜索词"
    if kind in _WALKED or is_post(kind, url):
        return None
    navigation = NAVIGATION.get(kind)
    if navigation is not None and navigation.lists(url):
        return None
    return f"这个网址不是{kind.label}可采集的单条内容或账号列表（见 docs/operation.md），请核对网址或人工查看"


def hosts_of(kind: TargetKind) -> tuple[str, ...]:
    """Host names of a platform; the names below them belong to it as well. None of a kind that is no platform."""
    return tuple(host for host, own in _PLATFORMS if own is kind)


def guess_kind(url: str) -> TargetKind:
    """Kind of a canonical address: platform by host, feed by path, else website."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    for suffix, kind in _PLATFORMS:
        if host == suffix or host.endswith("." + suffix):
            return kind
    if _FEED_PATH.search(parts.path) and not _SITEMAP.search(parts.path):
        return TargetKind.FEED
    return TargetKind.WEBSITE


def parse_kind(text: str) -> TargetKind:
    """Kind from a machine word or from what people write in the 类型 column."""
    word = unicodedata.normalize("NFKC", text).strip().lower()
    for kind in CHOICES:
        if word in {kind.value, kind.label.lower()}:
            return kind
    if word in _ALIASES:
        return _ALIASES[word]
    labels = "、".join(kind.label for kind in CHOICES)
    raise BadTarget(f"类型“{text}”无法识别；可写：{labels}，也可留空由网址推断。")
