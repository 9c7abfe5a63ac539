"""What a rule pack says, once read: concepts, rules, disguises, facts and weights. Plain values without behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from domain.assessment import Category


@dataclass(frozen=True, slots=True)
class Concept:
    """A meaning and the words that carry it."""

    name: str
    says: str
    words: tuple[str, ...]
    boundary: bool = False
    """Whether a hit must also be a word in its surroundings (包过, but not 面包过期): jieba decides."""
    disguise: bool = False
    """Whether its words are also looked for in disguise (homophones, pinyin, split characters …)."""
    left_not: frozenset[str] = frozenset()
    right_not: frozenset[str] = frozenset()
    alone: bool = False
    """Whether no Latin letter or digit may stand right beside it in the original (bg, but not bgm)."""
    context: bool = False
    """Whether its presence anywhere in the document is a feature of the score."""
    cue: bool = False
    """Whether it is only looked for in the sentence of a hit (negations, reported speech), never in whole pages."""


@dataclass(frozen=True, slots=True)
class Element:
    """One place in a rule's sequence: any of these concepts."""

    concepts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Examples:
    """A rule's own examples; they are run before the pack is used."""

    hit: tuple[str, ...]
    miss: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing an official objects to, as data."""

    id: str
    name: str
    category: Category
    behaviour: str
    legal_basis: tuple[str, ...]
    severity: str
    strictness: int
    """1 stands alone, 2 wants an advertisement around it, 3 only adds to others."""
    weight: float
    implied: bool
    """Whether the claim is only implied (no canonical keyword)."""
    sequences: tuple[tuple[Element, ...], ...]
    """Alternatives; the elements of one follow one another in a sentence."""
    gap: int
    """Greatest number of characters between two elements."""
    ordered: bool
    must: tuple[Element, ...]
    """Concepts that must stand anywhere in the document, one of each element."""
    unless: tuple[str, ...]
    """Concepts that must not stand in the same sentence."""
    exempt: tuple[str, ...]
    author: str
    version: int
    examples: Examples
    whole: bool
    """Whether it stands for the wording of the whole text (``match: "@wording"``) instead of concepts."""
    form: bool
    """Whether it holds only on pages with a query form that are not on an official host."""
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Disguises:
    """How characters and words are disguised."""

    stand_ins: Mapping[str, str]
    """Homophone, look-alike or emoji → the character it stands for."""
    kinds: Mapping[str, str]
    """The same characters → 谐音, 形近 or 表情."""
    pinyin: Mapping[str, str]
    """Syllable → the character it stands for."""
    initials: Mapping[str, str]
    """One letter → the character it stands for, used only inside a known word."""
    pieces: Mapping[str, str]
    """Parts written apart (言正) → the character."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts of the notice's field that decide whether a statement is true."""

    official_hosts: frozenset[str] = frozenset()
    media_hosts: frozenset[str] = frozenset()
    listed: Mapping[str, str] = field(default_factory=dict)
    """Name of a qualification of the national catalogue → its class (准入类 …) and department."""
    source: str = ""
    levels: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Grams:
    """A linear model over single characters and pairs, for :class:`classifiers.wording.Wording`; without any it is off."""

    intercept: float = 0.0
    weights: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Character or pair → weight and rarity."""


@dataclass(frozen=True, slots=True)
class Weights:
    """The linear layer: feature name → weight, with its intercept and the points where levels begin (0–100)."""

    intercept: float
    features: Mapping[str, float]
    low: float
    medium: float
    high: float
    wording: Grams
    """Of a text as a whole."""
    sentences: Grams
    """Of each sentence by itself."""
    precision: Mapping[str, float]
    """Level → precision measured on the samples when the weights were trained."""


@dataclass(frozen=True, slots=True)
class RulePack:
    """Everything a classifier is made of."""

    concepts: Mapping[str, Concept]
    rules: tuple[Rule, ...]
    disguises: Disguises
    facts: Facts
    weights: Weights
    digest: str
    """``sha256:`` + hex digest over all files, in order of their names."""
