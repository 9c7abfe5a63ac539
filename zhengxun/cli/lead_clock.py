"""``zhengxun leads clock`` and ``stats``: how long things took."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from domain.lead_clock import ClockGroup
from zhengxun.cli.framework import Command, OneOf
from zhengxun.cli.invocation import services_of
from zhengxun.cli.output import json_option, print_json, print_table, say

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from domain.lead_clock import ClockFigures, ClockLine

_region = click.option("--region", metavar="地区", help="只看监测对象属于该地区的，写开头几个字即可")
_platform = click.option("--platform", metavar="平台", help="只看该平台的，如 web、weixin")


@click.command("clock", cls=Command, help="时限：每条线索何时发现、确认、移送、消失；超期的排在前面。误报不列。")
@click.option("--overdue", is_flag=True, help="只看移送超期仍未下线或改正的（天数见设置 ZHENGXUN_OVERDUE_DAYS）")
@_platform
@_region
@json_option
@click.pass_context
def clock(ctx: click.Context, overdue: bool, platform: str | None, region: str | None, as_json: bool) -> None:
    """List times of leads."""
    from domain.lead import Review
    from zhengxun.clock import for_people
    from zhengxun.jobs.reviewing import overdue_after

    services = services_of(ctx)
    now, after = services.clock(), overdue_after(services)
    with services.store() as store:
        lines = store.leads.clock(platform=platform, region=region, overdue_since=now - after if overdue else None)
    lines = [line for line in lines if line.state.review is not Review.DISMISSED]
    lines = sorted(lines, key=lambda line: (not line.state.overdue(now, after), -(line.days_since_referral(now) or 0)))
    if as_json:
        print_json([line_as_dict(line, now, after) for line in lines])
        return
    if not lines:
        say("没有超期的线索。" if overdue else "没有线索。")
        return

    def moment(at: datetime | None) -> str:
        return for_people(at) if at else "—"

    print_table(
        ["线索", "标题", "平台", "地区", "发现", "确认", "移送", "移送后天数", "消失", "在线状态", "超期"],
        [
            (
                line.lead_id,
                line.title,
                line.platform,
                line.region or "",
                moment(line.state.found_at),
                moment(line.state.confirmed_at),
                moment(line.state.referred_at),
                "" if (days := line.days_since_referral(now)) is None else days,
                moment(line.state.gone_at),
                line.state.presence.label,
                "超期" if line.state.overdue(now, after) else "",
            )
            for line in lines
        ],
        right=["线索", "移送后天数"],
    )


@click.command(
    "stats",
    cls=Command,
    help="统计：线索数、移送数、移送后下线（改正）率，以及发现到确认、发现到移送、移送到下线的小时数中位数。",
)
@click.option(
    "--by",
    type=OneOf([item.value for item in ClockGroup], {item.value: item.label for item in ClockGroup}),
    default=ClockGroup.PLATFORM.value,
    metavar="分组",
    help="、".join(f"{item.value}（{item.label}）" for item in ClockGroup) + "；默认 platform",
)
@_platform
@_region
@json_option
@click.pass_context
def stats(ctx: click.Context, by: str, platform: str | None, region: str | None, as_json: bool) -> None:
    """Figures of many leads."""
    from domain.lead_clock import figures, total
    from zhengxun.jobs.reviewing import overdue_after

    services = services_of(ctx)
    now, after = services.clock(), overdue_after(services)
    with services.store() as store:
        lines = store.leads.clock(platform=platform, region=region)
    groups, whole = figures(lines, ClockGroup(by), now, after), total(lines, now, after)
    if as_json:
        print_json({"by": by, "total": figures_as_dict(whole), "groups": [figures_as_dict(one) for one in groups]})
        return
    if not lines:
        say("没有线索。")
        return
    print_table(
        [
            ClockGroup(by).label, "线索", "误报", "确认", "移送", "已下线或改正", "比率", "超期", "发现到确认", "发现到移送", "移送到下线",
        ],
        [_row(one, one.group or "（不明）") for one in groups] + [_row(whole, "合计")],
        right=["线索", "误报", "确认", "移送", "已下线或改正", "比率", "超期", "发现到确认", "发现到移送", "移送到下线"],
    )  # fmt: skip
    say("后三列为小时数的中位数；已下线或改正只计移送之后消失且没有复发的。")


def _row(one: ClockFigures, name: str) -> tuple[Any, ...]:
    def hours(value: float | None) -> str:
        return "—" if value is None else f"{value:g}"

    rate = one.takedown_rate
    return (
        name, one.found, one.dismissed, one.confirmed, one.referred, one.gone, "—" if rate is None else f"{rate:.0%}",
        one.overdue, hours(one.median_hours_to_confirm), hours(one.median_hours_to_refer), hours(one.median_hours_to_takedown),
    )  # fmt: skip


def line_as_dict(line: ClockLine, now: datetime, overdue_after: timedelta) -> dict[str, Any]:
    """One entry of ``leads clock --json``."""
    state = line.state
    return {
        "id": line.lead_id,
        "title": line.title,
        "page_url": line.page_url,
        "target": line.target_name,
        "platform": line.platform,
        "region": line.region,
        "level": line.level,
        "review": state.review.value,
        "presence": state.presence.value,
        "authority": state.referred_to,
        "found_at": state.found_at,
        "confirmed_at": state.confirmed_at,
        "first_referred_at": state.first_referred_at,
        "referred_at": state.referred_at,
        "referrals": state.referrals,
        "gone_at": state.gone_at,
        "answer": state.answer.value if state.answer else None,
        "hours_to_confirm": line.hours_to_confirm,
        "hours_to_refer": line.hours_to_refer,
        "hours_to_takedown": line.hours_to_takedown,
        "days_since_referral": line.days_since_referral(now),
        "overdue": state.overdue(now, overdue_after),
    }


def figures_as_dict(one: ClockFigures) -> dict[str, Any]:
    """One group of ``leads stats --json``."""
    return asdict(one) | {"takedown_rate": one.takedown_rate}


COMMANDS = (clock, stats)
