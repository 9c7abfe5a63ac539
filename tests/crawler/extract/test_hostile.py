"""Hostile bytes: everything ends in an Extraction, and nothing takes quadratic time."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.extract import extract
from domain.document import READER_SEES, Extraction

TYPES = [
    None,
    "text/html",
    "text/html; charset=gbk",
    "application/json",
    "text/xml",
    "text/plain",
    "multipart/related",
    "image/png",
    "x;;=",
]


def read(body: bytes, content_type: str | None = "text/html") -> Extraction:
    """Extract a response."""
    return extract(body, url="http://a.cn/x/y.html", content_type=content_type)


def check(extraction: Extraction) -> None:
    """What holds for every Extraction."""
    assert extraction.verdict_reason is None or not extraction.verdict_reason.startswith("extractor_error")
    for made in extraction.documents:
        visible = [segment.text for segment in made.segments if segment.kind in READER_SEES]
        assert made.text == "\n".join(visible) or made.extractor.startswith(("json_feed", "feed"))
        made.text.encode()
        for segment in made.segments:
            assert segment.text.strip() == segment.text != ""
    for link in extraction.links:
        assert link.url.startswith(("http://", "https://"))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=600), st.sampled_from(TYPES))
def test_any_bytes(body: bytes, content_type: str | None) -> None:
    """Random bytes under any type end in an Extraction."""
    check(read(body, content_type))


PIECES = st.sampled_from(
    [
        "<div>",
        "</div>",
        "<p>",
        "<b>",
        "</b>",
        "<a",
        "href='/x'>",
        "</a>",
        "<table>",
        "<tr>",
        "<td>",
        "</table>",
        "<form>",
        "<input>",
        "<select>",
        "<option>",
        "<script>",
        "</script>",
        "<style>p{display:none}",
        "</style>",
        "<!--",
        "-->",
        "<svg>",
        "<title>",
        "</title>",
        "<template>",
        "</template>",
        "<iframe",
        "srcdoc='<p>x'>",
        "<base",
        "href=/y/>",
        "<br>",
        "<br/>",
        "<li>",
        "<ul>",
        "</ul>",
        "<bdo",
        "dir=rtl>",
        "<ruby>",
        "<rt>",
        "<font",
        "color=white>",
        "<td",
        "style='display:none'>",
        "<noscript>",
        "</noscript>",
        "包",
        "过",
        "&amp;",
        "&#0;",
        "&nbsp;",
        "\x00",
        "�",
        "<meta",
        "charset=gbk>",
        "<link",
        "rel=canonical",
        "href=//>",
        "<h1>",
        "</h1>",
        "<img",
        "alt=图",
        "src=x>",
        "<pre>",
        "\n",
        "<textarea>",
        "</textarea>",
        "<frameset>",
        "<p\x01",
        "<a",
        "onclick=\"location='/z'\">",
        "<div",
        "id=postmessage_1>",
        "<div",
        "id=js_content>",
        "<time",
        "datetime=2024-05-01>",
        "13800001234",
        "]]>",
        "<![CDATA[",
        "<?x",
        "?>",
    ]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES, max_size=60))
def test_any_soup_of_tags(pieces: list[str]) -> None:
    """Tags in any order and nesting end in an Extraction whose text is its visible segments."""
    check(read("".join(pieces).encode("utf-8", "replace"), "text/html; charset=utf-8"))


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["title", "items", "version", "content_html", "url", "date", "nickname"]),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_any_json(value: object) -> None:
    """Any JSON value ends in an Extraction."""
    import json

    check(read(json.dumps(value).encode(), "application/json"))
    check(read(json.dumps({"version": "https://jsonfeed.org/version/1", "items": value}).encode(), "application/json"))


def nested(tag: str, times: int) -> bytes:
    """``times`` elements inside each other with a claim at the bottom."""
    return f"<p>开头包过</p>{f'<{tag}>' * times}底部拿证".encode()


@pytest.mark.parametrize(
    "tag",
    [
        "div",
        "span",
        "b",
        "font color=red",
        "table><tr><td",
        "ul><li",
        "a href=/x",
        "svg><g",
        "section",
        "blockquote",
        "x-y",
    ],
)
def test_deep_nesting_keeps_its_text(tag: str) -> None:
    """A hundred thousand open elements are read like a browser reads them: text at top and bottom is there."""
    extraction = read(nested(tag, 100_000))
    assert "开头包过" in extraction.documents[0].text
    assert "底部拿证" in extraction.documents[0].text


def test_nul_bytes_and_lone_bytes() -> None:
    """NUL bytes and broken characters inside HTML cost only themselves."""
    made = read("<p>包\0过班，不\0过退款，长期招生</p>".encode() + b"\xff\xfe<p>" + "国家认可".encode()).documents[0]
    assert "包过班，不过退款" in made.text
    assert "国家认可" in made.text


def test_title_that_is_never_closed() -> None:
    """A missing </title> swallows the page in a browser; the page is read nevertheless."""
    body = f"<html><head><title>某某教育<body><div><p>{'零基础包过班招生，' * 60}</p></div></body></html>"
    made = read(body.encode()).documents[0]
    assert made.title == "某某教育"
    assert "零基础包过班" in made.text


def test_one_line_of_five_megabytes() -> None:
    """A page in one endless line is read whole."""
    extraction = read(("<p>" + "包过" * 850_000 + "结尾").encode())
    assert extraction.documents[0].text.endswith("结尾")


def test_charsets_of_nowhere() -> None:
    """Unknown and malicious charset names do not matter."""
    for name in ("../../etc/passwd", "idna", "zlib_codec", "utf-8\0", "é", "unicode_escape", "x" * 3000):
        body = f"<meta charset='{name}'><p>健康管理师包过班招生</p>".encode()
        extraction = extract(body, url="http://a.cn/", content_type=f"text/html; charset={name}")
        assert "包过班" in extraction.documents[0].text


ATTACKS: dict[str, Callable[[int], str]] = {
    "attributes": lambda n: "<div " + " ".join(f"a{i}=1" for i in range(n // 8)) + ">包过",
    "attributes after a quoted >": lambda n: '<div x=">" ' + " ".join(f"a{i}" for i in range(n // 7)) + ">包过",
    "body attributes": lambda n: "".join(f"<body a{i}=1>" for i in range(n // 14)),
    "fonts before paragraphs": lambda n: "".join(f"<font color={i}>" for i in range(n // 40)) + "<p>x</p>" * (n // 20),
    "unclosed formatting": lambda n: "<b><i><p>" * (n // 9),
    "unclosed quote": lambda n: '<a x="' * (n // 6),
    "unclosed tags": lambda n: "<a " * (n // 3),
    "open comments": lambda n: "<!--" * (n // 4),
    "open scripts": lambda n: "<script>" * (n // 8),
    "less-than signs": lambda n: "<" * n,
    "nested lists": lambda n: "<ul><li>" * (n // 8),
    "misnested": lambda n: "<b><p>x</b>" * (n // 11),
    "foster parents": lambda n: "<table>" + "x<p>" * (n // 4),
    "hidden spans": lambda n: "包<span style='display:none'>x</span>" * (n // 38),
    "styles": lambda n: "<style>" + "".join(f".a{i}{{display:none}}" for i in range(n // 20)) + "</style><p class=a1>x",
    "open braces": lambda n: "<style>" + "{" * n + "</style>",
    "one class many rules": lambda n: (
        "<style>" + ".a .b .c{display:none}" * (n // 44) + "</style>" + "<p class=c>x</p>" * (n // 200)
    ),
    "links": lambda n: "".join(f"<a href=/{i}>x</a>" for i in range(n // 18)),
    "nested links": lambda n: "<a href=/1><table><tr><td>" * (n // 26),
    "one long address": lambda n: f"<a href='/{'x' * n}'>x</a>",
    "digits": lambda n: "1" * n,
    "digits apart": lambda n: "1 " * (n // 2),
    "numbers": lambda n: "138 0000 " * (n // 9),
    "wechat words": lambda n: "微信" * (n // 2),
    "spaces": lambda n: "<p>" + " " * n + "x",
    "line breaks": lambda n: "<p>" + "包\n" * (n // 2),
    "brs": lambda n: "包<br>" * (n // 5),
    "table cells": lambda n: "<table><tr>" + "<td>x" * (n // 5),
    "table rows": lambda n: "<table>" + "<tr><td>x<td>y" * (n // 14),
    "nested tables": lambda n: "<table><tr><td>x<td>y" * (n // 21),
    "form in form": lambda n: "<form><input><div>" * (n // 18),
    "inputs": lambda n: "<form>" + "名<input>" * (n // 8),
    "labels of text": lambda n: "<label>名" * (n // 8),
    "one class many rules at depth": lambda n: (
        "<style>" + ".a .b .c{display:none}" * 300 + "</style>" + "<div>" * 400 + "<i><p class=c>x</p></i>" * (n // 23)
    ),
    "labels": lambda n: "<label>" * (n // 7) + "x",
    "templates": lambda n: "<template><p>x</template>" * (n // 25),
    "nested templates": lambda n: "<template>" * (n // 10) + "x",
    "frames": lambda n: "<iframe srcdoc='<p>x'></iframe>" * (n // 31),
    "titles": lambda n: "<svg><title>x" * (n // 13),
    "dates": lambda n: "<h1>x</h1>" + "<p>2024-05-0" * (n // 12),
    "colons": lambda n: "<p>来源：" * (n // 6),
    "json-ld": lambda n: "<script type='application/ld+json'>" + "[" * n + "</script>",
    "meta": lambda n: "<meta name=a content=b>" * (n // 23),
    "entities": lambda n: "&amp;" * (n // 5),
    "verdict words": lambda n: "<p>页面内容文章" * (n // 9),
    "scripts of words": lambda n: (
        "<div id=js_content class=rich_media>x</div><script>" + "nickname = " * (n // 11) + "</script>"
    ),
    "discuz floors": lambda n: "".join(f"<div id=postmessage_{i}>x" for i in range(n // 24)),
    "emphasis reversed": lambda n: "<bdo dir=rtl>x" * (n // 14),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_time_is_linear(name: str) -> None:
    """Fifteen times the input takes about fifteen times the time (quadratic growth would be two hundred)."""
    attack = ATTACKS[name]
    small, large = attack(4_000).encode(), attack(60_000).encode()

    def seconds(body: bytes, rounds: int) -> float:
        best = 9e9
        for _ in range(rounds):
            begin = time.process_time()
            read(body)
            best = min(best, time.process_time() - begin)
        return best

    base = max(seconds(small, 2), 0.004)  # smaller inputs take less than a busy machine's clock can tell
    if seconds(large, 1) >= 60 * base:
        assert seconds(large, 2) < 60 * base  # a second look before a busy machine is called a fault


FEED_ATTACKS = {
    "items": "<rss version='2.0'><channel>" + "<item><title>x</title></item>" * 2000,
    "nesting": "<rss version='2.0'><channel>" + "<item>" * 20_000,
    "open cdata": "<rss version='2.0'><channel><item><description>" + "<![CDATA[" * 20_000,
    "entities": "<rss version='2.0'><channel><item><title>" + "&amp;lt;" * 20_000,
    "namespaces": "<rss version='2.0' "
    + " ".join(f"xmlns:a{i}='http://a/{i}'" for i in range(3000))
    + "><channel></channel></rss>",
}


@pytest.mark.parametrize("name", FEED_ATTACKS)
def test_hostile_feeds_end(name: str) -> None:
    """Feeds that never close, nest or declare endlessly end in an Extraction."""
    check(read(FEED_ATTACKS[name].encode(), "application/rss+xml"))
