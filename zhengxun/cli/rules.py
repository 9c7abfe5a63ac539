"""``zhengxun rules …``: rule packs seen, checked, explained and measured before they are used."""

from __future__ import annotations

import sys
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from domain.errors import BadFile, BadRulePack
from zhengxun.cli import rule_versions
from zhengxun.cli.framework import Day, Group, OneOf, WholeNumber, argument
from zhengxun.cli.invocation import services_of
from zhengxun.cli.output import clean, clean_lines, json_option, print_json, print_table, say

if TYPE_CHECKING:
    from classifiers.backtesting import BacktestReport
    from classifiers.evaluation import EvalReport, Rates
    from classifiers.explanation import ExplainedHit, Explanation, MarkedPiece

#: Mistakes shown to people for each kind; --json has all.
_SHOWN = 20


@click.group(
    cls=Group,
    name="rules",
    help="规则包：机器研判所依据的规则。改过的规则用 publish（或控制台“规则”）上线，每次一版，可用 rollback 退回；\n"
    "上线之前先用 check 检查，用 eval、backtest 或 effect 看效果。",
)
def command() -> None:
    """Group of rule commands."""


@command.command("list", help="列出现用规则。")
@click.option("--category", type=OneOf("ABCDE"), metavar="类别", help="只看这一类：A、B、C、D、E")
@json_option
@click.pass_context
def list_(ctx: click.Context, category: str | None, as_json: bool) -> None:
    """List rules."""
    classifier = services_of(ctx).classifier
    rules = [rule for rule in classifier.rules if category in {None, rule.category.value}]
    if as_json:
        print_json(
            {
                "rule_pack": classifier.rule_pack,
                "rules": [
                    {
                        "id": rule.id,
                        "name": rule.name,
                        "category": rule.category.value,
                        "behaviour": rule.behaviour,
                        "legal_basis": list(rule.legal_basis),
                        "severity": rule.severity,
                        "strictness": rule.strictness,
                        "weight": rule.weight,
                        "version": rule.version,
                        "author": rule.author,
                        "file": rule.file,
                        "line": rule.line,
                        "must_hit": len(rule.examples.hit),
                        "must_not_hit": len(rule.examples.miss),
                    }
                    for rule in rules
                ],
            }
        )
        return
    print_table(
        ["编号", "类别", "名称", "严重程度", "行为", "依据"],
        [
            (
                rule.id,
                f"{rule.category.value} {rule.category.label}",
                rule.name,
                rule.severity,
                rule.behaviour,
                "；".join(rule.legal_basis),
            )
            for rule in rules
        ],
    )
    say(f"共 {len(rules)} 条，规则包 {classifier.rule_pack}")


@command.command("check", help="检查规则包：写法、依据、例句。有问题时逐条列出，退出状态为 1。")
@argument(
    "folder",
    metavar="[目录]",
    type=click.Path(path_type=Path),
    required=False,
    description="规则目录（默认检查现用规则）",
)
@json_option
@click.pass_context
def check(ctx: click.Context, folder: Path | None, as_json: bool) -> int:
    """Check a pack."""
    from classifiers.examples import problems

    services = services_of(ctx)
    wanted = folder or services.rules
    if folder is not None and not folder.is_dir():
        raise BadRulePack(f"规则目录 {folder} 不存在或不是目录。")
    found = problems(wanted)
    if as_json:
        print_json({"folder": None if wanted is None else str(wanted), "usable": not found, "problems": found})
    elif found:
        for problem in found:
            say(problem)
        say(f"共 {len(found)} 个问题，此规则包不能使用。")
    else:
        say(f"{wanted or '随附规则包'}：没有问题，可以使用。")
    return 1 if found else 0


