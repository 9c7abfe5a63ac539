"""动态黑名单: proposals by rule, decisions of people, and what is published."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from domain.blacklist import (
    ACCOUNT_PLATFORMS,
    Entry,
    EntryState,
    Proposal,
    ProposalRules,
    Step,
    StepKind,
    Subject,
    SubjectKind,
    is_new,
    propose,
)
from domain.errors import BadInput, IllegalMove
from domain.lead import Review
from zhengxun.clock import day_of
from zhengxun.jobs.reviewing import MAX_NAME, MAX_REASON
from zhengxun.services import Services

if TYPE_CHECKING:
    from storage import Store


#: Leads that one listing rests on.
_MOST_LEADS = 100


@dataclass(frozen=True, slots=True)
class Proposed:
    """One new proposal."""

    entry: Entry
    proposal: Proposal


def rules_of(services: Services) -> ProposalRules:
    """From when on the machine proposes, by the settings in force."""
    settings = services.settings
    return ProposalRules(settings.blacklist_repeat_leads, timedelta(days=settings.blacklist_refusal_days))


def make_proposals(services: Services, store: Store) -> list[Proposed]:
    """Propose whom the rules name and who is neither proposed nor listed; doing it again proposes nobody twice."""
    now, today = services.clock(), day_of(services.clock())
    known = {(entry.subject.kind, entry.subject.key): entry for entry in store.blacklist.entries()}
    made = []
    for found in propose(store.blacklist.cases(), rules_of(services), now):
        if not is_new(known.get((found.subject.kind, found.subject.key)), found, today):
            continue
        step = Step(StepKind.PROPOSED, now, "system", found.reason, found.grounds, found.lead_ids)
        try:
            made.append(Proposed(store.blacklist.add(found.subject, step, today), found))
        except IllegalMove:
            continue  # somebody else proposed or listed it at this moment
    return made


def due_proposals(services: Services, store: Store) -> list[Proposed]:
    """As :func:`make_proposals`, once a day and after anything happened to a lead; else two numbers are read and no more."""
    moment = store.blacklist.moment(day_of(services.clock()), rules_of(services))
    if store.blacklist.proposed_at() == moment:
        return []
    made = make_proposals(services, store)
    store.blacklist.note_proposed(moment)
    return made


def entry_of(store: Store, number: int) -> Entry:
    """One entry by its number; an unknown one raises :class:`BadInput`."""
    for entry in store.blacklist.entries():
        if entry.number == number:
            return entry
    raise BadInput(f"没有编号为 {number} 的黑名单条目；可用“zhengxun blacklist list”查看编号。")


def decide_entry(
    services: Services,
    store: Store,
    number: int,
    kind: StepKind,
    actor: str,
    reason: str,
    until: date | None = None,
) -> Entry:
    """List, decline or remove an entry; grounds and leads are those of its last proposal."""
    entry = entry_of(store, number)
    last = next((step for step in reversed(entry.steps) if step.kind is StepKind.PROPOSED), entry.last)
    return _add(services, store, entry.subject, kind, actor, reason, last.grounds, last.lead_ids, until)


def named_subject(store: Store, kind: str, key: str, name: str = "") -> Subject:
    """Whom a person means; :class:`BadInput` where nobody is known by that.

    ``key``: an operator's number, a site's host or any address on it, or ``平台:账号`` (``weixin:gh_1``).
    """
    from storage.batch import host_of

    plain, called = key.strip(), name.strip()[:MAX_NAME]
    if kind == SubjectKind.OPERATOR:
        if not plain.isascii() or not plain.isdecimal() or len(plain) > 15:
            raise BadInput(f"主体编号“{plain[:40]}”不是数字；编号见“主体”页面。")
        listing = store.operators.get(int(plain), 1).listing
        return Subject(SubjectKind.OPERATOR, str(listing.id), called or listing.title)
    if kind == SubjectKind.SITE:
        host = host_of(plain if "//" in plain else f"//{plain}")
        if not re.fullmatch(r"[\w-]+(\.[\w-]+)+(:\d{1,5})?", host):
            raise BadInput(f"网站“{plain[:80]}”无法识别；请填域名（如 www.example.cn）或其上任一网址。")
        return Subject(SubjectKind.SITE, host, called or host)
    if kind == SubjectKind.ACCOUNT:
        platform, _, account = plain.partition(":")
        if platform not in ACCOUNT_PLATFORMS or not 1 <= len(account.strip()) <= 100:
            raise BadInput(f"账号“{plain[:80]}”应写成“平台:账号”，平台为 {'、'.join(ACCOUNT_PLATFORMS)} 之一。")
        return Subject(SubjectKind.ACCOUNT, f"{platform}:{account.strip()}", called or account.strip())
    raise BadInput("请选择对象的类型：主体、网站或账号。")


def confirmed_leads(store: Store, words: str) -> tuple[int, ...]:
    """Numbers of leads in ``words``, each confirmed or referred; :class:`BadInput` names the first that is not.

    Nobody is listed for what no person has confirmed.
    """
    ids = [int(word) for word in dict.fromkeys(re.findall(r"\d{1,15}", words))]
    if len(ids) > _MOST_LEADS:
        raise BadInput(f"一次至多写 {_MOST_LEADS} 条线索，写了 {len(ids)} 条。")
    for lead_id in ids:
        review = store.leads.get(lead_id).lead.state.review
        if review not in (Review.CONFIRMED, Review.REFERRED):
            raise BadInput(f"线索 {lead_id} 是“{review.label}”，不能作为依据；只能写已确认或已移送的线索。")
    return tuple(ids)


def list_subject(
    services: Services,
    store: Store,
    subject: Subject,
    actor: str,
    reason: str,
    grounds: Sequence[str],
    until: date,
    lead_ids: Sequence[int] = (),
) -> Entry:
    """List somebody whom no rule proposed."""
    return _add(services, store, subject, StepKind.LISTED, actor, reason, tuple(grounds), tuple(lead_ids), until)


def _add(
    services: Services,
    store: Store,
    subject: Subject,
    kind: StepKind,
    actor: str,
    reason: str,
    grounds: tuple[str, ...],
    lead_ids: tuple[int, ...],
    until: date | None,
) -> Entry:
    name, text = actor.strip(), reason.strip()
    if not name or name == "system":
        raise BadInput("没有写明经手人姓名，未作记录。")
    if len(name) > MAX_NAME or len(text) > MAX_REASON:
        raise BadInput(f"经手人姓名不得超过 {MAX_NAME} 个字，理由不得超过 {MAX_REASON} 个字；未作记录。")
    step = Step(kind, services.clock(), name, text, grounds, lead_ids, until if kind is StepKind.LISTED else None)
    return store.blacklist.add(subject, step, day_of(services.clock()))


def listed(services: Services, store: Store) -> list[Entry]:
    """Entries in force today, newest first."""
    today = day_of(services.clock())
    entries = [entry for entry in store.blacklist.entries() if entry.state(today) is EntryState.LISTED]
    return sorted(entries, key=lambda entry: (entry.last.at, entry.number), reverse=True)


def export(services: Services, store: Store, out_dir: Path) -> tuple[Path, Path]:
    """Write the entries in force as an Excel file and as a page for publication; return both paths."""
    from digest.blacklist_papers import render_page, render_sheet
    from digest.templates import Templates
    from digest.writing import sync_folder, write_whole

    entries, day = listed(services, store), day_of(services.clock())
    templates = Templates(services.settings.templates)
    sheet, page = out_dir / f"黑名单-{day:%Y%m%d}.xlsx", out_dir / f"黑名单-{day:%Y%m%d}.html"
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        write_whole(sheet, lambda stream: render_sheet(entries, stream, day))
        write_whole(page, lambda stream: render_page(entries, stream, templates, day))
        sync_folder(out_dir)
    except OSError as error:
        raise BadInput(f"黑名单无法写入 {out_dir}；请检查文件夹权限和磁盘空间。") from error
    return sheet, page
