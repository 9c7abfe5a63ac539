"""Lists of posts that only name them: a bar of 百度贴吧, an account's page of 小红书.

Learned from RSSHub: ``lib/routes/tieba/forum.ts`` (the list stands in an HTML comment of
``code#pagelet_html_frs-list/pagelet/thread_list``; a thread is ``a.j_th_tit[href=/p/…]`` with ``.threadlist_abs`` and
``.frs-author-name``) and ``lib/routes/xiaohongshu/user.ts`` (``__INITIAL_STATE__.user.notes[][].noteCard`` with ``noteId``,
``displayTitle``, ``user``). Each entry becomes an embedded Document of its title; the post's own page wins over it.
"""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser

from crawler.addresses import canonical
from crawler.extract.embedded_state import assigned
from crawler.extract.lines import tidy
from crawler.extract.post import MAX_POSTS, Post, is_host, no_post, path_of
from crawler.extract.soup_guard import tame
from crawler.extract.source import Source
from crawler.extract.tree_reading import Tree, dig, identity_in, tree, word
from domain.document import Extraction, Link, PageVerdict

NAME = "account_list/1"

_TIEBA, _XIAOHONGSHU = ("tieba.baidu.com",), ("xiaohongshu.com",)
_PROFILE = re.compile(r"^/user/profile/\w+/?$")
_BAR = re.compile(r"^/f(?:/index)?$")
_STATE = "__INITIAL_STATE__"


def accepts(source: Source) -> bool:
    """A bar's and an account's own page."""
    if source.kind != "html":
        return False
    path = path_of(source.url)
    return (is_host(source.url, *_TIEBA) and _BAR.match(path) is not None) or (
        is_host(source.url, *_XIAOHONGSHU) and _PROFILE.match(path) is not None
    )


def extract(source: Source) -> Extraction:
    """The entries of the list, in order; FAILED with the list's name where it was not found."""
    if is_host(source.url, *_TIEBA):
        posts, following = _threads(source)
        return (
            _extraction(source, "tieba", posts, following) if posts else no_post(source, NAME, "tieba", "thread_list")
        )
    state = assigned(source, _STATE)
    notes = _notes(state.value, source.url)
    if notes or isinstance(dig(state.value, "user", "notes"), list):
        return _extraction(source, "xiaohongshu", notes, [])
    return no_post(source, NAME, "xiaohongshu", "user.notes", problem=state.problem)


def _extraction(source: Source, platform: str, posts: list[Post], following: list[Link]) -> Extraction:
    links = {link.url: link for link in (*(Link(post.url, post.title) for post in posts), *following)}
    return Extraction(
        PageVerdict.OK,
        None,
        NAME,
        platform,
        tuple(post.document(embedded=True) for post in posts[:MAX_POSTS]),
        tuple(links.values()),
        source.encoding,
    )


def _threads(source: Source) -> tuple[list[Post], list[Link]]:
    """Threads of the page, and the links to the list's further pages."""
    root = source.page.tree
    threads = root.css("a.j_th_tit")
    if not threads and "j_th_tit" in source.text:
        root = LexborHTMLParser(tame(source.text.replace("<!--", "").replace("-->", "")))
        threads = root.css("a.j_th_tit")
    posts = []
    for anchor in threads[:MAX_POSTS]:
        url = canonical(anchor.attributes.get("href") or "", source.url)
        title = tidy(anchor.attributes.get("title") or anchor.text(deep=True))
        if url is None or not title:
            continue
        post = Post(url, "tieba", NAME)
        post.heading(title)
        entry = anchor.parent
        while entry is not None and "j_thread_list" not in (entry.attributes.get("class") or ""):
            entry = entry.parent
        if entry is not None:
            abstract, author = entry.css_first(".threadlist_abs"), entry.css_first(".frs-author-name")
            if abstract is not None:
                post.say(abstract.text(deep=True))
            if author is not None:
                post.account = tidy(author.text(deep=True))
        posts.append(post)
    pages = [
        canonical(a.attributes.get("href") or "", source.url) for a in root.css("#frs_list_pager a, .pagination-item")
    ]
    return posts, [Link(url) for url in dict.fromkeys(pages) if url is not None]


def _notes(state: object, page_url: str) -> list[Post]:
    posts = []
    groups = dig(state, "user", "notes")
    for group in groups if isinstance(groups, list) else ():
        for entry in group if isinstance(group, list) else [group]:
            card: Tree = tree(entry, "noteCard") or tree(entry)
            identity = identity_in(card, "noteId", "id") or identity_in(tree(entry), "id")
            title = word(card, "displayTitle", "title")
            if not re.fullmatch(r"[0-9a-f]{24}", identity):
                continue
            token = word(card, "xsecToken") or word(tree(entry), "xsecToken")
            address = f"https://www.xiaohongshu.com/explore/{identity}"
            url = canonical(f"{address}?xsec_token={token}&xsec_source=pc_user" if token else address, page_url)
            assert url is not None  # made of an id of letters and digits
            post = Post(url, "xiaohongshu", NAME)
            if title:
                post.heading(title)
            user = tree(card, "user")
            post.account, post.account_id = word(user, "nickname", "nickName"), identity_in(user, "userId", "user_id")
            posts.append(post)
    return posts
