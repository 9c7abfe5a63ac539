"""``zhengxun leads confirm``, ``dismiss`` … ``undo``: what a person decides about leads."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from domain.errors import BadInput
from domain.lead import EventKind
from domain.reasons import REASONS
from zhengxun.cli.framework import Command, OneOf, WholeNumber, argument
from zhengxun.cli.invocation import actor_name, services_of
from zhengxun.cli.output import note, say

if TYPE_CHECKING:
    from zhengxun.jobs.reviewing import Decision

_ids = argument(
    "ids", metavar="编号…", type=WholeNumber(1, 2**53), nargs=-1, required=True, description="线索编号，可写多个"
)
_by = click.option("--by", metavar="姓名", help="经手人（默认取系统登录名）")
_reason = click.option("--reason", metavar="理由", help="理由，写入处理记录")
_seen = click.option(
    "--seen",
    type=WholeNumber(1, 2**53),
    metavar="数",
    help="查看时线索已有的记录数（leads show 的 version）；其后若已有新记录则不保存（只能与一个编号合用）",
)


def _code(kind: EventKind) -> Callable[[Any], Any]:
    listed = REASONS[kind]
    return click.option(
        "--code",
        type=OneOf(list(listed), listed),
        metavar="代码",
        help="理由代码：" + "；".join(f"{code} {text}" for code, text in listed.items()),
    )


def append(
    ctx: click.Context,
    ids: Sequence[int],
    kind: EventKind,
    by: str | None,
    *,
    reason: str | None = None,
    code: str | None = None,
    details: Sequence[tuple[str, str]] = (),
    seen: int | None = None,
) -> int:
    """Append one event to each lead; those that do not allow it are named. Statuses: 0 all, 1 some, 2 none."""
    from zhengxun.jobs.reviewing import Decision

    decision = Decision(kind, actor_name(by), reason, code, tuple(details))
    return append_decision(ctx, ids, decision, seen)[1]


def append_decision(
    ctx: click.Context, ids: Sequence[int], decision: Decision, seen: int | None
) -> tuple[list[int], int]:
    """The same for a decision; leads that have it now, and the exit status."""
    from zhengxun.jobs.reviewing import decide_all

    ids = list(dict.fromkeys(ids))
    if seen is not None and len(ids) > 1:
        raise BadInput("--seen 只能与一个线索编号合用。")
    services = services_of(ctx)
    with services.store() as store:
        results = decide_all(services, store, ids, decision, {ids[0]: seen} if seen is not None else None)
    failed = [result for result in results if result.error is not None]
    for result in failed:
        note(f"线索 {result.lead_id}：{result.error}")
    done = [result.lead_id for result in results if result.error is None]
    if done:
        say(f"已将线索 {'、'.join(map(str, done))} 记为“{decision.kind.label}”（{decision.actor}）。")
    if not failed:
        return done, 0
    return done, 1 if done or failed[0].error is None else failed[0].error.exit_status


@click.command("confirm", cls=Command, help="确认：经研判认为涉嫌违规。")
@_ids
@_code(EventKind.CONFIRMED)
@_reason
@_by
@_seen
@click.pass_context
def confirm(
    ctx: click.Context, ids: tuple[int, ...], code: str | None, reason: str | None, by: str | None, seen: int | None
) -> int:
    """Confirm leads."""
    return append(ctx, ids, EventKind.CONFIRMED, by, reason=reason, code=code, seen=seen)


@click.command("dismiss", cls=Command, help="误报：不再列入简报。请写明理由代码或理由，供改进规则。")
@_ids
@_code(EventKind.DISMISSED)
@_reason
@_by
@_seen
@click.pass_context
def dismiss(
    ctx: click.Context, ids: tuple[int, ...], code: str | None, reason: str | None, by: str | None, seen: int | None
) -> int:
    """Dismiss leads."""
    return append(ctx, ids, EventKind.DISMISSED, by, reason=reason, code=code, seen=seen)


@click.command("check", cls=Command, help="待核实：需要进一步查证。")
@_ids
@_code(EventKind.CHECK_REQUESTED)
@_reason
@_by
@_seen
@click.pass_context
def check(
    ctx: click.Context, ids: tuple[int, ...], code: str | None, reason: str | None, by: str | None, seen: int | None
) -> int:
    """Ask for a check."""
    return append(ctx, ids, EventKind.CHECK_REQUESTED, by, reason=reason, code=code, seen=seen)


@click.command(
    "refer",
    cls=Command,
    help="移送：已确认的线索转有权机关处置。退回后可再次移送；已移送未退回的再次移送（催办、复发）须写 --reason。\n"
    "设置了双人复核（ZHENGXUN_REFERRAL_SECOND_PERSON）时，须由确认人以外的人移送。\n"
    "加 --out 同时生成移送函（Word）和处置台账（Excel）；台账由承办单位填好发回后用 leads answers 读入。",
)
@_ids
@click.option("--to", "authority", metavar="部门", help="移送给哪个部门，如 市网信办")
@click.option("--letter", metavar="文号", help="移送函文号")
@click.option("--out", type=click.Path(path_type=Path), metavar="目录", help="把移送函和处置台账写到这个目录")
@_reason
@_by
@_seen
@click.pass_context
def refer(
    ctx: click.Context,
    ids: tuple[int, ...],
    authority: str | None,
    letter: str | None,
    out: Path | None,
    reason: str | None,
    by: str | None,
    seen: int | None,
) -> int:
    """Refer leads, and write their papers."""
    from zhengxun.jobs.reviewing import Decision

    details = tuple((key, value) for key, value in (("authority", authority), ("letter", letter)) if value)
    decision = Decision(EventKind.REFERRED, actor_name(by), reason, None, details)
    done, status = append_decision(ctx, ids, decision, seen)
    if out is not None and done:
        from zhengxun.cli.lead_papers import write

        write(ctx, done, out, authority, letter)
    return status


@click.command("note", cls=Command, help="备注：追加一条说明，不改变状态。")
@argument("lead_id", metavar="编号", type=WholeNumber(1, 2**53), description="线索编号")
@argument("text", metavar="说明", description="说明文字")
@_by
@click.pass_context
def note_(ctx: click.Context, lead_id: int, text: str, by: str | None) -> int:
    """Add a note."""
    return append(ctx, (lead_id,), EventKind.NOTED, by, reason=text)


@click.command("assign", cls=Command, help="指派：写明由谁承办；--to 无 表示取消指派。")
@_ids
@click.option("--to", "owner", metavar="姓名", required=True, help="承办人姓名；写“无”取消指派")
@_by
@click.pass_context
def assign(ctx: click.Context, ids: tuple[int, ...], owner: str, by: str | None) -> int:
    """Say who works on leads."""
    if not owner.strip():
        raise BadInput("承办人姓名为空；要取消指派请写“无”。")
    return append(ctx, ids, EventKind.ASSIGNED, by, details=[("owner", "" if owner.strip() == "无" else owner)])


@click.command(
    "undo",
    cls=Command,
    help="撤销：收回本人最近一次研判（确认、误报、待核实、移送、答复），恢复到之前的状态；两次都留有记录。",
)
@_ids
@_reason
@_by
@_seen
@click.pass_context
def undo(ctx: click.Context, ids: tuple[int, ...], reason: str | None, by: str | None, seen: int | None) -> int:
    """Take back what oneself decided last."""
    return append(ctx, ids, EventKind.UNDONE, by, reason=reason, seen=seen)


COMMANDS = (confirm, dismiss, check, refer, note_, assign, undo)
