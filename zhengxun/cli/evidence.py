"""``zhengxun evidence …``: verifying what is kept, and handing it over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from domain.errors import NotSetUp
from domain.evidence import EvidenceState
from zhengxun.cli.framework import Group, WholeNumber, argument
from zhengxun.cli.invocation import actor_name, services_of
from zhengxun.cli.output import json_option, print_json, print_table, say

if TYPE_CHECKING:
    from zhengxun.evidence.report import Report
    from zhengxun.services import Services

_KINDS = {
    "snapshot": "网页快照",
    "capture": "截图、图片等取证件",
    "screenshot_file": "截图文件",
    "warc_file": "证据文件（WARC）",
    "chain": "证据链条目",
    "chain_file": "证据链文件",
    "timestamp": "时间戳",
}
_STATES = tuple(EvidenceState)


@click.group(
    cls=Group,
    name="evidence",
    help="证据：核验是否完整、未被改动，导出为证据包。\n采到的每一页原始报文、截图和图片都有校验值，并写入证据链，只增不改。",
)
def command() -> None:
    """Group of evidence commands."""


@command.command(
    "verify",
    help="核验证据：每一件都给出已核验、被改动、缺失、无法核验或按保存期限清理。\n"
    "写线索编号时核验这些线索的全部证据；--all 核验整个证据库。核验不改动证据；全库核验的时间和结果由 doctor 和状态页显示。\n"
    "全部已核验时退出状态为 0，否则为 1。",
)
@argument("ids", metavar="[编号…]", type=WholeNumber(1, 2**53), nargs=-1, description="线索编号，可写多个")
@click.option("--all", "everything", is_flag=True, help="核验整个证据库")
@json_option
@click.pass_context
def verify(ctx: click.Context, ids: tuple[int, ...], everything: bool, as_json: bool) -> int:
    """Verify evidence."""
    from zhengxun.cli.progress import byte_progress
    from zhengxun.evidence.standing import note_verified
    from zhengxun.evidence.verification import Verification

    if bool(ids) == everything:
        raise click.UsageError("请写线索编号，或用 --all 核验整个证据库，二者选一。", ctx)
    services = services_of(ctx)
    with services.store() as store, _undisturbed(services), byte_progress("核验") as progress:
        verification = Verification(store, services.settings.evidence, services.settings.timestamp_roots, progress)
        report = verification.everything() if everything else verification.leads(ids)
    if everything:
        note_verified(services, report)
    if as_json:
        print_json(as_dict(report))
    else:
        _print(report)
    return 0 if report.sound else 1


@contextmanager
def _undisturbed(services: Services) -> Iterator[None]:
    """No evidence moves or goes while it is read from beginning to end. On a read-only disk nothing can, lock or not."""
    with ExitStack() as stack:
        with suppress(NotSetUp):
            stack.enter_context(services.lock("compaction", shared=True))
        yield


def as_dict(report: Report) -> dict[str, Any]:
    """The report as JSON, see docs/json.md."""
    return {
        "sound": report.sound,
        "leads": list(report.leads),
        "totals": {state.value: report.count(state) for state in _STATES},
        "kinds": {
            kind: {state.value: report.counts[kind, state] for state in _STATES}
            for kind in _KINDS
            if any(report.counts[kind, state] for state in _STATES)
        },
        "chain": None
        if report.head is None
        else {"number": report.head.number, "sha256": report.head.sha256, "at": report.head.at},
        "stamped": report.stamped,
        "unsealed_files": report.unsealed,
        "uncopied_links": report.uncopied,
        "items": [
            {"kind": item.kind, "id": item.id, "name": item.name, "state": item.state.value, "reason": item.reason}
            for item in report.items
        ],
    }


def _print(report: Report) -> None:
    rows = [
        (_KINDS[kind], *(report.counts[kind, state] or "" for state in _STATES))
        for kind in _KINDS
        if any(report.counts[kind, state] for state in _STATES)
    ]
    if not rows:
        say("还没有证据。")
        return
    labels = [state.label for state in _STATES]
    print_table(["类别", *labels], rows, right=labels)
    listed = [item for item in report.items if report.leads or not item.state.sound]
    if listed:
        print_table(["证据", "结果", "说明"], [(item.name, item.state.label, item.reason) for item in listed])
    hidden = report.faults - len(listed)
    if not report.leads and hidden > 0:
        say(f"另有 {hidden} 件未逐一列出。")
    if report.head is not None:
        say(f"证据链末条：第 {report.head.number} 条，{report.head.sha256}")
        if report.stamped:
            say(f"时间戳：盖到第 {report.stamped} 条。")
    if report.unsealed:
        say(f"尚未封存的证据文件 {report.unsealed} 个（正在写入，或等下一次 tick），其中的记录已逐条核验。")
    if report.uncopied:
        say(f"尚未写入 chain.jsonl 的证据链条目 {report.uncopied} 条，下一次 tick 写入。")
    bad = {state: report.count(state) for state in _STATES if not state.sound}
    expired = report.count(EvidenceState.EXPIRED)
    if expired:
        say(f"另有 {expired} 件的原始字节已按保存期限清理（证据链中有记载），不再能核验内容。")
    if report.sound:
        say(f"全部 {report.count(EvidenceState.VERIFIED)} 件已核验。")
    else:
        say("未通过：" + "，".join(f"{state.label} {number} 件" for state, number in bad.items() if number) + "。")


@command.command(
    "export",
    help="导出线索的证据包（WACZ 1.1.1，可用通用的网页归档软件打开重放），旁边另有取证记录（Word）和校验值清单（CSV）。\n"
    "包内有各版本网页的响应和跳转、图片、截图、证据链节选和时间戳，字节与保存时相同。导出前先核验，未通过的不导出；不覆盖已有文件。",
)
@argument("ids", metavar="编号…", type=WholeNumber(1, 2**53), nargs=-1, required=True, description="线索编号，可写多个")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="文件",
    help="写到哪里，以 .wacz 结尾",
)
@click.option("--by", metavar="姓名", help="经手人，写入取证记录（默认取系统登录名）")
@json_option
@click.pass_context
def export(ctx: click.Context, ids: tuple[int, ...], out: Path, by: str | None, as_json: bool) -> None:
    """Export evidence."""
    from importlib.metadata import version

    from zhengxun.cli.progress import byte_progress
    from zhengxun.evidence.export import export as write_package

    services = services_of(ctx)
    with services.store() as store, _undisturbed(services), byte_progress("核验") as progress:
        done = write_package(
            store,
            services.settings.evidence,
            ids,
            out,
            by=actor_name(by),
            at=services.clock(),
            roots=services.settings.timestamp_roots,
            program=f"证巡 {version('zhengxun')}",
            progress=progress,
        )
    if as_json:
        print_json(
            {
                "file": str(done.package),
                "sha256": done.sha256,
                "bytes": done.size,
                "record": str(done.form),
                "hashes": str(done.hashes),
                "exhibits": done.exhibits,
            }
        )
        return
    say(f"证据包：{done.package}（{done.exhibits} 件，{done.size} 字节）")
    say(f"SHA-256：{done.sha256}")
    say(f"取证记录：{done.form}")
    say(f"校验值清单：{done.hashes}")
