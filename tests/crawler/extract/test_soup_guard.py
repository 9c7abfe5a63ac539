"""What is taken out of hostile markup before it is parsed, and that honest markup is not touched."""

from __future__ import annotations

import pytest
from selectolax.lexbor import LexborHTMLParser

from crawler.extract.soup_guard import MAX_ATTRIBUTES, MAX_DEPTH, MAX_OPEN_FORMATTING, MAX_ROOT_TAGS, tame


def depth(html: str) -> int:
    """Deepest element of the parsed tree."""
    deepest, levels = 0, {}
    root = LexborHTMLParser(html).root
    assert root is not None
    for node in root.traverse():
        parent = node.parent
        levels[node.mem_id] = levels.get(parent.mem_id, 0) + 1 if parent is not None else 0
        deepest = max(deepest, levels[node.mem_id])
    return deepest


def test_honest_markup_is_returned_as_it_is() -> None:
    """A large page of ordinary structure passes unchanged."""
    page = "<div><ul>" + "<li class=a><a href='/x?a=1&b=2' title='a > b'><b>包过</b></a><p>x" * 5000 + "</ul></div>"
    assert tame(page) == page


@pytest.mark.parametrize("tag", ["div", "span", "a href=x", "section class='y'", "custom-x"])
def test_depth_is_bounded(tag: str) -> None:
    """Deeper elements than a browser keeps lose their tags, not their text."""
    tamed = tame(f"<{tag}>" * 20_000 + "底部" + "</div>" * 20_000 + "<p>后文")
    assert depth(tamed) <= MAX_DEPTH + 4
    assert "底部" in tamed
    assert "<p>后文" in tamed


def test_attributes_are_bounded() -> None:
    """Of a tag with tens of thousands of attributes the first remain, also when quotes hide the tag's end."""
    for start in ("<p ", '<p x=">" '):
        tamed = tame(start + " ".join(f"a{i}='{i}'" for i in range(30_000)) + ">正文</p>")
        assert tamed.count("='") <= MAX_ATTRIBUTES
        assert tamed.endswith(">正文</p>")


def test_one_long_attribute_is_kept() -> None:
    """A picture written into its address is one attribute, however long."""
    page = f"<img src='data:image/png;base64,{'A' * 50_000}' alt='海报'>"
    assert tame(page) == page


def test_repeated_root_tags_are_bounded() -> None:
    """Each further body tag would add its attributes to the first."""
    tamed = tame("".join(f"<body a{i}=1>字" for i in range(10_000)))
    assert tamed.count("<body") == MAX_ROOT_TAGS
    assert tamed.count("字") == 10_000


def test_open_formatting_is_bounded() -> None:
    """A page that leaves hundreds of formatting elements open loses formatting tags, nothing else."""
    tamed = tame("".join(f"<font color={i}>" for i in range(MAX_OPEN_FORMATTING + 1)) + "<p>段</p>" * 5000)
    assert "<font" not in tamed
    assert tamed.count("<p>段</p>") == 5000


def test_tags_inside_scripts_and_comments_are_not_counted() -> None:
    """Markup in strings and comments is no nesting."""
    page = "<script>" + "'<div>'+" * 6000 + "</script><!--" + "<div>" * 6000 + "--><p>正文</p>"
    assert tame(page) == page
