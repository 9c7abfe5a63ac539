"""Cost of one day in the store as history grows: the same day's work over 10⁴, 10⁵ and (``--full``) 10⁶ snapshots.

Run ``python benchmarks/growth.py [--full] [--rounds 3]``. A day is: a run over 20 targets, 1,000 known pages planned,
handed out and recorded in batches of 50 (900 unchanged, 70 edited, 10 new versions that are clean, 10 gone, 10 out of
sight), coverage, lead material of all open leads, a digest frozen, four lists of leads and twenty single leads.

History: half of the snapshots are older versions of these 1,000 pages, the other half belong to other pages of other
targets; each version has a document, an assessment with two findings, and two finished requests; one page in twenty of
the others had a lead that is closed now; one digest of 300 items for every 3,000 snapshots (a year's at 10⁶).

The databases are filled once, then days of all sizes alternate, and the fastest day of each size counts, so that
whatever else the machine does hits all of them alike. Limit: a day at the largest size ≤ 1.5 × that at 10⁴. Exit
status 1 when it is missed.
"""

from __future__ import annotations

import argparse
import hashlib
import sqlite3
import sys
import tempfile
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from domain.analysis import JudgedDocument, PageVisit
from domain.assessment import Assessment, Category, Finding, Level, ScoreStep, Speaker
from domain.crawl import CrawlOutcome, CrawlRequest, Outcome, PageSnapshot, WarcRef
from domain.digest import Digest, DigestItem, DigestStatus
from domain.document import Contact, ContactKind, Document, PageVerdict, Segment, SegmentKind
from domain.lead import Review
from domain.target import Scope, TargetKind
from storage import Store, default_url, migrate, open_store

LIMIT = 1.5
TARGETS = 20
PAGES_EACH = 50
BATCH = 50
#: Of each hundred pages of a day: edited, clean now, gone, out of sight; the rest are unchanged.
EDITED, CORRECTED, GONE, UNSEEN = 7, 1, 1, 1
#: One page in this many is flagged.
FLAGGED_EVERY = 3
START = datetime(2026, 1, 1, tzinfo=UTC)
AD = "考前押题，内部渠道，包过包拿证，联网可查，不过全额退款。" * 12
CLEAN = "培训按照国家职业技能标准开展，考试由评价机构统一组织，合格后核发证书。" * 12


