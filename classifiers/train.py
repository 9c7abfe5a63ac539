"""Training of the learned layers: ``python -m classifiers.train FILE.jsonl … [--out DIR]``.

Both wording layers (:mod:`classifiers.wording`) first, then a logistic regression over the findings, the surroundings
and the wording of a document. Every weight is drawn towards what its rule
says (or towards the table below), so that a rule nobody has samples for keeps its author's weight, and one odd sample
cannot turn a sign. A rule never lowers a score. Without randomness: the same files give the same weights, byte by byte.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import exp, log
from pathlib import Path

import numpy as np

from classifiers.classifier import Classifier
from classifiers.evaluation import Labelled, labelled, read_lines
from classifiers.features import SENTENCES, WORDING, sentence_values, wording_values
from classifiers.loader import BUNDLED, load_packs
from classifiers.model import Grams
from classifiers.wording import Wording, learn, sentences_of
from domain.assessment import Subject

#: Where weights of features that are no rules begin.
PRIORS: Mapping[str, float] = {
    "wording": 4.0,
    "wording:against": 4.0,
    "wording:claim": 1.5,
    "wording:claim_against": 1.0,
    "sentence:first": 0.8,
    "sentence:second": 0.4,
    "sentence:mean": 0.4,
    "explicit": 0.4,
    "implied": 0.5,
    "contacts": 0.8,
    "evasion": 1.2,
    "odd_writing": 0.5,
    "price_list": 0.4,
    "prices": 0.2,
    "form": 0.3,
    # No sample has it: what stands on an authority's own host is hardly ever an offer, but such hosts have been broken into.
    "official_host": -3.0,
    "fact:unlisted": 0.8,
    "fact:level": 0.8,
    "fact:query_host": 0.6,
    "fact:listed": -0.4,
    "fact:official_query": -1.0,
    "speaker:authority": -2.0,
    "speaker:media": -2.0,
    "speaker:seller": 0.6,
    "speaker:institution": -0.3,
    "speaker:private": -0.3,
    "context:contact": 0.3,
    "context:soft_contact": 0.5,
    "context:enrol": 0.1,
    "context:selling": 0.3,
    "context:warning": -0.6,
    "context:scam": -0.8,
    "context:enforcement": -0.8,
    "context:news": -0.6,
    "context:law": -0.6,
    "context:official_doc": -0.5,
    "context:honest": -0.8,
    "context:study": -0.5,
    "context:question": -0.3,
    "context:other_trade": -0.6,
    "context:satire": -0.5,
    "context:story": -0.1,
    "context:legit_lookup": -0.3,
    "exempt:warning": -0.5,
    "exempt:enforcement": -0.6,
    "exempt:negation": -0.5,
    "exempt:quotation": -0.6,
    "exempt:report": -0.5,
    "exempt:question": -0.3,
    "exempt:law": -0.5,
    "exempt:wordlist": -1.0,
    "exempt:trade": -0.7,
    "context:object": 0.2,
    "context:arrive": 0.2,
    "context:nobody_fails": 0.3,
    "context:effortless": 0.3,
    "context:others_do": 0.4,
    "context:official_hint": 0.1,
    "context:pay_level": 0.3,
    "context:agent": 0.2,
    "context:crowd": 0.0,
    "context:animals": 0.1,
    "context:papers": 0.0,
    "context:subsidy": 0.1,
}
_INTERCEPT = -2.0
#: How far a weight may be drawn from its prior: variances of the normal distributions around them. A rule's is small:
#: the samples are many quotations of its words, and its author knows what an outright claim is.
_VARIANCE_RULE = 0.1
_VARIANCE_OTHER = 0.8
_VARIANCE_INTERCEPT = 4.0
_VARIANCE_WORDING = 4.0
_STEPS = 400
#: What an error costs the wording layer, and the sentence layer, whose two labels weigh the same. Chosen by leaving out
#: sources (5,556 texts of 18): at 0.2–1 the figures differ by less than 0.005.
_COST_WORDING = 0.6
_COST_SENTENCES = 0.4
#: Characters of a marked claim by which a sentence is known to hold a part of it.
_SHARED = 8


class Row:
    """One document as the linear layer sees it; None where no rule holds (never flagged, nothing to learn)."""

    __slots__ = ("claiming", "embedded", "label", "one", "sentences", "source", "values", "wording")

    def __init__(
        self, classifier: Classifier, one: Labelled, source: str = "", around: tuple[str, str] | None = None
    ) -> None:
        """``source`` names where it comes from: texts of one hand are alike in more than what they say.

        ``around`` is text to stand before and after it in a second copy: real pages hold more than an advertisement.
        """
        reading = classifier.read(one.subject, thorough=True)
        self.embedded: Row | None = None
        if around is not None:
            text = f"{around[0]}\n{one.subject.text}\n{around[1]}"
            self.embedded = Row(classifier, replace(one, subject=replace(one.subject, text=text)), source)
        self.one = one
        self.source = source
        self.label = one.label
        self.wording = classifier.wording_text(one.subject)
        self.sentences = sentences_of(self.wording)
        self.claiming = [_claiming(sentence, one) for sentence in self.sentences]
        self.values: dict[str, float] | None = None
        if reading is not None:
            self.values = {name: value for name, value in reading.values.items() if name not in (*WORDING, *SENTENCES)}

    def with_wording(self, wording: Wording, sentences: Wording) -> dict[str, float]:
        """Return the features with the values of both wording layers; only for rows that have any."""
        values = self.values or {}
        value = wording.value(self.wording)
        return {
            **values,
            **wording_values(value, "explicit" in values),
            **sentence_values(sentences.values(self.sentences)),
        }


def _claiming(sentence: str, one: Labelled) -> bool | None:
    """Whether ``sentence`` is one for which ``one`` is a violation; None where nobody has said."""
    if not one.label:
        return False
    if not one.claims:
        return True
    bare = sentence.strip()
    shared = any(
        claim in sentence
        or bare in claim
        or any(claim[at : at + _SHARED] in sentence for at in range(0, len(claim) - _SHARED + 1, _SHARED // 2))
        for claim in one.claims
    )
    return True if shared else None


def rows_of(classifier: Classifier, ones: Sequence[Labelled], everyday: Sequence[str], source: str = "") -> list[Row]:
    """Return the rows of ``ones``, which are of one source; every third also stands in a page of ``everyday`` text."""
    rows = []
    for number, one in enumerate(ones):
        around = None
        if everyday and number % 3 == 0:
            picked = [everyday[(number * 7 + k * 5) % len(everyday)] for k in range(6)]
            around = "\n".join(picked[:3]), "\n".join(picked[3:])
        rows.append(Row(classifier, one, source, around))
    return rows


def everyday_rows(classifier: Classifier, everyday: Sequence[str]) -> list[Row]:
    """Return rows of ``everyday`` text, which is innocent: each by itself, and in pages of nine."""
    rows = []
    for number, text in enumerate(everyday):
        rows.append(Row(classifier, Labelled(f"everyday{number}", Subject(text), False), "everyday"))
        for step in (7, 11, 13):
            page = "\n".join(everyday[(number * 3 + k * step) % len(everyday)] for k in range(9))
            rows.append(Row(classifier, Labelled(f"everyday{number}-{step}", Subject(page), False), "everyday"))
    return rows


def fit(usable: Sequence[tuple[Mapping[str, float], bool]], own: Mapping[str, float]) -> tuple[float, dict[str, float]]:
    """Return intercept and weights for feature values with labels; ``own`` are the rules' weights by feature name."""
    prior = {**PRIORS, **own}
    names = sorted(set(prior) | {name for values, _ in usable for name in values})
    index = {name: i + 1 for i, name in enumerate(names)}
    start = np.array([_INTERCEPT] + [prior.get(name, 0.0) for name in names])
    variance = np.array([_VARIANCE_INTERCEPT] + [_variance(name) for name in names])
    floor = np.array([-1e9] + [_floor(name) for name in names])
    seen = np.zeros((len(usable), len(start)))
    seen[:, 0] = 1.0
    for row, (values, _) in enumerate(usable):
        for name, value in values.items():
            seen[row, index[name]] = value
    labels = np.array([float(label) for _, label in usable])
    weights = start.copy()
    moment = np.zeros_like(weights)
    spread = np.zeros_like(weights)
    for step in range(1, _STEPS + 1):
        error = 1.0 / (1.0 + np.exp(-np.clip(seen @ weights, -60.0, 60.0))) - labels
        gradient = (weights - start) / variance + error @ seen
        moment = 0.9 * moment + 0.1 * gradient
        spread = 0.99 * spread + 0.01 * gradient * gradient
        rate = 0.08 if step < _STEPS * 0.6 else 0.02
        weights -= rate * moment / (1 - 0.9**step) / (np.sqrt(spread / (1 - 0.99**step)) + 1e-8)
        weights = np.maximum(weights, floor)
    return float(weights[0]), {name: float(weights[index[name]]) for name in names}


