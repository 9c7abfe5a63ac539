"""The sample sites as data: one YAML file for each site, read into frozen values.

A page says in the same place what it shows and what is planted in it, so that neither can change without the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, cast

import yaml

from domain.errors import BadFile

#: Order of the sites, and with it their loopback hosts: the first is 127.0.0.2, the next 127.0.0.3 …
SITE_KEYS = (
    "dingsui",
    "qingheng",
    "lanhe",
    "zhitong",
    "huaiyin",
    "gongzhong",
    "jianxun",
    "lanzhou",
    "wanbao",
    "tianyu",
    "yunzheng",
    "baigong",
    "chaxun",
    "zhengyuan",
    "maisui",
)

_PAGE_FIELDS = frozenset(
    [
        "path",
        "title",
        "date",
        "crumbs",
        "body",
        "plant",
        "floating",
        "footer",
        "description",
        "layout",
        "charset",
        "meta_charset",
        "posts",
        "author",
        "sidebar",
        "day2",
        "from_day",
        "wechat",
        "status",
        "hidden_nav",
        "outcome",
    ]
)


class SampleSiteBroken(BadFile):
    """A file under ``sites/`` does not say what it must; the message names the site and the page."""


@dataclass(frozen=True, slots=True)
class SamplePage:
    """One page of a sample site as it stands on one day."""

    path: str
    """Path and query as a link on the site writes it."""
    title: str
    body: str
    """In the markup of :mod:`zhengxun.demo.markup`."""
    plant: str = "clean"
    """``clean``, ``either``, ``unread``, or ``<kind> <categories>`` such as ``disguised BD`` (see :mod:`.plan`)."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Everything else that the layout may show: date, crumbs, floating, footer, posts …"""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list with pagination that is made from the titles of other pages."""

    path: str
    title: str
    select: str
    """Pages whose path begins with this are listed, newest first."""
    per_page: int
    plant: str
    """Decided for each list: ``clean`` where titles claim nothing, ``either`` where a title alone may count."""
    with_summary: bool

    def page_path(self, number: int) -> str:
        """Address of the list's page ``number`` (from 1)."""
        return self.path if number == 1 else f"{self.path}index_{number}.html"


@dataclass(frozen=True, slots=True)
class SampleSite:
    """One sample site on one day: pages in the order of the file, lists among them."""

    key: str
    name: str
    kind: str
    """Word for the import file's 类型 column."""
    region: str
    entry: str
    """Path of the address that is watched."""
    note: str
    layout: str
    pages: tuple[SamplePage, ...]
    listings: tuple[Listing, ...]
    options: Mapping[str, Any]

    @property
    def by_path(self) -> dict[str, SamplePage]:
        """Pages by path."""
        return {page.path: page for page in self.pages}


def _page(site_key: str, raw: Mapping[str, Any], day: int) -> SamplePage | None:
    """The page on that day, or None where it does not exist then."""
    unknown = set(raw) - _PAGE_FIELDS
    if unknown or "path" not in raw:
        raise SampleSiteBroken(
            f"样例站点 {site_key} 的页面 {raw.get('path', '（无 path）')} 有不认识的字段：{sorted(unknown)}。"
        )
    if day < int(raw.get("from_day", 1)):
        return None
    merged = dict(raw)
    change = merged.pop("day2", None)
    merged.pop("from_day", None)
    if day >= 2 and change == "gone":
        return None
    if day >= 2 and isinstance(change, dict):
        merged.update(change)
    return SamplePage(
        path=merged.pop("path"),
        title=merged.pop("title", ""),
        body=merged.pop("body", ""),
        plant=merged.pop("plant", "clean"),
        options=merged,
    )


def _series(site_key: str, raw: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Pages made from one body and a table of values (course pages of one school look alike)."""
    pages = []
    for row in raw["rows"]:
        values = dict(zip(raw["columns"], row, strict=True))
        page: dict[str, Any] = {}
        for name, template in raw["page"].items():
            page[name] = template.format_map(values) if isinstance(template, str) else template
        pages.append(page)
    if not pages:
        raise SampleSiteBroken(f"样例站点 {site_key} 的一个系列没有任何行。")
    return pages


def _listed(listing: Listing, pages: list[SamplePage]) -> list[SamplePage]:
    chosen = [
        page
        for page in pages
        if page.path.startswith(listing.select)
        and page.path != listing.path
        and not page.options.get("hidden_nav", False)
    ]
    return sorted(chosen, key=lambda page: str(page.options.get("date", "")), reverse=True)


def _listing_pages(listing: Listing, pages: list[SamplePage]) -> list[SamplePage]:
    chosen = _listed(listing, pages)
    count = max(1, -(-len(chosen) // listing.per_page))
    made = []
    for number in range(1, count + 1):
        part = chosen[(number - 1) * listing.per_page : number * listing.per_page]
        made.append(
            SamplePage(
                path=listing.page_path(number),
                title=listing.title if number == 1 else f"{listing.title}（第{number}页）",
                body="",
                plant=listing.plant,
                options={
                    "entries": part,
                    "with_summary": listing.with_summary,
                    "pagination": [(n, listing.page_path(n), n == number) for n in range(1, count + 1)],
                },
            )
        )
    return made


@cache
def load_site(key: str, day: int) -> SampleSite:
    """The site ``key`` as it stands on ``day`` (1 or 2); raises :class:`SampleSiteBroken`."""
    source = files(__package__).joinpath("sites", f"{key}.yaml").read_text(encoding="utf-8")
    raw = cast(dict[str, Any], yaml.safe_load(source))
    rows = list(raw["pages"])
    for series in raw.get("series", ()):
        rows.extend(_series(key, series))
    pages = [page for page in (_page(key, row, day) for row in rows) if page is not None]
    listings = tuple(
        Listing(
            path=item["path"],
            title=item["title"],
            select=item["select"],
            per_page=item.get("per_page", 8),
            plant=item["plant"],
            with_summary=item.get("summary", False),
        )
        for item in raw.get("lists", ())
    )
    made = [page for listing in listings for page in _listing_pages(listing, pages)]
    everything = (*pages, *made)
    paths = [page.path for page in everything]
    if len(set(paths)) != len(paths):
        twice = sorted({path for path in paths if paths.count(path) > 1})
        raise SampleSiteBroken(f"样例站点 {key} 有重复的页面地址：{twice}。")
    options = {name: value for name, value in raw.items() if name not in {"pages", "series", "lists"}}
    return SampleSite(
        key=key,
        name=raw["name"],
        kind=raw.get("kind", "网站"),
        region=raw.get("region", ""),
        entry=raw.get("entry", "/"),
        note=raw.get("note", ""),
        layout=raw["layout"],
        pages=everything,
        listings=listings,
        options=options,
    )


def load_sites(day: int) -> tuple[SampleSite, ...]:
    """All sample sites as they stand on ``day``."""
    return tuple(load_site(key, day) for key in SITE_KEYS)
