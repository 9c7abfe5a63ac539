"""主体 and 动态黑名单."""

# No postponed annotations here: FastAPI reads them when a route is made, and a string cannot name a local dependency.

import datetime
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Query, Request
from starlette.responses import RedirectResponse, Response

from console.guard import Guard
from console.rendering import Pages
from console.routes.leads import chosen, file_answer
from console.subject_desk import ENTRIES, EntryForm, SubjectDesk
from domain.account import Right, User
from domain.blacklist import GROUNDS, EntryState, StepKind, SubjectKind
from domain.errors import BadInput, ZhengxunError
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
        return pages.show(request, "operators.html", lines=lines, page=page, more=more, excluded=desk.excluded())

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

    @routes.post("/operators/{operator_id}/split")
    def split(
        request: Request,
        user: reviewer,
        operator_id: Number,
        lead: Annotated[list[str] | None, Form(max_length=500)] = None,
        url: Annotated[list[str] | None, Form(max_length=500)] = None,
        split_reason: Long = "",
    ) -> Response:
        ids, urls = [lead_id for lead_id, _ in chosen(lead or [])], list(url or [])
        if not ids and not urls:
            raise BadInput("请先勾选要分出去的网页。")
        new = desk.split(operator_id, ids, urls, user.name, split_reason)
        guard.note(
            request,
            "拆分主体",
            f"主体 {operator_id}",
            f"分出 {len(ids) + len(urls)} 页为主体 {new}：{split_reason.strip()}"[:500],
        )
        return RedirectResponse(f"/operators/{new}", status_code=303)

    @routes.post("/identifiers")
    def exclude(
        request: Request,
        user: reviewer,
        identifier: Annotated[int, Form(ge=1, lt=2**53)],
        what: Annotated[str, Form(max_length=10)],
        operator: Annotated[int | None, Form(ge=1, lt=2**53)] = None,
        reason: Long = "",
    ) -> Response:
        if what not in ("exclude", "include"):
            raise BadInput("没有这种操作。")
        done = desk.exclude(identifier, user.name, reason, include=what == "include")
        words = "恢复标识" if what == "include" else "排除标识"
        guard.note(request, words, f"标识 {identifier}", f"{done.kind} {done.value}：{reason.strip()}"[:500])
        return RedirectResponse(f"/operators/{operator}" if operator else "/operators", status_code=303)

    @routes.get("/operators/{operator_id}")
    def operator(request: Request, user: viewer, operator_id: Number) -> Response:
        shown = desk.operator(operator_id)
        guard.note(request, "查看主体", f"主体 {operator_id}")
        return pages.show(request, "operator.html", shown=shown, dismiss_reasons=DISMISS_REASONS)

    @routes.get("/blacklist")
    def blacklist(
        request: Request,
        user: viewer,
        state: Annotated[str, Query(max_length=20)] = "",
        page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    ) -> Response:
        today = desk.today()
        entries = [(entry, entry.state(today)) for entry in desk.entries()]
        found = [pair for pair in entries if not state or pair[1].value == state]
        return pages.show(
            request,
            "blacklist.html",
            entries=found[(page - 1) * ENTRIES : page * ENTRIES],
            total=len(found),
            page=page,
            pages_total=max(1, -(-len(found) // ENTRIES)),
            state=state,
            states=list(EntryState),
            grounds=GROUNDS,
            term=today + datetime.timedelta(days=365),
        )

    def entry_page(request: Request, form: EntryForm, problem: str = "", code: int = 200) -> Response:
        return pages.show(
            request,
            "blacklist_new.html",
            code=code,
            form=form,
            problem=problem,
            grounds=GROUNDS,
            subjects=list(SubjectKind),
            term=form.until or desk.today() + datetime.timedelta(days=365),
        )

    @routes.get("/blacklist/new")
    def new(
        request: Request,
        user: reviewer,
        kind: Annotated[str, Query(max_length=10)] = "",
        key: Annotated[str, Query(max_length=300)] = "",
    ) -> Response:
        return entry_page(request, EntryForm(kind=kind, key=key))

    @routes.post("/blacklist/new")
    def add(
        request: Request,
        user: reviewer,
        kind: Annotated[str, Form(max_length=10)] = "",
        key: Annotated[str, Form(max_length=300)] = "",
        name: Annotated[str, Form(max_length=100)] = "",
        ground: Annotated[list[str] | None, Form(max_length=10)] = None,
        reason: Long = "",
        until: Annotated[str, Form(max_length=10)] = "",
        leads: Annotated[str, Form(max_length=1000)] = "",
    ) -> Response:
        form = EntryForm(kind, key, name, tuple(ground or ()), reason, None, leads)
        try:
            form = replace(form, until=_day(until))
            entry = desk.add_entry(form, user.name)
        except ZhengxunError as error:
            return entry_page(request, form, str(error), 422)
        guard.note(request, "黑名单：列入", f"条目 {entry.number}", f"{entry.subject.name}：{reason.strip()}"[:500])
        return RedirectResponse("/blacklist", status_code=303)

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
