"""A page as it was read: blocks in order, what its head says, its links, pictures and inputs. No judgement yet."""

from __future__ import annotations

from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser

from domain.document import READER_SEES, Link, Segment, SegmentKind


@dataclass(slots=True)
class Block:
    """One line of the page: what stands between two line breaks."""

    kind: SegmentKind
    text: str
    tag: str = ""
    """The nearest block element, or ``tr`` for a joined table row."""
    linked: int = 0
    """How many of its characters are anchor text."""
    in_header: bool = False
    in_content: bool = False
    """Inside the element that the page's platform uses for the content (WeChat's ``#js_content``)."""

    @property
    def seen(self) -> bool:
        """Whether a reader sees it."""
        return self.kind in READER_SEES


@dataclass(slots=True)
class Inputs:
    """What one form (or the page outside forms) asks for."""

    words: list[str] = field(default_factory=list)
    """Labels, placeholders, names and the text around the inputs."""
    buttons: list[str] = field(default_factory=list)
    texts: int = 0
    """Text-like inputs."""
    passwords: int = 0


@dataclass(slots=True)
class Page:
    """Everything read from one HTML document."""

    url: str
    base: str
    """What relative addresses are relative to (``<base href>`` honoured)."""
    tree: LexborHTMLParser
    blocks: list[Block] = field(default_factory=list)
    title_tag: str = ""
    meta: dict[str, str] = field(default_factory=dict)
    """First content per lower-case name, property or itemprop."""
    links: list[Link] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    """Those of the content first."""
    aside_images: int = 0
    """How many of the last images stand outside of the content."""
    feeds: list[str] = field(default_factory=list)
    canonical: str | None = None
    """``rel=canonical``, as information only: a page may lie about it."""
    refresh: tuple[float, str] | None = None
    """Delay in seconds and address of a meta refresh."""
    json_ld: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    """Inline scripts, at most ``MAX_SCRIPT`` characters each."""
    script_count: int = 0
    mount_points: int = 0
    """Empty elements that an application fills (``<div id=app></div>``)."""
    empty_ids: list[str] = field(default_factory=list)
    """Ids of empty containers, at most 50: a script may fill them."""
    floors: list[tuple[int, int]] = field(default_factory=list)
    """First and past-the-last block of every posting of a thread, in order."""
    surely_thread: bool = False
    """The postings' names leave no doubt that this is a thread (not, say, a blog's list of articles)."""
    times: list[str] = field(default_factory=list)
    """``datetime`` attributes, in order."""
    contact_refs: list[str] = field(default_factory=list)
    """Addresses that are contacts: ``tel:``, ``mailto:``, QQ's message links."""
    html: str = ""
    """The source it was read from: identifiers stand in scripts and comments too."""
    inputs: list[Inputs] = field(default_factory=list)

    def text(self) -> str:
        """What a reader sees, one block a line."""
        return "\n".join(block.text for block in self.blocks if block.seen)

    def segments(self) -> tuple[Segment, ...]:
        """All blocks as the domain's segments, in page order."""
        return tuple(Segment(block.kind, block.text) for block in self.blocks)

    def length(self) -> int:
        """Characters a reader sees."""
        return sum(len(block.text) for block in self.blocks if block.seen)


#: Characters of an inline script that are kept: enough for a platform's variables, bounded for embedded state.
MAX_SCRIPT = 400_000