@command.command("explain", help="解释一段文本的研判：命中哪里、因何不计、分数怎么来的。")
@argument("text", metavar="文本", description="要解释的文本；- 表示从标准输入读")
@click.option("--title", metavar="标题", help="标题")
@click.option("--url", metavar="网址", help="网址（官方网站与商业网站的判断不同）")
@click.option("--account", metavar="账号", help="发布账号")
@click.option(
    "--rules",
    "folder",
    type=click.Path(path_type=Path),
    metavar="目录",
    help="改用此目录的规则（不检查例句），默认现用规则",
)
@json_option
@click.pass_context
def explain(
    ctx: click.Context,
    text: str,
    title: str | None,
    url: str | None,
    account: str | None,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Explain an assessment."""
    from classifiers.classifier import Classifier
    from classifiers.explanation import explain as explain_subject
    from classifiers.loader import load_packs
    from domain.assessment import Subject

    body = sys.stdin.read() if text == "-" else text
    subject = Subject(text=body, title=title or "", url=url, account=account)
    # Whoever tries a draft wants to see what it does, most of all while its examples fail.
    classifier = services_of(ctx).classifier if folder is None else Classifier(load_packs(folder))
    explanation = explain_subject(classifier, subject)
    if as_json:
        print_json(_explanation_as_dict(explanation))
    else:
        _print_explanation(explanation)


def _explanation_as_dict(explanation: Explanation) -> dict[str, Any]:
    from zhengxun.cli.classify import as_dict as assessment_as_dict

    def hit(one: ExplainedHit) -> dict[str, Any]:
        return {
            "rule_id": one.finding.rule_id,
            "rule_name": one.rule_name,
            "severity": one.severity,
            "quote": one.finding.quote,
            "exemption": one.exemption,
        }

    return {
        "assessment": assessment_as_dict(explanation.assessment),
        "hits": [hit(one) for one in explanation.hits],
        "exempted": [hit(one) for one in explanation.exempted],
        "steps": [{"name": step.name, "points": step.points, "text": step.text} for step in explanation.steps],
        "raw": explanation.raw,
        "facts": list(explanation.facts),
        "levels": explanation.level_meaning,
    }


def _print_explanation(explanation: Explanation) -> None:
    assessment = explanation.assessment
    verdict = "列为线索" if assessment.flagged else "未列为线索"
    say(f"{verdict}：风险 {assessment.level.label}，{assessment.score:g} 分（{explanation.level_meaning}）")
    for label, pieces in (("标题", explanation.title), ("正文", explanation.text)):
        if any(piece.text for piece in pieces):
            say(f"{label}：{_marked(pieces)}")
    for _, kind, pieces in explanation.segments:
        say(f"{kind}：{_marked(pieces)}")
    for one in explanation.hits:
        say(
            f"  命中“{clean(one.finding.quote)}”：{one.finding.rule_id} {one.rule_name}（{one.category_label}，{one.severity}），{'；'.join(one.finding.legal_basis)}"
        )
    for one in explanation.exempted:
        say(f"  不计“{clean(one.finding.quote)}”：{one.finding.rule_id} {one.rule_name}，因为{one.exemption}")
    for text in (*assessment.evasion, *explanation.facts, *assessment.incomplete):
        say(f"  {clean(text)}")
    if explanation.steps:
        say("分数的由来：")
        for step in explanation.steps:
            say(f"  {step.points:+.2f}  {clean(step.text or step.name)}")
        say(f"  合计 {explanation.raw:+.2f}，换算为 {assessment.score:g} 分")


def _marked(pieces: tuple[MarkedPiece, ...]) -> str:
    """The text with 【hits】 and 〔exempted hits〕."""
    marks = {"hit": ("【", "】"), "exempted": ("〔", "〕"), "": ("", "")}
    return "".join(marks[piece.kind][0] + clean_lines(piece.text) + marks[piece.kind][1] for piece in pieces)


@command.command(
    "eval", help="用标注样本评测：文件为 JSON 行，每行有 text、label（0 或 1），可有 title、url、categories。"
)
@argument("file", metavar="文件", type=click.Path(path_type=Path), description="标注样本（.jsonl）")
@click.option("--rules", "folder", type=click.Path(path_type=Path), metavar="目录", help="改用此目录的规则评测")
@json_option
@click.pass_context
def eval_(ctx: click.Context, file: Path, folder: Path | None, as_json: bool) -> None:
    """Evaluate on labelled samples."""
    import classifiers
    from classifiers.evaluation import evaluate, read_lines

    services = services_of(ctx)
    lines = read_lines(file)
    if not lines:
        raise BadFile(f"标注文件 {file} 里没有样本。")
    report = evaluate(classifiers.load(folder) if folder else services.classifier, lines)
    if as_json:
        print_json(report.as_dict())
    else:
        _print_eval(report)


def _print_eval(report: EvalReport) -> None:
    def row(name: str, rates: Rates) -> tuple[str, ...]:
        return (
            name,
            f"{rates.precision:.3f}",
            f"{rates.recall:.3f}",
            f"{rates.f1:.3f}",
            f"{rates.false_alarm_rate:.3f}",
            str(rates.hits),
            str(rates.false_alarms),
            str(rates.misses),
            str(rates.rejections),
        )

    columns = ["范围", "准确率", "召回率", "F1", "误报率", "命中", "误报", "漏报", "正确放过"]
    print_table(
        columns,
        [
            row("全部", report.total),
            *(row(f"类别 {name}", rates) for name, rates in report.by_category.items()),
            *(row(f"渠道 {name}", rates) for name, rates in report.by_channel.items()),
            *(row(f"标签 {name}", rates) for name, rates in report.by_tag.items()),
        ],
        right=columns[1:],
    )
    for label, mistakes in (("误报", report.false_alarms), ("漏报", report.misses)):
        for mistake in mistakes[:_SHOWN]:
            say(
                f"{label} {mistake.id}（{mistake.score:g} 分，{'、'.join(mistake.rules) or '无命中'}）：{clean(mistake.title)} {clean(mistake.excerpt)}"
            )
        if len(mistakes) > _SHOWN:
            say(f"另有 {len(mistakes) - _SHOWN} 条{label}，用 --json 可看全部。")
    say(f"规则包 {report.rule_pack}")


@command.command(
    "backtest",
    help="回测：用新规则重判库中已有的文档，与现用规则和人工研判结论对照，看多出什么、少了什么。不改动任何数据。",
)
@argument("folder", metavar="目录", type=click.Path(path_type=Path), description="新规则所在目录")
@click.option("--since", type=Day(), metavar="日期", help="只看这一天以后采到的")
@click.option("--limit", type=WholeNumber(1, 10_000_000), metavar="数", help="至多看多少份文档")
@json_option
@click.pass_context
def backtest(ctx: click.Context, folder: Path, since: date | None, limit: int | None, as_json: bool) -> None:
    """Try a changed pack on stored documents."""
    import classifiers
    from classifiers.backtesting import backtest as compare
    from zhengxun.clock import SHANGHAI
    from zhengxun.rules.effect import to_try

    services = services_of(ctx)
    new = classifiers.load(folder)
    start = None if since is None else datetime.combine(since, time(), SHANGHAI)
    with services.store() as store:
        report = compare(services.classifier, new, map(to_try, store.stored_documents(limit=limit, since=start)))
    if as_json:
        print_json(report.as_dict())
    else:
        print_backtest(report)


def print_backtest(report: BacktestReport) -> None:
    say(f"重判 {report.documents} 份文档：现用规则列出 {report.old_flagged} 份，新规则列出 {report.new_flagged} 份。")
    say(
        f"已确认而新规则不再列出 {report.confirmed_lost} 份；误报不再列出 {report.dismissed_gone} 份；"
        f"误报重新列出 {report.dismissed_back} 份。"
    )
    for label, changes in (("新增", report.newly_hit), ("减少", report.newly_missed)):
        for change in changes[:_SHOWN]:
            verdict = {"confirmed": "已确认", "dismissed": "误报"}.get(change.verdict or "", "未研判")
            say(
                f"{label} {clean(change.url)}（{verdict}，{change.old_score:g} → {change.new_score:g} 分）：{clean(change.title)}"
            )
        if len(changes) > _SHOWN:
            say(f"另有 {len(changes) - _SHOWN} 份{label}，用 --json 可看全部。")


for one in (rule_versions.effect, rule_versions.publish, rule_versions.versions, rule_versions.rollback):
    command.add_command(one)
