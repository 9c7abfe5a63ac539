"""What the console takes for a decision and for each page with many leads stored, in one process on SQLite.

Prints p95 with its target (150 ms a decision, 300 ms a page) and the ratio to the same requests on a small store in the same
run. ``--leads`` sets how many (default 100,000). Ends with 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sqlalchemy import insert, select
from starlette.testclient import TestClient

from console.app import make_app
from domain.account import Role
from storage import Store, default_url, migrate, open_store
from storage.engine import reading, writing
from storage.tables import (
    AssessmentRow,
    Base,
    CrawlRequestRow,
    DocumentRow,
    FindingRow,
    LeadEventRow,
    LeadRow,
    PageRow,
    SnapshotRow,
)
from storage.types import key_of
from tests.console.status import STATUS
from tests.storage.build import AD, SITE, World
from zhengxun.accounts import AccountService
from zhengxun.console_services import console_services
from zhengxun.jobs.digest import make_digest
from zhengxun.services import Services
from zhengxun.settings import Settings

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
DECISION_MS, PAGE_MS = 150, 300
_PASSWORD = "正确的马 电池 订书钉"
_ROWS = 10_000
_TEXT = f"{AD}\n" + "报名须知与常见问题，详情请见本校网站。\n" * 80


def fill(store: Store, leads: int) -> None:
    """Copies of one lead, each with page, version, text, assessment and finding of its own."""
    World(store, lambda: NOW).look(SITE, _TEXT)
    tables = (CrawlRequestRow, PageRow, SnapshotRow, DocumentRow, AssessmentRow, FindingRow, LeadRow, LeadEventRow)
    with reading(store.engine) as connection:
        first = {
            table: dict(connection.execute(select(*table.__table__.c).limit(1)).one()._mapping) for table in tables
        }
    own: dict[type[Base], tuple[str, ...]] = {PageRow: ("snapshot_id",), SnapshotRow: ("page_id", "request_id"), CrawlRequestRow: (), DocumentRow: ("page_id", "snapshot_id"),
           AssessmentRow: ("document_id",), FindingRow: ("assessment_id",), LeadRow: ("page_id", "document_id", "assessment_id"),
           LeadEventRow: ("lead_id",)}  # fmt: skip
    for begin in range(2, leads + 1, _ROWS):
        numbers = range(begin, min(begin + _ROWS, leads + 1))
        with writing(store.engine) as connection:
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            for table in tables:
                rows = []
                for number in numbers:
                    row = {**first[table], **dict.fromkeys(own[table], number)}
                    if "id" in row:
                        # The first page has an exempted finding besides.
                        row["id"] = number + 1 if table is FindingRow else number
                    if table in (PageRow, CrawlRequestRow):
                        row |= {"url": f"{SITE}/{number}", "url_key": key_of(f"{SITE}/{number}")}
                    if table is LeadRow:
                        row |= {"score": 50 + number % 500 / 10, "review": "pending" if number % 4 else "confirmed"}
                    rows.append(row)
                connection.execute(insert(table), rows)


def p95(work: Callable[[], int], times: int) -> float:
    """Milliseconds below which 95 of 100 calls stayed; each must end well."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        status = work()
        taken.append((time.perf_counter() - began) * 1000)
        if status >= 400:
            raise SystemExit(f"status {status}")
    return sorted(taken)[max(0, int(len(taken) * 0.95) - 1)]


def measure(folder: Path, leads: int, times: int) -> dict[str, float]:
    """p95 by what was asked."""
    migrate(default_url(folder))
    services = Services(
        Settings.load(folder, database_url=None, rules_dir=None, templates_dir=None, now=None), lambda: NOW
    )
    store = open_store(default_url(folder), clock=lambda: NOW, confirm_after=timedelta(hours=6))
    fill(store, leads)
    print(f"{leads} leads stored", file=sys.stderr, flush=True)
    if leads <= 5000:
        make_digest(services, formats=["json"])
    accounts = AccountService(store.accounts, lambda: NOW)
    accounts.add("王芳", "王芳", Role.REVIEWER, None, _PASSWORD, by="system")
    accounts.add("管理", "管理", Role.ADMIN, None, _PASSWORD, by="system")
    app = make_app(console_services(services, store, accounts, lambda: STATUS))
    client, manager = (TestClient(app, base_url="http://console.test", follow_redirects=False) for _ in range(2))
    client.post("/login", data={"name": "王芳", "password": _PASSWORD})
    manager.post("/login", data={"name": "管理", "password": _PASSWORD})
    found: dict[str, float] = {}
    for words, who, path in (
        ("今日简报", client, "/digest"),
        ("研判队列", client, "/leads"),
        ("研判队列，全部", client, "/leads?state=all"),
        ("研判队列，第 500 页", client, "/leads?page=500"),
        ("研判队列，按平台和地区", client, "/leads?platform=web&region=山西"),
        ("研判队列，没有结果的平台", client, "/leads?platform=weibo"),
        ("一条线索", client, "/leads/77"),
        ("版本", client, "/leads/77/versions"),
        ("关联网页", client, "/leads/77/related"),
        ("监测目标", client, "/targets"),
        ("一个监测目标", client, "/targets/1"),
        ("主体", client, "/operators"),
        ("黑名单", client, "/blacklist"),
        ("用户", manager, "/users"),
        ("审计日志", manager, "/audit"),
    ):
        who.get(path)  # templates are read at the first look
        print(f"  {words}", file=sys.stderr, flush=True)
        found[words] = p95(lambda who=who, path=path: who.get(path).status_code, max(10, times // 4))  # type: ignore[misc]

    page = client.get("/leads/next", follow_redirects=True).text

    def decide() -> int:
        """As the browser does: what the page's form for 误报 holds is sent, and the answer is the next page."""
        nonlocal page
        # The form of 撤销 stands first in a page that follows a decision.
        form = page.split('aria-label="研判"')[1]
        lead, version = (
            re.search(r'action="/leads/(\d+)/decide', form),
            re.search(r'name="version" value="(\d+)"', form),
        )
        csrf = re.search(r'name="csrf" value="([^"]+)"', form)
        if lead is None or version is None or csrf is None:
            raise SystemExit("the page has no form to decide with")
        answer = client.post(
            f"/leads/{lead[1]}/decide?state=pending",
            data={"csrf": csrf[1], "kind": "dismissed", "version": version[1], "code": "W2"},
            headers={"HX-Request": "true"},
        )
        page = answer.text
        return answer.status_code

    found["研判一条并取下一条"] = p95(decide, times)
    store.close()
    return found


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--leads", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=100)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as small, tempfile.TemporaryDirectory() as large:
        before = measure(Path(small), 1000, given.times)
        after = measure(Path(large), given.leads, given.times)
    missed = 0
    print(f"p95 in ms with {given.leads} leads (with 1000), one process, SQLite")
    for words, taken in after.items():
        target = DECISION_MS if words.startswith("研判一条") else PAGE_MS
        missed += taken > target
        print(
            f"{'MISSED' if taken > target else 'ok':6} {taken:7.1f}  ({before[words]:6.1f}, ratio {taken / before[words]:4.1f})  "
            f"target {target}  {words}"
        )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
