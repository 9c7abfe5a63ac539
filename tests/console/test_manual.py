"""使用手册: built without a warning, whole by itself, opened as files and served by the console under its login and CSP."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest
from playwright.sync_api import Browser, Page
from selectolax.lexbor import LexborHTMLParser
from starlette.testclient import TestClient

from console.app import ConsoleServices, make_app
from console.headers import SECURITY_HEADERS
from domain.account import Role
from tests.console.browsing import MISSING, SIZES, Watched, chromium, served
from tests.console.conftest import PASSWORD, MakeClient, log_in
from zhengxun.accounts import AccountService

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The manual as ``make manual`` builds it."""
    built = tmp_path_factory.mktemp("manual") / "site"
    ran = subprocess.run([ROOT / "scripts/manual.sh", DOCS, built], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return built


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    with chromium() as started:
        yield started


def _pages(site: Path) -> dict[Path, LexborHTMLParser]:
    return {path: LexborHTMLParser(path.read_text("utf-8")) for path in site.rglob("*.html")}


def test_every_document_is_in_the_navigation_of_every_page(site: Path) -> None:
    """Nobody has to know a page's address."""
    wanted = {path.relative_to(DOCS).with_suffix(".html") for path in DOCS.rglob("*.md")}
    assert len(wanted) > 12
    for path, page in _pages(site).items():
        links = [link.attributes["href"] or "" for link in page.css(".sidebar-tree a")]
        led = {(path.parent / unquote(urldefrag(link)[0] or path.name)).resolve() for link in links}
        assert {site.resolve() / one for one in wanted} <= led, path


def test_nothing_is_asked_of_elsewhere_and_no_link_is_broken(site: Path) -> None:
    """Every address in a page, a style sheet or a script's name is a file of the site; nothing is inline, as the CSP asks."""
    pages = {path.resolve(): page for path, page in _pages(site).items()}
    files = {path.resolve() for path in site.rglob("*") if path.is_file()}
    named = 0
    for path, page in pages.items():
        for element in page.css("[src], [href], [action], [srcset]"):
            for name in {"src", "href", "action", "srcset"} & set(element.attributes):
                named += 1
                address = urlsplit(element.attributes[name] or "")
                assert (address.scheme, address.netloc) == ("", ""), (path, element.html)
                target = (path.parent / unquote(address.path)).resolve() if address.path else path
                assert target in files, (path, element.html)
                if address.fragment and target in pages:
                    assert pages[target].css_first(f'[id="{unquote(address.fragment)}"]'), (path, element.html)
        assert page.css("style, [style], script:not([src]), base, iframe, object") == [], path
        assert re.search(r"<[^>]+\son\w+=", page.html or "") is None, path
    assert named > 1000
    for sheet in site.rglob("*.css"):
        for address in re.findall(r"url\(\s*['\"]?([^'\")]+)|@import\s+(\S+)", sheet.read_text("utf-8")):
            assert "".join(address).startswith("data:"), (sheet, address)


def test_no_space_is_left_where_a_line_ended_between_chinese_words(site: Path) -> None:
    """The sources are wrapped; the pages must not show it."""
    for path, page in _pages(site).items():
        for element in page.css("article p"):
            assert re.search(r"[\u4e00-\u9fff，。；：、]\n[\u4e00-\u9fff“（]", element.text()) is None, (
                path,
                element.text(),
            )


def test_each_role_is_led_to_its_page_behind_the_login(
    site: Path, console: ConsoleServices, accounts: AccountService
) -> None:
    """The link in the header, the console's own headers, nothing for who is not logged in, nothing outside the folder."""
    app = make_app(replace(console, manual=site))
    (site.parent / "secret.html").write_text("geheim", "utf-8")
    nobody = TestClient(app, follow_redirects=False, base_url="http://console.test")
    for path in ("/manual", "/manual/", "/manual/index.html", "/manual/_static/manual.css"):
        answer = nobody.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login"), path
    for role in Role:
        client = TestClient(app, follow_redirects=False, base_url="http://console.test")
        log_in(client, accounts, role, role.value)
        link = re.search(r'<a href="([^"]+)"[^>]*>帮助</a>', client.get("/system").text)
        assert link
        answer = client.get(link[1])
        assert answer.status_code == 200
        assert role.label in (LexborHTMLParser(answer.text).css_first("h1").text()), role
        assert {name: answer.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert client.get("/manual").headers["location"] == "/manual/"
    assert "三分钟上手" in client.get("/manual/").text
    for path in ("/manual/nothing.html", "/manual/..%2fsecret.html", "/manual/%2e%2e/secret.html", "/manual/roles"):
        refused = client.get(path)
        assert (refused.status_code, "geheim" in refused.text) == (404, False), path


def test_where_no_manual_is_installed_the_page_says_where_to_get_it(
    client_for: MakeClient, accounts: AccountService, console: ConsoleServices
) -> None:
    """Whatever page of it somebody asks for."""
    client = TestClient(make_app(replace(console, manual=None)), follow_redirects=False, base_url="http://console.test")
    log_in(client, accounts, Role.ENTRY, "luru")
    for path in ("/manual/", "/manual/roles/entry.html"):
        answer = client.get(path)
        assert (answer.status_code, "make manual" in answer.text) == (200, True)


def _finds(page: Page) -> None:
    """A phrase that is no word of a dictionary, from the box at the side."""
    page.fill("input.sidebar-search", "移送函")
    page.press("input.sidebar-search", "Enter")
    page.wait_for_selector("#search-results li a")
    assert "研判员的一天" in page.inner_text("#search-results")
    page.click("#search-results li a:has-text('研判员的一天')")
    page.wait_for_selector("h1:has-text('研判员的一天')")


@pytest.mark.skipif(MISSING, reason="no Chromium on this machine")
@pytest.mark.parametrize("way", ["served", "files"])
def test_a_browser_shows_it_and_finds_in_it(
    site: Path, console: ConsoleServices, accounts: AccountService, browser: Browser, way: str
) -> None:
    """Under the console's CSP and as files: pictures, search, a phone's width, no complaint, no request elsewhere."""
    accounts.add("yanpan", "研判员甲", Role.REVIEWER, None, PASSWORD, by="system")
    with served(make_app(replace(console, manual=site))) as address:
        home = f"{address}/manual/" if way == "served" else f"{site.as_uri()}/index.html"
        seen = Watched(browser, address if way == "served" else site.as_uri(), SIZES[0])
        page = seen.page
        if way == "served":
            seen.log_in("yanpan")
        page.goto(home)
        if way == "served":  # axe reads the style sheets, which browsers refuse to pages opened as files
            seen.check("the first page")
        for picture in page.locator("article img").all():
            assert picture.evaluate("one => one.decode().then(() => one.naturalWidth)") == 1366
        _finds(page)
        page.set_viewport_size({"width": SIZES[1][0], "height": SIZES[1][1]})
        if way == "served":
            seen.check("a role's page on a phone")
        width = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert width[0] <= width[1]
        page.click(".nav-overlay-icon")
        page.click(".sidebar-tree a:has-text('录入员的一天')")
        page.wait_for_selector("h1:has-text('录入员的一天')")
        seen.close()
