"""Importing a list of targets: all good rows go in, each bad one is named with its reason, twice changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from domain.errors import BadTarget, RefusedAddress
from domain.target import Rendering, Target
from zhengxun.spreadsheets import BadRow
from zhengxun.target_draft import AddressCheck, address_of, draft_target
from zhengxun.target_files import Row, Sheet

if TYPE_CHECKING:
    from storage.targets import Targets


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of each row; the sums of the fields are all filled rows."""

    added: tuple[Target, ...]
    existing: int
    """Rows whose address is watched already; they were left as they are."""
    bad: tuple[BadRow, ...]


def draft_rows(sheet: Sheet, check: AddressCheck, now: datetime) -> tuple[list[tuple[int, Target]], list[BadRow]]:
    """Good rows as (number, draft) and bad rows; a second row with one address is a bad row."""
    drafts: list[tuple[int, Target]] = []
    bad: list[BadRow] = []
    seen: dict[str, int] = {}
    for row in sheet.rows:
        try:
            draft = _draft(row, check, now)
        except (BadTarget, RefusedAddress) as error:
            bad.append(BadRow(row.number, str(error)))
            continue
        if draft.url in seen:
            bad.append(BadRow(row.number, f"网址“{draft.url}”与第 {seen[draft.url]} 行重复，以先出现的一行为准。"))
            continue
        seen[draft.url] = row.number
        drafts.append((row.number, draft))
    return drafts, bad


def import_rows(sheet: Sheet, targets: Targets, check: AddressCheck, now: datetime) -> ImportReport:
    """Add all good rows of ``sheet`` to ``targets``."""
    drafts, bad = draft_rows(sheet, check, now)
    added: list[Target] = []
    existing = 0
    for _, draft in drafts:
        target, created = add_target(targets, draft)
        if created:
            added.append(target)
        else:
            existing += 1
    return ImportReport(tuple(added), existing, tuple(bad))


def add_target(targets: Targets, draft: Target) -> tuple[Target, bool]:
    """Store a draft; also returns whether it is new."""
    target, created = targets.add(
        name=draft.name,
        url=draft.url,
        kind=draft.kind,
        schedule=draft.schedule,
        scope=draft.scope,
        budget=draft.budget,
        render=draft.render,
        region=draft.region,
        note=draft.note,
        tags=draft.tags,
    )
    if created and draft.paused:
        targets.pause([target.id])
    return target, created


def _draft(row: Row, check: AddressCheck, now: datetime) -> Target:
    cells = row.cells
    if row.surplus:
        raise BadTarget(
            f"比表头多出 {len(row.surplus)} 个单元格（“{row.surplus[0][:40]}”）；内容中有分隔符的单元格要用英文双引号括起来。"
        )
    draft = draft_target(
        url=_address(row),
        check=check,
        now=now,
        name=cells.get("名称"),
        kind=cells.get("类型"),
        schedule=cells.get("频率"),
        max_pages=_number(cells.get("最大页数"), "最大页数"),
        max_depth=_number(cells.get("最大深度"), "最大深度"),
        scope_path=cells.get("路径范围") or None,
        render=_rendering(cells.get("渲染")),
        region=cells.get("地区"),
        note=cells.get("备注"),
        tags=cells.get("标签"),
    )
    if _yes(cells.get("状态"), "状态", yes=("已暂停", "暂停"), no=("正常", "启用")):
        from dataclasses import replace

        return replace(draft, paused=True)
    return draft


def _address(row: Row) -> str:
    """What the cell says; where that is no address but words with a hyperlink behind them, where the link leads."""
    written = row.cells.get("网址", "")
    if row.link is not None and row.link.lower().startswith(("http://", "https://")):
        try:
            address_of(written)
        except BadTarget:
            return row.link
    return written


def _number(cell: str | None, label: str) -> int | None:
    if not cell:
        return None
    try:
        return int(cell)
    except ValueError:
        raise BadTarget(f"{label}“{cell}”不是整数。") from None


def _rendering(cell: str | None) -> Rendering:
    word = (cell or "").lower()
    for rendering, words in _RENDERING_WORDS.items():
        if word in words:
            return rendering
    raise BadTarget(f"渲染“{cell}”无法识别；可写“自动”“总是”或“从不”。")


#: 是 and 否 are what lists of earlier versions say: 否 meant that nothing had been chosen.
_RENDERING_WORDS = {
    Rendering.AUTO: ("", "自动", "否", "0", "false", "no", "n", "auto"),
    Rendering.ALWAYS: ("总是", "是", "需要", "1", "true", "yes", "y", "always"),
    Rendering.NEVER: ("从不", "不渲染", "never"),
}


def _yes(cell: str | None, label: str, yes: tuple[str, ...], no: tuple[str, ...]) -> bool:
    word = (cell or "").lower()
    if word in yes:
        return True
    if not word or word in no:
        return False
    raise BadTarget(f"{label}“{cell}”无法识别；可写“{yes[0]}”或“{no[0]}”。")
