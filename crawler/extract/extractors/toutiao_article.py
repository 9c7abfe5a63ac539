"""Articles and short posts of 今日头条: desktop page, older desktop page, mobile page, and the mobile JSON.

Field names learned from public readers: the desktop page's URL-encoded ``<script id="RENDER_DATA">`` (``data.title``,
``data.content``, ``data.publishTime``, ``data.mediaInfo.name``), the mobile page's ``articleInfo`` (``publishTime``,
``mediaUser.screenName``), the older page's ``BASE_DATA`` (``articleInfo.content`` as escaped HTML cut out by ``slice(6, -6)``,
``subInfo.source``, ``subInfo.time``), and ``m.toutiao.com/i<id>/info/`` (``data.publish_time``, ``media_user.screen_name``).
"""

from __future__ import annotations

import html
import re

from crawler.extract.embedded_state import ABSENT, State, assigned, element, json_answer
from crawler.extract.layouts import TOUTIAO
from crawler.extract.post import Post, address, finished, is_host, joined, no_post, path_of, whole
from crawler.extract.rendered_post import recognised, shown
from crawler.extract.source import Source
from crawler.extract.tree_reading import Tree, find, has, identity_in, tree, trees, word
from domain.document import Extraction

NAME = "toutiao_article/1"
PLATFORM = "toutiao"

_HOSTS = ("toutiao.com", "toutiaocdn.com", "toutiaoimg.cn", "snssdk.com")
_POST_PATH = re.compile(r"/(?:article|a|i|w|group|item|video|is|answer)/?\w{8,}|/i\d{8,}/info")
_PAGE_PATH = re.compile(r"/(?:article|a|i|w|group|item|video|is)/?\w{8,}/?$")
_SIGNS = ("mediaInfo", "articleInfo", "mediaUser", "media_user", "publishTime", "detailSource")
_TIMES = ("publishTime", "publish_time", "createTime", "create_time", "behot_time", "publishTimeStr", "display_time")
_VIDEO = ("videoPlayInfo", "video_play_info", "videoId", "video_id", "vid", "videoDuration", "video_duration")
_CHALLENGE = re.compile(r"byted_acrawler|__ac_nonce|_\$jsvmprt|验证码中间页")


def accepts(source: Source) -> bool:
    """Article addresses, and pages or answers with the structure of articles anywhere."""
    at_home = is_host(source.url, *_HOSTS)
    if source.kind == "html":
        if at_home:
            return _POST_PATH.search(path_of(source.url)) is not None
        text = source.text
        carries = "RENDER_DATA" in text or "BASE_DATA" in text
        if carries and "aweme" not in text and any(sign in text for sign in _SIGNS):
            value = _state(source).value
            article = _article(value)
            return whole(source, [_post(article, tree(value), source.url)] if article else [])
        return "syl-article-base" in text and recognised(source, TOUTIAO)
    if source.kind != "json":
        return False
    if at_home and "/info" in path_of(source.url):
        return True
    return any(f'"{sign}"' in source.text for sign in ("media_user", "detail_source")) and bool(
        _article(json_answer(source))
    )


def extract(source: Source) -> Extraction:
    """The article."""
    if source.kind == "json":
        answer = json_answer(source)
        article = _article(answer)
        if not article:
            said = joined([word(answer, "message", "msg"), word(tree(answer, "data"), "message", "msg")])
            return no_post(source, NAME, PLATFORM, "data", said="" if said == "success" else said)
        return finished(source, [_post(article, tree(answer, "data"), source.url)])
    state = _state(source)
    article = _article(state.value)
    if not article:
        seen = shown(source.page.tree, TOUTIAO, source.url, PLATFORM, NAME)
        if seen is not None:
            return finished(source, [seen])
        error = find(state.value, lambda each: "errorMessage" in each or "error_msg" in each or "errMsg" in each)
        said = word(error, "errorMessage", "error_msg", "errMsg")
        if not said and state.problem == "absent" and _CHALLENGE.search(source.text):
            said = "安全验证"
        looked_for = "RENDER_DATA" if state.problem else "articleInfo"
        return no_post(source, NAME, PLATFORM, looked_for, said=said, problem=state.problem)
    return finished(source, [_post(article, tree(state.value), source.url)])


