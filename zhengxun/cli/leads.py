"""``zhengxun leads …``: what the console does, for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from domain.assessment import Level
from domain.lead import Presence, Review
from zhengxun.cli import lead_clock, lead_decisions, lead_papers
from zhengxun.cli.framework import Day, Group, OneOf, WholeNumber, argument
from zhengxun.cli.invocation import services_of
from zhengxun.cli.output import json_option, print_json, print_table, say

if TYPE_CHECKING:
    from datetime import date

    from storage.leads import LeadListing

#: Leads read from the store at a time.
_PAGE = 500


@click.group(
    cls=Group,
    name="leads",
    help="线索：机器找出的可疑页面。系统只提出线索，是否违法由有权机关认定。\n每一步处理都追加记录，不覆盖、不删除。",
)
def command() -> None:
    """Group of lead commands."""


@command.command("list", help="列出线索，风险高的在前。条件可以叠加。")
@click.option(
    "--review",
    type=OneOf([item.value for item in Review], {item.value: item.label for item in Review}),
    metavar="研判状态",
    help="、".join(f"{item.value}（{item.label}）" for item in Review),
)
@click.option(
    "--presence",
    type=OneOf([item.value for item in Presence], {item.value: item.label for item in Presence}),
    metavar="在线状态",
    help="、".join(f"{item.value}（{item.label}）" for item in Presence),
)
@click.option(
    "--level",
    type=OneOf([item.value for item in Level], {item.value: item.label for item in Level}),
    metavar="风险",
    help="high（高）、medium（中）、low（低）",
)
@click.option("--platform", metavar="平台", help="平台代码，如 web、weixin、douyin")
@click.option("--region", metavar="地区", help="监测对象的地区，写开头几个字即可")
@click.option("--owner", metavar="姓名", help="承办人；写“无”只看没有承办人的")
@click.option("--overdue", is_flag=True, help="只看移送超期仍未下线或改正的（天数见设置 ZHENGXUN_OVERDUE_DAYS）")
@click.option("--target", type=WholeNumber(1, 2**53), metavar="编号", help="只看这个监测对象的")
@click.option("--date", "day", type=Day(), metavar="日期", help="只看这一天发现的，如 2026-11-23")
@click.option("--limit", type=WholeNumber(1, 1_000_000), metavar="数", help="至多列出多少条（默认全部）")
@json_option
@click.pass_context
def list_(
    ctx: click.Context,
    review: str | None,
    presence: str | None,
    level: str | None,
    platform: str | None,
    region: str | None,
    owner: str | None,
    overdue: bool,
    target: int | None,
    day: date | None,
    limit: int | None,
    as_json: bool,
) -> None:
    """List leads."""
    from storage.leads import LeadFilter
    from zhengxun.cli.lead_views import listing_as_dict
    from zhengxun.clock import for_people
    from zhengxun.jobs.reviewing import overdue_after

    services = services_of(ctx)
    wanted_leads = LeadFilter(
        review=Review(review) if review else None,
        presence=Presence(presence) if presence else None,
        level=level,
        target_id=target,
        platform=platform,
        region=region,
        owner="" if owner == "无" else owner,
        day=day,
        overdue_since=services.clock() - overdue_after(services) if overdue else None,
    )
    found: list[LeadListing] = []
    with services.store() as store:
        while limit is None or len(found) < limit:
            wanted = _PAGE if limit is None else min(_PAGE, limit - len(found))
            page = store.leads.list(wanted_leads, limit=wanted, offset=len(found))
            found.extend(page)
            if len(page) < wanted:
                break
    if as_json:
        print_json([listing_as_dict(listing) for listing in found])
        return
    if not found:
        say("没有符合条件的线索。")
        return
    print_table(
        ["编号", "风险", "分数", "研判", "在线状态", "标题", "网址", "监测对象", "承办人", "发现时间", "最近看到"],
        [
            (
                item.id,
                Level(item.level).label,
                f"{item.score:g}",
                item.state.review.label,
                item.state.presence.label,
                item.title,
                item.page_url,
                item.target_name,
                item.state.owner or "",
                for_people(item.state.found_at),
                for_people(item.last_seen),
            )
            for item in found
        ],
        right=["编号", "分数"],
    )


@command.command(
    "show",
    help="查看一条线索：命中的语句、依据、评分步骤、名录核对、证据位置、处理记录和原文；--diff 看页面各版本改了什么。",
)
@argument("lead_id", metavar="编号", type=WholeNumber(1, 2**53), description="线索编号")
@click.option("--diff", is_flag=True, help="只看页面历次修改：逐句列出增加的和删去的")
@json_option
@click.pass_context
def show(ctx: click.Context, lead_id: int, diff: bool, as_json: bool) -> None:
    """Show one lead."""
    from zhengxun.cli.lead_views import change_as_dict, detail_as_dict, print_changes, print_detail
    from zhengxun.directory.check import checker_of
    from zhengxun.jobs.reviewing import page_changes

    services = services_of(ctx)
    with services.store() as store:
        detail = store.leads.get(lead_id)
        changes = page_changes(store, lead_id) if diff else []
        check = None if diff else checker_of(services, store).check(detail)
    if diff and as_json:
        print_json(
            {"id": lead_id, "page_url": detail.lead.page_url, "changes": [change_as_dict(one) for one in changes]}
        )
    elif check is None:
        print_changes(changes)
    elif as_json:
        print_json(detail_as_dict(detail, check))
    else:
        print_detail(detail, check)


@command.command("related", help="关联网页：同一主体的全部页面和近似文案，供一并清除；每一项都写明依据。")
@argument("lead_id", metavar="编号", type=WholeNumber(1, 2**53), description="线索编号")
@json_option
@click.pass_context
def related(ctx: click.Context, lead_id: int, as_json: bool) -> None:
    """Show the pages related to a lead."""
    from zhengxun.cli.operators import print_related, related_as_dict

    with services_of(ctx).store() as store:
        found = store.operators.related(lead_id)
    if as_json:
        print_json(related_as_dict(found))
    else:
        print_related(found)


for _more in (*lead_decisions.COMMANDS, *lead_papers.COMMANDS, *lead_clock.COMMANDS):
    command.add_command(_more)
