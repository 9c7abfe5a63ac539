"""A reader of JavaScript values as pages write them down: literals, and the few expressions platforms wrap around them.

ECMA-262 12.9 (literals) without functions and classes, which read as None. Known wrappers are evaluated
(``JSON.parse("…")``, ``decodeURIComponent("…")``, WeChat's ``JsDecode('…')``, ``'8' * 1``, ``"a" || ""``,
``'&quot;a&quot;'.slice(6, -6)``); any other call is taken for its first argument. Operators are read from left to right.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from urllib.parse import unquote

from crawler.extract.json_reading import whole_text

MAX_DEPTH = 90
#: Values read of one literal; a page's largest state holds some ten thousand.
MAX_VALUES = 150_000


class NotLiteral(ValueError):
    """The text is no value that can be read."""


class CutOff(NotLiteral):
    """The text ends inside the value."""


_BLANK = re.compile(r"(?:[\s\ufeff]++|//[^\n]*+\n?|/\*(?:[^*]++|\*(?!/))*+(?:\*/|\Z)|<!--[^\n]*+)*+")
_STRINGS = {
    quote: re.compile(rf"{quote}((?:[^{quote}\\]++|\\[\s\S])*+)(?:({quote})|\\?\Z)") for quote in ('"', "'", "`")
}
_NUMBER = re.compile(
    r"[-+]?(?:0[xX][0-9a-fA-F]{1,16}|(?:\d{1,400}(?:\.\d{0,400})?|\.\d{1,400})(?:[eE][-+]?\d{1,4})?)n?"
)
_WORD = re.compile(r"[A-Za-z_$\u00aa-\U0010ffff][\w$]*+")
_CALLEE = re.compile(r"[A-Za-z_$\u00aa-\U0010ffff][\w$]*+(?:\??\.[A-Za-z_$][\w$]*+){0,8}+")
_ARROW = re.compile(r"\([\w$,\s]{0,200}+\)\s{0,20}+=>\s{0,20}+|[\w$]{1,60}+\s{0,20}+=>\s{0,20}+")
_OPERATOR = re.compile(r"\|\||&&|\?\?|===?|!==?|<=|>=|[-+*/%<>]")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}|(\r\n|[\s\S]))")
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0", "\n": "", "\r": "", "\r\n": ""}
#: What matters for finding the end of code: brackets, strings and comments.
_CODE = re.compile(
    r"[{}()\[\]]|\"(?:[^\"\\\n]++|\\[\s\S])*+\"?|'(?:[^'\\\n]++|\\[\s\S])*+'?|`(?:[^`\\]++|\\[\s\S])*+`?"
    r"|//[^\n]*+|/\*(?:[^*]++|\*(?!/))*+(?:\*/|\Z)"
)
_WORDS: dict[str, object] = {
    "true": True,
    "false": False,
    "null": None,
    "undefined": None,
    "NaN": None,
    "Infinity": None,
}
_MODIFIERS = frozenset(["async", "get", "set"])
_CODE_WORDS = frozenset(["function", "async", "class"])


def read_literal(text: str) -> object:
    """The value at the start of ``text``. Raises :class:`CutOff` where the text ends inside it, :class:`NotLiteral`
    where it is something else, nests deeper than :data:`MAX_DEPTH` or holds more than :data:`MAX_VALUES` values."""
    reader = _Reader(text)
    reader.blank()
    return reader.expression(0)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.values = 0

    def blank(self) -> None:
        match = _BLANK.match(self.text, self.at)
        if match is not None:
            self.at = match.end()

    def peek(self) -> str:
        self.blank()
        if self.at >= len(self.text):
            raise CutOff(self.at)
        return self.text[self.at]

    def take(self, character: str) -> bool:
        if self.peek() != character:
            return False
        self.at += 1
        return True

    def expect(self, character: str) -> None:
        if not self.take(character):
            raise NotLiteral(f"no {character!r} at {self.at}")

    def expression(self, depth: int) -> object:
        """A value with what is done to it."""
        value = self.followed(self.primary(depth), depth)
        while True:
            self.blank()
            match = _OPERATOR.match(self.text, self.at)
            if match is not None:
                self.at = match.end()
                value = _applied(match[0], value, self.followed(self.primary(depth + 1), depth))
            elif self.text.startswith("?", self.at):
                self.at += 1
                positive = self.expression(depth + 1)
                self.expect(":")
                negative = self.expression(depth + 1)
                value = positive if value else negative
            elif self.text.startswith("=", self.at) and not self.text.startswith(("==", "=>"), self.at):
                self.at += 1  # a = b = value
                value = self.expression(depth + 1)
            else:
                return value

    def followed(self, value: object, depth: int) -> object:
        """``.method(…)``, ``.property`` and ``[index]`` after a value."""
        while True:
            self.blank()
            following = self.text[self.at : self.at + 1]
            if following == "." or self.text.startswith("?.", self.at):
                self.at += 1 if following == "." else 2
                name = self.word()
                self.blank()
                if self.text.startswith("(", self.at):
                    value = _method(value, name, self.arguments(depth))
            elif following == "[" and isinstance(value, list | dict):
                self.at += 1
                index = self.expression(depth + 1)
                self.expect("]")
                value = _item(value, index)
            else:
                return value

    def primary(self, depth: int) -> object:
        """A value by its first character."""
        self.values += 1
        if depth > MAX_DEPTH or self.values > MAX_VALUES:
            raise NotLiteral("too large")
        character = self.peek()
        if character == "{":
            return self.braces(depth)
        if character == "[":
            return self.brackets(depth)
        if character in _STRINGS:
            return self.string(character)
        if character == "(":
            return self.bracketed(depth)
        if character == "!":
            self.at += 1
            return not self.followed(self.primary(depth + 1), depth)
        number = _NUMBER.match(self.text, self.at)
        if number is not None:
            self.at = number.end()
            return _number(number[0].rstrip("n"))
        if character in "-+~":
            self.at += 1
            return self.primary(depth + 1)
        return self.named(depth)

    def named(self, depth: int) -> object:
        """A word: a constant, a call, a name that stands for something unknown, or code."""
        arrow = _ARROW.match(self.text, self.at)
        if arrow is not None:
            return self.arrow(arrow.end(), depth)
        match = _CALLEE.match(self.text, self.at)
        if match is None:
            raise NotLiteral(f"unexpected {self.text[self.at]!r} at {self.at}")
        name = match[0]
        if name in ("new", "void", "typeof", "await"):
            self.at = match.end()
            value = self.primary(depth + 1)
            return value if name == "new" else None
        if name in _CODE_WORDS:
            self.at = match.end()
            self.code()
            return None
        self.at = match.end()
        if name in _WORDS:
            return _WORDS[name]
        self.blank()
        return _called(name, self.arguments(depth)) if self.text.startswith("(", self.at) else None

    def arrow(self, end: int, depth: int) -> object:
        self.at = end
        if self.peek() == "{":
            self.balanced()
        else:
            self.expression(depth + 1)
        return None

    def bracketed(self, depth: int) -> object:
        arrow = _ARROW.match(self.text, self.at)
        if arrow is not None:
            return self.arrow(arrow.end(), depth)
        self.at += 1
        value = self.expression(depth + 1)
        while self.take(","):
            value = self.expression(depth + 1)
        self.expect(")")
        return value

    def braces(self, depth: int) -> dict[str, object]:
        self.at += 1
        members: dict[str, object] = {}
        while not self.take("}"):
            if self.text.startswith("...", self.at):
                self.at += 3
                spread = self.expression(depth + 1)
                if isinstance(spread, dict):
                    members.update(spread)
            else:
                self.member(members, depth)
            if not self.take(",") and self.peek() != "}":
                raise NotLiteral(f"no comma at {self.at}")
        return members

    def member(self, members: dict[str, object], depth: int) -> None:
        character = self.peek()
        if character in _STRINGS:
            key = self.string(character)
        elif character == "[":
            self.at += 1
            key = str(self.expression(depth + 1))
            self.expect("]")
        elif character.isdigit():
            number = _NUMBER.match(self.text, self.at)
            assert number is not None  # a digit is a number
            self.at = number.end()
            key = number[0]
        else:
            key = self.word()
        following = self.peek()
        if key in _MODIFIERS and following not in ":,}(":
            key = self.word()
            following = self.peek()
        if following == ":":
            self.at += 1
            members[key] = self.expression(depth + 1)
        elif following == "(":
            self.code()
            members[key] = None
        else:
            members.setdefault(key, None)

    def brackets(self, depth: int) -> list[object]:
        self.at += 1
        items: list[object] = []
        while not self.take("]"):
            if self.take(","):
                items.append(None)
                continue
            if self.text.startswith("...", self.at):
                self.at += 3
                spread = self.expression(depth + 1)
                items += spread if isinstance(spread, list) else []
            else:
                items.append(self.expression(depth + 1))
            if not self.take(",") and self.peek() != "]":
                raise NotLiteral(f"no comma at {self.at}")
        return items

    def arguments(self, depth: int) -> list[object]:
        """Arguments of a call; those that are no values (regular expressions, code) make all of them unknown."""
        start = self.at
        self.at += 1
        items: list[object] = []
        try:
            while not self.take(")"):
                items.append(self.expression(depth + 1))
                if not self.take(",") and self.peek() != ")":
                    raise NotLiteral(f"no comma at {self.at}")
        except CutOff:
            raise
        except NotLiteral:
            self.at = start
            self.balanced()
            return []
        return items

    def string(self, quote: str) -> str:
        match = _STRINGS[quote].match(self.text, self.at)
        if match is None or not match[2]:
            raise CutOff(len(self.text))
        self.at = match.end()
        return unescaped(match[1])

    def word(self) -> str:
        self.blank()
        match = _WORD.match(self.text, self.at)
        if match is None:
            if self.at >= len(self.text):
                raise CutOff(self.at)
            raise NotLiteral(f"no name at {self.at}")
        self.at = match.end()
        return match[0]

    def code(self) -> None:
        """Over ``name(parameters) {body}``."""
        while self.peek() not in "({":
            self.word() if self.text[self.at] not in "*=>" else self.take(self.text[self.at])
        if self.peek() == "(":
            self.balanced()
        if self.peek() == "{":
            self.balanced()

    def balanced(self) -> None:
        """Over a bracketed piece of code."""
        level = 0
        for match in _CODE.finditer(self.text, self.at):
            token = match[0]
            if token in ("{", "(", "["):
                level += 1
            elif token in ("}", ")", "]"):
                level -= 1
                if level == 0:
                    self.at = match.end()
                    return
        raise CutOff(len(self.text))


def unescaped(text: str) -> str:
    """The characters of a string literal's content."""
    if "\\" not in text:
        return text
    return whole_text(_ESCAPE.sub(_character, text))


