"""docs/digest.md lists what templates may use, no more and no less."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from digest import item_view, passages, shared, view
from digest.builder import STATUS_ORDER

DOCUMENT = (Path(__file__).parents[2] / "docs" / "digest.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "kind",
    [
        view.DigestView,
        item_view.ItemView,
        item_view.PictureView,
        passages.FindingView,
        passages.PassageView,
        passages.PieceView,
        shared.SharedView,
        view.GapView,
        view.GroupView,
        view.CountView,
        item_view.StepView,
    ],
)
def test_every_template_variable_is_documented(kind: type) -> None:
    """A field that a template can use but nobody can know of is missing from the page."""
    named = set(re.findall(r"`([a-z_0-9]+)`", DOCUMENT))
    assert {field.name for field in dataclasses.fields(kind)} - named == set()


def test_statuses_and_limits_are_as_documented() -> None:
    """The page's table of statuses and its numbers are those of the code."""
    rows = re.findall(r"^\| (\S+) \| ", DOCUMENT, re.MULTILINE)
    assert [row for row in rows if row in {status.label for status in STATUS_ORDER}] == [
        status.label for status in STATUS_ORDER
    ]
    for limit, unit in ((item_view.TITLE_LIMIT, "标题 {} 字"), (item_view.QUOTE_LIMIT, "命中原文 {} 字")):
        assert unit.format(limit) in DOCUMENT
    assert f"网址 {item_view.ADDRESS_LIMIT} 字" in DOCUMENT
    assert f"最多显示 {passages.PASSAGES_SHOWN} 段" in DOCUMENT
