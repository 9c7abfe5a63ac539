"""The console in a real browser: a morning's work by keyboard, on a screen and on a phone, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator

from console.app import ConsoleServices, make_app
from domain.account import Role
from domain.blacklist import Step, StepKind, Subject, SubjectKind
from domain.discovery import Found, FoundBy
from domain.operator import LinkLimits
from storage import Store
from tests.console.browsing import MISSING, SIZES, Watched, chromium, served
from tests.console.conftest import NOW, PASSWORD
from tests.console.content import HOSTILE, Content
from tests.zhengxun.directory.test_reading import write_xlsx
from zhengxun.accounts import AccountService
from zhengxun.jobs.digest import make_digest
from zhengxun.services import Services
from zhengxun.target_draft import registered_domain

if MISSING:
    pytest.skip("no Chromium on this machine", allow_module_level=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    with chromium() as started:
        yield started


@pytest.fixture
def address(console: ConsoleServices) -> Iterator[str]:
    """The console, served on loopback."""
    with served(make_app(console)) as address:
        yield address


def _shown(picture: Locator) -> int:
    """Wait until ``picture`` is there and decoded; return its own width. A predicate that polls would need eval: CSP."""
    width: int = picture.evaluate("picture => picture.decode().then(() => picture.naturalWidth)")
    assert width > 0
    return width


@pytest.mark.parametrize("size", SIZES, ids=["screen", "phone"])
def test_a_reviewers_morning(
    browser: Browser, address: str, size: tuple[int, int], content: Content, accounts: AccountService, store: Store
) -> None:
    """Login, queue, three leads by three keys, one taken back; the kept page is looked at and does nothing."""
    for number in (1, 2, 3, 4):
        content.lead(number, score=90.0 - number, title=f"考证 {number} {HOSTILE}")
    content.lead(5, "本中心开展培训。", title=f"招生 {HOSTILE}", shot=False)
    content.poster(5, "八大员证书免考包过\n内部渠道")
    accounts.add("王芳", "王芳", Role.REVIEWER, None, PASSWORD, by="system")
    seen = Watched(browser, address, size)
    page = seen.page
    seen.log_in("王芳")
    page.goto(f"{address}/leads")
    seen.check("/leads")
    page.click("td.one >> nth=0")  # the keys still work after a click into the page
    page.keyboard.press("Enter")
    page.wait_for_url("**/leads/1?*")
    seen.check("/leads/1")
    page.keyboard.press("c")
    page.wait_for_selector("text=线索 1：确认")
    page.keyboard.press("2")
    page.keyboard.press("d")
    page.wait_for_selector("text=线索 2：误报（警示")
    page.keyboard.press("u")
    page.wait_for_selector("text=线索 2：撤销")
    page.keyboard.press("n")
    page.wait_for_url("**/leads/3?*")
    page.keyboard.press("k")
    page.wait_for_selector("text=线索 3：待核实")
    page.wait_for_url("**/leads/4?*")
    states = [store.leads.get(number).lead.state.review.value for number in (1, 2, 3, 4)]
    assert states == ["confirmed", "pending", "checking", "pending"]

    for summary in page.locator("details.card-like > summary").all():
        summary.click()
    replay = page.frame_locator("iframe.replay")
    replay.locator("text=免考包过").wait_for()
    page.wait_for_selector("text=所列版本中最早的一版")
    _shown(page.locator(".shot"))
    assert page.title().endswith("证巡"), "the kept page's script did not run"
    assert page.url.startswith(f"{address}/leads/4")
    seen.check("/leads/4, everything open")
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("?")
    page.wait_for_selector("dialog[open]")
    page.keyboard.press("?")
    assert page.locator("dialog[open]").count() == 0
    page.click("text=显示完整号码")
    page.wait_for_selector("text=本次查看已记入审计日志")
    page.goto(f"{address}/leads/5")
    poster = page.locator(".framed img")
    poster.scroll_into_view_if_needed()
    assert _shown(poster) == 640
    assert page.locator(".claim-box").count() == 1
    seen.check("a poster with its boxes")
    page.goto(f"{address}/blacklist/new")
    seen.check("/blacklist/new")
    seen.close()


@pytest.mark.parametrize("size", SIZES, ids=["screen", "phone"])
def test_the_other_pages(
    browser: Browser,
    address: str,
    size: tuple[int, int],
    content: Content,
    accounts: AccountService,
    services: Services,
    store: Store,
) -> None:
    """The digest with its charts, and somebody who keeps targets: paste, add, change."""
    content.lead(1, title=f"考证 {HOSTILE}", shot=False)
    make_digest(services, formats=["json"])
    accounts.add("赵录", "赵录", Role.ENTRY, None, PASSWORD, by="system")
    seen = Watched(browser, address, size)
    page = seen.page
    seen.log_in("赵录")
    page.wait_for_url("**/digest")
    page.wait_for_selector("[data-chart=categories] canvas")
    seen.check("/digest")
    page.goto(f"{address}/targets/new")
    seen.check("/targets/new")
    page.keyboard.type("https://example.com/")
    page.keyboard.press("Enter")
    page.wait_for_url("**/targets/2")
    seen.check("/targets/2")
    page.fill("[name=name]", "某校")
    page.click("text=保存")
    page.wait_for_selector("h1:has-text('某校')")
    store.proposals.propose(
        [Found("http://jia.example/", FoundBy.SEARCH, "http://jia.example/", "x", HOSTILE, "百度", "电工证")], NOW
    )
    for path in ("/targets", "/targets/proposals", "/targets/1", "/targets/import", "/system"):
        page.goto(address + path)
        seen.check(path)
    seen.close()


@pytest.mark.parametrize("size", SIZES, ids=["screen", "phone"])
def test_an_administrators_pages(
    browser: Browser, address: str, size: tuple[int, int], content: Content, accounts: AccountService, store: Store
) -> None:
    """Users, audit log, operators and blacklist: a new user is made by the form."""
    content.lead(1, shot=False)
    store.link(LinkLimits(), registered_domain)
    subject = Subject(SubjectKind.SITE, "peixun.example", "peixun.example")
    store.blacklist.add(subject, Step(StepKind.PROPOSED, NOW, "system", "屡犯", ("repeat",), (1,)), NOW.date())
    accounts.add("管理一", "管理一", Role.ADMIN, None, PASSWORD, by="system")
    seen = Watched(browser, address, size)
    page = seen.page
    seen.log_in("管理一")
    page.goto(f"{address}/users")
    new = page.locator("section", has_text="新建用户").last
    new.locator("[name=name]").fill("李明")
    new.locator("[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("text=已新建用户 李明")
    seen.check("/users")
    for path in ("/audit", "/operators", "/operators/1", "/blacklist", "/directory", "/account"):
        page.goto(address + path)
        seen.check(path)
    page.goto(f"{address}/account")
    page.fill("[name=password]", PASSWORD)
    page.click("button:has-text('启用')")
    _shown(page.locator(".qr"))
    seen.check("the page to enrol")
    seen.close()


def test_a_rule_keepers_main_day(
    browser: Browser, address: str, content: Content, accounts: AccountService, services: Services
) -> None:
    """Login, try a text, edit a copy, a mistake by its line, see the effect, put live, take back; all for real."""
    content.lead(1, "电工证培训，一次报名包过，七天拿证，官网可查。", title=f"考证 {HOSTILE}", shot=False)
    accounts.add("孙规", "孙规", Role.RULES, None, PASSWORD, by="system")
    seen = Watched(browser, address, SIZES[0])
    page = seen.page
    seen.log_in("孙规")
    page.goto(f"{address}/rules")
    seen.check("/rules")
    page.click("text=试一段文字")
    page.fill("#text", "焊工证培训，一次报名包过。\n谨防“包过”骗局。")
    page.click("button:has-text('研判')")
    page.wait_for_selector("#judged mark")
    seen.check("/rules/test")
    page.goto(f"{address}/rules/B-GUAR-0010")
    seen.check("/rules/B-GUAR-0010")
    page.click("text=修改副本")
    page.wait_for_url("**/edit#line-7")
    assert page.evaluate("getSelection().toString() || pack.value.slice(pack.selectionStart, pack.selectionEnd)") == (
        "- id: B-GUAR-0010"
    )
    good = page.input_value("#pack")
    page.fill("#pack", good.replace("  severity: 高", "  severity: 很高", 1))
    page.click("button:has-text('检查')")
    page.click("button:has-text('第 12 行')", timeout=60_000)
    assert page.evaluate("pack.value.slice(pack.selectionStart, pack.selectionEnd)") == "  severity: 很高"
    seen.check("a draft with a mistake")
    page.fill("#pack", good.replace('      - "电工证培训，一次报名包过"', '      - "今天天气很好"', 1))
    page.click("text=用这份副本试一段文字")
    page.fill("[name=sample]", "焊工证包过")
    page.click(".try-draft button")
    page.wait_for_selector("#seen mark", timeout=60_000)
    page.fill("#pack", good.replace("  name: 承诺考试", "  name: 许诺考试", 1))
    page.click("button:has-text('看影响')")
    page.wait_for_selector("text=为什么改", timeout=120_000)
    assert "样本准确率" in page.inner_text("#effect")
    seen.check("the effect")
    page.fill("#reason", "名称改得明白些")
    page.click("button:has-text('上线')")
    page.wait_for_url("**/rules/versions/1")
    assert page.inner_text(".difference ins").endswith("name: 许诺考试、证书“包过”“保过”")
    seen.check("/rules/versions/1")
    assert services.rule_pack in page.content(), "the next crawl of this installation judges by it"
    page.goto(f"{address}/rules/versions")
    seen.check("/rules/versions")
    page.click("text=随附 >> nth=-1")
    page.fill("[name=reason]", "还是原来的好")
    page.keyboard.press("Enter")
    page.wait_for_url("**/rules/versions/2", timeout=60_000)
    page.wait_for_selector("text=恢复随附规则")
    assert [record.entry.action for record in accounts.accounts.log()][:3] == ["规则退回", "规则上线", "比较规则影响"]
    seen.close()


def test_rules_on_a_phone(browser: Browser, address: str, content: Content, accounts: AccountService) -> None:
    """Nothing sticks out."""
    accounts.add("看客", "看客", Role.RULES, None, PASSWORD, by="system")
    seen = Watched(browser, address, SIZES[1])
    seen.log_in("看客")
    for path in (
        "/rules",
        "/rules/B-GUAR-0010",
        "/rules/files/64_rules_e_other.yaml/edit",
    ):
        seen.page.goto(address + path)
        seen.check(path)
    seen.close()


@pytest.mark.parametrize("size", SIZES, ids=["screen", "phone"])
def test_a_list_comes_in_and_speaks_of_a_lead(
    browser: Browser, address: str, size: tuple[int, int], content: Content, accounts: AccountService, tmp_path: Path
) -> None:
    """A real workbook with title and merged cells: previewed, imported, looked up, and seen on a lead's page."""
    school = "太原市晨曦职业培训学校"
    content.lead(1, f"免考包过，证书由{school}颁发，电工证、焊工证、保育师证均可办理。", shot=False)
    book = write_xlsx(
        tmp_path / "名单.xlsx",
        [
            ["太原市民办职业培训学校名单（截至2026年5月1日）"],
            ["序号", "学校名称", "统一社会信用代码", "职业（工种）", "等级", "有效期至", "备注"],
            [1, school, "91140000000000000T", "电工", "五级、四级", 46507, HOSTILE],
            [None, None, None, "焊工", "五级", 46507],
            [2, None, None, "保育师"],
            [3, "太原市暮色职业培训学校", None, "保育师", "三级", "2027年4月"],
        ],
        ["A1:G1", "A3:A4", "B3:B4", "C3:C4"],
    )
    accounts.add("赵录", "赵录", Role.ENTRY, None, PASSWORD, by="system")
    seen = Watched(browser, address, size)
    page = seen.page
    seen.log_in("赵录")
    page.goto(f"{address}/directory")
    page.click("text=导入名录")
    page.wait_for_url("**/directory/import")
    page.wait_for_selector("#file")
    seen.check("/directory/import")
    page.set_input_files("#file", book)
    page.fill("[name=name]", "太原市民办职业培训学校名单")
    page.fill("[name=authority]", "太原市人力资源和社会保障局")
    page.click("button:has-text('预览')")
    page.wait_for_selector("text=合格 3 行，不合格 1 行")
    seen.check("the preview")
    page.click("button:has-text('导入合格的 3 行')")
    page.wait_for_selector("text=收录 3 行")
    page.click("text=查看这一版")
    page.wait_for_url("**/directory/lists/1")
    seen.check("/directory/lists/1")
    page.goto(f"{address}/directory?words=晨曦职业培训学校")
    page.wait_for_selector("text=未列入不等于违法")
    page.wait_for_selector("text=名称中含这些字的")
    seen.check("/directory?words=…")
    page.goto(f"{address}/directory")
    seen.check("/directory")
    page.goto(f"{address}/leads/1")
    said = page.locator("section", has=page.locator("h2", has_text="名录核对"))
    assert "已列入《太原市民办职业培训学校名单》（截至 2026-05-01，太原市人力资源和社会保障局）" in said.inner_text()
    assert "职业 电工（五级、四级）、焊工（五级），有效期至 2027-04-30" in said.inner_text()
    assert "页面提到“保育师”" in said.inner_text()
    said.locator("summary").click()
    seen.check("/leads/1")
    seen.close()
