"""Measuring a classifier on labelled texts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.assessment import Assessment, Subject
from domain.errors import BadFile

if TYPE_CHECKING:
    from classifiers.classifier import Classifier


@dataclass(frozen=True, slots=True)
class Labelled:
    """One labelled text."""

    id: str
    subject: Subject
    label: bool
    categories: frozenset[str] = frozenset()
    channel: str = ""
    claims: tuple[str, ...] = ()
    """Exact substrings of title or text that carry the violation."""
    tags: frozenset[str] = frozenset()
    """``hard``, ``disguised``, ``keywordless`` … as the line says."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Counts and the rates made of them; a rate without any case is 0."""

    hits: int = 0
    false_alarms: int = 0
    misses: int = 0
    rejections: int = 0

    @property
    def precision(self) -> float:
        """Share of the flagged ones that are violations."""
        flagged = self.hits + self.false_alarms
        return self.hits / flagged if flagged else 0.0

    @property
    def recall(self) -> float:
        """Share of the violations that were flagged."""
        violations = self.hits + self.misses
        return self.hits / violations if violations else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0

    @property
    def false_alarm_rate(self) -> float:
        """Share of the innocent ones that were flagged."""
        innocent = self.false_alarms + self.rejections
        return self.false_alarms / innocent if innocent else 0.0


@dataclass(frozen=True, slots=True)
class Mistake:
    """A text that was judged wrongly."""

    id: str
    title: str
    score: float
    channel: str
    excerpt: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EvalReport:
    """What ``rules eval`` prints."""

    total: Rates
    by_category: Mapping[str, Rates]
    """For each of A–E: labelled with it against found with it, over texts that name categories."""
    by_channel: Mapping[str, Rates]
    by_tag: Mapping[str, Rates]
    false_alarms: tuple[Mistake, ...]
    misses: tuple[Mistake, ...]
    category_right: float
    """Share of the flagged violations whose found categories meet a labelled one (texts that name categories)."""
    quote_overlap: float
    """Share of the flagged violations for which a finding overlaps a marked claim (texts that mark claims)."""
    curve: tuple[tuple[float, float, float], ...]
    """(threshold, precision, recall), by falling threshold."""
    rule_pack: str

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        return {
            **_rates(self.total),
            "by_category": {name: _rates(rates) for name, rates in self.by_category.items()},
            "by_channel": {name: _rates(rates) for name, rates in self.by_channel.items()},
            "by_tag": {name: _rates(rates) for name, rates in self.by_tag.items()},
            "false_alarms": [_mistake(mistake) for mistake in self.false_alarms],
            "misses": [_mistake(mistake) for mistake in self.misses],
            "category_right": round(self.category_right, 4),
            "quote_overlap": round(self.quote_overlap, 4),
            "curve": [[round(value, 4) for value in point] for point in self.curve],
            "rule_pack": self.rule_pack,
        }


def _rates(rates: Rates) -> dict[str, Any]:
    return {
        "precision": round(rates.precision, 4),
        "recall": round(rates.recall, 4),
        "f1": round(rates.f1, 4),
        "false_alarm_rate": round(rates.false_alarm_rate, 4),
        "true_positives": rates.hits,
        "false_positives": rates.false_alarms,
        "false_negatives": rates.misses,
        "true_negatives": rates.rejections,
    }


def _mistake(mistake: Mistake) -> dict[str, Any]:
    return {
        "id": mistake.id,
        "title": mistake.title,
        "score": mistake.score,
        "channel": mistake.channel,
        "excerpt": mistake.excerpt,
        "rules": list(mistake.rules),
    }


