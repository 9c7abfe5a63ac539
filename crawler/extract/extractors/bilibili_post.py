"""B站: videos (with their parts, tags and carried subtitles), dynamics, opus pages and columns; pages and answers.

Field names learned from the public API description SocialSisterYi/bilibili-API-collect (``x/web-interface/view``: ``title``,
``desc``, ``desc_v2``, ``pubdate``, ``owner``, ``pages``, ``subtitle.list``; error codes -352, -404, -412, 62002, 62004, 62012;
``x/polymer/web-dynamic``: ``module_dynamic.major``, ``additional``) and from public readers of opus pages
(``detail.modules[]``: ``MODULE_TYPE_TITLE``, ``MODULE_TYPE_AUTHOR``, ``MODULE_TYPE_CONTENT`` with ``paragraphs``). Video pages
assign ``__INITIAL_STATE__`` with ``videoData`` (mobile: ``video.viewInfo``), columns with ``readInfo``.
"""

from __future__ import annotations

import re

from crawler.extract.bilibili_dynamic import fill, is_dynamic
from crawler.extract.embedded_state import assigned, json_answer
from crawler.extract.json_reading import load
from crawler.extract.layouts import BILIBILI
from crawler.extract.post import Post, address, finished, is_host, joined, no_post, path_of, whole
from crawler.extract.rendered_post import recognised, shown
from crawler.extract.source import Source
from crawler.extract.tree_reading import Tree, dig, has, identity_in, tree, trees, word
from domain.document import Extraction

NAME = "bilibili_post/1"
PLATFORM = "bilibili"

_HOSTS = ("bilibili.com", "b23.tv")
_POST_PATH = re.compile(r"/(?:video/(?:BV\w{8,}|av\d+)|opus/\d+|dynamic/\d+|read/(?:mobile/)?(?:cv)?\d+|\d{15,})")
_API_PATH = re.compile(r"/x/(?:web-interface/(?:wbi/)?view|polymer/web-dynamic|article/view)")
_SIGNS = ('"videoData"', '"viewInfo"', '"readInfo"', "MODULE_TYPE_CONTENT", '"module_author"')
#: What the codes mean where the message is only ``0`` or English.
_CODES = {
    "-352": "风控校验失败", "-412": "请求被拦截", "-799": "请求过于频繁", "-101": "请先登录后查看", "-403": "访问权限不足",
    "-404": "视频不存在", "62002": "稿件不可见", "62004": "稿件审核中", "62012": "仅UP主自己可见", "4101131": "动态不存在",
}  # fmt: skip


def accepts(source: Source) -> bool:
    """Post addresses, and pages or answers with the structure of posts anywhere."""
    at_home = is_host(source.url, *_HOSTS)
    if source.kind == "html":
        if at_home and _POST_PATH.search(path_of(source.url)):
            return True
        if "__INITIAL_STATE__" in source.text and any(sign in source.text for sign in _SIGNS):
            return at_home or whole(source, _posts(assigned(source, "__INITIAL_STATE__").value, source.url))
        told = "opus-module-content" in source.text or "desc-info-text" in source.text
        return not at_home and told and recognised(source, BILIBILI)
    if source.kind != "json":
        return False
    if at_home and _API_PATH.search(path_of(source.url)):
        return True
    text = source.text
    return ('"bvid"' in text or '"module_author"' in text or "MODULE_TYPE_CONTENT" in text) and bool(
        _posts(json_answer(source), source.url)
    )


def extract(source: Source) -> Extraction:
    """The video, dynamic or column, or the dynamics of a list."""
    if source.kind == "json":
        answer = json_answer(source)
        posts = _posts(answer, source.url)
        if not posts:
            return no_post(source, NAME, PLATFORM, "data", said=_said(answer))
        return finished(source, posts, embedded=isinstance(dig(answer, "data", "items"), list))
    state = assigned(source, "__INITIAL_STATE__")
    posts = _posts(state.value, source.url)
    if not posts:
        seen = shown(source.page.tree, BILIBILI, source.url, PLATFORM, NAME)
        if seen is not None:
            return finished(source, [seen])
        error = tree(state.value, "error")
        looked_for = "__INITIAL_STATE__" if state.problem else "videoData"
        return no_post(source, NAME, PLATFORM, looked_for, said=_said(error), problem=state.problem)
    return finished(source, posts)


def _said(answer: object) -> str:
    words = [word(answer, "message", "msg")]
    words += [_CODES.get(word(answer, name), "") for name in ("code", "trueCode")]
    return joined(text for text in words if text not in ("0", "OK"))


def _posts(value: object, url: str) -> list[Post]:
    data = tree(value, "data") or tree(value)
    for video in (tree(data, "videoData"), tree(data, "video", "viewInfo"), tree(data, "View"), tree(data, "viewInfo")):
        if "desc" in video or ("title" in video and "bvid" in video):
            return [_video(video, data, url)]
    if "bvid" in data and "owner" in data:
        return [_video(data, {}, url)]
    for column in (tree(data, "readInfo"), data if "publish_time" in data and "content" in data else {}):
        if column:
            return [_column(column, url)]
    items = [tree(data, "detail"), tree(data, "item"), *trees(data, "items")]
    if isinstance(value, dict) and not any(items):
        items = [tree(value, "opus", "detail"), tree(value, "dynamic", "detail"), tree(value, "item")]
    return [_dynamic(item, url, several=len(items) > 3) for item in items if is_dynamic(item)]


