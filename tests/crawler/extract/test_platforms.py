"""WeChat-like articles and their notices; forum threads."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from crawler.extract import extract
from domain.document import Document, SegmentKind

WEIXIN = """<!doctype html><html><head><meta charset="utf-8"><meta property="og:title" content="消防证怎么考才稳"><title></title></head>
<body id="activity-detail"><div id="js_article" class="rich_media"><div id="img-content">
<h1 class="rich_media_title" id="activity-name">
  消防证怎么考才稳
</h1><div id="meta_content"><span class="rich_media_meta rich_media_meta_text">原创</span><a href="javascript:void(0);" id="js_name"> 某某考证通 </a>
<em id="publish_time" class="rich_media_meta">2024年5月1日 08:00</em></div>
<div class="rich_media_content" id="js_content" style="visibility: hidden; opacity: 0;"><section><span>签约<strong>包</strong></span><span>过，</span>不过退费。</section>
<p><img data-src="https://mmbiz.qpic.cn/a/640?wx_fmt=png" alt="图片"></p><section style="display:none">暗藏文字</section><p>加老师微信：xfz2024</p></div>
<div class="rich_media_tool">阅读原文</div></div></div>
<script>var biz = "MzAwMDAwMDAwMQ==" || ""; var ct = "1714521600"; var nickname = htmlDecode("某某考证通"); var user_name = "gh_0123456789ab"; var msg_source_url = 'http://b.cn/baoming';</script></body></html>"""


def weixin(html: str, url: str = "https://mp.weixin.qq.com/s/abc") -> Document:
    """The Document of an article."""
    extraction = extract(html.encode(), url=url, content_type="text/html; charset=UTF-8")
    assert (extraction.verdict, extraction.platform, extraction.extractor) == ("ok", "weixin", "weixin_article/1")
    return extraction.documents[0]


def test_weixin_article() -> None:
    """Title, account, account id, time, text (shown although its style hides it) and lazy pictures are found."""
    made = weixin(WEIXIN)
    assert made.title == "消防证怎么考才稳"
    assert (made.account, made.account_id) == ("某某考证通", "MzAwMDAwMDAwMQ==")
    assert made.published_at == datetime(2024, 5, 1, tzinfo=UTC)
    assert made.published_raw == "2024年5月1日 08:00"
    assert "签约包过，不过退费。" in made.text
    assert "暗藏文字" not in made.text
    assert made.images == ("https://mmbiz.qpic.cn/a/640?wx_fmt=png",)
    assert {c.value for c in made.contacts} == {"xfz2024"}
    assert made.links == ("http://b.cn/baoming",)


def test_weixin_frame_is_not_the_article() -> None:
    """What the reader application prints below an article is not of kind main."""
    kinds = {s.text: s.kind for s in weixin(WEIXIN).segments}
    assert kinds["阅读原文"] is SegmentKind.FOOTER
    assert kinds["加老师微信：xfz2024"] is SegmentKind.MAIN


def test_weixin_structure_elsewhere_and_account_from_the_address() -> None:
    """A copy on another host is read the same way; ``__biz`` of the address counts first."""
    assert (
        weixin(WEIXIN, "http://127.0.0.1:8000/s?__biz=MzA5OTk5OTk5OQ==&mid=1&idx=1&sn=a").account_id
        == "MzA5OTk5OTk5OQ=="
    )


def test_weixin_without_heading_and_variables() -> None:
    """Title and account fall back to the head and the script; what is missing is None, not invented."""
    html = '<html><head><meta property="og:title" content="一则通知"></head><body><div class="rich_media_content" id="js_content"><p>正文一段</p></div></body></html>'
    made = weixin(html)
    assert (made.title, made.account, made.account_id, made.published_at, made.published_raw) == (
        "一则通知",
        None,
        None,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("notice", "verdict"),
    [
        ("该内容已被发布者删除", "deleted"),
        ("此内容因违规无法查看", "violation"),
        ("此内容被投诉且经审核涉嫌侵权，无法查看。", "violation"),
        ("此帐号已被屏蔽, 内容无法查看", "violation"),
        ("链接已过期", "expired"),
        ("该公众号已迁移", "unavailable"),
        ("此内容暂时无法查看", "unavailable"),
        ("当前环境异常，完成验证后即可继续访问。", "captcha"),
    ],
)
def test_weixin_notices(notice: str, verdict: str) -> None:
    """Each notice page is its verdict, never an article."""
    html = f'<html><head><title></title></head><body id="activity-detail"><div class="weui-msg"><h2 class="weui-msg__title">{notice}</h2></div></body></html>'
    for url in ("https://mp.weixin.qq.com/s/abc", "http://127.0.0.1:8000/s/abc"):
        extraction = extract(html.encode(), url=url, content_type="text/html")
        assert (extraction.verdict, extraction.documents, extraction.platform) == (verdict, (), "weixin")


def test_weixin_article_about_deleted_articles_is_an_article() -> None:
    """An article that quotes a notice's wording is no notice."""
    made = weixin(WEIXIN.replace("不过退费。", "有人发现“该内容已被发布者删除”“此内容因违规无法查看”。"))
    assert "该内容已被发布者删除" in made.text


