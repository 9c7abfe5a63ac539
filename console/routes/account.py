"""我的账号: how somebody's own login is protected."""

# No postponed annotations here: FastAPI reads them when a route is made, and a string cannot name a local dependency.

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from console.guard import Guard, address_of
from console.ports import TwoStepsPort
from console.rendering import Pages
from domain.account import Right, User
from domain.errors import BadInput

Code = Annotated[str, Form(max_length=40)]


def router(two_steps: TwoStepsPort, guard: Guard, pages: Pages) -> APIRouter:
    """For everybody, about himself only."""
    routes = APIRouter(prefix="/account")
    viewer = Annotated[User, Depends(guard.may(Right.VIEW))]

    def show(request: Request, user: User, problem: str = "", code: int = 200) -> Response:
        return pages.show(request, "account.html", code=code, protection=two_steps.protection(user), problem=problem)

    def enrol_page(request: Request, user: User, problem: str = "", code: int = 200) -> Response:
        return pages.show(
            request,
            "enrol.html",
            code=code,
            enrolment=two_steps.begun(user),
            secret=request.state.login.csrf,
            action="/account/confirm",
            problem=problem,
        )

    @routes.get("")
    def own(request: Request, user: viewer) -> Response:
        return show(request, user)

    @routes.post("/enrol")
    def enrol(request: Request, user: viewer, password: Annotated[str, Form(max_length=1000)] = "") -> Response:
        try:
            two_steps.check_password(user, password, address_of(request))
            two_steps.begin(user)
        except BadInput as error:
            return show(request, user, str(error), 422)
        return enrol_page(request, user)

    @routes.post("/confirm")
    def confirm(request: Request, user: viewer, code: Code = "") -> Response:
        if two_steps.protection(user).in_force:
            return show(request, user, "两步登录已经启用。", 422)
        try:
            codes = two_steps.confirm(user, code, address_of(request))
        except BadInput as error:
            return enrol_page(request, user, str(error), 422)
        return pages.show(request, "recovery_codes.html", codes=codes)

    @routes.post("/codes")
    def renew(request: Request, user: viewer, code: Code = "") -> Response:
        try:
            codes = two_steps.renew_codes(user, code, address_of(request))
        except BadInput as error:
            return show(request, user, str(error), 422)
        return pages.show(request, "recovery_codes.html", codes=codes)

    @routes.post("/remove")
    def remove(request: Request, user: viewer, code: Code = "") -> Response:
        try:
            two_steps.remove(user, code, address_of(request))
        except BadInput as error:
            return show(request, user, str(error), 422)
        return RedirectResponse("/account", status_code=303)

    return routes
