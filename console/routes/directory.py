"""名录: official lists that staff import, what the program takes for given when it judges pages, and a search in both."""

# No postponed annotations here: FastAPI reads them when a route is made, and a string cannot name a local dependency.

from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Path, Query, Request, UploadFile
from starlette.responses import RedirectResponse, Response

from console.directory_desk import DirectoryDesk, ListForm
from console.guard import Guard
from console.rendering import Pages
from domain.account import Right, User
from domain.directory import ListKind
from domain.directory_words import import_words
from domain.errors import ZhengxunError

Number = Annotated[int, Path(ge=1, lt=2**53)]
Words = Annotated[str, Query(max_length=200)]
Written = Annotated[str, Form(max_length=500)]


def list_form(
    name: Written = "",
    kind: Annotated[str, Form(max_length=20)] = "",
    authority: Written = "",
    source: Written = "",
    as_of: Annotated[str, Form(max_length=20)] = "",
) -> ListForm:
    """A list as the form has it."""
    return ListForm(name.strip(), kind, authority.strip(), source.strip(), as_of.strip())


def router(desk: DirectoryDesk, guard: Guard, pages: Pages) -> APIRouter:
    """Everybody may look; who keeps lists may import them. Facts are changed where rules are."""
    routes = APIRouter(prefix="/directory")
    viewer = Annotated[User, Depends(guard.may(Right.VIEW))]
    keeper = Annotated[User, Depends(guard.may(Right.LISTS))]

    def import_page(request: Request, form: ListForm, problem: str = "", code: int = 200, **values: object) -> Response:
        names = list(dict.fromkeys(line.edition.head.name for line in desk.lists()))
        given = {"preview": None, "report": None, **values}
        return pages.show(
            request, "directory_import.html", code=code, form=form, problem=problem, names=names,
            list_kinds=list(ListKind), **given,
        )  # fmt: skip

    @routes.get("")
    def directory(request: Request, user: viewer, words: Words = "") -> Response:
        return pages.show(
            request,
            "directory.html",
            found=desk.look_up(words),
            words=words,
            lists=desk.lists(),
            bodies=desk.bodies(words),
        )

    @routes.get("/import")
    def import_form(request: Request, user: keeper, name: Words = "") -> Response:
        return import_page(request, ListForm(name=name))

    @routes.post("/import")
    def import_look(
        request: Request,
        user: keeper,
        form: Annotated[ListForm, Depends(list_form)],
        file: Annotated[UploadFile, File()],
    ) -> Response:
        try:
            preview = desk.preview(form, file.filename or "", file.file.read(), user.name)
        except ZhengxunError as error:
            return import_page(request, form, str(error), 422)
        return import_page(request, form, preview=preview)

    @routes.post("/import/{token}")
    def import_take(request: Request, user: keeper, token: Annotated[str, Path(max_length=40)]) -> Response:
        edition, preview = desk.take(token, user.name)
        guard.note(request, "导入名录", f"名录版本 {edition.id}", import_words(edition))
        return import_page(request, ListForm(), preview=preview, report=edition)

    @routes.get("/lists/{edition_id}")
    def edition(
        request: Request,
        user: viewer,
        edition_id: Number,
        words: Words = "",
        page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    ) -> Response:
        return pages.show(request, "directory_edition.html", shown=desk.edition(edition_id, words, page), words=words)

    @routes.post("/lists/{edition_id}/withdraw")
    def withdraw(request: Request, user: keeper, edition_id: Number, reason: Written = "") -> Response:
        done = desk.withdraw(edition_id, user.name, reason)
        guard.note(request, "撤下名录", f"名录版本 {edition_id}", f"《{done.head.name}》：{reason.strip()}"[:500])
        return RedirectResponse(f"/directory/lists/{edition_id}", status_code=303)

    return routes
