"""The web console: one FastAPI application put together from its sections. Services are passed in."""

# No postponed annotations here: FastAPI reads them when a route is made, and a string cannot name a local dependency.

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from console.body_limit import BodyLimit
from console.brief_desk import BriefDesk
from console.delivery_desk import DeliveryDesk
from console.directory_desk import DirectoryDesk
from console.guard import Forbidden, Guard, NotLoggedIn
from console.headers import SecurityHeaders
from console.lead_desk import LeadDesk
from console.office_desk import OfficeDesk
from console.ports import AccountsPort, TwoStepsPort
from console.proposal_desk import ProposalDesk
from console.rendering import FOLDER, Pages
from console.routes import (
    account,
    briefs,
    deliveries,
    directory,
    evidence,
    leads,
    manual,
    office,
    proposals,
    rules,
    session,
    subjects,
    system,
    targets,
)
from console.rule_desk import RuleDesk
from console.status import Status
from console.subject_desk import SubjectDesk
from console.target_desk import TargetDesk
from domain.account import Right, User
from domain.errors import ZhengxunError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ConsoleServices:
    """All that the console asks of the rest of the program."""

    metrics_token: str | None = field(default=None, kw_only=True)
    """Who reads ``/metrics`` must show it; None: only this machine may read them."""
    manual: Path | None = field(default=None, kw_only=True)
    """Folder of the built 使用手册; None where it was not installed."""
    read_status: Callable[[], Status]
    accounts: AccountsPort
    two_steps: TwoStepsPort
    leads: LeadDesk
    briefs: BriefDesk
    deliveries: DeliveryDesk
    targets: TargetDesk
    office: OfficeDesk
    subjects: SubjectDesk
    directory: DirectoryDesk
    rules: RuleDesk
    proposals: ProposalDesk


def make_app(services: ConsoleServices, allowed_hosts: Sequence[str] = ("*",), *, https: bool = False) -> FastAPI:
    """The application.

    ``allowed_hosts``: names in the Host header that are answered; others get 400 (a page elsewhere must not read this
    one by letting its own name point here). ``https``: the console is reached by HTTPS only.
    """
    app = FastAPI(title="证巡", docs_url=None, redoc_url=None, openapi_url=None)
    pages = Pages()
    guard = Guard(services.accounts)
    app.mount("/static", StaticFiles(directory=FOLDER / "static"), name="static")
    app.include_router(session.router(services.accounts, services.two_steps, guard, pages, https=https))
    app.include_router(system.router(services.read_status, guard, pages, services.metrics_token))

    app.include_router(briefs.router(services.briefs, guard, pages))
    app.include_router(deliveries.router(services.deliveries, services.briefs, guard, pages))
    app.include_router(leads.router(services.leads, guard, pages))
    # Before the targets, whose last route takes any word for a number.
    app.include_router(proposals.router(services.proposals, guard, pages))
    app.include_router(targets.router(services.targets, guard, pages))
    app.include_router(rules.router(services.rules, guard, pages))
    app.include_router(subjects.router(services.subjects, guard, pages))
    app.include_router(directory.router(services.directory, guard, pages))
    app.include_router(manual.router(services.manual, guard, pages))
    app.include_router(account.router(services.two_steps, guard, pages))
    app.include_router(office.router(services.office, guard, pages))
    app.include_router(evidence.router(services.leads, guard, pages))

    @app.get("/")
    def home(user: Annotated[User, Depends(guard.may(Right.VIEW))]) -> Response:
        return RedirectResponse("/digest", status_code=303)

    _handle_errors(app, pages)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(allowed_hosts), www_redirect=False)
    app.add_middleware(BodyLimit)
    app.add_middleware(SecurityHeaders)
    return app


def _handle_errors(app: FastAPI, pages: Pages) -> None:
    """Every error is a Chinese page; what went wrong inside is in the log only."""

    @app.exception_handler(NotLoggedIn)
    async def to_login(request: Request, error: Exception) -> Response:
        if request.headers.get("hx-request"):
            return Response(status_code=401, headers={"HX-Redirect": "/login"})
        return RedirectResponse("/login", status_code=303)

    @app.exception_handler(Forbidden)
    async def forbidden(request: Request, error: Exception) -> Response:
        return pages.show(request, "problem.html", code=403, title="不能执行", text=str(error))

    @app.exception_handler(ZhengxunError)
    async def refused(request: Request, error: Exception) -> Response:
        return pages.show(request, "problem.html", code=422, title="没有执行", text=str(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: Exception) -> Response:
        return pages.show(
            request, "problem.html", code=422, title="没有执行", text="请求中的某一项不符合要求；请返回检查后再提交。"
        )

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        text = _HTTP_TEXTS.get(error.status_code, "请求无法处理。")
        return pages.show(request, "problem.html", code=error.status_code, title=f"{error.status_code}", text=text)

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> Response:
        logger.error("request failed: %s %s", request.method, request.url.path, exc_info=error)
        return pages.show(
            request, "problem.html", code=500, title="内部错误", text="操作没有完成，原因已记入日志；请告知管理员。"
        )


_HTTP_TEXTS = {
    400: "请求不完整或格式有误。",
    404: "没有这个页面。",
    405: "这个地址不支持该操作。",
    413: "提交的内容太大。",
}
