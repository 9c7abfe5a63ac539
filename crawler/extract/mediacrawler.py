"""Rows of files that MediaCrawler wrote (.json, .jsonl, .csv, .xlsx): one post or one comment each.

Field names were learned from the project's public source (github.com/NanmiCoder/MediaCrawler: ``store/*/__init__.py`` for
xhs, dy, ks, bili and wb; ``model/m_baidu_tieba.py`` and ``model/m_zhihu.py``), which says what is written, not how; none of
its code is used. A row says which platform it is from only by its fields, and where two platforms write the same ones,
by the folder that MediaCrawler puts the file in (``data/ks/…``, ``data/bili/…``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crawler.addresses import canonical
from crawler.extract.post import Post

NAME = "mediacrawler/1"


class UnreadableRow(ValueError):
    """A row that is no post or comment; the text is a Chinese reason for people."""


@dataclass(frozen=True, slots=True)
class _Shape:
    """How a platform's posts are written. Of several names the first that is filled counts."""

    platform: str
    folder: str
    """MediaCrawler's own word for the platform."""
    mark: frozenset[str]
    """Fields that only this platform's posts have, among rows without ``comment_id``."""
    id: str
    page: str
    """Address of a post by its id."""
    url: str
    titles: tuple[str, ...]
    texts: tuple[str, ...]
    times: tuple[str, ...]
    account: str = "nickname"
    account_id: str = "user_id"
    images: tuple[str, ...] = ()


_SHAPES = (
    _Shape(
        "douyin",
        "dy",
        frozenset({"aweme_id"}),
        "aweme_id",
        "https://www.douyin.com/video/{}",
        "aweme_url",
        (),
        ("desc", "title"),
        ("create_time",),
        account_id="sec_uid",
        images=("note_download_url", "cover_url"),
    ),
    _Shape(
        "zhihu",
        "zhihu",
        frozenset({"content_id", "content_url"}),
        "content_id",
        "https://www.zhihu.com/answer/{}",
        "content_url",
        ("title",),
        ("content_text", "desc"),
        ("created_time",),
        account="user_nickname",
    ),
    _Shape(
        "tieba",
        "tieba",
        frozenset({"note_id", "tieba_name"}),
        "note_id",
        "https://tieba.baidu.com/p/{}",
        "note_url",
        ("title",),
        ("desc",),
        ("publish_time",),
        account="user_nickname",
        account_id="user_link",
    ),
    _Shape(
        "weibo",
        "wb",
        frozenset({"note_id", "content"}),
        "note_id",
        "https://m.weibo.cn/detail/{}",
        "note_url",
        (),
        ("content",),
        ("create_time", "create_date_time"),
        images=("image_list",),
    ),
    _Shape(
        "xiaohongshu",
        "xhs",
        frozenset({"note_id", "desc"}),
        "note_id",
        "https://www.xiaohongshu.com/explore/{}",
        "note_url",
        ("title",),
        ("desc",),
        ("time",),
        images=("image_list",),
    ),
    _Shape(
        "bilibili",
        "bili",
        frozenset({"video_id", "video_danmaku"}),
        "video_id",
        "https://www.bilibili.com/video/av{}",
        "video_url",
        ("title",),
        ("desc",),
        ("create_time",),
        images=("video_cover_url",),
    ),
    _Shape(
        "kuaishou",
        "ks",
        frozenset({"video_id", "video_url"}),
        "video_id",
        "https://www.kuaishou.com/short-video/{}",
        "video_url",
        (),
        ("desc", "title"),
        ("create_time",),
        images=("video_cover_url",),
    ),
    _Shape(
        "bilibili",
        "bili",
        frozenset({"dynamic_id", "pub_ts"}),
        "dynamic_id",
        "https://t.bilibili.com/{}",
        "",
        (),
        ("text",),
        ("pub_ts",),
        account="user_name",
    ),
)
_ZHIHU_PAGES = {
    "article": "https://zhuanlan.zhihu.com/p/{}",
    "answer": "https://www.zhihu.com/answer/{}",
    "zvideo": "https://www.zhihu.com/zvideo/{}",
}
#: Fields that mark a row as MediaCrawler's: every post and comment carries one of them.
_IDS = frozenset({"note_id", "aweme_id", "video_id", "content_id", "dynamic_id", "comment_id"})
_OWN = frozenset(
    {"last_modify_ts", "source_keyword", "ip_location", "sub_comment_count", "user_nickname", "total_liked"}
)


def is_row(row: Mapping[str, object]) -> bool:
    """Whether a row (or the header of a table) is one of MediaCrawler's."""
    return bool(_IDS & row.keys()) and bool(_OWN & row.keys())


