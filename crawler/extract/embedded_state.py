"""Data that a page carries for its own script: ``window.X = {…}``, ``<script id=X>…</script>``, JSON answers.

States are JavaScript, not JSON: values may be ``undefined``, keys bare, strings single-quoted or wrapped in a decoding
call, and code follows the value. Nothing is executed. A value is first read as JSON, then as JSON whose bare words
became null, and last by a reader of JavaScript literals; each pass is linear, and sizes and nesting are bounded.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from urllib.parse import unquote
from weakref import WeakKeyDictionary

from crawler.extract.js_literal import CutOff, NotLiteral, read_literal
from crawler.extract.json_reading import load, whole_text
from crawler.extract.source import Source

#: Characters read of one state; the largest of public pages are about a tenth of it.
MAX_STATE = 6_000_000
#: Assignments to one name that are tried; pages assign once, and ask for the name a few times.
_TRIES = 5

#: Characters of a statement that assigns one text.
_MAX_STATEMENT = 200_000

_ASSIGNMENT = re.compile(r"[\"']?\]?\s{0,20}=(?!=)\s{0,20}")
_SCRIPT_END = re.compile(r"</script", re.IGNORECASE)
#: A string (kept as it is), or a bare word that JSON has no value for. An unclosed string takes all that follows,
#: so that no position is scanned twice.
_STRING_OR_WORD = re.compile(
    r'"(?:[^"\\]++|\\.)*+(?:"|\Z)|(?<![\w$.])(?:undefined|NaN|-?Infinity|void 0)(?![\w$])', re.DOTALL
)


@dataclass(frozen=True, slots=True)
class State:
    """What was read. ``problem`` is None, ``absent``, ``cut_off`` (the text ends inside the value) or ``unreadable``."""

    value: object = None
    problem: str | None = None


ABSENT = State(problem="absent")

#: One answer is asked by several extractors; its states live as long as its Source.
_read: WeakKeyDictionary[Source, dict[str, State]] = WeakKeyDictionary()


def json_answer(source: Source) -> object:
    """The value of a JSON answer (JSONP unwrapped); None if it is no JSON or null."""
    return _once(source, "json", lambda: State(load(source.json_text))).value


def assigned(source: Source, name: str) -> State:
    """The object or array assigned to the variable or property ``name`` in the page's scripts."""
    return _once(source, f"={name}", lambda: find_assigned(source.text, name))


def assigned_word(source: Source, *names: str) -> str:
    """The first text or number that is not blank among what is assigned to the variables or properties ``names``."""
    for name in names:
        text = text_of(_once(source, f"=={name}", partial(_find_word, source.text, name)).value).strip()
        if text:
            return text
    return ""


def element(source: Source, identity: str) -> State:
    """The data in ``<script id="identity">``, which may be URL-encoded or HTML-escaped JSON."""
    return _once(source, f"#{identity}", lambda: find_element(source.text, identity))


def find_assigned(text: str, name: str) -> State:
    """:func:`assigned` for a text."""
    found = ABSENT
    for start in islice(_assignments(text, name), _TRIES):
        state = read_at(text, start)
        if isinstance(state.value, dict | list) and state.value:
            return state
        if state.problem is not None and found.problem != "cut_off":
            found = state
    return found


def _assignments(text: str, name: str) -> Iterator[int]:
    """Where the values of assignments to ``name`` begin."""
    at = text.find(name)
    while at >= 0:
        end = at + len(name)
        before = text[at - 1 : at]
        if not before or not (before.isalnum() or before in "_$-"):
            match = _ASSIGNMENT.match(text, end)
            if match is not None:
                yield match.end()
        at = text.find(name, end)


def _find_word(text: str, name: str) -> State:
    for start in islice(_assignments(text, name), _TRIES):
        piece = text[start : start + _MAX_STATEMENT]
        end = _SCRIPT_END.search(piece)
        piece = piece[: end.start()] if end else piece
        try:
            value = read_literal(piece)
        except (NotLiteral, RecursionError):
            continue
        if isinstance(value, str | int) and text_of(value).strip():
            return State(value)
    return ABSENT


def find_element(text: str, identity: str) -> State:
    """:func:`element` for a text."""
    match = re.search(
        rf"<script\b[^>]{{0,300}}?\bid\s?=\s?[\"']?{re.escape(identity)}(?![\w-])[^>]{{0,300}}>", text, re.IGNORECASE
    )
    if match is None:
        return ABSENT
    end = _SCRIPT_END.search(text, match.end())
    content = text[match.end() : min(end.start() if end else len(text), match.end() + MAX_STATE)].strip()
    if content[:3].upper() in ("%7B", "%5B"):
        content = unquote(content, errors="replace")
    elif "&quot;" in content[:400] or "&#34;" in content[:400]:
        content = html.unescape(content)
    state = read_at(content, 0)
    return State(problem="cut_off") if state.problem is not None and end is None else state


def read_at(text: str, start: int) -> State:
    """The value that begins at ``start``; what follows it does not matter."""
    if text[start : start + 1] in ("{", "["):
        value, known = _json(text, start)
        if known:
            return State(value)
    end = _SCRIPT_END.search(text, start)
    stop = min(end.start() if end else len(text), start + MAX_STATE)
    piece = text[start:stop]
    if piece[:1] in ("{", "["):
        value, known = _json(_STRING_OR_WORD.sub(lambda m: m[0] if m[0][0] == '"' else "null", piece), 0)
        if known:
            return State(value)
    try:
        return State(read_literal(piece))
    except CutOff:
        return State(problem="unreadable" if end else "cut_off")
    except (NotLiteral, RecursionError):
        return State(problem="unreadable")


def text_of(value: object) -> str:
    """A string or number of a state as text that every later step can encode; "" for anything else."""
    if isinstance(value, str):
        return whole_text(value)
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _integer(digits: str) -> int | str:
    # Python refuses integers of thousands of digits; identifiers beyond 18 digits are kept as they are spelled.
    return int(digits) if len(digits.lstrip("-")) <= 18 else digits


_DECODER = json.JSONDecoder(strict=False, parse_int=_integer, parse_constant=lambda _: None)


def _json(text: str, start: int) -> tuple[object, bool]:
    try:
        return _DECODER.raw_decode(text, start)[0], True
    except (ValueError, RecursionError):
        return None, False


def _once(source: Source, key: str, read: Callable[[], State]) -> State:
    states = _read.setdefault(source, {})
    if key not in states:
        states[key] = read()
    return states[key]
