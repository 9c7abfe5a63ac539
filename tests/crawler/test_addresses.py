"""Canonical addresses: one spelling per page, nothing lost that identifies it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.addresses import address_pattern, canonical, host_key, resolve

BASE = "http://a.cn/b/c.html?z=1"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTP://WWW.Example.COM:80/a/../b/./c?b=2&a=1#frag", "http://www.example.com/b/c?a=1&b=2"),
        ("https://a.cn:443/", "https://a.cn/"),
        ("https://a.cn:80/", "https://a.cn:80/"),
        ("http://a.cn", "http://a.cn/"),
        ("http://a.cn./x", "http://a.cn/x"),
        ("http://u:p@a.cn/x", "http://a.cn/x"),
        ("http://例子.中国/路径", "http://xn--fsqu00a.xn--fiqs8s/%E8%B7%AF%E5%BE%84"),
        ("http://ｗｗｗ.ａ．cn/", "http://www.a.cn/"),
        ("http://a。cn/", "http://a.cn/"),
        ("http://a.cn/%e5%81%a5%7Euser?x=%2f", "http://a.cn/%E5%81%A5~user?x=%2F"),
        ("http://a.cn/x?", "http://a.cn/x"),
        ("http://0x7f.1/", "http://127.0.0.1/"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x"),
    ],
)
def test_one_spelling(url: str, expected: str) -> None:
    """Case, ports, dot segments, escapes, international and full-width hosts come out in one spelling."""
    assert canonical(url) == expected


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("d.html", "http://a.cn/b/d.html"),
        ("../d.html", "http://a.cn/d.html"),
        ("/d.html", "http://a.cn/d.html"),
        ("//b.cn/d", "http://b.cn/d"),
        ("\\\\b.cn\\d", "http://b.cn/d"),
        ("..\\d.html", "http://a.cn/d.html"),
        ("?p=2", "http://a.cn/b/c.html?p=2"),
        ("#top", "http://a.cn/b/c.html?z=1"),
        ("", "http://a.cn/b/c.html?z=1"),
        (" \n /d .html\t", "http://a.cn/d%20.html"),
        ("/d\t\n.html", "http://a.cn/d.html"),
        ("http:d.html", "http://a.cn/b/d.html"),
        ("http:/d.html", "http://d.html/"),
        ("HTTPS://B.cn", "https://b.cn/"),
    ],
)
def test_hrefs_resolve_as_in_browsers(href: str, expected: str) -> None:
    """Backslashes, spaces, tabs, protocol-relative and scheme-relative forms mean what they mean in a browser."""
    assert canonical(href, BASE) == expected


@pytest.mark.parametrize(
    "url",
    [
        "mailto:x@a.cn",
        "javascript:void(0)",
        " JavaScript:alert(1)",
        "java\nscript:alert(1)",
        "tel:13800000000",
        "data:text/html,x",
        "ftp://a.cn/x",
        "weixin://dl/chat",
        "http://",
        "http://a b/",
        "http://a.cn:99999/",
        "http://[::1/",
        "http://a.cn/" + "x" * 9000,
    ],
)
def test_what_is_no_web_address_is_none(url: str) -> None:
    """Other schemes and what cannot be parsed give None, with and without a base."""
    assert canonical(url) is None
    assert canonical(url, BASE) is None


@pytest.mark.parametrize(
    "noise",
    [
        "utm_source=x&UTM_Medium=y",
        "PHPSESSID=0a1b2c3d4e5f",
        "jsessionid=ABC",
        "sid=aB3dE9",
        "ASPSESSIONIDQQ=XYZ",
        "zenid=1f2e3d",
        "from=timeline&isappinstalled=0",
        "spm=a2c4g.1",
        "gclid=1",
        "fbclid=2",
        "bd_vid=123",
        "nsukey=abc",
        "_=1700000000000",
        "scene=126",
    ],
)
def test_sessions_and_tracking_are_removed(noise: str) -> None:
    """What differs from visitor to visitor is no part of a page's address."""
    assert canonical(f"http://a.cn/x?id=7&{noise}") == "http://a.cn/x?id=7"
    assert canonical(f"http://a.cn/x?{noise}&id=7") == "http://a.cn/x?id=7"


@pytest.mark.parametrize(
    "query",
    [
        "id=7",
        "sid=12",
        "sid=shanxi",
        "fid=2&tid=5&page=3",
        "p=12",
        "from=beijing",
        "mod=viewthread&tid=1",
        "page=2&s=taiyuan",
        "t=1",
        "scene=classroom",
        "a=1&a=2",
        "r=content/view&x=1",
    ],
)
def test_what_identifies_content_stays(query: str) -> None:
    """Parameters that choose what is shown are kept, also those whose names are sometimes sessions."""
    parts = sorted(query.split("&"), key=lambda part: part.partition("=")[0])
    assert canonical(f"http://a.cn/x?{query}") == "http://a.cn/x?" + "&".join(parts)


