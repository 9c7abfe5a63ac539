"""What was read of one document before it was scored."""

from __future__ import annotations

from dataclasses import dataclass, field

from classifiers.facts import FactFinding
from classifiers.normalise import FoldedText
from classifiers.parts import Whole
from domain.assessment import Finding, Speaker


@dataclass(slots=True)
class Reading:
    """What was read of a document before it was scored; the training and the explanation look at it too."""

    whole: Whole
    text: FoldedText
    window: tuple[int, int]
    """The stretch of the folded text that the wording layer read."""
    topical: bool = False
    """Whether a certificate, an occupation, a level or an examination is named there."""
    findings: list[Finding] = field(default_factory=list)
    exempted: list[Finding] = field(default_factory=list)
    values: dict[str, float] = field(default_factory=dict)
    facts: list[FactFinding] = field(default_factory=list)
    evasion: list[str] = field(default_factory=list)
    speaker: Speaker = Speaker.UNKNOWN
    incomplete: list[str] = field(default_factory=list)


_FIELDS = {"title": 0, "text": 1, "segments": 2}


def finding_order(finding: Finding) -> tuple[int, int, int, int, str]:
    """Title, text, unseen segments; in each by place."""
    return _FIELDS[finding.field], finding.segment or 0, finding.start, finding.end, finding.rule_id
