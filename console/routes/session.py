"""Logging in, by one step or two, and out."""

# No postponed annotations here: FastAPI reads them when a route is made, and a string cannot name a local dependency.

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from console.guard import COOKIE, Guard, NotLoggedIn, address_of, require_own_origin
from console.ports import AccountsPort, Login, TwoStepsPort
from console.rendering import Pages
from domain.account import LoginStage
from domain.errors import BadInput

Code = Annotated[str, Form(max_length=40)]


def router(accounts: AccountsPort, two_steps: TwoStepsPort, guard: Guard, pages: Pages, *, https: bool) -> APIRouter:
    """``https``: the console is reached by HTTPS only, so that the cookie is never sent without it."""
    routes = APIRouter()
    half = Annotated[Login, Depends(guard.half_login)]

    def enter(answer: Response, token: str) -> Response:
        # A new token at every step: one that somebody planted or saw before is worth nothing.
        answer.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=https, path="/")
        return answer

    def at(login: Login, stage: LoginStage) -> Login:
        if login.stage is not stage:
            raise NotLoggedIn
        return login

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
        waiting = accounts.half_login(token)
        following = "/" if waiting is None else "/login/code" if waiting.stage is LoginStage.CODE else "/login/enrol"
        return enter(RedirectResponse(following, status_code=303), token)

    @routes.get("/login/code")
    def code_form(request: Request, login: half) -> Response:
        at(login, LoginStage.CODE)
        return pages.show(request, "login_code.html", secret=login.csrf, problem=None)

    @routes.post("/login/code")
    def code(request: Request, login: half, code: Code = "") -> Response:
        at(login, LoginStage.CODE)
        try:
            token = two_steps.finish(request.cookies[COOKIE], code, address_of(request))
        except BadInput as error:
            return pages.show(request, "login_code.html", code=403, secret=login.csrf, problem=str(error))
        return enter(RedirectResponse("/", status_code=303), token)

    @routes.get("/login/enrol")
    def enrol_form(request: Request, login: half) -> Response:
        user = at(login, LoginStage.ENROL).user
        return pages.show(
            request,
            "enrol.html",
            enrolment=two_steps.begun(user),
            secret=login.csrf,
            action="/login/enrol",
            problem=None,
        )

    @routes.post("/login/enrol")
    def enrol(request: Request, login: half, code: Code = "") -> Response:
        user = at(login, LoginStage.ENROL).user
        try:
            codes = two_steps.confirm(user, code, address_of(request))
        except BadInput as error:
            return pages.show(
                request,
                "enrol.html",
                code=422,
                enrolment=two_steps.begun(user),
                secret=login.csrf,
                action="/login/enrol",
                problem=str(error),
            )
        token = two_steps.finish_enrolment(request.cookies[COOKIE], address_of(request))
        return enter(pages.show(request, "recovery_codes.html", codes=codes), token)

    @routes.post("/logout")
    def log_out(request: Request, login: Annotated[Login, Depends(guard.login)]) -> Response:
        accounts.log_out(request.cookies[COOKIE], address_of(request))
        answer = RedirectResponse("/login", status_code=303)
        answer.delete_cookie(COOKIE, path="/")
        return answer

    return routes
