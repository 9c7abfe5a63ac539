"""Feeds, JSON, plain text and saved pages."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from crawler.extract import extract
from crawler.extract.dates import BEIJING
from domain.document import Extraction

RSS = """<?xml version="1.0" encoding="{encoding}"?><rss version="2.0"><channel><title>某某教育</title><link>http://a.cn/</link>
<item><title>健康管理师&lt;b&gt;包过&lt;/b&gt;</title><link>/1.html?utm_source=rss</link><pubDate>Wed, 01 May 2024 08:00:00 +0800</pubDate><author>小编</author>
<description><![CDATA[<p>签约包<span style="display:none">x</span>过</p><img src="/i.png" alt="海报"><a href="/2.html">报名</a><script>alert(1)</script>]]></description></item>
<item><title>第二条</title><guid isPermaLink="false">abc</guid><description>纯文本，1&lt;2，微信：abc12345</description></item></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>某站</title><entry><id>1</id><title>通知</title><updated>2024-05-01T00:00:00Z</updated>
<link rel="alternate" href="http://a.cn/n/1"/><content type="html">&lt;p&gt;全文一&lt;/p&gt;&lt;p&gt;全文二&lt;/p&gt;</content><summary>摘要不同</summary><author><name>作者甲</name></author></entry></feed>"""


def read(body: bytes | str, content_type: str | None = None) -> Extraction:
    """Extract a response of http://a.cn/feed."""
    return extract(body.encode() if isinstance(body, str) else body, url="http://a.cn/feed", content_type=content_type)


@pytest.mark.parametrize("encoding", ["utf-8", "gb2312"])
def test_rss(encoding: str) -> None:
    """Entries become embedded Documents with text, time, author, picture, links and hidden text apart."""
    extraction = read(
        RSS.format(encoding=encoding).encode("gbk" if encoding == "gb2312" else encoding), "application/rss+xml"
    )
    first, second = extraction.documents
    assert (first.url, first.title, first.text, first.embedded) == (
        "http://a.cn/1.html",
        "健康管理师包过",
        "签约包过\n报名",
        True,
    )
    assert first.published_at == datetime(2024, 5, 1, 8, tzinfo=BEIJING)
    assert (first.account, first.images, first.links) == ("小编", ("http://a.cn/i.png",), ("http://a.cn/2.html",))
    assert ("hidden", "x") in {(s.kind.value, s.text) for s in first.segments}
    assert (second.url, second.text, second.account) == ("http://a.cn/feed", "纯文本，1<2，微信：abc12345", "某某教育")
    assert {link.url for link in extraction.links} == {"http://a.cn/1.html", "http://a.cn/2.html"}


