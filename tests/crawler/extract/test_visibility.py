"""Seen and unseen text: what a reader sees is in ``text``, the rest only in segments of kind hidden."""

from __future__ import annotations

import pytest

from crawler.extract import extract
from domain.document import Document, SegmentKind

FILLER = "<p>本页是课程介绍，内容足够长，读者可以看到这一段文字。</p>"


def document(body: str, head: str = "") -> Document:
    """The Document of a page with this body."""
    html = f"<!doctype html><html><head><meta charset=utf-8><title>课程</title>{head}</head><body>{FILLER}{body}</body></html>"
    extraction = extract(html.encode(), url="http://a.cn/x/", content_type="text/html")
    assert extraction.verdict == "ok", extraction.verdict_reason
    return extraction.documents[0]


def hidden(made: Document) -> str:
    """All hidden text."""
    return "\n".join(segment.text for segment in made.segments if segment.kind is SegmentKind.HIDDEN)


HIDING = [
    "display:none",
    "DISPLAY : None !important",
    "visibility:hidden",
    "font-size:0",
    "font-size:0px;line-height:0",
    "font:0/0 a",
    "opacity:0",
    "opacity: 0.0",
    "color:#fff;background:#fff",
    "color:#FFFFFF;background-color:white",
    "color:rgb(255,255,255);background:rgb(254, 254, 254)",
    "color:transparent",
    "color:rgba(0,0,0,0)",
    "text-indent:-9999px",
    "text-indent:-999em",
    "position:absolute;left:-9999px",
    "position:fixed;top:-5000px",
    "position:relative;left:-9999px",
    "margin-left:-9999px",
    "position:absolute;clip:rect(0,0,0,0)",
    "width:0;height:0;overflow:hidden",
    "height:0px;overflow:hidden",
    "max-height:0;overflow:hidden",
    "transform:scale(0)",
    "clip-path:inset(100%)",
]


@pytest.mark.parametrize("style", HIDING)
def test_inline_styles_that_hide(style: str) -> None:
    """Every usual way of hiding text by an inline style is recognised, on blocks and on inline elements."""
    made = document(f'<div style="{style}">暗藏文字</div><p>明<span style="{style}">暗一</span>处</p>')
    assert "暗藏文字" not in made.text
    assert "明处" in made.text
    assert "暗藏文字" in hidden(made)
    assert "暗一" in hidden(made)


@pytest.mark.parametrize(
    "style",
    [
        "display:block",
        "opacity:0.9",
        "font-size:12px",
        "color:#fff",
        "color:#fff;background:#c00",
        "color:#fff;background:url(a.jpg)",
        "text-indent:2em",
        "text-indent:-1em",
        "position:absolute;left:-10px",
        "width:0",
        "height:0",
        "overflow:hidden;width:100px;height:200px",
        "visibility:visible",
        "color:transparent;background:linear-gradient(#f00,#00f);-webkit-background-clip:text",
    ],
)
def test_styles_that_hide_nothing(style: str) -> None:
    """Similar declarations leave text visible; white text whose background is unknown is visible."""
    made = document(f'<div style="background:url(b.jpg)"><p style="{style}">明摆文字</p></div>')
    assert "明摆文字" in made.text
    assert not hidden(made)


@pytest.mark.parametrize(
    "head",
    [
        "<style>.k{display:none}</style>",
        "<style>#k{visibility:hidden}</style>",
        "<style>div.k{font-size:0}</style>",
        "<style>p,.q,.k{text-indent:-9999px}</style>",
        "<style>.main .k{display:none}</style>",
        "<style>.main > .k{display:none}</style>",
        "<style>/* x */ @charset 'utf-8'; .k { color:red ; display : none }</style>",
        "<style>@media screen{.k{display:none}}</style>",
        "<style>.k{display:none!important}.k{display:block}</style>",
        "<style><!-- .k{display:none} --></style>",
    ],
)
def test_rules_of_the_page_that_hide(head: str) -> None:
    """Simple rules of a style element count: classes, ids, compounds, lists, descendants, children."""
    made = document('<div class="main"><div class="k" id="k">暗藏文字</div>明处</div>', head)
    assert "暗藏文字" not in made.text
    assert "暗藏文字" in hidden(made)
    assert "明处" in made.text


@pytest.mark.parametrize(
    "head",
    [
        "<style>.other{display:none}</style>",
        "<style>.k:hover{display:none}</style>",
        "<style>.k::before{display:none}</style>",
        "<style>@media print{.k{display:none}}</style>",
        "<style>@media (max-width:600px){.k{display:none}}</style>",
        "<style>.k{display:none}.k.main{display:block}</style>",
        "<style>.side .k{display:none}</style>",
        "<style>.k{display:none",
        "<style>.k[data-x]{display:none}</style>",
        "<style>.k{display:none}#k{display:block}</style>",
    ],
)
def test_rules_that_do_not_apply(head: str) -> None:
    """Rules for print, phones, pseudo-classes, other elements, or overruled ones hide nothing."""
    made = document('<div class="k main" id="k">明摆文字</div>', head + "</style>")
    assert "明摆文字" in made.text


