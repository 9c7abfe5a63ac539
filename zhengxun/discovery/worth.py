"""Which of the addresses that were found are worth proposing, and as what."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from crawler.addresses import host_key
from domain.discovery import Found
from domain.errors import BadTarget, RefusedAddress
from domain.target import Target, TargetKind
from zhengxun.target_draft import AddressCheck, registered_domain, scope_of
from zhengxun.target_kinds import guess_kind, is_post

#: Sites of countless authors or shops, tools and services: a link there says nothing against the site as a whole, and
#: nobody could patrol it. Registered domains, from general knowledge of the Chinese web.
PORTALS = frozenset(
    """
    baidu.com bing.com sogou.com so.com 360.cn haosou.com sm.cn google.com
    qq.com sohu.com 163.com 126.com sina.com.cn sina.cn ifeng.com netease.com hexun.com
    douban.com csdn.net jianshu.com cnblogs.com 51cto.com oschina.net segmentfault.com juejin.cn
    taobao.com tmall.com jd.com pinduoduo.com yangkeduo.com 1688.com alibaba.com alipay.com suning.com xianyu.com goofish.com
    58.com ganji.com baixing.com meituan.com dianping.com ctrip.com amap.com
    zhipin.com liepin.com 51job.com zhaopin.com qcc.com tianyancha.com
    youku.com tudou.com iqiyi.com mgtv.com acfun.cn huya.com douyu.com ximalaya.com
    docin.com doc88.com book118.com 360doc.com wenku.so.com
    cnzz.com umeng.com 51.la bdstatic.com
    github.com gitee.com wikipedia.org w3.org microsoft.com apple.com adobe.com mozilla.org
    facebook.com twitter.com x.com youtube.com
    """.split()
)


class Why(StrEnum):
    """Why an address is not proposed."""

    PLATFORM = "platform"
    OFFICIAL = "official"
    MEDIA = "media"
    WATCHED = "watched"
    KNOWN = "known"
    REFUSED = "refused_address"

    @property
    def label(self) -> str:
        """Chinese, for people."""
        return {
            "platform": "平台、门户或公共服务网站",
            "official": "官方网站",
            "media": "新闻媒体",
            "watched": "已在监测",
            "known": "以前建议过",
            "refused_address": "地址不允许采集",
        }[self.value]


@dataclass
class Sieve:
    """Judges one address after the other; the second of one site is as known as one of last month."""

    check: AddressCheck
    official: Callable[[str], bool]
    """Whether a host belongs to an authority."""
    media: Callable[[str], bool]
    watched: set[str]
    """Hosts of all targets' scopes, and addresses of single posts that are targets."""
    known: set[str]
    """The same, of proposals."""
    skipped: dict[tuple[str, Why], int] = field(default_factory=dict)
    """How often a host was left out, and why."""

    @classmethod
    def of(
        cls,
        targets: Iterable[Target],
        proposed: Iterable[Found],
        check: AddressCheck,
        official: Callable[[str], bool],
        media: Callable[[str], bool],
    ) -> Sieve:
        """A sieve that knows what is watched and what was proposed."""
        return cls(
            check,
            official,
            media,
            {mark for target in targets for mark in _marks(target.url, target.scope.hosts)},
            {mark for found in proposed for mark in _marks(found.url)},
        )

    def address(self, page: str) -> str | None:
        """The address to propose for ``page`` (canonical); None where it is not worth it, which is counted.

        A site is proposed by its root, because what is advertised on one page stands on others too; of the platforms
        only a single post of 微信公众号, which searches there give and which can be watched by itself.
        """
        host = host_key(page)
        why = self._why_not(page, host)
        if why is not None:
            self.skipped[host, why] = self.skipped.get((host, why), 0) + 1
            return None
        url = page if guess_kind(page) is TargetKind.WECHAT else f"{urlsplit(page).scheme}://{host}/"
        self.known.update(_marks(url))
        return url

    def _why_not(self, page: str, host: str) -> Why | None:
        name = urlsplit(page).hostname or ""
        kind = guess_kind(page)
        single = kind is TargetKind.WECHAT and is_post(kind, page)
        if self.official(name):
            return Why.OFFICIAL
        if self.media(name):
            return Why.MEDIA
        if not single and (kind not in (TargetKind.WEBSITE, TargetKind.FEED) or registered_domain(host) in PORTALS):
            return Why.PLATFORM
        mark = page if single else host
        if mark in self.watched:
            return Why.WATCHED
        if mark in self.known:
            return Why.KNOWN
        try:
            self.check(page)
        except (RefusedAddress, BadTarget):
            return Why.REFUSED
        return None


def _marks(url: str, hosts: tuple[str, ...] | None = None) -> tuple[str, ...]:
    """By what an address is compared: itself where it is one post, else its host with and without ``www.``."""
    if is_post(guess_kind(url), url):
        return (url,)
    return hosts or scope_of(url).hosts


def same_site(one: str, other: str) -> bool:
    """Whether two addresses belong to one registered domain (or one host, where there is none)."""
    first, second = host_key(one), host_key(other)
    domain = registered_domain(first)
    return first == second or (domain != "" and domain == registered_domain(second))
