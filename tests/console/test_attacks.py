"""The attack set of issue 6 that no other test of the console holds: each attempt fails, and says so in words.

CSRF, session fixation and guessing are in ``test_access`` and ``test_two_steps``, rights of roles in ``test_routes``, uploads and
bombs in ``test_targets``, the sandbox of kept pages in ``test_leads`` and ``test_browser``.
"""

from __future__ import annotations

import io
from dataclasses import replace

import openpyxl
import pytest
from starlette.testclient import TestClient

from domain.account import Role
from domain.analysis import JudgedDocument
from domain.blacklist import Step, StepKind, Subject, SubjectKind
from domain.document import Contact, ContactKind
from domain.lead import EventKind
from domain.operator import LinkLimits
from storage import Store
from tests.console.conftest import NOW, PASSWORD, MakeClient, log_in
from tests.console.content import HOSTILE, Content
from tests.storage.build import SITE, World, assessment, document, ok
from zhengxun.accounts import AccountService
from zhengxun.jobs.digest import make_digest
from zhengxun.services import Services
from zhengxun.target_draft import registered_domain

FORMULA = '=HYPERLINK("http://evil.example","包过")'
PAGES = (
    "/digest /leads?state=all /leads/1 /leads/1/versions /leads/1/related /targets /targets/1 /operators /operators/1 "
    "/blacklist /digest/2026-11-23/deliveries /evidence/leads/1/versions/1/text /users /audit /account /targets/import"
).split()


@pytest.fixture
def hostile(store: Store, services: Services, accounts: AccountService) -> None:
    """Hostile words wherever somebody else's words come in: title, account, text, QR code, names, reasons."""
    world = World(store, lambda: NOW)
    own = world.target
    words = {"name": HOSTILE, "region": HOSTILE, "note": FORMULA}
    store.targets.edit(own.id, schedule=own.schedule, tags=(HOSTILE,), budget=own.budget, **words)
    run = world.begin()
    page = replace(
        document(f"{SITE}/1", f"免考包过 {HOSTILE}", title=FORMULA + HOSTILE),
        account=HOSTILE,
        account_id=HOSTILE,
        contacts=(
            Contact(ContactKind.QR, f"http://evil.example/{HOSTILE}"),
            Contact(ContactKind.ORGANISATION, HOSTILE),
        ),
    )
    judged = JudgedDocument(page, assessment(page.text))
    world.record(ok(world.request(run, page.url), NOW, [judged]))
    store.finish_run(run.id)
    store.link(LinkLimits(), registered_domain)
    store.leads.append(1, EventKind.NOTED, HOSTILE, HOSTILE, NOW)
    subject = Subject(SubjectKind.ACCOUNT, f"weixin:{HOSTILE}", FORMULA + HOSTILE)
    given = Step(StepKind.LISTED, NOW, "王芳", FORMULA, ("other",), (1,), NOW.date().replace(year=2027))
    store.blacklist.add(subject, given, NOW.date())
    accounts.add("坏人", HOSTILE, Role.READONLY, HOSTILE, PASSWORD, by="system")
    make_digest(services, formats=["json"])


def _both(client_for: MakeClient, accounts: AccountService) -> list[tuple[TestClient, str]]:
    return [
        (client, log_in(client, accounts, role, role.value))
        for role in (Role.REVIEWER, Role.ADMIN)
        for client in [client_for()]
    ]


def test_stored_words_are_never_markup(client_for: MakeClient, accounts: AccountService, hostile: None) -> None:
    """On every page that shows them, also where a file's name or a search comes back."""
    people = _both(client_for, accounts)
    seen = 0
    for client, csrf in people:
        texts = [client.get(page).text for page in PAGES]
        named = client.post("/targets/import", data={"csrf": csrf}, files={"file": (f"{HOSTILE}.csv", b"a")}).text
        texts += [named, client.get("/audit", params={"actor": HOSTILE}).text]
        for path, text in zip([*PAGES, "import", "search"], texts, strict=True):
            assert "<script>alert" not in text, path
            assert "<img src=x" not in text, path
            seen += "&lt;script&gt;alert" in text
    assert seen >= 12, "the words are there, as words"


def test_exports_hold_no_formula(client_for: MakeClient, accounts: AccountService, hostile: None) -> None:
    """Ledger, blacklist and list of targets open in a spreadsheet program as text."""
    client, csrf = _both(client_for, accounts)[0]
    books = [
        client.post("/leads/ledger", data={"csrf": csrf, "lead": "1:1"}).content,
        client.get("/blacklist/files/xlsx").content,
        client.get("/targets/export/xlsx").content,
        client.get("/digest/2026-11-23/files/xlsx").content,
    ]
    found = 0
    for book in books:
        for sheet in openpyxl.load_workbook(io.BytesIO(book)).worksheets:
            for cell in (cell for row in sheet.iter_rows() for cell in row):
                assert cell.data_type != "f", (sheet.title, cell.value)
                found += "evil" in str(cell.value)
    assert found >= 2
    csv = client.get("/targets/export/csv").text
    assert not [line for line in csv.splitlines() if line.startswith(("=", "+", "-", "@", "\t"))]


@pytest.mark.parametrize("step", ["../", "..%2f", "%2e%2e/", "..%5c", "....//", "%00"])
def test_no_path_leads_out(client_for: MakeClient, accounts: AccountService, content: Content, step: str) -> None:
    """Static files, formats, days and tokens: nothing of the data folder comes out."""
    content.lead(1, shot=False)
    client, _ = _both(client_for, accounts)[0]
    for place in (
        "/static/",
        "/digest/2026-11-23/files/",
        "/targets/export/",
        "/blacklist/files/",
        "/digest/",
        "/leads/",
    ):
        for file in ("zhengxun.db", "zhengxun.toml", "etc/passwd"):
            answer = client.get(f"{place}{step * 6}{file}")
            assert answer.status_code in (303, 404, 422), answer.url
            assert b"SQLite format" not in answer.content
            assert b"root:" not in answer.content


def test_the_check_form_reaches_no_inner_address(
    client_for: MakeClient, accounts: AccountService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However it is written; no process is started for it."""
    started: list[object] = []
    monkeypatch.setattr("zhengxun.console_services.trials.Trials.start", lambda self, draft: started.append(draft))
    client, csrf = client_for(), ""
    csrf = log_in(client, accounts, Role.ENTRY, "赵录")
    for url in (
        "http://127.0.0.1:8000/", "http://2130706433/", "http://0177.0.0.1/", "http://[::ffff:127.0.0.1]/", "http://localhost/",
        "http://10.0.0.8/", "http://192.168.1.1/", "http://169.254.169.254/latest/meta-data/", "http://[fd00::1]/",
        "http://user:pw@127.0.0.1/", "http://１２７.０.０.１/", "file:///etc/passwd", "gopher://127.0.0.1:6379/_x", "//127.0.0.1/",
    ):  # fmt: skip
        answer = client.post("/targets/trials", data={"csrf": csrf, "url": url})
        assert "没有试采" in answer.text, url
    assert started == []
