"""规则: packs and rules with their verdicts, the test box, editing a copy, its effect, versions."""

# No postponed annotations here: FastAPI reads them when a route is made, and a string cannot name a local dependency.

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Path, Query, Request
from starlette.responses import RedirectResponse, Response

from console.guard import Guard
from console.marked_text import mark
from console.rendering import Pages
from console.rule_desk import LONGEST_FILE, LONGEST_TEXT, EffectView, Judged, Problem, RuleDesk, RuleLine, Tried
from digest.text import Mask
from domain.account import Right, User
from domain.errors import BadInput, IllegalMove

Name = Annotated[str, Path(max_length=60)]
Token = Annotated[str, Path(max_length=40)]
Number = Annotated[int, Path(ge=0, lt=10**6)]
Word = Annotated[str, Form(max_length=300)]
Content = Annotated[str, Form(max_length=LONGEST_FILE)]
#: How the list may be ordered: word → (Chinese, key).
_ORDERS = {
    "": ("文件中的次序", None),
    "hits": ("线索多的在前", lambda rule: -rule.verdicts.hits),
    "dismissed": ("误报多的在前", lambda rule: -rule.verdicts.dismissed),
    "precision": ("准确率低的在前", lambda rule: (rule.verdicts.precision is None, rule.verdicts.precision or 0)),
}


