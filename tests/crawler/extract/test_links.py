"""Links: everything a reader can click, once, canonical, with its words and place."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

from crawler.extract import extract
from domain.document import Extraction, Link, SegmentKind

FILLER = "<p>本页是课程介绍，内容足够长，读者可以看到这一段文字，不必登录。</p>"


def page(body: str, head: str = "", url: str = "http://a.cn/b/c.html") -> Extraction:
    """The Extraction of a page with this body."""
    html = f"<html><head><title>课程</title>{head}</head><body>{FILLER}{body}</body></html>"
    return extract(html.encode(), url=url, content_type="text/html; charset=utf-8")


def by_url(extraction: Extraction) -> dict[str, Link]:
    """Links by address."""
    return {link.url: link for link in extraction.links}


def test_all_ways_to_lead_on() -> None:
    """Anchors, areas, frames, scripted buttons, data attributes, refreshes and feeds are links."""
    links = by_url(
        page(
            '<a href="1.html">一</a><map><area href="/2" alt="二"></map><iframe src="/3"></iframe>'
            """<button onclick="location.href='/4'">四</button><div onclick="window.open('/5.html')">五</div>"""
            '<li data-href="/6">六</li><a href="javascript:void(0)" data-url="/7">七</a>'
            """<a href="javascript:window.location='/8'">八</a>""",
            '<meta http-equiv="refresh" content="90; url=/9"><link rel=alternate type="application/rss+xml" href="/rss.xml">',
        )
    )
    assert set(links) == {
        f"http://a.cn/{n}" for n in ("b/1.html", *map(str, (2, 3, 4)), "5.html", "6", "7", "8", "9", "rss.xml")
    }
    assert links["http://a.cn/2"].anchor == "二"


def test_only_web_addresses_once_each() -> None:
    """Fragments of the page itself, mail, telephone and script links are none; the first words of an address win."""
    extraction = page(
        '<a href="#top">顶</a><a href="mailto:x@a.cn">信</a><a href="tel:1">话</a><a href="javascript:;">空</a>'
        '<a href="/x?utm_source=1"><img src=i.png></a><a href="/x">课程</a><a href="/x#y">再</a>'
    )
    assert extraction.links == (Link("http://a.cn/x", "课程", SegmentKind.MAIN),)


def test_anchor_words() -> None:
    """Block-level anchors give their words in one line; picture-only anchors give the picture's alt; at most 200."""
    links = by_url(
        page(
            '<a href=/1><h3>健康管理师</h3><p>包过班</p></a><a href=/2><img src=i alt="立即咨询"></a>'
            f'<a href=/3>{"长" * 300}</a><a href=/4 title="提示"></a><a href=/5>包<b style="display:none">x</b>过</a>'
        )
    )
    assert links["http://a.cn/1"].anchor == "健康管理师 包过班"
    assert links["http://a.cn/2"].anchor == "立即咨询"
    assert len(links["http://a.cn/3"].anchor) == 200
    assert links["http://a.cn/4"].anchor == "提示"
    assert links["http://a.cn/5"].anchor == "包过"


def test_places_and_nofollow() -> None:
    """A link knows its part of the page, also a hidden one, and whether it must not be followed."""
    links = by_url(
        page(
            '<div class=nav><a href=/n>导航</a></div><div class=footer><a href=/f rel="nofollow noopener">页脚</a></div>'
            '<div style="display:none"><a href=/h>暗链</a></div><a href=/m>正文</a>'
        )
    )
    places = {url.removeprefix("http://a.cn/"): (link.place, link.nofollow) for url, link in links.items()}
    assert places == {
        "n": (SegmentKind.NAV, False),
        "f": (SegmentKind.FOOTER, True),
        "h": (SegmentKind.HIDDEN, False),
        "m": (SegmentKind.MAIN, False),
    }


def test_robots_meta_nofollow_counts_for_all_links() -> None:
    """``<meta name=robots content=nofollow>`` marks every link."""
    assert all(
        link.nofollow for link in page("<a href=/1>一</a>", '<meta name=robots content="noindex,NOFOLLOW">').links
    )


def test_base_address() -> None:
    """``<base href>`` is honoured, also when it is relative, but not to another scheme."""
    assert "http://b.cn/d/1" in by_url(page("<a href=1>一</a>", '<base href="http://b.cn/d/">'))
    assert "http://a.cn/d/1" in by_url(page("<a href=1>一</a>", '<base href="/d/">'))
    assert "http://a.cn/b/1" in by_url(page("<a href=1>一</a>", '<base href="https://b.cn/d/">'))
    assert "http://a.cn/b/1" in by_url(page("<a href=1>一</a>", '<base href="data:text/html,x">'))


def test_hosts_limit_the_links_but_not_the_documents() -> None:
    """``hosts`` keeps links of these hosts for the crawl; the Document keeps all as evidence."""
    html = f"<title>课程</title>{FILLER}<a href=/in>内</a><a href=http://b.cn:8080/out>外</a>".encode()
    extraction = extract(html, url="http://a.cn/", content_type="text/html", hosts=frozenset({"a.cn"}))
    assert [link.url for link in extraction.links] == ["http://a.cn/in"]
    assert extraction.documents[0].links == ("http://a.cn/in", "http://b.cn:8080/out")


def test_pictures_are_absolute_and_lazy_sources_count() -> None:
    """Sources, lazy sources, the largest of a srcset, inline backgrounds and posters are pictures; icons are not."""
    made = page(
        '<img src="1.png"><img data-src="/2.png" src="data:image/gif;base64,AA"><img srcset="/3.png 1x, /4.png 2x">'
        "<div style=\"background:url('/5.png') no-repeat\"></div><video poster=/6.png></video><noscript><img src=/7.png></noscript>"
    ).documents[0]
    assert set(made.images) == {"http://a.cn/b/1.png", *(f"http://a.cn/{n}.png" for n in (2, 4, 5, 6, 7))}


def test_pictures_of_the_content_stand_first_and_icons_are_left_out() -> None:
    """Pictures of navigation and footers come last and are counted; declared icons are none; inline ones have a name."""
    data = b"\x89PNG" + bytes(3000)
    inline = "data:image/png;base64," + b64encode(data).decode()
    made = page(
        f"<nav><img src=/nav.png></nav><img src=/icon.png width=16 height=16>{FILLER}<p><img src=/poster.png></p>"
        f'<p><img src="{inline}"></p><img src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">'
    ).documents[0]
    name = f"data:image/png;sha256={sha256(data).hexdigest()}"
    assert made.images == ("http://a.cn/poster.png", name, "http://a.cn/nav.png")
    assert made.aside_images == 1


def test_gbk_page_spells_its_queries_in_gbk() -> None:
    """Chinese in a link's query is sent in the page's encoding."""
    html = f"<title>课程</title>{FILLER}<a href='/s?q=证'>搜</a>".encode("gbk")
    assert (
        extract(html, url="http://a.cn/", content_type="text/html; charset=gbk").links[0].url
        == "http://a.cn/s?q=%D6%A4"
    )
