"""使用手册: the built site of docs/, where it was installed with the program."""

# No postponed annotations here: FastAPI reads them when a route is made, and a string cannot name a local dependency.

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from console.guard import Guard
from console.rendering import Pages
from domain.account import Right, User


def router(folder: Path | None, guard: Guard, pages: Pages) -> APIRouter:
    """``folder``: the built site (``make manual``); None where there is none, and pages say where to get it."""
    routes = APIRouter(prefix="/manual")
    files = StaticFiles(directory=folder) if folder is not None else None
    viewer = Annotated[User, Depends(guard.may(Right.VIEW))]

    @routes.get("")
    def without_slash(user: viewer) -> Response:
        # Links of the site are relative: they need the folder's own address.
        return RedirectResponse("/manual/", status_code=303)

    @routes.get("/{path:path}")
    async def page(request: Request, user: viewer, path: str) -> Response:
        if files is None:
            return pages.show(request, "manual.html")
        return await files.get_response(path or "index.html", request.scope)

    return routes
