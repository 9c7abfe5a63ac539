"""When pages of one kind stop bringing anything."""

from __future__ import annotations

from crawler.navigation import Navigation
from crawler.novelty import SPENT, Novelty
from crawler.target_crawl import TargetCrawl
from domain.crawl import CrawlRequest
from domain.document import Document
from domain.target import Scope, Target, TargetKind

SITE = "http://a.example"


def _document(text: str, title: str = "") -> tuple[Document, ...]:
    return (Document(f"{SITE}/", title, text, (), "test/1"),)


MONTH = "{n} 年活动安排\n一\n二\n三\n四\n五\n六\n日\n本月没有安排任何活动，敬请期待后续通知"
LONG_MONTH = "您正在查看 {n} 年 {n} 月的全部活动安排，本月共有 {n} 场，请在左侧选择具体日期查看详细说明"


def _month(n: int) -> str:
    return f"{SITE}/cal?m={n}"


def test_calendar_pages_exhaust_their_pattern() -> None:
    """Headings that only count up bring nothing, however long they are; after three times as many the rest is left."""
    for text in (MONTH, LONG_MONTH):
        novelty = Novelty(5)
        for n in range(6):  # the first one brings the words of them all
            assert not novelty.exhausted(_month(n))
            novelty.saw(_month(n), _document(text.format(n=2020 + n)))
        assert novelty.exhausted(_month(99))
        assert not novelty.spent(_month(99))
        assert not novelty.exhausted(f"{SITE}/news/1")
        for n in range(5 * SPENT):
            novelty.saw(_month(n), _document(text.format(n=2040 + n)))
        assert novelty.spent(_month(99))


def test_one_new_sentence_or_way_on_starts_the_count_again() -> None:
    """An event in one month, or a link to another kind of page, is worth all the months; a link to another trap is not."""
    for text, onward, again in (
        (MONTH.format(n=1) + "\n本月十五日在操场举行秋季技能比赛，欢迎报名参加观摩", (), True),
        (MONTH.format(n=1), (f"{SITE}/news/7",), True),
        (MONTH.format(n=1), (f"{SITE}/day?d=7",), False),
    ):
        novelty = Novelty(3)
        for n in range(3):
            novelty.saw_nothing(f"{SITE}/day?d={n}")
        novelty.saw(_month(0), _document(MONTH.format(n=0)))
        for n in range(3):
            novelty.saw(_month(n), _document(MONTH.format(n=1)))
        assert novelty.exhausted(_month(9))
        novelty.saw(_month(4), _document(text), onward)
        assert novelty.exhausted(_month(9)) is not again


def test_a_template_with_one_word_in_it_brings_nothing() -> None:
    """A search that echoes its question is one page for any question; other short texts are not."""
    echo = "没有找到与“{word}”有关的课程，您可以试试其他的关键词，或者返回首页浏览全部课程目录"
    words = ["焊工", "叉车", "护理", "插花", "西点", "茶艺", "摄影", "美甲", "家政", "月嫂"]
    novelty = Novelty(5)
    for word in words:
        novelty.saw(f"{SITE}/find?q={word}班", _document(echo.format(word=word)))
    assert novelty.exhausted(f"{SITE}/find?q=电工班")
    notices = Novelty(5)
    for n, word in enumerate(words):
        notices.saw(f"{SITE}/n/{n}", _document(f"{word}专业{word[::-1] * (n + 4)}于本周开课，请同学按时到{word}教室"))
    assert not notices.exhausted(f"{SITE}/n/99")


def test_combinations_of_facets_are_one_kind() -> None:
    """Each combination of plain words is a pattern of its own; together they are a list in another order."""
    colours, sizes = ["red", "green", "blue", "black"], ["big", "small", "wide", "long"]
    novelty = Novelty(10)
    items = [f"第{n}号课程的名称和一句话介绍" for n in "甲乙丙丁"]
    for n, (colour, size) in enumerate((colour, size) for colour in colours for size in sizes):
        text = "\n".join(items[n % 4 :] + items[: n % 4])
        novelty.saw(f"{SITE}/list?colour={colour}&size={size}", _document(text))
    assert novelty.exhausted(f"{SITE}/list?size=tiny&colour=white")
    assert not novelty.exhausted(f"{SITE}/list?page=2")


