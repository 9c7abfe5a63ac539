"""Bytes to text: what the page declares, and a second opinion where the declaration cannot be right.

Order of trust: byte order mark, Content-Type header, ``<meta>`` or XML declaration (WHATWG Encoding and HTML standards).
Chinese sites often declare one encoding and send another (a UTF-8 header over GBK bytes and the reverse), so text that
comes out damaged is read again in the other encodings seen in China, and the least damaged reading wins.
"""

from __future__ import annotations

import re
from functools import cache

#: Declarations that mean something wider than they say (WHATWG labels): who writes gb2312 sends GBK or GB18030.
_LABELS = {
    **dict.fromkeys(
        [
            "gb2312",
            "gb_2312",
            "gb_2312-80",
            "gbk",
            "x-gbk",
            "gb18030",
            "cp936",
            "ms936",
            "windows-936",
            "chinese",
            "csgb2312",
            "iso-ir-58",
            "csiso58gb231280",
            "euc-cn",
            "euccn",
            "hz-gb-2312",
        ],
        "gb18030",
    ),
    **dict.fromkeys(["big5", "big-5", "big5-hkscs", "big5hkscs", "cn-big5", "csbig5", "x-x-big5", "cp950"], "big5"),
    **dict.fromkeys(["utf-8", "utf8", "utf_8", "unicode-1-1-utf-8", "x-unicode20utf8", "utf-8-sig"], "utf-8"),
    **dict.fromkeys(["utf-16", "utf-16le", "utf16", "unicode", "ucs-2", "csunicode", "iso-10646-ucs-2"], "utf-16le"),
    **dict.fromkeys(["utf-16be", "unicodefffe"], "utf-16be"),
    **dict.fromkeys(["shift_jis", "shift-jis", "sjis", "x-sjis", "ms932", "windows-31j"], "shift_jis"),
    **dict.fromkeys(["euc-jp", "x-euc-jp"], "euc-jp"),
    **dict.fromkeys(["euc-kr", "ks_c_5601-1987", "ksc5601", "cp949", "windows-949"], "euc-kr"),
    **dict.fromkeys(
        [
            "iso-8859-1",
            "iso8859-1",
            "iso_8859-1",
            "latin1",
            "latin-1",
            "l1",
            "ascii",
            "us-ascii",
            "windows-1252",
            "cp1252",
            "ansi",
            "x-cp1252",
        ],
        "windows-1252",
    ),
    **dict.fromkeys(["windows-1251", "cp1251"], "windows-1251"),
    "koi8-r": "koi8-r",
}
#: WHATWG names whose Python codec has another name or a narrower table.
_CODECS = {"big5": "big5hkscs", "shift_jis": "cp932", "euc-kr": "cp949"}

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16le"), (b"\xfe\xff", "utf-16be"))

#: How far into a page a declaration is looked for. Browsers read 1024 bytes; Chinese pages put long comments before it.
_DECLARATION_WINDOW = 4096
_META = re.compile(rb"<meta[^>]{0,512}?charset\s*=\s*[\"']?\s*([a-zA-Z0-9_:.\-]{2,40})", re.IGNORECASE)
_XML = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([a-zA-Z0-9_:.\-]{2,40})", re.IGNORECASE)
_HEADER = re.compile(r"charset\s*=\s*[\"']?\s*([a-zA-Z0-9_:.\-]{2,40})", re.IGNORECASE)

#: Bytes judged when readings are compared. Enough for a page's own text, small beside parsing it.
_SAMPLE = 6_000
#: How far into the body they are looked for.
_SAMPLE_WINDOW = 320_000
_NON_ASCII_RUN = re.compile(rb"[\x80-\xff][\x20-\xff]{0,3}")
_SCRIPTS = re.compile(rb"<(script|style)\b.*?(?:</\1|\Z)", re.IGNORECASE | re.DOTALL)
#: Letters that UTF-8 or GBK bytes become when they are read as a Western encoding, and box drawing, kana and such.
_MOJIBAKE = re.compile("[\x80-\x9f\u00a0-\u00ff\u0152-\u0192\u02c6\u02dc\ue000-\uf8ff]")
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff]")

#: Damage below this share of the sample's non-ASCII letters is an editor's slip, not a wrong encoding.
_TOLERATED = 0.02


