"""Result pages of search engines: titles and real addresses, and never an empty list of a page that changed."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from crawler.extract.search_results import ENGINES, Result, ResultsChanged, read_results

PAGES = Path(__file__).parents[2] / "pages" / "search"


def _read(name: str, body: bytes | None = None) -> tuple[Result, ...]:
    engine = ENGINES[name]
    page = (PAGES / f"{name}.html").read_bytes() if body is None else body
    return read_results(engine, page, engine.address("电工证 包过", 1), "text/html; charset=utf-8")


EXPECTED = {
    "baidu": (
        Result("电工证不用考试", "http://ad.peixun-a.example/dg?from=x"),
        Result("电工证包过_乙取证中心", "http://www.quzheng-b.example/zs/12.html"),
        Result("相关问答", None),
    ),
    "bing": (
        Result("丙取证", "https://www.quzheng-c.example/%E5%90%8D?a=1"),
        Result("丁取证", "https://quzheng-d.example/p?url=https://other.example/"),
        Result("坏的跳转", None),
    ),
    "sogou": (Result("戊取证", "http://quzheng-e.example/bm"), Result("己取证", None)),
    "360": (Result("庚取证", "http://quzheng-f.example/"),),
    "weixin": (
        Result("电工证三天拿证", None, "辛考证"),
        Result("直接网址", "http://mp.weixin.qq.com/s?__biz=MzA&idx=1&mid=1&sn=ab"),
    ),
}


@pytest.mark.parametrize("name", ENGINES)
def test_results_have_their_real_addresses(name: str) -> None:
    """Redirects are unwrapped where the page holds the address; else there is none. Each address comes once."""
    assert _read(name) == EXPECTED[name]


@pytest.mark.parametrize("name", ENGINES)
def test_a_changed_page_is_no_empty_result(name: str) -> None:
    """Only a page that says so has no results."""
    with pytest.raises(ResultsChanged):
        _read(name, "<html><body><div class='new'><p>换了结构</p></div></body></html>".encode())
    nothing = "<html><body><div>很抱歉，没有找到与“电工证”相关的网页。</div></body></html>"
    assert _read(name, nothing.encode()) == ()


def test_titles_that_moved_are_named() -> None:
    """What was not found is said."""
    page = (PAGES / "360.html").read_bytes().replace(b"h3", b"h5")
    with pytest.raises(ResultsChanged) as raised:
        _read("360", page)
    assert raised.value.field == "result_title"


@pytest.mark.parametrize("name", ENGINES)
def test_any_bytes_end_in_results_or_the_one_error(name: str) -> None:
    """Damaged pages do not raise anything else."""
    page = (PAGES / f"{name}.html").read_bytes()
    for cut in range(0, len(page), 97):
        for body in (page[:cut], page[:cut] + b"\x00\xff<a href='http://[::1'" + page[cut:]):
            with suppress(ResultsChanged):
                _read(name, body)