def is_profile(row: Mapping[str, object]) -> bool:
    """Whether it is a row of a ``creators`` file, which describes an account and holds no post."""
    return not (_IDS & row.keys()) and {"fans", "user_id"} <= row.keys()


def post_of(row: Mapping[str, object], folder: str = "") -> Post:
    """The post or comment in a row; ``folder``: MediaCrawler's word for the platform, where it is known.

    A comment's address is its post's with a fragment (``…#comment-17``): a reader finds it there, and it is never fetched
    as a page of its own. Raises :class:`UnreadableRow`.
    """
    if is_profile(row):
        raise UnreadableRow("这是账号资料（creators），不含发布的内容")
    if _text(row, "comment_id"):
        return _comment(row, folder)
    shape = next((shape for shape in _SHAPES if shape.folder == folder and shape.mark & row.keys()), None)
    shape = shape or next((shape for shape in _SHAPES if shape.mark <= row.keys()), None)
    if shape is None:
        raise UnreadableRow("字段不是 MediaCrawler 内容文件的字段（没有 note_id、aweme_id、video_id 或 content_id）")
    post = Post(_address(row, shape), shape.platform, NAME)
    if title := _first(row, shape.titles):
        post.heading(title)
    if (words := _first(row, shape.texts)) and words != title:
        post.markup(words)
    for tag in _text(row, "tag_list").split(","):
        if tag.strip() and f"#{tag.strip()}" not in words:
            post.say(f"#{tag.strip()}")
    _fill(post, row, shape)
    for name in shape.images:
        for picture in _text(row, name).split(","):
            post.picture(picture)
    if not post.segments and not post.images:
        raise UnreadableRow("内容为空（没有标题、正文和图片）")
    post.lead()
    return post


def _comment(row: Mapping[str, object], folder: str) -> Post:
    shape = _shape_of_comment(row, folder)
    words = _text(row, "content")
    if not words:
        raise UnreadableRow("评论内容为空")
    pattern = shape.page
    if shape.platform == "zhihu":
        pattern = _ZHIHU_PAGES.get(_text(row, "content_type"), shape.page)
    page = canonical(_text(row, "note_url") or pattern.format(_text(row, shape.id)))
    if page is None or not _text(row, shape.id):
        raise UnreadableRow(f"没有所评论内容的编号（{shape.id}）")
    post = Post(f"{page}#comment-{_text(row, 'comment_id')}", shape.platform, NAME)
    # Said by its writer in this very document, so it is its main text; the post it stands under is another document.
    post.markup(words)
    _fill(post, row, shape)
    for picture in _text(row, "pictures").split(","):
        post.picture(picture)
    post.lead()
    return post


def _shape_of_comment(row: Mapping[str, object], folder: str) -> _Shape:
    platform = ""
    if "aweme_id" in row:
        platform = "douyin"
    elif "content_id" in row:
        platform = "zhihu"
    elif "tieba_name" in row:
        platform = "tieba"
    elif "video_id" in row:
        platform = "bilibili" if folder == "bili" or (folder != "ks" and "sign" in row) else "kuaishou"
    elif "note_id" in row:
        platform = "weibo" if folder == "wb" or (folder != "xhs" and "create_date_time" in row) else "xiaohongshu"
    for shape in _SHAPES:
        if shape.platform == platform:
            return shape
    raise UnreadableRow("评论所属的平台无法识别（没有 note_id、aweme_id、video_id 或 content_id）")


def _fill(post: Post, row: Mapping[str, object], shape: _Shape) -> None:
    post.account = _text(row, shape.account) or _text(row, "nickname") or _text(row, "user_nickname")
    post.account_id = _text(row, shape.account_id) or _text(row, "user_id")
    times = shape.times if "comment_id" not in row else ("create_time", "publish_time", "create_date_time")
    post.time(*(_number(row.get(name)) for name in times))


def _address(row: Mapping[str, object], shape: _Shape) -> str:
    address = canonical(_text(row, shape.url)) if shape.url else None
    if address is None:
        number = _text(row, shape.id)
        address = canonical(shape.page.format(number)) if number else None
    if address is None:
        raise UnreadableRow(f"没有网址，也没有编号（{shape.url or shape.id}）")
    return address


def _first(row: Mapping[str, object], names: tuple[str, ...]) -> str:
    return next((words for name in names if (words := _text(row, name))), "")


def _text(row: Mapping[str, object], name: str) -> str:
    value = row.get(name)
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) and value else ""


def _number(value: object) -> object:
    """A time as a number where a table wrote it as digits."""
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) in (10, 13) else value
