"""用户 and 审计日志."""

# No postponed annotations here: FastAPI reads them when a route is made, and a string cannot name a local dependency.

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.responses import Response

from console.guard import Guard, address_of
from console.office_desk import LINES, OfficeDesk
from console.rendering import Pages
from domain.account import Right, Role, User
from domain.errors import BadInput, ZhengxunError

Name = Annotated[str, Form(max_length=40)]
Secret = Annotated[str, Form(max_length=1000)]


def router(desk: OfficeDesk, guard: Guard, pages: Pages) -> APIRouter:
    """For administrators. The service writes the audit lines of these changes itself, in their name."""
    routes = APIRouter()
    manager = Annotated[User, Depends(guard.may(Right.USERS))]

    def users_page(request: Request, problem: str = "", done: str = "", code: int = 200) -> Response:
        return pages.show(
            request,
            "users.html",
            code=code,
            users=desk.users(),
            two_steps=desk.two_steps(),
            roles=list(Role),
            problem=problem,
            done=done,
        )

    @routes.get("/users")
    def users(request: Request, user: manager) -> Response:
        return users_page(request)

    @routes.post("/users")
    def change(
        request: Request,
        user: manager,
        what: Annotated[str, Form(max_length=20)],
        name: Name,
        display_name: Name = "",
        role: Annotated[str, Form(max_length=20)] = "",
        unit: Annotated[str, Form(max_length=100)] = "",
        password: Secret = "",
    ) -> Response:
        try:
            done = _change(desk, user, what, name, display_name, role, unit, password)
        except ZhengxunError as error:
            return users_page(request, problem=str(error), code=422)
        guard.note(request, "用户管理", f"用户 {name}", f"{done}（来自 {address_of(request)}）")
        return users_page(request, done=done)

    @routes.get("/audit")
    def audit(
        request: Request,
        user: Annotated[User, Depends(guard.may(Right.AUDIT))],
        actor: Annotated[str, Query(max_length=100)] = "",
        action: Annotated[str, Query(max_length=40)] = "",
        before: Annotated[int | None, Query(ge=1, lt=2**53)] = None,
    ) -> Response:
        lines = desk.log(actor, action, before)
        return pages.show(
            request, "audit.html", lines=lines, actor=actor, action=action, before=before, full=len(lines) == LINES
        )

    return routes


def _change(
    desk: OfficeDesk, user: User, what: str, name: str, display_name: str, role: str, unit: str, password: str
) -> str:
    if what == "add":
        added = desk.add(name, display_name, _role(role), unit, password, user.name)
        return f"已新建用户 {added.name}（{added.role.label}）。"
    if what == "password":
        desk.set_password(name, password, user.name)
        return f"已修改用户 {name} 的密码，其登录均已失效。"
    if what == "role":
        desk.set_role(name, _role(role), user.name)
        return f"用户 {name} 的角色已改为{Role(role).label}，其登录均已失效。"
    if what in ("disable", "enable"):
        desk.set_disabled(name, what == "disable", user.name)
        return f"已{'停用' if what == 'disable' else '启用'}用户 {name}。"
    if what == "two_steps":
        desk.reset_two_steps(name, user.name)
        return f"已重置用户 {name} 的两步登录，其登录均已失效。"
    raise BadInput("没有这种操作。")


def _role(word: str) -> Role:
    if word not in set(Role):
        raise BadInput("请选择角色。")
    return Role(word)
