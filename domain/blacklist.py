"""动态黑名单: who is proposed for it and why, what a person decided, for how long, and when it was taken off.

The machine only proposes, by three rules (通知 四（二）: 屡犯不改、情节特别严重、拒不整改); a person decides, with a reason
and a term. An entry is the fold of its append-only steps, like a lead.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from domain.errors import BadInput, IllegalMove
from domain.lead import LeadState, Review


class SubjectKind(StrEnum):
    """Who can be listed."""

    OPERATOR = "operator"
    SITE = "site"
    ACCOUNT = "account"

    @property
    def label(self) -> str:
        """Chinese name for people."""
        return {"operator": "主体", "site": "网站", "account": "账号"}[self.value]


#: Platforms with accounts, by the word that documents of them carry.
ACCOUNT_PLATFORMS = ("weixin", "weibo", "xiaohongshu", "douyin", "kuaishou", "bilibili", "zhihu", "tieba", "toutiao")


@dataclass(frozen=True, slots=True)
class Subject:
    """One whom an entry is about; (kind, key) is its identity."""

    kind: SubjectKind
    key: str
    """Operator's number, host (``www.example.cn``), or platform and account (``weixin:gh_1``)."""
    name: str


class StepKind(StrEnum):
    """What can happen to an entry."""

    PROPOSED = "proposed"
    LISTED = "listed"
    DECLINED = "declined"
    REMOVED = "removed"

    @property
    def label(self) -> str:
        """Chinese name for people."""
        return {"proposed": "建议列入", "listed": "列入", "declined": "不予列入", "removed": "移出"}[self.value]


class EntryState(StrEnum):
    """Where an entry stands."""

    PROPOSED = "proposed"
    LISTED = "listed"
    EXPIRED = "expired"
    DECLINED = "declined"
    REMOVED = "removed"

    @property
    def label(self) -> str:
        """Chinese name for people."""
        return {
            "proposed": "待决定", "listed": "在列", "expired": "已到期", "declined": "不予列入", "removed": "已移出",
        }[self.value]  # fmt: skip


#: Rules by which the machine proposes, and what a person may name besides.
GROUNDS = {"repeat": "屡犯", "severe": "情节严重", "refusal": "拒不整改", "other": "其他"}

#: Behaviours that the policy table grades 极高: forged query systems and certificates, certificates without training, 代考.
SEVERE_BEHAVIOURS = frozenset({"D3", "D8", "D9", "D10", "D11", "D14"})


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an entry. Never changed and never deleted."""

    kind: StepKind
    at: datetime
    actor: str
    reason: str | None = None
    grounds: tuple[str, ...] = ()
    """Codes of :data:`GROUNDS`."""
    lead_ids: tuple[int, ...] = ()
    until: date | None = None
    """Last day of the term of a listing."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One subject with all its steps, oldest first."""

    subject: Subject
    steps: tuple[Step, ...]
    number: int = 0
    """Given by the store with the first step; stays for ever."""

    @property
    def last(self) -> Step:
        """The step by which it stands where it stands."""
        return self.steps[-1]

    def state(self, today: date) -> EntryState:
        """Where it stands on a day (Asia/Shanghai); a term ends by itself."""
        last = self.last
        if last.kind is StepKind.LISTED and last.until is not None and last.until < today:
            return EntryState.EXPIRED
        return EntryState(last.kind.value)


def is_new(entry: Entry | None, proposal: Proposal, today: date) -> bool:
    """Whether a proposal tells a person anything: not while one is open or in force, and after a decision only with new leads."""
    if entry is None:
        return True
    if entry.state(today) in {EntryState.PROPOSED, EntryState.LISTED}:
        return False
    considered = {lead_id for step in entry.steps for lead_id in step.lead_ids}
    return not considered.issuperset(proposal.lead_ids)