def _new(url: str, own: str, several: bool = False) -> Post:
    return Post(own or url if several else address(url, own, _HOSTS, _POST_PATH), PLATFORM, NAME)


def _video(video: Tree, beside: Tree, url: str) -> Post:
    number = identity_in(video, "aid")
    identity = identity_in(video, "bvid") or (f"av{number}" if number else "")
    post = _new(url, f"https://www.bilibili.com/video/{identity}/" if identity else "")
    owner = tree(video, "owner") or tree(beside, "upData") or tree(beside, "Card", "card")
    post.account, post.account_id = word(owner, "name", "uname"), word(owner, "mid")
    post.time(video.get("pubdate"), video.get("ctime"))
    title = word(video, "title")
    if title:
        post.heading(title)
    else:
        post.lacking.append("title")
    if not has(video, "desc") and not trees(video, "desc_v2"):
        post.lacking.append("text")
    rich = "".join(("@" if each.get("type") == 2 else "") + _raw(each) for each in trees(video, "desc_v2")).strip()
    plain = word(video, "desc")
    description = rich if len(rich) > len(plain) else plain
    post.say("" if description == "-" else description)
    post.say(word(video, "dynamic") if word(video, "dynamic") not in description else "")
    for part in trees(video, "pages"):
        name = word(part, "part")
        if name and name != title:
            post.say(name)
    for tag in [*trees(beside, "tags"), *trees(beside, "Tags"), *trees(video, "tags")]:
        name = word(tag, "tag_name", "name")
        if name and f"#{name}" not in description:
            post.say(f"#{name}")
    post.say(word(tree(video, "argue_info"), "argue_msg"))
    for member in trees(video, "staff"):
        post.say(joined([word(member, "title"), word(member, "name")], "："))
    post.picture(word(video, "pic", "cover"))
    for track in [
        *trees(video, "subtitle", "list"),
        *trees(video, "subtitle", "subtitles"),
        *trees(beside, "subtitles"),
    ]:
        post.link(word(track, "subtitle_url"), word(track, "lan_doc"))
        for line in [*trees(track, "body"), *trees(track, "content", "body")]:
            post.say(word(line, "content"))
    _replies(post, beside)
    return post


def _raw(piece: Tree) -> str:
    text = piece.get("raw_text")
    return text if isinstance(text, str) else ""


def _replies(post: Post, beside: Tree) -> None:
    holders = (tree(beside, "Reply"), tree(beside, "reply"), tree(beside, "commentInfo"), tree(beside, "comment"))
    for comment in [each for holder in holders for each in trees(holder, "replies")]:
        post.comment(word(tree(comment, "member"), "uname"), word(tree(comment, "content"), "message"))
        for answer in trees(comment, "replies"):
            post.comment(word(tree(answer, "member"), "uname"), word(tree(answer, "content"), "message"))


def _column(column: Tree, url: str) -> Post:
    identity = identity_in(column, "id", "cvid")
    post = _new(url, f"https://www.bilibili.com/read/cv{identity}" if identity else "")
    author = tree(column, "author")
    post.account = word(author, "name") or word(column, "author_name")
    post.account_id = word(author, "mid") or word(column, "mid")
    post.time(column.get("publish_time"), column.get("ctime"))
    title = word(column, "title")
    if title:
        post.heading(title)
    else:
        post.lacking.append("title")
    opus = tree(column, "opus")
    if opus:
        fill(post, {"modules": [{"module_type": "MODULE_TYPE_CONTENT", "module_content": tree(opus, "content")}]})
    elif has(column, "content"):
        _column_text(post, word(column, "content"))
    else:
        post.lacking.append("text")
    images = [dig(column, name) for name in ("banner_url", "image_urls", "origin_image_urls")]
    for image in images:
        for each in image if isinstance(image, list) else [image]:
            post.picture(each)
    for tag in trees(column, "tags"):
        post.say(f"#{word(tag, 'name')}" if word(tag, "name") else "")
    return post


def _column_text(post: Post, content: str) -> None:
    """HTML, or the editor's list of insertions (``{"ops": [{"insert": "…"}]}``)."""
    operations = trees(load(content), "ops") if content.startswith("{") else []
    if not operations:
        post.markup(content)
        return
    line: list[str] = []
    for operation in operations:
        inserted = operation.get("insert")
        if isinstance(inserted, str):
            line.append(inserted)
        for image in (tree(inserted, "native-image"), tree(inserted, "image")):
            post.picture(word(image, "url"), word(image, "alt"))
        for card in (tree(inserted, "article-card"), tree(inserted, "video-card"), tree(inserted, "goods-card")):
            line.append(word(card, "alt", "title"))
    post.say("".join(line))


def _dynamic(item: Tree, url: str, *, several: bool) -> Post:
    identity = identity_in(item, "id_str", "id")
    post = _new(url, f"https://www.bilibili.com/opus/{identity}" if identity else "", several)
    fill(post, item)
    return post