def router(desk: RuleDesk, guard: Guard, pages: Pages) -> APIRouter:
    """Everybody may look and try; who keeps rules may change them."""
    routes = APIRouter(prefix="/rules")
    viewer = Annotated[User, Depends(guard.may(Right.VIEW))]
    keeper = Annotated[User, Depends(guard.may(Right.RULES))]

    @routes.get("")
    def overview(
        request: Request,
        user: viewer,
        category: Annotated[str, Query(max_length=1)] = "",
        order: Annotated[str, Query(max_length=10)] = "",
        file: Annotated[str, Query(max_length=60)] = "",
        words: Annotated[str, Query(max_length=60)] = "",
    ) -> Response:
        found = desk.overview()
        chosen: Sequence[RuleLine] = [
            rule
            for rule in found.rules
            if (not category or rule.category == category)
            and (not file or rule.file == file)
            and (not words.strip() or words.strip().lower() in f"{rule.id}\n{rule.name}".lower())
        ]
        key = _ORDERS.get(order, _ORDERS[""])[1]
        return pages.show(
            request,
            "rules.html",
            found=found,
            standing=found.standing,
            rules=sorted(chosen, key=key) if key else chosen,
            chosen={"category": category, "order": order, "file": file, "words": words},
            orders=[(value, words) for value, (words, _) in _ORDERS.items()],
            categories=sorted({(rule.category, rule.category_label) for rule in found.rules}),
        )

    @routes.get("/test")
    def try_form(request: Request, user: viewer) -> Response:
        return pages.show(request, "rule_test.html", tried=Tried(""), result="")

    @routes.post("/test")
    def try_text(
        request: Request,
        user: viewer,
        text: Annotated[str, Form(max_length=LONGEST_TEXT)] = "",
        title: Word = "",
        url: Annotated[str, Form(max_length=2000)] = "",
        account: Word = "",
    ) -> Response:
        tried = Tried(text.replace("\r\n", "\n"), title, url, account)
        shown = _shown(tried, desk.judge(tried))
        if "hx-request" in request.headers:
            return pages.show(request, "rule_judged.html", **shown)
        return pages.show(request, "rule_test.html", tried=tried, result="rule_judged.html", **shown)

    @routes.get("/versions")
    def versions(request: Request, user: viewer) -> Response:
        return pages.show(request, "rule_versions.html", versions=desk.versions(), standing=desk.standing())

    @routes.get("/versions/{number}")
    def version(request: Request, user: viewer, number: Number) -> Response:
        line, changes = desk.changes(number)
        newest = max((one.number for one in desk.versions()), default=0)
        return pages.show(
            request, "rule_version.html", line=line, changes=changes, newest=newest, locked=desk.standing().locked
        )

    @routes.post("/versions/{number}/restore")
    def restore(
        request: Request,
        user: keeper,
        number: Number,
        reason: Annotated[str, Form(max_length=500)] = "",
        seen: Annotated[int, Form(ge=0, lt=10**6)] = 0,
    ) -> Response:
        made, summary = desk.restore(number, user.name, reason, seen)
        guard.note(request, "规则退回", f"规则第 {made.number} 版", summary[:1000])
        return RedirectResponse(f"/rules/versions/{made.number}", status_code=303)

    @routes.get("/files/{name}")
    def file(request: Request, user: viewer, name: Name) -> Response:
        found = desk.file(name)
        if not found.known:
            raise BadInput(f"没有规则文件 {name}。")
        return pages.show(request, "rule_file.html", file=found)

    @routes.get("/files/{name}/edit")
    def edit(
        request: Request, user: keeper, name: Name, start: Annotated[str, Query(alias="from", max_length=10)] = ""
    ) -> Response:
        found = desk.file(name)
        if found.locked:
            raise BadInput(found.locked)
        from_bundled = start == "bundled" and found.bundled is not None
        return pages.show(
            request,
            "rule_edit.html",
            file=found,
            text=found.bundled if from_bundled else found.text,
            from_bundled=from_bundled,
        )

    @routes.get("/new")
    def new(request: Request, user: keeper, name: Annotated[str, Query(max_length=60)] = "") -> Response:
        if desk.file(name.strip()).known:
            raise BadInput(f"规则文件 {name.strip()} 已经有了；请直接打开它修改，或换一个名称。")
        return RedirectResponse(f"/rules/files/{name.strip()}/edit", status_code=303)

    @routes.post("/files/{name}/check")
    def check(request: Request, user: keeper, name: Name, text: Content = "") -> Response:
        return pages.show(request, "rule_checked.html", problems=desk.check(name, text))

    @routes.post("/files/{name}/try")
    def try_draft(
        request: Request,
        user: keeper,
        name: Name,
        text: Content = "",
        sample: Annotated[str, Form(max_length=LONGEST_TEXT)] = "",
    ) -> Response:
        tried = Tried(sample.replace("\r\n", "\n"))
        judged = desk.try_draft(name, text, tried)
        if not isinstance(judged, Judged):
            return pages.show(request, "rule_checked.html", problems=judged)
        return pages.show(request, "rule_judged.html", **_shown(tried, judged))

    @routes.post("/files/{name}/effect")
    def look(
        request: Request,
        user: keeper,
        name: Name,
        text: Content = "",
        base: Annotated[int, Form(ge=0, lt=10**6)] = 0,
    ) -> Response:
        seen = desk.look(name, text, base, user.name)
        if not isinstance(seen, EffectView):
            problems: Sequence[Problem] = seen
            return pages.show(request, "rule_checked.html", problems=problems)
        guard.note(request, "比较规则影响", name)
        return pages.show(request, "rule_effect.html", effect=seen)

    @routes.get("/effects/{token}")
    def effect(request: Request, user: keeper, token: Token) -> Response:
        return pages.show(request, "rule_effect.html", effect=desk.effect(token, user.name))

    @routes.post("/effects/{token}/publish")
    def publish(
        request: Request,
        user: keeper,
        token: Token,
        reason: Annotated[str, Form(max_length=500)] = "",
        accept_lost: Annotated[str, Form(max_length=3)] = "",
    ) -> Response:
        try:
            made, summary = desk.publish(token, user.name, reason, accept_lost == "yes")
        except (BadInput, IllegalMove) as error:
            # Said beside the editor, whose text is still there; a page by itself would take it away.
            return pages.show(request, "problem.html", code=422, title="没有上线", text=str(error))
        guard.note(request, "规则上线", f"规则第 {made.number} 版", summary[:1000])
        place = f"/rules/versions/{made.number}"
        if "hx-request" in request.headers:
            return Response(status_code=204, headers={"HX-Redirect": place})
        return RedirectResponse(place, status_code=303)

    @routes.get("/{rule_id}")
    def one(request: Request, user: viewer, rule_id: Annotated[str, Path(max_length=40)]) -> Response:
        return pages.show(request, "rule.html", page=desk.rule(rule_id))

    return routes


def _shown(tried: Tried, judged: Judged) -> dict[str, Any]:
    mask, found = Mask(), judged.assessment
    return {
        "judged": judged,
        "marked_title": mark(tried.title, "title", found.findings, found.exempted, mask),
        "marked_text": mark(tried.text, "text", found.findings, found.exempted, mask),
    }