def test_atom() -> None:
    """Atom's content, summary, time and author are read; the declared type does not matter."""
    made = read(ATOM, "text/html").documents[0]
    assert (made.url, made.title, made.account) == ("http://a.cn/n/1", "通知", "作者甲")
    assert made.text == "全文一\n全文二\n摘要不同"
    assert made.published_at == datetime(2024, 5, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "prologue",
    [
        '<!DOCTYPE l [<!ENTITY a "lol"><!ENTITY b "&a;&a;">]>',
        '<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE l SYSTEM "http://a.cn/x.dtd" [<!ENTITY % p "x">]>',
        "<!doctype l [<!entity a 'x'>]>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_feeds_with_entities_are_refused(prologue: str, encoding: str) -> None:
    """Entity declarations, also in another encoding, are refused before any XML parser sees them."""
    text = f'<?xml version="1.0"?>{prologue}<rss version="2.0"><channel><item><title>&b;</title></item></channel></rss>'
    extraction = read(text.encode(encoding), "application/xml")
    assert (extraction.verdict, extraction.verdict_reason) == ("failed", "xml_doctype_refused")


def test_harmless_doctype_and_control_characters() -> None:
    """RSS 0.91's document type and forbidden characters do not cost the feed."""
    text = '<?xml version="1.0"?><!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://x/rss.dtd"><rss version="0.91"><channel><item><title>通\x0b知</title></item></channel></rss>'
    assert read(text, "text/xml").documents[0].title == "通知"


def test_broken_and_empty_feeds() -> None:
    """A feed that breaks off gives the entries before the break; one without entries is empty."""
    assert read(RSS.format(encoding="utf-8")[:-60], "text/xml").documents[0].title == "健康管理师包过"
    assert read("<rss version='2.0'><channel></channel></rss>", "text/xml").verdict_reason == "feed_without_entries"


def test_json_feed() -> None:
    """Items of a JSON Feed become embedded Documents."""
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "某站",
        "items": [
            {
                "id": 1,
                "url": "http://a.cn/1",
                "title": "一",
                "content_html": "<p>包<b>过</b></p>",
                "date_published": "2024-05-01T08:00:00+08:00",
            },
            {"id": "2", "content_text": "a<b\n第二行", "authors": [{"name": "甲"}], "image": "/p.png"},
            "x",
        ],
    }
    first, second = read(json.dumps(feed), "application/feed+json").documents
    assert (first.url, first.text, first.account, first.embedded) == ("http://a.cn/1", "包过", "某站", True)
    assert first.published_at == datetime(2024, 5, 1, 8, tzinfo=BEIJING)
    assert (second.text, second.account, second.images) == ("a<b\n第二行", "甲", ("http://a.cn/p.png",))


def test_json_answers() -> None:
    """Texts of any JSON are read in order, HTML in them as HTML, addresses as links and pictures."""
    data = {"code": 0, "data": {"title": "健康管理师", "nickname": "某号", "create_time": 1714521600, "content": "<p>签约包<i>过</i></p><p>不过退费</p>",
            "pics": ["http://a.cn/1.jpg"], "url": "http://a.cn/d/1", "list": [{"text": "微信：abc12345"}]}}  # fmt: skip
    extraction = read(json.dumps(data), "application/json")
    made = extraction.documents[0]
    assert made.text == "健康管理师\n某号\n签约包过\n不过退费\n微信：abc12345"
    assert (made.title, made.account, made.published_at) == ("健康管理师", "某号", datetime(2024, 5, 1, tzinfo=UTC))
    assert (made.images, [link.url for link in extraction.links]) == (("http://a.cn/1.jpg",), ["http://a.cn/d/1"])
    assert read(f"callback({json.dumps(data)});", "text/javascript").documents[0].title == "健康管理师"


@pytest.mark.parametrize(
    "text",
    [
        '{"a":',
        "[" * 100_000,
        '{"a":"\\ud83d过"}',
        '{"n":' + "9" * 6000 + ',"t":"包过"}',
        '{"a":NaN,"t":"包过"}',
        "{'a':1}",
    ],
)
def test_odd_json(text: str) -> None:
    """Cut, deep, surrogate-ridden and huge-number JSON end in an Extraction."""
    extraction = read(text, "application/json")
    assert extraction.verdict in ("ok", "failed", "empty")
    for made in extraction.documents:
        made.text.encode()


def test_plain_text() -> None:
    """Lines are blocks; a short first line is the title; addresses are links."""
    extraction = read("消防证代办\n\n  不用考试，见 http://b.cn/x 。\n".encode("gbk"), "text/plain; charset=gbk")
    made = extraction.documents[0]
    assert (made.title, made.text) == ("消防证代办", "消防证代办\n不用考试，见 http://b.cn/x 。")
    assert (extraction.encoding, made.links) == ("gb18030", ("http://b.cn/x",))


def saved_page(charset: str = "gbk", transfer: str = "quoted-printable") -> bytes:
    """A page saved as MHTML the way browsers write it."""
    message = EmailMessage()
    message["From"] = "<Saved by Blink>"
    message["Snapshot-Content-Location"] = "http://b.cn/saved/"
    message.set_content("", subtype="plain")
    message.clear_content()
    message.make_related()
    html = f"<html><head><meta charset={charset}><title>证书代办</title></head><body><p>三天拿证，全国可查，无需考试，联系老师。</p><a href='1.html'>详情</a></body></html>"
    part = EmailMessage()
    part.set_content(html.encode(charset), maintype="text", subtype="html", cte=transfer)
    part["Content-Location"] = "http://b.cn/saved/index.html"
    message.attach(part)
    picture = EmailMessage()
    picture.set_content(b"\x89PNG", maintype="image", subtype="png")
    message.attach(picture)
    return message.as_bytes()


@pytest.mark.parametrize("transfer", ["quoted-printable", "base64"])
@pytest.mark.parametrize("content_type", ["multipart/related", "application/x-mimearchive", None])
def test_mhtml(transfer: str, content_type: str | None) -> None:
    """A saved page is the page it was: its own address, encoding, links."""
    extraction = read(saved_page(transfer=transfer), content_type)
    made = extraction.documents[0]
    assert (made.url, made.title, extraction.encoding) == ("http://b.cn/saved/index.html", "证书代办", "gb18030")
    assert "三天拿证" in made.text
    assert extraction.links[0].url == "http://b.cn/saved/1.html"


def test_mhtml_without_a_page() -> None:
    """A message without HTML is failed, with the missing part as the reason."""
    extraction = read(
        b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x\r\n\r\nhi\r\n--x--",
        "multipart/related",
    )
    assert (extraction.verdict, extraction.verdict_reason) == ("failed", "field_not_found:html_part")


def test_html_under_a_wrong_type() -> None:
    """HTML sent as plain text, as XML or without a type is read as HTML."""
    html = "<!DOCTYPE html><html><title>证书代办</title><body><p>三天拿证，全国可查，无需考试。</p></body></html>"
    for content_type in (
        "text/plain",
        "application/xhtml+xml",
        "text/xml",
        "application/octet-stream",
        None,
        "nonsense",
    ):
        assert read(html, content_type).extractor == "html/1", content_type


def test_self_closed_elements_of_xhtml() -> None:
    """In XHTML a self-closed script ends where it begins; the page after it is read."""
    xhtml = '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>证书代办</title><script src="a.js"/></head><body><p>三天拿证，全国可查，无需考试。</p></body></html>'
    assert "三天拿证" in read(xhtml, "application/xhtml+xml").documents[0].text
