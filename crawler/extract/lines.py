"""Lines of text as a browser lays them out."""

from __future__ import annotations

import re
from itertools import pairwise

#: Stands in a line where two boxes touch without being one word: becomes a space, or nothing beside a single character
#: (text laid out one character a box is read as one word).
TOUCH = "\x1f"
_SPACES = re.compile(r"[ \t\n\r\f\v\x00-\x08\x0e-\x1e]+")
_WIDE = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f"
#: CSS Text 3, 4.1.2: a source line break between two East Asian characters is no space.
_WIDE_BREAK = re.compile(rf"(?<=[{_WIDE}])[ \t]*[\r\n]\s*(?=[{_WIDE}])")
_EDGES = " \u3000\u00a0\ufeff"
_SOFT_HYPHEN = "\u00ad"


def tidy(text: str) -> str:
    """One line: spaces collapsed, soft hyphens gone, touching boxes separated, edges trimmed."""
    if TOUCH in text:
        text = _untouch(text)
    if _SOFT_HYPHEN in text:
        text = text.replace(_SOFT_HYPHEN, "")
    return _SPACES.sub(" ", text).strip(_EDGES)


def unbroken(text: str) -> str:
    """A text node without the source line breaks that stand inside Chinese text."""
    return _WIDE_BREAK.sub("", text) if "\n" in text or "\r" in text else text


def _untouch(text: str) -> str:
    parts = [part for part in text.split(TOUCH) if part]
    if not parts:
        return ""
    joined = [parts[0]]
    for left, right in pairwise(parts):
        single = len(left.strip()) <= 1 or len(right.strip()) <= 1
        joined += ("" if single else " ", right)
    return "".join(joined)
