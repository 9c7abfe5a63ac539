"""Words in their surroundings: coincidences, disguises and the way back to the original text."""

import pytest

import classifiers
from classifiers.classifier import Classifier
from domain.assessment import Assessment, Subject


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    """The bundled packs."""
    return classifiers.load()


def found(assessment: Assessment) -> set[str]:
    """Rule ids that count."""
    return {finding.rule_id for finding in assessment.findings}


INNOCENT = [
    "这袋面包过期了，证书放在桌上",
    "打包过程中发现证书文件缺失",
    "他承包过三年鱼塘，有养殖证书",
    "防火墙的包过滤规则与根证书无关",
    "书包过大，证件掉了出来",
    "近代考古学家的资格证书展出",
    "古代考官与考场制度，清代考证学",
    "不用考虑证书的问题，先把手艺学好",
    "开具之后可以直接出证明，带上证件",
    "担保过户手续和不动产证书",
]


@pytest.mark.parametrize("text", INNOCENT)
def test_a_word_inside_other_words_is_no_claim(classifier: Classifier, text: str) -> None:
    """Strings that happen to hold 包过, 代考, 不用考 … are told from the claim by their surroundings."""
    assert not {"B-GUAR-0010", "D-PROXY-0010", "D-NOEXAM-0010", "D-DIRECT-0010"} & found(
        classifier.assess(Subject(text))
    )


DISGUISED = [
    ("电工证包*过，加微信", "包*过", "插入符号"),
    ("电工证 包★过★班 招生", "包★过", "插入符号"),
    ("电工证包\u200b过", "包\u200b过", "插入符号"),
    ("电工证苞过，加微信", "苞过", "谐音"),
    ("电工证包迥，加微信", "包迥", "形近"),
    ("电工证bao过，加微信", "bao过", "拼音"),
    ("电工证，无需参加烤试，当天寄", "免", ""),
    ("资格证免k直出", "免k", "首字母"),
    ("办理言正书，官网可查，免考", "言正书", "拆字"),
    ("电工证🎒过", "🎒过", "表情"),
    ("焊工资格证\n包\n过\n免\n考\n", "包\n过", "竖排"),
    ("電工證書包過", "包過", ""),
    ("电工证ＢＡＯ过", "ＢＡＯ过", "拼音"),
]


@pytest.mark.parametrize(("text", "quote", "kind"), [row for row in DISGUISED if row[1] != "免"])
def test_disguises_are_undone_and_quoted_as_they_stood(
    classifier: Classifier, text: str, quote: str, kind: str
) -> None:
    """A disguised claim is found, quoted in the original characters, and the disguise is told."""
    reading = classifier.read(Subject(text), thorough=True)
    assert reading is not None
    assert any(quote in finding.quote for finding in reading.findings)
    if kind:
        assert any(told.startswith(kind) or kind in told for told in reading.evasion)


def test_folding_across_sentences_invents_no_word(classifier: Classifier) -> None:
    """Characters on both sides of a full stop are not read as one word."""
    assert "B-GUAR-0010" not in found(classifier.assess(Subject("证书放进钱包。过两天再来取证书。")))


def test_findings_in_title_and_unseen_segments_name_their_field(classifier: Classifier) -> None:
    """A claim in the title counts in the title, one that stands only in meta counts in that segment."""
    subject = Subject(
        text="电工证培训，加微信 abc12345，证书当天寄出，不用考试。",
        title="电工证包过",
        segments=(("main", "电工证培训"), ("meta", "焊工证官网可查，考不过全额退款")),
    )
    assessment = classifier.assess(subject)
    for finding in assessment.findings + assessment.exempted:
        whole = (
            subject.segments[finding.segment][1]
            if finding.segment is not None
            else {"title": subject.title, "text": subject.text}[finding.field]
        )
        assert whole[finding.start : finding.end] == finding.quote
    assert {finding.field for finding in assessment.findings} >= {"title", "text", "segments"}
    assert {finding.segment for finding in assessment.findings if finding.field == "segments"} == {1}


def test_a_hidden_copy_of_visible_text_is_not_found_twice(classifier: Classifier) -> None:
    """Unseen text that stands in the visible text too adds no findings of its own."""
    text = "电工证包过，官网可查，加微信 abc12345"
    assessment = classifier.assess(Subject(text, segments=(("meta", "电工证包过"),)))
    assert all(finding.field == "text" for finding in assessment.findings)


HIDDEN = [
    (
        "代理全国各省\n考务十五年整\n包君满意放心\n过程不用操劳\n二建一造都能安排，私信",
        "D-PROXY-0010",
        "代理全国各省\n考务十五年整",
    ),
    ("\u202e过包试考\u202c，教资、护资都行", "B-GUAR-0010", "过包试考"),
    ("二建过包的，倒着念你就懂", "B-GUAR-0010", "过包"),
    ("证出接直，想办的点头像", "D-DIRECT-0010", "证出接直"),
    ("焊工、叉车 gjrk、swkc、bg，要的滴滴", "D-INITIALS-0010", "gjrk、swkc、bg"),
]


@pytest.mark.parametrize(("text", "rule", "quote"), HIDDEN)
def test_words_hidden_in_the_order_of_characters_are_found(
    classifier: Classifier, text: str, rule: str, quote: str
) -> None:
    """Down the edge of a verse, from right to left, or as initials: the quote is what stands there."""
    findings = [finding for finding in classifier.assess(Subject(text)).findings if finding.rule_id == rule]
    assert any(quote in finding.quote for finding in findings), findings
    assert all(text[finding.start : finding.end] == finding.quote for finding in findings)


ORDERLY = [
    "新年快乐万事兴\n年年有余步步升\n快马加鞭争上游\n乐在其中不知倦\n祝考证顺利",
    "经过包装的礼盒，送给考下证书的同事",
    "报考代码见附件，证书编号在右上角",
    "装修时放的 bgm 很好听，mkv 格式，证书另存",
]


@pytest.mark.parametrize("text", ORDERLY)
def test_orderly_text_holds_no_hidden_word(classifier: Classifier, text: str) -> None:
    """A verse, neighbouring words and other abbreviations are not read against their order."""
    assert not found(classifier.assess(Subject(text))) & {
        "B-GUAR-0010",
        "D-PROXY-0010",
        "D-NOEXAM-0010",
        "D-INITIALS-0010",
    }
