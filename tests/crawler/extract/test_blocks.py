"""Blocks: nothing visible is lost, boundaries are kept, every block knows what part of the page it is."""

from __future__ import annotations

import pytest

from crawler.extract import extract
from domain.document import READER_SEES, Document, SegmentKind

FILLER = "<p>本页是课程介绍，内容足够长，读者可以看到这一段文字，不必登录，也没有验证码。</p>"


def document(body: str, head: str = "<title>课程</title>") -> Document:
    """The Document of a page with this body."""
    html = f"<!doctype html><html><head><meta charset=utf-8>{head}</head><body>{FILLER}{body}</body></html>"
    extraction = extract(html.encode(), url="http://a.cn/x/", content_type="text/html")
    assert extraction.verdict == "ok", extraction.verdict_reason
    return extraction.documents[0]


def kind_of(made: Document, text: str) -> SegmentKind:
    """The kind of the one segment that holds ``text``."""
    kinds = [segment.kind for segment in made.segments if text in segment.text]
    assert len(kinds) == 1, (text, made.segments)
    return kinds[0]


def test_block_boundaries() -> None:
    """Paragraphs, divisions, line breaks and list items are lines of their own."""
    made = document("<div>一甲<div>二乙</div>三丙<br>四丁</div><ul><li>五戊<li>六己</ul><h2>七庚</h2>八辛")
    assert made.text.split("\n")[1:] == ["一甲", "二乙", "三丙", "四丁", "五戊", "六己", "七庚", "八辛"]


def test_text_is_the_visible_segments() -> None:
    """``text`` is exactly the visible segments joined by newlines, in page order."""
    made = document(
        '<p>一</p><img src=a.png alt="图"><div style="display:none">暗</div><table><tr><td>二<td>三</table>'
    )
    seen = [segment.text for segment in made.segments if segment.kind in READER_SEES]
    assert made.text == "\n".join(seen)
    assert made.text.split("\n")[1:] == ["一", "二 | 三"]


def test_table_rows_are_lines_and_cells_stay_apart() -> None:
    """Cells of a data row are joined by a bar, so that words of two cells never become one."""
    made = document("<table><tr><th>班型<th>价格</tr><tr><td>包<td>过</tr><tr><td><p>协议班</p><td>3980元</tr></table>")
    assert "班型 | 价格\n包 | 过\n协议班 | 3980元" in made.text
    assert kind_of(made, "协议班") is SegmentKind.TABLE


def test_layout_tables_are_no_data() -> None:
    """A table that lays out the page keeps its blocks, kinds and order."""
    long = "这是一段很长的正文，" * 20
    made = document(
        f"<table><tr><td><ul><li>栏目一<li>栏目二<li>栏目三<li>栏目四</ul><td><p>{long}</p><p>{long}</p></tr></table>"
    )
    assert kind_of(made, "栏目二") is SegmentKind.MAIN
    assert "栏目一\n栏目二" in made.text


def test_every_region_has_its_kind_and_stays_in_the_text() -> None:
    """Navigation, side column, comments, floating box, form and footer are told apart, and all are in the text."""
    made = document(
        '<div class="nav"><a href=/1>网站首页</a></div><nav><a href=/2>课程中心</a></nav>'
        '<div class="sidebar"><p>热门推荐文章</p></div><aside>旁栏文字</aside>'
        '<div class="comment-list"><p>学员评论一条</p></div>'
        '<div class="kefu-box"><p>微信 abc12345</p></div><div style="position:fixed;right:0">悬浮咨询</div>'
        '<form action=/s><label>您的姓名</label><input name=n placeholder="请输入手机号"><select><option>健康管理师<option>消防</select>'
        '<textarea placeholder="留言内容"></textarea><button>立即报名</button><input type=submit value="免费领取"></form>'
        '<div class="footer"><p>友情链接</p></div><p>Copyright © 2024 晋ICP备12345678号-1</p>'
    )
    expected = {
        "网站首页": SegmentKind.NAV,
        "课程中心": SegmentKind.NAV,
        "热门推荐文章": SegmentKind.SIDEBAR,
        "旁栏文字": SegmentKind.SIDEBAR,
        "学员评论一条": SegmentKind.COMMENT,
        "微信 abc12345": SegmentKind.FLOATING,
        "悬浮咨询": SegmentKind.FLOATING,
        "您的姓名": SegmentKind.FORM,
        "请输入手机号": SegmentKind.FORM,
        "健康管理师": SegmentKind.FORM,
        "留言内容": SegmentKind.FORM,
        "立即报名": SegmentKind.FORM,
        "免费领取": SegmentKind.FORM,
        "友情链接": SegmentKind.FOOTER,
        "晋ICP备12345678号-1": SegmentKind.FOOTER,
    }
    for text, kind in expected.items():
        assert text in made.text
        assert kind_of(made, text) is kind, text


def test_wrappers_with_telling_names_are_still_the_page() -> None:
    """A class such as has-sidebar on the wrapper of everything does not make the content a side column."""
    body = "".join(f"<p>第{i}段正文，说明报名条件、考试时间和收费标准。</p>" for i in range(12))
    html = f'<body class="page has-sidebar"><div class="side-wrap sidebar">{body}</div></body>'
    made = extract(html.encode(), url="http://a.cn/", content_type="text/html").documents[0]
    assert kind_of(made, "第3段") is SegmentKind.MAIN


