"""Which pages belong together: the rules of :mod:`domain.operator` over pages, identifiers and reviewers' decisions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from domain.operator import SOURCE_CLASS, Ground


@dataclass(frozen=True, slots=True)
class Node:
    """One page with what may join it; common and excluded identifiers are left out before."""

    page_id: int
    strong: frozenset[int]
    """Ids of identifiers that join alone."""
    medium: frozenset[tuple[str, int]]
    """(kind, id) of identifiers that join in twos."""
    near: frozenset[int] = frozenset()
    """Pages with near-duplicate text."""
    site: str = ""
    """Host, or account on a platform; empty where others post too."""


@dataclass(frozen=True, slots=True)
class PageDecision:
    """A merge (``sides`` with one side) or a split (two sides that must not stand together) of pages, oldest first."""

    id: int
    sides: tuple[frozenset[int], ...]


@dataclass(frozen=True, slots=True)
class Link:
    """Why a page joined: the ground, the identifiers, and a page that has them too."""

    ground: Ground
    identifiers: tuple[int, ...] = ()
    page_id: int | None = None


@dataclass(slots=True)
class Group:
    """Pages of one operator, each with why it is there."""

    pages: dict[int, Link] = field(default_factory=dict)


class _Parts:
    """Union-find whose parts know on which side of each split they stand."""

    def __init__(self, pages: Iterable[int], splits: Sequence[PageDecision]) -> None:
        self.parent = {page: page for page in pages}
        self.size = dict.fromkeys(self.parent, 1)
        self.sides: dict[int, dict[int, int]] = {page: {} for page in self.parent}
        for split in splits:
            for number, side in enumerate(split.sides):
                for page in side:
                    if page in self.sides:
                        self.sides[page][split.id] = number

    def root(self, page: int) -> int:
        while self.parent[page] != page:
            self.parent[page] = self.parent[self.parent[page]]
            page = self.parent[page]
        return page

    def join(self, one: int, other: int) -> bool:
        """Whether both now stand together; False where a reviewer has split them."""
        one, other = self.root(one), self.root(other)
        if one == other:
            return True
        mine, theirs = self.sides[one], self.sides[other]
        if any(theirs.get(split, side) != side for split, side in mine.items()):
            return False
        if self.size[one] < self.size[other]:
            one, other = other, one
        self.parent[other] = one
        self.size[one] += self.size[other]
        self.sides[one] = self.sides[one] | self.sides.pop(other)
        return True


def group(nodes: Sequence[Node], decisions: Sequence[PageDecision] = ()) -> list[Group]:
    """Groups of ``nodes``, the one with the lowest page first; the same nodes and decisions give the same groups."""
    ordered = sorted(nodes, key=lambda node: node.page_id)
    merges, splits = _in_force(decisions)
    parts = _Parts((node.page_id for node in ordered), splits)
    links: dict[int, Link] = {}

    def join(page: int, other: int, link: Link) -> None:
        if parts.root(page) != parts.root(other) and parts.join(page, other):
            links.setdefault(page, link)

    for merge in merges:
        pages = sorted(page for page in merge.sides[0] if page in parts.parent)
        for page in pages[1:]:
            join(page, pages[0], Link(Ground.REVIEWER, (), pages[0]))
    holders: dict[int, list[int]] = defaultdict(list)
    for node in ordered:
        for identifier in sorted(node.strong):
            for before in holders[identifier]:
                join(node.page_id, before, Link(Ground.IDENTIFIER, (identifier,), before))
                if parts.root(node.page_id) == parts.root(before):
                    break
            else:
                # The first of its kind, or kept apart from all others by a split.
                holders[identifier].append(node.page_id)
    while _join_weaker(ordered, parts, join):
        pass
    groups: dict[int, Group] = {}
    for node in ordered:
        found = groups.setdefault(parts.root(node.page_id), Group())
        found.pages[node.page_id] = links.get(node.page_id, Link(Ground.OWN))
    return list(groups.values())


def _in_force(decisions: Sequence[PageDecision]) -> tuple[list[PageDecision], list[PageDecision]]:
    """Merges and splits; a later merge of both sides of a split ends it, a later split bars what an earlier merge said."""
    merges: list[PageDecision] = []
    splits: list[PageDecision] = []
    for decision in decisions:
        if len(decision.sides) == 1:
            pages = decision.sides[0]
            splits = [split for split in splits if not all(side & pages for side in split.sides)]
            merges.append(decision)
        else:
            splits.append(decision)
    return merges, splits


#: Parts that share one weaker identifier are compared in pairs; it is not common, so there are few of them.
_MAX_PARTS = 64


def _join_weaker(nodes: Sequence[Node], parts: _Parts, join: object) -> bool:
    """Join parts by weaker identifiers; whether any were joined."""
    assert callable(join)
    strong: dict[int, bool] = defaultdict(bool)
    sites: dict[int, set[str]] = defaultdict(set)
    holders: dict[tuple[str, int], dict[int, int]] = defaultdict(dict)
    for node in nodes:
        root = parts.root(node.page_id)
        strong[root] = strong[root] or bool(node.strong)
        if node.site:
            sites[root].add(node.site)
        for key in node.medium:
            holders[key].setdefault(root, node.page_id)
    shared: dict[tuple[int, int], dict[str, tuple[int, int, int]]] = defaultdict(dict)
    for (kind, identifier), pages in sorted(holders.items()):
        for one, other in combinations(sorted(pages)[:_MAX_PARTS], 2):
            shared[one, other].setdefault(kind, (identifier, pages[one], pages[other]))
    alike: set[tuple[int, int]] = set()
    for node in nodes:
        for page in node.near:
            if page in parts.parent:
                one, other = sorted((parts.root(node.page_id), parts.root(page)))
                if one != other:
                    alike.add((one, other))
    changed = False
    neighbours: dict[int, set[int]] = defaultdict(set)
    for one, other in shared:
        neighbours[one].add(other)
        neighbours[other].add(one)
    for (one, other), kinds in sorted(shared.items()):
        identifiers = tuple(identifier for identifier, _, _ in kinds.values())
        _, page, before = next(iter(kinds.values()))
        page, before = max(page, before), min(page, before)
        if len(kinds) >= 2:
            link = Link(Ground.IDENTIFIERS, identifiers, before)
        elif (one, other) in alike and SOURCE_CLASS not in kinds:
            link = Link(Ground.SAME_TEXT, identifiers, before)
        elif (
            sites[one] & sites[other]
            and not (strong[one] and strong[other])
            and _only_choice(one, other, strong, neighbours)
        ):
            link = Link(Ground.IDENTIFIERS, identifiers, before)
        else:
            continue
        if parts.root(page) != parts.root(before):
            join(page, before, link)
            changed = changed or parts.root(page) == parts.root(before)
    return changed


def _only_choice(one: int, other: int, strong: dict[int, bool], neighbours: dict[int, set[int]]) -> bool:
    """A part without strong identifiers goes to the one that has some, unless several could claim it."""
    weak = one if not strong[one] else other
    return sum(strong[part] for part in neighbours[weak]) <= 1