def decode(body: bytes, content_type: str | None = None) -> tuple[str, str]:
    """``body`` as text, and the WHATWG name (lower case) of the encoding used. Damaged bytes become U+FFFD; never fails."""
    for mark, name in _BOMS:
        if body.startswith(mark):
            return _read(body[len(mark) :], name), name
    declared = _declarations(body, content_type)
    wide = _wide_without_mark(body)
    if wide:
        return _read(body, wide), wide
    if body.isascii():
        return body.decode("ascii"), declared[0] if declared else "utf-8"
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        # Han characters take three bytes each in UTF-8; other encodings do not produce them by accident.
        if not declared or declared[0] == "utf-8" or _HAN.search(text):
            return text, "utf-8"
    name = _least_damaged(body, declared)
    return _read(body, name), name


def known_encoding(label: str) -> str | None:
    """WHATWG name for a declared label, None for one that is unknown or no text encoding."""
    return _LABELS.get(label.strip().lower())


def _read(body: bytes, name: str) -> str:
    return body.decode(_CODECS.get(name, name), "replace")


def _declarations(body: bytes, content_type: str | None) -> list[str]:
    """Known encodings declared by header, XML declaration and meta, in order of trust."""
    head = body[:_DECLARATION_WINDOW]
    labels: list[str] = []
    header = _HEADER.search(content_type) if content_type else None
    if header:
        labels.append(header[1])
    for match in (_XML.search(head), _META.search(head)):
        if match:
            label = match[1].decode("ascii")
            # A declaration that could be read byte by byte is no UTF-16 (HTML standard, "prescan").
            labels.append("utf-8" if label.lower().startswith("utf-16") else label)
    names = [name for name in map(known_encoding, labels) if name]
    return list(dict.fromkeys(names))


def _wide_without_mark(body: bytes) -> str | None:
    """UTF-16 without a byte order mark: markup's ASCII letters alternate with zero bytes."""
    head = body[:256]
    if len(head) < 8 or head.count(0) < len(head) // 4:
        return None
    even, odd = head[::2].count(0), head[1::2].count(0)
    if odd > 4 * even:
        return "utf-16le"
    if even > 4 * odd:
        return "utf-16be"
    return None


def _least_damaged(body: bytes, declared: list[str]) -> str:
    sample = _sample(body)
    best, least = "", 2.0
    for name in dict.fromkeys([*declared, "utf-8", "gb18030", "big5"]):
        damage = _damage(_read(sample, name))
        if damage <= _TOLERATED and name in declared:
            return name
        if damage < least - 0.01:
            best, least = name, damage
    return best


def _sample(body: bytes) -> bytes:
    """Non-ASCII stretches of the body (scripts left out where that leaves any), up to ``_SAMPLE`` bytes."""
    window = body[:_SAMPLE_WINDOW]
    if b"</" in window:
        without = _SCRIPTS.sub(b" ", window)
        if not without.isascii():
            window = without
    start = next((m.start() for m in _NON_ASCII_RUN.finditer(window)), 0)
    # Whole lines of text, because cutting inside a two-byte character would damage every reading but the right one.
    return window[start : start + _SAMPLE]


def _damage(text: str) -> float:
    """0 (reads as text) to 1 (reads as noise): share of non-ASCII letters that no Chinese page would show."""
    letters = [c for c in text[:_SAMPLE] if c > "\x7f"]
    if not letters:
        return 0.0
    joined = "".join(letters)
    broken = joined.count("\ufffd")
    foreign = len(_MOJIBAKE.findall(joined))
    han = _HAN.findall(joined)
    rare = sum(1 for c in han if c not in _common_han())
    # A common character is right in every sense; a rare one may be a name: half a point.
    return min(1.0, (2 * broken + foreign + 0.5 * rare) / len(letters))


@cache
def _common_han() -> frozenset[str]:
    """The 3755 characters of GB 2312 level 1 and the 5401 of Big5 level 1: nearly all of running text."""
    simplified = bytes(b for lead in range(0xB0, 0xD8) for trail in range(0xA1, 0xFF) for b in (lead, trail))
    trails = [*range(0x40, 0x7F), *range(0xA1, 0xFF)]
    traditional = bytes(b for lead in range(0xA4, 0xC7) for trail in trails for b in (lead, trail))
    text = simplified.decode("gb2312", "ignore") + traditional.decode("big5", "ignore")
    return frozenset(text)
