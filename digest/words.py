"""Chinese names of what the digest keeps as codes, and which authorities a kind of violation concerns (``labels.yaml``)."""

from __future__ import annotations

from collections import Counter
from typing import Any

from digest.templates import Templates
from digest.text import visible
from domain.digest import DigestItem

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
        """The words of ``templates``."""
        return cls(templates.data(LABELS))

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
        """建议移送部门: those of the behaviours that were hit, by how many of them name it; else of the categories."""
        codes = frozenset(finding.behaviour for finding in item.findings if finding.behaviour)
        key = codes, item.categories
        if key not in self._authority_cache:
            table = self._data.get("behaviours") or {}
            lists = [table[code]["authorities"] for code in sorted(codes) if code in table]
            if not lists:
                groups = self._data.get("categories") or {}
                lists = [groups[letter]["authorities"] for letter in item.categories if letter in groups]
            votes: Counter[str] = Counter()
            for names in lists:
                # The first named is the one in charge.
                votes.update({name: 3 if place == 0 else 1 for place, name in enumerate(names)})
            self._authority_cache[key] = "、".join(name for name, _ in ranked(votes)[:AUTHORITIES_SHOWN])
        return self._authority_cache[key]


def ranked(counter: Counter[str]) -> list[tuple[str, int]]:
    """Most first; equals by name, so that the same digest always reads the same."""
    return sorted(counter.items(), key=lambda pair: (-pair[1], pair[0]))