def _character(match: re.Match[str]) -> str:
    code = match[1] or match[2] or match[3]
    if code:
        point = int(code, 16)
        return chr(point) if point <= 0x10FFFF else "\ufffd"
    return _SIMPLE.get(match[4], match[4])


def _number(digits: str) -> int | float | str | None:
    try:
        if digits.lower().lstrip("+-").startswith("0x"):
            return int(digits, 16)
        if digits.lstrip("+-").isdigit():
            return int(digits) if len(digits.lstrip("+-")) <= 18 else digits
        return float(digits)
    except ValueError:
        return None


def _applied(operator: str, left: object, right: object) -> object:
    if operator in ("||", "??"):
        return left if left else right
    if operator == "&&":
        return right if left else left
    if operator == "+" and isinstance(left, str | int) and isinstance(right, str | int):
        if isinstance(left, str) or isinstance(right, str):
            return f"{left}{right}"
        return left + right
    if operator == "*" and right == 1:
        return _number(left) if isinstance(left, str) and _NUMBER.fullmatch(left) else (left or 0)
    if operator in ("==", "==="):
        return left == right or str(left) == str(right)
    if operator in ("!=", "!=="):
        return left != right and str(left) != str(right)
    return left


def _item(value: list[object] | dict[str, object], index: object) -> object:
    if isinstance(value, list):
        return value[index] if isinstance(index, int) and -1 < index < len(value) else None
    return value.get(str(index))


def _method(value: object, name: str, arguments: list[object]) -> object:
    if name in ("slice", "substring") and isinstance(value, str | list):
        bounds = [bound for bound in arguments if isinstance(bound, int)]
        if bounds and len(bounds) == len(arguments) <= 2:
            return value[bounds[0] : bounds[1] if len(bounds) == 2 else None]
    return value


def _parsed(text: str) -> object:
    try:
        return json.loads(text, strict=False, parse_int=_number)
    except (ValueError, RecursionError):
        return None


_CALLS: dict[str, Callable[[str], object]] = {
    "JSON.parse": _parsed,
    "decodeURIComponent": lambda text: unquote(text, errors="replace"),
    "unescape": lambda text: unquote(text, errors="replace"),
    "JsDecode": html.unescape,
    "htmlDecode": html.unescape,
}


def _called(name: str, arguments: list[object]) -> object:
    value = arguments[0] if arguments else None
    call = _CALLS.get(name.removeprefix("window."))
    return call(value) if call is not None and isinstance(value, str) else value
