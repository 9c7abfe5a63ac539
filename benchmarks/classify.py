"""Speed of ``Classifier.assess`` against plain ``jieba.lcut`` over the same pages, and of loading against jieba's dictionary.

Run: ``python -m benchmarks.classify``. Everything is a ratio of processor time within one run on one core; pages are made of the project's
own samples: nine of ten of everyday text, a tenth with an advertisement in its middle.
"""

from __future__ import annotations

import json
import random
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

SAMPLES = Path(__file__).resolve().parent.parent / "tests" / "classifiers" / "samples"
PAGES = 400
PAGE_CHARACTERS = 1500


def texts(name: str, tags: set[str] | None = None) -> list[str]:
    """Return the texts of one sample file, only those with one of ``tags`` where given."""
    with (SAMPLES / f"{name}.jsonl").open(encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [row["text"] for row in rows if tags is None or tags & set(row["tags"])]


def pages() -> list[str]:
    """Return the mixed set: deterministic, everyday text cut and mixed, every tenth page with an advertisement."""
    mixer = random.Random(7)
    everyday = [paragraph for text in texts("everyday") for paragraph in text.split("\n") if paragraph]
    advertisements = texts("dev_violating")
    made = []
    for number in range(PAGES):
        paragraphs: list[str] = []
        while sum(map(len, paragraphs)) < PAGE_CHARACTERS:
            paragraphs.append(mixer.choice(everyday))
        if number % 10 == 0:
            paragraphs.insert(len(paragraphs) // 2, mixer.choice(advertisements))
        made.append("\n".join(paragraphs))
    return made


def best(run: Callable[[], object], rounds: int = 3) -> float:
    """Return the shortest of ``rounds`` runs in seconds."""
    shortest = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        run()
        shortest = min(shortest, time.process_time() - began)
    return shortest


def main() -> None:
    """Print the ratios."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import jieba
    jieba.setLogLevel(60)
    from classifiers import load
    from domain.assessment import Subject

    began = time.process_time()
    jieba.initialize()
    dictionary = time.process_time() - began
    began = time.process_time()
    classifier = load()
    loading = time.process_time() - began
    print(f"loading / jieba's dictionary load: {loading / dictionary:.2f}  (target < 1.5)")
    subjects = [Subject(page) for page in pages()]
    flagged = sum(classifier.assess(subject).flagged for subject in subjects)
    ours = best(lambda: [classifier.assess(subject) for subject in subjects])
    theirs = best(lambda: [jieba.lcut(subject.text) for subject in subjects], 1)
    size = sum(len(subject.text) for subject in subjects)
    print(f"{len(subjects)} pages, {size} characters, {flagged} flagged")
    print(f"jieba.lcut / assess: {theirs / ours:.1f}  (target ≥ 20)")
    print(f"assess: {ours / size * 1e9:.0f} ns per character")
    normal = ours / size
    for name, unit in ADVERSARIAL.items():
        text = (unit * (400_000 // len(unit) + 1))[:400_000]
        taken = best(lambda text=text: classifier.assess(Subject(text)), 2) / len(text)
        print(f"adversarial {name}: {taken / normal:.2f} × the time per character of the mixed set (target ≤ 5)")


ADVERSARIAL = {
    "包过": "包过",
    "证书包过": "证书包过官网可查不用考试",
    "spaced": "包 过 ",
    "zero width": "包\u200b过\u200b",
    "emoji": "😀",
    "letters": "abc ",
    "one sentence": "证书不用考试就能拿到手寄到家",
    "homophones": "正书苞锅免拷",
    "quotes": "“包过”",
    "digits": "1380000",
    "newlines": "包\n过\n",
}


if __name__ == "__main__":
    sys.exit(main())
