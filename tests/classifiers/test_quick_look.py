"""The quick look leaves out only what the careful one would: a hit or a rule that it drops can never count."""

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import classifiers
from classifiers.automaton import Automaton
from classifiers.boundary import Segmenter
from classifiers.hits import Hits
from classifiers.matching import RuleIndex, matches
from classifiers.normalise import FoldedText, build_table
from classifiers.preparation import segmenter_words
from classifiers.scanning import Scan

PACK = classifiers.load().pack
TABLE = build_table(PACK.disguises.stand_ins)
AUTOMATON = Automaton(PACK.concepts.values(), PACK.disguises, TABLE)
INDEX = RuleIndex(PACK, AUTOMATON)
SEGMENTER = Segmenter(segmenter_words(PACK))

#: Words of the packs, stand-ins for their characters and what stands between them.
WORDS = st.sampled_from(sorted({word for concept in PACK.concepts.values() for word in concept.words}))
STAND_INS = st.sampled_from(sorted(PACK.disguises.stand_ins))
#: Short words that are looked for in disguise, with one or all of their characters replaced by such as stand for them.
SHORT = sorted(
    word for concept in PACK.concepts.values() if concept.disguise for word in concept.words if 1 <= len(word) <= 3
)


def _disguised(word: str, every: bool) -> str:
    instead = {meant: written for written, meant in PACK.disguises.stand_ins.items()}
    changed = [instead.get(char, char) for char in word]
    return "".join(changed if every else [changed[0], *word[1:]])


DISGUISED = st.builds(_disguised, st.sampled_from(SHORT), st.booleans())
TEXTS = st.lists(
    st.one_of(
        WORDS,
        WORDS.map(lambda word: word[::-1]),
        st.tuples(WORDS, STAND_INS).map(lambda pair: pair[0][:-1] + pair[1]),
        STAND_INS,
        DISGUISED,
        st.sampled_from(["，", "。", "\n", " ", "的", "倒着读", "证书", "电工证", "\u202e"]),
    ),
    max_size=14,
).map("".join)
CALM = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _judged(text: FoldedText, scan: Scan, raw: list[tuple[int, int, int]]) -> Hits:
    return Hits(text, raw, AUTOMATON, PACK, SEGMENTER, scan.turned)


@CALM
@given(original=TEXTS)
@example("没冇书过不，倒着读：过包")
def test_a_hit_that_the_scan_drops_would_not_have_been_honest(original: str) -> None:
    """With and without what the scan leaves out, the same hits hold for every concept."""
    text = FoldedText(original, TABLE)
    scan = Scan(text, AUTOMATON)
    kept = _judged(text, scan, scan.hits)
    everything = _judged(text, scan, list(zip(*AUTOMATON.raw(text.codes).tolist(), strict=True)))
    for name in PACK.concepts:
        assert kept.honest(name) == everything.honest(name)


@CALM
@given(original=TEXTS)
def test_a_rule_that_holds_is_among_those_that_may(original: str) -> None:
    """No rule matches which the look at raw hits had ruled out."""
    text = FoldedText(original, TABLE)
    scan = Scan(text, AUTOMATON)
    hits = _judged(text, scan, scan.hits)
    may = {rule.id for rule in INDEX.explicit(scan.concepts(), scan, 0, form=True)}
    may |= {rule.id for rule in INDEX.implied((0, scan.length), scan, 0, form=True)}
    hold = {rule.id for rule in PACK.rules if not rule.whole and matches(rule, hits, text)}
    assert hold <= may
