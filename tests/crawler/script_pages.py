"""Twenty pages that scripts make, in the manners that sites make them; each says its own sentence and nothing without."""

from __future__ import annotations

from tests.web import Answer


def _page(body: str, head: str = "") -> str:
    return (
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>学堂</title>{head}</head><body>{body}</body></html>'
    )


def said(number: int) -> str:
    """The sentence of page ``number``; long enough to be content, and in no page's source as it stands."""
    return f"第{number}号页面承诺：技能证书免考包过，不用学习不用考试，交钱三天出证，全国联网可查，微信报名。"


def _spelled(number: int) -> str:
    """The sentence as a JavaScript literal without one Chinese letter."""
    return '"' + "".join(f"\\u{ord(letter):04x}" for letter in said(number)) + '"'


def _script(code: str) -> str:
    return f'<div id="app"></div><script>{code}</script>'


def _set(number: int) -> str:
    return f"document.getElementById('app').innerHTML='<p>'+{_spelled(number)}+'</p>'"


def pages() -> dict[str, object]:
    """Pages by path, what they ask for included; the home page leads to /p1 … /p20 (p5 by a hash route)."""
    json = {"Content-Type": "application/json; charset=utf-8"}
    javascript = {"Content-Type": "text/javascript; charset=utf-8"}

    def code(text: str) -> Answer:
        return Answer(text.encode(), headers=javascript)

    def data(number: int) -> Answer:
        return Answer(('{"text": ' + _spelled(number) + "}").encode(), headers=json)

    links = "".join(f'<a href="/p{n}">课程{n}</a> ' for n in range(1, 21) if n != 5)
    home = _script(f"document.getElementById('app').innerHTML='{links}<a href=\"#/p5\">路由</a>'+" + _spelled(0))
    routed = f"if(location.hash==='#/p5'){{{_set(5)}}}else "
    home = home.replace("<script>", "<script>" + routed)
    take = "document.getElementById('app').innerHTML='<p>'+{0}+'</p>'"
    show = take.format("d.text")
    return {
        "/robots.txt": Answer(b"User-agent: *\nDisallow: /secret\n", headers={"Content-Type": "text/plain"}),
        "/": _page(home),
        "/p1": _page(_script(_set(1))),
        "/p2": _page(_script(f"fetch('/d2').then(r=>r.json()).then(d=>{{{show}}})")),
        "/d2": data(2),
        "/p3": _page(_script(f"setTimeout(()=>{{{_set(3)}}},1500)")),
        "/p4": _page("<script>document.write('<p>'+" + _spelled(4) + "+'</p>')</script>"),
        "/p6": _page(
            '<div id="app"></div><div style="height:3000px"></div><div id="end"></div><script>'
            "new IntersectionObserver(e=>{if(e[0].isIntersecting){" + _set(6) + "}}).observe(end)</script>"
        ),
        "/p7": _page(
            "<x-card></x-card><script>customElements.define('x-card',class extends HTMLElement{connectedCallback(){"
            f"this.attachShadow({{mode:'open'}}).innerHTML='<p>'+{_spelled(7)}+'</p>'}}}})</script>"
        ),
        "/p8": _page(
            '<div id="app"></div><script>const f=document.createElement("iframe");document.body.append(f);'
            f"f.contentDocument.write('<p>'+{_spelled(8)}+'</p>')</script>"
        ),
        "/p9": _page('<div id="app"></div><script src="/s9.js"></script>'),
        "/s9.js": code(_set(9)),
        "/p10": _page('<div id="root"></div><script type="module" src="/s10.js"></script>'),
        "/s10.js": code("import {t} from './m10.js'; document.getElementById('root').textContent=t"),
        "/m10.js": code(f"export const t={_spelled(10)}"),
        "/p11": _page(
            _script(
                "const x=new XMLHttpRequest();x.open('POST','/d11');x.setRequestHeader('Content-Type','application/json');"
                f"x.onload=()=>{{const d=JSON.parse(x.response);{show}}};x.send('{{\"page\":1}}')"
            )
        ),
        "/d11": data(11),
        "/p12": _page(
            _script(f"window.addEventListener('scroll',()=>{{{_set(12)}}})") + '<div style="height:4000px"></div>'
        ),
        "/p13": _page(_script(f"requestAnimationFrame(()=>requestAnimationFrame(()=>{{{_set(13)}}}))")),
        "/p14": _page(_script("new Worker('/w14.js').onmessage=e=>{" + take.format("e.data") + "}")),
        "/w14.js": code("fetch('/d14').then(r=>r.json()).then(d=>postMessage(d.text))"),
        "/d14": data(14),
        "/p15": _page(
            '<div id="app"></div><template id="t"><p></p></template><script>const c=t.content.cloneNode(true);'
            f"c.firstChild.textContent={_spelled(15)};document.getElementById('app').appendChild(c)</script>"
        ),
        "/p16": _page(
            _script(
                f"window.f=d=>{{{show}}};const s=document.createElement('script');s.src='/j16';document.head.append(s)"
            )
        ),
        "/j16": Answer(("f({text:" + _spelled(16) + "})").encode(), headers=javascript),
        "/p17": _page(_script(f"history.pushState(0,'','/p17/list');{_set(17)}")),
        "/p18": _page(_script(f"if(document.cookie===''||1){{sessionStorage.x=1;localStorage.y=2;{_set(18)}}}")),
        "/p19": _page(
            _script("fetch('/moved19').then(r=>r.text()).then(t=>{document.getElementById('app').innerHTML=t})")
        ),
        "/moved19": Answer(b"", 302, {"Location": "/html19"}),
        "/html19": Answer(f"<p>{said(19)}</p>".encode(), headers={"Content-Type": "text/html; charset=utf-8"}),
        "/p20": _page(
            '<div id="app"></div><iframe id="i"></iframe><script>i.srcdoc="<p>"+' + _spelled(20) + '+"</p>"</script>'
        ),
    }
