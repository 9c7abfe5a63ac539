"""``zhengxun channels …``: where digests are sent, whether it works, and what became of each."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from domain.errors import BadInput
from zhengxun.cli.framework import Group, WholeNumber, argument
from zhengxun.cli.invocation import actor_name, services_of
from zhengxun.cli.output import json_option, note, print_json, print_table, say

if TYPE_CHECKING:
    from domain.delivery import Parcel


@click.group(
    cls=Group,
    name="channels",
    help="报送渠道：电子邮件、企业微信、钉钉、飞书机器人和文件夹，写在数据目录的 zhengxun.toml 里（见 docs/operation.md）。\n"
    "每份简报对每个渠道只发一次；不能确定对方是否收到的，列为待确认，不自动重发。",
)
def command() -> None:
    """Group of channel commands."""


@command.command("list", help="列出渠道和各自的范围。")
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """List channels."""
    channels = services_of(ctx).settings.delivery_channels
    if as_json:
        print_json(
            [
                {
                    "name": channel.name,
                    "kind": channel.kind.value,
                    "place": channel.place,
                    "regions": channel.route.regions,
                    "platforms": channel.route.platforms,
                    "levels": channel.route.levels,
                    "formats": channel.formats if channel.path is not None or channel.to else (),
                }
                for channel in channels
            ]
        )
        return
    if not channels:
        say("没有设置报送渠道，简报只写成文件。")
        return
    print_table(
        ["名称", "方式", "去向", "范围"],
        [(one.name, one.kind.label, one.place, one.route.label or "全部") for one in channels],
    )
    if all(not channel.route.whole for channel in channels):
        note("提示：没有一个渠道接收全部线索，地区、平台、等级都不相符的线索不会报送给任何人。")


@command.command("test", help="向一个渠道发一条测试消息（注明是测试）。失败时退出状态为 1。")
@argument("name", metavar="名称", description="渠道名称")
@click.pass_context
def test(ctx: click.Context, name: str) -> int:
    """Try a channel."""
    from zhengxun.delivery.outcome import NotSent, Unclear
    from zhengxun.jobs.delivery import try_channel

    services = services_of(ctx)
    found = [channel for channel in services.settings.delivery_channels if channel.name == name]
    if not found:
        names = "、".join(channel.name for channel in services.settings.delivery_channels)
        raise BadInput(f"没有名为“{name}”的报送渠道；已设置的有：{names or '（无）'}。")
    try:
        receipt = try_channel(services, found[0])
    except NotSent as error:
        note(f"没有发出：{error}。")
        return 1
    except Unclear as error:
        note(f"不能确定是否送到：{error}。请问对方是否收到。")
        return 1
    say(f"对方已接受：{receipt.text}")
    for refused in receipt.refused:
        note(f"未被接受的收件人：{refused}")
    return 1 if receipt.refused else 0


@command.command("outbox", help="列出最近若干天每份简报的报送情况。有未送达、待确认时退出状态为 1。")
@click.option("--days", type=WholeNumber(1, 3660), metavar="天数", default=7, help="最近多少天的简报（默认 7）")
@json_option
@click.pass_context
def outbox(ctx: click.Context, days: int, as_json: bool) -> int:
    """Show the outbox."""
    from zhengxun.clock import day_of, for_people
    from zhengxun.jobs.delivery import delivery_problems

    services = services_of(ctx)
    with services.store() as store:
        parcels = store.deliveries.parcels(day_of(services.clock()) - timedelta(days=days - 1))
        problems = delivery_problems(services, store)
    if as_json:
        print_json({"parcels": [parcel_as_dict(parcel) for parcel in parcels], "problems": problems})
        return 1 if problems else 0
    print_table(
        ["编号", "简报", "渠道", "部分", "状态", "次数", "最后一次", "说明"],
        [
            (
                parcel.id,
                parcel.label,
                parcel.channel,
                f"{parcel.part}/{parcel.parts}",
                parcel.state.label,
                sum(event.kind.value == "begun" for event in parcel.events),
                for_people(parcel.events[-1].at) if parcel.events else "",
                parcel.events[-1].detail if parcel.events else "",
            )
            for parcel in parcels
        ],
        whole=["简报", "状态"],
    )
    for problem in problems:
        say(problem)
    return 1 if problems else 0


@command.command("settle", help="对待确认的报送作出认定：对方已收到，或再发一次。")
@argument("number", metavar="编号", type=WholeNumber(1, 2**53), description="报送编号，见 channels outbox")
@click.option("--received", is_flag=True, help="对方已收到，不再发送")
@click.option("--again", is_flag=True, help="对方没有收到，下次 tick 再发一次")
@click.option("--by", metavar="姓名", help="经手人（默认取系统登录名）")
@click.pass_context
def settle(ctx: click.Context, number: int, received: bool, again: bool, by: str | None) -> None:
    """Decide an unclear parcel."""
    from zhengxun.jobs import delivery

    if received == again:
        raise BadInput("请写明 --received（已收到）或 --again（再发一次），二者选一。")
    parcel = delivery.settle(services_of(ctx), number, received, actor_name(by))
    say(f"报送 {parcel.id}（{parcel.label}，{parcel.channel}）{'已记为收到' if received else '将再发一次'}。")


def parcel_as_dict(parcel: Parcel) -> dict[str, Any]:
    """One parcel."""
    from zhengxun.cli.digest import parcel_named

    return {
        **parcel_named(parcel),
        "state": parcel.state.value,
        "events": [{"kind": event.kind.value, "at": event.at, "detail": event.detail} for event in parcel.events],
    }
