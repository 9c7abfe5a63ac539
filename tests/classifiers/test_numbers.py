"""Numbers of the packs' words are told from telephone numbers, dates and record numbers."""

from __future__ import annotations

import pytest

import classifiers
from domain.assessment import Subject

CLASSIFIER = classifiers.load()


@pytest.mark.parametrize(
    "text",
    [
        "咨询电话：400-000-1001，职业技能培训学校欢迎您参加电工培训报名",
        "地址：样例路1号 电话：0351-0015001 晋ICP备00015001号-1 面点师证书培训",
        "发布时间：2026-10-06 学员证书领取通知",
        "客服QQ：000010010 焊工证培训报名",
    ],
)
def test_digits_of_other_numbers_are_no_claim(text: str) -> None:
    """A hundred that is only part of a longer number, or joined over a hyphen, gives no finding."""
    assert [
        f.quote for f in CLASSIFIER.assess(Subject(text=text)).findings if "0" in f.quote and f.end - f.start < 6
    ] == []


@pytest.mark.parametrize("text", ["电工证培训，通过率100%，报名从速", "消防证通过率１００％，一次拿证，加微信报名"])
def test_a_rate_with_its_percent_sign_is_found(text: str) -> None:
    """The claim itself is still found, full-width digits included."""
    assert CLASSIFIER.assess(Subject(text=text)).flagged
