"""Pages made to look like posts in order to keep the extractor busy: time grows with size, not with its square."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from crawler.extract import extract
from domain.document import Extraction


def floors(n: int) -> str:
    """Floors inside each other, each with the rest of the page as its text."""
    one = "<div class='l_post' data-field='{}'><div class='d_post_content'>x"
    return one * (n // len(one))


def state(name: str, value: object) -> str:
    """A page with a state."""
    return f"<script>window.{name}={json.dumps(value)}</script>"


WEIBO = {"mid": "1", "bid": "a", "created_at": "2024-05-01 08:00", "user": {"screen_name": "a"}}
PAGES: dict[str, Callable[[int], str]] = {
    "floors inside floors": floors,
    "floors in comments": lambda n: "<!--l_post d_post_content" * (n // 25),
    "answers inside answers": lambda n: (
        "<div class=l_post><div class=d_post_content>x</div>"
        + "<li class=lzl_single_post><span class=lzl_content_main>y" * (n // 60)
    ),
    "texts inside texts": lambda n: "<article>" + "<div class='detail_wbtext_1'>x" * (n // 31),
    "comments inside comments": lambda n: (
        '<div id="detail-desc" class=note-x>x</div>'
        + "<div class=comment-item><a class=name>a</a><div class=content>y" * (n // 60)
    ),
    "topics": lambda n: state(
        "$render_data",
        [
            {
                "status": {
                    **WEIBO,
                    "text": "字" * (n // 2),
                    "topic_struct": [{"topic_title": f"字{i}"} for i in range(n // 50)],
                }
            }
        ],
    ),
    "tags": lambda n: state(
        "__INITIAL_STATE__",
        {
            "note": {
                "noteDetailMap": {
                    "a": {"note": {"desc": "字" * (n // 2), "tagList": [{"name": f"{i}"} for i in range(n // 30)]}}
                }
            }
        },
    ),
    "links": lambda n: state("$render_data", [{"status": {**WEIBO, "text": "<a href=/n/x>x</a>" * (n // 18)}}]),
    "icons": lambda n: state(
        "$render_data", [{"status": {**WEIBO, "text": "<span class='url-icon'><img " * (n // 28)}}]
    ),
    "more": lambda n: state("$render_data", [{"status": {**WEIBO, "text": "...<a " * (n // 6)}}]),
    "brackets of topics": lambda n: state(
        "__INITIAL_STATE__", {"note": {"noteDetailMap": {"a": {"note": {"desc": "#" * n, "user": {}}}}}}
    ),
    "objects": lambda n: state("__INITIAL_STATE__", {"videoData": {}, "x": [{"a": {}} for _ in range(n // 10)]}),
    "references": lambda n: state(
        "__APOLLO_STATE__", {f"VisionVideoDetailPhoto:{i}": {"caption": "x"} for i in range(n // 50)}
    ),
    "assignments": lambda n: "$render_data" * 3 + "$render_data = [{'a" * (n // 19),
    "pushed": lambda n: "<script>" + '__pace_f.push([1,"awemeId' * (n // 25),
    "cards": lambda n: (
        '<script id="js-initialData">'
        + json.dumps(
            {
                "initialState": {
                    "entities": {"articles": {"1": {"title": "t", "content": "<a data-draft-title=" * (n // 21)}}}
                }
            }
        )
        + "</script>"
    ),
    "players": lambda n: (
        "<div id=js_content>" + "<mpvoice name=x>" * (n // 16) + "<script>var msg_title='x', biz='mmbiz'</script>"
    ),
}


@pytest.mark.parametrize("name", PAGES)
def test_time_is_linear(name: str) -> None:
    """Twenty times the page takes about twenty times the time (quadratic growth would be four hundred)."""

    def seconds(n: int) -> float:
        body = PAGES[name](n).encode()
        best = 9e9
        for _ in range(2):
            begin = time.process_time()
            made: Extraction = extract(body, url="http://a.cn/x", content_type="text/html; charset=utf-8")
            best = min(best, time.process_time() - begin)
            assert not (made.verdict_reason or "").startswith("extractor_error")
        return best

    seconds(2_000)
    assert seconds(100_000) < 100 * max(seconds(5_000), 0.004)
