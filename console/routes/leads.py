"""研判队列: the list, one lead at a time, decisions, papers."""

# No postponed annotations here: FastAPI reads them when a route is made, and a string cannot name a local dependency.

from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Form, Path, Query, Request
from starlette.responses import RedirectResponse, Response

from console.guard import Guard
from console.lead_desk import PAGE, Done, Download, LeadDesk, LeadQuery, Order
from console.lead_page import LeadPage, lead_page
from console.rendering import Pages
from digest.text import visible
from domain.account import Right, User
from domain.assessment import Level
from domain.errors import BadInput, IllegalMove
from domain.lead import EventKind, Presence, Review
from domain.reasons import CHECK_REASONS, CONFIRM_REASONS, DISMISS_REASONS, reason_text

Number = Annotated[int, Path(ge=1, lt=2**53)]
Short = Annotated[str, Form(max_length=200)]
Long = Annotated[str, Form(max_length=2000)]

#: What people may decide here, by the word in the form.
_DECISIONS = {
    kind.value: kind
    for kind in (
        EventKind.CONFIRMED,
        EventKind.DISMISSED,
        EventKind.CHECK_REQUESTED,
        EventKind.REFERRED,
        EventKind.NOTED,
        EventKind.ASSIGNED,
        EventKind.UNDONE,
    )
}
#: Kinds after which the next lead is shown: the others leave the reviewer where he is.
_LEAVING = frozenset({EventKind.CONFIRMED, EventKind.DISMISSED, EventKind.CHECK_REQUESTED, EventKind.REFERRED})


def queue(
    state: Annotated[str, Query(max_length=20)] = Review.PENDING.value,
    presence: Annotated[str, Query(max_length=20)] = "",
    level: Annotated[str, Query(max_length=10)] = "",
    platform: Annotated[str, Query(max_length=40)] = "",
    region: Annotated[str, Query(max_length=100)] = "",
    owner: Annotated[str, Query(max_length=100)] = "",
    overdue: Annotated[str, Query(max_length=1)] = "",
    target: Annotated[str, Query(max_length=15)] = "",
) -> LeadQuery:
    """The queue by the address of a page; words that are none let all pass, so that an old bookmark still works."""
    return LeadQuery(
        review=Review(state) if state in set(Review) else None,
        presence=Presence(presence) if presence in set(Presence) else None,
        level=level if level in set(Level) else None,
        platform=platform or None,
        region=region or None,
        owner=None if not owner else "" if owner == "-" else owner,
        overdue=overdue == "1",
        target_id=int(target) if target.isascii() and target.isdecimal() else None,
    )


def query_string(wanted: LeadQuery, **more: object) -> str:
    """The queue as the query part of an address, without its question mark."""
    given: dict[str, object] = {
        "state": wanted.review.value if wanted.review else "all",
        "presence": wanted.presence.value if wanted.presence else "",
        "level": wanted.level or "",
        "platform": wanted.platform or "",
        "region": wanted.region or "",
        "owner": "-" if wanted.owner == "" else wanted.owner or "",
        "overdue": "1" if wanted.overdue else "",
        "target": wanted.target_id,
        **more,
    }
    return urlencode({name: value for name, value in given.items() if value not in ("", None)})


Queue = Annotated[LeadQuery, Depends(queue)]


