"""When two versions of a page say the same."""

from __future__ import annotations

import pytest

from domain.document import Document, Segment, SegmentKind
from zhengxun.analysis import text_sha256


def _hash(text: str) -> str:
    document = Document("http://a.example/", "电工培训", text, (Segment(SegmentKind.MAIN, text),), "test/1")
    return text_sha256((document,))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("浏览次数：1024 次", "浏览次数：1025 次"),
        ("阅读 3,051 点赞 12", "阅读 3,066 点赞 14"),
        ("1.2万次播放", "1.3万次播放"),
        ("今天是2026年11月23日 星期一", "今天是2026年11月24日 星期二"),
        ("您是第 10086 位访客", "您是第 10087 位访客"),
    ],
)
def test_what_counts_on_by_itself_is_no_edit(before: str, after: str) -> None:
    """A visitor counter or a clock does not make a page new."""
    assert _hash(f"电工证包过\n{before}\n联系我们") == _hash(f"电工证包过\n{after}\n联系我们")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("报名费1280元", "报名费1380元"),
        ("¥1280 查看详情", "¥1380 查看详情"),
        ("加微信13800000000", "加微信13800000001"),
        ("在线咨询：400-000-1001", "在线咨询：400-000-1002"),
        ("已有1200人拿证", "已有1300人拿证"),
        ("点击0351-0001001", "点击0351-0001002"),
    ],
)
def test_prices_and_contacts_are_edits(before: str, after: str) -> None:
    """Numbers that an advertiser writes count."""
    assert _hash(before) != _hash(after)
