"""Videos and picture posts of 抖音: the share page, the desktop page, and the application's JSON.

Field names learned from public readers of the share page (``window._ROUTER_DATA``:
``loaderData["video_(id)/page"].videoInfoRes.item_list`` and ``filter_list`` with ``notice`` and ``detail_msg``), RSSHub
(lib/routes/douyin/utils.ts: URL-encoded ``<script id="RENDER_DATA">``) and MediaCrawler (douyin: ``aweme_detail``,
``desc``, ``create_time``, ``author.nickname``, ``sec_uid``). The desktop page spells the same names in camel case.
"""

from __future__ import annotations

import re

from crawler.extract.embedded_state import ABSENT, State, assigned, element, json_answer
from crawler.extract.layouts import DOUYIN
from crawler.extract.post import Post, address, finished, is_host, joined, no_post, path_of
from crawler.extract.pushed_state import pushed
from crawler.extract.rendered_post import recognised, shown
from crawler.extract.source import Source
from crawler.extract.tree_reading import Tree, below, dig, has, identity_in, tree, trees, word
from domain.document import Extraction, SegmentKind

NAME = "douyin_video/1"
PLATFORM = "douyin"

_HOSTS = ("douyin.com", "iesdouyin.com")
_POST_PATH = re.compile(r"/(?:share/)?(?:video|note|slides|article)/\d+|/aweme/")
_PAGE_PATH = re.compile(r"/(?:video|note|slides|article)/\d+")
_KEYS = ("awemeId", "aweme_id")
_CHALLENGE = re.compile(r"byted_acrawler|__ac_nonce|_\$jsvmprt|验证码中间页")
_FOLLOWING = frozenset(["aweme_list", "awemeList"])


def accepts(source: Source) -> bool:
    """Post addresses, and pages or answers with the structure of posts anywhere."""
    if source.kind == "html":
        text = source.text
        if is_host(source.url, *_HOSTS) and _POST_PATH.search(path_of(source.url)):
            return True
        if "_ROUTER_DATA" in text and ("videoInfoRes" in text or "aweme_id" in text):
            return True
        if ("RENDER_DATA" in text or "__pace_f" in text) and any(key in text for key in _KEYS):
            # At home every page carries such data, empty on those without posts.
            return not is_host(source.url, *_HOSTS) or bool(_items(_state(source).value))
        return 'data-e2e="detail-video-info"' in text and recognised(source, DOUYIN)
    if source.kind != "json":
        return False
    if '"aweme_detail"' in source.text or '"aweme_list"' in source.text or '"aweme_id"' in source.text:
        return bool(_items(json_answer(source)) or _refusals(json_answer(source)))
    return is_host(source.url, *_HOSTS) and "/aweme/" in path_of(source.url) and "detail" in path_of(source.url)


def extract(source: Source) -> Extraction:
    """The post, or every post of a list; the reason the platform gives where it shows none."""
    if source.kind == "json":
        answer = json_answer(source)
        items = _items(answer)
        if not items:
            return no_post(source, NAME, PLATFORM, "aweme_detail", said=_said(answer))
        is_list = any(isinstance(dig(answer, name), list) for name in _FOLLOWING)
        if is_list:
            return finished(source, [_post(item, source.url, listed=True) for item in items], embedded=True)
        return finished(source, [_post(items[0], source.url)])
    state = _state(source)
    items = _items(state.value)
    wanted = re.findall(r"\d{15,}", source.url)
    items.sort(key=lambda item: word(item, *_KEYS) not in wanted)
    if not items:
        seen = shown(source.page.tree, DOUYIN, source.url, PLATFORM, NAME)
        if seen is not None:
            return finished(source, [seen])
        said = _said(state.value)
        if not said and state.problem == "absent" and _CHALLENGE.search(source.text):
            said = "安全验证"
        looked_for = "_ROUTER_DATA" if state.problem else "item_list"
        return no_post(source, NAME, PLATFORM, looked_for, said=said, problem=state.problem)
    if is_host(source.url, *_HOSTS) and _POST_PATH.search(path_of(source.url)) is None:
        # A user's page or a search: posts of their own, each with its address.
        return finished(source, [_post(item, source.url, listed=True) for item in items], embedded=True)
    return finished(source, [_post(items[0], source.url)])


def _state(source: Source) -> State:
    problem = ABSENT
    for state in (assigned(source, "_ROUTER_DATA"), element(source, "RENDER_DATA"), pushed(source, "__pace_f", _KEYS)):
        if state.problem is None:
            return state
        if state.problem != "absent":
            problem = state
    return problem


