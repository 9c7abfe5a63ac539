"""What the section 规则 shows and asks for; ``zhengxun`` passes an implementation in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.assessment import Assessment
from domain.lead_detail import HitLead

#: Characters of a text that is tried, and of a pack file that is edited here.
LONGEST_TEXT, LONGEST_FILE = 20_000, 1_000_000


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Leads that a rule hits now, and what reviewers made of them."""

    hits: int = 0
    confirmed: int = 0
    """Referred ones included."""
    dismissed: int = 0

    @property
    def precision(self) -> float | None:
        """Share of the decided ones that were confirmed; None where nothing was decided."""
        decided = self.confirmed + self.dismissed
        return self.confirmed / decided if decided else None


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One line of the list."""

    id: str
    name: str
    category: str
    """``A``–``E``."""
    category_label: str
    severity: str
    implied: bool
    file: str
    verdicts: Verdicts


@dataclass(frozen=True, slots=True)
class PackLine:
    """One pack file."""

    file: str
    holds: str
    """What it holds, in Chinese."""
    rules: int
    verdicts: Verdicts
    """Of its rules together; a lead counts once for each rule that hits it."""
    author: str
    version: str
    source: str
    own: bool
    """Whether it is not the bundled one."""
    editable: bool


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version that was put live."""

    number: int
    """0: the bundled packs, which are no version of anybody's."""
    at: datetime | None
    author: str
    reason: str
    files: tuple[str, ...]
    digest: str
    restored: int | None
    live: bool


@dataclass(frozen=True, slots=True)
class RulesStanding:
    """What is in force."""

    in_force: str
    digest: str
    bundled: bool
    """Whether it is the bundled packs, and no version."""
    problems: tuple[str, ...]
    locked: str
    """Why nothing can be put live here; empty where it can."""


@dataclass(frozen=True, slots=True)
class RulesOverview:
    """The first page of the section."""

    standing: RulesStanding
    packs: tuple[PackLine, ...]
    rules: tuple[RuleLine, ...]


@dataclass(frozen=True, slots=True)
class WordGroup:
    """A concept with its words."""

    name: str
    says: str
    words: tuple[str, ...]
    """The first of them."""
    total: int
    ways: tuple[str, ...]
    """How it is looked for, each a Chinese clause."""


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One line of a difference between two texts."""

    kind: str
    """``added``, ``dropped``, ``kept``, or ``place`` (where in the file the next lines stand)."""
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """What one version changed of a rule, or of a file."""

    version: VersionLine
    file: str
    lines: tuple[DiffLine, ...]


@dataclass(frozen=True, slots=True)
class RulePage:
    """All about one rule."""

    line: RuleLine
    behaviour: str
    legal: tuple[str, ...]
    strictness: str
    weight: float
    conditions: tuple[str, ...]
    """Alternatives: each by itself makes the hit."""
    restrictions: tuple[str, ...]
    """What must also hold, and what must not."""
    exemptions: tuple[str, ...]
    words: tuple[WordGroup, ...]
    must_hit: tuple[str, ...]
    must_not_hit: tuple[str, ...]
    author: str
    version: int
    place: int
    """Line in its file."""
    changes: tuple[Change, ...]
    dismissed: tuple[HitLead, ...]
    confirmed: tuple[HitLead, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """A text to be judged."""

    text: str
    title: str = ""
    url: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """How a text came to its score."""

    assessment: Assessment
    names: dict[str, str]
    """Rule → its name."""
    severities: dict[str, str]
    raw: float
    """Sum of the steps, which the curve turns into the score."""
    facts: tuple[str, ...]
    level_meaning: str


@dataclass(frozen=True, slots=True)
class PackFile:
    """One pack file with all of its text."""

    name: str
    text: str
    own: bool
    known: bool
    """False for a name that no file has yet."""
    base: int
    """Number of the version in force; a draft says from which it was made."""
    locked: str
    """Why it cannot be edited; empty where it can."""
    bundled: str | None
    """The bundled text, where there is one and it is another."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a draft."""

    text: str
    line: int | None
    """In the edited file; None where it is not about a line of it."""


@dataclass(frozen=True, slots=True)
class ChangedText:
    """A sample or a page on which old and new packs do not agree."""

    id: str
    title: str
    excerpt: str
    """Words of a sample, address of a page."""
    verdict: str
    """What reviewers had said, in Chinese; empty for samples."""
    old_score: float | None
    new_score: float | None
    rules: tuple[str, ...]
    """That hit it (before, where it is no longer flagged)."""


@dataclass(frozen=True, slots=True)
class SampleChanges:
    """What a draft does to the labelled samples."""

    samples: int
    old: tuple[float, float]
    """Precision and recall."""
    new: tuple[float, float]
    missed: tuple[ChangedText, ...]
    alarmed: tuple[ChangedText, ...]
    found: tuple[ChangedText, ...]
    cleared: tuple[ChangedText, ...]


@dataclass(frozen=True, slots=True)
class PageChanges:
    """What a draft does to stored pages."""

    pages: int
    old_flagged: int
    new_flagged: int
    newly_hit: tuple[ChangedText, ...]
    newly_missed: tuple[ChangedText, ...]
    confirmed_lost: int
    dismissed_gone: int
    dismissed_back: int


@dataclass(frozen=True, slots=True)
class EffectView:
    """A look at the effect of a draft: under way, or what it showed."""

    token: str
    file: str
    running: bool
    seconds: int
    problem: str
    samples: SampleChanges | None
    pages: PageChanges | None


class RuleDesk(Protocol):
    """Rules. Every method may be called from several threads; unknown names and numbers raise ``BadInput``."""

    def standing(self) -> RulesStanding:
        """What is in force; quick."""
        ...

    def overview(self) -> RulesOverview:
        """Packs and rules with their verdicts."""
        ...

    def rule(self, rule_id: str) -> RulePage:
        """One rule."""
        ...

    def judge(self, tried: Tried) -> Judged:
        """A text by the rules in force; nothing is stored."""
        ...

    def file(self, name: str) -> PackFile:
        """A pack file as it is in force; a good name without a file: an empty one to begin with."""
        ...

    def check(self, name: str, text: str) -> Sequence[Problem]:
        """What is wrong with the packs if the file ``name`` said ``text`` (empty: were not there)."""
        ...

    def try_draft(self, name: str, text: str, tried: Tried) -> Judged | Sequence[Problem]:
        """A text by the packs if the file ``name`` said ``text``, whether or not all examples pass."""
        ...

    def look(self, name: str, text: str, base: int, owner: str) -> EffectView | Sequence[Problem]:
        """Begin a look at the effect of the draft, or say what is wrong with it."""
        ...

    def effect(self, token: str, owner: str) -> EffectView:
        """How that look stands; another user's is unknown."""
        ...

    def publish(self, token: str, owner: str, reason: str, accept_lost: bool) -> tuple[VersionLine, str]:
        """Put the draft live whose effect was seen; the version and a line for the audit log.

        ``accept_lost``: although pages that reviewers confirmed are no longer flagged; else :class:`BadInput`.
        :class:`IllegalMove` where another version was put live meanwhile.
        """
        ...

    def versions(self) -> Sequence[VersionLine]:
        """All versions, newest first."""
        ...

    def changes(self, number: int) -> tuple[VersionLine, Sequence[Change]]:
        """What one version changed against the one before, file by file."""
        ...

    def restore(self, number: int, owner: str, reason: str, seen: int) -> tuple[VersionLine, str]:
        """Put an earlier version (0: the bundled packs) live again as a new one; ``seen``: the newest that was shown."""
        ...
