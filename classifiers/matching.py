"""Rules over hits: which rules may hold at all, and where they do."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from classifiers.automaton import Automaton, RawHit
from classifiers.hits import Column, Hit, Hits
from classifiers.model import Rule, RulePack
from classifiers.normalise import FoldedText
from classifiers.scanning import Scan

#: Starting points of one sequence that are tried in one text.
_MAX_STARTS = 60


class Match(NamedTuple):
    """A rule that holds in the folded text at ``start:end``."""

    rule: Rule
    start: int
    end: int
    hits: tuple[Hit, ...]


class _Need(NamedTuple):
    """A rule with its concepts as bits, for the quick look."""

    rule: Rule
    trigger: int
    """Concepts one of which every match holds: of each sequence the element with fewest words."""
    must: tuple[int, ...]
    single: int
    """Concepts that hold by themselves."""
    chains: tuple[tuple[int, ...], ...]
    """The elements of sequences of several."""


class RuleIndex:
    """Knows from the raw hits of a page which rules may hold there at all."""

    def __init__(self, pack: RulePack, automaton: Automaton) -> None:
        self._bits = automaton.bits
        sizes = {name: len(concept.words) for name, concept in pack.concepts.items()}
        self.triggers: set[str] = set()
        needs = []
        for rule in pack.rules:
            if rule.whole:
                continue
            sequences = tuple(tuple(automaton.mask(e.concepts) for e in sequence) for sequence in rule.sequences)
            rarest = (min(sequence, key=lambda e: sum(sizes[n] for n in e.concepts)) for sequence in rule.sequences)
            triggers = {name for element in rarest for name in element.concepts}
            self.triggers |= triggers
            single = 0
            for sequence in sequences:
                single |= sequence[0] if len(sequence) == 1 else 0
            must = tuple(automaton.mask(e.concepts) for e in rule.must)
            chains = tuple(sequence for sequence in sequences if len(sequence) > 1)
            needs.append(_Need(rule, automaton.mask(triggers), must, single, chains))
        self._explicit = [need for need in needs if not need.rule.implied]
        self._implied = [need for need in needs if need.rule.implied]

    def any(self, mask: int) -> bool:
        """Whether some rule has all its concepts in ``mask``."""
        return bool(_candidates(self._explicit, mask) or _candidates(self._implied, mask))

    def explicit(self, mask: int, scan: Scan, title_end: int, form: bool) -> list[Rule]:
        """Return the rules with an explicit claim that may hold where ``scan`` met the concepts ``mask``.

        ``form``: whether the page has a query form and is not on an official host.
        """
        return self._likely(self._explicit, mask, scan, (0, scan.length), title_end, form)

    def implied(self, stretch: tuple[int, int], scan: Scan, title_end: int, form: bool) -> list[Rule]:
        """Return the rules with an implied claim that may hold in ``stretch``; ``form`` as in :meth:`explicit`."""
        return self._likely(self._implied, scan.concepts(stretch), scan, stretch, title_end, form)

    def _likely(
        self, needs: Iterable[_Need], mask: int, scan: Scan, stretch: tuple[int, int], title_end: int, form: bool
    ) -> list[Rule]:
        """Return those of ``needs`` whose raw hits stand near one another in ``stretch``, where ``mask`` was met."""
        found: dict[str, Rule] = {}
        chains = []
        concerned = 0
        for need in _candidates(needs, mask):
            if need.rule.form and not form:
                continue
            if need.single & mask and self._supported(need, scan, stretch, title_end):
                found[need.rule.id] = need.rule
                continue
            for chain in need.chains:
                if all(element & mask for element in chain):
                    chains.append((chain, need.rule))
                    concerned |= chain[0] | chain[1]
        if chains:
            hits = scan.of(concerned, stretch)
            for (first, second, *_), rule in chains:
                if rule.id not in found and self._near(first, second, rule, hits):
                    found[rule.id] = rule
        return list(found.values())

    def _supported(self, need: _Need, scan: Scan, stretch: tuple[int, int], title_end: int) -> bool:
        """Whether a claim of one element in ``stretch`` has by it what its rule must have."""
        claims = [(start, end) for _, start, end in scan.of(need.single, stretch)] if need.must else []
        for element in need.must:
            found = sorted((start, end) for _, start, end in scan.of(element, stretch))
            if found[0][0] >= title_end:
                claims = [claim for claim in claims if _reached(claim, found)]
        return bool(claims) or not need.must

    def _near(self, first: int, second: int, rule: Rule, hits: Iterable[RawHit]) -> bool:
        bits = self._bits
        # A look back beyond the gap, for sequences in any order.
        back = 0 if rule.ordered else rule.gap + 20
        last = -1_000
        waiting = -1_000
        for pattern, start, end in hits:
            found = bits[pattern]
            if found & second:
                if start - last <= rule.gap:
                    return True
                waiting = end
            if found & first:
                if back and start - waiting <= back:
                    return True
                last = end
        return False


def _candidates(needs: Iterable[_Need], mask: int) -> list[_Need]:
    """Return those of ``needs`` whose concepts are all in ``mask``."""
    return [
        need
        for need in needs
        if need.trigger & mask
        and all(element & mask for element in need.must)
        and (need.single & mask or any(all(element & mask for element in chain) for chain in need.chains))
    ]


#: Folded characters around a match in which what the rule must have beside it has to stand. A page's other regions
#: (navigation, footer, the next notice) often name certificates; measured with 40 to 200 on tests/rehearsal/quick.py.
MUST_REACH = 40
#: No word is longer.
_LONGEST = 40


def wanted_concepts(rules: Iterable[Rule]) -> set[str]:
    """Return the concepts whose hits the ``rules`` look at."""
    names: set[str] = set()
    for rule in rules:
        for sequence in rule.sequences:
            for element in sequence:
                names.update(element.concepts)
        for element in rule.must:
            names.update(element.concepts)
        names.update(rule.unless)
    return names


def matches(rule: Rule, hits: Hits, text: FoldedText, title_end: int = 0) -> list[Match]:
    """Return where ``rule`` holds, at most one match per starting hit, overlapping ones of the same rule merged.

    ``title_end``: how many folded characters at the beginning are the title.
    """
    needed: list[list[Hit]] = []
    for element in rule.must:
        needed.append(hits.of(element).hits)
        if not needed[-1]:
            return []
    found: list[Match] = []
    for sequence in rule.sequences:
        columns: list[Column] = []
        for element in sequence:
            column = hits.of(element)
            if not column.hits:
                break
            columns.append(column)
        if len(columns) < len(sequence):
            continue
        starters = columns[0].hits[:_MAX_STARTS]
        if len(columns) == 1:
            found.extend(Match(rule, hit.start, hit.end, (hit,)) for hit in starters)
            continue
        for first in starters:
            chain = _chain(first, columns[1:], rule, text)
            if chain:
                found.append(Match(rule, min(h.start for h in chain), max(h.end for h in chain), tuple(chain)))
    if needed:
        found = [match for match in found if all(_near_by(match, column, title_end) for column in needed)]
    if rule.unless:
        found = [match for match in found if not _hindered(match, rule, hits, text)]
    return _merged(found)


def _near_by(match: Match, needed: Sequence[Hit], title_end: int) -> bool:
    """Whether one of the hits ``needed`` stands within reach of the match, or in the title, which speaks for all of it."""
    return any(
        hit.start < title_end or (hit.start <= match.end + MUST_REACH and hit.end >= match.start - MUST_REACH)
        for hit in needed
    )


def _reached(claim: tuple[int, int], spans: Sequence[tuple[int, int]]) -> bool:
    """Whether one of ``spans`` (in order) stands within reach of ``claim``."""
    start, end = claim
    at = bisect_left(spans, (start - MUST_REACH - _LONGEST,))
    while at < len(spans) and spans[at][0] <= end + MUST_REACH:
        if spans[at][1] >= start - MUST_REACH:
            return True
        at += 1
    return False


def _chain(first: Hit, columns: Sequence[Column], rule: Rule, text: FoldedText) -> list[Hit] | None:
    # Most starts lead nowhere: that is seen before the sentence is looked up.
    nearest = columns[0].starts
    at = bisect_left(nearest, first.end if rule.ordered else first.start - rule.gap)
    if at == len(nearest) or nearest[at] > first.end + rule.gap:
        return None
    chain = [first]
    low, high = text.sentence(first.start)
    for column, begins in columns:
        last = chain[-1]
        reach = min(last.end + rule.gap, high - 1)
        at = bisect_left(begins, last.end if rule.ordered else max(low, last.start - rule.gap))
        while at < len(begins) and begins[at] <= reach:
            hit = column[at]
            at += 1
            overlaps = hit.start < last.end and last.start < hit.end
            if overlaps or hit.start < low or (not rule.ordered and last.start - hit.end > rule.gap):
                continue
            chain.append(hit)
            break
        else:
            return None
    return chain


def _hindered(match: Match, rule: Rule, hits: Hits, text: FoldedText) -> bool:
    low, high = text.sentence(match.start)
    return any(low <= hit.start < high for name in rule.unless for hit in hits.concept(name))


def _merged(found: list[Match]) -> list[Match]:
    merged: list[Match] = []
    for match in sorted(found, key=lambda m: (m.start, -m.end)):
        if merged and match.start < merged[-1].end:
            last = merged[-1]
            if match.end > last.end:
                merged[-1] = Match(last.rule, last.start, match.end, last.hits + match.hits)
            continue
        merged.append(match)
    return merged
