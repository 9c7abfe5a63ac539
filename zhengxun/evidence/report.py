"""What a verification says: its items, counted by kind and state, and those that are listed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from domain.chain import Link
from domain.evidence import EvidenceState

#: Faults that are listed one by one; more are only counted: a store whose folder is gone has millions.
LISTED = 10_000


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of evidence and what verification says of it."""

    kind: str
    """``snapshot``, ``capture``, ``screenshot_file``, ``warc_file``, ``chain``, ``chain_file`` or ``timestamp``."""
    name: str
    state: EvidenceState
    reason: str | None = None
    """Why it is not verified: a Chinese clause."""
    id: int | None = None
    """Of a snapshot or capture; the number of a link."""


@dataclass
class Report:
    """What verification found."""

    leads: tuple[int, ...] = ()
    """Leads that were asked for; empty where the whole store was."""
    counts: Counter[tuple[str, EvidenceState]] = field(default_factory=Counter)
    items: list[Item] = field(default_factory=list)
    """Where leads were asked for, all items but links of the chain; else those that are not verified. At most
    :data:`LISTED`."""
    head: Link | None = None
    """Last link of the chain."""
    unsealed: int = 0
    """WARC files that are not in the chain yet: being written now, or waiting for the next ``tick``."""
    uncopied: int = 0
    """Links that the copy in the evidence folder does not have yet."""
    stamped: int = 0
    """Number of the last link that a time stamp holds for; 0 where there is none."""

    def add(self, item: Item) -> None:
        """Count an item and list it where it is to be listed."""
        self.counts[item.kind, item.state] += 1
        # Links are too many to be listed, and none of them is a lead's own.
        asked_for = bool(self.leads) and item.kind != "chain"
        if (asked_for or not item.state.sound) and len(self.items) < LISTED:
            self.items.append(item)

    def count(self, state: EvidenceState) -> int:
        """Number of items of a state."""
        return sum(number for (_, found), number in self.counts.items() if found is state)

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong with any item."""
        return all(state.sound for _, state in self.counts)

    @property
    def faults(self) -> int:
        """Number of items with which something is wrong."""
        return sum(number for (_, state), number in self.counts.items() if not state.sound)
