"""Chinese names of what the digest keeps as codes, and which authorities a kind of violation concerns (``labels.yaml``)."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from digest.templates import Templates
from digest.text import visible
from domain.digest import DigestItem
from domain.errors import BadFile

LABELS = "labels.yaml"

#: Characters of a name that a table still shows well.
WORD_LIMIT = 80

#: How many authorities are suggested for one lead.
AUTHORITIES_SHOWN = 3


class Words:
    """Names from ``labels.yaml``; what it does not know is shown as it is, never left out."""

    def __init__(self, data: dict[str, Any]) -> None:
        """``data``: content of ``labels.yaml``."""
        self._data = data
        self._authority_cache: dict[tuple[frozenset[str], tuple[str, ...]], str] = {}

    @classmethod
    def load(cls, templates: Templates) -> Words:
        """The words of ``templates``.

        Raises :class:`BadFile` naming file and key where the user's file holds what nothing reads, or a value of the
        wrong shape: a misspelt key would leave a place in an official paper as it was without a word.
        """
        data = templates.data(LABELS)
        path = templates.find(LABELS)
        bundled = Templates()
        if path is not None and path != bundled.find(LABELS):
            fault = _fault(data, bundled.data(LABELS))
            if fault:
                raise BadFile(f"简报用语文件“{path}”{fault}；请对照随附的同名文件改正。")
        return cls(data)

    def plain(self, key: str) -> str:
        """A text of the file's top level."""
        return visible(str(self._data.get(key) or ""))

    def _name(self, table: str, key: str) -> str:
        found = (self._data.get(table) or {}).get(key)
        return visible(str(found if found is not None else key), WORD_LIMIT)

    def platform(self, key: str) -> str:
        """Name of a platform."""
        return self._name("platforms", key)

    def outcome(self, key: str) -> str:
        """Name of a crawl outcome."""
        return self._name("outcomes", key)

    def identifier(self, key: str) -> str:
        """Name of a kind of contact."""
        return self._name("identifiers", key)

    def behaviour(self, code: str) -> str:
        """``B9 宣传“包过”``, or the code alone."""
        entry = (self._data.get("behaviours") or {}).get(code)
        return visible(f"{code} {entry['name']}" if entry else code, WORD_LIMIT)

    def authorities(self, item: DigestItem) -> str:
        """建议移送部门 of an item: see :meth:`authorities_for`."""
        return self.authorities_for(
            frozenset(finding.behaviour for finding in item.findings if finding.behaviour), item.categories
        )

    def authorities_for(self, codes: frozenset[str], categories: tuple[str, ...]) -> str:
        """建议移送部门: those of the behaviours that were hit, by how many of them name it; else of the categories."""
        key = codes, categories
        if key not in self._authority_cache:
            table = self._data.get("behaviours") or {}
            lists = [table[code]["authorities"] for code in sorted(codes) if code in table]
            if not lists:
                groups = self._data.get("categories") or {}
                lists = [groups[letter]["authorities"] for letter in categories if letter in groups]
            votes: Counter[str] = Counter()
            for names in lists:
                # The first named is the one in charge.
                votes.update({name: 3 if place == 0 else 1 for place, name in enumerate(names)})
            self._authority_cache[key] = "、".join(name for name, _ in ranked(votes)[:AUTHORITIES_SHOWN])
        return self._authority_cache[key]


#: Tables to which a user may add: platforms of spiders of his own, behaviours of rule packs of his own.
_OPEN_TABLES = {"platforms": re.compile(r".+"), "behaviours": re.compile(r"[A-E]\d{1,2}")}
_ENTRY_KEYS = {"behaviours": ("name", "authorities"), "categories": ("authorities",)}


def _fault(data: dict[str, Any], bundled: dict[str, Any]) -> str | None:
    """What is wrong with the words ``data`` (laid over the ``bundled`` ones), in Chinese; None where all is well."""
    for key, value in data.items():
        if key not in bundled:
            return f"中的键“{key}”不认识"
        if not isinstance(bundled[key], dict):
            if isinstance(value, dict | list):
                return f"中的“{key}”应为一段文字"
            continue
        if not isinstance(value, dict):
            return f"中的“{key}”应为“键: 值”的映射"
        for name, entry in value.items():
            if name not in bundled[key] and not (key in _OPEN_TABLES and _OPEN_TABLES[key].fullmatch(str(name))):
                return f"中的键“{key}.{name}”不认识"
            fault = _entry_fault(entry, _ENTRY_KEYS.get(key, ()))
            if fault:
                return f"中的“{key}.{name}{fault}"
    return None


def _entry_fault(entry: Any, keys: tuple[str, ...]) -> str | None:
    """What is wrong with one entry that holds ``keys`` (none: a plain word); begins where its name ends."""
    if not keys:
        return "”应为一段文字" if isinstance(entry, dict | list) else None
    if not isinstance(entry, dict):
        return f"”应为含 {'、'.join(keys)} 的映射"
    for key in entry:
        if key not in keys:
            return f".{key}”不认识"
    for key in keys:
        if key not in entry:
            return f"”缺少 {key}"
    names = entry["authorities"]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        return ".authorities”应为部门名称的列表"
    return None


def ranked(counter: Counter[str]) -> list[tuple[str, int]]:
    """Most first; equals by name, so that the same digest always reads the same."""
    return sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))
