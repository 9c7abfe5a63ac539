"""Videos and picture posts of 快手: the share page, the desktop page, and the desktop's GraphQL answers.

Field names learned from public readers of the share page (``window.INIT_STATE``: under a scrambled key a ``photo`` with
``caption``, ``userName``, ``timestamp`` in milliseconds, ``coverUrls``) and of the desktop page (``window.__APOLLO_STATE__``:
``defaultClient["VisionVideoDetailPhoto:<id>"]``, ``"VisionVideoDetailAuthor:<id>"``), and from MediaCrawler (kuaishou:
``visionVideoDetail``, ``visionProfilePhotoList.feeds``, ``rootComments``).
"""

from __future__ import annotations

import re

from crawler.extract.embedded_state import ABSENT, State, assigned, json_answer
from crawler.extract.layouts import KUAISHOU
from crawler.extract.post import Post, address, finished, is_host, joined, no_post, path_of, whole
from crawler.extract.rendered_post import shown
from crawler.extract.source import Source
from crawler.extract.tree_reading import Tree, below, dig, find, has, identity_in, tree, trees, word
from domain.document import Extraction

NAME = "kuaishou_video/1"
PLATFORM = "kuaishou"

_HOSTS = ("kuaishou.com", "gifshow.com", "chenzhongtech.com", "kuaishouapp.com")
_POST_PATH = re.compile(r"/(?:short-video|fw/photo|fw/long-video|photo|video|f)/[\w-]+")
#: ``@名字(O3xabc123)`` is shown as ``@名字``.
_MENTION = re.compile(r"(@[^()\s@#]{1,60})\(O3x?[0-9a-zA-Z]{4,40}\)")
_COMMENT_TYPES = ("rootComments", "rootCommentsV2", "comments")


def accepts(source: Source) -> bool:
    """Post addresses, and pages or answers with the structure of posts anywhere."""
    text = source.text if source.kind in ("html", "json") else ""
    if source.kind == "html":
        if is_host(source.url, *_HOSTS) and _POST_PATH.search(path_of(source.url)):
            return True
        if "__APOLLO_STATE__" in text and "VisionVideoDetailPhoto" in text:
            return True
        if "INIT_STATE" not in text or '"photo"' not in text or '"caption"' not in text or "photoId" not in text:
            return False
        photo, author, comments = _in_share(_state(source).value)
        return whole(source, [_post(photo, author, comments, source.url)] if photo else [])
    return (
        source.kind == "json"
        and any(
            sign in text
            for sign in ('"visionVideoDetail"', '"visionProfile', '"visionSearchPhoto"', '"photoId"', '"PhotoEntity"')
        )
        and '"caption"' in text
    )


def extract(source: Source) -> Extraction:
    """The post with the comments its data holds, or the posts of a list."""
    if source.kind == "json":
        answer = json_answer(source)
        found = _in_answer(answer)
        if not found:
            return no_post(source, NAME, PLATFORM, "photo", said=_said(answer))
        listed = len(found) > 1
        posts = [_post(photo, author, comments, source.url, listed=listed) for photo, author, comments in found]
        return finished(source, posts, embedded=listed)
    state = _state(source)
    photo, author, comments = _in_cache(state.value, source.url)
    if not photo:
        photo, author, comments = _in_share(state.value)
    if not photo:
        seen = shown(source.page.tree, KUAISHOU, source.url, PLATFORM, NAME)
        if seen is not None:
            return finished(source, [seen])
        looked_for = "INIT_STATE" if state.problem else "photo"
        return no_post(source, NAME, PLATFORM, looked_for, said=_said(state.value), problem=state.problem)
    return finished(source, [_post(photo, author, comments, source.url)])


def _state(source: Source) -> State:
    problem = ABSENT
    for name in ("__APOLLO_STATE__", "INIT_STATE", "__INITIAL_STATE__", "pageData"):
        state = assigned(source, name)
        if state.problem is None:
            return state
        problem = state if state.problem != "absent" else problem
    return problem


def _said(value: object) -> str:
    words: list[str] = []
    for number, each in enumerate(below(value)):
        if number > 400:
            break
        words += [word(each, "error_msg", "errorMsg", "errMsg"), word(each, "message") if "errors" not in each else ""]
    return joined(words)


def _in_share(state: object) -> tuple[Tree, Tree, list[Tree]]:
    holder = find(state, lambda each: "caption" in tree(each, "photo") or "photoId" in tree(each, "photo"))
    photo = tree(holder, "photo")
    comments = next((found for each in below(holder) for name in _COMMENT_TYPES if (found := trees(each, name))), [])
    return photo, tree(holder, "author") or tree(photo, "user"), comments


