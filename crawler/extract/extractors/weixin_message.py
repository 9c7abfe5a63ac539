"""Messages of WeChat official accounts that are no article: pictures with a text (图片消息), short texts, a video alone,
a shared article (转载), and the notice of a moved account with the address it moved to.

Learned from public readers: RSSHub (lib/utils/wechat-mp.ts: ``item_show_type`` 5 video, 7 audio, 8 pictures, 10 text,
17 short content; ``picture_page_info_list[].cdn_url``; ``#js_share_source[data-url]`` of a shared article), the WeChat article
exporters' ``window.cgiDataNew`` (``title``, ``nick_name``, ``content_noencode``, ``text_page_info.content_noencode``,
``create_time``), whose values stand in ``JsDecode('…')`` calls, and ``transferTargetLink`` of moved accounts.
"""

from __future__ import annotations

import html
import re
from urllib.parse import parse_qs, urlsplit

from crawler.extract.embedded_state import assigned, assigned_word
from crawler.extract.lines import tidy
from crawler.extract.page import Page
from crawler.extract.post import Post, finished, is_host, no_post
from crawler.extract.source import Source
from crawler.extract.tree_reading import Tree, tree, trees, word
from domain.document import Extraction, PageVerdict, SegmentKind

NAME = "weixin_message/1"
PLATFORM = "weixin"

_HOST = "mp.weixin.qq.com"
_SIGNS = (
    "picture_page_info_list",
    "text_page_info",
    "video_page_info",
    "cgiDataNew",
    "transferTargetLink",
    "js_share_source",
)
#: Elements that stand for a video, a sound or a post of the video channel inside an article.
_PLAYERS = "iframe.video_iframe, mpvoice, mp-common-mpaudio, mp-common-videosnap, mpvideosnap, qqmusic, .video_iframe"
_PLAYER_SIGNS = ("video_iframe", "<mpvoice", "<mp-common-", "<mpvideosnap", "<qqmusic")
_PLAYER_WORDS = ("name", "data-desc", "data-title", "data-nickname", "data-headtitle", "musicname", "data-author")
_NOTICE = ".weui-msg, .weui_msg, .mesg-block, .global_error_msg"
_KIN = ("mmbiz", "item_show_type", "msg_title", "js_name", "__biz")
#: An article's own text is longer than what the frame of a message leaves in its place.
_ARTICLE_LENGTH = 20
#: Line breaks that the head's attributes spell as JavaScript does.
_BREAKS = re.compile(r"\\x0a|\\n|\\r|\\x0d")
_AMPERSAND = re.compile(r"\\x26(?:amp;)?|&amp;")


def accepts(source: Source) -> bool:
    """Pages with the data of such a message, whose place for an article is missing or empty."""
    if source.kind != "html" or not any(sign in source.text for sign in (*_SIGNS, *_PLAYER_SIGNS)):
        return False
    if not is_host(source.url, _HOST) and not any(sign in source.text for sign in _KIN):
        return False
    content = source.page.tree.css_first("#js_content")
    if content is None:
        return any(sign in source.text for sign in _SIGNS)
    return len(tidy(content.text(deep=True))) < _ARTICLE_LENGTH and not content.css("img[data-src], img[src]")


def extract(source: Source) -> Extraction:
    """The message as one post, or what its notice stands for."""
    page = source.page
    moved = assigned_word(source, "transferTargetLink")
    data = tree(assigned(source, "cgiDataNew").value)
    post = _post(source, page, data)
    own = any(segment.kind is SegmentKind.MAIN and segment.text != post.title for segment in post.segments)
    if moved and not own:
        post.link(_AMPERSAND.sub("&", moved))
        links = (*post.links.values(), *page.links)
        return Extraction(PageVerdict.UNAVAILABLE, "account_migrated", NAME, PLATFORM, (), links, source.encoding)
    if not own and not post.images and (not post.title or page.tree.css_first(_NOTICE) is not None):
        return no_post(source, NAME, PLATFORM, "content_noencode", problem="absent")
    return finished(source, [post])


