"""Posts of 微博: the mobile page and its JSON, the desktop application's JSON, lists of posts.

Field names learned from RSSHub (lib/routes/weibo/utils.ts: ``longText.longTextContent``, ``pics`` as list or object,
``retweeted_status``, ``page_info``) and yt-dlp (extractor/weibo.py: ``ajax/statuses/show`` with ``text_raw``, ``mblogid``,
``topic_struct``). The mobile page assigns ``$render_data = [{"status": …}][0]``; ``m.weibo.cn`` answers wrap the same in
``data``, lists in ``data.cards[].mblog`` (``card_group``), the desktop's in ``data.list`` or ``statuses``. A long text is cut
("全文", at the desktop ``<span class="expand">展开</span>``) and whole at another address, which answers with it alone
(``data.longTextContent``).
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from crawler.extract.embedded_state import State, assigned, json_answer
from crawler.extract.layouts import WEIBO
from crawler.extract.post import Post, address, finished, is_host, joined, no_post, path_of
from crawler.extract.rendered_post import recognised, shown
from crawler.extract.source import Source
from crawler.extract.tree_reading import Tree, dig, find, has, identity_in, tree, trees, word
from domain.document import Extraction, PageVerdict

NAME = "weibo_post/1"
PLATFORM = "weibo"

#: The page that gives visitors a passport stands in the place of every page until one shows it.
_VISITORS = "Sina Visitor System"
_HOSTS = ("weibo.com", "weibo.cn")
_POST_PATH = re.compile(
    r"/(?:status|detail|statuses)/\w+|/\d{5,}/(?:\d{9,}|[A-Za-z0-9]{9})(?:/|$)|/ajax/statuses/|/statuses/"
)
_MORE = re.compile(
    r"(?:\.\.\.|…)?\s{0,9}(?:(?:<a[^<>]{0,300}>\s{0,9})?(?:\.\.\.|…)?\s{0,9}全文\s{0,9}(?:</a>)?"
    r"|(?P<desktop><span[^<>]{0,300}>\s{0,9}展开\s{0,9}</span>))\s{0,9}$"
)
#: Pictures in front of link words, which stand for nothing.
_ICON = re.compile(
    r"<span class=[\"']?url-icon[\"']?>\s{0,9}<img\b(?![^<>]{0,2000}?\balt=)[^<>]{0,2000}>\s{0,9}</span>"
    r"|<img\b(?=[^<>]{0,600}?\bclass=[\"']?icon-link\b)[^<>]{0,2000}>",
    re.IGNORECASE,
)
#: ``查看图片``: a picture that stands behind a link.
_PICTURE = re.compile(
    r"<a\b[^<>]{0,600}?\bhref=[\"']?(https?://[\w-]{1,20}\.sinaimg\.cn/[\w./-]{1,200}\.(?:jpe?g|png|gif|webp))\b",
    re.IGNORECASE,
)
_PAGE_PATH = re.compile(r"/(?:status|detail)/\w+|/\d{5,}/(?:\d{9,}|[A-Za-z0-9]{9})(?:/|$)")
_LOCATION = re.compile(r"^(?:发布于|来自)\s*")


def accepts(source: Source) -> bool:
    """Post addresses of weibo.com and weibo.cn, and answers with their structure anywhere."""
    at_home = is_host(source.url, *_HOSTS)
    if source.kind == "html":
        if _VISITORS in source.text or "$render_data" in source.text:
            return True
        if not at_home and ("detail_wbtext" in source.text or "WB_feed_detail" in source.text):
            return recognised(source, WEIBO)
        return at_home and _POST_PATH.search(path_of(source.url)) is not None
    if source.kind != "json":
        return False
    text = source.text
    if '"mblog"' in text or '"mblogid"' in text or ('"screen_name"' in text and '"created_at"' in text):
        return bool(_statuses(json_answer(source)))
    return at_home and _POST_PATH.search(path_of(source.url)) is not None


def extract(source: Source) -> Extraction:
    """The post (a repost with what it repeats), or every post of a list."""
    if source.kind == "json":
        answer = json_answer(source)
        statuses = _statuses(answer)
        alone = "" if statuses else _long_text(tree(answer, "data"))
        if alone:
            return finished(source, [_text_alone(alone, source.url)])
        if not statuses:
            said = joined([word(answer, "msg", "message", "errmsg"), word(tree(answer, "data"), "msg")])
            if dig(answer, "ok") == -100:
                said += " 请登录后查看"
            return no_post(source, NAME, PLATFORM, "status", said=said)
        listed = _is_list(answer)
        posts = [_post(status, source.url, listed=listed) for status in statuses]
        return finished(source, posts, embedded=listed)
    if _VISITORS in source.text:
        links = tuple(source.page.links)
        return Extraction(PageVerdict.LOGIN_WALL, "visitor_system", NAME, PLATFORM, (), links, source.encoding)
    state = assigned(source, "$render_data")
    status = _rendered(state)
    if status is None:
        seen = shown(source.page.tree, WEIBO, source.url, PLATFORM, NAME)
        if seen is not None:
            return finished(source, [seen])
        return no_post(source, NAME, PLATFORM, _looked_for(state), problem=state.problem, said=_said(state.value))
    return finished(source, [_post(status, source.url)])


def _looked_for(state: State) -> str:
    return "$render_data" if state.problem else "status"


def _said(value: object) -> str:
    data = tree(value, 0) or tree(value)
    return word(data, "msg", "message", "error")


def _rendered(state: State) -> Tree | None:
    data = tree(state.value, 0) or tree(state.value)
    status = tree(data, "status") or (data if _is_status(data) else {})
    return status or None


def _is_status(value: Tree) -> bool:
    """A post; other networks have posts with the same names, but not with these identifiers."""
    if not isinstance(value.get("user"), dict | type(None)) or not any(
        name in value for name in ("mblogid", "mid", "bid")
    ):
        return False
    return "mblogid" in value or ("created_at" in value and "user" in value) or "text" in value


def _is_list(answer: object) -> bool:
    data = tree(answer, "data")
    return any(
        isinstance(holder.get(name), list) for holder in (tree(answer), data) for name in ("cards", "list", "statuses")
    )


def _statuses(answer: object) -> list[Tree]:
    """The posts of an answer, in order; no posts inside posts."""
    for holder in (tree(answer), tree(answer, "data"), tree(answer, "data", "status"), tree(answer, "status")):
        if holder and _is_status(holder) and "cards" not in holder:
            return [holder]
    found: list[Tree] = []
    for holder in (tree(answer, "data"), tree(answer)):
        for name in ("list", "statuses", "cards"):
            for item in trees(holder, name):
                found += [each for each in (_inner(item), *map(_inner, trees(item, "card_group"))) if each]
        if found:
            break
    return found


def _inner(item: Tree) -> Tree:
    inner = tree(item, "mblog")
    return inner or (item if _is_status(item) else {})


def _post(status: Tree, page_url: str, *, listed: bool = False) -> Post:
    user = tree(status, "user")
    identity = identity_in(status, "bid", "mblogid", "idstr", "mid", "id")
    user_id = identity_in(user, "idstr", "id")
    own = f"https://weibo.com/{user_id}/{identity}" if identity and user_id else ""
    url = own or page_url if listed else address(page_url, own, _HOSTS, _PAGE_PATH)
    post = Post(url, PLATFORM, NAME)
    post.account, post.account_id = word(user, "screen_name", "name"), user_id
    post.time(status.get("created_at"))
    if not has(status, "text", "text_raw", "raw_text"):
        post.lacking.append("text")
    post.say(word(tree(status, "title"), "text"))  # why it stands here: 置顶, 他赞过的微博
    labels = len(post.segments)
    _text(post, status)
    post.title = word(status, "status_title")
    original = status.get("retweeted_status")
    card = tree(status, "page_info")
    # A repost's data repeats the card of what it repeats, where alone the card is shown.
    card_id = _card_id(card)
    shared = isinstance(original, dict) and card_id and card_id == _card_id(tree(original, "page_info"))
    _shown_below(post, status, {} if shared else card)
    if isinstance(original, dict):
        name = word(tree(original, "user"), "screen_name", "name")
        post.say(f"@{name}：" if name else "转发：")
        _text(post, original)
        _shown_below(post, original, tree(original, "page_info"))
    for comment in trees(status, "comments") or trees(status, "hot_comments"):
        _comment(post, comment)
    post.lead(labels)
    return post


def _card_id(card: Tree) -> str:
    return word(card, "page_id", "object_id", "page_url")


def _text_alone(text: str, page_url: str) -> Post:
    """What the address of a long text answers: the text, without who wrote it and when."""
    post = Post(page_url, PLATFORM, NAME)
    post.text_alone = True
    identity = re.fullmatch(r"\w{9,20}", _parameter(page_url, "id"))
    post.link(f"https://m.weibo.cn/status/{identity[0]}" if identity else "", "微博正文")
    _fill(post, text)
    post.lead()
    return post


def _comment(post: Post, comment: Tree) -> None:
    post.comment(word(tree(comment, "user"), "screen_name", "name"), word(comment, "text", "text_raw"))
    for answer in trees(comment, "comments"):
        post.comment(word(tree(answer, "user"), "screen_name", "name"), word(answer, "text", "text_raw"))


def _long_text(holder: Tree) -> str:
    return word(holder, "longTextContent", "longTextContent_raw")


def _text(post: Post, status: Tree) -> None:
    """The longest form of the text the answer has; a cut one leaves the address of the whole."""
    held = tree(status, "longText")
    whole = _long_text(held) or word(held, "content") or _long_text(status)
    text = whole or word(status, "text", "text_raw", "raw_text")
    more = None if whole else _MORE.search(text)
    if not whole and (more or status.get("isLongText") in (True, 1)):
        raw = word(status, "raw_text", "text_raw")
        # The application's answers say nothing in a cut text itself, but name the button that shows the rest.
        if more or word(tree(status, "continue_tag"), "title") == "全文":
            post.cut = True
            identity = identity_in(status, "id", "idstr", "mid")
            place = "weibo.com/ajax/statuses/longtext" if more and more["desktop"] else "m.weibo.cn/statuses/extend"
            post.link(f"https://{place}?id={identity}" if identity else "", "全文")
            text = (text[: more.start()] if more else text.rstrip()) + "…"
        if len(raw) > len(text):
            text = raw
    _fill(post, text)


def _fill(post: Post, text: str) -> None:
    post.markup(_ICON.sub("", text).replace("\n", "<br>") if "<" in text else text)
    for picture in _PICTURE.findall(text):
        post.picture(picture)


def _shown_below(post: Post, status: Tree, card: Tree) -> None:
    """What the post shows under its text: topics not in it, pictures, a card (article, video, goods, vote)."""
    text = post.text()
    for topic in trees(status, "topic_struct"):
        title = word(topic, "topic_title")
        if title and title not in text:
            post.say(f"#{title}#")
    for link in trees(status, "url_struct"):
        post.link(word(link, "long_url", "h5_target_url", "ori_url"), word(link, "url_title"))
        title = word(link, "url_title")
        if title and title not in text and title not in ("网页链接", "查看图片"):
            post.say(title)
    for picture in trees(status, "pics"):
        post.picture(word(tree(picture, "large"), "url") or word(picture, "url"), word(picture, "alt"))
    for picture in trees(status, "pic_infos"):
        sizes = (word(tree(picture, size), "url") for size in ("largest", "large", "original", "bmiddle", "thumbnail"))
        post.picture(next((url for url in sizes if url), ""), word(picture, "alt"))
    for item in trees(status, "mix_media_info", "items"):
        data = tree(item, "data")
        post.picture(word(tree(data, "largest"), "url") or word(tree(data, "large"), "url") or word(data, "page_pic"))
        post.say(word(data, "content1", "page_title"))
    _card(post, card)
    place = word(status, "region_name")
    if place:
        post.say("发布于 " + _LOCATION.sub("", place))


def _card(post: Post, card: Tree) -> None:
    if not card:
        return
    seen = post.text()
    if word(card, "type") == "search_topic" or word(card, "object_type") == "10":
        title = word(card, "page_title")  # the topic's own page, with how many speak of it
        post.say(title if title not in seen else "")
        return
    media = tree(card, "media_info")
    words = [word(card, "page_title", "title"), word(card, "content1"), word(card, "content2"), word(card, "content3")]
    words += [
        word(media, "video_title", "kol_title"),
        word(media, "next_title"),
        word(card, "page_desc", "desc", "summary"),
    ]
    for text in dict.fromkeys(words):
        if text and text not in seen and not text.isdigit():
            post.markup(text)
    vote = find(card, lambda found: isinstance(found.get("vote_list"), list | dict) or "vote_object" in found)
    if vote is not None:
        vote = tree(vote, "vote_object") or vote
        post.say(word(vote, "content", "title"))
        for option in trees(vote, "vote_list"):
            post.say(word(option, "content", "text", "title", "name"))
    post.picture(word(tree(card, "page_pic"), "url") or word(card, "page_pic", "cover"))
    post.link(_page(word(card, "page_url", "url")), word(card, "page_title"))


def _page(url: str) -> str:
    """The page that an address of the application opens (``sinaweibo://articlebrowser?url=…``), passed on or not."""
    if "/feature/applink?" in url[:60]:
        url = _parameter(url, "scheme") or url
    return _parameter(url, "url") or url if url.startswith("sinaweibo:") else url


def _parameter(url: str, name: str) -> str:
    try:
        return parse_qs(urlsplit(url).query, max_num_fields=50).get(name, [""])[0]
    except ValueError:  # no address, or one of more parameters than any needs
        return ""