def _in_cache(state: object, url: str) -> tuple[Tree, Tree, list[Tree]]:
    """The desktop page keeps every object under ``type:id`` and refers to it by that name."""
    cache = tree(state, "defaultClient") or tree(state)
    photos = {
        key: each
        for key, each in cache.items()
        if key.startswith("VisionVideoDetailPhoto:") and "caption" in tree(each)
    }
    if not photos:
        return {}, {}, []
    name = next((key for key in photos if key.partition(":")[2] in url), next(iter(photos)))
    detail = next(
        (each for each in cache.values() if isinstance(each, dict) and _reference(each.get("photo")) == name), {}
    )
    author = tree(cache, _reference(detail.get("author")))
    if not author:
        author = next((tree(each) for key, each in cache.items() if key.startswith("VisionVideoDetailAuthor:")), {})
    comments = [tree(each) for key, each in cache.items() if "Comment" in key and has(tree(each), "content")]
    return tree(photos, name), author, comments


def _reference(value: object) -> str:
    return word(value, "id", "__ref") if isinstance(value, dict) else ""


def _in_answer(answer: object) -> list[tuple[Tree, Tree, list[Tree]]]:
    detail = tree(answer, "data", "visionVideoDetail")
    if detail:
        photo = tree(detail, "photo")
        comments = trees(answer, "data", "visionCommentList", "rootComments")
        return [(photo, tree(detail, "author"), comments)] if photo else []
    # Lists of a user, of a search, of what a user likes, of a channel: every one has its name and the same feeds.
    found: list[tuple[Tree, Tree, list[Tree]]] = [
        (tree(feed, "photo"), tree(feed, "author"), [])
        for held in tree(answer, "data").values()
        for feed in trees(held, "feeds")
    ]
    if not found:
        holder = find(answer, lambda each: "caption" in tree(each, "photo"))
        found = [(tree(holder, "photo"), tree(holder, "author"), [])] if holder else []
    return [each for each in found if each[0]]


def _post(photo: Tree, author: Tree, comments: list[Tree], page_url: str, *, listed: bool = False) -> Post:
    identity = identity_in(photo, "photoId", "id")
    own = f"https://www.kuaishou.com/short-video/{identity}" if identity else ""
    url = own or page_url if listed else address(page_url, own, _HOSTS, _POST_PATH)
    post = Post(url, PLATFORM, NAME)
    post.account = (word(photo, "userName", "user_name") or word(author, "name", "userName", "user_name")).replace(
        "\u3164", ""
    )
    post.account_id = word(author, "id", "userId") or word(photo, "userEid", "kwaiId", "userId", "user_id")
    post.time(photo.get("timestamp"), photo.get("time"))
    if not has(photo, "caption", "originCaption"):
        post.lacking.append("text")
    text = _MENTION.sub(r"\1", word(photo, "originCaption", "caption"))
    post.say(text)
    for tag in trees(photo, "tags"):
        name = word(tag, "name")
        if name and name not in text:
            post.say(f"#{name}")
    for picture in [*trees(photo, "coverUrls"), *trees(photo, "webpCoverUrls")][:1]:
        post.picture(word(picture, "url"))
    post.picture(word(photo, "coverUrl", "poster"))
    _album(post, tree(photo, "ext_params", "atlas") or tree(photo, "atlas"))
    for each in (tree(photo, "goods"), tree(photo, "plcEntryStyleInfo"), tree(photo, "location")):
        for words in (word(each, "title", "name"), word(each, "subtitle", "actionLabel")):
            if words and words not in text:
                post.say(words)
    post.say(word(photo, "riskTagContent"))  # 作者声明：…
    for comment in comments:
        post.comment(word(comment, "authorName", "author_name"), _MENTION.sub(r"\1", word(comment, "content")))
        for answer in [*trees(comment, "subComments"), *trees(comment, "subCommentsV2")]:
            post.comment(word(answer, "authorName", "author_name"), _MENTION.sub(r"\1", word(answer, "content")))
    post.lead()
    return post


def _album(post: Post, album: Tree) -> None:
    """Pictures of a picture post: a host and paths below it."""
    hosts = dig(album, "cdn")
    host = word({"host": hosts[0] if isinstance(hosts, list) and hosts else hosts}, "host")
    paths = dig(album, "list")
    for path in paths if isinstance(paths, list) else ():
        if isinstance(path, str):
            post.picture(path if path.startswith("http") else f"https://{host}{path}" if host else "")
