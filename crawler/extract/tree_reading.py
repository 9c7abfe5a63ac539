"""Finding values in the data of a platform: nested dictionaries and lists that strangers filled."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

from crawler.extract.embedded_state import text_of

Tree = dict[str, Any]

#: Members of one list that are read; pages hold some hundreds.
MAX_ITEMS = 3000
#: Dictionaries looked at in one search.
MAX_LOOKED_AT = 60_000
_IDENTITY = re.compile(r"[A-Za-z0-9_-]{1,64}")
#: Vue keeps a reactive value inside an object; saved states hold the object.
_REACTIVE = ("_rawValue", "_value")


def dig(value: object, *path: str | int) -> Any:
    """The value at ``path`` (keys and list positions), through Vue's wrappers; None where there is none."""
    value = _bare(value)
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
        value = _bare(value)
    return value


def tree(value: object, *path: str | int) -> Tree:
    """The dictionary at ``path``, or an empty one."""
    found = dig(value, *path)
    return found if isinstance(found, dict) else {}


def trees(value: object, *path: str | int) -> list[Tree]:
    """The dictionaries in the list at ``path``; the values of a dictionary count as a list in its order, because some
    platforms spell lists as ``{"0": …, "1": …}``."""
    found = dig(value, *path)
    items: Iterable[object] = found.values() if isinstance(found, dict) else found if isinstance(found, list) else ()
    items = islice(items, MAX_ITEMS)
    return [bare for item in items if isinstance(bare := _bare(item), dict)]


def word(value: object, *names: str) -> str:
    """The first text or number that is not blank among the members ``names`` of ``value``; "" if there is none."""
    if isinstance(value, dict):
        for name in names:
            text = text_of(_bare(value.get(name))).strip()
            if text:
                return text
    return ""


def identity_in(value: object, *names: str) -> str:
    """The first of the members that can be part of an address: letters, digits, hyphens, underscores."""
    return next((text for name in names if _IDENTITY.fullmatch(text := word(value, name))), "")


def has(value: object, *names: str) -> bool:
    """Whether one of the members exists, blank or not: a missing member is a changed platform, a blank one is not."""
    return isinstance(value, dict) and any(isinstance(_bare(value.get(name)), str | int | float) for name in names)


def find(value: object, wanted: Callable[[Tree], bool]) -> Tree | None:
    """The nearest dictionary (breadth first) that is ``wanted``."""
    return next((found for found in below(value) if wanted(found)), None)


def below(value: object) -> Iterator[Tree]:
    """All dictionaries in ``value``, nearest first, at most :data:`MAX_LOOKED_AT`."""
    queue: deque[object] = deque([value])
    looked_at = 0
    while queue and looked_at < MAX_LOOKED_AT:
        item = queue.popleft()
        if isinstance(item, dict):
            looked_at += 1
            yield item
            queue.extend(child for child in item.values() if isinstance(child, dict | list))
        elif isinstance(item, list):
            queue.extend(child for child in item if isinstance(child, dict | list))


def _bare(value: object) -> object:
    if isinstance(value, dict) and len(value) <= 8:
        for name in _REACTIVE:
            if name in value:
                return value[name]
    return value
