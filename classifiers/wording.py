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

#: At most this many folded characters are read; of a longer text the stretch with most hits.
WINDOW = 1600
_DIGITS = re.compile(r"\d")
_SPACE = re.compile(r"\s+")


def grams(original: str) -> Counter[str]:
    """Return the characters and pairs of ``original`` with their numbers, punctuation included.

    All digits are alike, all runs of spaces too; a space is written ``␣``.
    """
    text = _SPACE.sub("␣", _DIGITS.sub("0", original.lower()))
    counts = Counter(text)
    counts.update(map(add, text, text[1:]))
    return counts


class Wording:
    """Weights by character or pair, with the share that each has in the length of a text's vector."""

    def __init__(self, weights: Mapping[str, tuple[float, float]], intercept: float) -> None:
        self._weights = weights
        self._intercept = intercept

    def value(self, plain: str) -> float:
        """Return the layer's value for ``plain``: below 0 reads innocent, above 0 like an offer; 0 for an empty model."""
        if not self._weights:
            return 0.0
        total = length = 0.0
        find = self._weights.get
        for gram, count in grams(plain).items():
            known = find(gram)
            if known is not None:
                weight, idf = known
                size = idf if count == 1 else idf * (1.0 + log(count))
                total += weight * size
                length += size * size
        return self._intercept + (total / sqrt(length) if length else 0.0)

    def strongest(self, plain: str, number: int = 6) -> list[str]:
        """Return the pairs of ``plain`` that speak most for an offer."""
        found = [(self._weights[gram][0] * self._weights[gram][1], gram) for gram in grams(plain) if gram in self._weights]
        return [gram for points, gram in sorted(found, key=lambda pair: (-pair[0], pair[1])) if points > 0 and len(gram) > 1][:number]

    def density(self, plain: str) -> float:
        """Return how much ``plain`` (a sentence) speaks for an offer, by the root of its length."""
        total = sum(
            known[0] * known[1] for gram in grams(plain) if (known := self._weights.get(gram)) is not None
        )
        return total / sqrt(len(plain) + 8)


def window(starts: Sequence[int], length: int) -> tuple[int, int]:
    """Return the stretch of at most :data:`WINDOW` characters that holds most of the ascending ``starts``."""
    if length <= WINDOW:
        return 0, length
    best = first = 0
    best_count = 0
    for last, start in enumerate(starts):
        while start - starts[first] > WINDOW - 200:
            first += 1
        if last - first + 1 > best_count:
            best_count, best = last - first + 1, starts[first]
    begin = max(0, min(best - 100, length - WINDOW))
    return begin, begin + WINDOW


def learn(
    texts: Sequence[str], labels: Sequence[bool], least: int = 2, cost: float = 1.0, rounds: int = 60
) -> tuple[dict[str, tuple[float, float]], float]:
    """Return weights and intercept of a linear support vector machine (squared hinge, dual coordinate descent).

    ``texts`` are plain texts; a gram counts when at least ``least`` texts have it. Deterministic: the order of visits is mixed by a fixed seed.
    """
    counted = [grams(text) for text in texts]
    spread: Counter[str] = Counter()
    for counts in counted:
        spread.update(counts.keys())
    idf = {gram: log((1 + len(texts)) / (1 + n)) + 1.0 for gram, n in sorted(spread.items()) if n >= least}
    names = {gram: index for index, gram in enumerate(idf)}
    rows = [_row(counts, idf, names) for counts in counted]
    weights = [0.0] * (len(names) + 1)
    bias = len(names)
    alphas = [0.0] * len(rows)
    diagonal = 1.0 / (2.0 * cost)
    order = list(range(len(rows)))
    mixer = Random(1)
    for _ in range(rounds):
        mixer.shuffle(order)
        for i in order:
            sign = 1.0 if labels[i] else -1.0
            margin = sum(weights[j] * v for j, v in rows[i]) + weights[bias]
            gradient = sign * margin - 1.0 + diagonal * alphas[i]
            if alphas[i] == 0.0 and gradient >= 0.0:
                continue
            norm = sum(v * v for _, v in rows[i]) + 1.0 + diagonal
            fresh = max(0.0, alphas[i] - gradient / norm)
            change = (fresh - alphas[i]) * sign
            alphas[i] = fresh
            if change:
                for j, v in rows[i]:
                    weights[j] += change * v
                weights[bias] += change
    return {gram: (weights[j], idf[gram]) for gram, j in names.items()}, weights[bias]


def _row(counts: Counter[str], idf: Mapping[str, float], names: Mapping[str, int]) -> list[tuple[int, float]]:
    row = [(names[gram], idf[gram] * (1.0 + log(n))) for gram, n in sorted(counts.items()) if gram in idf]
    length = sqrt(sum(v * v for _, v in row)) or 1.0
    return [(j, v / length) for j, v in row]

