"""Contacts: who to reach, one spelling per identifier, nothing out of longer numbers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.extract import extract
from crawler.extract.contacts import contacts
from domain.credit_code import is_credit_code


def found(text: str) -> set[tuple[str, str]]:
    """(kind, value) of every contact in ``text``."""
    return {(contact.kind.value, contact.value) for contact in contacts(text)}


@pytest.mark.parametrize(
    "text",
    [
        "电话13800001234",
        "手机：138-0000-1234",
        "138 0000 1234（王老师）",
        "TEL:13800001234",
        "+86 13800001234",
        "8613800001234",
        "+86-138-0000-1234",
        "１３８００００１２３４",
        "１３８－００００－１２３４",
        "1 3 8 0 0 0 0 1 2 3 4",
        "一三八零零零零一二三四",
        "幺三八零零零零幺二三四",
        "①③⑧⓪⓪⓪⓪①②③④",
        "138\u200b0000\u200b1234",
        "电话 139 0000 1111 转".replace("139 0000 1111", "138.0000.1234"),
    ],
)
def test_mobile_numbers(text: str) -> None:
    """Mobile numbers in the spellings people use, as eleven digits."""
    assert ("phone", "13800001234") in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "证书编号：S000013800001234567",
        "20240613800001234",
        "身份证140105198001011234",
        "订单号13800001234",
        "编号: 13800001234",
        "1380000123",
        "138000012345",
        "12800001234",
        "0.13800001234",
        "id_13800001234",
        "img13800001234.jpg",
        "6222 0213 8000 0123 456",
        "http://a.cn/p/13800001234.html",
    ],
)
def test_what_is_no_mobile_number(text: str) -> None:
    """Digits inside longer numbers, file names, addresses and labelled serial numbers are no telephone numbers."""
    assert not {value for kind, value in found(text) if kind == "phone"}


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("全国热线400-123-4567", "tel400", "4001234567"),
        ("400 1234 567", "tel400", "4001234567"),
        ("4001234567", "tel400", "4001234567"),
        ("４００－１２３－４５６７", "tel400", "4001234567"),
        ("800-820-1234", "tel400", "8008201234"),
        ("座机：0351-7012345", "landline", "03517012345"),
        ("(010)62345678", "landline", "01062345678"),
        ("010 6234 5678".replace(" 5678", "5678"), "landline", "01062345678"),
        ("传真 0755-23456789-801", "landline", "075523456789"),
        ("微信：kaozheng_abc", "wechat", "kaozheng_abc"),
        ("微信号 KaoZheng-88", "wechat", "kaozheng-88"),
        ("加V：xf119119", "wechat", "xf119119"),
        ("加微xf119119", "wechat", "xf119119"),
        ("VX:abc12345", "wechat", "abc12345"),
        ("vx abc12345", "wechat", "abc12345"),
        ("微❤信：zhitong_kz004", "wechat", "zhitong_kz004"),
        ("v-x：abc12345", "wechat", "abc12345"),
        ("薇❤: abc12345", "wechat", "abc12345"),
        ("微信/电话：13800001234", "wechat", "13800001234"),
        ("座机 0351-0001234", "landline", "03510001234"),
        ("威信（同号）：13800001234", "wechat", "13800001234"),
        ("13800001234（微信同号）", "wechat", "13800001234"),
        ("微信 / 手机同号 13800001234".replace(" / 手机", ""), "wechat", "13800001234"),
        ("ＱＱ：１２３４５６７８", "qq", "12345678"),
        ("QQ客服 800012345", "qq", "800012345"),
        ("扣扣12345678", "qq", "12345678"),
        ("邮箱 Info@Example.COM。", "email", "info@example.com"),
        ("晋ICP备12345678号-1", "icp", "晋ICP备12345678号-1"),
        ("晋icp备 12345678 号－1", "icp", "晋ICP备12345678号-1"),
        ("京ICP備2022001234號", "icp", "京ICP备2022001234号"),
        ("沪ICP备12345678", "icp", "沪ICP备12345678号"),
        ("京ICP证030173号", "icp", "京ICP证030173号"),
        ("晋公网安备 14010502000001号", "police_record", "晋公网安备14010502000001号"),
        ("统一社会信用代码：91110000600037341L", "credit_code", "91110000600037341L"),
        ("信用代码 9111 0000 6000 3734 1L", "credit_code", "91110000600037341L"),
    ],
)
def test_other_identifiers(text: str, kind: str, value: str) -> None:
    """Service numbers, land lines, WeChat, QQ, mail, filing numbers and credit codes, each in one spelling."""
    assert (kind, value) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "关注微信公众号",
        "微信支付 alipay",
        "微信扫一扫",
        "打开微信 wechat",
        "qq.com",
        "12345@qq",
        "统一社会信用代码：91110000600037341X",
        "400元起",
        "价格4000000000元" + "0",
        "2024-05-01 08:00",
        "GB/T 9704-2012",
        "共800个名额",
    ],
)
def test_words_that_only_look_like_contacts(text: str) -> None:
    """Names of services, prices, dates and codes with a wrong check digit are no contacts."""
    assert found(text) == set()


def test_addresses_of_contacts() -> None:
    """Telephone, mail and QQ links of a page are contacts although no text shows the number."""
    html = (
        "<title>课程</title><p>本页是课程介绍，内容足够长，读者可以看到这一段文字。</p><a href='tel:138-0000-1234'>咨询</a>"
        "<a href='MAILTO:x%40a.cn?subject=1'>信</a><a href='http://wpa.qq.com/msgrd?v=3&uin=12345678&site=qq'>聊</a>"
        "<a href='tencent://message/?uin=87654321'>聊</a>"
    )
    made = extract(html.encode(), url="http://a.cn/", content_type="text/html").documents[0]
    assert {(c.kind.value, c.value) for c in made.contacts} == {
        ("phone", "13800001234"),
        ("email", "x@a.cn"),
        ("qq", "12345678"),
        ("qq", "87654321"),
    }


def test_credit_code_check() -> None:
    """GB 32100: the check character must fit, letters I O S V Z do not occur, a citizen number is none."""
    assert is_credit_code("91110000600037341L")
    assert not is_credit_code("91110000600037341M")
    assert not is_credit_code("9111000060003734IL")
    assert not is_credit_code("140105199304254480")  # a made-up citizen number whose last digit fits both standards
    assert not is_credit_code("1" * 17)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="0123456789一三八零 -.()（）微信vVxXqQ加:：@a备晋ICP号", max_size=120))
def test_any_text_is_read(text: str) -> None:
    """No text raises, and what is found is normalised."""
    for contact in contacts(text):
        if contact.kind.value in ("phone", "tel400", "landline", "qq"):
            assert contact.value.isascii()
            assert contact.value.isdigit()


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("电话l38OOOO1234", "phone", "13800001234"),
        ("138零零零零1234", "phone", "13800001234"),
        ("138后0000再1234", "phone", "13800001234"),
        ("138微信同号0000微信1234", "phone", "13800001234"),
        ("138*0000*1234", "phone", "13800001234"),
        ("138（0000）1234", "phone", "13800001234"),
        ("1️⃣3️⃣8️⃣0️⃣0️⃣0️⃣0️⃣1️⃣2️⃣3️⃣4️⃣", "phone", "13800001234"),
        ("𝟏𝟑𝟖𝟎𝟎𝟎𝟎𝟏𝟐𝟑𝟒", "phone", "13800001234"),
        ("幺叁捌—零零零零—幺贰叁肆", "phone", "13800001234"),
        ("四零零-123-四五六七", "tel400", "4001234567"),
        ("V信：abc12345", "wechat", "abc12345"),
        ("威芯 abc12345", "wechat", "abc12345"),
        ("➕V abc12345", "wechat", "abc12345"),
        ("V❤：abc12345", "wechat", "abc12345"),
        ("微信：k z 8 8 6 6 9", "wechat", "kz88669"),
        ("抠抠：12345678", "qq", "12345678"),
        ("QQ群：123456789", "qq_group", "123456789"),
        ("学员交流群号 123456789", "qq_group", "123456789"),
        ("邮箱：kaozheng#qq.com", "email", "kaozheng@qq.com"),
        ("435 227 67@qq.com", "email", "43522767@qq.com"),
        ("版权所有：山西新知技能教育科技有限公司", "organisation", "山西新知技能教育科技有限公司"),
        ("Copyright © 2020-2026 太原市新知职业培训学校 晋ICP备12345678号", "organisation", "太原市新知职业培训学校"),
        ("山西新知技能研究院 版权所有", "organisation", "山西新知技能研究院"),
    ],
)
def test_disguised_identifiers(text: str, kind: str, value: str) -> None:
    """The forms that advertisers use against filters, and institutions' names where a label gives them."""
    assert (kind, value) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "一、二、三、四、五、六、七、八、九、十、十一",
        "1 3 5 7 9 11 13 15 17 19 21 23",
        "共130名 2024年 2025年",
        "150元，2024年，2025年",
        "二〇二四年一月一日至二〇二五年一月一日",
        "技术支持：太原某某网络科技有限公司",
        "color lIlIlIlIlIl",
        "第138期0000号1234",
    ],
)
def test_what_is_no_disguised_identifier(text: str) -> None:
    """Lists, dates, prices and the maker of the site are none."""
    assert found(text) == set()


