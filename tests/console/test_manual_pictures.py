"""The manual's pictures, taken from the console as it is, in the order in which its pages tell each role's day.

In the ordinary run they go to a temporary folder, and the test fails where a step of the manual cannot be done any more,
or where a page names a picture that is not taken. ``make manual-pictures`` writes them to docs/images/manual.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page

from console.app import ConsoleServices, make_app
from console.status import Status
from domain.lead_words import EventKind
from storage import Store
from tests.console.browsing import MISSING, chromium, served
from tests.console.conftest import PASSWORD, MovingClock
from tests.console.picture_answers import SHOWN_STATUS, answer
from tests.console.scene import Scene
from tests.console.test_two_steps import code_of, secret_in
from zhengxun.accounts import AccountService
from zhengxun.console_services import rule_trying, trials
from zhengxun.demo.content import load_site
from zhengxun.demo.rendering import render_html
from zhengxun.services import Services

if MISSING:
    pytest.skip("no Chromium on this machine", allow_module_level=True)

DOCS = Path(__file__).parents[2] / "docs"
KEPT = DOCS / "images" / "manual"
WIDTH, HEIGHT = 1366, 768
#: Bytes of all pictures together.
MOST = 3_000_000


@dataclass
class Camera:
    """Takes pictures of what one person sees."""

    browser: Browser
    address: str
    folder: Path
    small: bool
    """Whether the pictures are to be kept: small files, which take time to make."""
    taken: list[str] = field(default_factory=list)

    @contextmanager
    def person(self, name: str) -> Iterator[Page]:
        """Logged in, at the console's first page."""
        size = {"width": WIDTH, "height": HEIGHT}
        context = self.browser.new_context(viewport=size, reduced_motion="reduce", locale="zh-CN")
        page = context.new_page()
        page.goto(f"{self.address}/login")
        page.fill("#name", name)
        page.fill("#password", PASSWORD)
        if "login" not in self.taken:
            self.take(page, "login", page.locator("form button"))
        page.keyboard.press("Enter")
        page.wait_for_selector("form.who")
        yield page
        context.close()

    def take(self, page: Page, name: str, *frames: Locator, top: Locator | None = None) -> None:
        """Keep what is on the screen as ``name``, red frames around ``frames``, scrolled so that ``top`` stands high."""
        if top is not None:
            top.evaluate("one => scrollBy(0, one.getBoundingClientRect().top - 24)")
        # Charts grow and buttons fade: the picture is of what stands still.
        page.evaluate(
            "Promise.all(document.getAnimations().map((one) => one.finished.catch(() => null))).then(() => null)"
        )
        for frame in frames:
            frame.evaluate("one => { one.style.outline = '3px solid #d6002a'; one.style.outlineOffset = '3px'; }")
        if self.small:
            picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            picture.quantize(64, dither=Image.Dither.NONE).save(self.folder / f"{name}.png", optimize=True)
        else:
            page.screenshot(path=self.folder / f"{name}.jpg", type="jpeg", quality=30)
        for frame in frames:
            frame.evaluate("one => { one.style.outline = ''; one.style.outlineOffset = ''; }")
        self.taken.append(name)


def a_reviewers_day(camera: Camera, scene: Scene) -> None:
    """Digest, queue by keyboard, evidence, referral, papers, issue, delivery, operators."""
    with camera.person("yanpan") as page:
        page.wait_for_selector("[data-chart=categories] canvas")
        camera.take(page, "digest", page.locator(".tile").nth(1))
        camera.take(page, "digest-charts", top=page.locator("h2:has-text('没有看到的')"))
        page.goto(f"{camera.address}/leads")
        camera.take(page, "queue", page.locator("a:has-text('开始研判')"), page.locator(".filters"))
        page.keyboard.press("Enter")
        page.wait_for_selector(".decide")
        camera.take(page, "lead", page.locator(".decide"))
        page.keyboard.press("?")
        page.wait_for_selector("dialog[open]")
        camera.take(page, "lead-keys")
        page.keyboard.press("?")
        page.keyboard.press("c")
        page.wait_for_selector(".flash")
        camera.take(page, "lead-undo", page.locator(".flash"))
        page.keyboard.press("u")
        page.wait_for_selector("text=：撤销")
        _evidence(camera, scene, page)
        _conflict(camera, scene, page)
        page.goto(f"{camera.address}/leads/{scene.lead('/xm/jzs.htm')}?state=confirmed")
        camera.take(page, "lead-refer", page.locator("form:has([name=authority])"))
        page.goto(f"{camera.address}/leads?state=confirmed")
        page.check("[data-all=lead]")
        camera.take(
            page, "queue-papers", page.locator("button:has-text('移送函')"), top=page.locator("[data-all=lead]")
        )
        with page.expect_download():
            page.click("button:has-text('移送函')")
        page.goto(f"{camera.address}/digest")
        page.wait_for_selector("[data-chart=categories] canvas")
        camera.take(page, "digest-issue", page.locator("button:has-text('签发')"), page.locator("a:has-text('报送')"))
        page.click("button:has-text('签发')")
        page.wait_for_selector("text=签发。")
        page.click("a:has-text('报送')")
        camera.take(page, "deliveries", page.locator("button:has-text('发测试消息')"))
        page.goto(f"{camera.address}/operators/1")
        camera.take(page, "operator")
        page.goto(f"{camera.address}/blacklist")
        camera.take(page, "blacklist", page.locator("button:has-text('列入')").first)


