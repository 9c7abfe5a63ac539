"""``zhengxun tick``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from zhengxun.cli.framework import Command
from zhengxun.cli.invocation import services_of
from zhengxun.cli.output import clean, json_option, note, print_json, say

if TYPE_CHECKING:
    from zhengxun.jobs.tick import TickReport


@click.command(
    cls=Command,
    name="tick",
    help="执行此刻到期的全部工作：到期对象的采集、线索复核、每日简报（含补做停机期间缺的）及其报送、每夜的日常维护。供系统 cron 每隔几分钟调用。\n"
    "设置了 ZHENGXUN_WORKERS 时只排入队列，由 worker 完成。无事可做时立即结束；另一个进程正在做时退出状态为 3，不会做两遍。",
)
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> int:
    """Do what is due."""
    from zhengxun.cli.blacklist import entry_as_dict
    from zhengxun.cli.crawl import as_dict
    from zhengxun.cli.digest import delivery_as_dict, say_delivery
    from zhengxun.cli.health import alarm_as_dict
    from zhengxun.cli.progress import crawl_progress
    from zhengxun.cli.recheck import as_dict as recheck_as_dict
    from zhengxun.cli.recheck import counts
    from zhengxun.cli.upkeep import as_dict as upkeep_as_dict
    from zhengxun.cli.upkeep import say_upkeep
    from zhengxun.clock import day_of
    from zhengxun.jobs.tick import tick

    services = services_of(ctx)
    with crawl_progress() as progress:
        report = tick(services, progress)
    for sentence in report.held:
        note(sentence)
    if report.jump is not None:
        note(f"{report.jump.sentence}。")
    if report.no_stamp is not None:
        note(f"未能加盖时间戳：{report.no_stamp}")
    if as_json:
        print_json(
            {
                "crawl": None if report.crawl is None else as_dict(report.crawl),
                "recheck": None if report.recheck is None else recheck_as_dict(report.recheck),
                "digests": [
                    {"date": made.digest.date, "created": made.created, "files": [str(path) for path in made.files]}
                    for made in report.digests
                ],
                "blacklist": [entry_as_dict(made.entry, day_of(services.clock())) for made in report.proposed],
                "alarms": [alarm_as_dict(alarm) for alarm in report.alarms],
                "delivery": delivery_as_dict(report.delivery),
                "upkeep": None if report.upkeep is None else upkeep_as_dict(report.upkeep),
                "held": report.held,
                "queued": None
                if report.handed_out is None
                else {
                    "jobs": {job.value: number for job, number in report.handed_out.jobs.items()},
                    "targets": report.handed_out.targets,
                },
            }
        )
        return _status(report)
    if report.idle:
        say("此刻没有到期的工作。")
    if report.handed_out is not None and report.handed_out.jobs:
        jobs = "，".join(f"{job.label} {number} 项" for job, number in report.handed_out.jobs.items())
        say(f"已排入队列：{jobs}（采集涉及 {report.handed_out.targets} 个监测对象）。")
    if report.crawl is not None:
        run = report.crawl.run
        pages = sum(as_dict(report.crawl)["pages"].values())
        say(f"采集完成：{run.targets if run else 0} 个对象，{pages} 个页面，未采到 {len(report.crawl.failures)} 个。")
    if report.recheck is not None:
        from domain.recheck import Finding

        numbers = counts(report.recheck)
        say("复核完成：" + "，".join(f"{finding.label} {numbers[finding.value]}" for finding in Finding) + "。")
    for alarm in report.alarms:
        say(f"新报警：{alarm.detail}（监测对象 {alarm.target_id} 号，详见 zhengxun health）。")
    for proposal in report.proposed:
        say(
            f"建议列入黑名单，待决定：{proposal.entry.number} 号 {clean(proposal.entry.subject.name)}，{proposal.proposal.reason}。"
        )
    for made in report.digests:
        say(f"{made.digest.date} 处置简报已写出：{made.files[0].parent if made.files else ''}")
    say_delivery(report.delivery)
    if report.upkeep is not None:
        say_upkeep(report.upkeep)
    return _status(report)


def _status(report: TickReport) -> int:
    """The exit status; what ended the crawl is raised now that the report has been shown."""
    if report.failure is not None:
        raise report.failure
    return report.exit_status