def test_every_identifier_says_where_it_stands() -> None:
    """Segment, span, source and the written form; page source too, and a name only mentioned is not sure."""
    html = (
        "<title>课程</title><script>var _hmt=[];hm.src='https://hm.baidu.com/hm.js?0123456789abcdef0123456789abcdef';"
        "</script><p>本页是课程介绍，内容足够长，读者可以看到这一段文字。</p><p>老师\u200b电话１３８\u200b００００１２３４</p>"
        "<p>请到山西新知技能教育科技有限公司报名</p><a href='https://weibo.com/u/1234567890'>微博</a>"
    )
    made = extract(html.encode(), url="http://a.cn/", content_type="text/html").documents[0]
    by_kind = {contact.kind.value: contact for contact in made.contacts}
    phone = by_kind["phone"]
    assert phone.segment is not None
    assert made.segments[phone.segment].text[phone.start : phone.end].replace("\u200b", "") == "１３８００００１２３４"
    assert phone.value == "13800001234"
    assert phone.raw
    assert phone.masked == "138****1234"
    assert by_kind["statistics"].value == "baidu:0123456789abcdef0123456789abcdef"
    assert by_kind["statistics"].source.value == "source"
    assert by_kind["account"].value == "weibo:1234567890"
    assert by_kind["organisation"].confidence < 0.7
