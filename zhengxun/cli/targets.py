"""``zhengxun targets …``: what is watched."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from domain.target import Target, TargetKind
from zhengxun.cli.framework import Group, OneOf, WholeNumber, argument
from zhengxun.cli.invocation import services_of
from zhengxun.cli.output import json_option, note, print_json, print_table, say
from zhengxun.cli.target_discovery import discover, proposals

_KINDS = OneOf([kind.value for kind in TargetKind], {kind.value: kind.label for kind in TargetKind})


@click.group(
    cls=Group,
    name="targets",
    help="监测对象：要看哪些网站、账号和订阅源，多久看一次，一次看多少。\n暂停的对象保留历史和线索；移除的对象不再采集，其线索和证据仍然保留。",
)
def command() -> None:
    """Group of target commands."""


@command.command("add", help="添加一个监测对象。类型不写时由网址推断；网址已在监测时不作改动。")
@argument("url", metavar="网址", description="网页、公众号文章或订阅源的地址；类型为 search 时写搜索词，可含 {city}")
@click.option("--name", metavar="名称", help="显示名称（默认取网址）")
@click.option("--kind", type=_KINDS, metavar="类型", help=f"类型：{'、'.join(kind.value for kind in TargetKind)}")
@click.option(
    "--schedule",
    metavar="频率",
    help="频率：每天 08:00、每12小时、每周一、三、五、工作日 09:30 … 或 cron 表达式（默认每天 04:00）",
)
@click.option(
    "--render", "render", flag_value="always", help="每个网页都用浏览器渲染（默认：只渲染靠脚本显示内容的网页）"
)
@click.option("--no-render", "render", flag_value="never", help="从不用浏览器渲染")
@click.option("--max-pages", type=WholeNumber(1, 100_000), metavar="数", help="每次至多采集的页数（默认 500）")
@click.option("--max-depth", type=WholeNumber(0, 50), metavar="数", help="离入口网址至多几层链接（默认 8）")
@click.option(
    "--scope-path",
    metavar="路径",
    help="只采此路径之下的页面，如 /news/（默认：网址以 / 结尾时取该目录，否则整个网站）",
)
@click.option("--region", metavar="地区", help="所属地区")
@click.option("--tags", metavar="标签", help="标签，可写多个，用顿号或逗号隔开")
@click.option("--note", "remark", metavar="备注", help="备注")
@json_option
@click.pass_context
def add(ctx: click.Context, /, as_json: bool, remark: str | None, render: str | None, **given: Any) -> None:
    """Add one target."""
    from domain.target import Rendering
    from zhengxun.schedule import describe
    from zhengxun.target_draft import draft_target
    from zhengxun.target_import import add_target
    from zhengxun.target_kinds import why_not_collectable

    services = services_of(ctx)
    draft = draft_target(
        check=services.address_guard.check,
        now=services.clock(),
        note=remark,
        render=Rendering(render or Rendering.AUTO),
        **given,
    )
    with services.store() as store:
        target, created = add_target(store.targets, draft)
    if as_json:
        print_json({"created": created, "target": as_dict(target, services.clock())})
        return
    if not created:
        say(f"已存在：{target.id} 号监测对象“{target.name}”，未作改动。")
        return
    say(f"已添加 {target.id} 号监测对象“{target.name}”：{target.kind.label}，{describe(target.schedule)}。")
    reason = why_not_collectable(target.kind, target.url)
    if target.kind is TargetKind.SEARCH and reason is None:
        say("到期时按设置查询搜索引擎，结果列为建议：zhengxun targets proposals list")
        return
    say(
        f"范围：{'、'.join(target.scope.hosts)} 上以 {target.scope.path_prefix} 开头的页面，每次至多 {target.budget.max_pages} 页。"
    )
    if reason is not None:
        note(f"提示：{reason}；到期时会在简报中列为覆盖缺口。")


@command.command(
    "import",
    help="从 .csv（UTF-8 或 GB18030）或 .xlsx 导入，表头：名称,网址,类型,频率,备注（次序不限）。\n可另加列：最大页数、最大深度、地区、标签、渲染、路径范围、状态。\n合格的行全部导入，不合格的行逐一说明；重复导入不作改动。有不合格的行时退出状态为 1。",
)
@argument("file", metavar="文件", type=click.Path(path_type=Path), description=".csv 或 .xlsx 文件")
@json_option
@click.pass_context
def import_(ctx: click.Context, file: Path, as_json: bool) -> int:
    """Import a spreadsheet."""
    from zhengxun.target_files import read_sheet
    from zhengxun.target_import import import_rows

    services = services_of(ctx)
    sheet = read_sheet(file)
    with services.store() as store:
        report = import_rows(sheet, store.targets, services.address_guard.check, services.clock())
    if as_json:
        print_json(
            {
                "added": len(report.added),
                "existing": report.existing,
                "bad": [{"row": bad.number, "reason": bad.reason} for bad in report.bad],
                "ignored_columns": list(sheet.ignored),
                "target_ids": [target.id for target in report.added],
            }
        )
    else:
        say(f"新增 {len(report.added)} 个，已存在 {report.existing} 个（未作改动），不合格 {len(report.bad)} 行。")
        if sheet.ignored:
            say(f"未识别的列未读取：{'、'.join(sheet.ignored)}")
        for bad in report.bad:
            say(f"第 {bad.number} 行：{bad.reason}")
    return 1 if report.bad else 0


@command.command("list", help="列出监测对象。")
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """List targets."""
    from zhengxun.clock import for_people
    from zhengxun.schedule import describe, next_run

    services = services_of(ctx)
    now = services.clock()
    with services.store() as store:
        targets = store.targets.list()
    if as_json:
        print_json([as_dict(target, now) for target in targets])
        return
    if not targets:
        say("还没有监测对象。用“zhengxun targets add 网址”添加，或用“zhengxun targets import 文件”导入。")
        return
    print_table(
        ["编号", "名称", "网址", "类型", "频率", "状态", "上次采集", "下次到期"],
        [
            (
                target.id,
                target.name,
                target.url,
                target.kind.label,
                describe(target.schedule),
                "已暂停" if target.paused else "正常",
                for_people(target.last_run_at),
                for_people(next_run(target, now)),
            )
            for target in targets
        ],
        right=["编号"],
    )


@command.command("export", help="导出为 .csv 或 .xlsx；导出的文件可以再导入。")
@argument("file", metavar="文件", type=click.Path(path_type=Path), description="以 .csv 或 .xlsx 结尾的文件名")
@click.pass_context
def export(ctx: click.Context, file: Path) -> None:
    """Export all targets."""
    from zhengxun.target_files import write_sheet

    with services_of(ctx).store() as store:
        targets = store.targets.list()
    write_sheet(file, targets)
    say(f"已导出 {len(targets)} 个监测对象到 {file}。")


_ids = argument(
    "ids", metavar="编号…", type=WholeNumber(1, 2**53), nargs=-1, required=True, description="监测对象编号，可写多个"
)


@command.command(
    "robots",
    help="记录不遵守 robots.txt 的决定（必须写明理由和决定人），或撤销它；都不写时列出历次决定。\n"
    "默认一律遵守 robots.txt。每次决定都留有记录，不覆盖。",
)
@argument("target_id", metavar="编号", type=WholeNumber(1, 2**53), description="监测对象编号")
@click.option("--ignore", is_flag=True, help="对此对象不遵守 robots.txt")
@click.option("--obey", is_flag=True, help="撤销例外，恢复遵守")
@click.option("--reason", metavar="理由", help="依据和理由，如批准文号")
@click.option("--by", metavar="姓名", help="决定人")
@click.pass_context
def robots(ctx: click.Context, target_id: int, ignore: bool, obey: bool, reason: str | None, by: str | None) -> None:
    """Record or withdraw a robots.txt override."""
    from domain.target import RobotsOverride
    from zhengxun.clock import for_people

    if ignore and obey:
        raise click.UsageError("--ignore 和 --obey 只能写一个。", ctx)
    if (ignore or obey) and not (by and by.strip()):
        raise click.UsageError("请用 --by 写明决定人。", ctx)
    if ignore and not (reason and reason.strip()):
        raise click.UsageError("请用 --reason 写明理由。", ctx)
    services = services_of(ctx)
    with services.store() as store:
        if ignore:
            decision = RobotsOverride(str(reason).strip(), str(by).strip(), services.clock())
            store.targets.set_robots_override(target_id, decision)
        elif obey:
            store.targets.set_robots_override(target_id, None, withdrawn_by=str(by).strip())
        target = store.targets.get(target_id)
        history = store.targets.robots_history(target_id)
    say(f"{target.id} 号监测对象“{target.name}”：{'不遵守' if target.robots_override else '遵守'} robots.txt。")
    for granted, decision in history:
        what = "例外" if granted else "撤销"
        say(f"  {for_people(decision.decided_at)}  {what}  {decision.decided_by}  {decision.reason}")


@command.command("pause", help="暂停：不再按期采集，历史和线索保留。")
@_ids
@click.pass_context
def pause(ctx: click.Context, ids: tuple[int, ...]) -> None:
    """Pause targets."""
    with services_of(ctx).store() as store:
        changed = store.targets.pause(ids)
    say(f"已暂停 {changed} 个监测对象。")


@command.command("resume", help="恢复按期采集。")
@_ids
@click.pass_context
def resume(ctx: click.Context, ids: tuple[int, ...]) -> None:
    """Resume targets."""
    with services_of(ctx).store() as store:
        changed = store.targets.resume(ids)
    say(f"已恢复 {changed} 个监测对象。")


@command.command("remove", help="移除：不再出现在清单中，也不再采集；已有页面、线索和证据保留。")
@_ids
@click.pass_context
def remove(ctx: click.Context, ids: tuple[int, ...]) -> None:
    """Remove targets."""
    with services_of(ctx).store() as store:
        changed = store.targets.remove(ids)
    say(f"已移除 {changed} 个监测对象。")


def as_dict(target: Target, now: datetime) -> dict[str, Any]:
    """A target as ``targets list --json`` prints it."""
    from zhengxun.schedule import describe, next_run

    return {
        "id": target.id,
        "name": target.name,
        "url": target.url,
        "kind": target.kind.value,
        "schedule": target.schedule,
        "schedule_text": describe(target.schedule),
        "hosts": list(target.scope.hosts),
        "path_prefix": target.scope.path_prefix,
        "max_pages": target.budget.max_pages,
        "max_depth": target.budget.max_depth,
        "render": target.render.value,
        "region": target.region,
        "note": target.note,
        "tags": list(target.tags),
        "paused": target.paused,
        "created_at": target.created_at,
        "last_run_at": target.last_run_at,
        "next_run_at": next_run(target, now),
    }


@command.command(
    "check",
    help="试采：看一个网址读不读得到、什么编码、robots 是否允许、像哪一类、机器怎么判断。至多看 5 个页面，不入库。\n入口网址读不到时退出状态为 1。",
)
@argument("url", metavar="网址", description="要试的网址")
@click.option("--kind", type=_KINDS, metavar="类型", help="类型（默认由网址推断）")
@json_option
@click.pass_context
def check(ctx: click.Context, url: str, kind: str | None, as_json: bool) -> int:
    """Try an address out."""
    from zhengxun.cli.target_check import as_dict as trial_as_dict
    from zhengxun.cli.target_check import print_trial
    from zhengxun.target_check import try_target
    from zhengxun.target_draft import draft_target

    services = services_of(ctx)
    draft = draft_target(url=url, kind=kind, check=services.address_guard.check, now=services.clock())
    trial = try_target(services, draft)
    if as_json:
        print_json(trial_as_dict(trial))
    else:
        print_trial(trial)
    return 0 if trial.reachable or (draft.kind is TargetKind.SEARCH and trial.unsupported is None) else 1


command.add_command(discover)
command.add_command(proposals)
