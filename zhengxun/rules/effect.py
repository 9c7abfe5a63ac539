"""What a changed pack does, before it is put live: on labelled samples, and on stored pages with the reviewers' verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.lead import Review

if TYPE_CHECKING:
    from classifiers.backtesting import BacktestReport, StoredDocument
    from classifiers.classifier import Classifier
    from classifiers.evaluation import EvalReport, Mistake
    from storage import Store
    from storage.stored import StoredDocument as Kept

#: Stored pages that a look at the effect judges, twice each.
PAGES = 2000


@dataclass(frozen=True, slots=True)
class SampleEffect:
    """The same labelled samples judged by both packs; each list is what changed."""

    files: int
    samples: int
    old: EvalReport
    new: EvalReport

    @property
    def changes(self) -> tuple[tuple[str, list[Mistake]], ...]:
        """(key, samples): ``missed`` and ``alarmed`` are worse than before, ``found`` and ``cleared`` are better."""

        def gone(before: tuple[Mistake, ...], after: tuple[Mistake, ...]) -> list[Mistake]:
            left = {mistake.id for mistake in after}
            return [mistake for mistake in before if mistake.id not in left]

        old, new = self.old, self.new
        return (
            ("missed", gone(new.misses, old.misses)),
            ("alarmed", gone(new.false_alarms, old.false_alarms)),
            ("found", gone(old.misses, new.misses)),
            ("cleared", gone(old.false_alarms, new.false_alarms)),
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain values for ``--json``."""

        def rates(report: EvalReport) -> dict[str, float]:
            total = report.total
            return {"precision": round(total.precision, 4), "recall": round(total.recall, 4)}

        return {
            "files": self.files,
            "samples": self.samples,
            "old": rates(self.old),
            "new": rates(self.new),
            **{
                name: [
                    {
                        "id": one.id,
                        "title": one.title,
                        "excerpt": one.excerpt,
                        "score": one.score,
                        "rules": [*one.rules],
                    }
                    for one in changed
                ]
                for name, changed in self.changes
            },
        }


@dataclass(frozen=True, slots=True)
class Effect:
    """What was seen."""

    samples: SampleEffect | None
    """None where this installation holds no samples (they belong to the source, not to an installed package)."""
    pages: BacktestReport

    def as_dict(self) -> dict[str, Any]:
        """Plain values for ``--json``."""
        return {"samples": self.samples and self.samples.as_dict(), "pages": self.pages.as_dict()}


def effect(old: Classifier, new: Classifier, store: Store, pages: int) -> Effect:
    """Judge samples and at most ``pages`` stored pages by both; nothing is stored."""
    from classifiers.backtesting import backtest

    return Effect(_samples(old, new), backtest(old, new, map(to_try, store.documents_to_try(pages))))


def sample_files() -> list[Path]:
    """The project's labelled samples where the program runs from its source; none in an installed package."""
    import classifiers

    folder = Path(classifiers.__file__).parent.parent / "tests" / "classifiers" / "samples"
    return sorted(path for path in folder.glob("*.jsonl") if path.name != "everyday.jsonl")


def _samples(old: Classifier, new: Classifier) -> SampleEffect | None:
    from classifiers.evaluation import evaluate, read_lines

    files = sample_files()
    if not files:
        return None
    # One id may stand in two files.
    lines = [
        {**line, "id": f"{path.stem}/{line.get('id', number)}"}
        for path in files
        for number, line in enumerate(read_lines(path), 1)
    ]
    return SampleEffect(len(files), len(lines), evaluate(old, lines), evaluate(new, lines))


def to_try(kept: Kept) -> StoredDocument:
    """One document; a referred lead was confirmed before, and one that the authority returned has no verdict."""
    from classifiers.backtesting import CONFIRMED, DISMISSED, StoredDocument
    from zhengxun.analysis import subject_of

    verdicts = {Review.CONFIRMED: CONFIRMED, Review.REFERRED: CONFIRMED, Review.DISMISSED: DISMISSED}
    return StoredDocument(
        id=str(kept.document_id),
        subject=subject_of(kept.document),
        verdict=verdicts.get(kept.review) if kept.review is not None else None,
        url=kept.document.url,
    )