def _floor(name: str) -> float:
    """What speaks for a claim never lowers a score."""
    if name.startswith("rule:"):
        return 0.05
    speaking = (*WORDING, *SENTENCES, "explicit", "implied", "contacts", "evasion", "odd_writing", "price_list")
    return 0.0 if name in speaking else -1e9


def _variance(name: str) -> float:
    if name in (*WORDING, *SENTENCES):
        return _VARIANCE_WORDING
    return _VARIANCE_RULE if name.startswith("rule:") else _VARIANCE_OTHER


class Trained:
    """All layers, trained on the same rows: the wording on plain texts, the linear layer on everything."""

    def __init__(self, rows: Sequence[Row], own: Mapping[str, float], folds: int = 5) -> None:
        """Train; the wording's values that the linear layer sees of a row come from models that have not seen the row.

        With three sources or more it has not seen the row's source either, so that the wording gets no more weight than
        it earns on texts of other hands.
        """
        parts, folds = _parts(rows, folds)
        parts |= {id(row.embedded): parts[id(row)] for row in rows if row.embedded is not None}
        rows = [*rows, *(row.embedded for row in rows if row.embedded is not None)]
        seen: list[tuple[Mapping[str, float], bool]] = []
        for fold in range(folds):
            others = [row for row in rows if parts[id(row)] != fold]
            models = Wording(learned(others)), Wording(learned_sentences(others))
            here = (row for row in rows if parts[id(row)] == fold and row.values is not None)
            seen += [(row.with_wording(*models), row.label) for row in here]
        self.wording, self.sentences = learned(rows), learned_sentences(rows)
        self._models = Wording(self.wording), Wording(self.sentences)
        self.intercept, self.weights = fit(seen, own)

    def score(self, row: Row) -> float:
        """Return the probability (0–1) given to ``row``; 0 where nothing speaks of certificates."""
        if row.values is None:
            return 0.0
        values = row.with_wording(*self._models)
        return _sigmoid(self.intercept + sum(self.weights.get(name, 0.0) * value for name, value in values.items()))


