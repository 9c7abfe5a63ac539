"""Values for the storage tests: documents, assessments and visits as a crawl hands them over."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from domain.analysis import JudgedDocument, PageVisit
from domain.assessment import Assessment, Category, Finding, Level, ScoreStep, Speaker
from domain.crawl import CrawlOutcome, CrawlRequest, CrawlRun, Outcome, PageSnapshot, Purpose, WarcRef
from domain.document import Contact, ContactKind, Document, PageVerdict, Segment, SegmentKind
from domain.evidence import Capture, CaptureKind
from domain.lead import LeadState
from domain.target import Scope, Target, TargetKind
from storage import Store

START = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)

SITE = "http://peixun.example"

#: A page that claims what nobody can promise.
AD = "建筑八大员证书 免考包过，内部渠道，联网可查，无需本人到场。"
CLEAN = "本中心开展职业技能培训，考试由评价机构统一组织，按规定程序核发证书。"


def sha256(text: str) -> str:
    """Hex SHA-256 of a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def document(url: str, text: str = AD, *, title: str = "考证服务", embedded: bool = False) -> Document:
    """A document with something in every field."""
    return Document(
        url=url,
        title=title,
        text=text,
        segments=(Segment(SegmentKind.MAIN, text), Segment(SegmentKind.FOOTER, "晋ICP备00000000号")),
        extractor="html/1",
        account="某考证中心",
        account_id="acc-1",
        published_at=START,
        published_raw="2026年11月24日 09:00",
        images=(f"{SITE}/a.png",),
        links=(f"{SITE}/next", f"{SITE}/out"),
        contacts=(Contact(ContactKind.PHONE, "13800000000"),),
        has_form=True,
        embedded=embedded,
    )


def assessment(text: str = AD, *, score: float | None = None) -> Assessment:
    """What a classifier would say: flagged where 包过 stands in the text, with one exempted finding beside it."""
    start = text.find("包过")
    steps = (ScoreStep("base", 30.0, "承诺包过"),)
    if start < 0:
        return Assessment(0.0, Level.NONE, (), (), Speaker.INSTITUTION, (), "sha256:pack")
    hit = Finding(
        "B-GUAR-0010", Category.B, "text", start, start + 2, "包过", 30.0, ("广告法 第二十四条第一项",), steps, "B9"
    )
    spared = Finding(
        "A-MARK-0020", Category.A, "text", 0, 2, text[:2], 0.0, ("通知 二（一）",), steps, exempted_by="law_text"
    )
    return Assessment(
        score if score is not None else 87.5,
        Level.HIGH,
        (hit,),
        (spared,),
        Speaker.SELLER,
        ("插入符号：包*过→包过",),
        "sha256:pack",
        steps,
        ("text cut at 200000",),
    )


def judged(url: str, text: str = AD, *, embedded: bool = False, score: float | None = None) -> JudgedDocument:
    """A document with its assessment."""
    return JudgedDocument(document(url, text, embedded=embedded), assessment(text, score=score))


def ok(
    request: CrawlRequest, at: datetime, documents: Sequence[JudgedDocument], etag: str | None = '"v1"'
) -> PageVisit:
    """A visit that brought a new version."""
    body = "\n".join(one.document.text for one in documents)
    snapshot = PageSnapshot(
        url=request.url,
        final_url=request.url + "?from=redirect",
        fetched_at=at,
        status=200,
        content_type="text/html; charset=gbk",
        sha256=sha256("bytes " + body),
        size=len(body),
        warc=WarcRef("2026/11/24/a.warc.gz", 1234, "<urn:uuid:0>"),
        text_sha256=sha256(body),
        redirects=(request.url,),
        etag=etag,
        last_modified="Tue, 24 Nov 2026 00:00:00 GMT",
        ip_address="203.0.113.7",
    )
    outcome = CrawlOutcome(request, Outcome.OK, at, 200, final_url=snapshot.final_url, bytes_received=len(body))
    return PageVisit(outcome, PageVerdict.OK, snapshot, tuple(documents))


def capture(kind: CaptureKind = CaptureKind.SCREENSHOT, url: str = SITE, at: datetime = START) -> Capture:
    """Something kept with a snapshot."""
    warc = WarcRef("warc/20261124/1-00001.warc.gz", 999, "<urn:uuid:1>")
    return Capture(kind, url, at, "image/png", sha256(f"{kind} {url} {at}"), 12, warc, 1280, 5000)


def ended(
    request: CrawlRequest,
    at: datetime,
    outcome: Outcome,
    reason: str | None = None,
    *,
    status: int | None = None,
    verdict: PageVerdict | None = None,
    detail: str | None = None,
) -> PageVisit:
    """A visit that brought nothing to keep."""
    return PageVisit(CrawlOutcome(request, outcome, at, status, reason, detail), verdict)


@dataclass
class World:
    """A store with one target, and words for what a crawl does."""

    store: Store
    clock: Callable[[], datetime]
    target: Target = field(init=False)

    def __post_init__(self) -> None:
        self.target = self.add_target("peixun")

    def add_target(self, name: str) -> Target:
        """A website of which /, /1, /2 … are the pages."""
        target, _ = self.store.targets.add(
            name=name,
            url=f"http://{name}.example/",
            kind=TargetKind.WEBSITE,
            schedule="0 8 * * *",
            scope=Scope((f"{name}.example",)),
            region="山西",
        )
        return target

    def begin(self, *targets: Target) -> CrawlRun:
        """A new run."""
        return self.store.begin_run([target.id for target in targets or (self.target,)])

    def request(self, run: CrawlRun, url: str, *, purpose: Purpose = Purpose.PAGE, depth: int = 1) -> CrawlRequest:
        """A planned request."""
        wanted = CrawlRequest(run.id, self.target.id, url, depth=depth, purpose=purpose)
        (planned,) = self.store.ledger().plan([wanted])
        return planned

    def look(self, url: str, text: str = AD, *, depth: int = 1) -> CrawlRun:
        """A run in which the page was new or changed and says ``text``."""
        run = self.begin()
        self.record(ok(self.request(run, url, depth=depth), self.clock(), [judged(url, text)]))
        self.store.finish_run(run.id)
        return run

    def unchanged(self, url: str) -> CrawlRun:
        """A run in which the page was as it is kept."""
        return self.fails(url, Outcome.UNCHANGED, "http_304", status=304)

    def fails(self, url: str, outcome: Outcome, reason: str | None = None, status: int | None = None) -> CrawlRun:
        """A run in which the request for the page ended so."""
        run = self.begin()
        self.record(ended(self.request(run, url), self.clock(), outcome, reason, status=status))
        self.store.finish_run(run.id)
        return run

    def record(self, *visits: PageVisit) -> None:
        """Record visits in one batch."""
        self.store.ledger().record(visits)

    def state(self, lead_id: int = 1) -> LeadState:
        """State of a lead."""
        return self.store.leads.get(lead_id).lead.state

    def events(self, lead_id: int = 1) -> list[str]:
        """Kinds of a lead's events, in order."""
        return [event.kind.value for event in self.store.leads.get(lead_id).lead.events]
