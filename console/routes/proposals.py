"""新目标建议: what searches and leads brought up, accepted or declined by a person, one or many at once."""

# No postponed annotations here: FastAPI reads them when a route is made, and a string cannot name a local dependency.

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.responses import Response

from console.guard import Guard
from console.proposal_desk import Decided, ProposalDesk, Wishes
from console.rendering import Pages
from domain.account import Right, User
from domain.discovery import FoundBy, ProposalState
from domain.errors import BadInput

Word = Annotated[str, Form(max_length=200)]


def router(desk: ProposalDesk, guard: Guard, pages: Pages) -> APIRouter:
    """Everybody may look; who keeps targets may decide."""
    routes = APIRouter(prefix="/targets/proposals")
    viewer = Annotated[User, Depends(guard.may(Right.VIEW))]
    keeper = Annotated[User, Depends(guard.may(Right.TARGETS))]

    def listing(request: Request, state: str, by: str, page: int, done: list[Decided] | None, words: str) -> Response:
        wanted = ProposalState(state) if state in set(ProposalState) else None
        found_by = FoundBy(by) if by in set(FoundBy) else None
        return pages.show(
            request,
            "proposals.html",
            found=desk.list(wanted, found_by, page),
            state=wanted.value if wanted else "all",
            by=found_by.value if found_by else "",
            states=list(ProposalState),
            done=done,
            words=words,
        )

    @routes.get("")
    def list_(
        request: Request,
        user: viewer,
        state: Annotated[str, Query(max_length=20)] = ProposalState.PROPOSED.value,
        by: Annotated[str, Query(max_length=20)] = "",
        page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    ) -> Response:
        return listing(request, state, by, page, None, "")

    @routes.post("")
    def decide(
        request: Request,
        user: keeper,
        what: Annotated[str, Form(max_length=10)],
        proposal: Annotated[list[int] | None, Form(max_length=200)] = None,
        reason: Annotated[str, Form(max_length=500)] = "",
        name: Word = "",
        schedule: Word = "",
        region: Word = "",
        tags: Word = "",
    ) -> Response:
        numbers = list(proposal or [])
        if what == "accept":
            done, words = desk.accept(numbers, user.name, reason, Wishes(name, schedule, region, tags)), "接受"
        elif what == "refuse":
            done, words = desk.refuse(numbers, user.name, reason), "谢绝"
        else:
            raise BadInput("没有这种操作。")
        for one in done:
            if not one.error:
                became = f"；监测目标 {one.target_id}" if one.target_id else ""
                detail = f"{one.url}{became}{f'；理由：{reason.strip()}' if reason.strip() else ''}"
                guard.note(request, f"{words}新目标建议", f"建议 {one.id}", detail[:1000])
        return listing(request, ProposalState.PROPOSED.value, "", 1, list(done), words)

    return routes