def test_a_kind_with_a_hit_is_never_a_trap() -> None:
    """Near-identical doorway pages of an advertiser are what is looked for."""
    novelty = Novelty(3)
    novelty.saw(f"{SITE}/zs/1.html", _document("太原电工证包过"), flagged=True)
    for n in range(30):
        novelty.saw(f"{SITE}/zs/{n}.html", _document("太原电工证包过"))
    assert not novelty.exhausted(f"{SITE}/zs/99.html")
    assert not novelty.spent(f"{SITE}/zs/99.html")


def test_posts_of_an_account_are_never_left() -> None:
    """Sixty short posts in a row are an account's way of writing; a site's calendar is a trap."""
    target = Target(1, "a", f"{SITE}/", TargetKind.WEIBO, "0 6 * * *", Scope(("a.example",)))
    account = Navigation(("a.example",), lambda url: (url,), lambda url: True)
    left = []
    for navigation in (None, account):
        crawl = TargetCrawl(target, 2, 0, navigation)
        for n in range(2 * SPENT):
            crawl.novelty.saw(f"{SITE}/status?id={n}", _document("早"))
        left.append(crawl.is_trap(CrawlRequest(1, 1, f"{SITE}/status?id=99", depth=1)))
    assert left == [True, False]


def test_only_addresses_without_end_are_left_out_for_good() -> None:
    """Parameters and a calendar's months can be made for ever; numbered pages that say the same are asked for at last."""
    for pattern, spent in (
        ("/list?day={}", True),
        ("/calendar/20{}/11/", True),
        ("/calendar-20{}-5.html", True),
        ("/city/{}.html", False),
        ("/2025110{}/", False),
    ):
        novelty = Novelty(2)
        for n in range(10, 10 + 2 * SPENT):
            novelty.saw(f"{SITE}{pattern.format(n)}", _document("年月活动安排"))
        assert novelty.exhausted(f"{SITE}{pattern.format(31)}"), pattern
        assert novelty.spent(f"{SITE}{pattern.format(31)}") is spent, pattern


def test_articles_of_one_pattern_never_exhaust_it() -> None:
    """Three hundred articles are three hundred new texts."""
    novelty = Novelty(5)
    for n in range(300):
        words = "".join(chr(0x4E00 + (n * 7919 + place * 104729) % 20000) for place in range(40))
        novelty.saw(f"{SITE}/{n}.html", _document(f"这一篇文章的正文：{words}"))
    assert not novelty.exhausted(f"{SITE}/999.html")


def test_pages_without_content_count_as_nothing_new() -> None:
    """Soft 404s and empty pages exhaust a pattern too."""
    novelty = Novelty(2)
    novelty.saw_nothing(f"{SITE}/p/1")
    novelty.saw_nothing(f"{SITE}/p/2")
    assert novelty.exhausted(f"{SITE}/p/3")


def test_memory_is_bounded() -> None:
    """Beyond the limits nothing more is remembered, and nothing is called exhausted for it."""
    novelty = Novelty(1)
    for n in range(60_000):
        words = "".join(chr(0x4E00 + (n * 7919 + place * 104729) % 20000) for place in range(30))
        novelty.saw(f"{SITE}/same", _document(words))
        novelty.saw_nothing(f"{SITE}/{'x' * (n % 100 + 1)}{chr(97 + n // 100 % 26)}{chr(97 + n // 2600)}")
    assert len(novelty._lines) <= 50_000
    assert len(novelty._barren) <= 5_000
    assert not novelty.exhausted(f"{SITE}/same")
