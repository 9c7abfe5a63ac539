"""Page objects of search engines: a result page in, its results out, each with the real address where the page holds it.

Where each structure was learned (public sources, read as descriptions; nothing of them is copied):

- 百度: results in ``#content_left``; the link goes to ``/link?url=<token>``, the real address stands in ``mu`` of the result,
  of advertisements in ``data-landurl`` (link cleaners for browsers and several open search clients agree on both).
- 必应: ``li.b_algo h2 a``; ``/ck/a?…&u=a1<base64url of the address>`` (remove-link-redirects and others).
- 搜狗: ``.vrwrap``/``.rb`` with ``h3 a``; ``/link?url=<token>``, the real address in ``data-url`` (SearXNG's and ddgs' engines name the
  structure).
- 360: ``li.res-list h3 a``; ``/link?m=<token>``, the real address in ``data-mdurl`` (SearXNG's engine, tampermonkey-scripts).
- 搜狗微信: ``ul.news-list li`` with ``h3 a`` and the account's name; ``/link?url=<token>``, no real address on the page.

None was tried on the real engines from here. A token is never followed: that would be another request, which robots.txt
forbids nearly everywhere; such a result is handed out without an address, for people.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.addresses import canonical
from crawler.extract.encoding import decode
from crawler.extract.soup_guard import tame

#: Results that are read of one page; engines give ten to fifty.
MAX_RESULTS = 200
#: Characters of a result page that are read.
_MAX_TEXT = 4_000_000
_MAX_TITLE = 200
_WRAPPED = ("url", "u", "target", "to", "q")


@dataclass(frozen=True, slots=True)
class Result:
    """One result."""

    title: str
    url: str | None
    """Canonical real address; None where the page holds only the engine's own redirect."""
    account: str | None = None
    """Name of the account, where the engine gives it."""


class ResultsChanged(Exception):
    """A page on which a field was not found: ``field`` names it."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


@dataclass(frozen=True, slots=True)
class Engine:
    """One search engine."""

    name: str
    """As in the settings."""
    label: str
    """Chinese name."""
    origin: str
    """Scheme and host."""
    hosts: tuple[str, ...]
    """Hosts that belong to it: an address there is never a result's real one. Suffixes."""
    path: Callable[[str, int], str]
    """Path and query of the result page for a quoted phrase and a page counted from 1."""
    frame: str
    """Selector of the list of results."""
    items: str
    attributes: tuple[str, ...]
    """Where the real address may stand, on the item, the link or below the item."""
    nothing: re.Pattern[str]
    """What the page says where there are no results."""
    account: str | None = None
    also: tuple[str, ...] = ()
    """Further hosts that one is sent to for the same page."""

    def address(self, phrase: str, page: int, origin: str | None = None) -> str:
        """Address of a result page; ``origin`` replaces the engine's own."""
        address = canonical((origin or self.origin) + self.path(quote(phrase, safe=""), page))
        if address is None:
            raise ValueError(f"no address for {phrase!r}")
        return address


_NONE = r"(?:抱歉|很抱歉).{0,12}(?:没有找到|未找到|找不到)|没有找到(?:与|和|相关)|找不到和|There are no results"

ENGINES: dict[str, Engine] = {
    engine.name: engine
    for engine in (
        Engine(
            "baidu",
            "百度",
            "https://www.baidu.com",
            ("baidu.com",),
            lambda phrase, page: f"/s?wd={phrase}&ie=utf-8&pn={(page - 1) * 10}",
            "#content_left",
            ".result, .result-op, .c-container, [data-placeid]",
            ("mu", "data-landurl"),
            re.compile(_NONE),
        ),
        Engine(
            "bing",
            "必应",
            "https://cn.bing.com",
            ("bing.com", "msn.com", "microsoft.com"),
            lambda phrase, page: f"/search?q={phrase}&first={(page - 1) * 10 + 1}",
            "#b_results",
            "li.b_algo, li.b_ad li",
            (),
            re.compile(_NONE),
            also=("www.bing.com",),
        ),
        Engine(
            "sogou",
            "搜狗",
            "https://www.sogou.com",
            ("sogou.com",),
            lambda phrase, page: f"/web?query={phrase}&page={page}",
            ".results, #main",
            ".vrwrap, .rb",
            ("data-url",),
            re.compile(_NONE),
        ),
        Engine(
            "360",
            "360搜索",
            "https://www.so.com",
            ("so.com", "360.cn", "haosou.com"),
            lambda phrase, page: f"/s?q={phrase}&pn={page}",
            "ul.result, #main",
            "li.res-list",
            ("data-mdurl",),
            re.compile(_NONE),
        ),
        Engine(
            "weixin",
            "搜狗微信",
            "https://weixin.sogou.com",
            ("sogou.com",),
            lambda phrase, page: f"/weixin?type=2&query={phrase}&page={page}",
            "ul.news-list, #noresult_part1_container, #main",
            "ul.news-list li",
            ("data-share",),
            re.compile(_NONE),
            account=".account, .all-time-y2, .s-p a",
        ),
    )
}