def _evidence(camera: Camera, scene: Scene, page: Page) -> None:
    page.goto(f"{camera.address}/leads/{scene.lead('/xm/ws.htm')}?state=pending")
    page.click("summary:has-text('截图')")
    page.locator(".shot").evaluate("picture => picture.decode().then(() => null)")
    camera.take(page, "lead-screenshot", top=page.locator("summary:has-text('截图')"))
    page.click("summary:has-text('截图')")
    page.click("summary:has-text('原始网页')")
    page.frame_locator("iframe.replay").locator("text=健康管理师").first.wait_for()
    camera.take(page, "lead-replay", top=page.locator("summary:has-text('原始网页')"))
    page.click("summary:has-text('原始网页')")
    page.click("summary:has-text('主体与关联网页')")
    page.wait_for_selector("text=疑似主体")
    camera.take(page, "lead-related", top=page.locator("summary:has-text('截图')"))
    page.evaluate("scrollTo(0, 0)")
    reason, number = page.locator(".reasons li").first, page.locator("button:has-text('显示完整号码')")
    camera.take(page, "lead-reasons", reason, top=page.locator("h2:has-text('命中与依据')"))
    number.scroll_into_view_if_needed()
    camera.take(page, "lead-contacts", number)


def _conflict(camera: Camera, scene: Scene, page: Page) -> None:
    """Somebody else is faster."""
    number = scene.lead("/xm/ws.htm")
    page.goto(f"{camera.address}/leads/{number}?state=pending")
    scene.store.leads.append(number, EventKind.CONFIRMED, "yanpan2", None, scene.clock())
    page.keyboard.press("d")
    page.wait_for_selector(".bad-flash")
    camera.take(page, "lead-conflict", page.locator(".flash"))


def an_entry_clerks_day(camera: Camera, scene: Scene) -> None:
    """Paste, try, add, health, import, proposals."""
    with camera.person("luru") as page:
        page.goto(f"{camera.address}/targets")
        camera.take(page, "targets", page.locator("a:has-text('添加')"), page.locator("a:has-text('导入')"))
        page.goto(f"{camera.address}/targets/new")
        page.keyboard.type("http://www.kaozheng.example/")
        camera.take(page, "target-new", page.locator("button:has-text('先试采看看')"))
        page.click("button:has-text('先试采看看')")
        page.wait_for_selector("text=以上没有保存")
        camera.take(page, "target-trial", page.locator("#trial"))
        page.keyboard.press("Tab")
        page.locator("button", has_text="添加").click()
        page.wait_for_selector("text=改动记录")
        page.fill("[name=tags]", "举报、电工")
        camera.take(page, "target", page.locator("button:has-text('保存')"))
        page.goto(f"{camera.address}/targets?state=alarm")
        camera.take(page, "targets-alarm", page.locator("[name=state]"), page.locator("td .bad").first)
        page.goto(f"{camera.address}/targets/import")
        rows = "名称,网址,类型,频率,备注\n样例考证网,http://www.kz.example/,网站,每天,\n清衡职业培训学校,http://www.qingheng.example/,,,\n写错的一行,不是网址,,,\n"
        page.set_input_files("#file", {"name": "监测对象.csv", "mimeType": "text/csv", "buffer": rows.encode()})
        camera.take(page, "import", page.locator("button:has-text('预览')"))
        page.click("button:has-text('预览')")
        page.wait_for_selector("button:has-text('导入合格的')")
        camera.take(page, "import-preview", page.locator("button:has-text('导入合格的')"))
        page.goto(f"{camera.address}/targets/proposals")
        page.check("[name=proposal] >> nth=0")
        camera.take(page, "proposals", page.locator("button:has-text('接受')"), page.locator("button:has-text('谢绝')"))
        _a_list(camera, page)


