"""系统状态, and ``/healthz`` for monitoring."""

# No postponed annotations here: FastAPI reads them when a route is made, and a string cannot name a local dependency.

import hmac
import logging
from collections.abc import Callable
from ipaddress import ip_address
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from console.guard import Guard
from console.metrics import CONTENT_TYPE, as_text
from console.rendering import Pages
from console.status import Status
from domain.account import Right, User

logger = logging.getLogger(__name__)


def router(
    read_status: Callable[[], Status], guard: Guard, pages: Pages, metrics_token: str | None = None
) -> APIRouter:
    """``read_status`` is called for each request, in a worker thread."""
    routes = APIRouter()

    @routes.get("/system")
    def system(request: Request, user: Annotated[User, Depends(guard.may(Right.VIEW))]) -> Response:
        status = _read(read_status)
        if status is None:
            return pages.show(request, "unavailable.html", code=503)
        return pages.show(request, "status.html", status=status)

    @routes.get("/healthz")
    def healthz() -> Response:
        status = _read(read_status)
        if status is None:
            return JSONResponse({"status": "failing", "problems": ["无法读取运行状态，详见日志。"]}, status_code=503)
        return JSONResponse(
            {
                "status": "ok" if status.healthy else "failing",
                "problems": list(status.problems),
                "alarms": list(status.alarms),
                "version": status.version,
                "now": status.now.isoformat(),
                "last_digest": status.digest.date if status.digest else None,
                "last_run": status.runs[0].id if status.runs else None,
                "disk_free": status.disk_free,
            },
            status_code=200 if status.healthy else 503,
        )

    @routes.get("/metrics")
    def metrics(request: Request) -> Response:
        if not _may_measure(request, metrics_token):
            return Response("只允许本机或持有令牌者读取。\n", status_code=403, media_type="text/plain")
        status = _read(read_status)
        if status is None:
            return Response("无法读取运行状态，详见日志。\n", status_code=503, media_type="text/plain")
        return Response(as_text(status), media_type=CONTENT_TYPE)

    return routes


def _may_measure(request: Request, token: str | None) -> bool:
    """With a token who shows it, without one this machine (uvicorn takes the client's address from a local proxy)."""
    if token is not None:
        shown = request.headers.get("authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(shown.encode(), token.encode())
    try:
        return request.client is not None and ip_address(request.client.host).is_loopback
    except ValueError:
        return False


def _read(read_status: Callable[[], Status]) -> Status | None:
    """The status, or None if it cannot be read; the reason goes to the log, never into an answer."""
    try:
        return read_status()
    except Exception:
        logger.exception("status could not be read")
        return None