def check_step(entry: Entry | None, step: Step, today: date) -> None:
    """Raise where ``step`` cannot follow: :class:`IllegalMove`, or :class:`BadInput` where it says too little."""
    state = entry.state(today) if entry is not None else None
    unknown = [ground for ground in step.grounds if ground not in GROUNDS]
    if unknown:
        raise BadInput(
            f"没有“{unknown[0]}”这种事由；可用：{'、'.join(f'{key}（{text}）' for key, text in GROUNDS.items())}。"
        )
    if step.kind is not StepKind.PROPOSED and not (step.reason or "").strip():
        raise BadInput(f"“{step.kind.label}”须写明理由，未作记录。")
    if step.kind is StepKind.LISTED:
        if state is EntryState.LISTED:
            raise IllegalMove("该对象已在黑名单内；要改期限请先移出再列入。")
        if step.until is None or step.until <= today:
            raise BadInput("列入黑名单须写明期限，且期限应晚于今天。")
    if step.kind is StepKind.PROPOSED and state in {EntryState.PROPOSED, EntryState.LISTED}:
        raise IllegalMove(
            f"该对象{'已建议列入，待决定' if state is EntryState.PROPOSED else '已在黑名单内'}，不重复建议。"
        )
    if step.kind is StepKind.DECLINED and state is not EntryState.PROPOSED:
        raise IllegalMove("该对象没有待决定的建议，不能记为“不予列入”。")
    if step.kind is StepKind.REMOVED and state not in {EntryState.LISTED, EntryState.EXPIRED}:
        raise IllegalMove("该对象不在黑名单内，不能移出。")


@dataclass(frozen=True, slots=True)
class LeadFacts:
    """What the rules ask of one lead."""

    lead_id: int
    state: LeadState
    behaviours: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SubjectCase:
    """A subject with all leads of its pages."""

    subject: Subject
    leads: tuple[LeadFacts, ...]


@dataclass(frozen=True, slots=True)
class ProposalRules:
    """From when on the machine proposes."""

    repeat_leads: int = 3
    """屡犯: so many confirmed leads, or one that came back after it had been referred and closed."""
    refusal_after: timedelta = timedelta(days=30)
    """拒不整改: referred so long ago, and the page still stands."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A subject that the rules propose, with the leads that each ground rests on."""

    subject: Subject
    grounds: tuple[str, ...]
    lead_ids: tuple[int, ...]
    reason: str


#: Only what people have confirmed counts: a machine's suspicion puts nobody on a list.
_CONFIRMED = frozenset({Review.CONFIRMED, Review.REFERRED})


def propose(cases: Iterable[SubjectCase], rules: ProposalRules, now: datetime) -> list[Proposal]:
    """Subjects that meet a rule, in the order given."""
    return [found for case in cases if (found := _propose(case, rules, now)) is not None]


def _propose(case: SubjectCase, rules: ProposalRules, now: datetime) -> Proposal | None:
    confirmed = [lead for lead in case.leads if lead.state.review in _CONFIRMED]
    back = [lead for lead in confirmed if lead.state.reappeared and lead.state.first_referred_at is not None]
    severe = [lead for lead in confirmed if SEVERE_BEHAVIOURS.intersection(lead.behaviours)]
    refused = [lead for lead in confirmed if lead.state.overdue(now, rules.refusal_after)]
    grounds: dict[str, Sequence[LeadFacts]] = {}
    words = []
    if len(confirmed) >= rules.repeat_leads or back:
        grounds["repeat"] = confirmed if len(confirmed) >= rules.repeat_leads else back
        parts = [f"已确认线索 {len(confirmed)} 条"] if len(confirmed) >= rules.repeat_leads else []
        parts += [f"移送后复发 {len(back)} 条"] if back else []
        words.append(f"屡犯（{'，'.join(parts)}）")
    if severe:
        grounds["severe"] = severe
        codes = sorted({code for lead in severe for code in lead.behaviours if code in SEVERE_BEHAVIOURS})
        words.append(f"情节严重（涉及 {'、'.join(codes)}）")
    if refused:
        grounds["refusal"] = refused
        words.append(f"拒不整改（移送超过 {rules.refusal_after.days} 天仍在线 {len(refused)} 条）")
    if not grounds:
        return None
    leads = sorted({lead.lead_id for found in grounds.values() for lead in found})
    return Proposal(case.subject, tuple(grounds), tuple(leads), "；".join(words))