def _a_list(camera: Camera, page: Page) -> None:
    """A published list comes in."""
    page.goto(f"{camera.address}/directory/import")
    rows = (
        "样例省民办职业培训机构名单（截至2026年11月1日）\n序号,机构名称,统一社会信用代码,职业（工种）,等级,有效期至\n"
        "1,山西鼎穗技能培训有限公司,91140000000000000T,焊工、保育师,五级、四级,2027.10.31\n"
        "2,样例市清衡职业培训学校,,电工,五级,2027年10月\n3,,,养老护理员,五级,2027.10.31\n"
    )
    page.set_input_files("#file", {"name": "名录.csv", "mimeType": "text/csv", "buffer": rows.encode()})
    page.fill("[name=name]", "样例省民办职业培训机构名单")
    page.fill("[name=authority]", "样例省人力资源和社会保障厅")
    camera.take(page, "list-import", page.locator("button:has-text('预览')"))
    page.click("button:has-text('预览')")
    page.wait_for_selector("button:has-text('导入合格的')")
    camera.take(page, "list-preview", page.locator("button:has-text('导入合格的')"))
    page.click("button:has-text('导入合格的')")
    page.wait_for_selector("text=收录 2 行")


def what_a_list_says(camera: Camera, scene: Scene) -> None:
    """The reviewer sees it beside the reasons."""
    with camera.person("yanpan") as page:
        page.goto(f"{camera.address}/leads/{scene.lead('/course/diangong.html')}")
        said = page.locator("section", has=page.locator("h2:has-text('名录核对')"))
        assert "已列入《样例省民办职业培训机构名单》" in said.inner_text()
        camera.take(page, "lead-listed", said, top=said)


def a_rule_keepers_day(camera: Camera, scene: Scene) -> None:
    """List, a rule, test box, copy, effect, live, roll back."""
    with camera.person("guize") as page:
        page.goto(f"{camera.address}/rules?order=dismissed")
        camera.take(page, "rules", page.locator("[name=order]"))
        page.goto(f"{camera.address}/rules/B-GUAR-0010")
        camera.take(page, "rule", page.locator("a:has-text('修改副本')"))
        page.goto(f"{camera.address}/rules/test")
        page.fill("#text", "焊工证培训，不用考试，一次性包过，七天拿证，官网可查。\n本校从不承诺“包过”。")
        page.click("button:has-text('研判')")
        page.wait_for_selector("#judged mark")
        camera.take(page, "rule-test", page.locator("button:has-text('研判')"))
        page.goto(f"{camera.address}/rules/B-GUAR-0010")
        page.click("text=修改副本")
        page.wait_for_url("**/edit#line-*")
        page.fill("#pack", page.input_value("#pack").replace(" | object |", " |", 1))
        page.click("button:has-text('检查')")
        page.wait_for_selector("text=写法没有问题")
        page.evaluate("pack.scrollTop = 0")
        buttons = page.locator("button:has-text('检查')"), page.locator("button:has-text('看影响')")
        camera.take(page, "rule-edit", *buttons)
        page.click("button:has-text('看影响')")
        page.wait_for_selector("text=为什么改")
        page.fill("#reason", "收窄：只说“东西”的不算，减少误报")
        camera.take(page, "rule-effect", page.locator("button:has-text('上线')"), top=page.locator("#effect h2").first)
        page.click("button:has-text('上线')")
        page.wait_for_url("**/rules/versions/1")
        camera.take(page, "rule-version")
        page.goto(f"{camera.address}/rules/versions")
        camera.take(page, "rule-versions")
        page.click("text=随附 >> nth=-1")
        page.fill("[name=reason]", "还是原来的好")
        camera.take(page, "rule-restore", page.locator("button:has-text('退回')"))


