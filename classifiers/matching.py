"""Rules over hits: which rules may hold at all, and where they do."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from classifiers.automaton import Automaton, Hit
from classifiers.boundary import Segmenter
from classifiers.model import Element, Rule, RulePack
from classifiers.normalise import FoldedText

#: Starting points of one sequence that are tried in one text.
_MAX_STARTS = 60


class Match(NamedTuple):
    """A rule that holds in the folded text at ``start:end``."""

    rule: Rule
    start: int
    end: int
    hits: tuple[Hit, ...]


class RuleIndex:
    """Knows from the concepts of a page which rules are worth trying."""

    def __init__(self, pack: RulePack) -> None:
        self._pack = pack
        self._needs = [
            (
                rule,
                [[frozenset(e.concepts) for e in sequence] for sequence in rule.sequences],
                [frozenset(e.concepts) for e in rule.must],
            )
            for rule in pack.rules
            if not rule.whole
        ]
        sizes = {name: len(concept.words) for name, concept in pack.concepts.items()}
        self.triggers = frozenset(
            name
            for rule in pack.rules
            for sequence in rule.sequences
            for name in min(sequence, key=lambda e: sum(sizes[n] for n in e.concepts)).concepts
        )
        self._known: dict[frozenset[str], tuple[Rule, ...]] = {}

    def candidates(self, concepts: frozenset[str]) -> tuple[Rule, ...]:
        """Return the rules whose concepts are all among ``concepts``."""
        found = self._known.get(concepts)
        if found is None:
            if len(self._known) > 10_000:
                self._known.clear()
            found = tuple(
                rule
                for rule, sequences, must in self._needs
                if any(all(not element.isdisjoint(concepts) for element in sequence) for sequence in sequences)
                and all(not element.isdisjoint(concepts) for element in must)
            )
            self._known[concepts] = found
        return found


    def explicit(self, rules: Iterable[Rule], raw: Sequence[tuple[int, int, int]], automaton: Automaton) -> bool:
        """Whether a rule with an explicit claim among ``rules`` may hold, judged by raw hits standing near one another."""
        for rule in rules:
            if rule.implied:
                continue
            for sequence in rule.sequences:
                if len(sequence) == 1:
                    if any(automaton.may_mean(hit[0], sequence[0].concepts) for hit in raw):
                        return True
                    continue
                # A look ahead of the gap, widened for words that overlap and for sequences in any order.
                ends = [hit[2] for hit in raw if automaton.may_mean(hit[0], sequence[0].concepts)]
                starts = sorted(hit[1] for hit in raw if automaton.may_mean(hit[0], sequence[1].concepts))
                for end in ends:
                    at = bisect_left(starts, end if rule.ordered else end - rule.gap - 20)
                    if at < len(starts) and starts[at] <= end + rule.gap:
                        return True
        return False


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


class Hits:
    """The hits of one text, with the boundary judgement made when a hit is first used."""

    def __init__(self, text: FoldedText, found: Mapping[str, list[Hit]], pack: RulePack, segmenter: Segmenter) -> None:
        self._text = text
        self._found = found
        self._pack = pack
        self._segmenter = segmenter
        self._innocent = [(h.start, h.end) for h in found.get("innocent", ())]
        self._held: dict[str, list[Hit]] = {}
        self.failed: list[Hit] = []

    def of(self, element: Element) -> list[Hit]:
        """Return the hits of any of the element's concepts that hold, in order of their starts."""
        if len(element.concepts) == 1:
            return self.concept(element.concepts[0])
        hits = [hit for name in element.concepts for hit in self.concept(name)]
        hits.sort(key=lambda hit: hit.start)
        return hits

    def concept(self, name: str) -> list[Hit]:
        """Return the hits of ``name`` that are no coincidence and stand as words of their own."""
        held = self._held.get(name)
        if held is None:
            needs_boundary = self._pack.concepts[name].boundary
            held = []
            for hit in self._found.get(name, ()):
                if self._coincidence(hit) or (
                    needs_boundary
                    and not hit.disguise
                    and not self._segmenter.stands_alone(self._text.plain, hit.start, hit.end)
                ):
                    self.failed.append(hit)
                else:
                    held.append(hit)
            self._held[name] = held
        return held

    def words(self, name: str) -> int:
        """Return how many different words of the concept ``name`` stand in the text, coincidences left out."""
        return len({hit.word for hit in self._found.get(name, ()) if not self._coincidence(hit)})

    def _coincidence(self, hit: Hit) -> bool:
        return any(
            start <= hit.start < end or start < hit.end <= end
            for start, end in self._innocent
            if not (hit.start <= start and end <= hit.end and (start, end) != (hit.start, hit.end))
        )


def matches(rule: Rule, hits: Hits, text: FoldedText) -> list[Match]:
    """Return where ``rule`` holds, at most one match per starting hit, overlapping ones of the same rule merged."""
    if any(not hits.of(element) for element in rule.must):
        return []
    found: list[Match] = []
    for sequence in rule.sequences:
        columns = [hits.of(element) for element in sequence]
        if not all(columns):
            continue
        if len(columns) == 1:
            found.extend(Match(rule, hit.start, hit.end, (hit,)) for hit in columns[0][:_MAX_STARTS])
            continue
        starts = [[hit.start for hit in column] for column in columns]
        for first in columns[0][:_MAX_STARTS]:
            chain = _chain(first, columns, starts, rule, text)
            if chain:
                found.append(Match(rule, min(h.start for h in chain), max(h.end for h in chain), tuple(chain)))
    if rule.unless:
        found = [match for match in found if not _hindered(match, rule, hits, text)]
    return _merged(found)


def _chain(
    first: Hit, columns: list[list[Hit]], starts: list[list[int]], rule: Rule, text: FoldedText
) -> list[Hit] | None:
    chain = [first]
    low, high = text.sentence(first.start)
    for column, begins in zip(columns[1:], starts[1:], strict=True):
        last = chain[-1]
        reach = last.end + rule.gap
        at = bisect_left(begins, last.end if rule.ordered else max(low, last.start - rule.gap))
        chosen = None
        while at < len(column) and column[at].start <= reach and column[at].start < high:
            hit = column[at]
            at += 1
            overlaps = hit.start < last.end and last.start < hit.end
            if overlaps or hit.start < low or (not rule.ordered and last.start - hit.end > rule.gap):
                continue
            chosen = hit
            break
        if chosen is None:
            return None
        chain.append(chosen)
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
