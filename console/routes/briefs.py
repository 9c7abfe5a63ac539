"""今日简报: what the day brought, the archive of digests, downloads, 签发."""

# No postponed annotations here: FastAPI reads them when a route is made, and a string cannot name a local dependency.

import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from console.brief_desk import ITEMS, BriefDesk
from console.guard import Guard
from console.rendering import Pages
from console.routes.leads import file_answer
from domain.account import Right, User
from domain.digest import DigestStatus

#: Days in the chart by day.
_DAYS = 30
_ARCHIVE = 60


def _day(day: Annotated[str, Path(pattern=r"^\d{4}-\d{2}-\d{2}$")]) -> datetime.date:
    try:
        return datetime.date.fromisoformat(day)
    except ValueError:
        raise HTTPException(404) from None


Day = Annotated[datetime.date, Depends(_day)]


def router(desk: BriefDesk, guard: Guard, pages: Pages) -> APIRouter:
    """Everybody may read and download (personal data is masked in digests); who reviews may issue."""
    routes = APIRouter(prefix="/digest")
    viewer = Annotated[User, Depends(guard.may(Right.VIEW))]

    def show(request: Request, day: datetime.date | None, status: str, page: int) -> Response:
        archive = desk.archive()
        chosen = day or (archive[0].day if archive else None)
        brief = desk.get(chosen) if chosen else None
        wanted = status if status in set(DigestStatus) else ""
        items, total = desk.items(chosen, wanted, page) if chosen else ((), 0)
        return pages.show(
            request,
            "digest.html",
            today=desk.today(),
            brief=brief,
            items=items,
            total=total,
            status=wanted,
            page=page,
            pages_total=max(1, -(-total // ITEMS)),
            archive=archive[:_ARCHIVE],
            archive_total=len(archive),
        )

    @routes.get("")
    def newest(request: Request, user: viewer) -> Response:
        return show(request, None, "", 1)

    @routes.get("/{day}")
    def one(
        request: Request,
        user: viewer,
        day: Day,
        status: Annotated[str, Query(max_length=20)] = "",
        page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    ) -> Response:
        return show(request, day, status, page)

    @routes.get("/{day}/figures")
    def figures(request: Request, user: viewer, day: Day) -> Response:
        brief = desk.get(day)
        days = [(line.day.isoformat(), line.items) for line in desk.archive() if line.day <= day][:_DAYS]
        return JSONResponse({"days": days[::-1], **brief.figures})

    @routes.get("/{day}/files/{form}")
    def download(request: Request, user: viewer, day: Day, form: Annotated[str, Path(max_length=10)]) -> Response:
        made = desk.file(day, form)
        guard.note(request, "下载简报", f"简报 {day}", form)
        return file_answer(made)

    @routes.post("/{day}/issue")
    def issue(request: Request, user: Annotated[User, Depends(guard.may(Right.REVIEW))], day: Day) -> Response:
        issued = desk.issue(day, user.name)
        guard.note(request, "签发简报", f"简报 {day}", f"SHA-256 {issued.sha256}")
        return RedirectResponse(f"/digest/{day}", status_code=303)

    return routes
