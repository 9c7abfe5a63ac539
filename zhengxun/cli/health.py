"""``zhengxun health``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from zhengxun.cli.framework import Command, WholeNumber
from zhengxun.cli.invocation import services_of
from zhengxun.cli.output import json_option, print_json, print_table, say

if TYPE_CHECKING:
    from domain.health import HealthEvent
    from zhengxun.jobs.health import HealthReport

_WORDS = ("ok", "unchanged", "blocked", "robots", "timeout", "empty", "too_large", "failed", "deferred")


@click.command(
    cls=Command,
    name="health",
    help="采集健康：各监测对象、各平台每天计划、采到、未变化、被拦截、失败的页面数，以及正在报警的对象。\n"
    "报警：此前连续 3 次都读到页面、本次一个也没读到（失声）；或本次半数以上请求被拦截而此前不到一成（被拦截骤增）；"
    "一个平台此前有内容的对象（至少两个）全部失声。恢复后自动解除。\n"
    "整个系统的报警也列在这里：长时间没有采到页面、失败率过高、时钟跳变、队列积压、控制台证书到期。\n平台登录文件过期、即将到期或不能使用的也在此报警。有报警时退出状态为 1。",
)
@click.option("--days", type=WholeNumber(1, 60), metavar="天数", default=7, help="统计最近多少天（默认 7）")
@json_option
@click.pass_context
def command(ctx: click.Context, days: int, as_json: bool) -> int:
    """Show health."""
    from zhengxun.alarms import installation_alarms
    from zhengxun.cli.logins import as_dict as login_as_dict
    from zhengxun.jobs.health import read_health
    from zhengxun.logins import alarms

    services = services_of(ctx)
    with services.store() as store:
        report = read_health(services, store, days)
        sounding = installation_alarms(services, store)
    logins = services.logins()
    if as_json:
        print_json(
            as_dict(report)
            | {
                "installation": [{"kind": alarm.kind.value, "detail": alarm.detail} for alarm in sounding],
                "logins": [login_as_dict(one) for one in logins],
            }
        )
    else:
        for alarm in sounding:
            say(f"运行报警（{alarm.kind.label}）：{alarm.detail}。")
        for one in alarms(logins):
            say(f"登录报警：{one.sentence}。")
        _print(report, days)
    return 1 if report.alarms or sounding or alarms(logins) else 0


def as_dict(report: HealthReport) -> dict[str, Any]:
    """``health --json``."""
    return {
        "since": report.since,
        "alarms": [alarm_as_dict(alarm) for alarm in report.alarms],
        "targets": [
            {
                "target_id": one.target.id,
                "name": one.target.name,
                "kind": one.target.kind.value,
                "days": {str(day): _with_planned(counts) for day, counts in sorted(one.days.items())},
                "alarms": [alarm.kind.value for alarm in one.alarms],
            }
            for one in report.targets
        ],
        "platforms": {
            kind.value: {str(day): _with_planned(counts) for day, counts in sorted(days.items())}
            for kind, days in report.platforms.items()
        },
        "screenshots": None
        if report.screenshots is None
        else {"waiting": report.screenshots.waiting, "refused": report.screenshots.refused},
    }


def alarm_as_dict(alarm: HealthEvent) -> dict[str, Any]:
    """One alarm."""
    return {
        "subject": alarm.subject,
        "kind": alarm.kind.value,
        "since": alarm.at,
        "outcome": alarm.outcome,
        "detail": alarm.detail,
        "target_id": alarm.target_id,
        "run_id": alarm.run_id,
    }


def _with_planned(counts: dict[str, int]) -> dict[str, int]:
    return {"planned": sum(counts.values())} | {word: counts[word] for word in _WORDS if word in counts}


def _print(report: HealthReport, days: int) -> None:
    from domain.crawl import Outcome
    from zhengxun.jobs.health import added_up, sentence

    names = {one.target.id: one.target.name for one in report.targets}
    if report.alarms:
        say(f"正在报警（{len(report.alarms)}）：")
        for alarm in report.alarms:
            say(f"  {sentence(alarm, names)}")
    else:
        say("没有采集报警。")
    if report.screenshots is not None and (report.screenshots.waiting or report.screenshots.refused):
        say(f"证据：{report.screenshots.text}。")
    columns = ["计划", *(Outcome(word).label for word in _WORDS)]

    def cells(counts: dict[str, int]) -> list[object]:
        return [sum(counts.values()), *(counts.get(word, 0) for word in _WORDS)]

    print_table(
        ["类型", "天数", *columns],
        [(kind.label, len(by_day), *cells(added_up(by_day.values()))) for kind, by_day in report.platforms.items()],
        title=f"最近 {days} 天，按类型",
        right=["天数", *columns],
    )
    print_table(
        ["编号", "名称", "报警", *columns],
        [
            (one.target.id, one.target.name, "、".join(alarm.kind.label for alarm in one.alarms), *cells(one.totals))
            for one in report.targets
        ],
        title=f"最近 {days} 天，按监测对象",
        right=["编号", *columns],
    )
