"""Threads of 百度贴吧: the desktop page (the first floor is the content, others and 楼中楼 are comments) and the application's JSON.

Structure learned from MediaCrawler (media_platform/tieba/help.py: ``.l_post`` with a JSON ``data-field``, ``.p_author_name``,
``.post-tail-wrap .tail-info``, ``IP属地``) and public readers of the page (``.core_title_txt``, ``.d_post_content``,
``.lzl_single_post .lzl_content_main``); the JSON from public clients of ``c/f/pb/page`` (``thread``, ``post_list`` whose
``content`` is a list of typed pieces, ``user_list``, ``error_code``).
"""

from __future__ import annotations

import re
from datetime import datetime

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.extract.dates import find_date
from crawler.extract.embedded_state import assigned, json_answer
from crawler.extract.json_reading import load
from crawler.extract.lines import tidy
from crawler.extract.post import Post, address, finished, is_host, no_post, path_of
from crawler.extract.rendered_post import outermost
from crawler.extract.soup_guard import tame
from crawler.extract.source import Source
from crawler.extract.tree_reading import Tree, dig, identity_in, tree, trees, word
from domain.document import Extraction

NAME = "tieba_thread/1"
PLATFORM = "tieba"

_HOSTS = ("tieba.baidu.com", "tiebac.baidu.com")
_POST_PATH = re.compile(r"/p/\d+|/c/f/pb/page|/mg/p/|/mo/q/m")
_PAGE_PATH = re.compile(r"/p/\d+")
_SITE_NAME = re.compile(r"\s*(?:【[^【】]{1,60}吧】)?\s*[_-]\s*百度贴吧\s*$")
_TIME = re.compile(r"20\d{2}-\d{1,2}-\d{1,2} \d{1,2}:\d{2}")
_PLACE = re.compile(r"IP属地[:：]\s?\S{1,12}")
#: What the page's script puts beside a picture that it made smaller.
_REPLACED = re.compile(r"<div class=\"replace_tip\"[^<>]{0,300}>(?:[^<>]|</?i\b[^<>]{0,200}>){0,200}</div>")
#: Floors read of one page; the platform shows thirty.
MAX_FLOORS = 500


def accepts(source: Source) -> bool:
    """Thread addresses, and pages or answers with the structure of threads anywhere."""
    at_home = is_host(source.url, *_HOSTS) and _POST_PATH.search(path_of(source.url)) is not None
    if source.kind == "html":
        text = source.text
        if at_home or "l_post" not in text or "d_post_content" not in text:
            return at_home
        # Elsewhere it must be a whole thread: forums copy markup, and theirs must not fail for want of a field.
        floors, root = _floors(source)
        return bool(floors) and (is_host(source.url, "invalid") or _from_page(source, root, floors).missing() is None)
    if source.kind != "json":
        return False
    return at_home or (
        '"post_list"' in source.text and '"thread"' in source.text and bool(trees(json_answer(source), "post_list"))
    )


def extract(source: Source) -> Extraction:
    """The thread as one post."""
    if source.kind == "json":
        answer = json_answer(source)
        answer = tree(answer, "data") if "post_list" in tree(answer, "data") else answer
        if not trees(answer, "post_list"):
            said = word(answer, "error_msg", "errmsg", "msg") or word(tree(answer, "error"), "errmsg", "usermsg")
            return no_post(source, NAME, PLATFORM, "post_list", said=said)
        return finished(source, [_from_api(answer, source.url)])
    floors, root = _floors(source)
    if not floors:
        return no_post(source, NAME, PLATFORM, "l_post", problem="absent")
    return finished(source, [_from_page(source, root, floors)])


def _floors(source: Source) -> tuple[list[LexborNode], LexborHTMLParser]:
    """Floors in order; some pages carry their parts in comments, for a script to unpack."""
    root = source.page.tree
    floors = root.css(".l_post")
    if not floors and "l_post" in source.text:
        root = LexborHTMLParser(tame(_uncommented(source.text)))
        floors = root.css(".l_post")
    own = [
        floor
        for floor in floors
        if floor.css_first(".d_post_content, [id^=post_content_]") is not None or floor.attributes.get("data-field")
    ]
    return outermost(own[:MAX_FLOORS]), root


def _uncommented(text: str) -> str:
    pieces: list[str] = []
    at = text.find("<!--")
    while at >= 0:
        end = text.find("-->", at + 4)
        if end < 0:
            break
        if "l_post" in text[at:end]:
            pieces.append(text[at + 4 : end])
        at = text.find("<!--", end + 3)
    return "\n".join(pieces)


