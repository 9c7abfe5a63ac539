"""机器研判: what the classifier found, how it came to its score, and what it could not look at."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from domain.picture import PicturePlace


class Level(StrEnum):
    """风险等级: ``none`` is not flagged; every other level goes to the liaison."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NONE = "none"

    @property
    def label(self) -> str:
        """Chinese name for people."""
        return {"high": "高", "medium": "中", "low": "低", "none": "无"}[self.value]


class Category(StrEnum):
    """Groups of 晋人社厅函〔2022〕387号 二（一）–（五）."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"
    E = "E"

    @property
    def label(self) -> str:
        """Chinese name for people."""
        return {
            "A": "字样标识",
            "B": "虚假宣传",
            "C": "违规培训收费",
            "D": "违规发证",
            "E": "其他",
        }[self.value]


class Speaker(StrEnum):
    """Who speaks on the page."""

    AUTHORITY = "authority"
    MEDIA = "media"
    INSTITUTION = "institution"
    SELLER = "seller"
    PRIVATE = "private"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ScoreStep:
    """One named step of a score: a stable machine name, its points, and the Chinese words for the liaison."""

    name: str
    points: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """命中: ``getattr(document, field)[start:end] == quote`` in the original text, always (code points)."""

    rule_id: str
    category: Category
    field: str
    """``text`` or ``title``, or ``segments`` text that a reader does not see (then start/end count in that segment)."""
    start: int
    end: int
    quote: str
    weight: float
    legal_basis: tuple[str, ...]
    """Law and article, e.g. ``广告法 第二十四条第一项``."""
    steps: tuple[ScoreStep, ...]
    behaviour: str | None = None
    """Concrete behaviour of violations.yaml, e.g. ``B9``."""
    exempted_by: str | None = None
    """Name of the exemption that took it out of the score; such findings stand in ``Assessment.exempted``."""
    segment: int | None = None
    """Index into ``Document.segments`` where ``field`` is ``segments``."""
    picture: PicturePlace | None = None
    """Where it stands in a picture; given by the store for claims that were read in one."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """机器研判 of one document: same input and same packs give the same value."""

    score: float
    """0–100."""
    level: Level
    findings: tuple[Finding, ...]
    exempted: tuple[Finding, ...]
    speaker: Speaker
    evasion: tuple[str, ...]
    """Chinese descriptions of what was disguised and how, e.g. ``插入符号：包*过→包过``."""
    rule_pack: str
    """``sha256:`` + hex digest over all packs and the lexicon."""
    steps: tuple[ScoreStep, ...] = ()
    """Steps of the document's score, in order; their sum before calibration is the raw score."""
    incomplete: tuple[str, ...] = ()
    """What was not looked at, and why (text cut at …)."""

    @property
    def flagged(self) -> bool:
        """Whether it goes to the liaison."""
        return self.level is not Level.NONE

    @property
    def categories(self) -> tuple[str, ...]:
        """Categories of the findings, sorted."""
        return tuple(sorted({finding.category.value for finding in self.findings}))


@dataclass(frozen=True, slots=True)
class Subject:
    """What the classifier is given: a document, or plain text with what is known beside it."""

    text: str
    title: str = ""
    url: str | None = None
    account: str | None = None
    segments: tuple[tuple[str, str], ...] = ()
    """(kind, text) of :class:`domain.document.Segment`, in page order, where there are any."""
    has_form: bool = False
