"""监测目标: the table, adding one after a look at it, lists, pausing, editing."""

# No postponed annotations here: FastAPI reads them when a route is made, and a string cannot name a local dependency.

from dataclasses import asdict
from typing import Annotated
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Depends, File, Form, Path, Query, Request, UploadFile
from starlette.responses import RedirectResponse, Response

from console.guard import Guard
from console.rendering import Pages
from console.routes.leads import file_answer
from console.target_desk import STATES, BulkEdit, TargetDesk, TargetForm, TargetQuery
from domain.account import Right, User
from domain.errors import BadInput, ZhengxunError

Number = Annotated[int, Path(ge=1, lt=2**53)]
Token = Annotated[str, Path(max_length=40)]
Word = Annotated[str, Form(max_length=200)]


def target_form(
    url: Annotated[str, Form(max_length=2000)] = "",
    name: Word = "",
    kind: Annotated[str, Form(max_length=20)] = "",
    schedule: Word = "",
    region: Word = "",
    note: Annotated[str, Form(max_length=1000)] = "",
    max_pages: Annotated[str, Form(max_length=10)] = "",
    max_depth: Annotated[str, Form(max_length=10)] = "",
    tags: Word = "",
) -> TargetForm:
    """A target as the form has it."""
    return TargetForm(
        url.strip(),
        name,
        kind,
        schedule,
        region,
        note,
        _whole(max_pages, "每次页数"),
        _whole(max_depth, "链接层数"),
        tags,
    )


def _whole(text: str, label: str) -> int | None:
    if not text.strip():
        return None
    if not text.strip().isascii() or not text.strip().isdecimal():
        raise BadInput(f"{label}“{text.strip()}”不是整数。")
    return int(text)


def target_query(
    words: Annotated[str, Query(max_length=100)] = "",
    kind: Annotated[str, Query(max_length=20)] = "",
    region: Annotated[str, Query(max_length=100)] = "",
    state: Annotated[str, Query(max_length=20)] = "",
    tag: Annotated[str, Query(max_length=40)] = "",
) -> TargetQuery:
    """The table by the address of its page."""
    return TargetQuery(words, kind, region, state, tag)


Given = Annotated[TargetForm, Depends(target_form)]