def router(desk: LeadDesk, guard: Guard, pages: Pages) -> APIRouter:
    """All of the section but the evidence itself."""
    routes = APIRouter(prefix="/leads")
    viewer = Annotated[User, Depends(guard.may(Right.VIEW))]
    reviewer = Annotated[User, Depends(guard.may(Right.REVIEW))]

    def work(
        request: Request, lead_id: int, wanted: LeadQuery, flash: dict[str, Any] | None = None, code: int = 200
    ) -> Response:
        """One lead; for htmx only the part that changes."""
        page: LeadPage = lead_page(desk, lead_id, wanted)
        whole = "hx-request" not in request.headers
        answer = pages.show(
            request,
            "lead.html" if whole else "lead_work.html",
            code=code,
            page=page,
            queue=query_string(wanted),
            flash=flash,
            dismiss_reasons=DISMISS_REASONS,
            confirm_reasons=CONFIRM_REASONS,
            check_reasons=CHECK_REASONS,
        )
        if not whole:
            answer.headers["HX-Push-Url"] = f"/leads/{lead_id}?{query_string(wanted)}"
        return answer

    @routes.get("")
    def list_(
        request: Request, user: viewer, wanted: Queue, page: Annotated[int, Query(ge=1, le=100_000)] = 1
    ) -> Response:
        return pages.show(
            request,
            "leads.html",
            found=desk.list(wanted, page),
            wanted=wanted,
            queue=query_string(wanted),
            choices=desk.choices(),
            desk=desk,
            reviews=list(Review),
            presences=list(Presence),
            levels=[level for level in Level if level is not Level.NONE],
            first=(page - 1) * PAGE + 1,
            check_reasons=CHECK_REASONS,
            dismiss_reasons=DISMISS_REASONS,
        )

    @routes.get("/next")
    def begin(request: Request, user: viewer, wanted: Queue) -> Response:
        first = desk.first(wanted)
        if first is None:
            return RedirectResponse(f"/leads?{query_string(wanted)}", status_code=303)
        return RedirectResponse(f"/leads/{first}?{query_string(wanted)}", status_code=303)

    @routes.get("/{lead_id}")
    def one(request: Request, lead_id: Number, user: viewer, wanted: Queue) -> Response:
        answer = work(request, lead_id, wanted)
        guard.note(request, "查看线索", f"线索 {lead_id}")
        return answer

    @routes.get("/{lead_id}/versions")
    def versions(request: Request, lead_id: Number, user: viewer) -> Response:
        return pages.show(request, "lead_versions.html", lead_id=lead_id, **_masked_versions(desk, lead_id))

    @routes.get("/{lead_id}/related")
    def related(request: Request, lead_id: Number, user: viewer, wanted: Queue) -> Response:
        return pages.show(
            request,
            "lead_related.html",
            lead_id=lead_id,
            related=desk.related(lead_id),
            queue=query_string(wanted),
            dismiss_reasons=DISMISS_REASONS,
        )

    @routes.post("/{lead_id}/reveal")
    def reveal(request: Request, lead_id: Number, user: Annotated[User, Depends(guard.may(Right.REVEAL))]) -> Response:
        detail = desk.get(lead_id)
        guard.note(request, "查看完整个人信息", f"线索 {lead_id}", f"{len(detail.document.contacts)} 项标识")
        return pages.show(request, "lead_contacts.html", detail=detail, revealed=True)

    @routes.post("/{lead_id}/decide")
    def decide(
        request: Request,
        lead_id: Number,
        user: reviewer,
        wanted: Queue,
        kind: Annotated[str, Form(max_length=30)],
        version: Annotated[int, Form(ge=1, lt=2**53)],
        reason: Long = "",
        code: Annotated[str, Form(max_length=10)] = "",
        authority: Short = "",
        letter: Short = "",
        owner: Short = "",
    ) -> Response:
        order = _order(user, kind, reason, code, authority, letter, owner)
        following = desk.neighbours(lead_id, wanted)[1] if order.kind in _LEAVING else None
        try:
            state = desk.decide(lead_id, order, version)
        except (IllegalMove, BadInput) as error:
            return work(request, lead_id, wanted, {"bad": True, "text": str(error), "undo": None}, code=409)
        what = order.kind.label + (f"（{reason_text(order.code)}）" if order.code else "")
        guard.note(request, f"研判：{order.kind.label}", f"线索 {lead_id}", what)
        flash = {
            "bad": False,
            "text": f"线索 {lead_id}：{what}。现为{state.review.label}。",
            # What was just written is one event more than what was seen.
            "undo": (lead_id, version + 1) if order.kind in _LEAVING else None,
        }
        if "hx-request" not in request.headers:
            return RedirectResponse(f"/leads/{following or lead_id}?{query_string(wanted)}", status_code=303)
        if order.kind in _LEAVING and following is None:
            flash["text"] = str(flash["text"]) + "队列到此为止。"
        return work(request, following or lead_id, wanted, flash)

    @routes.post("/bulk")
    def bulk(
        request: Request,
        user: reviewer,
        kind: Annotated[str, Form(max_length=30)],
        lead: Annotated[list[str] | None, Form(max_length=600)] = None,
        reason: Long = "",
        dismiss_code: Annotated[str, Form(max_length=10)] = "",
        authority: Short = "",
        letter: Short = "",
        owner: Short = "",
        back: Annotated[str, Form(max_length=500)] = "",
    ) -> Response:
        picked = chosen(lead or [])
        code = dismiss_code if kind == EventKind.DISMISSED else ""
        order = _order(user, kind, reason, code, authority, letter, owner)
        done = desk.decide_many(picked, order)
        kept = [one.lead_id for one in done if one.error is None]
        guard.note(
            request,
            f"批量研判：{order.kind.label}",
            f"线索 {_shown(kept)}",
            f"成功 {len(kept)} 条，共选 {len(done)} 条",
        )
        return pages.show(
            request, "leads_done.html", done=list(done), order=order, kept=len(kept), back=_own_address(back)
        )

    @routes.post("/letter")
    def letter_(
        request: Request,
        user: reviewer,
        lead: Annotated[list[str] | None, Form(max_length=600)] = None,
        authority: Short = "",
        letter: Short = "",
    ) -> Response:
        ids = [lead_id for lead_id, _ in chosen(lead or [])]
        made = desk.letter(ids, authority.strip(), letter.strip())
        guard.note(request, "导出移送函", f"线索 {_shown(ids)}")
        return file_answer(made)

    @routes.post("/ledger")
    def ledger(
        request: Request, user: reviewer, lead: Annotated[list[str] | None, Form(max_length=600)] = None
    ) -> Response:
        ids = [lead_id for lead_id, _ in chosen(lead or [])]
        made = desk.ledger(ids)
        guard.note(request, "导出处置台账", f"线索 {_shown(ids)}")
        return file_answer(made)

    return routes


