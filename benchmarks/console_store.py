"""A store as an office has it after some years: 10⁶ snapshots, 10⁵ leads, operators, runs, digests, audit log.

One lead comes in by the store's own means, with evidence; all other rows are copies of its rows, made by SQLite itself
(``INSERT … SELECT``), because a million visits by the recording code take an hour. What pages of the console filter
and sort by differs from row to row. SQLite's own check of all references ends the filling.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from argon2 import PasswordHasher

from domain.account import Role
from domain.operator import LinkLimits
from storage import Store, default_url, migrate, open_store
from storage.revision import HEAD
from tests.console.content import Content
from tests.storage.build import SITE
from zhengxun.accounts import AccountService
from zhengxun.jobs.digest import make_digest
from zhengxun.services import Services
from zhengxun.settings import Settings
from zhengxun.target_draft import registered_domain

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
PASSWORD = "正确的马 电池 订书钉"
USERS = 20
REGIONS = [f"山西{city}" for city in "太原 大同 阳泉 长治 晋城 朔州 晋中 运城 忻州 临汾 吕梁".split()] + [
    f"{name}省" for name in "河北 河南 陕西 内蒙古 山东 江苏 浙江 安徽 湖北".split()
]
#: Names and their shares in hundred; the last takes the rest.
PLATFORMS = (("web", 60), ("weixin", 20), ("weibo", 6), ("douyin", 6), ("xiaohongshu", 4), ("zhihu", 4))
REVIEWS = (("pending", 40), ("dismissed", 25), ("referred", 20), ("confirmed", 10), ("checking", 5))
PRESENCES = (("online", 55), ("removed", 25), ("corrected", 10), ("suspected_gone", 5), ("reappeared", 5))
TARGETS, RUNS, OPERATORS, DIGESTS, AUDIT, LISTED = 600, 400, 8000, 360, 300_000, 400
VERSIONS = 5
#: Characters of a lead's page beside its claims, and of any other version.
_LONG = "报名须知与常见问题，详情请见本校网站。\n" * 60
_SHORT = "培训按照国家职业技能标准开展，考试由评价机构统一组织，合格后核发证书。" * 6


@dataclass(frozen=True)
class Size:
    """How many leads there are; pages are twice, snapshots ten times as many."""

    leads: int

    @property
    def pages(self) -> int:
        """Pages, those without a lead included."""
        return self.leads * 2

    @property
    def snapshots(self) -> int:
        """Versions of all pages."""
        return self.pages * VERSIONS


def clock() -> datetime:
    """The benchmark's moment: it stands still, so that all runs ask for the same days."""
    return NOW


def services_of(folder: Path) -> Services:
    """The wiring of a process on this folder."""
    return Services(Settings.load(folder, database_url=None, rules_dir=None, templates_dir=None, now=None), clock)


def open_filled(folder: Path) -> Store:
    """The store in a folder."""
    return open_store(default_url(folder), clock=clock, confirm_after=timedelta(hours=6))


