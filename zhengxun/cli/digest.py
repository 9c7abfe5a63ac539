"""``zhengxun digest``."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from domain.digest import DigestStatus
from zhengxun.cli.framework import Command, Day
from zhengxun.cli.invocation import services_of
from zhengxun.cli.output import json_option, print_json, say

if TYPE_CHECKING:
    from domain.delivery import Parcel
    from zhengxun.jobs.delivery import DeliveryReport


class Formats(click.ParamType[Any]):
    """Comma-separated digest formats; the renderers decide which there are."""

    name = "格式"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """The formats in order, each once."""
        if isinstance(value, tuple):
            return value
        from zhengxun.settings import DIGEST_FORMATS

        words = tuple(dict.fromkeys(word.strip().lower() for word in str(value).split(",") if word.strip()))
        for word in words:
            if word not in DIGEST_FORMATS:
                self.fail(f"没有“{word}”这种格式；可用：{'、'.join(DIGEST_FORMATS)}。", param, ctx)
        if not words:
            self.fail(f"没有写格式；可用：{'、'.join(DIGEST_FORMATS)}。", param, ctx)
        return words


@click.command(
    cls=Command,
    name="digest",
    help="生成处置简报并写成文件 digest-日期.格式。\n每日只封存一次：再次执行只是重新写出同一份内容，不会增减条目。",
)
@click.option("--date", "day", type=Day(), metavar="日期", help="哪一天的，如 2026-11-23（默认今天，北京时间）")
@click.option(
    "--format", "formats", type=Formats(), metavar="格式", help="html、json、xlsx、docx，逗号分隔（默认全部）"
)
@click.option("--out", type=click.Path(path_type=Path), metavar="目录", help="写到哪里（默认数据目录内的 digests）")
@click.option("--send", is_flag=True, help="随即向各报送渠道发送；已送达、待确认的不再发。有未送达时退出状态为 1")
@json_option
@click.pass_context
def command(
    ctx: click.Context, day: date | None, formats: tuple[str, ...] | None, out: Path | None, send: bool, as_json: bool
) -> int:
    """Build and write a digest."""
    from domain.errors import BadInput
    from zhengxun.jobs.delivery import DeliveryReport, deliver
    from zhengxun.jobs.digest import make_digest

    services = services_of(ctx)
    try:
        report = make_digest(services, day=day, formats=formats, out_dir=out)
    except OSError as error:
        raise BadInput(f"简报文件无法写入 {out or services.settings.digests}；请检查文件夹权限和磁盘空间。") from error
    digest = report.digest
    delivery = DeliveryReport()
    if send:
        if not services.settings.delivery_channels:
            raise BadInput("没有设置报送渠道；请在 zhengxun.toml 中写 [[channels]]，写法见 docs/operation.md。")
        delivery = deliver(services, digest.date)
    status = 1 if delivery.failed or delivery.unclear or delivery.problems else 0
    if as_json:
        print_json(
            {
                "date": digest.date,
                "number": digest.number,
                "created": report.created,
                "totals": digest.totals,
                "files": [str(path) for path in report.files],
                "delivery": delivery_as_dict(delivery) if send else None,
            }
        )
        return status
    say(f"{digest.date} 处置简报（{digest.number}）{'已生成' if report.created else '此前已封存，按原内容重新写出'}。")
    say("，".join(f"{DigestStatus(name).label} {count}" for name, count in digest.totals.items()))
    say(
        f"覆盖：计划 {digest.coverage.targets_planned} 个对象，看到 {digest.coverage.targets_ok} 个，缺口 {len(digest.coverage.gaps)} 处。"
    )
    for path in report.files:
        say(str(path.absolute()))
    if send and delivery.idle:
        say("各渠道此前都已送达或待确认，没有再发。")
    say_delivery(delivery)
    return status


def delivery_as_dict(report: DeliveryReport) -> dict[str, Any]:
    """What one pass over the outbox did."""
    return {
        "sent": [parcel_named(parcel) for parcel in report.sent],
        "failed": [parcel_named(parcel) | {"detail": why} for parcel, why in report.failed],
        "unclear": [parcel_named(parcel) | {"detail": why} for parcel, why in report.unclear],
        "problems": report.problems,
    }


def parcel_named(parcel: Parcel) -> dict[str, Any]:
    """What names one parcel."""
    return {
        "id": parcel.id,
        "date": parcel.day,
        "first_date": parcel.first_day,
        "channel": parcel.channel,
        "part": parcel.part,
        "parts": parcel.parts,
    }


def say_delivery(report: DeliveryReport) -> None:
    """The same for people."""
    for parcel in report.sent:
        say(f"已报送：{parcel.label}，渠道“{parcel.channel}”，第 {parcel.part}/{parcel.parts} 部分。")
    for parcel, why in report.failed:
        say(f"没有送达：{parcel.label}，渠道“{parcel.channel}”：{why}。稍后自动再试。")
    for problem in report.problems:
        say(problem)
