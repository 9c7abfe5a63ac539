"""Rules are checked by their own examples before a pack is used."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from classifiers.classifier import Classifier
from classifiers.loader import BUNDLED, digest, load_packs, pack_files
from classifiers.model import Rule
from domain.assessment import Subject
from domain.errors import BadRulePack

#: Beside packs: digest of those whose examples have been run. ``python -m classifiers.examples`` writes the bundled one.
STAMP_NAME = "checked.txt"
STAMP = BUNDLED / STAMP_NAME


def failures(classifier: Classifier) -> Iterator[str]:
    """Yield one sentence for every example that does not do what it stands for."""
    for rule in classifier.rules:
        if rule.whole:
            # It stands for the trained weights, which may be anyone's; tests hold the bundled ones to its examples.
            continue
        where = f"规则包 {rule.file} 第 {rule.line} 行，规则 {rule.id}"
        for text in rule.examples.hit:
            if rule.id not in _fired(classifier, rule, text):
                yield f"{where}：应当命中的例句没有命中：{text!r}"
        for text in rule.examples.miss:
            if rule.id in _fired(classifier, rule, text):
                yield f"{where}：不应命中的例句命中了：{text!r}"


def _fired(classifier: Classifier, rule: Rule, text: str) -> set[str]:
    subject = Subject(text, url="http://query.example/", has_form=True) if rule.form else Subject(text)
    reading = classifier.read(subject, thorough=True)
    found = reading.findings if reading else []
    return {finding.rule_id for finding in (*found, *classifier.assess(subject).findings)}


def require(classifier: Classifier, pack_dir: Path | None = None) -> None:
    """Raise BadRulePack at the first example that fails, unless these very packs have been checked before."""
    for stamp in (STAMP, *((pack_dir / STAMP_NAME,) if pack_dir is not None else ())):
        if stamp.is_file() and stamp.read_text(encoding="utf-8", errors="replace").strip() == classifier.rule_pack:
            return
    for failure in failures(classifier):
        raise BadRulePack(failure)


def problems(pack_dir: Path | None) -> list[str]:
    """Return one sentence for every problem of the packs in ``pack_dir``."""
    try:
        classifier = Classifier(load_packs(pack_dir))
    except BadRulePack as error:
        return [str(error)]
    return list(failures(classifier))


def main() -> int:
    """Check the bundled packs and stamp them; exit status 1 where an example fails."""
    found = problems(None)
    for problem in found:
        sys.stdout.write(f"{problem}\n")
    if not found:
        STAMP.write_text(digest(pack_files(None)) + "\n", encoding="utf-8")
        sys.stdout.write(f"全部例句通过，已写入 {STAMP.name}\n")
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
