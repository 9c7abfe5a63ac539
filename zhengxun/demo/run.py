"""The demo: the real pipeline on the sample sites over two days, on a data directory that may be thrown away."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.browser.chromium import missing
from domain.digest import Digest, DigestItem, DigestStatus
from domain.errors import BadInput
from domain.ports import Clock
from zhengxun.clock import day_of, fixed_clock
from zhengxun.demo.plan import RENDERS, Comparison, compare
from zhengxun.services import Services
from zhengxun.settings import DIGEST_FORMATS, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.crawl import RunSummary
    from zhengxun.demo.server import RunningSite, SampleWeb
    from zhengxun.jobs.crawl import OnProgress

#: Marks a folder as the demo's own: only such a folder is ever emptied.
MARKER = ".zhengxun-demo"

#: Sample servers are ours: no need to wait a second between two pages. Crawl-delay of their robots.txt still counts.
DELAY = 0.02

#: Statuses under which a page stands in a digest as violating now.
_VIOLATING_NOW = {DigestStatus.NEW, DigestStatus.STILL_ONLINE, DigestStatus.REAPPEARED}


@dataclass(frozen=True, slots=True)
class DayReport:
    """One day of the demo."""

    number: int
    run: RunSummary
    digest: Digest
    files: tuple[Path, ...]
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class SiteReport:
    """One sample site over both days."""

    name: str
    url: str
    pages: int
    """Requests of day 1."""
    outcomes: tuple[tuple[str, int], ...]
    """Outcome words of day 1."""
    leads: int
    """Items of day 1's digest."""
    statuses: tuple[tuple[DigestStatus, int], ...]
    """Items of day 2's digest by status."""


@dataclass(slots=True)
class DemoReport:
    """What the demo found."""

    data_dir: Path
    days: list[DayReport] = field(default_factory=list)
    sites: list[SiteReport] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether every planted violating page was found on both days."""
        return all(not day.comparison.missed for day in self.days)

    @property
    def exact(self) -> bool:
        """Whether, besides, no honest page was listed."""
        return self.complete and all(not day.comparison.false_alarms for day in self.days)


#: Screenshots after each of the two crawls: enough to see what they look like, few enough for a demonstration.
SCREENSHOTS = 4

#: Says in one Chinese line what happens next.
Announce = Callable[[str], None]


def demo_folder(given: str | None) -> Path:
    """Empty folder for the demo: the one given, else ``./demo-output``.

    A folder that holds anything not made by a demo is refused: nobody's data is overwritten.
    """
    folder = Path(given) if given is not None else Path("demo-output")
    if folder.exists():
        if not folder.is_dir():
            raise BadInput(f"{folder} 不是目录，不能用作演示目录。")
        if any(folder.iterdir()) and not (folder / MARKER).exists():
            raise BadInput(f"目录 {folder} 里已有内容，且不是以前演示留下的；请换一个空目录（--data-dir）。")
        for entry in folder.iterdir():
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
    else:
        folder.mkdir(parents=True)
    (folder / MARKER).write_text("此目录由“zhengxun demo”建立，下次演示时会被清空。\n", encoding="utf-8")
    return folder


def demo_services(folder: Path, clock: Clock) -> Services:
    """Services that touch nothing but ``folder`` and loopback, whatever the environment says."""
    from storage import default_url

    settings = Settings.load(
        folder,
        database_url=default_url(folder),
        allow_networks=(ip_network("127.0.0.0/8"),),
        crawl_delay=DELAY,
        screenshots_per_run=SCREENSHOTS,
        digest_formats=DIGEST_FORMATS,
        digest_dir=None,
        rules_dir=None,
        templates_dir=None,
        now=None,
    )
    return Services(settings, clock)


@contextmanager
def sample_web() -> Iterator[SampleWeb]:
    """The sample sites, served while the block runs."""
    from zhengxun.demo.server import SampleWeb

    with SampleWeb() as web:
        yield web


def run_demo(
    folder: Path, web: SampleWeb, now: datetime, announce: Announce, progress: OnProgress | None = None
) -> DemoReport:
    """Two days on the sample sites: yesterday and today, so that ``serve`` afterwards shows today's digest."""
    from zhengxun.target_files import read_sheet
    from zhengxun.target_import import import_rows

    report = DemoReport(folder)
    yesterday = demo_services(folder, fixed_clock(now - timedelta(days=1)))
    yesterday.prepare()
    announce("导入监测对象")
    sheet = read_sheet(web.targets_file(folder))
    with yesterday.store() as store:
        imported = import_rows(sheet, store.targets, yesterday.address_guard.check, yesterday.clock())
    announce(f"  {len(imported.added)} 个样例网站，均在本机 127.0.0.x")
    if not RENDERS:
        announce(f"  {missing()}：靠脚本显示内容的样例网站读不到，将列为覆盖缺口")
    report.days.append(_day(1, yesterday, web, announce, progress))
    web.advance()
    announce("过了一天：样例网站上有一则广告改了字句，一则不见了，一则是新的，一页改正了")
    report.days.append(_day(2, demo_services(folder, fixed_clock(now)), web, announce, progress))
    report.sites = _sites(yesterday, web, report)
    return report


def _day(number: int, services: Services, web: SampleWeb, announce: Announce, progress: OnProgress | None) -> DayReport:
    from zhengxun.jobs.crawl import crawl
    from zhengxun.jobs.digest import make_digest

    announce(f"第 {number} 天（{day_of(services.clock())}）：采集、研判")
    crawled = crawl(services, everything=True, progress=progress)
    if crawled.run is None:
        raise BadInput("演示没有导入任何监测对象。")
    announce(
        f"  {sum(crawled.run.pages.values())} 个页面，新快照 {crawled.run.snapshots_new} 份，用时 {crawled.seconds:.0f} 秒"
    )
    if RENDERS and services.settings.screenshots:
        announce(
            f"  给线索页面截取整页图片存证（演示中每天至多 {SCREENSHOTS} 张），在 {services.settings.evidence / 'screenshots'}"
        )
    announce(f"第 {number} 天：生成处置简报（{'、'.join(DIGEST_FORMATS)}）")
    made = make_digest(services)
    return DayReport(number, crawled.run, made.digest, made.files, _compare(made.digest, web, number))


def _compare(digest: Digest, web: SampleWeb, day: int) -> Comparison:
    violating = [item for item in digest.items if item.status in _VIOLATING_NOW]
    # A feed's entry is a document of its own with the address of the article.
    found = {place for item in violating if (place := web.locate(item.page_url)) is not None}
    return compare(found, day)


def _sites(services: Services, web: SampleWeb, report: DemoReport) -> list[SiteReport]:
    first, second = report.days[0], report.days[1]
    day = first.digest.date
    with services.store() as store:
        covered = {item.target_id: item.pages for item in store.target_coverage(day, services.clock())}
        targets = {target.url: target for target in store.targets.list()}
    sites = []
    for site in web.sites:
        target = targets[site.url]
        pages = covered.get(target.id, {})
        statuses = Counter(item.status for item in _items_of(second.digest, web, site))
        sites.append(
            SiteReport(
                name=site.name,
                url=site.url,
                pages=sum(pages.values()),
                outcomes=tuple(pages.items()),
                leads=len(_items_of(first.digest, web, site)),
                statuses=tuple((status, statuses[status]) for status in DigestStatus if statuses[status]),
            )
        )
    return sites


def _items_of(digest: Digest, web: SampleWeb, site: RunningSite) -> list[DigestItem]:
    return [item for item in digest.items if (place := web.locate(item.page_url)) and place[0] == site.key]
