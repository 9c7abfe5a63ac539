"""Proposed targets in the database, and the links of leads from which some of them come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, exists, func, insert, literal, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from domain.discovery import MAY_FOLLOW, PROPOSER, Found, FoundBy, Proposal, ProposalState, ProposalStep
from domain.errors import BadInput, IllegalMove
from domain.lead import Review
from storage.dialects import insert_or_ignore
from storage.engine import reading, writing
from storage.tables import DocumentRow, LeadRow, PageRow, ProposalEventRow, ProposalRow
from storage.types import key_of

#: Leads whose links are read at a time.
_PORTION = 500


@dataclass(frozen=True, slots=True)
class LinkingPage:
    """A page that is a lead, with the addresses it links to."""

    url: str
    title: str
    links: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposals:
    """All proposals."""

    engine: Engine

    def propose(self, found: Sequence[Found], at: datetime) -> list[Proposal]:
        """Add those whose address was never proposed, whatever was decided of it since; return them."""
        added: list[int] = []
        with writing(self.engine) as connection:
            for one in found:
                values = {
                    "url_key": key_of(one.url),
                    "url": one.url,
                    "found_by": one.found_by.value,
                    "page": one.page,
                    "place": one.where,
                    "title": one.title,
                    "engine": one.engine,
                    "query": one.query,
                }
                statement = insert_or_ignore(connection, ProposalRow, ["url_key"]).returning(ProposalRow.id)
                number = connection.execute(statement, [values]).scalar()
                if number is not None:
                    _append(connection, number, 1, ProposalStep(ProposalState.PROPOSED, at, PROPOSER, None))
                    added.append(number)
            return _read(connection, ProposalRow.id.in_(added)) if added else []

    def list(self, state: ProposalState | None = None) -> list[Proposal]:
        """All proposals, or those in one state, oldest first."""
        with reading(self.engine) as connection:
            return [one for one in _read(connection) if state is None or one.state is state]

    def waiting(self) -> int:
        """How many wait for a decision."""
        event, later = ProposalEventRow, aliased(ProposalEventRow)
        overtaken = exists(literal(1)).where(later.proposal_id == event.proposal_id, later.step > event.step)
        statement = (
            select(func.count()).select_from(event).where(event.state == ProposalState.PROPOSED.value, ~overtaken)
        )
        with reading(self.engine) as connection:
            return int(connection.execute(statement).scalar_one())

    def get(self, number: int) -> Proposal:
        """One proposal; an unknown number raises :class:`BadInput`."""
        with reading(self.engine) as connection:
            return _one(connection, number)

    def decide(self, number: int, step: ProposalStep) -> Proposal:
        """Append a decision; :class:`IllegalMove` where the proposal's state does not allow it."""
        try:
            with writing(self.engine) as connection:
                proposal = _one(connection, number)
                check_move(proposal, step.state)
                _append(connection, number, len(proposal.steps) + 1, step)
                return _one(connection, number)
        except IntegrityError as error:
            raise IllegalMove(f"{number} 号建议刚刚由别人作了决定；请重新查看后再定。") from error

    def linking_pages(self) -> Iterator[LinkingPage]:
        """Flagged pages whose lead nobody dismissed, with their links, in portions."""
        after = 0
        while True:
            with reading(self.engine) as connection:
                rows = connection.execute(
                    select(PageRow.id, PageRow.url, DocumentRow.title, DocumentRow.links)
                    .join(LeadRow, LeadRow.page_id == PageRow.id)
                    .join(DocumentRow, DocumentRow.id == PageRow.document_id)
                    .where(PageRow.flagged, LeadRow.review != Review.DISMISSED.value, PageRow.id > after)
                    .order_by(PageRow.id)
                    .limit(_PORTION)
                ).all()
            for row in rows:
                yield LinkingPage(row.url, row.title, tuple(row.links or ()))
            if len(rows) < _PORTION:
                return
            after = rows[-1].id


def check_move(proposal: Proposal, to: ProposalState) -> None:
    """:class:`IllegalMove` where ``proposal`` cannot become ``to``."""
    if proposal.state not in MAY_FOLLOW[to]:
        raise IllegalMove(
            f"{proposal.id} 号建议（{proposal.found.url}）现为“{proposal.state.label}”，不能再改为“{to.label}”。"
        )


def _append(connection: Connection, number: int, position: int, step: ProposalStep) -> None:
    connection.execute(
        insert(ProposalEventRow).values(
            proposal_id=number,
            step=position,
            state=step.state.value,
            at=step.at,
            actor=step.actor,
            reason=step.reason,
            target_id=step.target_id,
        )
    )


def _one(connection: Connection, number: int) -> Proposal:
    found = _read(connection, ProposalRow.id == number)
    if not found:
        last = connection.execute(select(func.max(ProposalRow.id))).scalar()
        have = f"现有 1 到 {last} 号" if last else "现在一条建议也没有"
        raise BadInput(f"没有 {number} 号建议（{have}）；可用“zhengxun targets proposals list --all”查看编号。")
    return found[0]


def _read(connection: Connection, *conditions: Any) -> list[Proposal]:
    rows = connection.execute(select(*ProposalRow.__table__.c).where(*conditions).order_by(ProposalRow.id)).all()
    steps: dict[int, list[ProposalStep]] = {row.id: [] for row in rows}
    events = connection.execute(
        select(*ProposalEventRow.__table__.c)
        .join(ProposalRow, ProposalRow.id == ProposalEventRow.proposal_id)
        .where(*conditions)
        .order_by(ProposalEventRow.proposal_id, ProposalEventRow.step)
    )
    for event in events:
        steps[event.proposal_id].append(
            ProposalStep(ProposalState(event.state), event.at, event.actor, event.reason, event.target_id)
        )
    return [
        Proposal(
            row.id,
            Found(row.url, FoundBy(row.found_by), row.page, row.place, row.title, row.engine, row.query),
            tuple(steps[row.id]),
        )
        for row in rows
    ]
