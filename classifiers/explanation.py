"""How one text came to its score, as values that a terminal or a page can show."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from classifiers.context import EXEMPTIONS
from domain.assessment import Assessment, Finding, Level, ScoreStep, Subject

if TYPE_CHECKING:
    from classifiers.classifier import Classifier


@dataclass(frozen=True, slots=True)
class MarkedPiece:
    """A stretch of the original text: plain (``kind`` is empty), ``hit`` or ``exempted``; the pieces of a field join to its text."""

    text: str
    kind: str
    rule_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExplainedHit:
    """One finding in words."""

    finding: Finding
    rule_name: str
    severity: str
    category_label: str
    exemption: str | None
    """Chinese words of the exemption, None where the finding counts."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """Everything ``rules explain`` shows."""

    assessment: Assessment
    title: tuple[MarkedPiece, ...]
    text: tuple[MarkedPiece, ...]
    segments: tuple[tuple[int, str, tuple[MarkedPiece, ...]], ...]
    """(index, kind, pieces) of the unseen segments in which something was found."""
    hits: tuple[ExplainedHit, ...]
    exempted: tuple[ExplainedHit, ...]
    steps: tuple[ScoreStep, ...]
    """Steps of the document's score; their sum is ``raw``, which the logistic curve turns into the score."""
    raw: float
    facts: tuple[str, ...]
    """Checked facts, each with its source."""
    level_meaning: str
    """Which scores the levels begin at, with the precision measured for them."""


def explain(classifier: Classifier, subject: Subject) -> Explanation:
    """Return the explanation of ``classifier.assess(subject)``."""
    assessment = classifier.assess(subject)
    reading = classifier.read(subject, thorough=True)
    rules = {rule.id: rule for rule in classifier.rules}

    def told(finding: Finding) -> ExplainedHit:
        rule = rules[finding.rule_id]
        return ExplainedHit(
            finding,
            rule.name,
            rule.severity,
            finding.category.label,
            EXEMPTIONS[finding.exempted_by] if finding.exempted_by else None,
        )

    everything = assessment.findings + assessment.exempted
    segments = []
    for index in sorted({f.segment for f in everything if f.segment is not None}):
        kind, text = subject.segments[index]
        segments.append((index, kind, _marked(text, [f for f in everything if f.segment == index])))
    weights = classifier.pack.weights
    told_precision = "；".join(f"{Level(name).label} 准确率 {value:.0%}" for name, value in weights.precision.items())
    source = classifier.pack.facts.source
    return Explanation(
        assessment=assessment,
        title=_marked(subject.title, [f for f in everything if f.field == "title"]),
        text=_marked(subject.text, [f for f in everything if f.field == "text"]),
        segments=tuple(segments),
        hits=tuple(told(f) for f in assessment.findings),
        exempted=tuple(told(f) for f in assessment.exempted),
        steps=assessment.steps,
        raw=round(sum(step.points for step in assessment.steps), 4),
        facts=tuple(f"{fact.text}（依据：{source}）" for fact in reading.facts) if reading else (),
        level_meaning=f"低 ≥{weights.low:g}，中 ≥{weights.medium:g}，高 ≥{weights.high:g}"
        + (f"；{told_precision}" if told_precision else ""),
    )


def _marked(text: str, findings: list[Finding]) -> tuple[MarkedPiece, ...]:
    """Cut ``text`` at the bounds of ``findings``; where a counted and an exempted one overlap, the counted one shows."""
    cuts = sorted({0, len(text)} | {f.start for f in findings} | {f.end for f in findings})
    pieces: list[MarkedPiece] = []
    for start, end in pairwise(cuts):
        over = [f for f in findings if f.start <= start and end <= f.end]
        counted = [f for f in over if f.exempted_by is None]
        kind = "hit" if counted else "exempted" if over else ""
        pieces.append(MarkedPiece(text[start:end], kind, tuple(dict.fromkeys(f.rule_id for f in (counted or over)))))
    return tuple(pieces)
