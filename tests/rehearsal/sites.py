"""The rehearsal's sites: generated from ``phrases.yaml`` with a fixed seed, each page with what is true of it."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from typing import Any

import yaml
from layouts import LAYOUTS, page_html

PAGES_PER_SITE = 36
_PER_LIST = 12
_EDIT = "以上内容本周作了更新，请以新的说明为准。"


@dataclass(frozen=True)
class RehearsalPage:
    """One page: its bytes, and whether its text violates."""

    path: str
    violating: bool
    manner: str
    """Which bank the decisive passage came from, e.g. ``violating.keywordless``."""
    body: bytes
    content_type: str = "text/html; charset=utf-8"


@dataclass
class RehearsalSite:
    """One site with its pages and robots.txt."""

    key: str
    name: str
    host: str
    pages: dict[str, RehearsalPage] = field(default_factory=dict)
    robots: str | None = None
    robots_status: int = 200
    disallowed: tuple[str, ...] = ()
    tomorrow: dict[str, RehearsalPage | None] = field(default_factory=dict)
    """Pages that are other (or gone: None) on the second day."""
    changes: dict[str, str] = field(default_factory=dict)
    """Path → what happens to it: ``edited``, ``gone``, ``corrected``, ``new``."""


@dataclass(frozen=True)
class Recipe:
    """How one site is made: shares of passage banks, layouts, encoding."""

    key: str
    name: str
    banks: tuple[str, ...]
    layouts: tuple[str, ...]
    encoding: str = "utf-8"
    header_charset: str | None = "utf-8"
    meta_charset: str | None = "utf-8"


_WARNING, _INNOCENT, _FORUM, _SCHOOL = "clean.warning", "clean.innocent", "clean.forum", "clean.institution"
_PLAIN, _DISGUISED, _KEYWORDLESS = "violating.plain", "violating.disguised", "violating.keywordless"

RECIPES = (
    Recipe("badschool", "启程职业技能研修院", (_PLAIN, _SCHOOL, _KEYWORDLESS), ("div", "table")),
    Recipe("goodschool", "河谷职业技能培训中心", (_SCHOOL, _SCHOOL, _WARNING), ("div", "dl")),
    Recipe("board", "河谷生活圈", (_FORUM, _KEYWORDLESS, _FORUM, _DISGUISED), ("posts", "br")),
    Recipe("office", "河谷县人社服务网（样例）", (_WARNING,), ("article", "table")),
    Recipe("paper", "河谷日报网（样例）", (_WARNING, _INNOCENT, _WARNING), ("article", "br")),
    Recipe(
        "oldseller", "河谷考务代办网", (_DISGUISED, _PLAIN, _SCHOOL), ("table", "br"), "gb18030", "iso-8859-1", None
    ),
    Recipe(
        "adverts", "河谷分类信息", (_INNOCENT, _PLAIN, _INNOCENT, _KEYWORDLESS), ("spans", "dl"), "gbk", None, "gb2312"
    ),
    Recipe("diary", "枣树下的日记", (_FORUM, _INNOCENT), ("article", "spans")),
    Recipe("shop", "河谷优选商城", (_INNOCENT,), ("dl", "div")),
    Recipe("jobs", "河谷人才招聘网", ("clean.recruit", _INNOCENT), ("dl", "table")),
    Recipe("lawyer", "河谷法律百科", ("clean.law", _WARNING), ("article", "div")),
)


@dataclass(frozen=True)
class _Draft:
    """A page before it is put into HTML."""

    path: str
    title: str
    layout: str
    heading: str
    before: tuple[str, ...]
    passage: str
    after: tuple[str, ...]
    manner: str


class _Maker:
    """Makes one site from its recipe."""

    def __init__(self, recipe: Recipe, number: int, bank: dict[str, Any], seed: int, turn: int) -> None:
        self.recipe, self.number, self.bank = recipe, number, bank
        self.rng = random.Random(f"{seed}/{recipe.key}/{turn}")
        self.site = RehearsalSite(f"{recipe.key}{turn}", recipe.name, f"127.0.{turn}.{number}")
        self.order: dict[str, list[str]] = {}

    def make(self) -> RehearsalSite:
        """The site on both days."""
        items = [self._draft(n) for n in range(PAGES_PER_SITE - 4)]
        for draft in items:
            self.site.pages[draft.path] = self._page(draft)
        rows = [f'<li><a href="{draft.path}">{draft.title}</a></li>' for draft in items]
        for page in range(1, 4):
            self._plain(f"/list-{page}.html", f"列表{page}", rows[(page - 1) * _PER_LIST : page * _PER_LIST])
        self._plain("/", "首页", [f"<p>{escape(text)}</p>" for text in self.rng.sample(self.bank["filler"], 4)])
        self._tomorrow(items, rows)
        return self.site

    def _tomorrow(self, items: list[_Draft], rows: list[str]) -> None:
        """One violating page edited, one gone, one corrected, one new, where the site has violating pages."""
        violating = [draft for draft in items if draft.manner.startswith("violating")]
        if len(violating) < 3:
            return
        edited, gone, corrected = self.rng.sample(violating, 3)
        self._change("edited", edited.path, self._page(replace(edited, after=(*edited.after, _EDIT))))
        self._change("gone", gone.path, None)
        passage = self._fill(self.rng.choice(self.bank["clean"]["institution"]))
        self._change("corrected", corrected.path, self._page(replace(corrected, passage=passage, manner=_SCHOOL)))
        new = replace(self._draft(len(items)), path="/info/9001.html", title="信息第9001号", manner=_PLAIN)
        new = replace(new, passage=self._fill(self.rng.choice(self.bank["violating"]["plain"])))
        self._change("new", new.path, self._page(new))
        first = [*rows[:_PER_LIST], f'<li><a href="{new.path}">{new.title}</a></li>']
        self.site.tomorrow["/list-1.html"] = self._listed("/list-1.html", "列表1", first)

    def _change(self, kind: str, path: str, page: RehearsalPage | None) -> None:
        self.site.changes[path] = kind
        self.site.tomorrow[path] = page

    def _draft(self, n: int) -> _Draft:
        name = self.recipe.banks[n % len(self.recipe.banks)]
        if not self.order.get(name):
            group, _, kind = name.partition(".")
            passages = self.bank[group][kind]
            self.order[name] = self.rng.sample(passages, len(passages))
        filler = self.bank["filler"]
        return _Draft(
            path=f"/info/{1000 + n * 7}.html",
            title=f"信息第{n + 1}号",
            layout=self.recipe.layouts[n % len(self.recipe.layouts)],
            heading=self.rng.choice(self.bank["headings"]),
            before=tuple(self.rng.sample(filler, self.rng.randint(2, 5))),
            passage=self._fill(self.order[name].pop()),
            after=tuple(self.rng.sample(filler, self.rng.randint(1, 4))),
            manner=name,
        )

    def _fill(self, template: str) -> str:
        rng, bank = self.rng, self.bank
        contact = rng.choice(bank["contacts"]).replace("{n}", str(rng.randint(10, 99)))
        return (
            template.replace("{zy}", rng.choice(bank["occupations"]))
            .replace("{n}", str(rng.randint(3, 30)))
            .replace("{p}", str(rng.randrange(400, 6000, 20)))
            .replace("{c}", contact)
            .replace("{m}", rng.choice(bank["names"]))
        )

    def _page(self, draft: _Draft) -> RehearsalPage:
        parts = [*draft.before, draft.passage, *draft.after]
        content = LAYOUTS[draft.layout](draft.title, draft.heading, parts)
        return self._encoded(draft.path, draft.title, content, draft.manner)

    def _plain(self, path: str, title: str, rows: list[str]) -> None:
        self.site.pages[path] = self._listed(path, title, rows)

    def _listed(self, path: str, title: str, rows: list[str]) -> RehearsalPage:
        return self._encoded(path, title, f"<ul>{''.join(rows)}</ul>", "home" if path == "/" else "list")

    def _encoded(self, path: str, title: str, content: str, manner: str) -> RehearsalPage:
        recipe = self.recipe
        html = page_html(recipe.name, self.bank["chrome"][recipe.key], recipe.meta_charset, self.number, title, content)
        content_type = "text/html" + (f"; charset={recipe.header_charset}" if recipe.header_charset else "")
        body = html.encode(recipe.encoding, "xmlcharrefreplace")
        return RehearsalPage(path, manner.startswith("violating"), manner, body, content_type)


def build_sites(seed: int = 2026, rounds: int = 1) -> list[RehearsalSite]:
    """All generated sites; the same seed gives the same bytes. Each of the ``rounds`` fills the recipes anew."""
    bank = yaml.safe_load(Path(__file__).with_name("phrases.yaml").read_text(encoding="utf-8"))
    sites: list[RehearsalSite] = []
    for turn in range(1, rounds + 1):
        sites.extend(_Maker(recipe, number, bank, seed, turn).make() for number, recipe in enumerate(RECIPES, start=1))
    for site in sites:
        if site.key.startswith("shop"):
            site.robots = "User-agent: *\nDisallow: /info/1000\nDisallow: /*?print=\nCrawl-delay: 0.1\n"
            site.disallowed = ("/info/1000.html",)
    closed = RehearsalSite("closed", "维护中的站点", "127.0.1.30", robots="down", robots_status=503)
    closed.pages["/"] = RehearsalPage("/", False, "home", b"<html><body>\xe9\xa6\x96\xe9\xa1\xb5</body></html>")
    closed.disallowed = ("/",)
    return [*sites, closed]
