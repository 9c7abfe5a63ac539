"""``zhengxun leads papers`` and ``answers``: what goes to the authority and what comes back from it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from zhengxun.cli.framework import Command, WholeNumber, argument
from zhengxun.cli.invocation import actor_name, services_of
from zhengxun.cli.output import json_option, note, print_json, say


def write(ctx: click.Context, ids: Sequence[int], out: Path, authority: str | None, letter: str | None) -> None:
    """Write letter and ledger and say where they are."""
    from zhengxun.jobs.papers import write_papers

    services = services_of(ctx)
    with services.store() as store:
        paths = write_papers(services, store, ids, out, authority=authority or "", letter=letter or "")
    for path in paths:
        say(f"已写出 {path}")


@click.command(
    "papers",
    cls=Command,
    help="文书：为线索生成移送函（Word）和处置台账（Excel），不改变线索状态；可重新生成。\n"
    "发文机关、联系人等取自简报模板目录中的 labels.yaml，没有填的留出位置。",
)
@argument("ids", metavar="编号…", type=WholeNumber(1, 2**53), nargs=-1, required=True, description="线索编号，可写多个")
@click.option("--out", type=click.Path(path_type=Path), metavar="目录", required=True, help="写到这个目录")
@click.option("--to", "authority", metavar="部门", help="主送机关（默认取最近一次移送的部门）")
@click.option("--letter", metavar="文号", help="移送函文号（默认取最近一次移送的文号）")
@click.pass_context
def papers(ctx: click.Context, ids: tuple[int, ...], out: Path, authority: str | None, letter: str | None) -> None:
    """Write the papers of leads."""
    write(ctx, ids, out, authority, letter)


@click.command(
    "answers",
    cls=Command,
    help="答复：读入承办单位填好发回的处置台账（.xlsx 或 .csv），记录采纳、退回或已处置。\n"
    "能用的行全部记录，不能用的逐行说明原因；重复读入同一文件不会重复记录。有不能用的行时退出状态为 1。",
)
@argument("file", metavar="文件", type=click.Path(path_type=Path), description="发回的处置台账")
@click.option("--by", metavar="姓名", help="经手人（默认取系统登录名）")
@json_option
@click.pass_context
def answers(ctx: click.Context, file: Path, by: str | None, as_json: bool) -> int:
    """Take the authority's answers."""
    from zhengxun.jobs.papers import take_answers

    services = services_of(ctx)
    with services.store() as store:
        report = take_answers(services, store, file, actor_name(by))
    if as_json:
        print_json(
            {
                "added": report.added,
                "unchanged": report.unchanged,
                "empty": report.empty,
                "bad": [{"row": row, "reason": reason} for row, reason in report.bad],
            }
        )
    else:
        say(
            f"新记录答复 {len(report.added)} 条，已记录过 {len(report.unchanged)} 条，"
            f"没有填结果 {report.empty} 行，不能用 {len(report.bad)} 行。"
        )
        for row, reason in report.bad:
            note(f"第 {row} 行：{reason}")
    return 1 if report.bad else 0


COMMANDS = (papers, answers)