def read_lines(path: Path) -> list[dict[str, object]]:
    """Return the objects of a JSON-lines file; raises BadFile with the line's number."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(f"标注文件 {path} 读不出来（{error}）。应当是 UTF-8 编码的 JSON 行文件。") from error
    lines = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError as error:
            raise BadFile(f"标注文件 {path} 第 {number} 行不是 JSON：{error}。") from error
        if not isinstance(value, dict):
            raise BadFile(f'标注文件 {path} 第 {number} 行应当是一个对象，如 {{"text": …, "label": 1}}。')
        lines.append(value)
    return lines


def labelled(line: Mapping[str, object], number: int) -> Labelled:
    """Return one line as a labelled text; raises BadFile naming the line and the field."""
    text = line.get("text")
    if not isinstance(text, str):
        raise BadFile(f"标注第 {number} 行缺少 text（文字）。")
    label = line.get("label")
    if label not in (0, 1, True, False):
        raise BadFile(f"标注第 {number} 行的 label 应当是 0 或 1，这里是 {label!r}。")
    tags = set(_words(line.get("tags")))
    if line.get("obfuscated") is True:
        tags.add("disguised")
    if isinstance(line.get("difficulty"), str):
        tags.add(str(line["difficulty"]))
    return Labelled(
        id=str(line.get("id", number)),
        subject=Subject(
            text=text,
            title=_optional(line, "title") or "",
            url=_optional(line, "url"),
            account=_optional(line, "account"),
            has_form=line.get("has_form") is True,
        ),
        label=bool(label),
        categories=frozenset(_words(line.get("categories"))),
        channel=_optional(line, "channel") or _optional(line, "kind") or "",
        claims=tuple(_words(line.get("claims"))),
        tags=frozenset(tags),
    )


def _optional(line: Mapping[str, object], key: str) -> str | None:
    value = line.get(key)
    return value if isinstance(value, str) and value else None


def _words(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


@dataclass(slots=True)
class _Tally:
    counts: Counter[tuple[bool, bool]] = field(default_factory=Counter)

    def add(self, label: bool, flagged: bool) -> None:
        self.counts[label, flagged] += 1

    def rates(self) -> Rates:
        c = self.counts
        return Rates(c[True, True], c[False, True], c[True, False], c[False, False])


def evaluate(classifier: Classifier, lines: Iterable[Mapping[str, object]]) -> EvalReport:
    """Return the report over ``lines``; raises BadFile where one is not a labelled text."""
    total = _Tally()
    categories: dict[str, _Tally] = {name: _Tally() for name in "ABCDE"}
    channels: dict[str, _Tally] = {}
    tags: dict[str, _Tally] = {}
    alarms: list[Mistake] = []
    misses: list[Mistake] = []
    scored: list[tuple[float, bool]] = []
    right = named = overlapped = marked = 0
    for number, line in enumerate(lines, 1):
        one = labelled(line, number)
        assessment = classifier.assess(one.subject)
        flagged = assessment.flagged
        total.add(one.label, flagged)
        if one.channel:
            channels.setdefault(one.channel, _Tally()).add(one.label, flagged)
        for tag in one.tags:
            tags.setdefault(tag, _Tally()).add(one.label, flagged)
        found = set(assessment.categories) if flagged else set()
        if one.categories or not one.label:
            for name, tally in categories.items():
                tally.add(name in one.categories, name in found)
        scored.append((assessment.score if assessment.findings else 0.0, one.label))
        if flagged and one.label:
            if one.categories:
                named += 1
                right += bool(found & one.categories)
            if one.claims:
                marked += 1
                overlapped += overlaps(one, assessment)
        elif flagged != one.label:
            mistake = Mistake(
                one.id,
                one.subject.title,
                assessment.score,
                one.channel,
                one.subject.text[:80],
                tuple(dict.fromkeys(f.rule_id for f in assessment.findings)),
            )
            (alarms if flagged else misses).append(mistake)
    return EvalReport(
        total=total.rates(),
        by_category={name: tally.rates() for name, tally in categories.items()},
        by_channel={name: channels[name].rates() for name in sorted(channels)},
        by_tag={name: tags[name].rates() for name in sorted(tags)},
        false_alarms=tuple(alarms),
        misses=tuple(misses),
        category_right=right / named if named else 0.0,
        quote_overlap=overlapped / marked if marked else 0.0,
        curve=_curve(scored),
        rule_pack=classifier.rule_pack,
    )


def overlaps(one: Labelled, assessment: Assessment) -> bool:
    """Whether a finding of ``assessment`` shares at least one character with a marked claim."""
    for name, text in (("title", one.subject.title), ("text", one.subject.text)):
        spans = []
        for claim in one.claims:
            at = text.find(claim)
            while at >= 0 and claim:
                spans.append((at, at + len(claim)))
                at = text.find(claim, at + 1)
        for finding in assessment.findings:
            if finding.field == name and any(finding.start < end and start < finding.end for start, end in spans):
                return True
    return False


def _curve(scored: list[tuple[float, bool]]) -> tuple[tuple[float, float, float], ...]:
    violations = sum(label for _, label in scored)
    if not violations:
        return ()
    points = []
    hits = alarms = 0
    ordered = sorted(scored, key=lambda pair: -pair[0])
    for index, (score, label) in enumerate(ordered):
        hits += label
        alarms += not label
        last = index + 1 == len(ordered) or ordered[index + 1][0] != score
        if last:
            points.append((score, hits / (hits + alarms), hits / violations))
    return tuple(points)
