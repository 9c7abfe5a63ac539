"""报送: a digest by each channel, tests, and what is known of each parcel."""

# No postponed annotations here: FastAPI reads them when a route is made, and a string cannot name a local dependency.

import datetime
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Request
from starlette.responses import Response

from console.brief_desk import BriefDesk
from console.delivery_desk import DeliveryDesk, Sent
from console.guard import Guard
from console.rendering import Pages
from console.routes.briefs import Day
from domain.account import Right, User
from domain.errors import BadInput, ZhengxunError

Number = Annotated[int, Path(ge=1, lt=2**53)]
Name = Annotated[str, Form(max_length=40)]


def router(desk: DeliveryDesk, briefs: BriefDesk, guard: Guard, pages: Pages) -> APIRouter:
    """For who reviews: places of delivery are names of people."""
    routes = APIRouter(prefix="/digest/{day}/deliveries")
    reviewer = Annotated[User, Depends(guard.may(Right.REVIEW))]

    def show(request: Request, day: datetime.date, said: Sent | None = None) -> Response:
        return pages.show(
            request,
            "deliveries.html",
            code=200 if said is None or said.good else 422,
            brief=briefs.get(day),
            channels=desk.channels(day),
            said=said,
        )

    @routes.get("")
    def list_(request: Request, user: reviewer, day: Day) -> Response:
        return show(request, day)

    @routes.post("/send")
    def send(request: Request, user: reviewer, day: Day, channel: Name) -> Response:
        briefs.get(day)
        said = _said(lambda: desk.send(day, channel))
        guard.note(request, "报送简报", f"简报 {day}", f"渠道 {channel}：{said.text}"[:500])
        return show(request, day, said)

    @routes.post("/test")
    def test(request: Request, user: reviewer, day: Day, channel: Name) -> Response:
        said = _said(lambda: desk.test(channel))
        guard.note(request, "测试报送渠道", f"渠道 {channel}", said.text[:500])
        return show(request, day, said)

    @routes.post("/{number}")
    def settle(
        request: Request, user: reviewer, day: Day, number: Number, what: Annotated[str, Form(max_length=10)]
    ) -> Response:
        if what not in ("received", "again"):
            raise BadInput("没有这种操作。")
        said = _said(lambda: desk.settle(number, what == "received", user.name))
        guard.note(request, "认定报送", f"报送 {number}", said.text[:500])
        return show(request, day, said)

    return routes


def _said(work: Callable[[], Sent]) -> Sent:
    try:
        return work()
    except ZhengxunError as error:
        return Sent(False, str(error))
