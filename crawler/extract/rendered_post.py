"""Posts as a browser shows them: pages whose state was used up and removed by their script, read by their elements."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.extract.dates import find_date
from crawler.extract.lines import tidy
from crawler.extract.post import Post, is_host
from crawler.extract.source import Source

#: Comments and pictures read of one page.
MAX_ITEMS = 300

_NUMBER = re.compile(
    r"(?:/u/|/people/|/user/profile/|/user/|/profile/|space\.bilibili\.com/|/token/|weibo\.com/|/)([\w.-]{2,120})/?(?:[?#]|$)"
)
_LABEL = re.compile(r"^(?:发布于|编辑于|发布时间|发表于|修改于)\s*[:：]?\s*")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a platform's page shows what, as CSS selectors; generated class names are matched by their stable part."""

    text: str
    """The elements of the text; a page without one is not of this layout."""
    account: str
    time: str
    title: str = ""
    scope: str = ""
    """The element around the post, where a page shows several; the first counts."""
    pictures: str = ""
    below: str = ""
    """Further lines that belong to the post: tags, topics, places."""
    comments: str = ""
    comment_name: str = ""
    comment_text: str = ""
    keeps_lines: bool = False
    """Line breaks of the source are shown (``white-space: pre-line``)."""
    drop: str = ""
    """Elements inside the text that are the frame's (buttons, copied names)."""


def shown(tree: LexborHTMLParser, layouts: Sequence[Layout], url: str, platform: str, extractor: str) -> Post | None:
    """The post of the first layout whose text is on the page."""
    for layout in layouts:
        scope = (tree.css_first(layout.scope) if layout.scope else tree.root) or None
        if scope is None or scope.css_first(layout.text) is None:
            continue
        return _read(scope, tree, layout, Post(url, platform, extractor))
    return None


def recognised(source: Source, layouts: Sequence[Layout]) -> bool:
    """Whether a page that is not at the platform is one of its pages: one post with all its fields.

    Sites copy articles with their markup; such a page is an ordinary one, and must not fail for want of an author.
    """
    tree = source.page.tree
    if tree.root is None or any(len(outermost(_all(tree.root, layout.scope))) > 1 for layout in layouts):
        return False
    post = shown(tree, layouts, source.url, "", "")
    return post is not None and (post.missing() is None or is_host(source.url, "invalid"))


def _read(scope: LexborNode, tree: LexborHTMLParser, layout: Layout, post: Post) -> Post:
    author = _first(scope, layout.account)
    if author is not None:
        post.account = _words(author)
        link = _link(author)
        match = _NUMBER.search(link) if link else None
        post.account_id = match[1] if match else ""
    when = _first(scope, layout.time)
    if when is not None:
        _time(post, when)
    heading = _first(scope, layout.title) or (_first(tree.root, layout.title) if tree.root is not None else None)
    if heading is not None and _words(heading):
        post.heading(_words(heading))
    elif layout.title:
        post.lacking.append("title")
    for node in outermost(_all(scope, layout.text)):
        markup = node.inner_html or ""
        for frame in _all(node, layout.drop):
            markup = markup.replace(frame.html or "", "", 1)
        post.markup(markup.replace("\n", "<br>") if layout.keeps_lines else markup)
    for node in _all(scope, layout.below):
        post.say(_words(node))
    for node in _all(scope, layout.pictures):
        attributes = node.attributes
        post.picture(attributes.get("data-src") or attributes.get("src") or "", attributes.get("alt") or "")
    for node in outermost(_all(tree.root, layout.comments)) if tree.root is not None else ():
        name, words = _first(node, layout.comment_name), _first(node, layout.comment_text)
        if words is not None:
            post.comment(_words(name) if name is not None else "", words.inner_html or "")
    post.lead()
    return post


def _first(scope: LexborNode, selectors: str) -> LexborNode | None:
    """The first element with words, by the order of the selectors and not of the page."""
    for selector in selectors.split(", ") if selectors else ():
        for node in scope.css(selector)[:5]:
            if _words(node):
                return node
    return None


def _all(scope: LexborNode, selectors: str) -> list[LexborNode]:
    """Every element that one of the selectors matches, once each."""
    return list({node.mem_id: node for node in scope.css(selectors)}.values())[:MAX_ITEMS] if selectors else []


def _words(node: LexborNode) -> str:
    if node.tag == "meta":
        return tidy(node.attributes.get("content") or "")
    return tidy(node.text(deep=True))


def _link(node: LexborNode) -> str:
    """The address of the link that the element is, holds or stands in."""
    if node.tag == "meta":
        return ""
    inner = node.css_first("a[href]")
    at: LexborNode | None = inner if node.attributes.get("href") is None and inner is not None else node
    for _ in range(4):
        if at is None or at.tag == "body":
            break
        if at.attributes.get("href"):
            return at.attributes["href"] or ""
        at = at.parent
    return ""


def _time(post: Post, node: LexborNode) -> None:
    attributes = node.attributes
    exact = attributes.get("datetime") or attributes.get("title") or attributes.get("date") or ""
    text = _LABEL.sub("", _words(node))
    date = find_date(exact) or find_date(text)
    if date is not None:
        post.published_at, post.published_raw = date[0], date[1]
    else:
        post.time(exact, text)


def outermost(nodes: list[LexborNode]) -> list[LexborNode]:
    """Elements that stand in no other one of the list."""
    identities = {node.mem_id for node in nodes}
    kept = []
    for node in nodes:
        at, inside = node.parent, False
        for _ in range(60):
            if at is None:
                break
            if at.mem_id in identities:
                inside = True
                break
            at = at.parent
        if not inside:
            kept.append(node)
    return kept
