"""What earlier pages of a site gave moves the links that are left."""

from __future__ import annotations

from crawler.learning import LEARNED, Yield
from crawler.promise import promise
from domain.crawl import CrawlRequest
from domain.document import SegmentKind


def _link(path: str, anchor: str = "", via: str = "/") -> CrawlRequest:
    return CrawlRequest(1, 1, f"https://a.example{path}", depth=1, anchor=anchor, via=f"https://a.example{via}")


def test_a_section_that_gave_goes_first() -> None:
    """A section that gave flagged pages goes before one with nicer words that gave none; an unknown one is tried."""
    gave = Yield()
    assert not gave
    for number in range(4):
        gave.note(_link(f"/kecheng/{number}"), True)
        gave.note(_link(f"/news/{number}"), False)
    good, none = gave.points(_link("/kecheng/9")), gave.points(_link("/news/9"))
    assert good > gave.points(_link("/wen/9")) > none >= 0
    place = SegmentKind.MAIN
    plain = promise("https://a.example/kecheng/9", "第九期", place, 1) + good
    assert plain > promise("https://a.example/news/9", "新闻动态", place, 1) + none


def test_on_a_flat_site_the_titles_tell() -> None:
    """All pages have one pattern; words that stood on good pages pull their like forward, common ones say nothing."""
    gave = Yield()
    for number in range(6):
        gave.note(_link(f"/t/{number}.html", "焊那行的本子有人知道吗"), True)
        gave.note(_link(f"/t/{number + 50}.html", "遛狗去处有人知道吗"), False)
    like, unlike = gave.points(_link("/t/90.html", "焊那行请教一下")), gave.points(_link("/t/91.html", "周末遛狗去处"))
    plain = gave.points(_link("/t/92.html", "婴儿推车"))
    assert like > plain > unlike
    assert abs(gave.points(_link("/t/93.html", "有人知道吗")) - plain) <= LEARNED // 10


def test_a_list_that_led_to_good_pages_is_good_itself() -> None:
    """Lists are never flagged; without this their next pages would come last of all."""
    gave = Yield()
    for number in range(3):
        gave.note(_link(f"/list/{number}.html", "下一页"), False)
    before = gave.points(_link("/list/9.html", "下一页"))
    for number in range(3):
        gave.note(_link(f"/t/{number}.html", "某某", via=f"/list/{number}.html"), True)
    assert gave.points(_link("/list/10.html", "下一页")) > 2 * before


def test_what_is_remembered_is_bounded() -> None:
    """A site with endless titles and sections costs no endless memory."""
    gave = Yield()
    for number in range(12_000):
        words = chr(0x4E00 + number % 20_000) + chr(0x4E00 + number * 7 % 20_000)
        gave.note(_link(f"/{words}/x", words), False)
        gave.points(_link(f"/y/{number}"))
    assert max(map(len, (gave._patterns, gave._pairs, gave._points, gave._barren))) <= 5_000
