"""When pages of one pattern stop bringing anything."""

from __future__ import annotations

from crawler.novelty import Novelty
from domain.document import Document


def _document(text: str, title: str = "") -> tuple[Document, ...]:
    return (Document("http://a/", title, text, (), "test/1"),)


MONTH = "{n} 年活动安排\n一\n二\n三\n四\n五\n六\n日\n本月没有安排任何活动，敬请期待后续通知"


def test_calendar_pages_exhaust_their_pattern() -> None:
    """Headings that only count up bring nothing."""
    novelty = Novelty(5)
    for n in range(6):  # the first one brings the words of them all
        assert not novelty.exhausted("a/cal?m={n}")
        novelty.saw("a/cal?m={n}", _document(MONTH.format(n=2020 + n)), leads_elsewhere=False)
    assert novelty.exhausted("a/cal?m={n}")
    assert not novelty.exhausted("a/news/{n}")


def test_one_new_sentence_or_way_on_starts_the_count_again() -> None:
    """An event in one month, or a link to another kind of page, is worth all the months."""
    for text, elsewhere in (
        (MONTH.format(n=1) + "\n本月十五日在操场举行秋季技能比赛，欢迎报名参加观摩", False),
        (MONTH.format(n=1), True),
    ):
        novelty = Novelty(3)
        novelty.saw("p", _document(MONTH.format(n=0)), leads_elsewhere=False)
        for _ in range(3):
            novelty.saw("p", _document(MONTH.format(n=1)), leads_elsewhere=False)
        assert novelty.exhausted("p")
        novelty.saw("p", _document(text), leads_elsewhere=elsewhere)
        assert not novelty.exhausted("p")


def test_articles_of_one_pattern_never_exhaust_it() -> None:
    """Three hundred articles are three hundred new texts."""
    novelty = Novelty(5)
    for n in range(300):
        novelty.saw("a/{n}.html", _document(f"第{n}篇文章的正文，说的是与别篇完全不同的一件事情，编号{n * 7}"), False)
    assert not novelty.exhausted("a/{n}.html")


def test_pages_without_content_count_as_nothing_new() -> None:
    """Soft 404s and empty pages exhaust a pattern too."""
    novelty = Novelty(2)
    novelty.saw_nothing("p")
    novelty.saw_nothing("p")
    assert novelty.exhausted("p")


def test_memory_is_bounded() -> None:
    """Beyond the limits nothing more is remembered, and nothing is called exhausted for it."""
    novelty = Novelty(1)
    for n in range(60_000):
        novelty.saw("same", _document(f"这一行文字从来没有出现过，它的编号是{n}，读起来也很通顺"), False)
        novelty.saw_nothing(f"pattern{n}")
    assert len(novelty._lines) <= 50_000
    assert len(novelty._barren) <= 5_000
    assert not novelty.exhausted("same")
