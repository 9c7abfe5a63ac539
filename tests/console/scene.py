"""An installation as the manual shows it: three days on the demo's sample sites, decided in part. Everybody is invented.

The pages are those of ``zhengxun demo``, read and judged by the program itself; only the network is left out.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from datetime import timedelta

from crawler.captures import keep
from crawler.exchange import Exchange, Resource
from crawler.warc import WarcWriter
from domain.account import Role
from domain.analysis import JudgedDocument, PageVisit
from domain.blacklist import Step, StepKind, Subject, SubjectKind
from domain.crawl import CrawlOutcome, CrawlRequest, CrawlRun, FetchedPage, Outcome, PageSnapshot
from domain.discovery import Found, FoundBy
from domain.evidence import CaptureKind
from domain.health import AlarmKind, HealthEvent, target_subject
from domain.lead_words import EventKind
from domain.operator import LinkLimits
from domain.target import Scope, Target, TargetKind
from storage import Store
from tests.console.conftest import NOW, PASSWORD, MovingClock
from zhengxun.accounts import AccountService
from zhengxun.analysis import analyse
from zhengxun.demo.content import load_site
from zhengxun.demo.rendering import render_page
from zhengxun.jobs.digest import make_digest
from zhengxun.services import Services
from zhengxun.target_draft import registered_domain

#: Login name → (name, role, unit).
PEOPLE = {
    "guanli": ("管理员甲", Role.ADMIN, "样例市委网信办"),
    "yanpan": ("研判员甲", Role.REVIEWER, "样例市人社局"),
    "yanpan2": ("研判员乙", Role.REVIEWER, "样例市人社局"),
    "luru": ("录入员甲", Role.ENTRY, "样例市委网信办"),
    "guize": ("规则员甲", Role.RULES, "样例市人社局"),
    "chakan": ("查看人甲", Role.READONLY, "样例市市场监管局"),
}
#: Day (0: the first) → site → pages that are read then.
_READ = {
    0: {
        "dingsui": ("/course/jiankang.html", "/course/xiaofang.html", "/course/muying.html", "/cert.html"),
        "tianyu": ("/", "/xm/jzs.htm", "/xm/ws.htm"),
    },
    1: {"huaiyin": ("/thread-102.html", "/thread-107.html"), "zhitong": ("/", "/price.html")},
    2: {
        "dingsui": ("/course/diangong.html", "/course/zhongyi.html", "/news/zhongxin.html", "/faq.html"),
        "zhengyuan": ("/jiage.html", "/daili.html", "/wuliu.html"),
        "chaxun": ("/", "/shouquan.html"),
        "gongzhong": ("/s/a1.html",),
    },
}
#: What the reviewer has decided before the day of the pictures: path of a page → event and its reason code.
_DECIDED = {
    "/course/jiankang.html": (EventKind.CONFIRMED, None),
    "/course/xiaofang.html": (EventKind.CONFIRMED, None),
    "/course/muying.html": (EventKind.CONFIRMED, None),
    "/cert.html": (EventKind.CHECK_REQUESTED, "H9"),
    "/xm/jzs.htm": (EventKind.CONFIRMED, None),
    "/thread-107.html": (EventKind.DISMISSED, "W2"),
}


@dataclass
class Scene:
    """Makes it, and answers what the pictures need to know."""

    store: Store
    services: Services
    accounts: AccountService
    clock: MovingClock
    shots: dict[str, bytes] = field(default_factory=dict)
    """Screenshots (PNG) by address of the page."""
    targets: dict[str, Target] = field(default_factory=dict)

    def sites(self) -> None:
        """People, and what is watched."""
        for name, (display, role, unit) in PEOPLE.items():
            self.accounts.add(name, display, role, unit, PASSWORD, by="guanli")
        for key in ("dingsui", "tianyu", "huaiyin", "zhitong", "zhengyuan", "chaxun", "gongzhong", "qingheng", "lanhe"):
            site = load_site(key, 1)
            self.targets[key], _ = self.store.targets.add(
                name=site.name,
                url=f"http://www.{key}.example/",
                kind=TargetKind.WEBSITE,
                schedule="0 4 * * *",
                scope=Scope((f"www.{key}.example",)),
                region=str(site.options["region"]),
                tags=["举报"] if key in ("dingsui", "tianyu") else ["重点"] if key == "chaxun" else [],
            )

    def pages(self, day: int) -> list[tuple[str, str, str, bytes]]:
        """(site, address, Content-Type, HTML) of what is read on a day."""
        found = []
        for key, paths in _READ[day].items():
            site = load_site(key, 1)
            for path in paths:
                kind, html = render_page(site, site.by_path[path], f"http://www.{key}.example")
                found.append((key, f"http://www.{key}.example{path}", kind, html))
        return found

    def play(self) -> None:
        """Three days, each with a crawl at four, a digest at eight and a reviewer at nine; the last is still undecided."""
        self.sites()
        writer = WarcWriter(self.services.settings.evidence, 1, 10**7, self.clock)
        for day in range(3):
            morning = NOW.replace(hour=0) - timedelta(days=2 - day)
            self.clock.now = morning - timedelta(hours=4)
            self._crawl(day, writer)
            self.clock.now = morning
            make_digest(self.services, formats=["json"])
            if day < 2:
                self.clock.now = morning + timedelta(hours=1)
                self._decide()
        writer.close()
        self.clock.now = NOW
        self.store.health.count_runs(self.clock())
        self.store.link(LinkLimits(), registered_domain)
        self._around()

    def _crawl(self, day: int, writer: WarcWriter) -> None:
        run = self.store.begin_run([target.id for target in self.targets.values()])
        for key, url, kind, html in self.pages(day):
            self._visit(run, self.targets[key], FetchedPage(url, url, 200, kind, html), writer)
        read = {url for _, url, _, _ in self.pages(day)}
        known = [(key, url) for before in range(day) for key, url, _, _ in self.pages(before)]
        for key, url in {*known, *((key, target.url) for key, target in self.targets.items())}:
            if url not in read:
                self._seen_before(run, key, url, blocked=key == "lanhe" and day == 2)
        self.store.finish_run(run.id)

    def _seen_before(self, run: CrawlRun, key: str, url: str, *, blocked: bool) -> None:
        (asked,) = self.store.ledger().plan([CrawlRequest(run.id, self.targets[key].id, url)])
        outcome = CrawlOutcome(asked, Outcome.UNCHANGED, self.clock(), 304)
        if blocked:
            outcome = CrawlOutcome(asked, Outcome.BLOCKED, self.clock(), 403, detail="要求输入验证码")
        self.store.ledger().record([PageVisit(outcome, None)])

    def _visit(self, run: CrawlRun, target: Target, page: FetchedPage, writer: WarcWriter) -> None:
        at, url = self.clock(), page.url
        (asked,) = self.store.ledger().plan([CrawlRequest(run.id, target.id, url, depth=1)])
        headers = ((b"Content-Type", str(page.content_type).encode()),)
        where = writer.write([Exchange(url, 200, headers, page.body, (), at)])
        read = analyse(replace(page, hosts=target.scope.hosts))
        snapshot = PageSnapshot(
            url=url,
            final_url=url,
            fetched_at=at,
            status=200,
            content_type=page.content_type,
            sha256=hashlib.sha256(page.body).hexdigest(),
            size=len(page.body),
            warc=where,
            text_sha256=read.text_sha256,
        )
        judged = tuple(map(JudgedDocument, read.extraction.documents, read.assessments))
        outcome = CrawlOutcome(asked, Outcome.OK, at, 200, final_url=url, bytes_received=len(page.body))
        shot = self.shots.get(url)
        kept = (
            keep(writer, Resource(CaptureKind.SCREENSHOT, url, at, "image/png", shot, 1280, 900), where)
            if shot
            else None
        )
        writer.sync()
        self.store.ledger().record([PageVisit(outcome, read.extraction.verdict, snapshot, judged)])
        if kept:
            self.store.evidence.add(self.store.leads.versions(self.lead(url))[-1].snapshot_id, (kept,))

    def lead(self, url: str) -> int:
        """Number of the lead of a page, by the end of its address."""
        return next(line.id for line in self.store.leads.list(limit=1000) if line.page_url.endswith(url))

    def _decide(self) -> None:
        for line in self.store.leads.list(limit=1000):
            path = "/" + line.page_url.split("/", 3)[3]
            if path in _DECIDED and len(self.store.leads.get(line.id).lead.events) == 1:
                kind, code = _DECIDED[path]
                self.store.leads.append(line.id, kind, "yanpan", None, self.clock(), code=code)

    def _around(self) -> None:
        """Proposals, an alarm, a paused target, the blacklist."""
        self.store.proposals.propose(
            [
                Found(
                    "http://www.kaozheng.example/",
                    FoundBy.SEARCH,
                    "http://www.kaozheng.example/dg/",
                    "http://search.example/?q=1",
                    "电工证办理 一周下证（样例）",
                    "样例搜索",
                    "电工证 包过",
                ),
                Found(
                    "http://www.daili.example/",
                    FoundBy.LINK,
                    "http://www.daili.example/join",
                    "http://www.zhengyuan.example/daili.html",
                    "招代理-证源汇",
                ),
            ],
            self.clock(),
        )
        lanhe = self.targets["lanhe"].id
        self.store.health.append(
            [
                HealthEvent(
                    target_subject(lanhe),
                    AlarmKind.BLOCKED,
                    True,
                    self.clock(),
                    "blocked",
                    "最近一次要求输入验证码，没有读到页面",
                    lanhe,
                )
            ]
        )
        subject = Subject(SubjectKind.SITE, "dingsui.example", "dingsui.example")
        step = Step(
            StepKind.PROPOSED,
            self.clock(),
            "system",
            "屡犯：3 条线索已确认",
            ("repeat",),
            (self.lead("/jiankang.html"),),
        )
        self.store.blacklist.add(subject, step, NOW.date())
