"""Claims are read in their sentence, and those of one sentence together."""

from __future__ import annotations

from digest.passages import PASSAGES_SHOWN, FindingView, gather


def claim(before: str, quote: str, after: str, behaviour: str = "B9 宣传“包过”") -> FindingView:
    """One claim."""
    return FindingView("B-TEST-0010", "B", "虚假宣传", behaviour, before, quote, after, "广告法 第二十四条第一项")


def read(findings: list[FindingView]) -> list[str]:
    """The passages with their claims in brackets."""
    return [
        "".join(f"【{piece.text}】" if piece.marked else piece.text for piece in passage.pieces)
        for passage in gather(findings)[0]
    ]


def test_claims_of_one_sentence_share_a_passage() -> None:
    """The sentence stands once, with every claim in it marked and named once."""
    findings = [
        claim("本校", "包过", "，国家认可，不过退费"),
        claim("本校包过，", "国家认可", "，不过退费", "B10 宣传“国家认可”"),
        claim("包过，国家认可，", "不过退费", ""),
    ]
    assert read(findings) == ["本校【包过】，【国家认可】，【不过退费】"]
    assert gather(findings)[0][0].behaviours == ("B9 宣传“包过”", "B10 宣传“国家认可”")


def test_overlapping_claims_are_one_mark() -> None:
    """Two rules that hit overlapping words mark their union, and no character is shown twice."""
    findings = [claim("", "免考直接", "拿证"), claim("免考", "直接拿证", "")]
    assert read(findings) == ["【免考直接拿证】"]


def test_claims_without_a_passage_are_counted() -> None:
    """What is not shown is told, never dropped."""
    findings = [claim("", f"承诺{number}号", "") for number in range(PASSAGES_SHOWN + 3)]
    passages, left = gather(findings)
    assert (len(passages), left) == (PASSAGES_SHOWN, 3)


def test_no_claims_no_passages() -> None:
    """A lead without findings has nothing to read."""
    assert gather([]) == ((), 0)
