"""Notes of 小红书: the desktop page, the share page, older pages, and the application's JSON.

Field names learned from yt-dlp (extractor/xiaohongshu.py: ``__INITIAL_STATE__`` with ``undefined`` values,
``note.noteDetailMap.<id>.note``: ``title``, ``desc``, ``tagList``, ``imageList[].urlDefault``, ``user.userId``), RSSHub
(lib/routes/xiaohongshu/util.ts: ``note.note``, ``time`` in milliseconds, ``note_card`` of ``/api/sns/web/v1/feed``) and
MediaCrawler (xhs: ``comments.list[].content``, ``userInfo.nickname``). The share page holds
``noteData.data.noteData``, a newer one ``__SETUP_SERVER_STATE__.LAUNCHER_SSR_STORE_PAGE_DATA.noteData``.
"""

from __future__ import annotations

import re

from crawler.extract.embedded_state import assigned, json_answer
from crawler.extract.layouts import XIAOHONGSHU
from crawler.extract.post import Post, address, finished, is_host, joined, no_post, path_of, whole
from crawler.extract.rendered_post import recognised, shown
from crawler.extract.source import Source
from crawler.extract.tree_reading import Tree, dig, find, has, identity_in, tree, trees, word
from domain.document import Extraction

NAME = "xiaohongshu_note/1"
PLATFORM = "xiaohongshu"

_POST_PATH = re.compile(r"/(?:explore|discovery/item|user/profile/\w+|search_result)/[0-9a-f]{24}|/404|/website-login")
_STATES = ("__INITIAL_STATE__", "__INITIAL_SSR_STATE__", "__SETUP_SERVER_STATE__")
_STRUCTURE = ("noteDetailMap", '"noteData"', '"noteInfo"', "noteData:", '"NoteView"')
#: ``#备考[话题]#`` is shown as ``#备考``.
_TOPIC = re.compile(r"#([^#\[\]\n]{1,80})\[话题\]#?")


def accepts(source: Source) -> bool:
    """Note addresses, and pages or answers with the structure of notes anywhere."""
    text = source.text if source.kind in ("html", "json") else ""
    if source.kind == "html":
        if is_host(source.url, "xiaohongshu.com", "xhslink.com"):
            return _POST_PATH.search(path_of(source.url)) is not None
        if any(state in text for state in _STATES) and any(sign in text for sign in _STRUCTURE):
            return "noteDetailMap" in text or whole(source, _posts(source))
        return 'id="detail-desc"' in text and "note-" in text and recognised(source, XIAOHONGSHU)
    if source.kind == "json" and ('"note_card"' in text or '"noteCard"' in text or '"note_list"' in text):
        return bool(_cards(json_answer(source)))
    return source.kind == "json" and is_host(source.url, "edith.xiaohongshu.com") and "/feed" in path_of(source.url)


def extract(source: Source) -> Extraction:
    """The note with the comments that its page shows, or the notes of an answer."""
    if source.kind == "json":
        answer = json_answer(source)
        cards = _cards(answer)
        if not cards:
            return no_post(source, NAME, PLATFORM, "note_card", said=word(answer, "msg", "message"))
        posts = [_post(card, identity, [], source.url, listed=len(cards) > 1) for identity, card in cards]
        return finished(source, posts, embedded=len(posts) > 1)
    problem: str | None = "absent"
    said = "安全验证" if "captcha" in path_of(source.url) else _error_of_address(source.url)
    posts = _posts(source)
    if posts:
        return finished(source, posts)
    for name in _STATES:
        state = assigned(source, name)
        if state.problem != "absent":
            problem = state.problem
            server = find(state.value, lambda found: "errMsg" in found or "errorCode" in found) or {}
            said = joined([said, word(server, "errMsg", "errorMsg")])
    seen = shown(source.page.tree, XIAOHONGSHU, source.url, PLATFORM, NAME)
    if seen is not None:
        return finished(source, [seen])
    return no_post(source, NAME, PLATFORM, _STATES[0] if problem else "note", said=said, problem=problem)


def _posts(source: Source) -> list[Post]:
    for name in _STATES:
        note, identity, comments = _note(assigned(source, name).value, source.url)
        if note:
            return [_post(note, identity, comments, source.url)]
    return []


def _error_of_address(url: str) -> str:
    """The platform sends readers of missing notes to ``/404?…&error_msg=…``."""
    from urllib.parse import parse_qs, urlsplit

    if "/404" not in url and "error_msg" not in url:
        return ""
    try:
        return " ".join(parse_qs(urlsplit(url).query, max_num_fields=30).get("error_msg", ["页面不存在"]))
    except ValueError:
        return ""


