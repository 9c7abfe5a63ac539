"""识别: text in, :class:`domain.assessment.Assessment` out. No Scrapy, SQL or network; importing this costs nothing.

- :func:`load` a :class:`~classifiers.classifier.Classifier` from rule packs (None: the bundled ones)
- :func:`check` rule packs without using them
- :func:`explain` how one text came to its score
- :func:`evaluate` a classifier on labelled texts
- :func:`backtest` a changed pack on stored documents with the reviewers' verdicts
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from classifiers.backtesting import BacktestReport, StoredDocument
    from classifiers.classifier import Classifier
    from classifiers.evaluation import EvalReport
    from classifiers.explanation import Explanation
    from domain.assessment import Subject

__all__ = ["backtest", "check", "evaluate", "explain", "load"]


def load(pack_dir: Path | None = None) -> Classifier:
    """Return the classifier of the rule packs in ``pack_dir`` (None: the bundled packs).

    Raises :class:`domain.errors.BadRulePack` (file, rule and line named) where a pack is wrong or one of its examples fails.
    """
    from classifiers.classifier import Classifier
    from classifiers.examples import require
    from classifiers.loader import load_packs

    classifier = Classifier(load_packs(pack_dir))
    require(classifier, pack_dir)
    return classifier


def check(pack_dir: Path | None = None) -> list[str]:
    """Return one Chinese sentence for every problem of the packs in ``pack_dir``, examples included; empty means usable."""
    from classifiers.examples import problems

    return problems(pack_dir)


def explain(classifier: Classifier, subject: Subject) -> Explanation:
    """Return what was found in ``subject``, what was exempted and why, and every step of the score, ready to be shown."""
    from classifiers.explanation import explain as _explain

    return _explain(classifier, subject)


def evaluate(classifier: Classifier, lines: Iterable[Mapping[str, object]]) -> EvalReport:
    """Return precision, recall, F1, false alarms and misses on labelled lines.

    A line has ``text`` and ``label`` (0/1), optionally ``id``, ``title``, ``url``, ``account``, ``categories``, ``channel``, ``claims``.
    Raises :class:`domain.errors.BadFile` where a line has no text or label.
    """
    from classifiers.evaluation import evaluate as _evaluate

    return _evaluate(classifier, lines)


def backtest(old: Classifier, new: Classifier, documents: Iterable[StoredDocument]) -> BacktestReport:
    """Return what ``new`` newly flags and newly misses against ``old``, with what reviewers had said of each document."""
    from classifiers.backtesting import backtest as _backtest

    return _backtest(old, new, documents)
