"""How well does it do on texts of hands it has not learned from? ``python -m classifiers.holdout FILE.jsonl …``.

Every file is one source. Each in turn is left out of the training of both learned layers and judged by what came of the
others; files after ``--only-judge`` are judged by what came of all of the first. The rules and their words stay as they
are, so figures of files that rule editors have read are still kinder than those of a stranger's texts.
Beside the classifier stand the two alternatives that must be beaten: a list of plain words, and the characters alone.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from classifiers.classifier import Classifier
from classifiers.evaluation import EvalReport, Rates, evaluate, labelled, read_lines
from classifiers.loader import load_packs
from classifiers.model import RulePack
from classifiers.train import Row, Trained, everyday_rows, learned, rows_of
from classifiers.wording import Wording

#: What anybody would look for first.
PLAIN_WORDS = (
    *(
        "包过",
        "保过",
        "免考",
        "不用考试",
        "不过退款",
        "不过退费",
        "国家认可",
        "国家承认",
        "上网可查",
        "官网可查",
        "终身有效",
    ),
    *("代考", "替考", "挂靠", "直接出证", "内部渠道"),
)


def trained_classifier(pack: RulePack, trained: Trained) -> Classifier:
    """Return a classifier with the rules of ``pack`` and the weights of ``trained``; its digest stays that of ``pack``."""
    weights = replace(
        pack.weights,
        intercept=trained.intercept,
        features=trained.weights,
        wording=trained.wording,
        sentences=trained.sentences,
    )
    return Classifier(replace(pack, weights=weights))


def _told(name: str, rates: Rates) -> str:
    return f"{name} {rates.precision:.3f}/{rates.recall:.3f}/{rates.f1:.3f}"


def _alternative(pairs: Iterable[tuple[bool, bool]]) -> Rates:
    counts = [[0, 0], [0, 0]]
    for label, flagged in pairs:
        counts[label][flagged] += 1
    return Rates(counts[1][1], counts[0][1], counts[1][0], counts[0][0])


def _tags(report: EvalReport) -> str:
    told = []
    for tag, rates in report.by_tag.items():
        if rates.hits + rates.misses:
            told.append(f"{tag} 召回 {rates.recall:.2f}")
        if rates.false_alarms + rates.rejections:
            told.append(f"{tag} 误报 {rates.false_alarms}/{rates.false_alarms + rates.rejections}")
    return "，".join(told)


def judged(file: Path, pack: RulePack, rows: Sequence[Row], own: dict[str, float], left_out: frozenset[str]) -> str:
    """Return the lines that tell how the texts of ``file`` are judged by what was learned from ``rows``."""
    lines = [line for line in read_lines(file) if str(line.get("id")) not in left_out]
    report = evaluate(trained_classifier(pack, Trained(rows, own)), lines)
    ones = [labelled(line, number) for number, line in enumerate(lines, 1)]
    words = _alternative(
        (one.label, any(word in one.subject.title + one.subject.text for word in PLAIN_WORDS)) for one in ones
    )
    wording = Wording(learned(rows))
    classifier = Classifier(pack)
    grams = _alternative((one.label, wording.value(classifier.wording_text(one.subject)) > 0) for one in ones)
    wrong = " ".join(mistake.id for mistake in (*report.false_alarms, *report.misses))
    return (
        f"{file.name}（{len(lines)} 条，准确率/召回率/F1）：{_told('本分类器', report.total)}；"
        f"{_told('关键词', words)}；{_told('字符线性模型', grams)}\n"
        f"  误报率 {report.total.false_alarm_rate:.3f}，类别正确 {report.category_right:.3f}，"
        f"引文重合 {report.quote_overlap:.3f}；{_tags(report)}\n  判错：{wrong or '无'}\n"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print for every file how it is judged without having been learned from."""
    parser = argparse.ArgumentParser(description="留出检验：每个文件轮流不参加训练，再用它检验")
    parser.add_argument("files", nargs="+", type=Path, help="标注的 JSON 行文件，一个文件是一个来源")
    parser.add_argument("--only-judge", nargs="*", type=Path, default=[], help="只检验、不参加训练的文件")
    parser.add_argument("--everyday", type=Path, help="日常文字的 JSON 行文件，始终参加训练")
    parser.add_argument("--leave-out", nargs="*", default=[], help="不计入检验的编号（有争议的）")
    options = parser.parse_args(arguments)
    pack = load_packs()
    classifier = Classifier(pack)
    own = {f"rule:{rule.id}": rule.weight for rule in classifier.rules}
    everyday = [str(line["text"]) for line in read_lines(options.everyday)] if options.everyday else []
    rows = {
        file: rows_of(
            classifier, [labelled(line, n) for n, line in enumerate(read_lines(file), 1)], everyday, file.stem
        )
        for file in options.files
    }
    always = everyday_rows(classifier, everyday)
    for file in (*options.only_judge, *options.files):
        others = always + [row for other, found in rows.items() if other != file for row in found]
        sys.stdout.write(judged(file, pack, others, own, frozenset(options.leave_out)))
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