def test_pictures_words_are_alt_segments() -> None:
    """alt and title of pictures and of image map areas are segments of kind alt and not in the text."""
    made = document('<img src=/a.png alt="零基础包过班" title="限时优惠"><map><area href=/m alt="点击咨询"></map>')
    for text in ("零基础包过班", "限时优惠", "点击咨询"):
        assert kind_of(made, text) is SegmentKind.ALT
        assert text not in made.text


def test_meta_words_are_meta_segments() -> None:
    """keywords and description are segments of kind meta and not in the text."""
    made = document(
        "", '<title>课程</title><meta name="Keywords" content="包过,免考"><meta name=description content="内部渠道">'
    )
    assert kind_of(made, "包过,免考") is SegmentKind.META
    assert kind_of(made, "内部渠道") is SegmentKind.META
    assert "包过" not in made.text


def test_title_and_the_title_element() -> None:
    """The heading that <title> repeats is the title; the whole <title> stays as a segment."""
    made = document("<h1>健康管理师包过班报名</h1>", "<title>健康管理师包过班报名_不过退费_某某教育</title>")
    assert made.title == "健康管理师包过班报名"
    assert kind_of(made, "不过退费") is SegmentKind.TITLE
    assert document("<h1>某某教育</h1>", "<title>消防证代办 全国可查</title>").title == "消防证代办 全国可查"
    assert (
        document("", '<title>某站</title><meta property="og:title" content="一篇文章的标题">').title == "一篇文章的标题"
    )
    assert document("<h1>只有标题元素的文章</h1>", "").title == "只有标题元素的文章"
    assert document("", "").title == FILLER[3:-4]


def test_source_line_breaks_in_chinese_are_no_spaces() -> None:
    """An editor's line break inside a Chinese sentence does not split it; between Latin words it is a space."""
    made = document("<p>我们承诺包\n    过班，<b>不\n过</b>退款</p><p>call\nme</p>")
    assert "我们承诺包过班，不过退款" in made.text
    assert "call me" in made.text


def test_side_by_side_links_are_two_words_unless_they_spell_one() -> None:
    """Menu items without a space between them stay apart; single characters in links spell a word."""
    made = document("<p><a href=/1>首页</a><a href=/2>课程</a></p><p><a href=/1>包</a><a href=/2>过</a></p>")
    assert "首页 课程" in made.text
    assert "签约包过" in document("<p><a href=/1>签约包</a><a href=/2>过</a></p>").text
    assert "包过" in made.text


@pytest.mark.parametrize("style", ["float:left", "display:inline-block", "display:inline"])
def test_characters_in_boxes_side_by_side_are_one_word(style: str) -> None:
    """A word laid out one character a box is read as one word; longer boxes stay apart."""
    made = document(f'<div><div style="{style}">包</div><div style="{style}">过</div></div>')
    assert "包过" in made.text
    made = document(f'<div><div style="{style}">考前冲刺</div><div style="{style}">过关必备</div></div>')
    assert "冲刺过关" not in made.text


def test_text_inside_odd_containers_is_kept() -> None:
    """marquee, svg text, figure captions, fieldsets, iframe srcdoc, centred fonts and unknown elements all count."""
    made = document(
        "<marquee>滚动包过</marquee><svg><text>矢量文字</text><title>矢量标题</title></svg><figure><figcaption>图注文字</figcaption></figure>"
        '<fieldset><legend>框题文字</legend></fieldset><iframe srcdoc="&lt;p&gt;内嵌文字&lt;/p&gt;"></iframe>'
        "<center><font color=red>居中文字</font></center><x-card>自定义元素</x-card><pre>第一行\n第二行</pre>"
        "<ruby>包<rt>bāo</rt>过<rt>guò</rt></ruby>"
    )
    for text in (
        "滚动包过",
        "矢量文字",
        "图注文字",
        "框题文字",
        "内嵌文字",
        "居中文字",
        "自定义元素",
        "第一行\n第二行",
        "包过",
    ):
        assert text in made.text
    assert kind_of(made, "矢量标题") is SegmentKind.ALT


def test_whole_page_in_one_form_is_no_form() -> None:
    """ASP.NET wraps pages in a form; their text is not form text."""
    made = document("<form id=aspnetForm>" + "<p>一段关于报名条件的正文，说明考试安排与费用情况。</p>" * 80 + "</form>")
    kinds = {segment.kind for segment in made.segments if "考试安排" in segment.text}
    assert kinds == {SegmentKind.MAIN}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (
            "<form><label>姓名</label><input name=xm><label>证书编号</label><input name=zsbh><button>查询</button></form>",
            True,
        ),
        ("<div>身份证号：<input type=text></div><a onclick=q()>x</a><input type=button value='查 询'>", True),
        ("<form>证件号码<input><input type=submit value=立即查验></form>", True),
        ("<form>姓名<input name=name>手机<input name=tel><button>立即报名</button></form>", False),
        ("<form><input name=q placeholder=站内搜索><button>搜索</button></form>", False),
        ("<form>姓名<input><input type=password><button>登录</button></form>", False),
        ("<p>姓名 证书编号 查询</p>", False),
    ],
)
def test_query_forms(body: str, expected: bool) -> None:
    """A form that asks for a name or number and queries is noticed; enrolment, search and login are not."""
    assert document(body).has_form is expected
