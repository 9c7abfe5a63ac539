"""Pieces of text into lines: visible ones into blocks, hidden ones aside, links' words to their links."""

from __future__ import annotations

from crawler.extract.lines import TOUCH, tidy
from crawler.extract.links import LinkCollector
from crawler.extract.page import Block, Page
from crawler.extract.shapes import Attributes, Context
from domain.document import SegmentKind


class LineWriter:
    """Collects the current line of a page and writes it as a block when it ends.

    Hidden text is collected apart, because it neither breaks nor joins the visible line it stands in.
    """

    def __init__(self, page: Page, links: LinkCollector, outside: Context) -> None:
        self._blocks = page.blocks
        self._links = links
        self._line: list[str] = []
        self._kind = SegmentKind.MAIN
        self._context = outside
        self._linked = 0
        self._hidden: list[str] = []
        self._after: list[Block] = []
        self._beside_anchor = False
        self._touch_at = -1

    def piece(self, text: str, context: Context) -> None:
        """Text of one node."""
        if context.reverse:
            text = text[::-1]
        if context.hidden:
            self._hidden.append(text)
            return
        if context.ruby:
            self._after.append(Block(context.kind, text.strip(), "rt"))
            return
        line = self._line
        if not line:
            if text.isspace():
                return
            self._kind = context.kind
            self._context = context
        elif self._kind is SegmentKind.NAV and context.kind is not SegmentKind.NAV and not text.isspace():
            self._kind = context.kind
        line.append(text)
        self._beside_anchor = False
        if self._links.open_count:
            self._links.add_anchor_text(text)
            self._linked += len(text)

    def flush(self) -> None:
        """End the line: what was collected becomes a block."""
        if self._line:
            text = tidy("".join(self._line))
            if text:
                context = self._context
                linked = min(self._linked, len(text))
                self._blocks.append(Block(self._kind, text, context.block_tag, linked, context.header, context.content))
            self._line.clear()
            self._linked = 0
            if self._links.open_count:
                self._links.anchor_break()
        if self._after:
            self._blocks.extend(block for block in self._after if block.text)
            self._after.clear()

    def touch(self) -> None:
        """Two boxes stand side by side in the line."""
        if self._line:
            self._line.append(TOUCH)

    def hidden_break(self) -> None:
        """A line break inside hidden text."""
        if self._hidden:
            self._hidden.append("\n")

    def flush_hidden(self) -> None:
        """End of a hidden part."""
        if self._hidden:
            text = tidy("".join(self._hidden))
            self._hidden.clear()
            if text:
                self.aside(Block(SegmentKind.HIDDEN, text))

    def aside(self, block: Block) -> None:
        """A block that does not end the line it stands in."""
        (self._after if self._line else self._blocks).append(block)

    def before(self) -> str:
        """The last words so far, at most twenty characters: what labels an input that follows."""
        last = self._blocks[-1].text if self._blocks else ""
        return (tidy("".join(self._line[-3:])) or last)[-20:]

    def open_anchor(self, attributes: Attributes, place: SegmentKind) -> None:
        """A link begins. Two links side by side are two words, unless one is a single character: then they spell one."""
        if self._beside_anchor and self._line:
            self._touch_at = len(self._line)
            self._line.append(TOUCH)
        self._links.open_anchor(attributes, place)

    def close_anchor(self) -> None:
        """The innermost link ends."""
        single = self._links.close_anchor() <= 1
        if single and 0 <= self._touch_at < len(self._line) and self._line[self._touch_at] == TOUCH:
            self._line[self._touch_at] = ""
        self._touch_at = -1
        self._beside_anchor = not single