def _note(state: object, url: str) -> tuple[Tree, str, list[Tree]]:
    """The page's note, its id, and the comments beside it."""
    entries = tree(state, "note", "noteDetailMap")
    wanted = [*re.findall(r"[0-9a-f]{24}", url)[::-1], word(tree(state, "note"), "currentNoteId", "firstNoteId")]
    for identity in [*wanted, *entries]:
        entry = tree(entries, identity)
        note = tree(entry, "note")
        if note:
            return note, identity_in(note, "noteId", "id") or identity, trees(entry, "comments", "list")
    shared = tree(state, "noteData", "data", "noteData")
    if shared:
        return shared, identity_in(shared, "noteId", "id"), trees(state, "noteData", "data", "commentData", "comments")
    served = tree(state, "LAUNCHER_SSR_STORE_PAGE_DATA", "noteData")
    if served:
        beside = trees(served, "comments", "list") or trees(
            state, "LAUNCHER_SSR_STORE_PAGE_DATA", "commentData", "comments"
        )
        return served, identity_in(served, "noteId", "id"), beside
    for older in (tree(state, "note", "note"), tree(state, "NoteView", "noteInfo"), tree(state, "noteInfo")):
        if older:
            return older, identity_in(older, "noteId", "id"), trees(state, "NoteView", "commentInfo", "comments")
    found = find(state, lambda each: "desc" in each and ("imageList" in each or ("user" in each and "noteId" in each)))
    return found or {}, identity_in(found, "noteId", "id"), []


def _cards(answer: object) -> list[tuple[str, Tree]]:
    """Notes of the application's answers; entries of search and profile lists, which have no text, are left out."""
    found: list[tuple[str, Tree]] = []
    items = [*trees(answer, "data", "items"), *trees(answer, "items")] or trees(answer, "data")
    for item in items:
        for card in (tree(item, "note_card"), tree(item, "noteCard"), *trees(item, "note_list")):
            if card and ("desc" in card or "time" in card):
                found.append((identity_in(item, "id", "note_id") or identity_in(card, "note_id", "noteId", "id"), card))
    return found


def _post(note: Tree, identity: str, comments: list[Tree], page_url: str, *, listed: bool = False) -> Post:
    user = tree(note, "user")
    identity = identity_in({"id": identity}, "id")
    own = f"https://www.xiaohongshu.com/explore/{identity}" if identity else ""
    url = own or page_url if listed else address(page_url, own, ("xiaohongshu.com",), _POST_PATH)
    post = Post(url, PLATFORM, NAME)
    post.account = word(user, "nickname", "nickName", "nick_name", "name")
    post.account_id = word(user, "userId", "user_id", "userid", "id")
    post.time(note.get("time"), note.get("createTime"), note.get("create_time"))
    if not has(note, "desc") and not has(note, "content"):
        post.lacking.append("text")
    title = word(note, "title", "displayTitle", "display_title")
    if title:
        post.heading(title)
    text = _TOPIC.sub(r"#\1 ", word(note, "desc", "content"))
    post.say(text)
    for tag in [*trees(note, "tagList"), *trees(note, "tag_list")]:
        name = word(tag, "name")
        if name and name not in text:
            post.say(f"#{name}")
    for image in [*trees(note, "imageList"), *trees(note, "image_list"), *trees(note, "images_list")]:
        urls = [word(image, "urlDefault", "url_default", "url", "original", "urlPre")]
        urls += [word(info, "url") for info in [*trees(image, "infoList"), *trees(image, "info_list")]]
        post.picture(next((each for each in urls if each), ""), word(image, "alt", "description"))
    post.picture(word(tree(note, "cover"), "urlDefault", "url_default", "url"))
    for goods in find_goods(note):
        post.say(goods)
    place = word(note, "ipLocation", "ip_location")
    if place:
        post.say(place)
    for comment in comments:
        _comment(post, comment)
    post.lead()
    return post


def find_goods(note: Tree) -> list[str]:
    """Names of the goods and the vote that stand under the note."""
    words: list[str] = []
    for name in ("goodsInfo", "goods_info", "goodsCard", "goods_card", "relatedGoods", "goodsCardV2", "goods_card_v2"):
        value = dig(note, name)
        for goods in (
            trees(value) if isinstance(value, list) else [tree(value), *trees(value, "goods"), *trees(value, "items")]
        ):
            words.append(
                joined([word(goods, "title", "name", "goodsName", "goods_name"), word(goods, "price", "priceText")])
            )
    vote = tree(note, "voteInfo") or tree(note, "vote_info") or tree(note, "vote")
    words.append(word(vote, "title", "question"))
    words += [word(option, "text", "title", "desc") for option in trees(vote, "options")]
    return [text for text in words if text]


def _comment(post: Post, comment: Tree) -> None:
    user = tree(comment, "userInfo") or tree(comment, "user_info") or tree(comment, "user")
    post.comment(word(user, "nickname", "nickName"), word(comment, "content"))
    for picture in trees(comment, "pictures"):
        post.picture(word(picture, "urlDefault", "url_default", "url"))
    for answer in [*trees(comment, "subComments"), *trees(comment, "sub_comments")]:
        user = tree(answer, "userInfo") or tree(answer, "user_info") or tree(answer, "user")
        post.comment(word(user, "nickname", "nickName"), word(answer, "content"))
