"""Identifiers in the page source that no reader sees: statistics and customer-service accounts, accounts on platforms.

They run over every page of a crawl, so each kind is looked for only where a literal of it stands in the source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from domain.document import Contact, ContactKind, ContactSource

#: Characters of the source that are looked at.
MAX_SOURCE = 2_000_000
#: Identifiers of one kind kept of one page.
MAX_EACH = 10

_Rule = tuple[str, ContactKind, str, re.Pattern[str]]


def _rule(literal: str, kind: ContactKind, prefix: str, pattern: str) -> _Rule:
    return literal, kind, prefix, re.compile(pattern)


_RULES: tuple[_Rule, ...] = (
    _rule("hm.baidu.com", ContactKind.STATISTICS, "baidu", r"hm\.baidu\.com/hm?\.js\?([0-9a-f]{32})(?![0-9a-f])"),
    _rule(
        "cnzz.com",
        ContactKind.STATISTICS,
        "cnzz",
        r"cnzz\.com/[a-z_]{1,10}\.(?:php|js)\?[^\"'\s<>]{0,60}?id=(\d{6,12})",
    ),
    _rule("51.la", ContactKind.STATISTICS, "51la", r"js\.users\.51\.la/(\d{4,12})\.js"),
    _rule(
        "LA.init", ContactKind.STATISTICS, "51la", r"LA\.init\(\{\s{0,9}id\s{0,3}:\s{0,3}[\"']([A-Za-z0-9]{6,40})[\"']"
    ),
    _rule("UA-", ContactKind.STATISTICS, "ga", r"[\"'=]UA-(\d{4,10})-\d{1,4}(?!\d)"),
    _rule("gtag", ContactKind.STATISTICS, "ga", r"[\"'=](G-[A-Z0-9]{8,12})(?![A-Z0-9])"),
    _rule("GTM-", ContactKind.STATISTICS, "gtm", r"[\"'=](GTM-[A-Z0-9]{5,9})(?![A-Z0-9])"),
    _rule("clarity.ms", ContactKind.STATISTICS, "clarity", r"clarity\.ms/tag/([a-z0-9]{6,20})"),
    _rule(
        "53kf.com",
        ContactKind.SERVICE,
        "53kf",
        r"53kf\.com/(?:code/(?:client|code)/|[a-z_.]{1,40}\?(?:[a-z]{1,9}=[^&\"']{0,40}&){0,5}arg=)([0-9A-Za-z]{6,60})",
    ),
    _rule("siteToken", ContactKind.SERVICE, "shangqiao", r"siteToken=([0-9a-f]{16,64})"),
    _rule("hm.baidu.com/hm.js?", ContactKind.SERVICE, "qiao", r"qiao\.baidu\.com/v3/\?[^\"'\s]{0,80}ucid=(\d{5,12})"),
    _rule("meiqia", ContactKind.SERVICE, "meiqia", r"ent[Ii]d[\"']?\s{0,3}[,:=]\s{0,3}[\"']?(\d{3,12})"),
    _rule("sysNum", ContactKind.SERVICE, "zhichi", r"sysNum=([0-9a-f]{32})"),
    _rule("kuaishangkf", ContactKind.SERVICE, "kuaishang", r"kuaishangkf\.com/bs/ks\.j\?[^\"'\s]{0,40}cI=(\d{4,12})"),
    _rule(
        "__biz=",
        ContactKind.ACCOUNT,
        "weixin",
        r"__biz=([A-Za-z0-9+/]{10,20}(?:={0,2}|(?:%3[Dd]){0,2}))(?![A-Za-z0-9+/])",
    ),
    _rule("gh_", ContactKind.ACCOUNT, "weixin", r"(?<![A-Za-z0-9_])(gh_[0-9a-f]{12})(?![0-9a-f])"),
    _rule("weibo.com/", ContactKind.ACCOUNT, "weibo", r"weibo\.(?:com|cn)/(?:u/)?(\d{8,11})(?!\d)"),
    _rule("douyin.com/user/", ContactKind.ACCOUNT, "douyin", r"douyin\.com/user/(MS4wLjABAAAA[-_A-Za-z0-9]{10,90})"),
    _rule(
        "xiaohongshu.com/user/",
        ContactKind.ACCOUNT,
        "xiaohongshu",
        r"xiaohongshu\.com/user/profile/([0-9a-f]{24})(?![0-9a-f])",
    ),
    _rule(
        "kuaishou.com/profile/", ContactKind.ACCOUNT, "kuaishou", r"kuaishou\.com/profile/([0-9a-z]{10,20})(?![0-9a-z])"
    ),
    _rule("space.bilibili.com/", ContactKind.ACCOUNT, "bilibili", r"space\.bilibili\.com/(\d{1,16})(?!\d)"),
    _rule("zhihu.com/people/", ContactKind.ACCOUNT, "zhihu", r"zhihu\.com/people/([-_A-Za-z0-9]{2,60})"),
    _rule("u.wechat.com/", ContactKind.QR, "", r"(https://u\.wechat\.com/[-_A-Za-z0-9]{10,60})"),
    _rule(
        "qm.qq.com/",
        ContactKind.QQ_GROUP,
        "",
        r"(qm\.qq\.com/(?:q/[A-Za-z0-9]{4,40}|cgi-bin/qm/qr\?k=[-_A-Za-z0-9]{10,60}))",
    ),
    _rule("jq.qq.com/", ContactKind.QQ_GROUP, "", r"(jq\.qq\.com/\?_wv=\d{1,6}&(?:amp;)?k=[-_A-Za-z0-9]{4,20})"),
)
#: Hosts on which links to accounts are anybody's.
_PLATFORMS = {
    "weixin": "weixin.qq.com",
    "weibo": "weibo.c",
    "douyin": "douyin.com",
    "xiaohongshu": "xiaohongshu.com",
    "kuaishou": "kuaishou.com",
    "bilibili": "bilibili.com",
    "zhihu": "zhihu.com",
}


def source_contacts(html: str, url: str) -> Iterator[Contact]:
    """Identifiers in the source of the page at ``url``, once each."""
    if len(html) > MAX_SOURCE:
        html = html[:MAX_SOURCE]
    host = ""
    for literal, kind, prefix, pattern in _RULES:
        if literal not in html:
            continue
        host = host or urlsplit(url).netloc.lower()
        if kind is ContactKind.ACCOUNT and _PLATFORMS[prefix] in host:
            continue
        seen: set[str] = set()
        for match in pattern.finditer(html):
            value = unquote(match[1]).replace("amp;", "")
            if value not in seen and len(seen) < MAX_EACH:
                seen.add(value)
                yield Contact(
                    kind,
                    f"{prefix}:{value}" if prefix else value,
                    source=ContactSource.SOURCE,
                    confidence=0.7 if kind is ContactKind.ACCOUNT else 0.95,
                )
