"""Logging in and out."""

# No postponed annotations here: FastAPI reads them when a route is made, and a string cannot name a local dependency.

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from console.guard import COOKIE, Guard, address_of, require_own_origin
from console.ports import AccountsPort, Login
from console.rendering import Pages
from domain.errors import BadInput


def router(accounts: AccountsPort, guard: Guard, pages: Pages, *, https: bool) -> APIRouter:
    """``https``: the console is reached by HTTPS only, so that the cookie is never sent without it."""
    routes = APIRouter()

    @routes.get("/login")
    def form(request: Request) -> Response:
        return pages.show(request, "login.html", exist=accounts.exist(), problem=None, name="")

    @routes.post("/login")
    def log_in(
        request: Request,
        name: Annotated[str, Form(max_length=200)] = "",
        password: Annotated[str, Form(max_length=1000)] = "",
    ) -> Response:
        require_own_origin(request)
        try:
            token = accounts.log_in(name.strip(), password, address_of(request))
        except BadInput as error:
            return pages.show(
                request, "login.html", code=403, exist=accounts.exist(), problem=str(error), name=name.strip()
            )
        answer = RedirectResponse("/", status_code=303)
        # A new token at every login: one that somebody planted before is worth nothing.
        answer.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=https, path="/")
        return answer

    @routes.post("/logout")
    def log_out(request: Request, login: Annotated[Login, Depends(guard.login)]) -> Response:
        accounts.log_out(request.cookies[COOKIE], address_of(request))
        answer = RedirectResponse("/login", status_code=303)
        answer.delete_cookie(COOKIE, path="/")
        return answer

    return routes