def accounts_of(store: Store) -> AccountService:
    """Users of the benchmark; logging in is not what is measured, so hashes are cheap."""
    return AccountService(store.accounts, clock, hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def filled(folder: Path, leads: int, say: Callable[[str], None]) -> Path:
    """Folder of a filled store below ``folder``, made now or found there from an earlier run of the same version."""
    own = folder / f"{leads}-{HEAD}"
    done = own / "filled"
    if done.exists():
        say(f"{own}: found")
        return own
    own.mkdir(parents=True, exist_ok=True)
    for old in own.glob("zhengxun.db*"):
        old.unlink()
    began = time.perf_counter()
    _fill(own, Size(leads))
    done.write_text("", "utf-8")
    size = (own / "zhengxun.db").stat().st_size
    say(
        f"{own}: {leads:,} leads, {Size(leads).snapshots:,} snapshots, {size / 1e9:.1f} GB, filled in {time.perf_counter() - began:.0f} s"
    )
    return own


def _fill(folder: Path, size: Size) -> None:
    migrate(default_url(folder))
    services, store = services_of(folder), open_filled(folder)
    content = Content(store, services.settings.evidence, clock)
    content.lead(1, f"建筑八大员证书 免考包过，内部渠道。联系电话 13812345678。\n{_LONG}")
    content.close()
    store.link(LinkLimits(), registered_domain)
    accounts = accounts_of(store)
    for number in range(USERS):
        accounts.add(f"研判{number}", f"研判{number}", Role.REVIEWER, None, PASSWORD, by="system")
    accounts.add("管理", "管理", Role.ADMIN, None, PASSWORD, by="system")
    store.close()
    connection = sqlite3.connect(folder / "zhengxun.db", isolation_level=None)
    for pragma in (
        "journal_mode=OFF",
        "synchronous=OFF",
        "cache_size=-1500000",
        "temp_store=MEMORY",
        "foreign_keys=OFF",
    ):
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("BEGIN")
    _copy_all(connection, size)
    connection.execute("COMMIT")
    wrong = connection.execute("PRAGMA foreign_key_check").fetchone()
    if wrong is not None:
        raise SystemExit(f"the filling refers to what is not there: {wrong}")
    connection.close()
    make_digest(services, formats=["json"])


def _share(number: str, shares: Sequence[tuple[str, int]]) -> str:
    """SQL: one of the names, by a number that is spread evenly."""
    found, before = "CASE", 0
    for name, share in shares:
        before += share
        found += f" WHEN abs({number} * 2654435761 % 100) < {before} THEN '{name}'"
    return f"{found} ELSE '{shares[-1][0]}' END"


def _ago(minutes: str) -> str:
    """SQL: the moment so many minutes before :data:`NOW`, as the store writes moments."""
    return f"strftime('%Y-%m-%d %H:%M:%f000', '{NOW:%Y-%m-%d %H:%M:%S}', '-' || ({minutes}) || ' minutes')"


def _copy(
    connection: sqlite3.Connection, table: str, last: int, *, where: str = "id = 1", first: int = 2, **columns: str
) -> None:
    """Copies of one row, numbered ``first`` to ``last``; ``columns``: SQL over ``n`` for what differs."""
    names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    unknown = set(columns) - set(names)
    if unknown:
        raise SystemExit(f"{table} has no {unknown}")
    values = ", ".join(columns.get(name, f"o.{name}") for name in names)
    connection.execute(
        f"INSERT INTO {table} ({', '.join(names)}) SELECT {values} FROM numbers, (SELECT * FROM {table} WHERE {where} LIMIT 1) o"
        f" WHERE n BETWEEN {first} AND {last} ORDER BY n"
    )


def _copy_all(connection: sqlite3.Connection, size: Size) -> None:
    connection.execute("CREATE TEMP TABLE numbers (n INTEGER PRIMARY KEY)")
    connection.execute(
        "INSERT INTO numbers WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ?) SELECT n FROM c",
        (max(size.snapshots, AUDIT),),
    )
    _copy_crawls(connection, size)
    _copy_leads(connection, size)
    _copy_operators(connection, size)
    _copy_office(connection, size)


def _copy_crawls(connection: sqlite3.Connection, size: Size) -> None:
    cases = " ".join(f"WHEN {number} THEN '{name}'" for number, name in enumerate(REGIONS))
    regions = f"CASE n % {len(REGIONS)} {cases} END"
    _copy(
        connection, "targets", TARGETS, id="n", url_key="randomblob(32)", name="'机构 ' || n", region=regions,
        url="'http://t' || n || '.example/'", last_run_at=_ago("n % 60"),
    )  # fmt: skip
    page = f"((n - 1) % {size.pages} + 1)"
    run = f"((n - 1) * {RUNS} / {size.snapshots} + 1)"
    ago = f"({size.snapshots} - n) * 525600 / {size.snapshots}"
    _copy(
        connection, "crawl_runs", RUNS, id="n", state="'done'", started_at=_ago(f"({RUNS} - n) * 1440"),
        finished_at=_ago(f"({RUNS} - n) * 1440 - 30"),
    )  # fmt: skip
    connection.execute(
        f"INSERT OR IGNORE INTO crawl_run_targets (run_id, target_id, planned, done)"
        f" SELECT r.n, t.n, 5, 5 FROM numbers r, numbers t WHERE r.n <= {RUNS} AND t.n <= {TARGETS}"
    )
    connection.execute(
        f"INSERT OR IGNORE INTO run_outcomes (run_id, target_id, outcome, requests)"
        f" SELECT r.n, t.n, 'ok', 5 FROM numbers r, numbers t WHERE r.n <= {RUNS} AND t.n <= {TARGETS}"
    )
    _copy(
        connection, "pages", size.pages, id="n", url_key="randomblob(32)", target_id=f"n % {TARGETS} + 1",
        url=f"'{SITE}/' || n", host=f"'t' || (n % {TARGETS} + 1) || '.example'", flagged=f"n <= {size.leads}",
        snapshot_id=f"{size.pages * (VERSIONS - 1)} + n", document_id=f"{size.pages * (VERSIONS - 1)} + n",
        assessment_id=f"{size.pages * (VERSIONS - 1)} + n", last_seen=_ago("n % 1440"),
    )  # fmt: skip
    _copy(
        connection, "crawl_requests", size.snapshots, id="n", run_id=run, target_id=f"{page} % {TARGETS} + 1",
        url_key="randomblob(32)", at=_ago(ago), page_id=page, url=f"'{SITE}/' || {page}",
    )  # fmt: skip
    _copy(connection, "snapshots", size.snapshots, id="n", page_id=page, request_id="n", fetched_at=_ago(ago))
    last = f"n > {size.pages * (VERSIONS - 1)} AND {page} <= {size.leads}"
    short = json.dumps([{"kind": "main", "text": _SHORT}], ensure_ascii=False)
    _copy(
        connection, "documents", size.snapshots, id="n", page_id=page, snapshot_id="n",
        platform=_share(page, PLATFORMS), title=f"'考证服务 ' || {page}", text=f"iif({last}, o.text, '{_SHORT}' || n)",
        segments=f"iif({last}, o.segments, '{short}')", account="'机构账号 ' || (n % 5000)",
    )  # fmt: skip
    _copy(
        connection, "assessments", size.snapshots, id="n", document_id="n",
        level=f"iif({page} <= {size.leads}, o.level, 'none')", score=f"iif({page} <= {size.leads}, 50 + {page} % 500 / 10.0, 0)",
    )  # fmt: skip
    # The first page is judged like all others by its last version.
    connection.execute(f"UPDATE pages SET snapshot_id = {size.pages * (VERSIONS - 1) + 1} WHERE id = 1")


def _copy_leads(connection: sqlite3.Connection, size: Size) -> None:
    version = f"{size.pages * (VERSIONS - 1)} + n"
    names = [
        row[1] for row in connection.execute("PRAGMA table_info(findings)") if row[1] not in ("id", "assessment_id")
    ]
    connection.execute(
        f"INSERT INTO findings (assessment_id, {', '.join(names)}) SELECT {version}, {', '.join('o.' + name for name in names)}"
        f" FROM numbers, (SELECT * FROM findings WHERE assessment_id = 1) o, (SELECT 1 UNION ALL SELECT 2) WHERE n BETWEEN 2 AND {size.leads}"
        " ORDER BY n"
    )
    review = _share("n", REVIEWS)
    _copy(
        connection, "leads", size.leads, id="n", page_id="n", target_id=f"n % {TARGETS} + 1", document_id=version,
        assessment_id=version, score="50 + n % 500 / 10.0", level=_share("n * 7", (("high", 50), ("medium", 30), ("low", 20))),
        review=review, presence=_share("n * 13", PRESENCES), version=f"iif({review} = 'pending', 1, 2)",
        owner=f"iif(n % 5 = 0, '研判' || (n % {USERS}), NULL)", found_at=_ago(f"n * 500000 / {size.leads}"),
        referred_at=f"iif({review} = 'referred', {_ago('n % 60 * 1440')}, NULL)",
        to_report=f"n % 33 = 0 AND {review} != 'dismissed'", shown_on="'2026-11-20'", shown_at=_ago("5760"),
        changed_at=_ago(f"n * 500000 / {size.leads}"), platform=_share("n", PLATFORMS),
    )  # fmt: skip
    event = [
        row[1]
        for row in connection.execute("PRAGMA table_info(lead_events)")
        if row[1] not in ("id", "lead_id", "kind", "actor")
    ]
    for kind, actor, which in (("found", "system", "id > 1"), ("confirmed", "研判1", "id > 1 AND review != 'pending'")):
        connection.execute(
            f"INSERT INTO lead_events (lead_id, kind, actor, {', '.join(event)}) SELECT leads.id, '{kind}', '{actor}',"
            f" {', '.join('o.' + name for name in event)} FROM leads, (SELECT * FROM lead_events WHERE id = 1) o WHERE leads.{which}"
        )


def _copy_operators(connection: sqlite3.Connection, size: Size) -> None:
    """One operator with 2,000 pages, and most others with ten; each with three identifiers of its own."""
    operators = min(OPERATORS, size.leads // 10)
    pages = operators * 10
    large = min(2000, pages // 4)
    _copy(
        connection,
        "operators",
        operators,
        id="n",
        name="iif(n % 3, '机构 ' || n, NULL)",
        pages=f"iif(n = 2, {large}, 10)",
    )
    _copy(
        connection, "identifiers", operators * 3, first=100, id="n", kind="'phone'", value="'138' || (10000000 + n)",
        pages="10", excluded="0", common="0", official="0",
    )  # fmt: skip
    operator = f"iif(n < {large}, 2, n % {operators} + 1)"
    _copy(
        connection, "operator_pages", pages, where="page_id = 1", page_id="n", operator_id=operator, site=f"'t' || (n % {TARGETS} + 1) || '.example'",
        because="'[' || (100 + n % 1000) || ']'",
    )  # fmt: skip
    _copy(
        connection, "operator_identifiers", operators * 3, where="1", first=100, identifier_id="n",
        operator_id=f"(n - 1) % {operators} + 1", pages="10",
    )  # fmt: skip
    for shift in (0, operators):
        _copy(
            connection, "identifier_occurrences", pages, where="1", page_id="n", identifier_id=f"100 + {operator} % ({operators} - 100) + {shift}",
            first_document_id="n", document_id="n", snapshot_id="n",
        )  # fmt: skip
    connection.execute(
        f"INSERT OR IGNORE INTO near_texts (page_id, other_id, distance) SELECT n + 1, n, 2 FROM numbers WHERE n BETWEEN 2 AND {pages // 4}"
    )

    connection.execute(
        f"INSERT OR IGNORE INTO lead_relations (lead_id, other_id, reason, at)"
        f" SELECT n + 1, n, '同一主体', {_ago('n')} FROM numbers WHERE n BETWEEN 2 AND {pages // 4}"
    )


def _copy_office(connection: sqlite3.Connection, size: Size) -> None:
    connection.execute(
        "INSERT INTO audit_log (at, actor, action, target, detail, address) SELECT "
        + _ago(f"{AUDIT} - n")
        + f", '研判' || (n % {USERS}), CASE n % 4 WHEN 0 THEN '研判：确认' WHEN 1 THEN '查看原始网页' ELSE '查看线索' END,"
        f" '线索 ' || (n % {size.leads}), '', '10.0.0.1' FROM numbers WHERE n <= {AUDIT}"
    )
    connection.execute(
        "INSERT INTO blacklist_events (subject_kind, subject_key, subject_name, kind, at, actor, reason, grounds, lead_ids, until)"
        f" SELECT 'site', 't' || n || '.example', 't' || n || '.example', k, {_ago('n')}, '研判1', '屡犯', '[\"repeat\"]', '[1, 2, 3]',"
        f" iif(k = 'listed', '2027-06-01', NULL) FROM numbers, (SELECT 'proposed' AS k UNION ALL SELECT 'listed')"
        f" WHERE n <= {LISTED} AND (k = 'proposed' OR n % 2) ORDER BY n, k DESC"
    )
    connection.execute(
        "INSERT INTO health_events (subject, kind, raised, at, outcome, detail, target_id)"
        f" SELECT 'target:' || n, 'silent', 1, {_ago('n * 100')}, 'timeout', '此前连续 3 次都读到页面', n FROM numbers WHERE n <= 40"
    )
    connection.execute(
        "INSERT INTO digests (id, day, number, generated_at, rule_pack, sha256, item_count, coverage)"
        f" SELECT n, date('{NOW:%Y-%m-%d}', '-' || n || ' days'), '旧' || n, {_ago('n * 1440')}, '', '', 300,"
        ' \'{"targets_planned": 1, "targets_ok": 1, "gaps": []}\''
        f" FROM numbers WHERE n <= {DIGESTS}"
    )
    connection.execute(
        "INSERT INTO digest_items (digest_id, position, lead_id, status, payload)"
        f" SELECT d.n, i.n, (d.n * 37 + i.n) % {size.leads} + 1, 'still_online', '{{}}' FROM numbers d, numbers i"
        f" WHERE d.n <= {DIGESTS} AND i.n <= 300"
    )
