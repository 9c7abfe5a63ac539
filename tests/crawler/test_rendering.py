"""Pages that scripts make, shown in a real Chromium: found, kept with their proof, and without a way around the guard."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawler.analysis_worker import extract_only
from crawler.browser import chromium
from crawler.memory_ledger import MemoryLedger
from crawler.warc_reading import read_payload
from domain.analysis import PageVisit
from domain.evidence import CaptureKind
from domain.target import Budget, Rendering
from tests.crawler import script_pages
from tests.crawler.crawling import crawl, ends, outcomes, target_of
from tests.web import Answer, Site, html, redirect, web

lacking = chromium.missing()
needs_chromium = pytest.mark.skipif(lacking is not None and os.environ.get("CI") != "true", reason=lacking or "")
SHELL = '<!DOCTYPE html><html><head><meta charset="utf-8"><title>学堂</title></head><body><div id="app"></div>{0}</body></html>'
SAYS = (
    "document.getElementById('app').innerHTML='<p>技能证书免考包过，不用学习不用考试，交钱三天出证，全国联网可查。</p>'"
)


def visits(ledger: MemoryLedger) -> dict[str, PageVisit]:
    """Visits by what follows the host."""
    return {"/" + visit.outcome.request.url.split("/", 3)[3]: visit for visit in ledger.visits.values()}


def kept(folder: Path, visit: PageVisit, kind: CaptureKind) -> bytes:
    """The bytes of one capture."""
    (capture,) = (one for one in visit.captures if one.kind is kind)
    return read_payload(folder, capture.warc)


def log_of(folder: Path, visit: PageVisit) -> dict[str, dict[str, object]]:
    """Network log by what follows the host."""
    lines = [json.loads(line) for line in kept(folder, visit, CaptureKind.NETWORK_LOG).splitlines()]
    return {line["url"].split("://", 1)[1]: line for line in lines}


@needs_chromium
def test_twenty_manners_of_making_a_page_are_read(tmp_path: Path) -> None:
    """Each sentence is found; the answer is kept as it came, the document and the log beside it; robots.txt is obeyed."""
    with web() as net:
        site = net.site(script_pages.pages())
        ledger = crawl([target_of(site)], tmp_path, analyse=extract_only)
        found = visits(ledger)
        few = Budget(max_pages=4)
        again = crawl([target_of(site, budget=few)], tmp_path, analyse=extract_only, ledger=ledger, run_id=2)
    texts = {path: " ".join(one.document.text for one in visit.documents) for path, visit in found.items()}
    missed = [n for n in range(1, 21) if script_pages.said(n) not in texts.get("/#/p5" if n == 5 else f"/p{n}", "")]
    assert missed == []

    visit = found["/p2"]
    assert visit.snapshot is not None
    assert b"fetch('/d2')" in read_payload(tmp_path, visit.snapshot.warc)
    assert script_pages.said(2).encode() in kept(tmp_path, visit, CaptureKind.DOM)
    line = log_of(tmp_path, visit)[f"{site.host}/d2"]
    assert (line["method"], line["type"], line["status"]) == ("GET", "fetch", 200)
    assert line["remote_address"] == site.address

    # Nothing was asked for twice for one page, and one request at a time, as for pages.
    assert site.most_at_once == 1
    assert [one for one in ends(again, 2).values() if one[0] != "deferred"] == [("unchanged", "same_text")] * 4


@needs_chromium
def test_same_bytes_say_something_new(tmp_path: Path) -> None:
    """The shell never changes and answers 304 to whoever asks; what its script fetches does, and that is a new version."""
    texts = [
        "第一天的课程表，内容足够长，足以作为正文来读，周一到周五上课。",
        "第二天改了：技能证书免考包过，交钱三天出证，全国联网可查，不用考试。",
    ]
    shell = SHELL.format("<script>fetch('/d').then(r=>r.text()).then(t=>{app.textContent=t})</script>").encode()

    def page(seen: object) -> Answer:
        if "if-none-match" in seen.headers:  # type: ignore[attr-defined]
            return Answer(b"", 304, {"ETag": '"1"'})
        return Answer(shell, headers={"Content-Type": "text/html", "ETag": '"1"'})

    with web() as net:
        site = net.site(
            {
                "/": page,
                "/d": lambda seen: Answer(texts[0].encode(), headers={"Content-Type": "text/plain; charset=utf-8"}),
            }
        )
        ledger = crawl([target_of(site)], tmp_path, analyse=extract_only)
        assert ends(ledger)["/"][0] == "ok"
        texts[0] = texts[1]
        crawl([target_of(site)], tmp_path, analyse=extract_only, ledger=ledger, run_id=2)
    assert ends(ledger, 2)["/"][0] == "ok"
    assert (
        "免考包过"
        in next(v for v in ledger.visits.values() if v.outcome.request.run_id == 2).documents[0].document.text
    )


@pytest.fixture
def datagrams() -> Iterator[tuple[int, list[bytes]]]:
    """A UDP port on loopback that a page must not reach, and what arrived there."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.9.9.9", 0))
        heard: list[bytes] = []

        def listen() -> None:
            while (data := listening.recv(2048)) != b"end":
                heard.append(data)

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield listening.getsockname()[1], heard
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"end", listening.getsockname())
        thread.join(5)


