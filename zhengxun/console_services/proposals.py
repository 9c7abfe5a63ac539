"""Proposed targets of the console."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from console.proposal_desk import PROPOSALS, Decided, ProposalLine, ProposalList, Wishes
from domain.discovery import FoundBy, Proposal, ProposalState
from domain.errors import BadInput, ZhengxunError
from zhengxun.clock import for_people
from zhengxun.jobs.discovery import AcceptedAs, accept, refuse
from zhengxun.schedule import parse_schedule
from zhengxun.services import Services
from zhengxun.target_draft import tags_of
from zhengxun.target_kinds import guess_kind

if TYPE_CHECKING:
    from storage import Store


@dataclass(frozen=True)
class ProposalDeskService:
    """Implements :class:`console.proposal_desk.ProposalDesk`."""

    services: Services
    store: Store

    def list(self, state: ProposalState | None, found_by: FoundBy | None, page: int) -> ProposalList:
        """See the protocol."""
        found = [
            one
            for one in reversed(self.store.proposals.list(state))
            if found_by is None or one.found.found_by is found_by
        ]
        shown = found[(page - 1) * PROPOSALS : page * PROPOSALS]
        return ProposalList(tuple(map(_line, shown)), len(found), page)

    def accept(self, numbers: Sequence[int], actor: str, reason: str, wishes: Wishes) -> Sequence[Decided]:
        """See the protocol."""
        if wishes.name.strip() and len(numbers) != 1:
            raise BadInput("名称只能在接受一条建议时填写；接受多条时请留空，名称取网址。")
        tags_of(wishes.tags)
        parse_schedule(wishes.schedule)
        wanted = AcceptedAs(wishes.name.strip(), wishes.schedule.strip(), wishes.region.strip(), wishes.tags)

        def one(number: int) -> Decided:
            proposal, target, created = accept(self.services, self.store, number, actor, reason.strip() or None, wanted)
            return Decided(number, proposal.found.url, target.id, created, "")

        return _each(numbers, one)

    def refuse(self, numbers: Sequence[int], actor: str, reason: str) -> Sequence[Decided]:
        """See the protocol."""
        if not reason.strip():
            raise BadInput("请写明谢绝的理由；同一网址以后再被发现也不再建议。")

        def one(number: int) -> Decided:
            proposal = refuse(self.services, self.store, number, actor, reason.strip())
            return Decided(number, proposal.found.url, None, False, "")

        return _each(numbers, one)


def _each(numbers: Sequence[int], decide: Callable[[int], Decided]) -> list[Decided]:
    if not numbers:
        raise BadInput("没有选择建议；请先勾选。")
    if len(numbers) > PROPOSALS:
        raise BadInput(f"一次最多处理 {PROPOSALS} 条建议。")
    done = []
    for number in dict.fromkeys(numbers):
        try:
            done.append(decide(number))
        except ZhengxunError as error:
            done.append(Decided(number, "", None, False, str(error)))
    return done


def _line(proposal: Proposal) -> ProposalLine:
    found, last = proposal.found, proposal.steps[-1]
    decided = ""
    if last.state is not ProposalState.PROPOSED:
        decided = f"{last.actor} {for_people(last.at)}" + (f"：{last.reason}" if last.reason else "")
    return ProposalLine(
        id=proposal.id,
        url=found.url,
        kind=guess_kind(found.url).label,
        title=found.title,
        found_at=proposal.steps[0].at,
        found_by=found.found_by,
        page=found.page,
        place=f"{found.engine}搜索“{found.query}”" if found.found_by is FoundBy.SEARCH else "线索页面的链接",
        where=found.where,
        state=proposal.state,
        decided=decided,
        target_id=last.target_id,
    )
