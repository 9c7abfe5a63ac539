"""State that a page streams in pieces: ``self.__next_f.push([1,"…"])`` (React server components) and its renamed kin."""

from __future__ import annotations

import re

from crawler.extract.embedded_state import ABSENT, MAX_STATE, State, read_at
from crawler.extract.source import Source

#: Pieces read of one page.
MAX_PIECES = 400


def pushed(source: Source, name: str, signs: tuple[str, ...]) -> State:
    """The first piece pushed to ``name`` that holds one of ``signs``: pieces are lines ``<number>:<JSON>`` in a string."""
    text = source.text
    if f"{name}.push" not in text:
        return ABSENT
    problem = ABSENT
    whole = ""
    for number, match in enumerate(re.finditer(rf"{re.escape(name)}\.push\(\s{{0,9}}", text)):
        if number >= MAX_PIECES or len(whole) > MAX_STATE:
            break
        state = read_at(text, match.end())
        if isinstance(state.value, list) and len(state.value) > 1 and isinstance(state.value[1], str):
            whole += state.value[1]
        elif state.problem is not None:
            # What is open here is open to the end of the page: the pieces after it would read the same text again.
            problem = state
            break
    for line in whole.splitlines():
        if any(sign in line for sign in signs):
            state = read_at(line, line.find(":") + 1)
            if state.problem is None:
                return state
            problem = state
    return problem
