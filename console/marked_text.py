"""Scraped text cut into pieces: claims marked, personal data masked, what cannot be seen written out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from digest.text import Mask, visible
from domain.assessment import Finding

#: Characters of a page that are shown at once; what comes after is counted, and its claims stand in the list of reasons.
SHOWN = 20_000


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text of one kind."""

    text: str
    claims: tuple[int, ...] = ()
    """Numbers of the claims that it belongs to; none: plain text."""
    exempted: bool = False
    """It would have been a claim, and an exemption took it out."""


@dataclass(frozen=True, slots=True)
class MarkedText:
    """A text ready to be shown; templates escape each piece."""

    pieces: tuple[Piece, ...]
    left_out: int
    """Characters after the end of what is shown."""


def mark(
    text: str, field: str, findings: Sequence[Finding], exempted: Iterable[Finding], mask: Mask, limit: int = SHOWN
) -> MarkedText:
    """``text`` (the document's ``field``) with its claims, which are numbered from 1 in the order of ``findings``."""
    shown = text[:limit]
    spans = [
        (finding.start, min(finding.end, len(shown)), number)
        for number, finding in enumerate(findings, start=1)
        if finding.field == field and finding.start < len(shown)
    ]
    spared = [
        (finding.start, min(finding.end, len(shown)))
        for finding in exempted
        if finding.field == field and finding.start < len(shown)
    ]
    hidden = mask.places(shown)
    cuts = {0, len(shown)}
    for start, end, *_ in (*spans, *spared):
        cuts.update((start, end))
    # A number that is masked is never cut in two: its rest would show.
    cuts = {cut for cut in cuts if not any(start < cut < end for start, end, _ in hidden)}
    for start, end, _ in hidden:
        cuts.update((start, end))
    instead = {start: words for start, _, words in hidden}
    pieces: list[Piece] = []
    places = sorted(cuts)
    for start, end in pairwise(places):
        claims = tuple(number for first, last, number in spans if first < end and start < last)
        piece = Piece(
            instead[start] if start in instead else visible(shown[start:end]),
            claims,
            not claims and any(first < end and start < last for first, last in spared),
        )
        if pieces and (pieces[-1].claims, pieces[-1].exempted) == (piece.claims, piece.exempted):
            pieces[-1] = Piece(pieces[-1].text + piece.text, piece.claims, piece.exempted)
        else:
            pieces.append(piece)
    return MarkedText(tuple(pieces), len(text) - len(shown))
