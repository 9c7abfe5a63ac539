"""名录: what the program takes for given when it judges pages, and a search in it."""

# No postponed annotations here: FastAPI reads them when a route is made, and a string cannot name a local dependency.

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from console.directory_desk import DirectoryDesk
from console.guard import Guard
from console.rendering import Pages
from domain.account import Right, User


def router(desk: DirectoryDesk, guard: Guard, pages: Pages) -> APIRouter:
    """Everybody may look; facts are changed where rules are."""
    routes = APIRouter(prefix="/directory")

    @routes.get("")
    def directory(
        request: Request,
        user: Annotated[User, Depends(guard.may(Right.VIEW))],
        words: Annotated[str, Query(max_length=200)] = "",
    ) -> Response:
        return pages.show(request, "directory.html", found=desk.look_up(words), words=words)

    return routes
