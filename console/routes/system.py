"""系统状态, and ``/healthz`` for monitoring."""

# No postponed annotations here: FastAPI reads them when a route is made, and a string cannot name a local dependency.

import logging
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from console.guard import Guard
from console.rendering import Pages
from console.status import Status
from domain.account import Right, User

logger = logging.getLogger(__name__)


def router(read_status: Callable[[], Status], guard: Guard, pages: Pages) -> APIRouter:
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

    return routes


def _read(read_status: Callable[[], Status]) -> Status | None:
    """The status, or None if it cannot be read; the reason goes to the log, never into an answer."""
    try:
        return read_status()
    except Exception:
        logger.exception("status could not be read")
        return None