def learned(rows: Sequence[Row]) -> Grams:
    """Return a wording layer learned from ``rows``."""
    return learn([row.wording for row in rows], [row.label for row in rows], cost=_COST_WORDING)


def learned_sentences(rows: Sequence[Row]) -> Grams:
    """Return a sentence layer learned from what is known of the sentences of ``rows``, each sentence once.

    Not from texts that stand in everyday ones: all their sentences are known already.
    """
    known: dict[str, bool] = {}
    around = {id(row.embedded) for row in rows}
    for row in rows:
        if id(row) in around:
            continue
        for sentence, claiming in zip(row.sentences, row.claiming, strict=True):
            if claiming is not None:
                known.setdefault(sentence, claiming)
    return learn(list(known), list(known.values()), cost=_COST_SENTENCES, balanced=True)


def cross_validated(rows: Sequence[Row], own: Mapping[str, float], folds: int = 5) -> list[float]:
    """Return for every row the probability given by layers that have not seen it, nor, with three or more, its source."""
    parts, folds = _parts(rows, folds)
    scores = [0.0] * len(rows)
    for fold in range(folds):
        trained = Trained([row for row in rows if parts[id(row)] != fold], own)
        for i, row in enumerate(rows):
            if parts[id(row)] == fold:
                scores[i] = trained.score(row)
    return scores


def _parts(rows: Sequence[Row], folds: int) -> tuple[dict[int, int], int]:
    """Return for every row, by ``id``, the part that is left out with it, and how many parts there are.

    With three sources or more a source is never divided: the greatest first, each goes to the part that is least so far.
    """
    sizes = Counter(row.source for row in rows)
    if len(sizes) < 3:
        return {id(row): i % folds for i, row in enumerate(rows)}, folds
    held = [0] * min(folds, len(sizes))
    part_of: dict[str, int] = {}
    for source, size in sorted(sizes.items(), key=lambda pair: (-pair[1], pair[0])):
        part_of[source] = held.index(min(held))
        held[part_of[source]] += size
    return {id(row): part_of[row.source] for row in rows}, len(held)