class Clock:
    """A clock that the benchmark moves."""

    now = START + timedelta(days=400)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Archive:
    """One database with its history and the times of its days."""

    snapshots: int
    folder: Path
    clock: Clock = field(default_factory=Clock)
    store: Store = field(init=False)
    days: list[dict[str, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        url = default_url(self.folder)
        migrate(url)
        self.store = open_store(url, clock=self.clock, confirm_after=timedelta(hours=6))


def document(url: str, text: str) -> JudgedDocument:
    """A page's document with what a classifier would say of it."""
    flagged = text.startswith(AD[:4])
    steps = (ScoreStep("base", 30.0, "承诺包过"),)
    at = text.find("包过")
    finding = Finding("B-GUAR-0010", Category.B, "text", at, at + 2, "包过", 30.0, ("广告法 第二十四条第一项",), steps)
    return JudgedDocument(
        Document(
            url=url,
            title="职业技能培训",
            text=text,
            segments=(Segment(SegmentKind.MAIN, text),),
            extractor="html/1",
            links=tuple(f"{url}/{number}" for number in range(30)),
            contacts=(Contact(ContactKind.PHONE, "13800000000"),),
        ),
        Assessment(
            score=80.0 if flagged else 0.0,
            level=Level.HIGH if flagged else Level.NONE,
            findings=(finding, finding) if flagged else (),
            exempted=(),
            speaker=Speaker.SELLER,
            evasion=(),
            rule_pack="sha256:" + "0" * 64,
            steps=steps if flagged else (),
        ),
    )


def new_version(request: CrawlRequest, at: datetime, text: str) -> PageVisit:
    """A visit that brought a version with this text."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    snapshot = PageSnapshot(
        request.url,
        request.url,
        at,
        200,
        "text/html",
        digest,
        len(text),
        WarcRef("a.warc.gz", 1, "<urn:uuid:1>"),
        digest,
    )
    outcome = CrawlOutcome(request, Outcome.OK, at, 200, bytes_received=len(text))
    return PageVisit(outcome, PageVerdict.OK, snapshot, (document(request.url, text),))


def first_day(archive: Archive) -> None:
    """The targets of the day and their pages, by the store's own means."""
    store, at = archive.store, archive.clock()
    targets = []
    for number in range(TARGETS):
        target, _ = store.targets.add(
            name=f"机构 {number}",
            url=f"http://t{number}.example/",
            kind=TargetKind.WEBSITE,
            schedule="0 8 * * *",
            scope=Scope((f"t{number}.example",)),
        )
        targets.append(target)
    run = store.begin_run([target.id for target in targets])
    ledger = store.ledger()
    for target in targets:
        planned = ledger.plan(
            [
                CrawlRequest(run.id, target.id, target.url if not page else f"{target.url}{page}")
                for page in range(PAGES_EACH)
            ]
        )
        ledger.record([new_version(one, at, AD if (one.id or 0) % FLAGGED_EVERY == 0 else CLEAN) for one in planned])
    store.finish_run(run.id)


def fill(archive: Archive) -> None:
    """History before that day: rows as the store writes them, in bulk; then SQLite's own check of all references."""
    connection = sqlite3.connect(archive.folder / "zhengxun.db", isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("PRAGMA cache_size=-200000")
    connection.execute("BEGIN")
    older = archive.snapshots // 2
    own = [row[0] for row in connection.execute("SELECT id FROM pages ORDER BY id")]
    others = max(1, older // 5)
    per_target = 500
    targets = -(-others // per_target)
    first_target = connection.execute("SELECT max(id) + 1 FROM targets").fetchone()[0]
    first_page = own[-1] + 1
    at = str((START).replace(tzinfo=None)) + ".000000"
    connection.executemany(
        "INSERT INTO targets (id, url_key, url, name, kind, schedule, scope, budget, rendering, paused, created_at)"
        " SELECT ?, randomblob(32), ?, '旧', kind, schedule, scope, budget, 'auto', 1, created_at FROM targets WHERE id = 1",
        ((first_target + number, f"http://old{number}.example/") for number in range(targets)),
    )
    connection.executemany(
        "INSERT INTO pages (id, url_key, target_id, purpose, depth, plan_rank, flagged, first_seen, last_seen,"
        " last_checked, times_seen, times_changed, text_sha256, host, url) VALUES"
        " (?, randomblob(32), ?, 'page', 1, 1, 0, ?, ?, ?, 5, 4, '', 'old.example', ?)",
        (
            (first_page + number, first_target + number // per_target, at, at, at, f"http://old.example/{number}")
            for number in range(others)
        ),
    )
    runs = max(1, archive.snapshots // 2500)
    first_run = connection.execute("SELECT max(id) + 1 FROM crawl_runs").fetchone()[0]
    connection.executemany(
        "INSERT INTO crawl_runs (id, state, started_at, finished_at) VALUES (?, 'done', ?, ?)",
        ((first_run + number, at, at) for number in range(runs)),
    )
    target_of = dict(connection.execute("SELECT id, target_id FROM pages WHERE id < ?", (first_page,)))

    def page_of(number: int) -> int:
        return int(own[number % len(own)] if number < older else first_page + number % others)

    def target_of_page(page: int) -> int:
        return int(target_of.get(page) or first_target + (page - first_page) // per_target)

    first = connection.execute("SELECT max(id) + 1 FROM crawl_requests").fetchone()[0]
    moment = {
        number: str((START + timedelta(hours=number)).replace(tzinfo=None)) + ".000000" for number in range(24 * 390)
    }

    def when(number: int) -> str:
        return moment[number * len(moment) // archive.snapshots]

    for part, outcome in enumerate(("ok", "unchanged")):
        connection.executemany(
            "INSERT INTO crawl_requests (id, run_id, target_id, url_key, depth, priority, purpose, outcome, at, sight,"
            " page_id, status, bytes_received, url) VALUES (?, ?, ?, randomblob(32), 1, 0, 'page', ?, ?, 'clean', ?, 200,"
            " 9000, ?)",
            (
                (
                    first + part * archive.snapshots + number,
                    first_run + number * runs // archive.snapshots,
                    target_of_page(page_of(number)),
                    outcome,
                    when(number),
                    page_of(number),
                    f"http://old.example/{number}",
                )
                for number in range(archive.snapshots)
            ),
        )
    snapshot = copy_rows(
        connection,
        "snapshots",
        "page_id, request_id, fetched_at",
        ((page_of(number), first + number, when(number)) for number in range(archive.snapshots)),
    )
    document = copy_rows(
        connection,
        "documents",
        "snapshot_id, page_id",
        ((snapshot + number, page_of(number)) for number in range(archive.snapshots)),
    )
    assessment = copy_rows(
        connection, "assessments", "document_id", ((document + number,) for number in range(archive.snapshots))
    )
    connection.execute(
        "INSERT INTO findings (assessment_id, exempted, rule_id, category, field, span_start, span_end, weight, quote,"
        " context, legal_basis, steps) SELECT a.id, 0, 'B-GUAR-0010', 'B', 'text', 0, 2, 30.0, '包过', '包过', '[]', '[]'"
        " FROM assessments a, (SELECT 1 UNION ALL SELECT 2) WHERE a.id >= ?",
        (assessment,),
    )
    # The last version of each of the other pages, and the closed leads and digests that rest on them.
    connection.execute(
        "UPDATE pages SET (snapshot_id, document_id) ="
        " (SELECT d.snapshot_id, d.id FROM documents d WHERE d.page_id = pages.id ORDER BY d.id DESC LIMIT 1)"
        " WHERE id >= ?",
        (first_page,),
    )
    connection.execute(
        "INSERT INTO leads (page_id, target_id, document_id, assessment_id, version, level, score, review, presence,"
        " found_at, changed_at, last_event_at, flagged_at, last_seen, shown_on, shown_at, to_report)"
        " SELECT p.id, p.target_id, p.document_id, a.id, 3, 'high', 70 + p.id % 30, 'referred', 'removed', ?, ?, ?, ?, ?,"
        " '2026-06-01', ?, 0 FROM pages p JOIN assessments a ON a.document_id = p.document_id"
        " WHERE p.id >= ? AND p.id % 20 = 0",
        (at, at, at, at, at, at, first_page),
    )
    connection.execute(
        "INSERT INTO lead_events (lead_id, kind, at, actor) SELECT l.id, k.kind, ?, 'system' FROM leads l,"
        " (SELECT 'found' AS kind UNION ALL SELECT 'missing' UNION ALL SELECT 'removed') k WHERE l.page_id >= ?",
        (at, first_page),
    )
    for number in range(archive.snapshots // 3000):
        day = date(2025, 1, 1) + timedelta(days=number)
        connection.execute(
            "INSERT INTO digests (id, day, number, generated_at, rule_pack, sha256, item_count, coverage)"
            " VALUES (?, ?, ?, ?, '', '', 300, '{}')",
            (number + 1, day.isoformat(), f"旧{number}", at),
        )
        connection.execute(
            "INSERT INTO digest_items (digest_id, position, lead_id, status, payload)"
            " SELECT ?, id, id, 'still_online', '{}' FROM leads ORDER BY id LIMIT 300",
            (number + 1,),
        )
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert connection.execute("PRAGMA foreign_key_check").fetchone() is None
    connection.close()


def copy_rows(connection: sqlite3.Connection, table: str, columns: str, values: Iterator[tuple[object, ...]]) -> int:
    """Copies of the table's first row with other ids and other ``columns``; return the first new id."""
    names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    copied = ", ".join(name for name in names if name not in ("id", *columns.split(", ")))
    first: int = connection.execute(f"SELECT max(id) + 1 FROM {table}").fetchone()[0]
    marks = ", ".join("?" for _ in columns.split(", "))
    connection.executemany(
        f"INSERT INTO {table} (id, {columns}, {copied}) SELECT ?, {marks}, {copied} FROM {table} WHERE id = 1",
        ((first + number, *row) for number, row in enumerate(values)),
    )
    return first


def a_day(archive: Archive) -> dict[str, float]:
    """One day's work; seconds for each part."""
    archive.clock.now += timedelta(days=1)
    store, at = archive.store, archive.clock()
    day = (at + timedelta(hours=8)).date()
    seconds: dict[str, float] = {}

    @contextmanager
    def part(name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - start

    ledger = store.ledger()
    target_ids = range(1, TARGETS + 1)
    with part("plan"):
        run = store.begin_run(target_ids)
        for target_id in target_ids:
            ledger.plan([CrawlRequest(run.id, target_id, f"http://t{target_id - 1}.example/")])
            ledger.plan_known(run.id, target_id, PAGES_EACH)
    for target_id in target_ids:
        while True:
            with part("pending"):
                requests = ledger.pending(run.id, target_id, BATCH)
            if not requests:
                break
            visits = [visit(one, at) for one in requests]
            with part("record"):
                ledger.record(visits)
    with part("finish"):
        store.finish_run(run.id)
    with part("coverage"):
        covered = store.digests.coverage(day, at)
    with part("material"):
        leads = list(store.digests.lead_material(day, at))
    items = tuple(
        DigestItem(
            lead_id=one.lead_id,
            status=DigestStatus.STILL_ONLINE,
            changed=False,
            page_url=one.page_url,
            final_url=one.final_url,
            title=one.title,
            target=one.target_name,
            platform=one.platform,
            account=None,
            region=None,
            level=one.assessment.level.value,
            score=one.assessment.score,
            categories=("B",),
            findings=(),
            operator=None,
            first_seen=one.first_seen,
            last_seen=one.last_seen,
            measure="关停网站",
            evidence=one.evidence,
        )
        for one in leads
    )
    with part("freeze"):
        number = store.digests.next_number(day)
        store.digests.freeze(Digest(day, number, at, "sha256:0", covered, items))
    with part("lists"):
        store.leads.list(limit=50)
        store.leads.list(review=Review.PENDING, limit=50)
        store.leads.list(target_id=1, limit=50)
        store.leads.list(day=day, limit=50)
    with part("single leads"):
        for one in leads[:20]:
            store.leads.get(one.lead_id)
    seconds["whole day"] = sum(seconds.values())
    return seconds


def visit(request: CrawlRequest, at: datetime) -> PageVisit:
    """How this request ended today: the same share of each kind every day, on other pages each day."""
    kind = zlib.crc32(f"{request.url} {at.toordinal()}".encode()) % 100
    if kind < EDITED:
        return new_version(request, at, f"{AD}{at:%Y%m%d}")
    if kind < EDITED + CORRECTED:
        return new_version(request, at, f"{CLEAN}{at:%Y%m%d}")
    if kind < EDITED + CORRECTED + GONE:
        return PageVisit(CrawlOutcome(request, Outcome.FAILED, at, 404, "http_404"))
    if kind < EDITED + CORRECTED + GONE + UNSEEN:
        return PageVisit(CrawlOutcome(request, Outcome.TIMEOUT, at))
    return PageVisit(CrawlOutcome(request, Outcome.UNCHANGED, at, 304, "http_304"))


def main() -> int:
    """Fill the databases, run days, print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="also 1,000,000 snapshots (about 4 GB of disk)")
    parser.add_argument("--rounds", type=int, default=4)
    options = parser.parse_args()
    sizes = [10_000, 100_000, *([1_000_000] if options.full else [])]
    with tempfile.TemporaryDirectory() as folder:
        archives = []
        for size in sizes:
            start = time.perf_counter()
            archive = Archive(size, Path(folder) / str(size))
            first_day(archive)
            fill(archive)
            archives.append(archive)
            megabytes = (archive.folder / "zhengxun.db").stat().st_size / 1e6
            print(
                f"{size:>9,} snapshots: {megabytes:,.0f} MB, filled in {time.perf_counter() - start:.0f} s", flush=True
            )
        for _ in range(options.rounds):
            for archive in archives:
                archive.days.append(a_day(archive))
        for archive in archives:
            archive.store.close()
    fastest = [{name: min(day[name] for day in archive.days) for name in archive.days[0]} for archive in archives]
    print(f"{'seconds':<14}" + "".join(f"{size:>12,}" for size in sizes) + "       ratio")
    for name in fastest[0]:
        ratio = fastest[-1][name] / fastest[0][name]
        print(f"{name:<14}" + "".join(f"{times[name]:>12.3f}" for times in fastest) + f"{ratio:>12.2f}")
    ratio = fastest[-1]["whole day"] / fastest[0]["whole day"]
    print(f"a day at {sizes[-1]:,} snapshots costs {ratio:.2f} × a day at {sizes[0]:,} (limit {LIMIT})")
    return int(ratio > LIMIT)


if __name__ == "__main__":
    raise SystemExit(main())
