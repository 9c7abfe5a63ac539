"""What a crawl of the sample sites ought to find, page by page, so that a test can lay real leads beside it.

The plan is read from the same files as the pages (``plant:`` in ``sites/*.yaml``), never from what a classifier said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from crawler.browser.chromium import missing
from zhengxun.demo.content import SITE_KEYS, SamplePage, SampleSiteBroken, load_site
from zhengxun.demo.traps import TRAP_SITE


class Expectation(StrEnum):
    """What a page is on one day."""

    VIOLATING = "violating"
    """Its text violates the notice: there must be a lead."""
    CLEAN = "clean"
    """There must be no lead."""
    EITHER = "either"
    """Right both ways: lists that show a violating page's title, claims that stand only in a picture."""
    UNREAD = "unread"
    """Its content must not or cannot be read; the outcome must say so, and there is no lead."""
    ABSENT = "absent"
    """It does not exist on that day."""


class PlantKind(StrEnum):
    """How a claim is put, or why the page cannot be read."""

    NONE = "none"
    TEXT = "text"
    """In plain canonical words."""
    DISGUISED = "disguised"
    """Signs between characters, homophones, full width, traditional characters, hidden chaff."""
    KEYWORDLESS = "keywordless"
    """The offer is clear, but no canonical phrase occurs."""
    ALT = "alt"
    """Only in the alternative text of a picture."""
    PICTURE = "picture"
    """Only in a picture: found where the ``ocr`` extra is installed, so right both ways in the plan."""
    RENDER = "render"
    """Only after the page's script ran: needs a browser."""
    ROBOTS = "robots"
    """robots.txt forbids it."""
    TRAP = "trap"
    """No page at all."""


#: Whether this machine can show pages that scripts make; without a browser they stay unread, which the plan expects.
RENDERS = missing() is None

_VIOLATING = frozenset({PlantKind.TEXT, PlantKind.DISGUISED, PlantKind.KEYWORDLESS, PlantKind.ALT}) | (
    {PlantKind.RENDER} if RENDERS else set()
)


@dataclass(frozen=True, slots=True)
class Planted:
    """One address of a sample site and what is expected of it."""

    site: str
    """Key of the site, see :data:`zhengxun.demo.content.SITE_KEYS`."""
    path: str
    """Path and query, canonical (no session id)."""
    title: str
    day1: Expectation
    day2: Expectation
    kind: PlantKind
    categories: str = ""
    """Groups of the notice that its claims belong to, e.g. ``BD``; empty where there are none."""
    outcomes: tuple[str, ...] = ("ok",)
    """Values of :class:`domain.crawl.Outcome` in which a first request on day 1 may end."""
    edited: bool = False
    """Violating on both days, in other words."""

    def on(self, day: int) -> Expectation:
        """Expectation on that day (1 or 2)."""
        return self.day1 if day < 2 else self.day2


def _reading(page: SamplePage | None) -> tuple[Expectation, PlantKind, str]:
    if page is None:
        return Expectation.ABSENT, PlantKind.NONE, ""
    word, _, categories = page.plant.partition(" ")
    if word in {"clean", "either", "unread"}:
        return Expectation(word), PlantKind.NONE, ""
    try:
        kind = PlantKind(word)
    except ValueError as error:
        raise SampleSiteBroken(f"样例页面 {page.path} 的 plant 写的是“{page.plant}”，不是认识的写法。") from error
    if kind in _VIOLATING:
        return Expectation.VIOLATING, kind, categories
    if kind is PlantKind.PICTURE:
        return Expectation.EITHER, kind, categories
    return Expectation.UNREAD, kind, categories


def _outcomes(expectation: Expectation, kind: PlantKind) -> tuple[str, ...]:
    if kind is PlantKind.ROBOTS:
        return ("robots",)
    if kind is PlantKind.RENDER:
        return ("ok",) if RENDERS else ("empty",)
    if expectation is Expectation.UNREAD:
        return ("empty", "failed")
    if expectation is Expectation.ABSENT:
        return ()
    return ("ok",)


def _of_site(key: str) -> Iterable[Planted]:
    first, second = load_site(key, 1).by_path, load_site(key, 2).by_path
    for path in dict.fromkeys((*first, *second)):
        before, after = first.get(path), second.get(path)
        day1, kind1, categories1 = _reading(before)
        day2, kind2, categories2 = _reading(after)
        yield Planted(
            site=key,
            path=path,
            title=(before or after or SamplePage(path, "", "")).title,
            day1=day1,
            day2=day2,
            kind=kind1 if kind1 is not PlantKind.NONE else kind2,
            categories=categories1 or categories2,
            outcomes=_outcomes(day1, kind1),
            edited=before is not None and after is not None and before.body != after.body and day1 == day2,
        )


def _trap(path: str, title: str, *outcomes: str) -> Planted:
    return Planted(TRAP_SITE, path, title, Expectation.UNREAD, Expectation.UNREAD, PlantKind.TRAP, "", outcomes)


#: Addresses of the trap site that hold nothing to read. The calendar has no end and stands for all its months.
_TRAPS = (
    Planted(
        TRAP_SITE, "/rili/2026/11", "没有尽头的日历", Expectation.CLEAN, Expectation.CLEAN, PlantKind.TRAP, "", ("ok",)
    ),
    Planted(TRAP_SITE, "/hui", "读者之窗", Expectation.CLEAN, Expectation.CLEAN, PlantKind.TRAP, "", ("ok",)),
    _trap("/member/center", "登录墙", "blocked"),
    _trap("/yanzheng", "安全验证", "blocked"),
    _trap("/lost/2026-1.html", "假 200 的 404", "empty"),
    _trap("/tiao/a", "没有尽头的跳转", "failed"),
    _trap("/go/neiwang", "跳转到被拒绝的地址", "failed"),
    _trap("/go/huoban", "跳转到别的站点", "failed", "ok"),
)

#: Everything that is planted, in the order of the sites.
PLANTED: tuple[Planted, ...] = (*(planted for key in SITE_KEYS for planted in _of_site(key)), *_TRAPS)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Real leads beside the plan of one day."""

    found: tuple[Planted, ...]
    """Violating pages for which there is a lead."""
    missed: tuple[Planted, ...]
    """Violating pages without one."""
    false_alarms: tuple[tuple[str, str], ...]
    """(site, path) of leads on pages that are clean, unread, absent or not in the plan."""


def compare(flagged: Iterable[tuple[str, str]], day: int = 1) -> Comparison:
    """Lay flagged pages, as (site key, path), beside the plan of ``day``."""
    given = set(flagged)
    violating = [planted for planted in PLANTED if planted.on(day) is Expectation.VIOLATING]
    allowed = {
        (planted.site, planted.path)
        for planted in PLANTED
        if planted.on(day) in {Expectation.VIOLATING, Expectation.EITHER}
    }
    return Comparison(
        found=tuple(planted for planted in violating if (planted.site, planted.path) in given),
        missed=tuple(planted for planted in violating if (planted.site, planted.path) not in given),
        false_alarms=tuple(sorted(given - allowed)),
    )
