"""Identifiers that several pages of a digest share, by themselves or through their operator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from digest.text import visible
from digest.words import WORD_LIMIT, Words
from domain.digest import DigestItem


@dataclass(frozen=True, slots=True)
class SharedView:
    """An identifier (masked: two numbers may look the same) of several pages, or of the operator of several pages."""

    label: str
    pages: int
    targets: tuple[str, ...]
    """Names of the targets on whose pages it stands."""
    across: bool
    """Whether these are several targets."""


def shared_identifiers(items: Sequence[DigestItem], words: Words) -> tuple[SharedView, ...]:
    """Those of several pages, those on most targets first."""
    pages: dict[str, list[str]] = {}
    for item in items:
        if item.operator is not None:
            for kind, value in item.operator.identifiers:
                pages.setdefault(f"{words.identifier(kind)} {visible(value, WORD_LIMIT)}", []).append(item.target)
    shared = [
        SharedView(
            label,
            len(targets),
            tuple(visible(target, WORD_LIMIT) for target in dict.fromkeys(targets)),
            len(set(targets)) > 1,
        )
        for label, targets in pages.items()
        if len(targets) > 1
    ]
    return tuple(sorted(shared, key=lambda found: (-len(found.targets), -found.pages, found.label)))