def _state(source: Source) -> State:
    problem = ABSENT
    for state in (element(source, "RENDER_DATA"), assigned(source, "BASE_DATA"), assigned(source, "__INITIAL_STATE__")):
        if state.problem is None:
            return state
        problem = state if state.problem != "absent" else problem
    return problem


def _is_article(value: Tree) -> bool:
    timed = any(name in value for name in _TIMES) or "subInfo" in value
    told = any(
        name in value
        for name in (
            "mediaInfo",
            "mediaUser",
            "media_user",
            "source",
            "detailSource",
            "detail_source",
            "user",
            "subInfo",
        )
    )
    return ("content" in value or "title" in value) and (timed or told) and ("content" in value or (timed and told))


def _article(value: object) -> Tree:
    for place in (
        ("articleInfo",),
        ("data",),
        ("data", "articleInfo"),
        ("data", "initialArticle"),
        ("data", "initialVideo"),
        ("data", "thread"),
        ("thread",),
    ):
        held = tree(value, *place)
        if held and _is_article(held):
            return held
    return find(value, _is_article) or {}


def _post(article: Tree, beside: Tree, url: str) -> Post:
    identity = identity_in(article, "itemId", "item_id", "groupId", "group_id", "gid", "id", "thread_id")
    own = f"https://www.toutiao.com/article/{identity}/" if identity else ""
    post = Post(address(url, own, _HOSTS, _PAGE_PATH), PLATFORM, NAME)
    holders = [
        tree(article, name) for name in ("mediaInfo", "mediaUser", "media_user", "user", "userInfo", "user_info")
    ]
    holders += [tree(beside, "mediaInfo"), tree(beside, "mediaUser")]
    sub = tree(article, "subInfo")
    names = [word(holder, "name", "screenName", "screen_name") for holder in holders]
    names += [word(article, "mediaName", "media_name", "source", "detailSource", "detail_source"), word(sub, "source")]
    post.account = html.unescape(next((name for name in names if name), ""))
    identities = [word(holder, "userId", "user_id", "mediaId", "media_id", "id", "uid") for holder in holders]
    identities.append(word(article, "creatorUid", "creator_uid", "mediaId", "media_id"))
    post.account_id = next((each for each in identities if each and each != "0"), "")
    post.time(*(article.get(name) for name in _TIMES), sub.get("time"), word(beside, "publishTime"))
    title = html.unescape(word(article, "title"))
    short = "/w/" in path_of(url) or any(name in article for name in ("thread_id", "threadId", "threadID"))
    if title:
        post.heading(title)
    elif not short and "title" not in article:
        post.lacking.append("title")
    fields = ["content", "richContent", "rich_content"]
    if any(name in article for name in _VIDEO):
        fields += ["abstract", "videoAbstract", "video_abstract"]
    if not has(article, *fields):
        post.lacking.append("text")
    content = word(article, *fields)
    if "&lt;" in content and "<" not in content:  # the older page holds escaped HTML
        content = html.unescape(content)
    post.markup(content)
    for image in [
        *trees(article, "images"),
        *trees(article, "imageList"),
        *trees(article, "image_list"),
        *trees(article, "ugc_images"),
    ]:
        post.picture(word(image, "url", "src"), word(image, "alt", "sub_title"))
    for tag in [*trees(article, "labels"), *trees(article, "keywords"), *trees(beside, "tagInfo", "tags")]:
        name = word(tag, "name", "tag_name")
        post.say(f"#{name}" if name else "")
    for comment in [*trees(article, "comments"), *trees(beside, "comments"), *trees(beside, "commentInfo", "comments")]:
        inner = tree(comment, "comment") or comment
        post.comment(
            word(inner, "user_name", "userName", "name") or word(tree(inner, "user"), "name"),
            word(inner, "text", "content"),
        )
    post.lead()
    return post