def _from_page(source: Source, root: LexborHTMLParser, floors: list[LexborNode]) -> Post:
    page = source.page
    post = Post(source.url, PLATFORM, NAME)
    thread = tree(assigned(source, "PageData.thread").value) or tree(assigned(source, "PageData").value, "thread")
    heading = root.css_first(".core_title_txt") or page.tree.css_first(".core_title_txt")
    title = tidy((heading.attributes.get("title") or heading.text(deep=True)) if heading is not None else "")
    title = title or word(thread, "title") or _SITE_NAME.sub("", page.title_tag)
    if title:
        post.heading(title)
    else:
        post.lacking.append("title")
    for number, floor in enumerate(floors):
        data = load(floor.attributes.get("data-field") or "")
        # A thread's later pages begin with an answer: who opened the thread stands in the page's data.
        opening = number == 0 and word(tree(data, "content"), "post_no") in ("", "1")
        name, identity = _author(floor, data)
        content = floor.css_first(".d_post_content") or floor.css_first("[id^=post_content_]")
        markup = (
            _REPLACED.sub("", content.inner_html or "")
            if content is not None
            else word(tree(data, "content"), "content")
        )
        if number == 0:
            post.account, post.account_id = (name, identity) if opening else (word(thread, "author") or name, "")
            moment, raw = _time(floor, data)
            post.published_at, post.published_raw = moment, raw
            if content is None and not dig(data, "content", "content"):
                post.lacking.append("text")
        if opening:
            post.markup(markup)
            post.say(_place(floor))
        else:
            post.comment(name, markup.strip())
        for answer in outermost(floor.css(".lzl_single_post")[:MAX_FLOORS]):
            words = answer.css_first(".lzl_content_main")
            who = answer.css_first(".lzl_cnt .at, .at")
            name = tidy(who.text(deep=True)) if who is not None else ""
            post.comment(name, words.inner_html if words is not None else "")
    return post


def _author(floor: LexborNode, data: object) -> tuple[str, str]:
    author = tree(data, "author")
    shown = floor.css_first(".p_author_name, .d_name a")
    name = tidy(shown.text(deep=True)) if shown is not None else ""
    return name or word(author, "user_nickname", "user_name", "name"), word(author, "user_id", "portrait")


def _place(floor: LexborNode) -> str:
    shown = (_PLACE.fullmatch(tidy(node.text(deep=True))) for node in floor.css(".post-tail-wrap span"))
    return next((match[0] for match in shown if match is not None), "")


def _time(floor: LexborNode, data: object) -> tuple[datetime | None, str]:
    shown = [tidy(node.text(deep=True)) for node in floor.css(".tail-info, .p_tail span")]
    raw = next((text for text in shown if _TIME.search(text)), "") or word(tree(data, "content"), "date")
    if not raw:
        raw = next((text for text in shown if find_date(text)), "")
    date = find_date(raw) if raw else None
    return (date[0], date[1]) if date else (None, raw)


def _from_api(answer: object, url: str) -> Post:
    thread = tree(answer, "thread")
    users = {word(user, "id"): user for user in trees(answer, "user_list")}
    identity = identity_in(thread, "id", "tid")
    own = f"https://tieba.baidu.com/p/{identity}" if identity else ""
    post = Post(address(url, own, _HOSTS, _PAGE_PATH), PLATFORM, NAME)
    floors = trees(answer, "post_list")
    title = word(thread, "title") or word(floors[0], "title")
    if title:
        post.heading(title)
    else:
        post.lacking.append("title")
    first = tree(answer, "first_floor") or floors[0]
    author = tree(thread, "author") or tree(first, "author") or users.get(word(first, "author_id"), {})
    post.account, post.account_id = word(author, "name_show", "nickname", "name"), word(author, "id", "portrait")
    post.time(first.get("time"), thread.get("create_time"))
    if "content" not in first:
        post.lacking.append("text")
    post.say(_pieces(post, first))
    for floor in floors:
        if word(floor, "id") == word(first, "id"):
            answers = floor
        else:
            post.comment(_name(floor, users), _pieces(post, floor))
            answers = floor
        inner = trees(answers, "sub_post_list", "sub_post_list") or trees(answers, "sub_post_list")
        for each in inner:
            post.comment(_name(each, users), _pieces(post, each))
    return post


def _name(floor: Tree, users: dict[str, Tree]) -> str:
    author = tree(floor, "author") or users.get(word(floor, "author_id"), {})
    return word(author, "name_show", "nickname", "name")


def _pieces(post: Post, floor: Tree) -> str:
    """Texts, links, emoji and mentions of a floor in a row; its pictures go to the post."""
    words: list[str] = []
    for piece in trees(floor, "content"):
        kind = word(piece, "type")
        if kind in ("3", "20"):
            post.picture(word(piece, "origin_src", "big_cdn_src", "cdn_src", "src"))
        elif kind == "2":
            words.append(f"[{word(piece, 'c', 'text')}]")
        else:
            words.append(text if isinstance(text := piece.get("text"), str) else "")
            post.link(word(piece, "link") if kind == "1" else "", word(piece, "text"))
    return "".join(words)
