"""``zhengxun directory …``: lists that authorities publish of bodies that may train or assess."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from domain.directory import ListKind
from zhengxun.cli.framework import Day, Group, OneOf, WholeNumber, argument
from zhengxun.cli.invocation import actor_name, services_of
from zhengxun.cli.output import clean, json_option, print_json, print_table, say

if TYPE_CHECKING:
    from domain.directory import DirectoryCheck, Edition, Listing
    from zhengxun.directory.reading import ReadList

#: Bad rows that are printed one by one; the JSON holds all of them.
_SHOWN = 50
#: Rows whose name holds the words, beside those that bear it.
_ALIKE = 20


@click.group(
    cls=Group,
    name="directory",
    help="名录：主管部门公布的评价机构备案名录、民办职业培训学校名单、补贴性培训机构名单等。\n"
    "同名的新版替代旧版，旧版仍保留；线索按页面取得时的版本核对。未列入不等于违法，请核对。",
)
def command() -> None:
    """Group of directory commands."""


@command.command(
    "import", help="导入一份名录（.xlsx 或 .csv）。不合格的行逐行列出原因，合格的照常收录。有不合格的行时退出状态为 1。"
)
@argument(
    "file", metavar="文件", type=click.Path(path_type=Path), description="有“机构名称”（或学校名称、单位名称等）列的表"
)
@click.option("--name", metavar="名称", required=True, help="名录的名称；与已有名录同名的，作为它的新版")
@click.option(
    "--kind",
    type=OneOf([kind.value for kind in ListKind], {kind.value: kind.label for kind in ListKind}),
    metavar="类别",
    help=f"{'、'.join(f'{kind.value}（{kind.label}）' for kind in ListKind)}；不写时按名称判断",
)
@click.option("--authority", metavar="机关", help="发布机关（不写时同上一版）")
@click.option("--source", metavar="来源", help="公布的网址或文号")
@click.option("--as-of", type=Day(), metavar="日期", help="名录反映哪一天的情况（不写时取表头上方写明的日期）")
@click.option("--dry-run", is_flag=True, help="只看能收录多少行、哪些行不合格，不导入")
@click.option("--by", metavar="姓名", help="经手人（默认取系统登录名）")
@json_option
@click.pass_context
def import_(
    ctx: click.Context,
    /,
    file: Path,
    name: str,
    kind: str | None,
    authority: str | None,
    source: str | None,
    as_of: date | None,
    dry_run: bool,
    by: str | None,
    as_json: bool,
) -> int:
    """Import a list."""
    from domain.account import AuditEntry
    from domain.directory_words import import_words
    from zhengxun.directory.importing import Told, head_of, import_list, today
    from zhengxun.directory.reading import read_list

    services = services_of(ctx)
    told = Told(name, ListKind(kind) if kind else None, authority or "", source or "", as_of)
    edition = None
    with services.store() as store:
        read = read_list(file)
        head = head_of(told, file.name, read, store.directory.editions(), today(services))
        if not dry_run:
            edition = import_list(services, store, head, read, actor_name(by))
            store.accounts.note(
                AuditEntry(
                    services.clock(), edition.imported_by, "导入名录", f"名录版本 {edition.id}", import_words(edition)
                )
            )
    if as_json:
        print_json(_report_as_dict(read, edition))
        return 1 if read.bad else 0
    if edition is None:
        say(f"可以收录 {len(read.listings)} 行，不合格 {len(read.bad)} 行；没有导入。")
    else:
        say(
            f"已导入《{clean(head.name)}》（{head.kind.label}，截至 {head.as_of.isoformat()}）为版本 {edition.id}："
            f"收录 {edition.rows} 行，不合格 {edition.refused} 行。"
        )
    _tell(read)
    return 1 if read.bad else 0


def _report_as_dict(read: ReadList, edition: Edition | None) -> dict[str, Any]:
    return {
        "edition": None if edition is None else edition_as_dict(edition),
        "rows": len(read.listings),
        "bad": [{"row": row.number, "reason": row.reason} for row in read.bad],
        "doubts": [{"row": row.number, "reason": row.reason} for row in read.doubts],
        "ignored_columns": list(read.columns.unread),
        "other_sheets": list(read.other_sheets),
    }


def _tell(read: ReadList) -> None:
    if read.columns.unread:
        say(f"没有读取的列：{clean('、'.join(read.columns.unread))}")
    if read.other_sheets:
        say(f"只读了第一张工作表；没有读取：{clean('、'.join(read.other_sheets))}")
    for words, rows in (("不合格", read.bad), ("有疑问，已收录", read.doubts)):
        for row in rows[:_SHOWN]:
            say(f"第 {row.number} 行{words}：{clean(row.reason)}")
        if len(rows) > _SHOWN:
            say(f"{words}的行共 {len(rows)} 行，只列出前 {_SHOWN} 行；全部见 --json。")


@command.command("list", help="列出现行的名录；--all 连同以前的和撤下的版本。")
@click.option("--all", "everything", is_flag=True, help="列出全部版本")
@json_option
@click.pass_context
def list_(ctx: click.Context, everything: bool, as_json: bool) -> None:
    """List editions."""
    from domain.directory import editions_at
    from zhengxun.clock import for_people
    from zhengxun.directory.importing import today

    services = services_of(ctx)
    with services.store() as store:
        editions = store.directory.editions()
    current = {one.edition.id for one in editions_at(editions, today(services))}
    shown = [one for one in editions if everything or one.id in current]
    if as_json:
        print_json([edition_as_dict(one, current=one.id in current) for one in shown])
        return
    if not shown:
        say("还没有导入名录。")
        return
    print_table(
        ["版本", "名称", "类别", "发布机关", "截至", "行数", "状态", "导入", "来源"],
        [
            (
                one.id,
                one.head.name,
                one.head.kind.label,
                one.head.authority,
                one.head.as_of.isoformat(),
                one.rows,
                "撤下" if one.withdrawn else "现行" if one.id in current else "已被替代",
                f"{for_people(one.imported_at)} {one.imported_by}",
                one.head.source,
            )
            for one in shown
        ],
        right=["版本", "行数"],
        whole=["截至"],
    )


@command.command(
    "lookup", help="按机构全称或统一社会信用代码查现行名录；名称须完全一致，另列出名称中含这些字的供参考。"
)
@argument("words", metavar="名称", description="机构全称或统一社会信用代码")
@click.option("--on", "day", type=Day(), metavar="日期", help="按这一天有效的版本查（默认今天）")
@json_option
@click.pass_context
def lookup(ctx: click.Context, words: str, day: date | None, as_json: bool) -> None:
    """Look a body up."""
    from domain.directory_words import CAUTION, found_words
    from zhengxun.directory.importing import today
    from zhengxun.directory.looking_up import look_up

    services = services_of(ctx)
    with services.store() as store:
        result = look_up(store, words, day or today(services), _ALIKE)
    if as_json:
        print_json(
            {
                "words": words,
                "day": result.check.day,
                "consulted": len(result.check.consulted),
                "found": [
                    {
                        "edition": edition_as_dict(one.consulted.edition),
                        "rows": [listing_as_dict(x) for x in one.listings],
                    }
                    for one in result.check.found
                ],
                "alike": [{"edition_id": edition, **listing_as_dict(row)} for edition, row in result.alike],
            }
        )
        return
    if not result.check.consulted:
        say("还没有导入名录。")
        return
    for found in result.check.found:
        say(clean(found_words(found, result.check)))
    if not result.check.found:
        say(f"所查的 {len(result.check.consulted)} 份名录均未列入“{clean(words)}”。{CAUTION}。")
    if result.alike:
        say("名称中含这些字的（不是同一名称，不表示是同一机构）：")
        for _, row in result.alike:
            say(f"  {clean(row.name)}  {row.credit_code or ''}  {clean(row.district)}".rstrip())


@command.command("withdraw", help="撤下导入有误的一版：保留并注明理由，不再用于核对，上一版重新成为现行版。")
@argument("edition", metavar="版本", type=WholeNumber(1, 2**53), description="版本编号，见 directory list --all")
@click.option("--reason", metavar="理由", required=True, help="为什么撤下")
@click.option("--by", metavar="姓名", help="经手人（默认取系统登录名）")
@click.pass_context
def withdraw(ctx: click.Context, edition: int, reason: str, by: str | None) -> None:
    """Take an edition out of use."""
    from domain.account import AuditEntry

    services = services_of(ctx)
    with services.store() as store:
        done = store.directory.withdraw(edition, actor_name(by), reason, services.clock())
        store.accounts.note(
            AuditEntry(services.clock(), actor_name(by), "撤下名录", f"名录版本 {edition}", reason.strip()[:500])
        )
    say(f"已撤下版本 {edition}《{clean(done.head.name)}》（截至 {done.head.as_of.isoformat()}）。")


def check_as_dict(check: DirectoryCheck) -> dict[str, Any]:
    """``directory`` of ``leads show --json``."""
    return {
        "day": check.day,
        "consulted": [{"edition_id": one.edition.id, "of_its_time": one.of_its_time} for one in check.consulted],
        "found": [
            {
                "subject": one.subject,
                "by": one.by.value,
                "edition": edition_as_dict(one.consulted.edition),
                "other_code": one.other_code,
                "rows": [listing_as_dict(row) for row in one.listings],
            }
            for one in check.found
        ],
        "unlisted": list(check.unlisted),
        "outside": [{"name": body, "occupations": list(names)} for body, names in check.outside],
    }


def edition_as_dict(edition: Edition, **more: Any) -> dict[str, Any]:
    """An edition in the JSON of ``directory`` commands."""
    head = edition.head
    return {
        "id": edition.id,
        "name": head.name,
        "kind": head.kind.value,
        "authority": head.authority,
        "source": head.source,
        "as_of": head.as_of,
        "file": head.file_name,
        "sha256": head.sha256,
        "rows": edition.rows,
        "refused": edition.refused,
        "imported_by": edition.imported_by,
        "imported_at": edition.imported_at,
        "withdrawn": None
        if edition.withdrawn is None
        else {"at": edition.withdrawn.at, "by": edition.withdrawn.actor, "reason": edition.withdrawn.reason},
        **more,
    }


def listing_as_dict(listing: Listing) -> dict[str, Any]:
    """A row in the JSON of ``directory`` commands and of ``leads show``."""
    return {
        "row": listing.number,
        "name": listing.name,
        "credit_code": listing.credit_code,
        "occupations": listing.occupations,
        "levels": listing.levels,
        "district": listing.district,
        "valid_from": listing.valid_from,
        "valid_to": listing.valid_to,
        "validity": listing.validity,
        "remarks": listing.remarks,
    }
