"""Speed of ``Classifier.assess`` against plain ``jieba.lcut`` over the same pages, and of loading against jieba's dictionary.

Run: ``python -m benchmarks.classify``. Everything is a ratio of processor time within one run on one core. The pages are
those of :mod:`benchmarks.everyday_pages`: everyday matters, no sentence twice, a tenth of them with one of the
project's own advertisements; each page is assessed once, so that nothing remembered from an earlier round counts. Both
sides take turns on groups of pages, because other work on the machine slows whoever runs at that moment: on long groups,
as a page among pages costs, and on short ones, where each side finds the processor's caches full of the other's data.
"""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable

from benchmarks.everyday_pages import pages, ways

PAGES = 400
#: Characters of a page: a short notice, a post, an article, a long article.
LENGTHS = (300, 1_000, 2_500, 5_000)
#: Pages in a row on one side.
GROUPS = (200, 20)
ADVERSARIAL_CHARACTERS = 400_000
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
    "claims far from topics": "只剩三天" * 30 + "证书考试" * 30,
}


def taken(run: Callable[[], object]) -> float:
    """Return the processor time of ``run`` in seconds."""
    began = time.process_time()
    run()
    return time.process_time() - began


def main() -> None:
    """Print the ratios."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import jieba
    jieba.setLogLevel(60)
    import classifiers
    from domain.assessment import Subject

    dictionary = taken(jieba.initialize)
    began = time.process_time()
    classifier = classifiers.load()
    loading = time.process_time() - began
    first = taken(lambda: classifier.assess(Subject("高级电工证书包过，官网可查，考不过全额退款，加微信 abc12345")))
    print(f"loading / jieba's dictionary load: {loading / dictionary:.2f}  (target < 1.5)")
    print(f"loading and a first hit that needs the dictionary: {(loading + first) / dictionary:.2f}")

    texts = pages(len(GROUPS) * PAGES, LENGTHS)
    print(
        f"mixed set: pages of about {LENGTHS} characters, sentences out of {ways():,}, none twice, every tenth an advertisement"
    )
    paces = []
    for row, length in enumerate(GROUPS):
        taking = texts[row * PAGES : (row + 1) * PAGES]
        size = sum(map(len, taking))
        ours = theirs = 0.0
        flagged = []
        for at in range(0, PAGES, length):
            group = [Subject(text) for text in taking[at : at + length]]
            began = time.process_time()
            flagged += [classifier.assess(subject).flagged for subject in group]
            ours += time.process_time() - began
            theirs += taken(lambda group=group: [jieba.lcut(subject.text) for subject in group])
        paces.append(ours / size)
        print(
            f"{PAGES} pages ({size} characters), {length} in a row: jieba.lcut / assess {theirs / ours:.1f}  (target ≥ 20);"
            f" {ours / size * 1e9:.0f} and {theirs / size * 1e9:.0f} ns per character;"
            f" flagged {sum(flagged[::10])} of {len(flagged[::10])} with an advertisement, {sum(flagged) - sum(flagged[::10])} others"
        )
    for name, unit in ADVERSARIAL.items():
        text = (unit * (ADVERSARIAL_CHARACTERS // len(unit) + 1))[:ADVERSARIAL_CHARACTERS]
        ratio = taken(lambda text=text: classifier.assess(Subject(text))) / len(text) / paces[0]
        print(f"adversarial {name}: {ratio:.2f} × the time per character of the mixed set (target ≤ 5)")


if __name__ == "__main__":
    sys.exit(main())