def file_answer(made: Download) -> Response:
    """A file to be saved, under its own (Chinese) name."""
    return Response(
        made.content,
        media_type=made.content_type,
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(made.name)}"},
    )


def _order(user: User, kind: str, reason: str, code: str, authority: str, letter: str, owner: str) -> Order:
    wanted = _DECISIONS.get(kind)
    if wanted is None:
        raise BadInput(f"没有“{visible(kind, 20)}”这种处理。")
    details: tuple[tuple[str, str], ...] = ()
    if wanted is EventKind.REFERRED:
        details = (("authority", authority), ("letter", letter))
    if wanted is EventKind.ASSIGNED:
        details = (("owner", owner),)
    order = Order(wanted, user.name, reason.strip() or None, None, details)
    return replace(order, code=code or None) if wanted in _CODED else order


_CODED = frozenset({EventKind.CONFIRMED, EventKind.DISMISSED, EventKind.CHECK_REQUESTED})


def chosen(values: list[str]) -> list[tuple[int, int]]:
    """(lead, version) of the ticked boxes, whose value is ``12:3``."""
    found = []
    for value in values:
        lead, colon, version = value.partition(":")
        if not (colon and lead.isdecimal() and version.isdecimal() and len(value) < 36 and value.isascii()):
            raise BadInput("选择的线索无法识别；请回到列表重新勾选。")
        found.append((int(lead), int(version)))
    return found


def _shown(ids: list[int]) -> str:
    return "、".join(map(str, ids[:20])) + (f" 等 {len(ids)} 条" if len(ids) > 20 else "")


def _own_address(back: str) -> str:
    """Where to go back to: a page of this section, never one of somebody else's."""
    return back if back.startswith("/leads") and "\\" not in back else "/leads"


def _masked_versions(desk: LeadDesk, lead_id: int) -> dict[str, Any]:
    from digest.text import Mask

    mask = Mask(desk.get(lead_id).document.contacts)
    return {"versions": desk.versions(lead_id), "show": lambda sentence: mask(visible(sentence, 600))}


__all__ = ["Done", "chosen", "file_answer", "query_string", "queue", "router"]
