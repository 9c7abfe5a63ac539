"""MediaCrawler's rows: posts and comments of seven platforms, as its stores write them."""

from __future__ import annotations

from typing import Any

import pytest

from crawler.extract.mediacrawler import UnreadableRow, is_row, post_of

_COMMON = {"last_modify_ts": 1717000000000, "ip_location": "山西", "nickname": "考证小助手", "user_id": "u1"}
XHS = _COMMON | {
    "note_id": "64a1", "type": "normal", "title": "电工证怎么考", "desc": "不用考试，包拿证", "time": 1714500000000,
    "note_url": "https://www.xiaohongshu.com/explore/64a1?xsec_token=AB&xsec_source=pc_search",
    "image_list": "http://ci.example/1.jpg,http://ci.example/2.jpg", "tag_list": "电工证,考证", "source_keyword": "电工证",
}  # fmt: skip
DY = _COMMON | {
    "aweme_id": "7300", "title": "包过", "desc": "焊工证包过 七天拿证", "create_time": 1714500000, "sec_uid": "MS4w",
    "aweme_url": "https://www.douyin.com/video/7300", "cover_url": "http://p.example/c.jpg",
}  # fmt: skip
KS = _COMMON | {
    "video_id": "3xabc", "video_type": "1", "title": "叉车证直招", "desc": "叉车证直招", "create_time": "1714500000000",
    "video_url": "https://www.kuaishou.com/short-video/3xabc", "video_cover_url": "",
}  # fmt: skip
BILI = _COMMON | {
    "video_id": "98765", "title": "考证避坑", "desc": "谨防包过", "create_time": 1714500000, "video_danmaku": "3",
    "video_url": "https://www.bilibili.com/video/av98765",
}  # fmt: skip
WB = _COMMON | {
    "note_id": "5030", "content": "健康管理师证内部渠道", "create_time": 1714500000,
    "create_date_time": "2024-05-01 02:00:00", "note_url": "https://m.weibo.cn/detail/5030",
}  # fmt: skip
TIEBA = {
    "note_id": "8901", "title": "求推荐考证机构", "desc": "这家说包过", "note_url": "https://tieba.baidu.com/p/8901",
    "publish_time": "2024-05-01 10:00", "user_nickname": "吧友", "tieba_name": "太原吧", "ip_location": "",
}  # fmt: skip
ZHIHU = {
    "content_id": "777", "content_type": "answer", "content_text": "我在这里交钱出证", "title": "消防证好考吗",
    "content_url": "https://www.zhihu.com/question/1/answer/777", "created_time": 1714500000, "user_nickname": "匿名者",
    "source_keyword": "", "user_id": "z1",
}  # fmt: skip


@pytest.mark.parametrize(
    ("row", "platform", "url", "words"),
    [
        (XHS, "xiaohongshu", "https://www.xiaohongshu.com/explore/64a1", "电工证怎么考\n不用考试，包拿证"),
        (DY, "douyin", "https://www.douyin.com/video/7300", "焊工证包过 七天拿证"),
        (KS, "kuaishou", "https://www.kuaishou.com/short-video/3xabc", "叉车证直招"),
        (BILI, "bilibili", "https://www.bilibili.com/video/av98765", "考证避坑\n谨防包过"),
        (WB, "weibo", "https://m.weibo.cn/detail/5030", "健康管理师证内部渠道"),
        (TIEBA, "tieba", "https://tieba.baidu.com/p/8901", "求推荐考证机构\n这家说包过"),
        (ZHIHU, "zhihu", "https://www.zhihu.com/question/1/answer/777", "消防证好考吗\n我在这里交钱出证"),
    ],
)
def test_posts(row: dict[str, Any], platform: str, url: str, words: str) -> None:
    """Address, platform, text, account and time of one post of each platform."""
    assert is_row(row)
    document = post_of(row).document(embedded=True)
    assert document.platform == platform
    assert document.url.partition("?")[0] == url
    assert document.text.startswith(words)
    assert document.account == (row.get("nickname") or row["user_nickname"])
    assert document.published_at is not None
    assert document.published_at.year == 2024
    assert document.title


@pytest.mark.parametrize(
    ("fields", "folder", "url"),
    [
        ({"aweme_id": "7300"}, "", "https://www.douyin.com/video/7300#comment-9"),
        ({"note_id": "64a1"}, "", "https://www.xiaohongshu.com/explore/64a1#comment-9"),
        (
            {"note_id": "5030", "create_date_time": "2024-05-01 02:00:00"},
            "",
            "https://m.weibo.cn/detail/5030#comment-9",
        ),
        ({"note_id": "5030"}, "wb", "https://m.weibo.cn/detail/5030#comment-9"),
        ({"video_id": "1", "sign": ""}, "", "https://www.bilibili.com/video/av1#comment-9"),
        ({"video_id": "3x"}, "ks", "https://www.kuaishou.com/short-video/3x#comment-9"),
        (
            {"note_id": "8901", "tieba_name": "太原吧", "note_url": "https://tieba.baidu.com/p/8901"},
            "",
            "https://tieba.baidu.com/p/8901#comment-9",
        ),
        ({"content_id": "777", "content_type": "article"}, "", "https://zhuanlan.zhihu.com/p/777#comment-9"),
    ],
)
def test_comments(fields: dict[str, Any], folder: str, url: str) -> None:
    """A comment is a document of its own at its post's address."""
    row = _COMMON | {"comment_id": "9", "content": "加我微信包过", "create_time": 1714500000} | fields
    document = post_of(row, folder).document(embedded=True)
    assert (document.url, document.text, document.account) == (url, "加我微信包过", "考证小助手")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"user_id": "1", "fans": 3, "follows": 1, "nickname": "甲"}, "账号资料"),
        ({"foo": 1}, "字段不是"),
        (XHS | {"title": "", "desc": "", "tag_list": "", "image_list": ""}, "内容为空"),
        (WB | {"note_url": "", "note_id": ""}, "没有网址"),
        (_COMMON | {"comment_id": "9", "content": "", "note_id": "1"}, "评论内容为空"),
        (_COMMON | {"comment_id": "9", "content": "好"}, "平台无法识别"),
        (_COMMON | {"comment_id": "9", "content": "好", "note_id": ""}, "没有所评论内容的编号"),
    ],
)
def test_rows_that_are_none(row: dict[str, Any], reason: str) -> None:
    """Each says why in Chinese."""
    with pytest.raises(UnreadableRow, match=reason):
        post_of(row)
