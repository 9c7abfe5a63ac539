"""Embedded state: JavaScript values are read without being run, within bounds, and never raise."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crawler.extract.embedded_state import find_assigned, find_element, read_at, text_of
from crawler.extract.js_literal import MAX_DEPTH, CutOff, NotLiteral, read_literal


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{a: 1, \'b\': "x", "c": undefined, d: NaN,}', {"a": 1, "b": "x", "c": None, "d": None}),
        ("[1, , 'a',]", [1, None, "a"]),
        ("'it\\'s \\u4e2d\\x41\\u{1F600}\\n'", "it's 中A😀\n"),
        ('"\\ud83d\\ude00"', "😀"),
        ('"\\ud83d"', "\ufffd"),
        ("`line\n${x}`", "line\n${x}"),
        ("!0", True),
        ("void 0", None),
        ("-1.5e3", -1500.0),
        ("0x1F", 31),
        ("12345678901234567890123", "12345678901234567890123"),
        ("{f: function (a) { return {b: '}'} }, g: 1}", {"f": None, "g": 1}),
        (
            "{f() { return 1 }, async g() {}, h: x => x + 1, i: () => { 2 }, j: 3}",
            {"f": None, "g": None, "h": None, "i": None, "j": 3},
        ),
        ("{a: window.b.c, d: 1}", {"a": None, "d": 1}),
        ("{...{a: 1}, b: 2}", {"a": 1, "b": 2}),
        ("{['a']: 1, 2: 3}", {"a": 1, "2": 3}),
        ("{/* a */ a: 1, // b\n b: 2}", {"a": 1, "b": 2}),
        ('JSON.parse(\'{"a": "\\\\u4e2d"}\')', {"a": "中"}),
        ("JSON.parse(decodeURIComponent('%7B%22a%22%3A1%7D'))", {"a": 1}),
        ("JsDecode('a\\x26lt;b')", "a<b"),
        ("'8' * 1", 8),
        ("'' * 1", 0),
        ("'' || 'b' || 'c'", "b"),
        ("'a' + 'b' + 1", "ab1"),
        ("'1' == '1' ? 'y' : 'n'", "y"),
        ("'&quot;x&quot;'.slice(6, -6)", "x"),
        ("'x'.replace(/<br>/ig, '')", "x"),
        ("[{a: 1}][0] || {}", {"a": 1}),
        ("window.b = 'c'", "c"),
        ("new Date(5)", 5),
    ],
)
def test_values(text: str, value: object) -> None:
    """Literals and the expressions that platforms wrap around them have their values."""
    assert value == read_literal(text)


@pytest.mark.parametrize("text", ["{a: 1", "[1, ", "'abc", "{a:", "", "f(1, ", "{f: function () { ", "/* x"])
def test_cut_off(text: str) -> None:
    """A text that ends inside a value is told from one that is no value."""
    with pytest.raises(CutOff):
        read_literal(text)


@pytest.mark.parametrize("text", ["}", "{a b}", "[1 2]", "@", "[" * (MAX_DEPTH + 5) + "]" * (MAX_DEPTH + 5)])
def test_no_value(text: str) -> None:
    """Other text, and nesting beyond the bound, is refused."""
    with pytest.raises(NotLiteral):
        read_literal(text)


def test_assigned_among_other_code() -> None:
    """The assignment is found after mere mentions; what follows the value does not matter; ``undefined`` inside texts stays."""
    page = (
        "<script>if (window.STATE) {}; window.STATE == 1; window.STATE={}</script><script>window.STATE = "
        '{"a": undefined, "b": "is undefined}", "c": "</div>"};(function(){})()</script>'
    )
    assert find_assigned(page, "STATE").value == {"a": None, "b": "is undefined}", "c": "</div>"}
    assert find_assigned("self['STATE'] = [1]", "STATE").value == [1]
    assert find_assigned("MY_STATE = [1]", "STATE").problem == "absent"
    assert find_assigned("<script>STATE = {'a': 'b", "STATE").problem == "cut_off"
    assert find_assigned("<script>STATE = {'a': }</script>", "STATE").problem == "unreadable"


def test_element_in_every_spelling() -> None:
    """Data in a script element may be plain, URL-encoded or HTML-escaped."""
    value = {"a": "中<>&"}
    for spelled in (json.dumps(value), quote(json.dumps(value), safe=""), json.dumps(value).replace('"', "&quot;")):
        page = f'<script data-x id="DATA" type="application/json">{spelled}</script>'
        assert value == find_element(page, "DATA").value
    assert find_element('<script id="DATA2">{}</script>', "DATA").problem == "absent"
    assert find_element('<script id="DATA">%7B%22a%22%3A', "DATA").problem == "cut_off"


def test_text_of_numbers_and_surrogates() -> None:
    """Identifiers may be numbers; half characters become U+FFFD."""
    assert [text_of(5), text_of("\ud83d"), text_of(None), text_of(True)] == ["5", "\ufffd", "", ""]


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.text(max_size=6), JSON_VALUES, min_size=1, max_size=4), st.booleans())
def test_json_is_read_as_json(value: dict[str, object], ascii_only: bool) -> None:
    """JSON has one meaning, whichever reader reads it."""
    spelled = json.dumps(value, ensure_ascii=ascii_only)
    assert value == read_literal(spelled)
    inside = spelled.replace("</", "<\\/")
    assert value == find_assigned(f"<script>var X = {inside};</script>", "X").value


PIECES = st.sampled_from(
    [
        *"{}[]()'\"`,:;.=!?+-*/\\ \n1a",
        "function",
        "=>",
        "undefined",
        "/*",
        "//",
        "\\u",
        "...",
        "JSON.parse(",
        "new ",
        "||",
        "</script",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=60))
def test_any_code(pieces: list[str]) -> None:
    """Any text is a value or a problem, never an error."""
    state = read_at("".join(pieces), 0)
    assert state.problem in (None, "cut_off", "unreadable")


ATTACKS: dict[str, Callable[[int], str]] = {
    "open brackets": lambda n: "[" * n,
    "open braces": lambda n: "{a:" * (n // 3),
    "open strings": lambda n: '{"a":"' + '\\"' * (n // 2),
    "many strings": lambda n: "{a:" + "'x'+" * (n // 4),
    "comments": lambda n: "[" + "/*x*/" * (n // 5),
    "open comments": lambda n: "[" + "/* " * (n // 3),
    "calls": lambda n: "f(" * (n // 2),
    "calls that are no values": lambda n: "[" + "f(/x/)," * (n // 7),
    "functions": lambda n: "{" + "a(){}," * (n // 6),
    "open functions": lambda n: "{a:" + "function(){" * (n // 11),
    "arrows": lambda n: "[" + "(a,b)=>{}," * (n // 10),
    "almost arrows": lambda n: "[" + "(a,a,a,a " * (n // 9),
    "conditions": lambda n: "a?" * (n // 2),
    "negations": lambda n: "!" * n,
    "numbers": lambda n: "[" + "1," * (n // 2),
    "long number": lambda n: "[" + "1" * n,
    "bare words": lambda n: '{"a":[' + "undefined," * (n // 10),
    "assignments": lambda n: "X={" * (n // 3),
    "mentions": lambda n: "X = [{'a" * (n // 8),
    "script elements": lambda n: "<script id=" * (n // 11),
    "dots": lambda n: "[a" + ".a" * (n // 2),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_time_is_linear(name: str) -> None:
    """Twenty times the input takes about twenty times the time (quadratic growth would be four hundred)."""

    def seconds(n: int) -> float:
        text = "<script>X = " + ATTACKS[name](n)
        best = 9e9
        for _ in range(2):
            begin = time.process_time()
            find_assigned(text, "X")
            find_element(text, "X")
            best = min(best, time.process_time() - begin)
        return best

    seconds(2_000)
    assert seconds(60_000) < 120 * max(seconds(3_000), 0.002)