def _is_item(value: Tree) -> bool:
    return (
        any(key in value for key in _KEYS)
        and any(name in value for name in ("desc", "author", "authorInfo", "createTime", "create_time"))
        and not ("text" in value and "user" in value)
    )


def _items(value: object) -> list[Tree]:
    """Posts in document order, each once; recommendations that hang below a post are not looked for."""
    found: dict[str, Tree] = {}
    for each in below(value):
        if _is_item(each):
            found.setdefault(word(each, *_KEYS), each)
            if len(found) >= 200:
                break
    return list(found.values())


def _refusals(value: object) -> list[Tree]:
    return [each for each in below(value) if "filter_reason" in each or "filterReason" in each]


def _said(value: object) -> str:
    words: list[str] = []
    for each in _refusals(value):
        words += [
            word(each, "notice"),
            word(each, "detail_msg", "detailMsg"),
            word(each, "filter_reason", "filterReason"),
        ]
    return joined([*words, word(value, "status_msg", "statusMsg", "message")])


def _post(item: Tree, page_url: str, *, listed: bool = False) -> Post:
    author = tree(item, "author") or tree(item, "authorInfo")
    identity = identity_in(item, *_KEYS)
    own = f"https://www.douyin.com/video/{identity}" if identity else ""
    url = own or page_url if listed else address(page_url, own, _HOSTS, _PAGE_PATH)
    post = Post(url, PLATFORM, NAME)
    post.account = word(author, "nickname", "nickName", "name")
    post.account_id = word(author, "sec_uid", "secUid", "uid", "unique_id", "uniqueId", "short_id")
    post.time(item.get("create_time"), item.get("createTime"))
    if not has(item, "desc") and not has(item, "caption"):
        post.lacking.append("text")
    title = word(item, "item_title", "itemTitle", "preview_title", "previewTitle")
    text = word(item, "desc", "caption")
    if title and title not in text:
        post.heading(title)
    post.say(text)
    post.title = title or post.title
    caption = word(item, "caption")
    if caption and caption not in text:
        post.say(caption)
    for tag in [*trees(item, "text_extra"), *trees(item, "textExtra")]:
        name = word(tag, "hashtag_name", "hashtagName")
        if name and f"#{name}" not in text and name not in text:
            post.say(f"#{name}")
    for image in [*trees(item, "images"), *trees(item, "image_list"), *trees(item, "imageInfos")]:
        post.picture(_first_address(image), word(image, "alt", "caption"))
    video = tree(item, "video")
    cover = dig(video, "origin_cover") or dig(video, "originCover") or dig(video, "cover")
    post.picture(cover if isinstance(cover, str) else _first_address(tree(cover)))
    for words in _attached(item):
        if words not in text:
            post.say(words)
    post.say(word(tree(item, "seo_info") or tree(item, "seoInfo"), "ocr_content", "ocrContent"), SegmentKind.PICTURE)
    for comment in [*trees(item, "comments"), *trees(item, "comment_list"), *trees(item, "commentList")]:
        post.comment(word(tree(comment, "user"), "nickname"), word(comment, "text", "content"))
        for answer in [*trees(comment, "reply_comment"), *trees(comment, "replyComment")]:
            post.comment(word(tree(answer, "user"), "nickname"), word(answer, "text", "content"))
    post.lead()
    return post


def _first_address(image: Tree) -> str:
    for name in ("url_list", "urlList", "download_url_list", "downloadUrlList"):
        urls = dig(image, name)
        if isinstance(urls, list):
            return next((url for url in urls if isinstance(url, str) and url), "")
    return word(image, "url", "src")


def _attached(item: Tree) -> list[str]:
    """Words of what hangs on the video: goods, mini programs, votes, text laid over it, chapters, a warning
    (作者声明：虚构演绎), the author's place."""
    words: list[str] = []
    for name in ("anchor_info", "anchorInfo", "anchors", "bottom_anchors"):
        for anchor in [tree(item, name), *trees(item, name)]:
            words.append(joined([word(anchor, "title", "keyword", "title_tag"), word(anchor, "desc", "subtitle")]))
    for sticker in [*trees(item, "interaction_stickers"), *trees(item, "interactionStickers")]:
        for each in below(sticker):
            words += [word(each, "question"), word(each, "option_text", "optionText")]
            if "text_struct" not in each:
                words.append(word(each, "sticker_text", "text"))
    for chapter in [*trees(item, "chapter_list"), *trees(item, "chapterList")]:
        words.append(joined([word(chapter, "desc", "title"), word(chapter, "detail")]))
    words.append(word(tree(item, "risk_infos") or tree(item, "riskInfos"), "content"))
    words.append(word(item, "ip_attribution", "ipAttribution"))
    return [text for text in dict.fromkeys(words) if text]
