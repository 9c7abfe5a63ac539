"""Starlette application of the status page. Everything is escaped, nothing is loaded from outside."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from console.status import Status
from domain.crawl import Outcome

logger = logging.getLogger(__name__)

_FOLDER = Path(__file__).parent
_SHANGHAI = ZoneInfo("Asia/Shanghai")

#: The page is made of our own style sheet and text; scripts, frames, forms and foreign origins are all refused.
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class _SecurityHeaders:
    """Adds :data:`SECURITY_HEADERS` to every answer, error pages included."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers[name] = value
            await send(message)

        await self.app(scope, receive, with_headers)


def make_app(read_status: Callable[[], Status], allowed_hosts: Sequence[str] = ("*",)) -> Starlette:
    """The application; ``read_status`` is called for each request, in a worker thread.

    ``allowed_hosts``: names in the Host header that are answered; others get 400 (a page elsewhere must not read this
    one by letting its own name point here).
    """
    templates = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    templates.filters.update(when=_when, size=_size, outcome=_outcome)
    page = templates.get_template("status.html")
    style = (_FOLDER / "static" / "console.css").read_bytes()

    def status_page(request: Request) -> Response:
        status = _read(read_status)
        if status is None:
            return HTMLResponse(templates.get_template("unavailable.html").render(), status_code=503)
        return HTMLResponse(page.render(status=status))

    def healthz(request: Request) -> Response:
        status = _read(read_status)
        if status is None:
            return JSONResponse({"status": "failing", "problems": ["无法读取运行状态，详见日志。"]}, status_code=503)
        return JSONResponse(
            {
                "status": "ok" if status.healthy else "failing",
                "problems": list(status.problems),
                "version": status.version,
                "now": status.now.isoformat(),
                "last_digest": status.digest.date if status.digest else None,
                "last_run": status.runs[0].id if status.runs else None,
                "disk_free": status.disk_free,
            },
            status_code=200 if status.healthy else 503,
        )

    def stylesheet(request: Request) -> Response:
        return Response(style, media_type="text/css")

    async def not_found(request: Request, error: Exception) -> Response:
        return HTMLResponse(templates.get_template("not_found.html").render(), status_code=404)

    return Starlette(
        routes=[
            Route("/", status_page, methods=["GET"]),
            Route("/healthz", healthz, methods=["GET"]),
            Route("/console.css", stylesheet, methods=["GET"]),
        ],
        middleware=[
            Middleware(_SecurityHeaders),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(allowed_hosts), www_redirect=False),
        ],
        exception_handlers={404: not_found},
    )


def _read(read_status: Callable[[], Status]) -> Status | None:
    """The status, or None if it cannot be read; the reason goes to the log, never into an answer."""
    try:
        return read_status()
    except Exception:
        logger.exception("status could not be read")
        return None


def _when(moment: datetime | None) -> str:
    return "—" if moment is None else moment.astimezone(_SHANGHAI).strftime("%Y-%m-%d %H:%M")


def _size(number: Any) -> str:
    value = float(number)
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1024:
            return f"{value:.0f} {unit}"
        value /= 1024
    return f"{value:.1f} TB"


def _outcome(word: str) -> str:
    return "未采集" if word == "not_run" else Outcome(word).label