@needs_chromium
def test_a_page_reaches_no_refused_address(tmp_path: Path, datagrams: tuple[int, list[bytes]]) -> None:
    """By no element, request, socket, redirect, frame, worker, popup, form or name; and no path that robots.txt forbids."""
    udp, heard = datagrams
    with web() as net:
        secret = net.site({"*": lambda _: Answer(b"secret", headers={"Access-Control-Allow-Origin": "*"})}, "127.9.9.9")
        hole = secret.url
        script = f"""
        const u='{hole}';
        const tries=[()=>fetch(u+'/fetch'),()=>fetch('/to-hole'),()=>fetch('/private/x'),()=>fetch('http://inside.test:{secret.port}/name'),
          ()=>new Promise((y,n)=>{{const s=new WebSocket(u.replace('http','ws')+'/ws');s.onopen=y;s.onerror=n}}),
          ()=>new Promise((y,n)=>{{const s=new EventSource(u+'/events');s.onopen=y;s.onerror=n}}),
          ()=>fetch('http://localhost:{secret.port}/localhost'),()=>fetch('http://2130706433:{secret.port}/number'),
          ()=>{{navigator.sendBeacon(u+'/beacon')}},()=>{{window.open(u+'/popup')}},()=>import(u+'/module.js'),
          ()=>{{const w=new Worker(URL.createObjectURL(new Blob(["fetch('"+u+"/worker').catch(()=>0)"])))}},
          ()=>{{const p=new RTCPeerConnection({{iceServers:[{{urls:'stun:127.9.9.9:{udp}'}}]}});p.createDataChannel('x');p.createOffer().then(o=>p.setLocalDescription(o))}},
          ()=>{{for(const [t,a,p] of [['img','src','/img'],['iframe','src','/frame'],['script','src','/script'],['link','href','/css'],['object','data','/object'],['embed','src','/embed'],['video','src','/video'],['iframe','src','/../to-hole-frame']]){{
            const e=document.createElement(t);if(t==='link')e.rel='stylesheet';e.setAttribute(a,(p.includes('..')?'':u)+p);document.body.append(e)}}}},
          ()=>{{for(const r of ['prefetch','preload','dns-prefetch','preconnect','prerender','modulepreload']){{const e=document.createElement('link');e.rel=r;e.as='fetch';e.href=u+'/'+r;document.head.append(e)}}}},
          ()=>{{const f=document.createElement('form');f.action=u+'/form';f.method='post';f.target='_blank';document.body.append(f);f.submit()}},
          ()=>fetch('file:///etc/hostname'),()=>{{location.href=u+'/navigate'}}];
        (async()=>{{let reached=0;for(const t of tries){{try{{const r=await t();if(r&&r.ok)reached++}}catch(e){{}}}}
          {SAYS};document.getElementById('app').insertAdjacentHTML('beforeend','<p>到达'+reached+'处</p>')}})()
        """
        page = SHELL.format(f"<script>{script}</script>")
        site = net.site(
            {
                "/": page,
                "/robots.txt": Answer(b"User-agent: *\nDisallow: /private/\n", headers={"Content-Type": "text/plain"}),
                "/to-hole": redirect(hole + "/redirect"),
                "/to-hole-frame": redirect(hole + "/redirect-frame"),
                "/private/x": "x",
            }
        )
        ledger = crawl(
            [target_of(site)],
            tmp_path,
            analyse=extract_only,
            allow_networks=(f"{site.address}/32",),
            lookup=lambda name: ["127.9.9.9"],
        )
        assert ends(ledger)["/"] == ("ok", None)
        assert "到达0处" in visits(ledger)["/"].documents[0].document.text
        assert secret.seen == []
        assert "/private/x" not in site.paths()
        assert heard == []
        log = log_of(tmp_path, visits(ledger)["/"])
    assert log[f"127.9.9.9:{secret.port}/fetch"]["blocked"] == "refused_address"
    assert log[f"inside.test:{secret.port}/name"]["blocked"] == "refused_address"
    assert log[f"{site.host}/to-hole"]["blocked"] == "refused_address"
    assert log[f"{site.host}/private/x"]["blocked"] == "disallowed"
    assert log[f"127.9.9.9:{secret.port}/ws"]["blocked"] == "not_through_crawler"


