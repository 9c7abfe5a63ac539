"""The wording layer: a linear model over single characters and pairs of the text as it stands.

Claims without any keyword differ from honest text in hundreds of small words. Which ones is learned from labelled
texts (:mod:`classifiers.train`); what is kept is one number per character or pair, so every step can be shown.
The value is one feature among those of the rules and the surroundings, never a verdict of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from math import log, sqrt
from operator import add
from random import Random

import numpy as np
from numpy.typing import NDArray

#: At most this many folded characters are read for the wording; of a longer text the stretch with most hits.
PEAK = 280
#: The same for implied claims and for the surroundings of a claim.
WINDOW = 500
#: Ways to reach somebody: many honest pages end in them, so they must not speak for or against a text here.
_REACH = re.compile(
    r"(?:联系人|联系电话|联系方式|咨询电话|咨询热线|报名电话|客服|电话|手机|热线|传真|邮箱|地址|微信号?|qq群?|vx|wx|v信|tel)\s*[:：]?\s*[a-z0-9_+@.\-—－]*"
)
_NUMBER = re.compile(r"\d[\d\-—－*x]*")
_SPACE = re.compile(r"\s+")
_SURROGATES = re.compile(r"[\ud800-\udfff]+")


def written(original: str) -> str:
    """Return ``original`` as its grams are counted: lower case, no contacts or surrogates, numbers alike, spaces as one ``␣``."""
    return _SURROGATES.sub("", _SPACE.sub("␣", _NUMBER.sub("0", _REACH.sub("", original.lower()))))


def grams(original: str) -> Counter[str]:
    """Return the characters and pairs of ``original`` with their numbers, punctuation included."""
    text = written(original)
    counts = Counter(text)
    counts.update(map(add, text, text[1:]))
    return counts


class Wording:
    """Weights by character or pair, with the share that each has in the length of a text's vector."""

    def __init__(self, weights: Mapping[str, tuple[float, float]], intercept: float) -> None:
        self._names = list(weights)
        self._weights = np.array([weight for weight, _ in weights.values()])
        self._rarity = np.array([idf for _, idf in weights.values()])
        self._intercept = intercept
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

    def strongest(self, original: str, number: int = 6) -> list[str]:
        """Return the pairs of ``original`` that speak most for an offer."""
        found = [
            (float(self._weights[i] * self._rarity[i]), self._names[i])
            for i in self._counts(original)[0]
            if self._weights[i] > 0 and len(self._names[i]) > 1
        ]
        return [gram for _, gram in sorted(found, key=lambda pair: (-pair[0], pair[1]))[:number]]

    def densities(self, sentences: Sequence[str]) -> list[float]:
        """Return for each of ``sentences`` how much it speaks for an offer, by the root of its length."""
        # No gram holds a NUL, and nothing that is left out of a text reaches over one.
        text = written("\0".join(sentence.replace("\0", "\1") for sentence in sentences))
        numbers = self._grams(text)
        sentence = np.cumsum(np.frombuffer(text.encode("utf-32-le"), np.uint32) == 0)
        owner = np.concatenate((sentence, sentence[:-1]))
        met = owner * (len(self._names) + 1) + numbers
        met.sort()
        # Not numpy.unique, which at its first call imports a tenth of a second of modules.
        met = met[np.diff(met, prepend=-1) != 0]
        owner, grams = np.divmod(met, len(self._names) + 1)
        said = np.concatenate(((0.0,), self._weights * self._rarity))[grams]
        totals = np.bincount(owner, said, len(sentences))
        return [float(total) / sqrt(len(s) + 8) for total, s in zip(totals, sentences, strict=True)]

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
    texts: Sequence[str], labels: Sequence[bool], size: int = 4000, least: int = 2, cost: float = 1.0
) -> tuple[dict[str, tuple[float, float]], float]:
    """Return weights and intercept of a linear support vector machine over the ``size`` most telling grams.

    A gram counts when at least ``least`` texts have it. Deterministic: the order of visits is mixed by a fixed seed.
    """
    counted = [grams(text) for text in texts]
    spread: Counter[str] = Counter()
    for counts in counted:
        spread.update(counts.keys())
    idf = {gram: log((1 + len(texts)) / (1 + n)) + 1.0 for gram, n in sorted(spread.items()) if n >= least}
    if len(idf) > size:
        first, _ = _machine(counted, labels, idf, cost, rounds=12)
        telling = sorted(idf, key=lambda gram: (-abs(first[gram]) * idf[gram] * sqrt(spread[gram]), gram))[:size]
        idf = {gram: idf[gram] for gram in sorted(telling)}
    weights, intercept = _machine(counted, labels, idf, cost, rounds=30)
    return {gram: (weights[gram], idf[gram]) for gram in idf}, intercept


def _machine(
    counted: Sequence[Counter[str]], labels: Sequence[bool], idf: Mapping[str, float], cost: float, rounds: int
) -> tuple[dict[str, float], float]:
    """Squared hinge loss, dual coordinate descent."""
    names = {gram: index for index, gram in enumerate(idf)}
    bias = len(names)
    rows = [_row(counts, idf, names, bias) for counts in counted]
    weights = np.zeros(len(names) + 1)
    signs = [1.0 if label else -1.0 for label in labels]
    alphas = [0.0] * len(rows)
    diagonal = 1.0 / (2.0 * cost)
    order = list(range(len(rows)))
    mixer = Random(1)
    norms = [float(values @ values) + diagonal for _, values in rows]
    for _ in range(rounds):
        mixer.shuffle(order)
        for i in order:
            at, values = rows[i]
            gradient = signs[i] * float(weights[at] @ values) - 1.0 + diagonal * alphas[i]
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
