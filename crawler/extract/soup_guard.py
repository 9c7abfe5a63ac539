"""Markup made to exhaust the parser, tamed before it is parsed.

The HTML algorithm needs quadratic time for some things that no page for readers has: elements nested tens of thousands
deep, tens of thousands of attributes in one tag, ``<body>`` repeated with new attributes, and open formatting elements
that every later paragraph opens again. Browsers bound the first (Blink: 512 levels); here all are bounded, and pages
without them pass through untouched.
"""

from __future__ import annotations

import re

#: Deepest nesting that is kept, as in Blink. Deeper tags are dropped, their text stays.
MAX_DEPTH = 512
#: Attributes kept of one tag.
MAX_ATTRIBUTES = 256
#: Repeated ``<html>`` and ``<body>`` tags kept: each gives its attributes to the first, which is quadratic too.
MAX_ROOT_TAGS = 8
#: Formatting elements that may stay open at once; a page that leaves more open loses its formatting tags.
MAX_OPEN_FORMATTING = 32

#: Below these a page cannot cost the parser more than some milliseconds and is not looked at (measured: 4,000 nested
#: div 30 ms, 4,000 attributes in one tag 27 ms).
_FEW_TAGS = 4000
_LONG_TAG = 8_000

_VOID_OR_SELF_CLOSING = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
        "p",
        "li",
        "dt",
        "dd",
        "tr",
        "td",
        "th",
        "tbody",
        "thead",
        "tfoot",
        "option",
        "optgroup",
        "rt",
        "rp",
        "colgroup",
        "caption",
        "body",
        "html",
        "head",
    ]
)
_FORMATTING = frozenset(["b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"])

#: A tag with its attributes as the HTML tokenizer delimits them (quotes count only after "="); comments and raw-text
#: elements whole, so that tags written inside them are not counted. An unclosed one reaches to the end, as in browsers.
_TOKEN = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|<(?P<raw>script|style|textarea|title|xmp|iframe|noembed|noframes)(?=[\s/>]).*?(?:</(?P=raw)(?=[\s/>])|\Z)"
    r"|<(?P<slash>/?)(?P<name>[a-zA-Z][^\s/>]*+)(?P<attributes>(?:[^>\"'=]++|=\s*+\"[^\"]*+(?:\"|\Z)|=\s*+'[^']*+(?:'|\Z)|=|\"|')*+)(?:>|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_ATTRIBUTE = re.compile(r"[\s/]*+[^\s/>=][^\s/>=]*+(?:\s*+=\s*+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|[^\s>]*+))?")


def tame(html: str) -> str:
    """``html``, or a copy without the constructs above if it holds them. Time grows linearly with its length."""
    if html.count("<") > _FEW_TAGS or max(map(len, html.split(">"))) > _LONG_TAG:
        return _tame(html)
    return html


def _tame(html: str) -> str:
    kept: list[str] = []
    copied = 0
    open_tags: dict[str, int] = {}
    dropped: dict[str, int] = {}
    depth = formatting = most_formatting = roots = 0
    for match in _TOKEN.finditer(html):
        name = match["name"]
        if name is None:
            continue
        name = name.lower()
        if len(match["attributes"]) > _LONG_TAG:
            kept += (html[copied : match.start("attributes")], _few_attributes(match["attributes"]), ">")
            copied = match.end()
        if name in ("html", "body"):
            roots += 1
            if roots > MAX_ROOT_TAGS:
                kept.append(html[copied : match.start()])
                copied = max(copied, match.end())
        if name in _VOID_OR_SELF_CLOSING:
            continue
        if match["slash"]:
            if dropped.get(name):
                dropped[name] -= 1
                kept.append(html[copied : match.start()])
                copied = match.end()
            elif open_tags.get(name):
                open_tags[name] -= 1
                depth -= 1
                formatting -= name in _FORMATTING
        elif depth >= MAX_DEPTH:
            dropped[name] = dropped.get(name, 0) + 1
            kept.append(html[copied : match.start()])
            copied = max(copied, match.end())
        else:
            open_tags[name] = open_tags.get(name, 0) + 1
            depth += 1
            formatting += name in _FORMATTING
            most_formatting = max(most_formatting, formatting)
    if kept:
        kept.append(html[copied:])
        html = "".join(kept)
    if most_formatting > MAX_OPEN_FORMATTING:
        html = _TOKEN.sub(_without_formatting, html)
    return html


def _few_attributes(attributes: str) -> str:
    end = 0
    for number, match in enumerate(_ATTRIBUTE.finditer(attributes), 1):
        end = match.end()
        if number == MAX_ATTRIBUTES:
            return attributes[:end]
    return attributes


def _without_formatting(match: re.Match[str]) -> str:
    name = match["name"]
    return "" if name is not None and name.lower() in _FORMATTING else match[0]