@needs_chromium
def test_hostile_pages_end_and_the_crawl_goes_on(tmp_path: Path) -> None:
    """A loop without end, a page that fills memory, dialogs, and one that the browser dies of: the next page is read."""
    with web() as net:
        site = net.site(
            {
                "/": html(
                    '<a href="/loop">一</a><a href="/dialogs">二</a><a href="/huge">三</a><a href="/last">四</a>'
                    + "首页内容足够长。" * 20
                ),
                "/loop": SHELL.format(f"<script>{SAYS};while(true){{}}</script>"),
                "/dialogs": SHELL.format(
                    f"<script>for(let i=0;i<5;i++){{alert(i);confirm(i);prompt(i);open('/x')}};onbeforeunload=()=>1;{SAYS}</script>"
                ),
                "/huge": SHELL.format("<script>app.hidden=true;app.textContent='包过'.repeat(3e6)</script>"),
                "/last": SHELL.format(f"<script>{SAYS}</script>"),
            }
        )
        ledger = crawl([target_of(site)], tmp_path, analyse=extract_only, browser_stall=6.0)
    ended = ends(ledger)
    assert ended["/loop"] == ("timeout", "render_timeout")
    assert ended["/dialogs"][0] == "ok"
    assert ended["/huge"] == ("too_large", "rendered")
    assert ended["/last"][0] == "ok"


@needs_chromium
def test_the_targets_word_counts(tmp_path: Path) -> None:
    """``never``: the shell stays empty. ``always``: a page that shows something without scripts is shown all the same."""
    partly = "普通方式就能读到的内容，足够长，足以作为正文。" * 3
    with web() as net:
        never = net.site({"/": SHELL.format(f"<script>{SAYS}</script>")})
        always = net.site({"/": html(f'<p>{partly}</p><div id="app"></div><script>{SAYS}</script>')})
        ledger = crawl(
            [target_of(never, 1, render=Rendering.NEVER), target_of(always, 2, render=Rendering.ALWAYS)],
            tmp_path,
            analyse=extract_only,
        )
    by_target = {visit.outcome.request.target_id: visit for visit in ledger.visits.values()}
    assert by_target[1].outcome.outcome.value == "empty"
    assert "免考包过" in by_target[2].documents[0].document.text


def test_without_chromium_the_page_stays_empty_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No silent fallback: the outcome names what is missing."""
    monkeypatch.setattr(chromium, "find_chromium", lambda: None)
    with web() as net:
        site: Site = net.site({"/": SHELL.format(f"<script>{SAYS}</script>")})
        ledger = crawl([target_of(site)], tmp_path, analyse=extract_only)
    (outcome,) = outcomes(ledger).values()
    assert (outcome.outcome.value, outcome.reason) == ("empty", "empty")
    assert "没有安装 Chromium" in str(outcome.detail)


@needs_chromium
def test_a_driver_that_cannot_start_is_a_missing_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """A library of the machine is missing, say: not an accident of the page that was to be shown."""
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", "/bin/false")
    assert chromium.driver_problem() == chromium.DRIVER_FAILS

    async def show() -> None:
        browser = chromium.Chromium()
        try:
            await browser.context("http://127.0.0.1:9", "test")
        finally:
            await browser.close()

    with pytest.raises(chromium.BrowserMissing, match="libatomic1"):
        asyncio.run(show())
