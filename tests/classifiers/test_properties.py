"""Every input ends in an assessment, and what every assessment keeps to."""

import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import classifiers
from domain.assessment import Assessment, Level, Subject

CLASSIFIER = classifiers.load()

PIECES = [
    *(
        "包过",
        "保过",
        "证书",
        "电工证",
        "不用考试",
        "官网可查",
        "国家认可",
        "代考",
        "加微信",
        "谨防",
        "请问",
        "吗？",
        "。",
        "\n",
        "，",
    ),
    *(
        "苞",
        "迥",
        "🎒",
        "\u200b",
        "*",
        "bao",
        "guo",
        "讠正",
        "言正书",
        "免k",
        "包 过",
        "“",
        "”",
        "不",
        "没有",
        "７",
        "①",
        "㊣",
    ),
    *(
        "\ud800",
        "\udfff",
        "\x00",
        "\u202e",
        "𠮷",
        "👨\u200d👩\u200d👧",
        "ﬁ",
        "㍿",
        "证",
        "書",
        "本子",
        "寄到",
        "三天",
        "拿证",
        "￥380",
    ),
]
TEXTS = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=60).map("".join),
    st.text(st.characters(codec=None), max_size=200),
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(string.printable, max_size=4)), max_size=40).map("".join),
)
CALM = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def keeps_to_the_rules(assessment: Assessment, subject: Subject) -> None:
    """Spans, scores, levels and steps are what domain.assessment says."""
    assert 0 <= assessment.score <= 100
    assert assessment.rule_pack == CLASSIFIER.rule_pack
    for finding in assessment.findings + assessment.exempted:
        fields = {"title": subject.title, "text": subject.text}
        whole = fields[finding.field] if finding.segment is None else subject.segments[finding.segment][1]
        assert 0 <= finding.start < finding.end <= len(whole)
        assert whole[finding.start : finding.end] == finding.quote
    assert all(finding.exempted_by is None for finding in assessment.findings)
    assert all(finding.exempted_by for finding in assessment.exempted)
    if assessment.flagged:
        assert assessment.findings
        assert assessment.steps


@CALM
@given(text=TEXTS, title=TEXTS, hidden=TEXTS)
def test_any_text_ends_in_an_assessment_with_true_spans(text: str, title: str, hidden: str) -> None:
    """Whatever is in title, text and hidden segments, quotes are exactly what stands at their spans."""
    subject = Subject(text, title, segments=(("main", text), ("hidden", hidden)))
    keeps_to_the_rules(CLASSIFIER.assess(subject), subject)


@CALM
@given(text=TEXTS)
def test_the_same_input_gives_the_same_assessment(text: str) -> None:
    """An assessment is a value of its input and the packs."""
    assert CLASSIFIER.assess(Subject(text)) == CLASSIFIER.assess(Subject(text))


@CALM
@given(text=TEXTS)
def test_an_explanation_shows_the_whole_text(text: str) -> None:
    """The marked pieces join to the text, and the steps add up to what the score is made of."""
    explanation = classifiers.explain(CLASSIFIER, Subject(text))
    assert "".join(piece.text for piece in explanation.text) == text
    assert explanation.raw == pytest.approx(sum(step.points for step in explanation.steps), abs=1e-3)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t",
        "\x00" * 1000,
        "\ud800" * 1000,
        "😀" * 5000,
        bytes(range(256)).decode("latin-1") * 200,
        "包过" * 30_000,
        "证书包过不用考试官网可查" * 5_000,
        "包\u200b过" * 20_000,
        "“" * 20_000 + "包过",
        "证" * 50_000,
        "1" * 100_000,
        "bao" * 30_000,
        "言正书" * 10_000,
    ],
    ids=lambda text: f"{text[:6]!a}x{len(text)}",
)
def test_hostile_and_huge_input_ends_in_an_assessment(text: str) -> None:
    """Emptiness, binary junk, surrogates and repetition neither raise nor break a span."""
    subject = Subject(text)
    keeps_to_the_rules(CLASSIFIER.assess(subject), subject)


def test_five_megabytes_are_assessed_and_what_was_not_looked_at_is_told() -> None:
    """A huge text is assessed; where hits were too many, the assessment says how far it was read."""
    subject = Subject("电工证包过，官网可查。" * 150_000)
    assessment = CLASSIFIER.assess(subject)
    keeps_to_the_rules(assessment, subject)
    assert assessment.incomplete


def test_a_claim_deep_in_a_long_page_is_found() -> None:
    """An explicit claim far from the beginning of a long innocent text still gives its finding."""
    filler = "今天天气晴朗，市民在公园散步，孩子们放风筝，湖边的柳树发了新芽。\n" * 2_000
    subject = Subject(f"{filler}叉车证不用考试，包过，考不过全额退款，官网可查，加微信 chache_8888\n{filler}")
    assessment = CLASSIFIER.assess(subject)
    keeps_to_the_rules(assessment, subject)
    assert {"B-GUAR-0010", "B-GUAR-0020"} <= {finding.rule_id for finding in assessment.findings}
    assert assessment.level is not Level.NONE