def _post(source: Source, page: Page, data: Tree) -> Post:
    post = Post(source.url, PLATFORM, NAME)
    post.account = html.unescape(
        word(data, "nick_name", "nickname")
        or assigned_word(source, "nick_name", "nickname")
        or _text_of(page, "#js_name")
        or page.meta.get("author", "")
    ).strip()
    post.account_id = _biz(source, data)
    seconds = word(data, "create_timestamp", "ori_create_time", "ori_send_time") or assigned_word(
        source, "ct", "createTimestamp"
    )
    shown = word(data, "create_time") or assigned_word(source, "createTime") or _text_of(page, "#publish_time")
    post.time(seconds, shown)
    if shown and post.published_at is not None:
        post.published_raw = shown
    title = tidy(
        html.unescape(
            word(data, "title")
            or assigned_word(source, "msg_title")
            or _text_of(page, "#activity-name, .rich_media_title")
            or page.meta.get("og:title", "")
        )
    )
    text = _words(source, page, data)
    if title and not _same(title, text):
        post.heading(title)
    post.title = title or post.title
    post.markup(text.replace("\n", "<br>") if "<" in text else text)
    inside = _text_of(page, "#js_content")
    post.say("" if inside in post.text() else inside)
    for picture in _pictures(source, data):
        post.picture(_AMPERSAND.sub("&", word(picture, "cdn_url", "url")), word(picture, "alt", "desc"))
    _video(post, source, data)
    _players(post, page)
    _shared(post, source, page)
    place = word(tree(data, "ip_wording"), "province_name") or word(data, "provinceName")
    if place:
        post.say(place)
    if not text and not post.images and not title:
        post.lacking.append("text")
    post.lead()
    return post


def _same(title: str, text: str) -> bool:
    """A text without a title of its own has its first line for one."""
    return bool(text) and tidy(text.split("\n", 1)[0]).startswith(title.rstrip("….")[:LEAD])


LEAD = 30


def _words(source: Source, page: Page, data: Tree) -> str:
    text = word(tree(data, "text_page_info"), "content_noencode", "content") or word(data, "content_noencode")
    text = text or word(tree(assigned(source, "text_page_info").value), "content_noencode", "content")
    text = (
        text
        or assigned_word(source, "content_noencode")
        or word(data, "desc")
        or assigned_word(source, "window.desc", "msg_desc")
    )
    if not text:
        described = page.meta.get("og:description") or page.meta.get("description") or ""
        text = html.unescape(_BREAKS.sub("\n", described))
    return text


def _pictures(source: Source, data: Tree) -> list[Tree]:
    return trees(data, "picture_page_info_list") or trees(assigned(source, "picture_page_info_list").value)


def _video(post: Post, source: Source, data: Tree) -> None:
    videos = [
        tree(data, "video_page_info"),
        *trees(data, "video_page_infos"),
        tree(assigned(source, "video_page_info").value),
    ]
    seen = post.text()
    for video in [*videos, *trees(assigned(source, "video_page_infos").value)]:
        for words in (word(video, "title"), word(video, "desc", "video_desc")):
            if words and words not in seen:
                post.say(html.unescape(words))
        post.picture(_AMPERSAND.sub("&", word(video, "cover_url", "cover_url_16_9", "cover")))


def _players(post: Post, page: Page) -> None:
    """An article of nothing but a player: the words that the player shows."""
    for node in page.tree.css(f"#js_content :is({_PLAYERS})")[:50]:
        for name in _PLAYER_WORDS:
            words = html.unescape(node.attributes.get(name) or "")
            if words and words not in post.text():
                post.say(words)


def _shared(post: Post, source: Source, page: Page) -> None:
    """A shared article shows its beginning and leads to the original."""
    node = page.tree.css_first("#js_share_source")
    if node is None:
        return
    address = node.attributes.get("data-url") or node.attributes.get("href") or ""
    post.link(_AMPERSAND.sub("&", address), node.text(deep=True))
    seen = post.text()
    for block in page.blocks:
        if block.seen and block.text not in seen and block.text not in (post.account, post.title):
            post.say(block.text)
    post.link(html.unescape(assigned_word(source, "msg_link")) if not address else "")


def _text_of(page: Page, selector: str) -> str:
    node = page.tree.css_first(selector)
    return tidy(node.text(deep=True)) if node is not None else ""


def _biz(source: Source, data: Tree) -> str:
    for address in (source.url, source.page.meta.get("og:url", "")):
        try:
            values = parse_qs(urlsplit(html.unescape(address)).query, max_num_fields=50).get("__biz")
        except ValueError:
            values = None
        if values:
            return values[0]
    return word(data, "biz") or assigned_word(source, "biz") or word(data, "bizuin", "user_name")
