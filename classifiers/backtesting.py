"""What a changed pack would have said of stored documents, beside what reviewers said of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from classifiers.pages import assess_page
from domain.assessment import Assessment, Subject

if TYPE_CHECKING:
    from classifiers.classifier import Classifier

CONFIRMED = "confirmed"
DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document from the store, with the last verdict of its reviewers."""

    id: str
    subject: Subject
    verdict: str | None = None
    """``confirmed``, ``dismissed``, or None where nobody has looked at it."""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A document on which the two packs do not agree."""

    id: str
    url: str
    title: str
    verdict: str | None
    old_score: float
    new_score: float
    old_rules: tuple[str, ...]
    new_rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class BacktestReport:
    """Newly flagged, newly missed, and how both stand to the reviewers' verdicts."""

    documents: int
    old_flagged: int
    new_flagged: int
    newly_hit: tuple[Change, ...]
    newly_missed: tuple[Change, ...]
    old_pack: str
    new_pack: str

    @property
    def confirmed_lost(self) -> int:
        """How many documents that reviewers confirmed the new pack no longer flags."""
        return sum(change.verdict == CONFIRMED for change in self.newly_missed)

    @property
    def dismissed_gone(self) -> int:
        """How many documents that reviewers dismissed the new pack no longer flags."""
        return sum(change.verdict == DISMISSED for change in self.newly_missed)

    @property
    def dismissed_back(self) -> int:
        """How many documents that reviewers dismissed the new pack flags although the old one did not."""
        return sum(change.verdict == DISMISSED for change in self.newly_hit)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""

        def plain(change: Change) -> dict[str, Any]:
            return {
                "id": change.id,
                "url": change.url,
                "title": change.title,
                "verdict": change.verdict,
                "old_score": change.old_score,
                "new_score": change.new_score,
                "old_rules": list(change.old_rules),
                "new_rules": list(change.new_rules),
            }

        return {
            "documents": self.documents,
            "old_flagged": self.old_flagged,
            "new_flagged": self.new_flagged,
            "newly_hit": [plain(change) for change in self.newly_hit],
            "newly_missed": [plain(change) for change in self.newly_missed],
            "confirmed_lost": self.confirmed_lost,
            "dismissed_gone": self.dismissed_gone,
            "dismissed_back": self.dismissed_back,
            "old_pack": self.old_pack,
            "new_pack": self.new_pack,
        }


def backtest(old: Classifier, new: Classifier, documents: Iterable[StoredDocument]) -> BacktestReport:
    """Assess every document as a page with both classifiers and report where they differ in flagging it."""
    count = old_flagged = new_flagged = 0
    hit: list[Change] = []
    missed: list[Change] = []
    for document in documents:
        count += 1
        before = assess_page(old, document.subject)
        after = assess_page(new, document.subject)
        old_flagged += before.flagged
        new_flagged += after.flagged
        if before.flagged != after.flagged:
            (hit if after.flagged else missed).append(_change(document, before, after))
    return BacktestReport(count, old_flagged, new_flagged, tuple(hit), tuple(missed), old.rule_pack, new.rule_pack)


def _change(document: StoredDocument, before: Assessment, after: Assessment) -> Change:
    return Change(
        id=document.id,
        url=document.url,
        title=document.subject.title,
        verdict=document.verdict,
        old_score=before.score,
        new_score=after.score,
        old_rules=tuple(dict.fromkeys(finding.rule_id for finding in before.findings)),
        new_rules=tuple(dict.fromkeys(finding.rule_id for finding in after.findings)),
    )
