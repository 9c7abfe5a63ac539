"""Claims as a reader sees them: each in its sentence, and those of one sentence together."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

#: Beyond this many passages of one page readers are told how many more claims there are.
PASSAGES_SHOWN = 4


@dataclass(frozen=True, slots=True)
class FindingView:
    """One claim: ``before + quote + after`` is the context with the claim in it."""

    rule_id: str
    category: str
    category_label: str
    behaviour: str
    """Code and name, e.g. ``B9 宣传“包过”``; empty where the rule names none."""
    before: str
    quote: str
    after: str
    legal: str
    """Law and article, joined by ``；``."""
    source: str = ""
    """``图片文字`` where it was read in a picture; empty for the page's own words."""
    picture: str = ""
    """Address of that picture."""


@dataclass(frozen=True, slots=True)
class PieceView:
    """Part of a passage: words, and whether they are a claim."""

    text: str
    marked: bool


@dataclass(frozen=True, slots=True)
class PassageView:
    """A stretch of the page with all claims in it; claims that stand close together share one passage."""

    pieces: tuple[PieceView, ...]
    behaviours: tuple[str, ...]
    """What the claims are, heaviest first, each once."""
    source: str = ""
    """As of its claims: ``图片文字``, or empty."""


def gather(findings: Sequence[FindingView]) -> tuple[tuple[PassageView, ...], int]:
    """(passages, number of claims that stand in none of them).

    A claim whose words stand in the passage of a heavier one is marked there instead of repeating the sentence.
    """
    texts: list[str] = []
    held: list[list[FindingView]] = []
    left = 0
    for finding in findings:
        place = next(
            (
                place
                for place, text in enumerate(texts)
                if finding.quote in text and held[place][0].picture == finding.picture
            ),
            None,
        )
        if place is not None:
            held[place].append(finding)
        elif len(texts) < PASSAGES_SHOWN:
            texts.append(finding.before + finding.quote + finding.after)
            held.append([finding])
        else:
            left += 1
    passages = tuple(
        PassageView(
            _pieces(text, {finding.quote for finding in claims}),
            tuple(dict.fromkeys(found.behaviour or f"{found.category} {found.category_label}" for found in claims)),
            claims[0].source,
        )
        for text, claims in zip(texts, held, strict=True)
    )
    return passages, left


def _pieces(text: str, quotes: set[str]) -> tuple[PieceView, ...]:
    """``text`` cut where claims begin and end; claims that overlap or touch become one."""
    spans: list[list[int]] = []
    for start, end in sorted(
        (match.start(), match.end()) for quote in quotes if quote for match in re.finditer(re.escape(quote), text)
    ):
        if spans and start <= spans[-1][1]:
            spans[-1][1] = max(spans[-1][1], end)
        else:
            spans.append([start, end])
    pieces: list[PieceView] = []
    done = 0
    for start, end in spans:
        if start > done:
            pieces.append(PieceView(text[done:start], marked=False))
        pieces.append(PieceView(text[start:end], marked=True))
        done = end
    if done < len(text):
        pieces.append(PieceView(text[done:], marked=False))
    return tuple(pieces)


def split_context(context: str, quote: str) -> tuple[str, str, str]:
    """``context`` around ``quote``; where the quote does not stand in it, the quote alone.

    A context reaches 40 characters to either side, so of several occurrences the one there is the one meant.
    """
    for start in (40, len(context) - len(quote) - 40, context.find(quote)):
        if start >= 0 and context.startswith(quote, start):
            return context[:start], quote, context[start + len(quote) :]
    return "", quote, ""