def an_administrators_day(camera: Camera, scene: Scene) -> None:
    """Users, two steps of one's own, status, audit log."""
    with camera.person("guanli") as page:
        page.goto(f"{camera.address}/users")
        new = page.locator("section", has_text="新建用户").last
        for name, value in {"name": "zhangsan", "display_name": "示例用户", "unit": "样例县人社局"}.items():
            new.locator(f"[name={name}]").fill(value)
        new.locator("[name=password]").fill(PASSWORD)
        new.locator("[name=role]").select_option("reviewer")
        camera.take(page, "user-new", new.locator("button"), top=page.locator("h1"))
        new.locator("button").click()
        page.wait_for_selector("text=已新建用户")
        camera.take(page, "users", page.locator("tr", has_text="luru").locator("button").first)
        page.goto(f"{camera.address}/account")
        page.fill("[name=password]", PASSWORD)
        camera.take(page, "account", page.locator("button:has-text('启用')"))
        page.click("button:has-text('启用')")
        page.locator(".qr").evaluate("picture => picture.decode().then(() => null)")
        camera.take(page, "enrol", page.locator("#code"))
        secret = secret_in(page.content())
        page.fill("#code", code_of(secret, scene.clock))
        page.keyboard.press("Enter")
        page.wait_for_selector(".codes")
        camera.take(page, "recovery-codes")
        page.goto(f"{camera.address}/system")
        camera.take(page, "system", page.locator("section").first)
        page.goto(f"{camera.address}/audit")
        camera.take(page, "audit", page.locator(".filters"))


def what_others_see(camera: Camera, scene: Scene) -> None:
    """The role that only looks."""
    with camera.person("chakan") as page:
        page.goto(f"{camera.address}/leads/{scene.lead('/thread-102.html')}")
        camera.take(page, "readonly-lead", page.locator("a:has-text('帮助')"))
        page.goto(f"{camera.address}/directory?words=电工")
        camera.take(page, "directory")


DAYS: tuple[Callable[[Camera, Scene], None], ...] = (
    a_reviewers_day,
    an_entry_clerks_day,
    what_a_list_says,
    a_rule_keepers_day,
    an_administrators_day,
    what_others_see,
)


def _screenshots(browser: Browser) -> dict[str, bytes]:
    """The sample page whose screenshot is shown, as a browser draws it."""
    site = load_site("tianyu", 1)
    html = render_html(site, site.by_path["/xm/ws.htm"], "http://www.tianyu.example")
    context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True)
    page = context.new_page()
    page.set_content(html, wait_until="domcontentloaded")
    shot = page.screenshot()
    context.close()
    return {"http://www.tianyu.example/xm/ws.htm": shot}


@pytest.fixture
def _channel(tmp_path: Path) -> None:
    """A shared folder to which digests go; written before anybody reads the settings."""
    text = '[[channels]]\nname = "共享文件夹"\nkind = "folder"\npath = "/srv/share"\nformats = ["docx", "xlsx"]\n'
    (tmp_path / "zhengxun.toml").write_text(text, "utf-8")


def _status() -> Status:
    return SHOWN_STATUS


@pytest.mark.usefixtures("_channel")
def test_the_manuals_pictures_can_be_taken(
    console: ConsoleServices,
    store: Store,
    services: Services,
    accounts: AccountService,
    clock: MovingClock,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Every step that the manual shows can be done, and what its pages name is what is taken and kept."""
    for module in (trials, rule_trying):
        monkeypatch.setattr(module, "ask", answer)
    wanted = os.environ.get("ZHENGXUN_MANUAL_PICTURES")
    folder = Path(wanted) if wanted else tmp_path / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    scene = Scene(store, services, accounts, clock)
    with chromium() as browser, served(make_app(replace(console, read_status=_status))) as address:
        scene.shots.update(_screenshots(browser))
        scene.play()
        camera = Camera(browser, address, folder, small=bool(wanted))
        for day in DAYS:
            day(camera, scene)
    assert len(set(camera.taken)) == len(camera.taken)
    files = {path.stem: path for path in folder.iterdir()}
    if wanted:  # those that no step takes any more
        for name in set(files) - set(camera.taken):
            files.pop(name).unlink()
    for path in files.values():
        with Image.open(path) as picture:
            assert picture.size == (WIDTH, HEIGHT)
    named = set()
    for text in DOCS.rglob("*.md"):
        named |= set(re.findall(r"images/manual/([\w-]+)\.png", text.read_text("utf-8")))
    assert named == set(camera.taken), "pictures named by the manual, and pictures taken"
    kept = {path.stem: path.stat().st_size for path in KEPT.iterdir()}
    assert set(kept) == named, "make manual-pictures takes them anew"
    assert sum(kept.values()) < MOST
