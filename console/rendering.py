"""Templates of the console. Everything is escaped; what a template needs and is not given is an error."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from digest.text import Mask, one_line, visible
from domain.account import Right
from domain.crawl import Outcome
from domain.lead_words import EventKind
from domain.operator import LABELS

FOLDER = Path(__file__).parent
_SHANGHAI = ZoneInfo("Asia/Shanghai")
_MASK = Mask()

#: The menu: (right, address, words). A page that a role may not see is not in its menu.
MENU: tuple[tuple[Right, str, str], ...] = (
    (Right.VIEW, "/digest", "今日简报"),
    (Right.VIEW, "/leads", "研判队列"),
    (Right.VIEW, "/targets", "监测目标"),
    (Right.VIEW, "/rules", "规则"),
    (Right.VIEW, "/operators", "主体"),
    (Right.VIEW, "/blacklist", "黑名单"),
    (Right.VIEW, "/directory", "名录"),
    (Right.USERS, "/users", "用户"),
    (Right.AUDIT, "/audit", "审计日志"),
    (Right.VIEW, "/system", "系统状态"),
)


def installed_manual() -> Path | None:
    """Folder of the built manual that was installed with the program (``make manual``, ``make bundle``), if it was."""
    folder = FOLDER / "manual"
    return folder if (folder / "index.html").is_file() else None


class Pages:
    """Renders pages for whoever asks."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(FOLDER / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(
            when=_when, size=_size, outcome=_outcome, day=_day, plain=_plain, visible=visible
        )
        self._environment.globals.update(kinds=EventKind, contact_labels=LABELS)

    def render(self, template: str, **values: Any) -> str:
        """A template by itself: a document that is no page of the console."""
        return self._environment.get_template(template).render(**values)

    def show(self, request: Request, template: str, code: int = 200, **values: Any) -> HTMLResponse:
        """A page; ``user``, ``csrf``, ``menu`` and ``manual`` (address of the user's page) are there for every template."""
        fragment = template == "problem.html" and "hx-request" in request.headers
        if fragment:
            template = "problem_notice.html"
        login = getattr(request.state, "login", None)
        user = login.user if login else None
        text = self._environment.get_template(template).render(
            user=user,
            csrf=login.csrf if login else "",
            menu=[(address, words) for right, address, words in MENU if user and user.may(right)],
            here=request.url.path,
            manual=f"/manual/roles/{user.role.value}.html" if user else "",
            Right=Right,
            **values,
        )
        # A refusal belongs beside the page that somebody is working in, not in its place.
        headers = {"HX-Retarget": "#notice", "HX-Reswap": "innerHTML"} if fragment else None
        return HTMLResponse(text, status_code=code, headers=headers)


def _when(moment: datetime | None) -> str:
    return "—" if moment is None else moment.astimezone(_SHANGHAI).strftime("%Y-%m-%d %H:%M")


def _plain(value: str, limit: int) -> str:
    """Scraped words on one line: personal data masked, what cannot be seen written out."""
    return _MASK(visible(one_line(value), limit))


def _day(day: date | None) -> str:
    return "—" if day is None else f"{day.year}年{day.month}月{day.day}日"


def _size(number: Any) -> str:
    value = float(number)
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1024:
            return f"{value:.0f} {unit}"
        value /= 1024
    return f"{value:.1f} TB"


def _outcome(word: str) -> str:
    return "未采集" if word == "not_run" else Outcome(word).label
