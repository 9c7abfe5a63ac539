"""``zhengxun blacklist …``: whom the rules propose, what people decided, what is published."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from domain.blacklist import GROUNDS, EntryState, StepKind
from domain.errors import BadInput
from zhengxun.cli.framework import Day, Group, OneOf, WholeNumber, argument
from zhengxun.cli.invocation import actor_name, services_of
from zhengxun.cli.output import json_option, print_json, print_table, say

if TYPE_CHECKING:
    from datetime import date

    from domain.blacklist import Entry

_number = argument("number", metavar="编号", type=WholeNumber(1, 2**53), description="条目编号")
_reason = click.option("--reason", metavar="理由", required=True, help="理由，写入记录并随名单公布")
_by = click.option("--by", metavar="姓名", help="经手人（默认取系统登录名）")


@click.group(
    cls=Group,
    name="blacklist",
    help="动态黑名单：系统按规则建议（屡犯、情节严重、拒不整改），由人决定是否列入、期限和移出。\n"
    "只依据已经人工确认或移送的线索；每一步追加记录，不覆盖、不删除。",
)
def command() -> None:
    """Group of blacklist commands."""


@command.command("list", help="列出条目和所处状态。")
@click.option(
    "--state",
    type=OneOf([item.value for item in EntryState], {item.value: item.label for item in EntryState}),
    metavar="状态",
    help="、".join(f"{item.value}（{item.label}）" for item in EntryState),
)
@json_option
@click.pass_context
def list_(ctx: click.Context, state: str | None, as_json: bool) -> None:
    """List entries."""
    from zhengxun.clock import day_of

    services = services_of(ctx)
    today = day_of(services.clock())
    with services.store() as store:
        entries = store.blacklist.entries()
    entries = [entry for entry in entries if state is None or entry.state(today).value == state]
    if as_json:
        print_json([entry_as_dict(entry, today) for entry in entries])
    else:
        _print(entries, today, "没有符合条件的条目。")


@command.command("propose", help="按规则建议：找出符合条件而尚未建议或列入的对象。重复执行不会重复建议。")
@json_option
@click.pass_context
def propose(ctx: click.Context, as_json: bool) -> None:
    """Make proposals."""
    from zhengxun.clock import day_of
    from zhengxun.jobs.blacklisting import make_proposals

    services = services_of(ctx)
    today = day_of(services.clock())
    with services.store() as store:
        made = [proposed.entry for proposed in make_proposals(services, store)]
    if as_json:
        print_json([entry_as_dict(entry, today) for entry in made])
    else:
        _print(made, today, "没有新的建议。")


@command.command("decide", help="决定：列入（须写期限）或不予列入一条建议；已移出、已到期、不予列入的也可以重新列入。")
@_number
@click.option("--until", type=Day(), metavar="日期", help="列入，期限到这一天为止")
@click.option("--decline", is_flag=True, help="不予列入")
@_reason
@_by
@click.pass_context
def decide(ctx: click.Context, number: int, until: date | None, decline: bool, reason: str, by: str | None) -> None:
    """Decide on a proposal."""
    if (until is not None) == decline:
        raise BadInput("请在 --until 日期（列入）和 --decline（不予列入）中选一种。")
    _step(ctx, number, StepKind.DECLINED if decline else StepKind.LISTED, reason, by, until)


@command.command("remove", help="移出：整改到位或列入有误的，写明理由移出。")
@_number
@_reason
@_by
@click.pass_context
def remove(ctx: click.Context, number: int, reason: str, by: str | None) -> None:
    """Take somebody off."""
    _step(ctx, number, StepKind.REMOVED, reason, by, None)


def _step(ctx: click.Context, number: int, kind: StepKind, reason: str, by: str | None, until: date | None) -> None:
    from zhengxun.jobs.blacklisting import decide_entry

    services = services_of(ctx)
    with services.store() as store:
        entry = decide_entry(services, store, number, kind, actor_name(by), reason, until)
    term = f"，期限至 {until}" if until else ""
    say(f"已将条目 {number}“{entry.subject.name}”记为“{kind.label}”（{entry.last.actor}）{term}。")


@command.command("export", help="导出在列名单：Excel 和可供公布的网页。公布前请经审批。")
@click.option("--out", type=click.Path(path_type=Path), metavar="目录", required=True, help="写到这个目录")
@click.pass_context
def export(ctx: click.Context, out: Path) -> None:
    """Write the list."""
    from zhengxun.jobs.blacklisting import export as write

    services = services_of(ctx)
    with services.store() as store:
        paths = write(services, store, out)
    for path in paths:
        say(f"已写出 {path}")


def entry_as_dict(entry: Entry, today: date) -> dict[str, Any]:
    """One entry of ``blacklist list --json``."""
    return {
        "number": entry.number,
        "kind": entry.subject.kind.value,
        "key": entry.subject.key,
        "name": entry.subject.name,
        "state": entry.state(today).value,
        "until": entry.last.until,
        "grounds": list(entry.last.grounds),
        "lead_ids": list(entry.last.lead_ids),
        "steps": [
            {
                "kind": step.kind.value,
                "at": step.at,
                "actor": step.actor,
                "reason": step.reason,
                "grounds": list(step.grounds),
                "lead_ids": list(step.lead_ids),
                "until": step.until,
            }
            for step in entry.steps
        ],
    }


def _print(entries: list[Entry], today: date, none: str) -> None:
    if not entries:
        say(none)
        return
    print_table(
        ["编号", "状态", "类别", "名称", "事由", "说明", "期限至", "线索"],
        [
            (
                entry.number,
                entry.state(today).label,
                entry.subject.kind.label,
                entry.subject.name,
                "、".join(GROUNDS.get(ground, ground) for ground in entry.last.grounds),
                entry.last.reason or "",
                entry.last.until.isoformat() if entry.last.until else "",
                "、".join(map(str, entry.last.lead_ids[:10])),
            )
            for entry in entries
        ],
        right=["编号"],
    )
