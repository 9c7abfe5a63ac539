"""The same pages without network, store and digest: extraction and classification in this process, a few seconds.

    python tests/rehearsal/quick.py [--seed N] [--rounds N] [--demo] [--day 1|2]

For whoever works on extraction or rules. Prints every wrong page with the rules that spoke, then counts for each bank
of passages. ``--demo`` takes the demo's sample sites and their plan instead of the generated ones.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from sites import build_sites

from domain.crawl import FetchedPage
from domain.document import PageVerdict
from zhengxun.analysis import analyse
from zhengxun.demo.plan import PLANTED, Expectation, PlantKind
from zhengxun.demo.server import SampleWeb


@dataclass(frozen=True)
class Case:
    """One page and what is true of it; ``violating`` None: right both ways."""

    name: str
    url: str
    body: bytes
    content_type: str
    bank: str
    violating: bool | None


def generated(seed: int, rounds: int) -> Iterator[Case]:
    """The rehearsal's pages; hostile addresses need a server and are left out."""
    for site in build_sites(seed, rounds):
        for page in site.pages.values():
            url = f"http://{site.host}:1{page.path}"
            yield Case(f"{site.key}{page.path}", url, page.body, page.content_type, page.manner, page.violating)


def demo(day: int) -> Iterator[Case]:
    """The demo's pages that a crawl may read."""
    truth = {Expectation.VIOLATING: True, Expectation.CLEAN: False, Expectation.EITHER: None}
    with SampleWeb(day) as web:
        for planted in PLANTED:
            if planted.on(day) in truth and planted.kind is not PlantKind.TRAP:
                answer = web.answer(planted.site, planted.path)
                bank = f"{planted.on(day).value}.{planted.kind.value}"
                yield Case(
                    f"{planted.site}{planted.path} {planted.title}",
                    web.url_of(planted.site, planted.path),
                    answer.body,
                    answer.content_type,
                    bank,
                    truth[planted.on(day)],
                )


def main() -> None:
    """Judge all pages and print what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--demo", action="store_true")
    parser.add_argument("--day", type=int, default=1)
    given = parser.parse_args()
    counts: Counter[tuple[str, str]] = Counter()
    right = flagged_count = wanted = 0
    for case in demo(given.day) if given.demo else generated(given.seed, given.rounds):
        analysis = analyse(FetchedPage(case.url, case.url, 200, case.content_type, case.body))
        best = max(analysis.assessments, key=lambda assessment: assessment.score, default=None)
        flagged = best is not None and best.flagged
        counts[case.bank, "flagged" if flagged else "not flagged"] += 1
        wanted += case.violating is True
        flagged_count += flagged and case.violating is not None
        right += flagged and case.violating is True
        verdict = analysis.extraction.verdict
        if verdict is not PageVerdict.OK or (case.violating is not None and flagged is not case.violating):
            kind = "verdict" if verdict is not PageVerdict.OK else ("miss" if case.violating else "false alarm")
            rules = [(f.rule_id, f.quote) for f in best.findings][:8] if best else []
            exempted = [(f.quote, f.exempted_by) for f in best.exempted][:6] if best else []
            print(f"{kind}: {case.name} [{case.bank}] {verdict.value} {best.score if best else '-'} {rules} {exempted}")
    for (bank, result), count in sorted(counts.items()):
        print(f"{bank:28} {result:12} {count}")
    print(
        f"precision {right / flagged_count if flagged_count else 1:.4f} recall {right / wanted if wanted else 1:.4f} "
        f"({right} of {wanted} found, {flagged_count - right} false alarms)"
    )


if __name__ == "__main__":
    sys.exit(main())