def router(desk: TargetDesk, guard: Guard, pages: Pages) -> APIRouter:
    """Everybody may look; who keeps targets may change them."""
    routes = APIRouter(prefix="/targets")
    viewer = Annotated[User, Depends(guard.may(Right.VIEW))]
    keeper = Annotated[User, Depends(guard.may(Right.TARGETS))]

    def form_page(request: Request, form: TargetForm, problem: str = "", code: int = 200) -> Response:
        kinds = desk.list(TargetQuery(), 1).kinds
        return pages.show(request, "target_new.html", code=code, form=form, problem=problem, trial=None, offered=kinds)

    def target_page(
        request: Request, target_id: int, *, known: bool = False, problem: str = "", code: int = 200
    ) -> Response:
        return pages.show(
            request,
            "target.html",
            code=code,
            line=desk.get(target_id),
            history=desk.history(target_id),
            leads=desk.leads(target_id),
            edits=desk.edits(target_id),
            known=known,
            problem=problem,
        )

    @routes.get("")
    def table(
        request: Request,
        user: viewer,
        query: Annotated[TargetQuery, Depends(target_query)],
        page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    ) -> Response:
        given = asdict(query)
        return pages.show(
            request,
            "targets.html",
            found=desk.list(query, page),
            query=query,
            query_string=urlencode({name: value for name, value in given.items() if value}),
            states=STATES,
        )

    @routes.get("/new")
    def new(request: Request, user: keeper) -> Response:
        return form_page(request, TargetForm())

    @routes.post("/new")
    def add(request: Request, user: keeper, form: Given) -> Response:
        try:
            target, created = desk.add(form)
        except ZhengxunError as error:
            return form_page(request, form, str(error), 422)
        if created:
            guard.note(request, "添加监测目标", f"监测目标 {target.id}", target.url)
        return RedirectResponse(f"/targets/{target.id}{'' if created else '?known=1'}", status_code=303)

    @routes.post("/trials")
    def try_out(request: Request, user: keeper, form: Given) -> Response:
        try:
            trial = desk.try_out(form, user.name)
        except ZhengxunError as error:
            return pages.show(request, "problem_notice.html", title="没有试采", text=str(error))
        guard.note(request, "试采", trial.draft.url)
        return pages.show(request, "target_trial.html", trial=trial)

    @routes.get("/trials/{token}")
    def trial(request: Request, user: keeper, token: Token) -> Response:
        return pages.show(request, "target_trial.html", trial=desk.trial(token, user.name))

    @routes.get("/export/{form}")
    def export(request: Request, user: viewer, form: Annotated[str, Path(max_length=10)]) -> Response:
        made = desk.export(form)
        guard.note(request, "导出监测目标", "", form)
        return file_answer(made)

    @routes.post("/many")
    def many(
        request: Request,
        user: keeper,
        what: Annotated[str, Form(max_length=10)],
        target: Annotated[list[int] | None, Form(max_length=1000)] = None,
        schedule: Word = "",
        region: Word = "",
        add_tags: Word = "",
        drop_tags: Word = "",
        back: Annotated[str, Form(max_length=500)] = "",
    ) -> Response:
        ways = {"pause": ("暂停", desk.pause), "resume": ("恢复", desk.resume), "remove": ("移除", desk.remove)}
        ids = list(dict.fromkeys(target or []))
        if what not in ways and what != "edit":
            raise BadInput("没有这种操作。")
        if not ids:
            raise BadInput("没有选择监测目标；请先勾选。")
        if what == "edit":
            bulk = BulkEdit(schedule, region, add_tags, drop_tags)
            for changed in desk.edit_many(ids, bulk):
                guard.note(request, "批量修改监测目标", f"监测目标 {changed.id}", _bulk_words(bulk))
        else:
            words, change = ways[what]
            changes = change(ids)
            for number in ids:
                guard.note(request, f"{words}监测目标", f"监测目标 {number}", f"一次 {len(ids)} 个，改变 {changes} 个")
        return RedirectResponse(f"/targets?{urlencode(parse_qsl(back))}" if back else "/targets", status_code=303)

    @routes.get("/import")
    def import_form(request: Request, user: keeper) -> Response:
        return pages.show(request, "target_import.html", preview=None, report=None, problem="")

    @routes.post("/import")
    def import_look(request: Request, user: keeper, file: Annotated[UploadFile, File()]) -> Response:
        try:
            preview = desk.preview(file.filename or "", file.file.read(), user.name)
        except ZhengxunError as error:
            return pages.show(request, "target_import.html", code=422, preview=None, report=None, problem=str(error))
        return pages.show(request, "target_import.html", preview=preview, report=None, problem="")

    @routes.post("/import/{token}")
    def import_take(request: Request, user: keeper, token: Token) -> Response:
        added, known, bad = desk.take(token, user.name)
        guard.note(request, "导入监测目标", "", f"新增 {added} 个，已有 {known} 个，不合格 {len(bad)} 行")
        return pages.show(request, "target_import.html", preview=None, report=(added, known, bad), problem="")

    @routes.get("/{target_id}")
    def one(
        request: Request, user: viewer, target_id: Number, known: Annotated[str, Query(max_length=1)] = ""
    ) -> Response:
        return target_page(request, target_id, known=known == "1")

    @routes.post("/{target_id}")
    def edit(request: Request, user: keeper, target_id: Number, form: Given) -> Response:
        before = desk.get(target_id).target
        try:
            after = desk.edit(target_id, form)
        except ZhengxunError as error:
            return target_page(request, target_id, problem=str(error), code=422)
        changes = [
            f"{label}：{old} → {new}"
            for label, old, new in (
                ("名称", before.name, after.name),
                ("频率", before.schedule, after.schedule),
                ("地区", before.region, after.region),
                ("标签", "、".join(before.tags), "、".join(after.tags)),
                ("备注", before.note, after.note),
                ("每次页数", before.budget.max_pages, after.budget.max_pages),
                ("链接层数", before.budget.max_depth, after.budget.max_depth),
            )
            if old != new
        ]
        guard.note(request, "修改监测目标", f"监测目标 {target_id}", "；".join(changes)[:1000])
        return RedirectResponse(f"/targets/{target_id}", status_code=303)

    return routes


def _bulk_words(bulk: BulkEdit) -> str:
    labels = (("频率", bulk.schedule), ("地区", bulk.region), ("加标签", bulk.add_tags), ("去标签", bulk.drop_tags))
    return "；".join(f"{label}：{value.strip()}" for label, value in labels if value.strip())
