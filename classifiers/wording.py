"""The wording layers: linear models over single characters and pairs of the text as it stands.

Claims without any keyword differ from honest text in hundreds of small words. Which ones is learned from labelled
texts (:mod:`classifiers.train`); what is kept is one number per character or pair, so every step can be shown.
One layer reads a text as a whole. The other reads each sentence by itself and has learned from the sentences in which
people marked a claim: an offer that stands in one sentence of a long page does not drown in the others.
The values are features among those of the rules and the surroundings, never a verdict of their own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice
from math import log, sqrt
from operator import add
from random import Random

import numpy as np
from numpy.typing import NDArray

from classifiers.model import Grams

#: At most this many folded characters are read for the wording; of a longer text the stretch with most hits.
PEAK = 280
#: The same for implied claims and for the surroundings of a claim.
WINDOW = 500
#: Characters up to which a sentence is only a scrap.
_SCRAP = 12
#: Ways to reach somebody: many honest pages end in them, so they must not speak for or against a text here.
_REACH = re.compile(
    r"(?:联系人|联系电话|联系方式|咨询电话|咨询热线|报名电话|客服|电话|手机|热线|传真|邮箱|地址|微信号?|qq群?|vx|wx|v信|tel)\s*[:：]?\s*[a-z0-9_+@.\-—－]*"
)
_NUMBER = re.compile(r"\d[\d\-—－*x]*")
_SENTENCE = re.compile(r"[^。！？!?\n；;]{1,120}[。！？!?；;]*")
_SPACE = re.compile(r"\s+")
_SURROGATES = re.compile(r"[\ud800-\udfff]+")


def written(original: str) -> str:
    """Return ``original`` as its grams are counted: lower case, no contacts or surrogates, numbers alike, spaces as one ``␣``."""
    return _SURROGATES.sub("", _SPACE.sub("␣", _NUMBER.sub("0", _REACH.sub("", original.lower()))))


def sentences_of(stretch: str) -> list[str]:
    """Return the sentences of ``stretch`` that the sentence layer reads: at most 60 pieces of at most 120 characters.

    Scraps (a cell, a menu's word) are read with what follows: two or three characters by themselves say anything.
    """
    sentences: list[str] = []
    scraps = ""
    for match in islice(_SENTENCE.finditer(stretch), 60):
        scraps += match[0].strip() + "\n"
        if len(scraps) > _SCRAP:
            sentences.append(scraps[:-1])
            scraps = ""
    if scraps.strip():
        sentences.append(f"{sentences.pop()}\n{scraps[:-1]}" if sentences else scraps[:-1])
    return sentences


def grams(original: str) -> Counter[str]:
    """Return the characters and pairs of ``original`` with their numbers, punctuation included."""
    text = written(original)
    counts = Counter(text)
    counts.update(map(add, text, text[1:]))
    return counts


class Wording:
    """Weights by character or pair, with the share that each has in the length of a text's vector."""

    def __init__(self, model: Grams) -> None:
        weights = model.weights
        self._names = list(weights)
        self._weights = np.array([weight for weight, _ in weights.values()])
        self._rarity = np.array([idf for _, idf in weights.values()])
        self._intercept = model.intercept
        # Two look-ups tell a gram's number: code point → small number, two of those → number of the pair; 0: no gram.
        chars = {char: number for number, char in enumerate(sorted(set("".join(weights))), start=1)}
        self._numbers = np.zeros(0x110000, np.int32)
        self._numbers[[ord(char) for char in chars]] = list(chars.values())
        self._single = np.zeros(len(chars) + 1, np.uint16)
        self._pair = np.zeros(len(self._single) ** 2, np.uint16)
        for number, name in enumerate(self._names, start=1):
            if len(name) == 1:
                self._single[chars[name]] = number
            else:
                self._pair[chars[name[0]] * len(self._single) + chars[name[1]]] = number

    def value(self, original: str) -> float:
        """Return the layer's value: below 0 reads innocent, above 0 like an offer; 0 for an empty model."""
        if not self._names:
            return 0.0
        grams, counts = self._counts(original)
        if not len(grams):
            return self._intercept
        sizes = self._rarity[grams] * (1.0 + np.log(counts))
        return self._intercept + float(self._weights[grams] @ sizes) / sqrt(float(sizes @ sizes))

    def values(self, sentences: Sequence[str]) -> list[float]:
        """Return the layer's value of each of ``sentences``, as :meth:`value` gives it, in one pass."""
        if not self._names:
            return [0.0] * len(sentences)
        # No gram holds a NUL, and nothing that is left out of a text reaches over one.
        text = written("\0".join(sentence.replace("\0", "\1") for sentence in sentences))
        numbers = self._grams(text)
        sentence = np.cumsum(np.frombuffer(text.encode("utf-32-le"), np.uint32) == 0)
        owner = np.concatenate((sentence, sentence[:-1]))
        met = (owner * (len(self._names) + 1) + numbers)[numbers > 0]
        met.sort()
        if not len(met):
            return [self._intercept] * len(sentences)
        # Not numpy.unique, which at its first call imports a tenth of a second of modules.
        starts = np.flatnonzero(np.concatenate(((True,), met[1:] != met[:-1])))
        counts = np.concatenate((starts[1:], (len(met),))) - starts
        owner, grams = np.divmod(met[starts], len(self._names) + 1)
        sizes = self._rarity[grams - 1] * (1.0 + np.log(counts))
        totals = np.bincount(owner, self._weights[grams - 1] * sizes, len(sentences))
        lengths = np.sqrt(np.bincount(owner, sizes * sizes, len(sentences)))
        return list((totals / np.maximum(lengths, 1e-9) + self._intercept).tolist())

    def _counts(self, original: str) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return which of the model's grams stand in ``original``, ascending, and how often each."""
        counts = np.bincount(self._grams(written(original)))[1:]
        grams = np.flatnonzero(counts)
        return grams, counts[grams]

    def _grams(self, text: str) -> NDArray[np.uint16]:
        """Return the number of the gram (0: none of the model's) at every character, then at every pair."""
        codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
        numbers = self._numbers.take(codes)
        pairs = numbers[:-1] * len(self._single) + numbers[1:]
        return np.concatenate((self._single.take(numbers), self._pair.take(pairs)))


def learn(
    texts: Sequence[str],
    labels: Sequence[bool],
    size: int = 8000,
    least: int = 2,
    cost: float = 1.0,
    balanced: bool = False,
) -> Grams:
    """Return a linear support vector machine over the ``size`` most telling grams.

    A gram counts when at least ``least`` texts have it. ``balanced``: both labels weigh the same together, however many
    texts have each. Deterministic: the order of visits is mixed by a fixed seed.
    """
    counted = [grams(text) for text in texts]
    spread: Counter[str] = Counter()
    for counts in counted:
        spread.update(counts.keys())
    idf = {gram: log((1 + len(texts)) / (1 + n)) + 1.0 for gram, n in sorted(spread.items()) if n >= least}
    shares = Counter(labels)
    costs = {label: cost * (len(labels) / (2.0 * n) if balanced else 1.0) for label, n in shares.items()}
    if len(idf) > size:
        first, _ = _machine(counted, labels, idf, costs, rounds=12)
        telling = sorted(idf, key=lambda gram: (-abs(first[gram]) * idf[gram] * sqrt(spread[gram]), gram))[:size]
        idf = {gram: idf[gram] for gram in sorted(telling)}
    weights, intercept = _machine(counted, labels, idf, costs, rounds=30)
    return Grams(intercept, {gram: (weights[gram], idf[gram]) for gram in idf})


def _machine(
    counted: Sequence[Counter[str]],
    labels: Sequence[bool],
    idf: Mapping[str, float],
    costs: Mapping[bool, float],
    rounds: int,
) -> tuple[dict[str, float], float]:
    """Squared hinge loss, dual coordinate descent; ``costs`` of an error by label."""
    names = {gram: index for index, gram in enumerate(idf)}
    bias = len(names)
    rows = [_row(counts, idf, names, bias) for counts in counted]
    weights = np.zeros(len(names) + 1)
    signs = [1.0 if label else -1.0 for label in labels]
    alphas = [0.0] * len(rows)
    diagonals = [1.0 / (2.0 * costs[label]) for label in labels]
    order = list(range(len(rows)))
    mixer = Random(1)
    norms = [float(values @ values) + diagonal for (_, values), diagonal in zip(rows, diagonals, strict=True)]
    for _ in range(rounds):
        mixer.shuffle(order)
        for i in order:
            at, values = rows[i]
            gradient = signs[i] * float(weights[at] @ values) - 1.0 + diagonals[i] * alphas[i]
            if alphas[i] == 0.0 and gradient >= 0.0:
                continue
            fresh = max(0.0, alphas[i] - gradient / norms[i])
            change = (fresh - alphas[i]) * signs[i]
            alphas[i] = fresh
            if change:
                weights[at] += change * values
    return {gram: float(weights[j]) for gram, j in names.items()}, float(weights[bias])


def _row(
    counts: Counter[str], idf: Mapping[str, float], names: Mapping[str, int], bias: int
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return places and values of one text's vector, of length 1, with the bias's 1 after it."""
    held = [(names[gram], idf[gram] * (1.0 + log(n))) for gram, n in sorted(counts.items()) if gram in idf]
    values = np.array([value for _, value in held])
    length = float(np.sqrt(values @ values)) or 1.0
    return np.array([*(j for j, _ in held), bias], np.intp), np.append(values / length, 1.0)
