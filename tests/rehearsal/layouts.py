"""How the rehearsal's pages are put into HTML: seven manners of content, and the chrome around it."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any


def _each(parts: list[str], before: str, after: str) -> str:
    return "".join(f"{before}{escape(part)}{after}" for part in parts)


def _spans(parts: list[str]) -> str:
    """Text cut into spans of three characters, as copy protection does."""
    return "".join(
        "<p>" + _each([part[i : i + 3] for i in range(0, len(part), 3)], "<span>", "</span>") + "</p>" for part in parts
    )


#: Name → (title, heading, parts) → HTML of the content.
LAYOUTS: dict[str, Callable[[str, str, list[str]], str]] = {
    "div": lambda title, heading, parts: f"<h2>{heading}</h2>" + _each(parts, '<div class="t">', "</div>"),
    "table": lambda title, heading, parts: (
        "<table>"
        + "".join(f"<tr><td>{n}</td><td>{escape(part)}</td></tr>" for n, part in enumerate(parts, 1))
        + "</table>"
    ),
    "br": lambda title, heading, parts: f"<font size=3>{'<br><br>'.join(escape(part) for part in parts)}</font>",
    "dl": lambda title, heading, parts: (
        "<dl>" + "".join(f"<dt>{heading}{n}</dt><dd>{escape(part)}</dd>" for n, part in enumerate(parts)) + "</dl>"
    ),
    "article": lambda title, heading, parts: (
        f'<article><h1>{escape(title)}</h1><div class="info">2026-10-06 09:30 来源：本站 编辑：样例</div><p>{heading}</p>'
        + _each(parts, "<p>", "</p>")
        + "</article>"
    ),
    "posts": lambda title, heading, parts: "".join(
        f'<div class="floor" id="f{n}"><b>坊友{n:03d}</b> <em>发表于 2026-10-{n + 5:02d} 10:0{n}</em>'
        f'<div class="say">{escape(part)}</div></div>'
        for n, part in enumerate(parts, 1)
    ),
    "spans": lambda title, heading, parts: _spans(parts),
}


def page_html(
    name: str, chrome: dict[str, Any], meta_charset: str | None, number: int, title: str, content: str
) -> str:
    """A whole page: head, navigation, sidebar, content, footer, floating box."""
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={meta_charset}">' if meta_charset else ""
    targets = ("/", "/list-1.html", "/list-2.html", "/list-3.html", "/list-1.html")
    links = " | ".join(f'<a href="{href}">{words}</a>' for href, words in zip(targets, chrome["nav"], strict=False))
    side = _each(chrome["side"], "<li>", "</li>")
    floating = f'<div style="position:fixed;right:0;top:40%">{escape(chrome["float"])}</div>' if chrome["float"] else ""
    return (
        f"<!DOCTYPE html><html><head>{meta}<title>{escape(title)}_{name}</title></head><body>"
        f'<div class="head"><a href="/">{name}</a></div><div class="menu">{links}</div>'
        f'<div class="wrap"><div class="side"><h3>栏目</h3><ul>{side}</ul></div>'
        f'<div class="main">{content}</div></div>'
        f'<div class="copy">{escape(chrome["foot"])}<br>版权所有 {name} 晋ICP备0000{number:02d}00号-1</div>{floating}</body></html>'
    )
