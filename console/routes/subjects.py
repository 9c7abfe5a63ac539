"""主体 and 动态黑名单."""

# No postponed annotations here: FastAPI reads them when a route is made, and a string cannot name a local dependency.

import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Query, Request
from starlette.responses import RedirectResponse, Response

from console.guard import Guard
from console.rendering import Pages
from console.routes.leads import file_answer
from console.subject_desk import SubjectDesk
from domain.account import Right, User
from domain.blacklist import GROUNDS, EntryState, StepKind
from domain.errors import BadInput
from domain.reasons import DISMISS_REASONS

Number = Annotated[int, Path(ge=1, lt=2**53)]
Long = Annotated[str, Form(max_length=2000)]
_STEPS = {kind.value: kind for kind in (StepKind.LISTED, StepKind.DECLINED, StepKind.REMOVED)}


def router(desk: SubjectDesk, guard: Guard, pages: Pages) -> APIRouter:
    """Everybody may look; who reviews may decide."""
    routes = APIRouter()
    viewer = Annotated[User, Depends(guard.may(Right.VIEW))]
    reviewer = Annotated[User, Depends(guard.may(Right.REVIEW))]

    @routes.get("/operators")
    def operators(request: Request, user: viewer, page: Annotated[int, Query(ge=1, le=100_000)] = 1) -> Response:
        lines, more = desk.operators(page)
        return pages.show(request, "operators.html", lines=lines, page=page, more=more)

    @routes.post("/operators/merge")
    def merge(
        request: Request,
        user: reviewer,
        operator: Annotated[list[int] | None, Form(max_length=50)] = None,
        reason: Long = "",
    ) -> Response:
        ids = list(operator or [])
        if len(ids) < 2:
            raise BadInput("合并至少要勾选两个主体。")
        kept = desk.merge(ids, user.name, reason)
        guard.note(request, "合并主体", f"主体 {'、'.join(map(str, ids))}", reason.strip())
        return RedirectResponse(f"/operators/{kept}", status_code=303)

    @routes.get("/operators/{operator_id}")
    def operator(request: Request, user: viewer, operator_id: Number) -> Response:
        shown = desk.operator(operator_id)
        guard.note(request, "查看主体", f"主体 {operator_id}")
        return pages.show(request, "operator.html", shown=shown, dismiss_reasons=DISMISS_REASONS)

    @routes.get("/blacklist")
    def blacklist(request: Request, user: viewer, state: Annotated[str, Query(max_length=20)] = "") -> Response:
        today = desk.today()
        entries = [(entry, entry.state(today)) for entry in desk.entries()]
        return pages.show(
            request,
            "blacklist.html",
            entries=[pair for pair in entries if not state or pair[1].value == state],
            state=state,
            states=list(EntryState),
            grounds=GROUNDS,
            term=today + datetime.timedelta(days=365),
        )

    @routes.get("/blacklist/files/{form}")
    def published(request: Request, user: reviewer, form: Annotated[str, Path(max_length=10)]) -> Response:
        made = desk.published(form)
        guard.note(request, "导出黑名单", "", form)
        return file_answer(made)

    @routes.post("/blacklist/{number}")
    def decide(
        request: Request,
        user: reviewer,
        number: Number,
        kind: Annotated[str, Form(max_length=20)],
        reason: Long = "",
        until: Annotated[str, Form(max_length=10)] = "",
    ) -> Response:
        step = _STEPS.get(kind)
        if step is None:
            raise BadInput("没有这种操作。")
        if not reason.strip():
            raise BadInput("请写明理由。")
        entry = desk.decide(number, step, user.name, reason, _day(until) if step is StepKind.LISTED else None)
        guard.note(request, f"黑名单：{step.label}", f"条目 {number}", f"{entry.subject.name}：{reason.strip()}"[:500])
        return RedirectResponse("/blacklist", status_code=303)

    return routes


def _day(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise BadInput("列入须写明期限，如 2027-11-23。") from None
