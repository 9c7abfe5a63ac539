"""Order of links by promise, and which addresses are no pages."""

from __future__ import annotations

import pytest

from crawler.promise import LAST, START, is_page, promise
from domain.document import SegmentKind

BETTER_FIRST = [
    (("http://a/x", "包过班报名"), ("http://a/x", "校园风光")),
    (("http://a/x", "职业资格证书查询"), ("http://a/x", "友情链接")),
    (("http://a/zhaosheng/1.html", "更多"), ("http://a/x/1.html", "更多")),
    (("http://a/x", "新闻动态"), ("http://a/x", "登录")),
    (("http://a/x", "联系我们"), ("http://a/privacy", "隐私政策")),
    (("http://a/news/1", ""), ("http://a/calendar?month=3", "")),
    (("http://a/list", ""), ("http://a/list?sort=1&order=2&filter=3", "")),
    (("http://a/intro.html", ""), ("http://a/intro.pdf", "")),
]


@pytest.mark.parametrize(("better", "worse"), BETTER_FIRST)
def test_better_pages_come_first(better: tuple[str, str], worse: tuple[str, str]) -> None:
    """Pairs whose order matters to a liaison with a small budget."""
    assert promise(*better, SegmentKind.MAIN, 1) > promise(*worse, SegmentKind.MAIN, 1)


def test_place_depth_and_nofollow_count() -> None:
    """Content before footer, near before far, followed before nofollow."""
    main = promise("http://a/x", "课程", SegmentKind.MAIN, 1)
    assert main > promise("http://a/x", "课程", SegmentKind.FOOTER, 1)
    assert main > promise("http://a/x", "课程", SegmentKind.MAIN, 4)
    assert main > promise("http://a/x", "课程", SegmentKind.MAIN, 1, nofollow=True)


def test_no_link_overtakes_a_start_page_or_falls_below_the_last() -> None:
    """However many words an anchor is stuffed with."""
    from crawler.promise import ADDRESS_WORDS, ANCHOR_WORDS

    stuffed = promise("http://a/" + "/".join(ADDRESS_WORDS), "".join(ANCHOR_WORDS), SegmentKind.MAIN, 0)
    worst = promise("http://a/" + "calendar/" * 20 + "?" + "a=1&" * 50, "登录", SegmentKind.COMMENT, 8)
    assert LAST < worst < stuffed < START


def test_files_that_hold_nothing_to_read_are_no_pages() -> None:
    """Pictures, scripts, archives; not office files, not dots inside queries or directories."""
    for path in ("a.jpg", "a.PNG", "x/y.css", "a.js?v=1.0", "a.zip", "a.apk", "a.mp4"):
        assert not is_page(f"http://a/{path}"), path
    for path in ("", "a", "a.html", "a.php?img=b.jpg", "v1.0/about", "a.pdf", "a.docx", "a.aspx", "index.shtml"):
        assert is_page(f"http://a/{path}"), path
