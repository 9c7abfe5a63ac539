"""``zhengxun operators …``: who runs the pages, as far as shared identifiers show it; merging and splitting by people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from domain.document import ContactKind
from domain.errors import BadInput
from domain.operator import LABELS
from zhengxun.cli.framework import Group, OneOf, WholeNumber, argument
from zhengxun.cli.invocation import actor_name, services_of
from zhengxun.cli.output import clean, json_option, print_json, print_table, say

if TYPE_CHECKING:
    from storage.operator_listing import OperatorDetail, OperatorIdentifier, OperatorListing, Related, RelatedPage

_by = click.option("--by", metavar="姓名", help="经手人（默认取系统登录名）")
_reason = click.option("--reason", metavar="理由", help="理由，写入记录")
_PAGE = 500


@click.group(
    cls=Group,
    name="operators",
    help="主体：按相同的电话、微信、备案号等标识和近似文案归并的页面。\n系统只写“疑似同一主体”，由人核实；人工合并、拆分和排除都留有记录，重新归并后仍然有效。",
)
def command() -> None:
    """Group of operator commands."""


@command.command("list", help="列出主体，线索多的在前。")
@click.option("--all", "everything", is_flag=True, help="也列出没有线索的主体")
@click.option("--limit", type=WholeNumber(1, 1_000_000), metavar="数", help="至多列出多少个（默认全部）")
@json_option
@click.pass_context
def list_(ctx: click.Context, everything: bool, limit: int | None, as_json: bool) -> None:
    """List operators."""
    found: list[OperatorListing] = []
    with services_of(ctx).store() as store:
        while limit is None or len(found) < limit:
            wanted = _PAGE if limit is None else min(_PAGE, limit - len(found))
            portion = store.operators.list(everything=everything, limit=wanted, offset=len(found))
            found.extend(portion)
            if len(portion) < wanted:
                break
    if as_json:
        print_json([listing_as_dict(listing) for listing in found])
        return
    if not found:
        say("没有符合条件的主体。采集后自动归并；没有线索的主体用 --all 列出。")
        return
    print_table(
        ["编号", "名称", "线索", "页面", "标识"],
        [
            (item.id, item.title, item.leads, item.pages, "；".join(_shown(each) for each in item.identifiers[:4]))
            for item in found
        ],
        right=["编号", "线索", "页面"],
    )


@command.command("show", help="查看一个主体：标识、全部页面、归并的理由和人工处理记录。")
@argument("operator_id", metavar="编号", type=WholeNumber(1, 2**53), description="主体编号")
@click.option("--full", is_flag=True, help="显示完整的手机、微信等（默认遮盖）")
@json_option
@click.pass_context
def show(ctx: click.Context, operator_id: int, full: bool, as_json: bool) -> None:
    """Show one operator."""
    with services_of(ctx).store() as store:
        detail = store.operators.get(operator_id)
    if as_json:
        print_json(_detail_as_dict(detail))
        return
    listing = detail.listing
    say(f"主体 {listing.id}：{clean(listing.title)}（疑似同一主体，{listing.leads} 条线索，{listing.pages} 个页面）")
    if listing.id != operator_id:
        say(f"主体 {operator_id} 的页面已并入主体 {listing.id}。")
    for known in listing.identifiers:
        say(f"  {clean(_shown(known, full))}（{known.pages} 个页面）")
    say("")
    print_pages(detail.pages)
    if len(detail.pages) < listing.pages:
        say(f"只列出前 {len(detail.pages)} 个页面。")
    for decision in detail.decisions:
        from zhengxun.clock import for_people

        other = f"（主体 {decision.other_id}）" if decision.other_id else ""
        say(
            f"{for_people(decision.at)}  {decision.kind.label}{other}  {clean(decision.actor)}  {clean(decision.reason or '')}"
        )


@command.command("merge", help="合并：把几个主体并入第一个。以后重新归并时仍然有效。")
@argument("ids", metavar="编号…", type=WholeNumber(1, 2**53), nargs=-1, required=True, description="主体编号，至少两个")
@_reason
@_by
@json_option
@click.pass_context
def merge(ctx: click.Context, ids: tuple[int, ...], reason: str | None, by: str | None, as_json: bool) -> None:
    """Merge operators."""
    services = services_of(ctx)
    with services.lock("crawl"), services.store() as store:
        listing = store.operators.merge(ids, actor_name(by), reason)
    _print_result(listing, as_json, f"已合并为主体 {listing.id}，共 {listing.pages} 个页面。")


@command.command("split", help="拆分：把几条线索的页面，或几个网址，从主体中分出为新的主体。以后重新归并时仍然有效。")
@argument("operator_id", metavar="编号", type=WholeNumber(1, 2**53), description="主体编号")
@argument("leads", metavar="线索编号…", type=WholeNumber(1, 2**53), nargs=-1, description="要分出的线索，可写多个")
@click.option("--url", "urls", multiple=True, metavar="网址", help="要分出的页面，可重复")
@_reason
@_by
@json_option
@click.pass_context
def split(
    ctx: click.Context,
    operator_id: int,
    leads: tuple[int, ...],
    urls: tuple[str, ...],
    reason: str | None,
    by: str | None,
    as_json: bool,
) -> None:
    """Split pages off an operator."""
    if not leads and not urls:
        raise BadInput("请写明要分出哪些页面：线索编号，或 --url 网址。")
    services = services_of(ctx)
    with services.lock("crawl"), services.store() as store:
        listing = store.operators.split(operator_id, leads, urls, actor_name(by), reason)
    _print_result(listing, as_json, f"已分出为主体 {listing.id}，共 {listing.pages} 个页面。")


@command.command("exclude", help="排除标识：它不再用于归并（如代理商总机、建站公司的统计代码）；--undo 恢复。")
@argument(
    "kind",
    metavar="种类",
    type=OneOf([kind.value for kind in ContactKind], {kind.value: LABELS[kind] for kind in ContactKind}),
    description="、".join(f"{kind.value}（{LABELS[kind]}）" for kind in ContactKind),
)
@argument("value", metavar="标识", description="完整的标识，写法同 operators show --full")
@click.option("--undo", is_flag=True, help="恢复用于归并")
@_reason
@_by
@click.pass_context
def exclude(ctx: click.Context, kind: str, value: str, undo: bool, reason: str | None, by: str | None) -> None:
    """Exclude an identifier from linking."""
    services = services_of(ctx)
    with services.lock("crawl"), services.store() as store:
        groups = store.operators.exclude(ContactKind(kind), value.strip(), actor_name(by), reason, include=undo)
    done = "恢复用于归并" if undo else "不再用于归并"
    say(f"{LABELS[ContactKind(kind)]}“{clean(value)}”已{done}，重新归并了 {groups} 个主体。")


def _shown(known: OperatorIdentifier, full: bool = False) -> str:
    contact = known.contact
    return f"{LABELS[contact.kind]} {contact.value if full else contact.masked}"


def _print_result(listing: OperatorListing, as_json: bool, sentence: str) -> None:
    if as_json:
        print_json(listing_as_dict(listing))
    else:
        say(sentence)


def print_pages(pages: tuple[RelatedPage, ...]) -> None:
    """A table of pages with why each stands there."""
    from zhengxun.clock import for_people

    print_table(
        ["线索", "研判", "在线状态", "网址", "标题", "归并依据", "理由", "最近看到"],
        [
            (
                page.lead_id or "—",
                page.review.label if page.review else "—",
                page.presence.label if page.presence else "—",
                page.url,
                page.title,
                page.ground,
                "；".join(page.reasons),
                for_people(page.last_seen),
            )
            for page in pages
        ],
        right=["线索"],
    )


def print_related(related: Related) -> None:
    """``leads related``."""
    if related.operator is not None:
        say(
            f"线索 {related.lead_id} 疑似属于主体 {related.operator.id}：{clean(related.operator.title)}"
            f"（共 {related.pages_total} 个页面）"
        )
    else:
        say(f"线索 {related.lead_id} 没有可用于归并的标识，未归入任何主体。")
    if not related.pages:
        say("没有关联网页。")
        return
    suspected = tuple(page for page in related.pages if page.lead_id)
    others = tuple(page for page in related.pages if not page.lead_id)
    if suspected:
        print_pages(suspected)
        say(f"以上 {len(suspected)} 个关联网页已列为线索，供一并研判、清除；“文案近似”的未必属于同一主体，须人工核对。")
    if others:
        print_pages(others)
        say(f"以上 {len(others)} 个网页没有命中违规内容，只因标识或文案相同列出，供核对；未经核实不得列入清除范围。")


def listing_as_dict(listing: OperatorListing) -> dict[str, Any]:
    """One line of ``operators list --json``."""
    return {
        "id": listing.id,
        "name": listing.name,
        "pages": listing.pages,
        "leads": listing.leads,
        "identifiers": [
            {
                "kind": known.contact.kind.value,
                "value": known.contact.value,
                "masked": known.contact.masked,
                "pages": known.pages,
            }
            for known in listing.identifiers
        ],
    }


def _page_as_dict(page: RelatedPage) -> dict[str, Any]:
    return {
        "page_url": page.url,
        "title": page.title,
        "ground": page.ground,
        "reasons": list(page.reasons),
        "same_operator": page.in_operator,
        "lead_id": page.lead_id,
        "review": page.review.value if page.review else None,
        "presence": page.presence.value if page.presence else None,
        "level": page.level,
        "last_seen": page.last_seen,
    }


def related_as_dict(related: Related) -> dict[str, Any]:
    """``leads related --json``."""
    return {
        "lead_id": related.lead_id,
        "operator": listing_as_dict(related.operator) if related.operator else None,
        "pages": [_page_as_dict(page) for page in related.pages],
    }


def _detail_as_dict(detail: OperatorDetail) -> dict[str, Any]:
    return listing_as_dict(detail.listing) | {
        "page_list": [_page_as_dict(page) for page in detail.pages],
        "decisions": [
            {
                "kind": decision.kind.value,
                "at": decision.at,
                "actor": decision.actor,
                "reason": decision.reason,
                "operator_id": decision.operator_id,
                "other_id": decision.other_id,
            }
            for decision in detail.decisions
        ],
    }