def read_results(engine: Engine, body: bytes, url: str, content_type: str | None = None) -> tuple[Result, ...]:
    """Results of one page, in its order, each address once; () only where the page says that there are none.

    Raises :class:`ResultsChanged` where the page is none that we know: an engine that changed must not look like one
    that found nothing.
    """
    text, _ = decode(body, content_type)
    tree = LexborHTMLParser(tame(text[:_MAX_TEXT]))
    if tree.css_first(engine.frame) is None:
        if _says_nothing(engine, tree):
            return ()
        raise ResultsChanged("result_list")
    items = tree.css(engine.items)[:MAX_RESULTS]
    results = list(_results(engine, items, url))
    if results or _says_nothing(engine, tree):
        return tuple(results)
    raise ResultsChanged("result_title" if items else "result")


def _says_nothing(engine: Engine, tree: LexborHTMLParser) -> bool:
    body = tree.body
    return body is not None and engine.nothing.search(_words(body.text(separator=" "))) is not None


def _results(engine: Engine, items: list[LexborNode], base: str) -> Iterator[Result]:
    seen: set[tuple[str, str | None]] = set()
    for item in items:
        link = item.css_first("h3 a[href], h2 a[href]") or item.css_first("a[data-landurl]")
        if link is None:
            continue
        title = _words(link.text(separator=""))[:_MAX_TITLE]
        if not title:
            continue
        url = _real_address(engine, item, link, base)
        key = ("", url) if url else (title, None)
        if key in seen:
            continue
        seen.add(key)
        account = item.css_first(engine.account) if engine.account else None
        yield Result(title, url, (_words(account.text(separator=""))[:_MAX_TITLE] or None) if account else None)


def _real_address(engine: Engine, item: LexborNode, link: LexborNode, base: str) -> str | None:
    for written in _written_addresses(engine, item, link):
        for candidate in (*_unwrapped(engine, written, base), written):
            address = canonical(candidate, base)
            if address is not None and not _own(engine, address, base):
                return address
    return None


def _written_addresses(engine: Engine, item: LexborNode, link: LexborNode) -> Iterator[str]:
    for name in engine.attributes:
        below = item.css_first(f"[{name}]")
        for node in (link, item, *((below,) if below is not None else ())):
            value = node.attributes.get(name)
            if value and value.strip().lower().startswith(("http://", "https://")):
                yield value
    href = link.attributes.get("href")
    if href:
        yield href


def _unwrapped(engine: Engine, written: str, base: str) -> list[str]:
    """Addresses written out in the parameters of the engine's own links, plainly or as Bing spells them.

    Only its own: another site's ``?url=`` belongs to that site's page.
    """
    address = canonical(written, base)
    if address is None or "?" not in address or not _own(engine, address, base):
        return []
    found = []
    try:
        parameters = parse_qs(urlsplit(address).query, max_num_fields=50)
    except ValueError:
        return []
    for name in _WRAPPED:
        for value in parameters.get(name, ()):
            if value.startswith(("http://", "https://")):
                found.append(value)
            elif value.startswith("a1"):
                try:
                    plain = base64.urlsafe_b64decode(value[2:] + "=" * (-len(value[2:]) % 4)).decode("utf-8")
                except (binascii.Error, ValueError):
                    continue
                if plain.startswith(("http://", "https://")):
                    found.append(plain)
    return found


def _own(engine: Engine, address: str, base: str) -> bool:
    host = urlsplit(address).hostname or ""
    return _site(address) == _site(base) or any(host == own or host.endswith("." + own) for own in engine.hosts)


def _site(address: str) -> str:
    return urlsplit(address).netloc


def _words(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()
