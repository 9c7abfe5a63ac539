"""The few signs in which page bodies are written, and their HTML.

``## heading``, ``- item``, ``| cell | cell |`` (first row is the head), ``![alt](name)`` for a picture, ``[words](href)``
for a link, ``**strong**``; a line that begins with ``<`` is passed through as HTML; anything else is a paragraph.
"""

from __future__ import annotations

import re
from html import escape

_PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")
_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
_STRONG = re.compile(r"\*\*([^*]+)\*\*")


def inline(text: str) -> str:
    """One line's own signs to HTML; everything else is escaped."""
    made = escape(text, quote=False)
    made = _PICTURE.sub(lambda m: f'<img src="/img/{m[2]}" alt="{escape(m[1])}" width="480" height="270">', made)
    made = _LINK.sub(lambda m: f'<a href="{m[2]}">{m[1]}</a>', made)
    return _STRONG.sub(r"<strong>\1</strong>", made)


def _table(lines: list[str]) -> str:
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    head = "".join(f"<th>{inline(cell)}</th>" for cell in rows[0])
    body = "\n".join("<tr>" + "".join(f"<td>{inline(cell)}</td>" for cell in row) + "</tr>" for row in rows[1:])
    return f'<table class="tb" border="1" cellspacing="0">\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table>'


def to_html(body: str) -> str:
    """A page body as HTML."""
    made: list[str] = []
    block: list[str] = []
    sign = ""

    def close() -> None:
        if block and sign == "|":
            made.append(_table(block))
        elif block:
            made.append("<ul>\n" + "\n".join(f"<li>{inline(line[2:])}</li>" for line in block) + "\n</ul>")
        block.clear()

    for raw in body.splitlines():
        line = raw.strip()
        mark = line[:1] if line.startswith(("- ", "|")) else ""
        if mark != sign:
            close()
            sign = mark
        if mark:
            block.append(line)
        elif line.startswith("## "):
            made.append(f"<h2>{inline(line[3:])}</h2>")
        elif line.startswith("<"):
            made.append(line)
        elif line.startswith("!["):
            made.append(f'<p class="pic">{inline(line)}</p>')
        elif line:
            made.append(f"<p>{inline(line)}</p>")
    close()
    return "\n".join(made)


def summary(body: str, length: int = 60) -> str:
    """The first words of a body without its signs, for lists and feeds."""
    for raw in body.splitlines():
        line = raw.strip()
        if line and not line.startswith(("#", "<", "|", "!", "-")):
            plain = _STRONG.sub(r"\1", _LINK.sub(r"\1", _PICTURE.sub("", line)))
            return plain if len(plain) <= length else plain[:length] + "……"
    return ""
