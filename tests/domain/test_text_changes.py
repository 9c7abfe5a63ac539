"""What was added to and dropped from a page."""

from __future__ import annotations

from domain.text_changes import Change, compare, sentences_of


def test_sentences_end_at_marks_and_lines() -> None:
    """Closing quotes stay with their sentence; blanks fall away."""
    assert sentences_of("包过！“七天拿证。”加微信\n  电话 138 \n\n好") == [
        "包过！",
        "“七天拿证。”",
        "加微信",
        "电话 138",
        "好",
    ]


def test_what_was_added_and_dropped_is_told_sentence_by_sentence() -> None:
    """One sentence replaced, one added at the end; the rest is kept and not repeated as changed."""
    changes = compare("免考包过。全国通用。\n报名咨询", "正规培训。全国通用。\n报名咨询\n联系电话")
    assert (changes.dropped, changes.added, changes.cut) == (("免考包过。",), ("正规培训。", "联系电话"), False)
    assert [passage.change for passage in changes.passages] == [
        Change.DROPPED, Change.ADDED, Change.KEPT, Change.ADDED,
    ]  # fmt: skip
    assert compare("甲。乙。", "甲。\n乙。").added == ()


def test_endless_repetition_is_counted_instead_of_aligned() -> None:
    """A page that says two things thousands of times costs no more than another, and its changes are still told."""
    changes = compare("包过。拿证。" * 1500, "包过。拿证。" * 1400 + "加微信。")
    assert changes.added == ("加微信。",)
    assert (changes.dropped.count("包过。"), changes.dropped.count("拿证。")) == (100, 100)
    kept = sum(len(passage.sentences) for passage in changes.passages if passage.change is Change.KEPT)
    assert kept == 2800
