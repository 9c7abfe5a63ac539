"""The one walk over a page's tree: text into blocks, visible apart from hidden, links and pictures where they stand."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.extract.links import HeadReader, LinkCollector
from crawler.extract.page import MAX_SCRIPT, Block, Inputs, Page
from crawler.extract.regions import BLOCK_TAGS, FALLBACK_TAGS, HEADINGS, RAW_TAGS, entered, is_header, region_of
from crawler.extract.soup_guard import tame
from crawler.extract.style import Ancestor, Declarations, StyleSheet, declarations, parse_style_sheet
from crawler.extract.visibility import HIDDEN_FOR_GOOD, SEEN, Sight, parse_colour, see
from domain.document import SegmentKind

#: Stands in the line buffer where two boxes touch without being one word: becomes a space, or nothing beside a single
#: character (text laid out one character a box is read as one word).
_TOUCH = "\x1f"
_SPACES = re.compile(r"[ \t\n\r\f\v\x00-\x08\x0e-\x1e]+")
_WIDE = "\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f"
#: CSS Text 3, 4.1.2: a source line break between two East Asian characters is no space.
_WIDE_BREAK = re.compile(rf"(?<=[{_WIDE}])[ \t]*[\r\n]\s*(?=[{_WIDE}])")
_EDGES = " \u3000\u00a0\ufeff"
_SOFT_HYPHEN = "\u00ad"

#: WeChat hides the article until its script has run; the reader sees it.
_SHOWN_BY_SCRIPT = frozenset(
    ("js_content", "js_article", "page-content", "img-content", "app", "root", "__next", "__nuxt")
)
_INLINE_DISPLAY = frozenset(["inline", "inline-block", "inline-flex", "inline-table", "contents"])
_BLOCK_DISPLAY = frozenset(
    ["block", "flex", "grid", "table", "table-row", "table-cell", "list-item", "flow-root", "table-caption"]
)
_MOUNT_IDS = frozenset(["app", "root", "__next", "__nuxt", "main-app", "react-root", "container-app", "q-app"])

#: A table row is data if its cells are short; longer or nested ones are the page's layout.
_CELL_BLOCKS = 3
_CELL_LENGTH = 160


@dataclass(slots=True)
class _Frame:
    """One open element."""

    node_id: int
    tag: str
    sight: Sight
    kind: SegmentKind
    block: bool = False
    block_tag: str = ""
    raw: bool = False
    header: bool = False
    content: bool = False
    anchor: bool = False
    reverse: bool = False
    ruby: bool = False
    first_block: int = 0
    cells: list[int] = field(default_factory=list)
    nested: bool = False
    inputs: Inputs | None = None


class Walker:
    """Reads one tree into a :class:`Page`."""

    def __init__(self, html: str, url: str, *, encoding: str = "utf-8", depth: int = 0) -> None:
        self._tree = LexborHTMLParser(tame(html))
        self._depth = depth
        self.page = Page(url=url, base=url, tree=self._tree)
        self._head = HeadReader(self.page)
        self._links = LinkCollector(self.page, encoding)
        self._sheet = self._style_sheet()
        self._line: list[str] = []
        self._line_kind = SegmentKind.MAIN
        self._line_frame = _Frame(0, "", SEEN, SegmentKind.MAIN)
        self._line_linked = 0
        self._hidden: list[str] = []
        self._after: list[Block] = []
        self._closed_anchor = False
        self._stack: list[_Frame] = []
        self._ancestors: list[Ancestor] = []
        self._loose_inputs = Inputs()
        self._postings = 0

    def read(self) -> Page:
        """Walk the tree once; time is linear in its nodes."""
        root = self._tree.root
        if root is None:
            return self.page
        self._head.base(self._tree)
        background = None if self._sheet.external else (255, 255, 255)
        sight = SEEN if background is None else Sight(background=background)
        stack = self._stack
        stack.append(_Frame(0, "", sight, SegmentKind.MAIN))
        for node in root.traverse(include_text=True):
            parent = node.parent
            parent_id = parent.mem_id if parent is not None else 0
            while len(stack) > 1 and stack[-1].node_id != parent_id:
                self._close(stack.pop())
            if node.is_text_node:
                self._text(node.text_content or "", stack[-1])
            elif node.is_element_node:
                self._open(node, stack[-1])
        while len(stack) > 1:
            self._close(stack.pop())
        self._flush()
        if self._loose_inputs.texts or self._loose_inputs.buttons:
            self.page.inputs.append(self._loose_inputs)
        self._links.finish()
        return self.page

    def _style_sheet(self) -> StyleSheet:
        css = "\n".join(node.text(deep=True) for node in self._tree.css("style"))
        sheet = parse_style_sheet(css) if css else StyleSheet()
        sheet.external = "@import" in css or self._tree.css_first('link[rel~="stylesheet" i]') is not None
        return sheet

    # -- text -----------------------------------------------------------------------------------------------------

    def _text(self, text: str, frame: _Frame) -> None:
        if frame.raw or not text:
            return
        if frame.tag in ("pre", "textarea", "xmp", "listing") and "\n" in text.strip():
            for line in text.splitlines():
                self._piece(line, frame)
                self._flush()
            return
        if "\n" in text or "\r" in text:
            text = _WIDE_BREAK.sub("", text)
        self._piece(text, frame)

    def _piece(self, text: str, frame: _Frame) -> None:
        if frame.reverse:
            text = text[::-1]
        if frame.sight.hidden:
            self._hidden.append(text)
            return
        if frame.ruby:
            self._after.append(Block(frame.kind, text.strip(), "rt"))
            return
        line = self._line
        blank = text.isspace()
        if not line:
            if blank:
                return
            self._line_kind = frame.kind
            self._line_frame = frame
        elif self._line_kind is SegmentKind.NAV and frame.kind is not SegmentKind.NAV and not blank:
            self._line_kind = frame.kind
        line.append(text)
        self._closed_anchor = False
        if self._links.add_anchor_text(text):
            self._line_linked += len(text)

    def _flush(self) -> None:
        """End the line: what was collected becomes a block."""
        if self._line:
            text = tidy("".join(self._line))
            if text:
                frame = self._line_frame
                linked = min(self._line_linked, len(text))
                self.page.blocks.append(
                    Block(self._line_kind, text, frame.block_tag, linked, frame.header, frame.content)
                )
            self._line.clear()
            self._line_linked = 0
            self._links.anchor_break()
        if self._after:
            self.page.blocks.extend(block for block in self._after if block.text)
            self._after.clear()

    def _flush_hidden(self) -> None:
        if self._hidden:
            text = tidy("".join(self._hidden))
            self._hidden.clear()
            if text:
                self._aside(Block(SegmentKind.HIDDEN, text))

    def _aside(self, block: Block) -> None:
        """A block that does not end the line it stands in."""
        (self._after if self._line else self.page.blocks).append(block)

    # -- elements -------------------------------------------------------------------------------------------------

    def _open(self, node: LexborNode, parent: _Frame) -> None:
        tag = node.tag or ""
        attributes = node.attributes
        if tag == "br":
            if parent.sight.hidden:
                self._hidden.append("\n")
            else:
                self._flush()
            return
        if tag == "wbr":
            return
        if tag in RAW_TAGS:
            self._raw(node, tag, attributes)
            self._stack.append(_Frame(node.mem_id, tag, parent.sight, parent.kind, raw=True))
            return
        if not attributes:
            id_, names, classes = "", "", frozenset[str]()
        else:
            id_ = attributes.get("id") or ""
            class_ = attributes.get("class") or ""
            classes = frozenset(class_.split()) if class_ else frozenset()
            names = f"{class_} {id_}" if id_ and class_ else class_ or id_
        declared = self._declared(tag, id_, classes, attributes)
        sight = self._sight(parent.sight, tag, id_, names, declared, attributes)
        if sight is not parent.sight and not sight.hidden and parent.sight.hidden:
            self._flush_hidden()
        block = self._is_block(tag, declared)
        if block:
            if not sight.no_box:
                self._flush()
            elif self._hidden:
                self._hidden.append("\n")
        elif tag in BLOCK_TAGS and self._line:
            self._line.append(_TOUCH)
        frame = _Frame(node.mem_id, tag, sight, parent.kind, block, tag if block else parent.block_tag)
        frame.header = parent.header or ((bool(names) or tag == "header") and is_header(tag, names))
        frame.content = parent.content or id_ == "js_content"
        frame.kind = self._kind(parent, tag, id_, names, declared, attributes)
        frame.first_block = len(self.page.blocks)
        frame.reverse = parent.reverse or _is_reversed(tag, declared, attributes)
        frame.raw = parent.raw
        frame.ruby = parent.ruby or tag == "rt"
        self._special(node, tag, attributes, frame)
        self._stack.append(frame)
        self._ancestors.append((tag, id_, classes))

    def _close(self, frame: _Frame) -> None:
        if frame.tag in RAW_TAGS:
            return
        self._ancestors.pop()
        parent = self._stack[-1]
        if frame.sight.hidden and not parent.sight.hidden:
            self._flush_hidden()
        elif frame.block and frame.sight.hidden and self._hidden:
            self._hidden.append("\n")
        if frame.block and not frame.sight.no_box:
            self._flush()
        elif frame.tag in BLOCK_TAGS and not frame.block and self._line:
            self._line.append(_TOUCH)
        if frame.anchor:
            self._links.close_anchor()
            self._closed_anchor = True
        if frame.tag == "tr":
            self._join_row(frame)
        elif frame.tag == "form":
            self._close_form(frame)
        elif frame.tag == "table":
            for above in self._stack:
                above.nested = above.nested or above.tag == "tr"

    def _declared(self, tag: str, id_: str, classes: frozenset[str], attributes: dict[str, str | None]) -> Declarations:
        declared: Declarations = {}
        if self._sheet:
            declared = self._sheet.declared(tag, id_, classes, self._ancestors)
        if attributes:
            style = attributes.get("style")
            if style:
                declared = {**declared, **_inline(style)}
            if "bgcolor" in attributes or "background" in attributes or (tag == "font" and "color" in attributes):
                declared = {**_presentational(tag, attributes), **declared}
        return declared

    def _sight(
        self, parent: Sight, tag: str, id_: str, names: str, declared: Declarations, attributes: dict[str, str | None]
    ) -> Sight:
        if parent.gone:
            return parent
        if tag in ("html", "body") or id_ in _SHOWN_BY_SCRIPT:
            declared = {k: v for k, v in declared.items() if k not in ("display", "visibility", "opacity")}
        elif tag in FALLBACK_TAGS or "hidden" in attributes or (tag == "dialog" and "open" not in attributes):
            return HIDDEN_FOR_GOOD
        if tag == "a" and parent.colour is not None and "color" not in declared:
            declared = {**declared, "color": "linktext"}
        if not declared and not (names and self._sheet.external and parent.background):
            return parent
        return see(parent, declared, names, opaque_names=bool(names) and self._sheet.external)

    @staticmethod
    def _is_block(tag: str, declared: Declarations) -> bool:
        display = declared.get("display")
        if display in _BLOCK_DISPLAY:
            return True
        if display in _INLINE_DISPLAY or (declared.get("float") in ("left", "right") and tag in ("div", "p", "span")):
            return False
        return tag in BLOCK_TAGS

    def _kind(
        self,
        parent: _Frame,
        tag: str,
        id_: str,
        names: str,
        declared: Declarations,
        attributes: dict[str, str | None],
    ) -> SegmentKind:
        if id_.startswith("postmessage_"):  # Discuz: the first floor is the thread, the others answer it
            self._postings += 1
            for frame in self._stack:
                frame.nested = True
            return SegmentKind.MAIN if self._postings == 1 else SegmentKind.COMMENT
        found = (
            region_of(tag, names, attributes.get("role") or "") if names or attributes or tag in BLOCK_TAGS else None
        )
        if found is None and declared.get("position") in ("fixed", "sticky") and not is_header(tag, names):
            found = SegmentKind.FLOATING
        return entered(parent.kind, found)

    def _special(self, node: LexborNode, tag: str, attributes: dict[str, str | None], frame: _Frame) -> None:
        """What single tags mean beyond their text."""
        kind = SegmentKind.HIDDEN if frame.sight.hidden else frame.kind
        if tag == "a":
            if self._closed_anchor and self._line:
                self._line.append(_TOUCH)
            frame.anchor = self._links.open_anchor(attributes, kind)
        elif tag in ("img", "amp-img"):
            self._image(attributes, frame)
        elif tag in ("td", "th"):
            row = self._stack[-1]
            if row.tag == "tr":
                row.cells.append(len(self.page.blocks))
        elif tag in ("title", "desc"):
            self._title(node, frame)
        elif tag in ("input", "textarea", "select", "button", "label"):
            self._input(node, tag, attributes, frame)
        elif tag == "form":
            frame.inputs = Inputs()
        elif tag in ("iframe", "frame"):
            self._frame(attributes, frame, kind)
        elif tag in ("area", "meta", "link", "base"):
            self._head.element(tag, attributes) if tag != "area" else self._links.area(attributes, kind)
            if tag == "area" and attributes.get("alt"):
                self._aside(Block(SegmentKind.ALT, tidy(attributes["alt"] or ""), "area"))
        elif tag == "template":
            self._template(node)
        elif tag == "time" and attributes.get("datetime") and kind not in (SegmentKind.FOOTER, SegmentKind.COMMENT):
            self.page.times.append((attributes["datetime"] or "").strip())
        if attributes and tag != "a":
            self._links.scripted(attributes, kind)
            if "srcset" in attributes or "poster" in attributes or "url(" in (attributes.get("style") or ""):
                self._links.pictures(attributes)
            if (attributes.get("id") or "") in _MOUNT_IDS and node.first_child is None:
                self.page.mount_points += 1

    def _raw(self, node: LexborNode, tag: str, attributes: dict[str, str | None]) -> None:
        if tag != "script":
            return
        self.page.script_count += 1
        text = node.text(deep=True)
        if not text:
            return
        if "ld+json" in (attributes.get("type") or ""):
            self.page.json_ld.append(text[:MAX_SCRIPT])
        elif len(self.page.scripts) < 200:
            self.page.scripts.append(text[:MAX_SCRIPT])

    def _title(self, node: LexborNode, frame: _Frame) -> None:
        text = tidy(node.text(deep=True))
        frame.raw = True
        if any(f.tag == "svg" for f in self._stack):
            if text:
                self._aside(Block(SegmentKind.ALT, text, "svg"))
        elif text and not self.page.title_tag:
            self.page.title_tag = text

    def _image(self, attributes: dict[str, str | None], frame: _Frame) -> None:
        self._links.pictures(attributes)
        words = dict.fromkeys(tidy(attributes.get(name) or "") for name in ("alt", "title"))
        for text in words:
            if text:
                self._aside(Block(SegmentKind.ALT, text, "img"))
                self._links.add_picture_words(text)

    def _input(self, node: LexborNode, tag: str, attributes: dict[str, str | None], frame: _Frame) -> None:
        inputs = next((f.inputs for f in reversed(self._stack) if f.inputs is not None), self._loose_inputs)
        type_ = (attributes.get("type") or "text").lower()
        if tag == "label":
            inputs.words.append(tidy(node.text(deep=True))[:100])
            return
        if not frame.sight.hidden:
            frame.kind = SegmentKind.FORM if frame.kind is SegmentKind.MAIN else frame.kind
        if tag == "button":
            inputs.buttons.append(tidy(node.text(deep=True))[:100])
            return
        if tag == "select":
            return
        if type_ == "hidden":
            return
        value = attributes.get("value") or ""
        shown = [attributes.get("placeholder") or ""]
        if tag == "input" and type_ in ("submit", "button", "reset", "image"):
            shown = [value or attributes.get("alt") or ""]
            inputs.buttons.append(shown[0] or attributes.get("title") or "")
        elif type_ == "password":
            inputs.passwords += 1
        elif tag == "textarea" or type_ in ("text", "search", "tel", "number", "email", "url"):
            inputs.texts += 1
            before = tidy("".join(self._line[-3:]))[-20:] or (
                self.page.blocks[-1].text[-20:] if self.page.blocks else ""
            )
            inputs.words += [
                before,
                shown[0],
                attributes.get("name") or "",
                attributes.get("id") or "",
                attributes.get("title") or "",
            ]
            shown.append(value)
        for text in map(tidy, shown):
            if text:
                # An input is a box in its line: label and placeholder are two things.
                self._flush()
                self.page.blocks.append(Block(SegmentKind.HIDDEN if frame.sight.hidden else frame.kind, text, tag))

    def _frame(self, attributes: dict[str, str | None], frame: _Frame, kind: SegmentKind) -> None:
        frame.raw = True
        self._links.frame(attributes, kind)
        inner = attributes.get("srcdoc")
        if inner and self._depth == 0 and not frame.sight.hidden:
            page = Walker(inner, self.page.base, depth=1).read()
            self.page.blocks += page.blocks
            self.page.links += page.links
            self.page.images += page.images

    def _template(self, node: LexborNode) -> None:
        """A template's content is no part of the tree; nothing shows it unless a script does."""
        inner = node.inner_html or ""
        if inner and self._depth == 0:
            text = tidy(Walker(inner, self.page.base, depth=1).read().text().replace("\n", " "))
            if text:
                self._aside(Block(SegmentKind.HIDDEN, text, "template"))

    def _close_form(self, frame: _Frame) -> None:
        """Small forms are forms; one that wraps the whole page (ASP.NET) is not."""
        inputs = frame.inputs
        if inputs is None:
            return
        blocks = self.page.blocks[frame.first_block :]
        words = sum(len(block.text) for block in blocks if block.seen)
        if words <= 1200 and len(blocks) <= 60:
            for block in blocks:
                if block.kind in (SegmentKind.MAIN, SegmentKind.TABLE):
                    block.kind = SegmentKind.FORM
            inputs.words += [block.text[:100] for block in blocks[:20] if block.seen]
            inputs.buttons += [b.text for b in blocks if b.linked and len(b.text) <= 8 and b.linked == len(b.text)]
        self.page.inputs.append(inputs)

    def _join_row(self, row: _Frame) -> None:
        if row.nested or len(row.cells) < 2:
            return
        blocks = self.page.blocks
        edges = [*row.cells, len(blocks)]
        texts = []
        for start, end in pairwise(edges):
            seen = [block.text for block in blocks[start:end] if block.seen]
            if len(seen) > _CELL_BLOCKS or sum(map(len, seen)) > _CELL_LENGTH:
                return
            if seen:
                texts.append(" ".join(seen))
        inside = blocks[row.cells[0] :]
        seen_blocks = [block for block in inside if block.seen]
        if not seen_blocks:
            return
        kind = SegmentKind.TABLE if seen_blocks[0].kind is SegmentKind.MAIN else seen_blocks[0].kind
        joined = Block(kind, " | ".join(texts), "tr", sum(b.linked for b in seen_blocks))
        blocks[row.cells[0] :] = [joined, *(block for block in inside if not block.seen)]


