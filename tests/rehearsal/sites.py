"""The rehearsal's sites: generated from ``phrases.yaml`` with a fixed seed, each page with what is true of it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import yaml

PAGES_PER_SITE = 36
_PER_LIST = 12


@dataclass(frozen=True)
class RehearsalPage:
    """One page: its bytes, and whether its text violates."""

    path: str
    violating: bool
    manner: str
    """Which bank the decisive passage came from, e.g. ``violating.keywordless``."""
    body: bytes
    content_type: str = "text/html; charset=utf-8"
    note: str = ""


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
    chrome: str = ""


RECIPES = (
    Recipe(
        "badschool",
        "启程职业技能研修院",
        ("violating.plain", "clean.institution", "violating.keywordless"),
        ("div", "table"),
    ),
    Recipe(
        "goodschool", "河谷职业技能培训中心", ("clean.institution", "clean.institution", "clean.warning"), ("div", "dl")
    ),
    Recipe(
        "board",
        "河谷生活圈",
        ("clean.forum", "violating.keywordless", "clean.forum", "violating.disguised"),
        ("posts", "br"),
    ),
    Recipe("office", "河谷县人社服务网（样例）", ("clean.warning",), ("article", "table")),
    Recipe("paper", "河谷日报网（样例）", ("clean.warning", "clean.innocent", "clean.warning"), ("article", "br")),
    Recipe(
        "oldseller",
        "河谷考务代办网",
        ("violating.disguised", "violating.plain", "clean.institution"),
        ("table", "br"),
        "gb18030",
        "iso-8859-1",
        None,
    ),
    Recipe(
        "adverts",
        "河谷分类信息",
        ("clean.innocent", "violating.plain", "clean.innocent", "violating.keywordless"),
        ("spans", "dl"),
        "gbk",
        None,
        "gb2312",
    ),
    Recipe("diary", "枣树下的日记", ("clean.forum", "clean.innocent"), ("article", "spans")),
    Recipe("shop", "河谷优选商城", ("clean.innocent",), ("dl", "div"), chrome="不满意包退换，全场保价"),
)


def _paragraphs(passage: str, layout: str, title: str, rng: random.Random, bank: dict[str, Any]) -> str:
    before = rng.sample(bank["filler"], rng.randint(2, 5))
    after = rng.sample(bank["filler"], rng.randint(1, 4))
    parts = [*before, passage, *after]
    heading = rng.choice(bank["headings"])
    made: dict[str, Callable[[], str]] = {
        "div": lambda: f"<h2>{heading}</h2>" + "".join(f'<div class="t">{escape(p)}</div>' for p in parts),
        "table": lambda: (
            "<table>"
            + "".join(f"<tr><td>{n}</td><td>{escape(p)}</td></tr>" for n, p in enumerate(parts, 1))
            + "</table>"
        ),
        "br": lambda: f"<font size=3>{'<br><br>'.join(escape(p) for p in parts)}</font>",
        "dl": lambda: (
            "<dl>" + "".join(f"<dt>{heading}{n}</dt><dd>{escape(p)}</dd>" for n, p in enumerate(parts)) + "</dl>"
        ),
        "article": lambda: (
            f"<article><h1>{escape(title)}</h1><p>{heading}</p>"
            + "".join(f"<p>{escape(p)}</p>" for p in parts)
            + "</article>"
        ),
        "posts": lambda: "".join(
            f'<div class="floor" id="f{n}"><b>坊友{n:03d}</b><div class="say">{escape(p)}</div></div>'
            for n, p in enumerate(parts, 1)
        ),
        "spans": lambda: "".join(
            "<p>" + "".join(f"<span>{escape(p[i : i + 3])}</span>" for i in range(0, len(p), 3)) + "</p>" for p in parts
        ),
    }
    return made[layout]()


def _html(recipe: Recipe, title: str, inner: str, foot: str) -> str:
    meta = (
        f'<meta http-equiv="Content-Type" content="text/html; charset={recipe.meta_charset}">'
        if recipe.meta_charset
        else ""
    )
    return (
        f"<!DOCTYPE html><html><head>{meta}<title>{escape(title)}_{recipe.name}</title></head><body>"
        f'<div class="head"><a href="/">{recipe.name}</a> <a href="/list-1.html">一</a> <a href="/list-2.html">二</a> '
        f'<a href="/list-3.html">三</a> {recipe.chrome}</div><div class="wrap">{inner}</div>'
        f'<div class="copy">{foot}</div></body></html>'
    )


def _fill(template: str, rng: random.Random, bank: dict[str, Any]) -> str:
    number = rng.randint(3, 30)
    contact = rng.choice(bank["contacts"]).replace("{n}", str(rng.randint(10, 99)))
    return (
        template.replace("{zy}", rng.choice(bank["occupations"]))
        .replace("{n}", str(number))
        .replace("{p}", str(rng.randrange(400, 6000, 20)))
        .replace("{c}", contact)
        .replace("{m}", rng.choice(bank["names"]))
    )


def _build(recipe: Recipe, number: int, bank: dict[str, Any], seed: int, turn: int) -> RehearsalSite:
    rng = random.Random(f"{seed}/{recipe.key}/{turn}")
    site = RehearsalSite(f"{recipe.key}{turn}", recipe.name, f"127.0.{turn}.{number}")
    content_type = "text/html" + (f"; charset={recipe.header_charset}" if recipe.header_charset else "")

    def add(path: str, title: str, inner: str, manner: str, violating: bool) -> None:
        foot = f"版权所有 {recipe.name} 晋ICP备0000{number:02d}00号"
        body = _html(recipe, title, inner, foot).encode(recipe.encoding, "xmlcharrefreplace")
        site.pages[path] = RehearsalPage(path, violating, manner, body, content_type)

    lists: dict[int, list[str]] = {1: [], 2: [], 3: []}
    items = PAGES_PER_SITE - 4
    order: dict[str, list[str]] = {}
    for n in range(items):
        name = recipe.banks[n % len(recipe.banks)]
        if not order.get(name):
            group, _, kind = name.partition(".")
            order[name] = rng.sample(bank[group][kind], len(bank[group][kind]))
        passage = _fill(order[name].pop(), rng, bank)
        path, title = f"/info/{1000 + n * 7}.html", f"信息第{n + 1}号"
        inner = _paragraphs(passage, recipe.layouts[n % len(recipe.layouts)], title, rng, bank)
        add(path, title, inner, name, name.startswith("violating"))
        lists[n // _PER_LIST + 1].append(f'<li><a href="{path}">{title}</a></li>')
    for page, rows in lists.items():
        add(f"/list-{page}.html", f"列表{page}", f"<ul>{''.join(rows)}</ul>", "list", False)
    welcome = "".join(f"<p>{escape(text)}</p>" for text in rng.sample(bank["filler"], 4))
    add("/", "首页", welcome, "home", False)
    return site


def build_sites(seed: int = 2026, rounds: int = 1) -> list[RehearsalSite]:
    """All generated sites; the same seed gives the same bytes. Each of the ``rounds`` fills the recipes anew."""
    bank = yaml.safe_load(Path(__file__).with_name("phrases.yaml").read_text(encoding="utf-8"))
    sites: list[RehearsalSite] = []
    for turn in range(1, rounds + 1):
        sites.extend(_build(recipe, number, bank, seed, turn) for number, recipe in enumerate(RECIPES, start=1))
        shop = sites[-1]
        shop.robots = "User-agent: *\nDisallow: /info/1000\nDisallow: /*?print=\nCrawl-delay: 0.1\n"
        shop.disallowed = ("/info/1000.html",)
    closed = RehearsalSite("closed", "维护中的站点", "127.0.1.30", robots="down", robots_status=503)
    closed.pages["/"] = RehearsalPage("/", False, "home", b"<html><body>\xe9\xa6\x96\xe9\xa1\xb5</body></html>")
    closed.disallowed = ("/",)
    return [*sites, closed]
