"""Where a page leads: anchors, maps, frames, refreshes, scripted buttons, feeds; and the addresses of its pictures."""

from __future__ import annotations

import re
from base64 import b64decode
from hashlib import sha256
from urllib.parse import quote

from selectolax.lexbor import LexborHTMLParser

from crawler.addresses import canonical, resolve
from crawler.extract.page import Page
from domain.document import Link, SegmentKind

Attributes = dict[str, str | None]

MAX_ANCHOR = 200
#: Longest address with a route in it, and characters that a route keeps as they are (a route names a page, no data).
_MAX_ROUTE = 1000
_ROUTE = "/!?=&%:;,@~$'()*+-._"
#: Bounds for pages that are made of links; a sitemap page has some thousands.
MAX_LINKS = 20_000
MAX_IMAGES = 2_000

_SPACES = re.compile(r"\s+")
_CONTACT_SCHEMES = ("tel:", "mailto:", "sms:", "tencent:", "mqqwpa:", "mqq:", "weixin:")
_CONTACT_HOSTS = ("wpa.qq.com", "jq.qq.com", "qm.qq.com", "wpa.b.qq.com", "work.weixin.qq.com", "u.wechat.com")
_LOCATION = re.compile(
    r"(?:location(?:\.href)?\s*=|(?:window\.)?open\s*\(|location\.(?:assign|replace)\s*\()\s*(['\"])(?P<url>[^'\"]{1,2000})\1"
)
_REFRESH = re.compile(r"\s*([\d.]*)\s*[;,]?\s*(?:url\s*=\s*)?['\"]?([^'\"]+)?", re.IGNORECASE)
_CSS_URL = re.compile(r"url\(\s*['\"]?([^'\")]{1,2000})", re.IGNORECASE)
_IMAGE_SOURCES = ("data-src", "data-original", "data-lazy-src", "data-lazyload", "data-echo", "_src", "src", "poster")
#: Places whose pictures belong to the site rather than to the page.
_ASIDE = frozenset({SegmentKind.NAV, SegmentKind.SIDEBAR, SegmentKind.FOOTER})
#: Declared pixels of a side below which there is no room for words.
_ICON = 32
_LENGTH = re.compile(r"\s*(\d{1,5})(?:\.\d+)?\s*(?:px)?\s*\Z")
_SIZE = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)[wx]\Z")
_INLINE = re.compile(r"data:(image/(?:png|jpe?g|gif|webp|bmp|avif))(?:;[\w=-]{1,40}){0,2};base64,", re.IGNORECASE)
#: Characters of a ``data:`` picture below which it is an icon.
_INLINE_LEAST = 2_000
_PAGE_DATA = ("data-href", "data-url", "data-link")


def script_moves(page: Page) -> list[Link]:
    """Where short inline scripts send the visitor at once (``location.href='…'``); for pages that hold nothing else."""
    found: dict[str, Link] = {}
    for script in page.scripts:
        for match in _LOCATION.finditer(script) if len(script) < 4000 else ():
            url = canonical(match["url"], page.base)
            if url:
                found.setdefault(url, Link(url))
    return list(found.values())


