"""The wording layers: the same value alone and among others, and sentences cut as they are read."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.model import Grams
from classifiers.wording import Wording, learn, sentences_of

OFFERS = ["焊工证包过，七天出证。", "健康管理师免考，官网可查！", "电工证不用来人，包过。", "包过出证，官网可查。"]
PLAIN = ["焊工培训下周开班。", "健康管理师考试定于五月。", "电工证复审请带原件。", "面包过期了，别吃。"]
MODEL = Wording(learn(OFFERS + PLAIN, [True] * 4 + [False] * 4, least=1))


def test_what_was_learned_tells_the_two_apart() -> None:
    """Offers come out above 0, the others below; without a model every value is 0."""
    assert min(MODEL.values(OFFERS)) > 0 > max(MODEL.values(PLAIN))
    assert Wording(Grams()).values(OFFERS) == [0.0] * 4


@given(st.lists(st.text(st.sampled_from("包过出证官网 0\0\n。焊a😀\ud800"), max_size=30), max_size=6))
@settings(max_examples=200, deadline=None)
def test_sentences_read_together_have_the_values_they_have_alone(sentences: list[str]) -> None:
    """No pair reaches from one sentence to the next, whatever stands in them."""
    assert MODEL.values(sentences) == pytest.approx([MODEL.value(one.replace("\0", "\1")) for one in sentences])


def test_an_offer_weighs_the_same_however_few_there_are() -> None:
    """Balanced learning does not give way to the label that has more texts."""
    many = [f"{text}第{number}期" for number in range(12) for text in PLAIN]
    model = Wording(learn([*OFFERS, *many], [True] * 4 + [False] * len(many), least=1, cost=0.05, balanced=True))
    assert min(model.values(OFFERS)) > max(model.values(PLAIN))


def test_sentences_are_cut_at_their_ends_and_none_is_long() -> None:
    """Ends of sentences and lines cut; scraps stay with what follows, and a text without an end comes in pieces."""
    assert sentences_of("焊工证包过！七天出证。\n加我\n官网可查；终身有效") == [
        "焊工证包过！\n七天出证。",
        "加我\n官网可查；\n终身有效",
    ]
    pieces = sentences_of("过" * 20_000)
    assert len(pieces) == 60
    assert {len(piece) for piece in pieces} == {120}