def test_weixin_page_without_its_fields_says_which() -> None:
    """A page of the platform that is neither article nor notice is failed, with the missing field as the reason."""
    html = '<html><body><div class="rich_media_title">x</div><div id="js_name">y</div><p>完全不同的新页面结构，说明平台改版了</p></body></html>'
    extraction = extract(html.encode(), url="https://mp.weixin.qq.com/s/abc", content_type="text/html")
    assert (extraction.verdict, extraction.verdict_reason) == ("failed", "field_not_found:js_content")


FLOORS = [
    ("考证小白", "请问消防证包过是真的吗？", "昨天 10:00", "2024-03-01 10:00:05"),
    ("消防代理小王", "直接出证，加V：xf119119", "2024-3-2 10:01", None),
    ("版主", "代理广告已记录", "2024-3-3 10:02", None),
]


def thread() -> bytes:
    """A thread in the structure of Discuz!, GBK like many of them."""
    floors = "".join(
        f'<div id="post_{i}"><table class="plhin"><tr><td class="pls"><div class="authi"><a href="/u{i}">{who}</a></div><p>积分 {i}</p></td>'
        f'<td class="plc"><div class="authi"><em id="authorposton{i}">发表于 '
        + (f'<span title="{exact}">{when}</span>' if exact else when)
        + f'</em></div><table><tr><td class="t_f" id="postmessage_{i}">{text}</td></tr></table></td></tr></table></div>'
        for i, (who, text, when, exact) in enumerate(FLOORS)
    )
    html = f'<html><head><meta charset="gbk"><title>消防证包过是真的吗 - 考证论坛 - Powered by Discuz!</title></head><body><span id="thread_subject">消防证包过是真的吗</span><div id="postlist">{floors}</div></body></html>'
    return html.encode("gbk")


def test_forum_thread() -> None:
    """Floors are apart and in order: the first is the content, the others are comments; author and exact time are the first's."""
    extraction = extract(thread(), url="http://bbs.a.cn/thread-1-1-1.html", content_type="text/html")
    made = extraction.documents[0]
    assert (extraction.extractor, made.title, made.account) == ("forum_thread/1", "消防证包过是真的吗", "考证小白")
    assert made.published_at == datetime(2024, 3, 1, 2, 0, 5, tzinfo=UTC)
    kinds = {s.text: s.kind for s in made.segments}
    assert kinds["请问消防证包过是真的吗？"] is SegmentKind.MAIN
    assert kinds["直接出证，加V：xf119119"] is SegmentKind.COMMENT
    assert made.text.index("请问消防证") < made.text.index("直接出证") < made.text.index("代理广告")


@pytest.mark.parametrize(
    ("posting", "evidence"),
    [
        ('<div class="floor">', ""),
        ('<li class="l_post">', ""),
        ('<div id="post_{n}" class="post">', "<em>发表于 2024-3-2</em>"),
    ],
)
def test_threads_of_other_forums(posting: str, evidence: str) -> None:
    """Postings of home-made forums are told by the names of their elements."""
    texts = ("请问这个证靠谱吗", "直接出证，加V：xf119119", "已经举报了")
    floors = "".join(
        f"{posting.format(n=n)}<b>坊友{n}</b>{evidence}<p>{text}</p></{posting[1:].partition(' ')[0]}>"
        for n, text in enumerate(texts, 1)
    )
    html = f"<title>靠谱吗_生活圈</title><h1>靠谱吗</h1><div class=wrap>{floors}</div>"
    made = extract(html.encode(), url="http://a.cn/t/1", content_type="text/html; charset=utf-8").documents[0]
    kinds = {s.text: s.kind for s in made.segments}
    assert [kinds[text] for text in texts] == [SegmentKind.MAIN, SegmentKind.COMMENT, SegmentKind.COMMENT]


def test_a_list_of_articles_is_no_thread() -> None:
    """A blog's front page names its entries post-1, post-2 … without being a thread."""
    html = "<title>博客</title>" + "".join(
        f"<div id=post-{n} class=post><h2>第{n}篇</h2><p>今天学习了电工基础，记录在此。</p></div>" for n in range(5)
    )
    made = extract(html.encode(), url="http://a.cn/", content_type="text/html; charset=utf-8").documents[0]
    assert SegmentKind.COMMENT not in {s.kind for s in made.segments}