@pytest.mark.parametrize(
    "chaff",
    [
        '<span style="display:none">x9</span>',
        '<i style="font-size:0">干扰</i>',
        '<b class="z">干扰</b>',
        "<template>干扰</template>",
        "<script>var a='干扰'</script>",
        "<!-- 干扰 -->",
        "<noscript>干扰</noscript>",
        "<em hidden>干扰</em>",
        '<div style="display:none">干扰</div>',
        "<wbr>",
        "&shy;",
        "<span></span>",
        "</b>",
        "<font></font>",
    ],
)
def test_chaff_inside_a_word_vanishes(chaff: str) -> None:
    """Hidden characters strewn into a word do not break it: what the reader reads as one word is one word."""
    made = document(f"<div>我们承诺包{chaff}过不收费</div>", "<style>.z{display:none}</style>")
    assert "我们承诺包过不收费" in made.text


@pytest.mark.parametrize(
    "tag", ["b", "span", "font", "a", "em", "u", "i", "strong", "mark", "sub", "ins", "custom-x", "label"]
)
def test_inline_elements_do_not_break_words(tag: str) -> None:
    """Emphasis, colours and links inside a word leave it whole."""
    made = document(f"<p>签约包<{tag}>过</{tag}>班</p><p>签约<{tag}>包</{tag}><{tag}>过</{tag}>营</p>")
    assert "签约包过班" in made.text
    assert "签约包过营" in made.text


def test_hidden_attribute_and_fallbacks() -> None:
    """``hidden``, noscript, template, closed dialogs and canvas fallback are hidden; ``aria-hidden`` is not."""
    made = document(
        "<div hidden>暗一</div><noscript><p>暗二</p></noscript><template><p>暗三</p></template><dialog>暗四</dialog>"
        '<canvas>暗五</canvas><p aria-hidden="true">明一</p><details><summary>问</summary>明二</details><dialog open>明三</dialog>'
    )
    for word in ("暗一", "暗二", "暗三", "暗四", "暗五"):
        assert word in hidden(made)
        assert word not in made.text
    for word in ("明一", "明二", "明三"):
        assert word in made.text


def test_a_child_can_lift_visibility_and_size_but_not_display() -> None:
    """CSS inheritance: a visible child of a veiled or zero-size parent is seen, one of an undisplayed parent is not."""
    made = document(
        '<div style="visibility:hidden">暗一<span style="visibility:visible">明一</span></div>'
        '<div style="font-size:0">暗二<span style="font-size:14px">明二</span></div>'
        '<div style="display:none">暗三<span style="display:inline">暗四</span></div>'
    )
    assert "明一" in made.text
    assert "明二" in made.text
    for word in ("暗一", "暗二", "暗三", "暗四"):
        assert word not in made.text
        assert word in hidden(made)


def test_inherited_colour_against_a_given_background() -> None:
    """The background may be declared further up, by attribute or style, and the colour by font."""
    made = document(
        '<table bgcolor="#FFFFFF"><tr><td><font color="white">暗一</font>明一</td></tr></table>'
        '<div style="background:#000"><p style="color:black">暗二</p><p style="color:white">明二</p></div>'
        '<div style="background:#fff"><div style="background:url(x.png)"><p style="color:#fff">明三</p></div></div>'
    )
    for word in ("暗一", "暗二"):
        assert word not in made.text
        assert word in hidden(made)
    for word in ("明一", "明二", "明三"):
        assert word in made.text


def test_what_a_tap_or_a_script_reveals_is_seen() -> None:
    """Tabs, drop-down menus and animated blocks are shown to readers although they begin hidden."""
    made = document(
        '<div class="tab-content" style="display:none">选项卡文字</div><ul class="dropdown" style="display:none"><li>菜单文字</li></ul>'
        '<div class="wow fadeInUp" style="visibility:hidden">动画文字</div><div class="swiper-slide" style="opacity:0">轮播文字</div>'
    )
    for word in ("选项卡文字", "菜单文字", "动画文字", "轮播文字"):
        assert word in made.text


def test_body_hidden_until_loaded_is_seen() -> None:
    """An anti-flicker rule on body hides nothing from a reader."""
    assert "课程介绍" in document("<p>文</p>", "<style>body{opacity:0;visibility:hidden;display:none}</style>").text


def test_reversed_text_is_read_as_shown() -> None:
    """Text stored backwards and turned by a direction override is read as the reader reads it."""
    made = document(
        '<p>承诺<bdo dir="rtl">过包</bdo>班</p><p>保证<span style="unicode-bidi:bidi-override;direction:rtl">证拿</span>快</p>'
    )
    assert "承诺包过班" in made.text
    assert "保证拿证快" in made.text


def test_sub_menus_of_a_navigation_are_seen() -> None:
    """What opens under the pointer inside a navigation is no hidden text."""
    made = document(
        '<div class="nav"><ul><li>课程<ul class="x" style="display:none"><li>健康管理师</li></ul></li></ul></div>'
    )
    assert "健康管理师" in made.text


def test_size_zero_against_gaps_is_lifted_by_a_class() -> None:
    """Containers with size zero, whose items an unread style sheet sizes, hide nothing; bare chaff in them stays hidden."""
    made = document(
        '<ul style="font-size:0"><li class="item">课程一</li></ul><p>包<i style="font-size:0">干扰</i>过</p>',
        '<link rel="stylesheet" href="/a.css">',
    )
    assert "课程一" in made.text
    assert "包过" in made.text


def test_important_rules_hold_against_inline_styles() -> None:
    """An ``!important`` rule hides what an inline style would show; an inline ``!important`` shows it again."""
    head = "<style>.k{display:none!important}</style>"
    assert "暗藏文字" not in document('<p class="k" style="display:block">暗藏文字</p>', head).text
    assert "明摆文字" in document('<p class="k" style="display:block !important">明摆文字</p>', head).text
