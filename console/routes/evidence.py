"""Evidence as it was kept, on a path of its own: sandboxed, nothing runs, nothing loads; every look is in the audit log."""

# No postponed annotations here: FastAPI reads them when a route is made, and a string cannot name a local dependency.

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Path, Request
from starlette.responses import HTMLResponse, Response

from console.guard import Guard
from console.lead_desk import LeadDesk
from console.rendering import Pages
from digest.text import Mask, visible
from domain.account import Right, User

#: The strictest policy that still lays a page out: an origin of its own, no script, no form, no request of any kind.
SANDBOX = {
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
    "X-DNS-Prefetch-Control": "off",
    "Referrer-Policy": "no-referrer",
}
Number = Annotated[int, Path(ge=1, lt=2**53)]


def router(desk: LeadDesk, guard: Guard, pages: Pages) -> APIRouter:
    """Text for everybody (masked); original and screenshot, which show numbers of persons, for who may see those."""
    routes = APIRouter(prefix="/evidence")

    @routes.get("/leads/{lead_id}/screenshot")
    def screenshot(
        request: Request, lead_id: Number, user: Annotated[User, Depends(guard.may(Right.REVEAL))]
    ) -> Response:
        content = desk.screenshot(lead_id)
        if content is None:
            raise HTTPException(404)
        guard.note(request, "查看截图", f"线索 {lead_id}")
        return Response(
            content,
            media_type="image/png",
            headers={"Content-Security-Policy": "sandbox; default-src 'none'; img-src 'self'"},
        )

    @routes.get("/leads/{lead_id}/pictures/{sha256}")
    def picture(
        request: Request,
        lead_id: Number,
        sha256: Annotated[str, Path(pattern="^[0-9a-f]{64}$")],
        user: Annotated[User, Depends(guard.may(Right.REVEAL))],
    ) -> Response:
        kept = desk.picture(lead_id, sha256)
        if kept is None:
            raise HTTPException(404)
        guard.note(request, "查看网页图片", f"线索 {lead_id}", sha256)
        return Response(
            kept.content,
            media_type=kept.content_type,
            headers={"Content-Security-Policy": "sandbox; default-src 'none'; img-src 'self'"},
        )

    @routes.get("/leads/{lead_id}/versions/{snapshot_id}/text")
    def text(
        request: Request,
        lead_id: Number,
        snapshot_id: Number,
        user: Annotated[User, Depends(guard.may(Right.VIEW))],
    ) -> Response:
        version = desk.version_text(lead_id, snapshot_id)
        mask = Mask(version.contacts)
        guard.note(request, "查看网页正文", f"线索 {lead_id}", f"快照 {snapshot_id}")
        page = pages.render(
            "reader.html",
            version=version,
            title=mask(visible(version.title)),
            lines=[mask(visible(line)) for line in version.text.split("\n")],
        )
        return HTMLResponse(page, headers=SANDBOX)

    @routes.get("/leads/{lead_id}/versions/{snapshot_id}/page")
    def page(
        request: Request,
        lead_id: Number,
        snapshot_id: Number,
        user: Annotated[User, Depends(guard.may(Right.REVEAL))],
    ) -> Response:
        content = desk.original(lead_id, snapshot_id)
        guard.note(request, "查看原始网页", f"线索 {lead_id}", f"快照 {snapshot_id}")
        return HTMLResponse(content.encode("utf-8", "replace"), headers=SANDBOX)

    return routes
