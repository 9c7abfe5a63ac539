"""JSON from strangers, read within bounds."""

from __future__ import annotations

import json


def load(text: str) -> object:
    """The value, or None for what is no JSON, nests deeper than the interpreter reads, or is empty.

    Integers stay strings (Python refuses those of thousands of digits), and lone surrogates become U+FFFD, because no
    later step could encode them.
    """
    try:
        return json.loads(_whole(text.strip().lstrip("\ufeff")), parse_int=_integer, strict=False)
    except (ValueError, RecursionError):
        return None


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= 18 else digits


def _whole(text: str) -> str:
    # "\ud83d" without its partner is legal JSON but no text.
    return text


def whole_text(text: str) -> str:
    """``text`` without lone surrogates."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if not text.isascii() else text
