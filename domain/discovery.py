"""发现: addresses that a search or a link brought up, proposed as targets for people to decide on.

A proposal is a list of steps. Nothing is ever watched because a program found it: only 接受 by a person makes it a target,
and what a person refused never comes back as new.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

#: Who proposes.
PROPOSER = "证巡"


class FoundBy(StrEnum):
    """What brought an address up."""

    SEARCH = "search"
    """A result of a search engine."""
    LINK = "link"
    """A link on a page that is a lead."""


class ProposalState(StrEnum):
    """Kind of a step, and the state of a proposal: that of its last step."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REFUSED = "refused"

    @property
    def label(self) -> str:
        """Chinese name for people."""
        return {"proposed": "待定", "accepted": "已接受", "refused": "已拒绝"}[self.value]


#: From which states a decision may be taken. What became a target is taken off with ``targets remove``.
MAY_FOLLOW: dict[ProposalState, frozenset[ProposalState]] = {
    ProposalState.ACCEPTED: frozenset({ProposalState.PROPOSED, ProposalState.REFUSED}),
    ProposalState.REFUSED: frozenset({ProposalState.PROPOSED}),
}


@dataclass(frozen=True, slots=True)
class Found:
    """An address and where it was first found."""

    url: str
    """Canonical address that a target would have: a site's root, or one post of a platform."""
    found_by: FoundBy
    page: str
    """The very address that was found."""
    where: str
    """Address of the result page, or of the page that links to it."""
    title: str
    """As the search engine names it; the linking page's title for a link."""
    engine: str | None = None
    """Chinese name of the search engine."""
    query: str | None = None
    """The phrase that was searched for."""

    def provenance(self, at: datetime) -> str:
        """One Chinese clause for a target's note; ``at`` as people read it (Asia/Shanghai)."""
        day = at.strftime("%Y-%m-%d")
        if self.found_by is FoundBy.SEARCH:
            return f"发现于 {day}：{self.engine}搜索“{self.query}”，结果“{self.title[:60]}”，网址 {self.page[:300]}"
        return f"发现于 {day}：线索页面 {self.where[:300]} 链接到 {self.page[:300]}"


@dataclass(frozen=True, slots=True)
class ProposalStep:
    """One step; never changed."""

    state: ProposalState
    at: datetime
    actor: str
    reason: str | None
    target_id: int | None = None
    """The target that it became (or was already), of an accepted one."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """建议的监测对象."""

    id: int
    found: Found
    steps: tuple[ProposalStep, ...]
    """Oldest first; the first one proposes."""

    @property
    def state(self) -> ProposalState:
        """Where it stands."""
        return self.steps[-1].state