def read_page(html: str, url: str, *, encoding: str = "utf-8") -> Page:
    """Read ``html`` (already decoded) that was answered at ``url``."""
    return Walker(html, url, encoding=encoding).read()


def tidy(text: str) -> str:
    """One line of text as a browser lays it out: spaces collapsed, soft hyphens gone, touching boxes separated."""
    if _TOUCH in text:
        text = _untouch(text)
    if _SOFT_HYPHEN in text:
        text = text.replace(_SOFT_HYPHEN, "")
    return _SPACES.sub(" ", text).strip(_EDGES)


def _untouch(text: str) -> str:
    parts = [part for part in text.split(_TOUCH) if part]
    if not parts:
        return ""
    joined = [parts[0]]
    for left, right in pairwise(parts):
        single = len(left.strip()) <= 1 or len(right.strip()) <= 1
        joined += ("" if single else " ", right)
    return "".join(joined)


@lru_cache(maxsize=4096)
def _inline(style: str) -> Declarations:
    return declarations(style[:4000])


def _presentational(tag: str, attributes: dict[str, str | None]) -> Declarations:
    declared: Declarations = {}
    if attributes.get("bgcolor"):
        declared["background-color"] = _legacy_colour(attributes["bgcolor"] or "")
    if attributes.get("background"):
        declared["background-image"] = "url()"
    if tag == "font" and attributes.get("color"):
        declared["color"] = _legacy_colour(attributes["color"] or "")
    return declared


def _legacy_colour(value: str) -> str:
    value = value.strip().lower()
    return f"#{value}" if parse_colour(value) is None and re.fullmatch(r"[0-9a-f]{6}|[0-9a-f]{3}", value) else value


def _is_reversed(tag: str, declared: Declarations, attributes: dict[str, str | None]) -> bool:
    """Text stored backwards and shown forwards by a direction override."""
    if tag == "bdo" and (attributes.get("dir") or "").lower() == "rtl":
        return True
    override = declared.get("unicode-bidi") in ("bidi-override", "isolate-override")
    return override and (declared.get("direction") == "rtl" or (attributes.get("dir") or "").lower() == "rtl")


__all__ = ["HEADINGS", "Walker", "read_page", "tidy"]