class LinkCollector:
    """Collects links while the page is walked; one entry per address, the first non-empty anchor text wins."""

    def __init__(self, page: Page, encoding: str, *, routes: bool = False) -> None:
        self._page = page
        self._encoding = encoding
        self._routes = routes
        self._found: dict[str, Link] = {}
        self._images: dict[str, bool] = {}
        self._spelled: dict[str, str | None] = {}
        self.open_count = 0
        self._open: list[tuple[str | None, bool, SegmentKind, list[str], list[str]]] = []

    def open_anchor(self, attributes: Attributes, kind: SegmentKind) -> None:
        """An ``<a>`` begins; text belongs to it until :meth:`close_anchor`."""
        href = attributes.get("href")
        url = self._canonical(href) if href else None
        if href and url is None:
            self._contact(href)
        elif url and any(host in url for host in _CONTACT_HOSTS):
            self._page.contact_refs.append(href or "")
        if url is None:
            url = self._scripted_target(attributes)
        nofollow = "nofollow" in (attributes.get("rel") or "").lower()
        title = attributes.get("title") or ""
        self._open.append((url, nofollow, kind, [], [title] if title else []))
        self.open_count += 1

    def add_anchor_text(self, text: str) -> None:
        """Text of the line while anchors are open."""
        for _, _, _, texts, _ in self._open:
            texts.append(text)

    def add_picture_words(self, text: str) -> None:
        """Words of a picture inside an anchor, its text if it has no other."""
        for _, _, _, _, pictures in self._open:
            pictures.append(text)

    def anchor_break(self) -> None:
        """A line break inside an anchor."""
        for _, _, _, texts, _ in self._open:
            if texts:
                texts.append(" ")

    def close_anchor(self) -> int:
        """The innermost anchor ends; the length of its text."""
        url, nofollow, kind, texts, pictures = self._open.pop()
        self.open_count -= 1
        if url is not None:
            anchor = _words("".join(texts)) or _words(" ".join(pictures))
            self._add(url, anchor, kind, nofollow)
        return sum(map(len, texts))

    def area(self, attributes: Attributes, kind: SegmentKind) -> None:
        """An image map's ``<area>``."""
        url = self._canonical(attributes.get("href") or "") if attributes.get("href") else None
        if url:
            self._add(url, _words(attributes.get("alt") or attributes.get("title") or ""), kind, False)
        elif attributes.get("href"):
            self._contact(attributes["href"] or "")

    def frame(self, attributes: Attributes, kind: SegmentKind) -> None:
        """``<iframe>`` or ``<frame>``: its content is shown on this page, so it is followed like a link."""
        for name in ("src", "data-src"):
            url = self._canonical(attributes.get(name) or "") if attributes.get(name) else None
            if url:
                self._add(url, _words(attributes.get("title") or ""), kind, False)

    def scripted(self, attributes: Attributes, kind: SegmentKind) -> None:
        """Elements that lead somewhere by script: ``onclick="location.href='…'"``, ``data-href``."""
        url = self._scripted_target(attributes)
        if url:
            self._add(url, "", kind, False)

    def pictures(self, attributes: Attributes, place: SegmentKind = SegmentKind.MAIN) -> None:
        """Pictures of an element: sources (lazy ones too), the largest of ``srcset``, inline background.

        Those that are declared to be smaller than a line of words (icons, counters' pixels) are left out.
        """
        if _is_icon(attributes):
            return
        sources = [attributes.get(name) or "" for name in _IMAGE_SOURCES]
        srcset = attributes.get("srcset") or attributes.get("data-srcset") or ""
        if srcset:
            sources.append(_largest(srcset[:20_000]))
        style = attributes.get("style") or ""
        if "url(" in style:
            sources += _CSS_URL.findall(style[:20_000])
        for source in sources:
            if not source or len(self._images) >= MAX_IMAGES:
                continue
            if source.startswith("data:"):
                inline = inline_picture(source)
                url = inline[0] if inline is not None else None
            else:
                url = resolve(source, self._page.base)
            if url:
                self._images[url] = self._images.get(url, False) or place not in _ASIDE

    def finish(self) -> None:
        """Hand everything to the page."""
        refresh = self._page.refresh
        if refresh:
            url = self._canonical(refresh[1])
            if url:
                self._add(url, "", SegmentKind.MAIN, False)
        for feed in self._page.feeds:
            self._add(feed, "", SegmentKind.META, False)
        if "nofollow" in self._page.meta.get("robots", "").lower():
            self._page.links += [Link(k.url, k.anchor, k.place, True) for k in self._found.values()]
        else:
            self._page.links += self._found.values()
        aside = [url for url, inside in self._images.items() if not inside]
        self._page.images += [url for url, inside in self._images.items() if inside] + aside
        self._page.aside_images = len(aside)

    def _add(self, url: str, anchor: str, kind: SegmentKind, nofollow: bool) -> None:
        known = self._found.get(url)
        if known is None:
            if len(self._found) < MAX_LINKS:
                self._found[url] = Link(url, anchor, kind, nofollow)
        elif (not known.anchor and anchor) or (known.place is SegmentKind.HIDDEN and kind is not SegmentKind.HIDDEN):
            self._found[url] = Link(url, known.anchor or anchor, kind, known.nofollow and nofollow)
        elif known.nofollow and not nofollow:
            self._found[url] = Link(url, known.anchor, known.place, False)

    def _canonical(self, href: str) -> str | None:
        if href in self._spelled:
            return self._spelled[href]
        route = href.partition("#")[2] if self._routes else ""
        if route.startswith(("/", "!")) and route.strip("/!") and len(href) < _MAX_ROUTE:
            # An application that draws its pages itself: what follows the mark is the page's name.
            whole = canonical(href.partition("#")[0] or self._page.base, self._page.base, encoding=self._encoding)
            url = f"{whole}#{quote(route, safe=_ROUTE)}" if whole else None
        else:
            url = canonical(href, self._page.base, encoding=self._encoding) if not href.startswith("#") else None
        self._spelled[href] = url
        return url

    def _contact(self, href: str) -> None:
        cleaned = href.strip().lower()
        if cleaned.startswith(_CONTACT_SCHEMES):
            self._page.contact_refs.append(href.strip()[:300])

    def _scripted_target(self, attributes: Attributes) -> str | None:
        for name in _PAGE_DATA:
            value = attributes.get(name)
            if value and value.startswith(("http://", "https://", "/", "./", "../")):
                return self._canonical(value)
        for name in ("onclick", "href"):
            script = attributes.get(name) or ""
            if script and ("location" in script or "open" in script):
                match = _LOCATION.search(script[:4000])
                if match:
                    return self._canonical(match["url"])
        return None


