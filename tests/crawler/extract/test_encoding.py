"""Bytes to text: declared, undeclared and wrongly declared encodings."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.extract.encoding import decode

SIMPLE = "健康管理师报名，包过班不过退费，国家认可官网可查。咨询热线"
TRADITIONAL = "健康管理師報名，包過班不過退費，國家認可官網可查。"
PAGE = '<html><head><meta charset="{}"><title>{}</title></head><body><p>{}</p></body>'


def page(label: str, text: str, encoding: str) -> bytes:
    """A page that declares ``label`` and is written in ``encoding``."""
    return PAGE.format(label, text[:6], text * 3).encode(encoding, "replace")


@pytest.mark.parametrize(
    ("body", "content_type", "encoding"),
    [
        (page("utf-8", SIMPLE, "utf-8"), None, "utf-8"),
        (page("gb2312", SIMPLE, "gbk"), None, "gb18030"),
        (page("gbk", SIMPLE, "gbk"), "text/html; charset=GBK", "gb18030"),
        (page("big5", TRADITIONAL, "big5"), None, "big5"),
        (page("utf-16", SIMPLE, "utf-16"), None, "utf-16le"),
        (b"\xef\xbb\xbf" + page("gbk", SIMPLE, "utf-8"), "text/html; charset=gbk", "utf-8"),
    ],
)
def test_true_declarations(body: bytes, content_type: str | None, encoding: str) -> None:
    """Header, meta and byte order mark are believed when the bytes agree."""
    text, name = decode(body, content_type)
    assert name == encoding
    assert "過" in text or "过" in text
    assert "\ufffd" not in text


@pytest.mark.parametrize(
    ("body", "content_type", "encoding"),
    [
        (page("gbk", SIMPLE, "gbk"), "text/html; charset=utf-8", "gb18030"),
        (page("utf-8", SIMPLE, "gbk"), "text/html; charset=utf-8", "gb18030"),
        (page("gbk", SIMPLE, "utf-8"), "text/html; charset=gbk", "utf-8"),
        (page("x", SIMPLE, "gbk"), "text/html; charset=iso-8859-1", "gb18030"),
        (page("gbk", TRADITIONAL, "big5"), "text/html; charset=gbk", "big5"),
        (page("big5", TRADITIONAL, "utf-8"), None, "utf-8"),
        ("<p>包过拿证".encode("gbk"), "text/html;charset=utf-8", "gb18030"),
    ],
)
def test_wrong_declarations_are_overruled(body: bytes, content_type: str, encoding: str) -> None:
    """A declaration that makes nonsense of the bytes loses to the reading that makes sense."""
    text, name = decode(body, content_type)
    assert name == encoding
    assert "包过" in text or "包過" in text


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (page("", SIMPLE, "gbk"), "gb18030"),
        (page("", SIMPLE + "😀𠮷", "gb18030"), "gb18030"),
        (page("", TRADITIONAL, "big5"), "big5"),
        (page("", SIMPLE, "utf-8"), "utf-8"),
        ("包过".encode("gbk"), "gb18030"),
        (page("utf-16", SIMPLE, "utf-16-be"), "utf-16be"),
    ],
)
def test_no_declaration(body: bytes, encoding: str) -> None:
    """Undeclared GBK, Big5, UTF-8 and UTF-16 without a mark are told apart."""
    assert decode(body, None)[1] == encoding


def test_bodies_cut_inside_a_character() -> None:
    """A cut-off body keeps its encoding: one damaged character at the end changes nothing."""
    assert decode(page("utf-8", SIMPLE, "utf-8")[:-30], "text/html; charset=utf-8")[1] == "utf-8"
    assert decode(page("gbk", SIMPLE, "gbk")[:-19], "text/html; charset=utf-8")[1] == "gb18030"


def test_foreign_fragment_does_not_turn_the_page() -> None:
    """A GBK fragment pasted into a UTF-8 page is damaged alone."""
    text, name = decode(page("utf-8", SIMPLE * 8, "utf-8") + "友情链接".encode("gbk"), None)
    assert (name, "不过退费" in text) == ("utf-8", True)


@pytest.mark.parametrize("label", ["rot13", "hex", "zlib", "base64", "idna", "utf-7", "no-such", "undefined"])
def test_labels_that_are_no_text_encoding(label: str) -> None:
    """Python knows codecs that are none for pages; naming one has no effect."""
    text, name = decode(page(label, SIMPLE, "utf-8"), f"text/html; charset={label}")
    assert name == "utf-8"
    assert SIMPLE in text


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([None, "text/html; charset=gbk", "text/html; charset=utf-16", "x"]))
def test_any_bytes_become_text(body: bytes, content_type: str | None) -> None:
    """No bytes raise."""
    text, name = decode(body, content_type)
    assert isinstance(text, str)
    assert name == name.lower()