def test_parameters_of_one_name_keep_their_order() -> None:
    """Sorting is by name only: a=2&a=1 is not a=1&a=2; a query of bare words is left alone."""
    assert canonical("http://a.cn/?b=0&a=2&a=1") == "http://a.cn/?a=2&a=1&b=0"
    assert canonical("http://a.cn/?news/12&b=1&a=2") == "http://a.cn/?news/12&b=1&a=2"


def test_session_in_the_path() -> None:
    """Java's and ASP.NET's sessions inside the path are removed, other path parameters stay."""
    assert canonical("http://a.cn/x.do;jsessionid=1A2B?id=1") == "http://a.cn/x.do?id=1"
    assert canonical("http://a.cn/(S(abcdefghijklmnopqrstuvwx))/x.aspx") == "http://a.cn/x.aspx"
    assert canonical("http://a.cn/x;v=2/y") == "http://a.cn/x;v=2/y"


def test_weixin_article_keeps_its_identity() -> None:
    """Of a WeChat article's parameters only account, message, place and signature remain."""
    url = (
        "https://mp.weixin.qq.com/s?__biz=MzAwMDAwMDAwMA==&mid=224&idx=1&sn=ab12&chksm=9d&scene=21&key=7"
        "&ascene=1&uin=MT&pass_ticket=z#wechat_redirect"
    )
    assert canonical(url) == "https://mp.weixin.qq.com/s?__biz=MzAwMDAwMDAwMA==&idx=1&mid=224&sn=ab12"


def test_weixin_signed_and_short_addresses_stay_usable() -> None:
    """Sogou's signed article addresses and short ones lose nothing that opens them."""
    signed = "https://mp.weixin.qq.com/s?new=1&signature=q*w-e&src=11&timestamp=1700000000&ver=5000"
    assert canonical(signed) == signed
    assert canonical("https://mp.weixin.qq.com/s/AbC_d-1?scene=1#rd") == "https://mp.weixin.qq.com/s/AbC_d-1"


def test_query_is_spelled_in_the_encoding_of_the_page() -> None:
    """A GBK page's links carry GBK escapes in the query, as browsers send them, and UTF-8 in the path."""
    assert canonical("/搜?q=考", BASE, encoding="gb18030") == "http://a.cn/%E6%90%9C?q=%BF%BC"


def test_resolve_removes_nothing() -> None:
    """A picture's signed parameters survive."""
    assert resolve("/i.jpg?utm_x=1&b=2&a=1#x", BASE) == "http://a.cn/i.jpg?utm_x=1&b=2&a=1"


def test_host_key() -> None:
    """Host, with the port only where it is not the scheme's own."""
    assert host_key("http://A.cn:80/x") == "a.cn"
    assert host_key("http://a.cn:8080/x") == "a.cn:8080"
    assert host_key("nonsense") == ""


def test_patterns_join_what_counts_up_and_keep_kinds_apart() -> None:
    """Calendar days, pages and facets share a pattern; different kinds of page do not."""
    day = {address_pattern(f"http://a.cn/cal?date=2024-{m:02d}-{d:02d}") for m in (1, 12) for d in (1, 28)}
    assert day == {"a.cn/cal?date={date}"}
    path = {address_pattern(f"http://a.cn/{y}/{m}/{d}/") for y in (1999, 2031) for m in (1, 12) for d in (1, 31)}
    assert len(path) == 1
    assert address_pattern("http://a.cn/list-1-2.html") == address_pattern("http://a.cn/list-33-44.html")
    assert address_pattern("http://a.cn/?mod=view&id=1") != address_pattern("http://a.cn/?mod=list&id=1")
    assert address_pattern("http://a.cn/x?city=%E5%A4%AA%E5%8E%9F") == "a.cn/x?city={w}"


@settings(max_examples=400, deadline=None)
@given(
    st.text(max_size=80)
    | st.from_regex(r"https?://[a-z0-9.%:@\[\]]{0,20}[/?#;&=%a-zA-Z0-9.(){}\\]{0,60}", fullmatch=True)
)
def test_canonical_is_idempotent(url: str) -> None:
    """A canonical address is its own canonical address."""
    once = canonical(url, BASE)
    if once is not None:
        assert canonical(once) == once
        assert canonical(once, "https://other.example/") == once


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_no_address_raises(url: str, base: str) -> None:
    """Whatever stands in an href, the answer is an address or None."""
    for answer in (canonical(url, base), resolve(url, base)):
        assert answer is None or answer.startswith(("http://", "https://"))
    assert isinstance(host_key(url), str)
    assert isinstance(address_pattern("http://a.cn/" + url), str)