def _sigmoid(z: float) -> float:
    return 1.0 / (1.0 + exp(-z)) if z > -60 else 0.0


def precision_at(scores: Iterable[tuple[float, bool]], low: float, high: float) -> float:
    """Return the share of violations among those scored from ``low`` up to ``high`` (0–1)."""
    inside = [label for value, label in scores if low <= value < high]
    return sum(inside) / len(inside) if inside else 1.0


def write(folder: Path, trained: Trained, precision: Mapping[str, float], note: str) -> None:
    """Write the layers as pack files into ``folder``."""
    head = "# 由 python -m classifiers.train 生成，勿手改。\n"
    lines = [
        "pack: weights",
        "version: 1",
        "author: classifiers.train",
        f"source: {note}",
        f"intercept: {trained.intercept:.4f}",
        "levels: {low: 50, medium: 70, high: 90}",
        "precision: {" + ", ".join(f"{name}: {value:.3f}" for name, value in precision.items()) + "}",
        "features:",
    ]
    lines += [f'  "{name}": {value:.4f}' for name, value in sorted(trained.weights.items())]
    (folder / "90_weights.yaml").write_text(head + "\n".join(lines) + "\n", encoding="utf-8")
    for name, kind, model in (
        ("91_wording.yaml", "wording", trained.wording),
        ("92_sentences.yaml", "sentences", trained.sentences),
    ):
        lines = [
            f"pack: {kind}",
            "version: 1",
            "author: classifiers.train",
            f"source: {note}",
            f"intercept: {model.intercept:.4f}",
            "grams: |",
        ]
        lines += [f"  {gram} {weight:.4f} {idf:.3f}" for gram, (weight, idf) in sorted(model.weights.items())]
        (folder / name).write_text(head + "\n".join(lines) + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> int:
    """Train on the labelled files, report cross-validated figures, write the weights."""
    parser = argparse.ArgumentParser(description="训练判分的线性层（逻辑回归，可逐项解释）")
    parser.add_argument("files", nargs="+", type=Path, help="标注的 JSON 行文件")
    parser.add_argument("--everyday", type=Path, help="日常文字的 JSON 行文件，用来在样本前后垫上无关内容")
    parser.add_argument("--out", type=Path, default=BUNDLED, help="写到哪个规则目录")
    parser.add_argument("--dry-run", action="store_true", help="只报交叉验证的结果，不写文件")
    options = parser.parse_args(arguments)
    classifier = Classifier(load_packs())
    everyday = [str(line["text"]) for line in read_lines(options.everyday)] if options.everyday else []
    rows = everyday_rows(classifier, everyday)
    for file in options.files:
        ones = [labelled(line, n) for n, line in enumerate(read_lines(file), 1)]
        rows += rows_of(classifier, ones, everyday, file.stem)
    own = {f"rule:{rule.id}": rule.weight for rule in classifier.rules}
    scores = list(zip(cross_validated(rows, own), (row.label for row in rows), strict=True))
    hits = sum(label and value >= 0.5 for value, label in scores)
    alarms = sum(not label and value >= 0.5 for value, label in scores)
    misses = sum(label and value < 0.5 for value, label in scores)
    loss = -sum(log(max(1e-6, value if label else 1 - value)) for value, label in scores) / max(1, len(scores))
    sys.stdout.write(
        f"{len(rows)} 条，留出来源的交叉验证：准确率 {hits / max(1, hits + alarms):.3f}，召回率 {hits / max(1, hits + misses):.3f}，"
        f"误报 {alarms}，漏报 {misses}，对数损失 {loss:.3f}\n"
    )
    if not options.dry_run:
        levels = {"high": (0.9, 1.01), "medium": (0.7, 0.9), "low": (0.5, 0.7)}
        precision = {name: precision_at(scores, *bounds) for name, bounds in levels.items()}
        write(
            options.out,
            Trained(rows, own),
            precision,
            f"{len(rows)} 条标注，各级准确率由轮流留出一个来源的交叉验证得出",
        )
        sys.stdout.write(f"已写入 {options.out}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
