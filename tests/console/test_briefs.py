"""今日简报: counts, archive, downloads, 签发."""

from __future__ import annotations

import zipfile
from datetime import UTC, date, datetime
from io import BytesIO

from domain.account import Role
from domain.digest import Coverage, Digest
from storage import Store
from tests.console.conftest import MakeClient, log_in
from tests.console.content import PHONE, Content
from zhengxun.accounts import AccountService
from zhengxun.jobs.digest import make_digest
from zhengxun.services import Services

DAY = "2026-11-23"


def test_a_digest_is_shown_downloaded_and_issued_once(
    client_for: MakeClient, accounts: AccountService, content: Content, services: Services, store: Store
) -> None:
    """Numbers and items, four files with masked numbers, one 签发 with the hash of what was frozen."""
    client = client_for()
    csrf = log_in(client, accounts, Role.REVIEWER)
    assert "还没有生成过简报" in client.get("/digest").text
    content.lead(1, title="考证甲", shot=False)
    content.lead(2, title="考证乙", shot=False)
    made = make_digest(services, formats=["json"])
    page = client.get("/digest").text
    for words in ("〔2026〕第001期", "今天新发现的线索", "考证甲", "考证乙", "历期简报", "签发 〔2026〕第001期"):
        assert words in page, words
    assert "考证甲" not in client.get(f"/digest/{DAY}?status=removed").text
    figures = client.get(f"/digest/{DAY}/figures").json()
    assert figures["days"] == [[DAY, 2]]
    assert figures["categories"] == [["B 虚假宣传", 2]]
    for form in ("html", "docx", "xlsx", "json"):
        answer = client.get(f"/digest/{DAY}/files/{form}")
        assert answer.headers["content-disposition"] == f"attachment; filename*=UTF-8''digest-{DAY}.{form}"
        if form in ("docx", "xlsx"):
            assert zipfile.ZipFile(BytesIO(answer.content)).testzip() is None
        else:
            assert PHONE not in answer.text
    assert client.get(f"/digest/{DAY}/files/exe").status_code == 422
    assert client.get("/digest/2026-11-22").status_code == 422
    assert client.get("/digest/2026-13-45").status_code == 404
    assert client.post(f"/digest/{DAY}/issue", data={"csrf": csrf}).status_code == 303
    again = client.post(f"/digest/{DAY}/issue", data={"csrf": csrf})
    assert (again.status_code, "已经签发过" in again.text) == (422, True)
    issue = store.digest_issues.by_day()[date(2026, 11, 23)]
    assert (issue.number, issue.issued_by) == (made.digest.number, "王芳")
    assert issue.sha256 == store.digests.list()[0].sha256
    assert "已由 王芳 于" in client.get(f"/digest/{DAY}").text
    actions = [record.entry.action for record in accounts.accounts.log()]
    assert actions[0] == "签发简报"
    assert actions.count("下载简报") == 4


def test_an_empty_digest_is_a_digest(client_for: MakeClient, accounts: AccountService, store: Store) -> None:
    """A digest of nothing is a digest too; one without a row is refused."""
    client = client_for()
    csrf = log_in(client, accounts, Role.REVIEWER)
    now = datetime(2026, 11, 23, 1, tzinfo=UTC)
    store.digests.freeze(Digest(date(2026, 11, 23), "〔2026〕第001期", now, "sha256:x", Coverage(0, 0, ()), ()))
    assert "没有条目" in client.get("/digest").text
    assert client.post("/digest/2026-11-20/issue", data={"csrf": csrf}).status_code == 422
