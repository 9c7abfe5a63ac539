"""Which part of a page an element is, told from its tag, ARIA role and the words of its class and id.

The words are those of Chinese templates (帝国, 织梦, Discuz, 商务通 and the like) and of common front-end kits. A wrong
region never loses text: every kind except hidden, alt and meta is in ``Document.text``.
"""

from __future__ import annotations

import re
from functools import lru_cache

from domain.document import SegmentKind

#: Blocks break the line before and after.
BLOCK_TAGS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "dir",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "frameset",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hgroup",
        "hr",
        "html",
        "legend",
        "li",
        "main",
        "marquee",
        "menu",
        "nav",
        "ol",
        "optgroup",
        "p",
        "pre",
        "search",
        "section",
        "select",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
        "option",
        "textarea",
        "button",
        "datalist",
        "video",
        "audio",
        "object",
        "canvas",
        "iframe",
        "noscript",
        "template",
        "xmp",
        "listing",
        "plaintext",
        "noframes",
    ]
)
#: Their content is no text at all.
RAW_TAGS = frozenset(["script", "style"])
#: Shown only where something else cannot be.
FALLBACK_TAGS = frozenset(["noscript", "template", "noframes", "object", "canvas", "video", "audio", "rp", "datalist"])
HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])

_EDGE = r"(?:$|[-_\s\d])"
_START = r"(?:^|[-_\s])"
_REGION_WORDS: tuple[tuple[SegmentKind, re.Pattern[str]], ...] = (
    (
        SegmentKind.FOOTER,
        re.compile(
            rf"footer|copyright|beian|friend-?link|flink|{_START}(?:foot|ft|foot(?:nav|box|wrap|info)){_EDGE}|"
            r"(?:^|\s)bottom(?:$|[-_\s])"
        ),
    ),
    (
        SegmentKind.FLOATING,
        re.compile(
            rf"kefu|qqonline|onlineservice|suspen[ds]|floating|{_START}(?:float(?!-?(?:left|right|none|start|end|l|r))\w*|"
            rf"kf|53kf|swt|leyu|zixun|popups?|pop|dialog|modal|layer|fixed-?(?:box|bar|right|left|bottom|side|contact|tool)|"
            rf"(?:right|left|side|bottom)-?(?:fix(?:ed)?|float|bar-?fix(?:ed)?|tool(?:bar)?|kf|contact)|back-?top|go-?top|"
            rf"online-?(?:qq|kf|service)|qq-?(?:box|online|kf)){_EDGE}"
        ),
    ),
    (
        SegmentKind.COMMENT,
        re.compile(
            rf"comment|pinglun|liuyan|guestbook|{_START}(?:repl(?:y|ies)|reply-?(?:list|item|con|box)|msgboard){_EDGE}"
        ),
    ),
    (
        SegmentKind.NAV,
        re.compile(
            rf"navbar|navigat|breadcrumb|{_START}(?:nav|navs|main-?nav|top-?nav|sub-?nav|nav-?\w+|menus?|menu-?\w+|crumbs?|"
            rf"pagination|pager|page-?nav|quick-?nav){_EDGE}"
        ),
    ),
    (
        SegmentKind.SIDEBAR,
        re.compile(
            rf"side-?bar|recommend|tuijian|paihang|hot-?(?:news|list|article)|{_START}(?:side|aside|sd|widget|"
            rf"(?:right|left)-?(?:bar|side)|side-?(?:left|right|box|nav|l|r)|related|rank(?:ing|list)?){_EDGE}"
        ),
    ),
)
_HEADER_WORDS = re.compile(rf"header|topbar|{_START}(?:head|hd|top|masthead|top-?(?:box|wrap|bg)){_EDGE}")
_TAG_REGIONS = {
    "footer": SegmentKind.FOOTER,
    "nav": SegmentKind.NAV,
    "aside": SegmentKind.SIDEBAR,
    "dialog": SegmentKind.FLOATING,
}
_ROLE_REGIONS = {
    "contentinfo": SegmentKind.FOOTER,
    "navigation": SegmentKind.NAV,
    "menu": SegmentKind.NAV,
    "complementary": SegmentKind.SIDEBAR,
    "dialog": SegmentKind.FLOATING,
}
#: These are the page itself or its content, whatever their class says ("has-sidebar", "with-footer").
_NEVER_REGIONS = frozenset(
    [
        "html",
        "body",
        "main",
        "article",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "p",
        "span",
        "a",
        "b",
        "i",
        "em",
        "strong",
        "img",
        "input",
        "td",
        "th",
        "tr",
    ]
)


#: A posting of a thread, told by its id or class (Discuz, phpBB, Tieba and home-made forums).
_POSTING_ID = re.compile(r"(?:post|postmessage|floor|reply|pid)[-_]?\d+")
_POSTING_WORDS = re.compile(
    r"(?:^|\s)(?:floor|l_post|thread-?post|post-?(?:item|floor|row|box)|reply-?item|floor-?item)(?:$|\s)"
)


@lru_cache(maxsize=8192)
def posting_of(tag: str, id_: str, names: str) -> str:
    """``sure`` or ``maybe`` for an element that holds one posting of a thread, "" for any other."""
    if tag not in ("div", "li", "section", "table", "tbody", "tr", "td", "dl"):
        return ""
    if id_.startswith("postmessage_") or _POSTING_WORDS.search(names.lower()):
        return "sure"
    return "maybe" if _POSTING_ID.fullmatch(id_.lower()) and "hentry" not in names else ""


@lru_cache(maxsize=8192)
def region_of(tag: str, names: str, role: str) -> SegmentKind | None:
    """The kind that begins with this element, None if it stays in its parent's."""
    by_tag = _TAG_REGIONS.get(tag) or _ROLE_REGIONS.get(role)
    if by_tag is not None or tag in _NEVER_REGIONS or not names:
        return by_tag
    lowered = names.lower()
    for kind, words in _REGION_WORDS:
        if words.search(lowered):
            return kind
    return None


@lru_cache(maxsize=8192)
def is_header(tag: str, names: str) -> bool:
    """Whether the element is a page or site head: links in it are navigation, its other words (slogans) are content."""
    return tag == "header" or (tag in ("div", "section", "table") and _HEADER_WORDS.search(names.lower()) is not None)


def entered(current: SegmentKind, found: SegmentKind | None) -> SegmentKind:
    """The kind inside an element found to be ``found`` within ``current``: the outermost region wins, except that a
    reply list, a floating box or a footer inside a side column is what it says."""
    if found is None or current is found:
        return current
    if current is SegmentKind.MAIN:
        return found
    if current is SegmentKind.SIDEBAR and found in (SegmentKind.COMMENT, SegmentKind.FLOATING, SegmentKind.FOOTER):
        return found
    return current