class HeadReader:
    """Reads ``<meta>``, ``<link>`` and ``<base>``, wherever in the page they stand."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def base(self, tree: LexborHTMLParser) -> None:
        """The first ``<base href>`` counts for the whole page, unless it leads to another scheme."""
        node = tree.css_first("base[href]")
        href = node.attributes.get("href") if node is not None else None
        if href:
            base = resolve(href, self._page.url)
            if base and base.partition(":")[0] == self._page.url.partition(":")[0].lower():
                self._page.base = base

    def element(self, tag: str, attributes: Attributes) -> None:
        """One ``<meta>`` or ``<link>``."""
        if tag == "meta":
            self._meta(attributes)
        elif tag == "link":
            self._link(attributes)

    def _meta(self, attributes: Attributes) -> None:
        content = (attributes.get("content") or "").strip()
        if not content:
            return
        for kind in ("name", "property", "itemprop"):
            name = (attributes.get(kind) or "").strip().lower()
            if name:
                self._page.meta.setdefault(name, content[:5000])
        if (attributes.get("http-equiv") or "").strip().lower() == "refresh" and self._page.refresh is None:
            match = _REFRESH.match(content[:3000])
            if match and match[2]:
                try:
                    delay = float(match[1] or 0)
                except ValueError:
                    delay = 0.0
                self._page.refresh = (delay, match[2].strip())

    def _link(self, attributes: Attributes) -> None:
        relations = (attributes.get("rel") or "").lower().split()
        href = attributes.get("href")
        if not href:
            return
        if "canonical" in relations and self._page.canonical is None:
            self._page.canonical = canonical(href, self._page.base)
        elif "alternate" in relations and any(
            w in (attributes.get("type") or "").lower() for w in ("rss", "atom", "feed+json")
        ):
            url = canonical(href, self._page.base)
            if url:
                self._page.feeds.append(url)


def _is_icon(attributes: Attributes) -> bool:
    sides = [_LENGTH.match(attributes.get(name) or "") for name in ("width", "height")]
    return any(side is not None and int(side[1]) < _ICON for side in sides)


def _largest(srcset: str) -> str:
    """The candidate of a ``srcset`` with the greatest width or density; the others show the same picture."""
    best, most = "", -1.0
    for part in srcset.split(", "):
        url, _, size = part.strip().partition(" ")
        match = _SIZE.match(size.strip())
        if url and (match is None or float(match[1]) > most):
            best, most = url, float(match[1]) if match else 0.0
    return best


def inline_picture(source: str) -> tuple[str, bytes] | None:
    """Name and bytes of a picture that stands in the page itself; None for icons and what is no picture.

    The name is ``data:<type>;sha256=<hex of the bytes>``: the bytes themselves are kept with the page already.
    """
    match = _INLINE.match(source)
    if match is None or len(source) < _INLINE_LEAST:
        return None
    try:
        data = b64decode(_SPACES.sub("", source[match.end() :]) + "==")
    except ValueError:
        return None
    return f"data:{match[1].lower()};sha256={sha256(data).hexdigest()}", data


def _words(text: str) -> str:
    return _SPACES.sub(" ", text.replace("\u00ad", "")).strip()[:MAX_ANCHOR]


__all__ = ["MAX_ANCHOR", "MAX_LINKS", "HeadReader", "LinkCollector", "inline_picture", "script_moves"]
