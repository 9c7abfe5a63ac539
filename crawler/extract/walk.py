"""The one walk over a page's tree: text into blocks, visible apart from hidden, links and pictures where they stand."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from selectolax.lexbor import LexborHTMLParser, LexborNode

from crawler.extract import inputs as controls
from crawler.extract.line_writer import LineWriter
from crawler.extract.lines import tidy, unbroken
from crawler.extract.links import HeadReader, LinkCollector
from crawler.extract.page import MAX_SCRIPT, Block, Inputs, Page
from crawler.extract.regions import BLOCK_TAGS
from crawler.extract.shapes import Attributes, Context, Shape, shapes_for
from crawler.extract.soup_guard import tame
from crawler.extract.style import Rule
from crawler.extract.visibility import SEEN, Sight
from domain.document import SegmentKind

#: A table row is data if its cells are short; longer or nested ones are the page's layout.
_CELL_BLOCKS, _CELL_LENGTH = 3, 160
#: A form is a form if it is small; one that wraps the whole page (ASP.NET) is not.
_FORM_BLOCKS, _FORM_LENGTH = 60, 1200

#: Ancestor comparisons one page may cost (some tenths of a second); beyond them such rules select nothing.
_MAX_RULE_STEPS = 300_000

#: Inner documents (srcdoc, template) read of one page.
_MAX_INNER = 100

_MOUNT_IDS = frozenset(["app", "root", "__next", "__nuxt", "main-app", "react-root", "container-app", "q-app"])
_CONTAINERS = frozenset(["div", "section", "main", "ul", "ol", "tbody", "article", "p", "span", "table"])
_LINE_BY_LINE = frozenset(["pre", "textarea", "xmp", "listing"])
_SCRIPTED = frozenset(["onclick", "data-href", "data-url", "data-link"])
_WITH_PICTURES = frozenset(["srcset", "data-srcset", "poster"])
_RAW = frozenset(("script", "style"))


class _Frame:
    """One open element."""

    __slots__ = ("anchor", "cells", "context", "first_block", "inputs", "nested", "node_id", "rules", "shape", "tag")

    def __init__(self, node_id: int, tag: str, shape: Shape, context: Context) -> None:
        self.node_id = node_id
        self.tag = tag
        self.shape = shape
        self.context = context
        self.anchor = False
        self.nested = False
        self.first_block = 0
        self.cells: list[int] | None = None
        self.inputs: Inputs | None = None
        self.rules: dict[Shape, tuple[Rule, ...]] | None = None
        """Rules for its children that depend on ancestors, by the child's shape."""


class Walker:
    """Reads one tree into a :class:`Page`."""

    def __init__(self, html: str, url: str, *, encoding: str = "utf-8", depth: int = 0, routes: bool = False) -> None:
        self._tree = LexborHTMLParser(tame(html))
        self._depth = depth
        self.page = Page(url=url, base=url, tree=self._tree)
        self._head = HeadReader(self.page)
        self._links = LinkCollector(self.page, encoding, routes=routes)
        css = "\n".join(node.text(deep=True) for node in self._tree.css("style"))
        self._external = "@import" in css or self._tree.css_first('link[rel~="stylesheet" i]') is not None
        self._shapes = shapes_for(css, external_styles=self._external)
        sight = SEEN if self._external else Sight(background=(255, 255, 255))
        context = Context(sight, False, SegmentKind.MAIN, "")
        self._out = LineWriter(self.page, self._links, context)
        self._stack: list[_Frame] = [_Frame(0, "", self._shapes.of("", {}), context)]
        self._loose_inputs = Inputs()
        self._floor: _Frame | None = None
        self._rule_steps = 0
        self._inner = 0

    def read(self) -> Page:
        """Walk the tree once; time is linear in its nodes."""
        root = self._tree.root
        if root is None:
            return self.page
        self._head.base(self._tree)
        stack = self._stack
        top = stack[-1]
        for node in root.traverse(include_text=True):
            parent = node.parent
            parent_id = parent.mem_id if parent is not None else 0
            while top.node_id != parent_id and len(stack) > 1:
                self._close(stack.pop())
                top = stack[-1]
            if node.is_text_node:
                if not top.context.raw:
                    text = node.text_content
                    if text:
                        self._text(text, top)
            elif node.is_element_node:
                self._open(node, top)
                top = stack[-1]
        while len(stack) > 1:
            self._close(stack.pop())
        self._out.flush()
        if self._loose_inputs.texts or self._loose_inputs.buttons:
            self.page.inputs.append(self._loose_inputs)
        self._links.finish()
        return self.page

    def _text(self, text: str, frame: _Frame) -> None:
        if frame.tag in _LINE_BY_LINE and "\n" in text.strip():
            for line in text.splitlines():
                self._out.piece(line, frame.context)
                self._out.flush()
            return
        self._out.piece(unbroken(text), frame.context)

    # -- elements -------------------------------------------------------------------------------------------------

    def _open(self, node: LexborNode, parent: _Frame) -> None:
        tag = node.tag or ""
        outside = parent.context
        if tag == "br":
            if outside.hidden:
                self._out.hidden_break()
            else:
                self._out.flush()
            return
        attributes = node.attributes
        shape = self._shapes.of(tag, attributes)
        if tag in _RAW:
            self._script(node, tag, attributes)
            self._stack.append(_Frame(node.mem_id, tag, shape, replace(outside, raw=True)))
            return
        context = self._shapes.inside(outside, shape, self._rules(parent, shape) if shape.complex else ())
        if outside.hidden and not context.hidden:
            self._out.flush_hidden()
        if shape.block:
            if not context.sight.no_box:
                self._out.flush()
            else:
                self._out.hidden_break()
        elif tag in BLOCK_TAGS:
            self._out.touch()
        frame = _Frame(node.mem_id, tag, shape, context)
        if shape.id:
            self._identified(node, shape.id, frame)
        if shape.posting and self._floor is None:
            self._out.flush()
            self._floor = frame
            frame.first_block = len(self.page.blocks)
            self.page.surely_thread |= shape.posting == "sure"
            for above in self._stack:
                above.nested = True  # a row around postings is layout
        special = _SPECIAL.get(tag)
        if special is not None:
            special(self, node, attributes, frame)
        if attributes and tag != "a":
            if not _SCRIPTED.isdisjoint(attributes):
                self._links.scripted(attributes, self._place(frame))
            style = attributes.get("style")
            if (style and "url(" in style) or not _WITH_PICTURES.isdisjoint(attributes):
                self._links.pictures(attributes, self._place(frame))
        self._stack.append(frame)

    def _rules(self, parent: _Frame, shape: Shape) -> tuple[Rule, ...]:
        known = parent.rules
        if known is None:
            known = parent.rules = {}
        rules = known.get(shape)
        if rules is None:
            self._rule_steps += shape.complex * len(self._stack)
            rules = ()
            if self._rule_steps < _MAX_RULE_STEPS:
                rules = self._shapes.rules(shape, [frame.shape for frame in self._stack[1:]])
            known[shape] = rules
        return rules

    def _close(self, frame: _Frame) -> None:
        tag = frame.tag
        if tag in _RAW:
            return
        context, block = frame.context, frame.shape.block
        if context.hidden:
            if not self._stack[-1].context.hidden:
                self._out.flush_hidden()
            elif block:
                self._out.hidden_break()
        if block:
            if not context.sight.no_box:
                self._out.flush()
        elif tag in BLOCK_TAGS:
            self._out.touch()
        if frame is self._floor:
            self._out.flush()
            self.page.floors.append((frame.first_block, len(self.page.blocks)))
            self._floor = None
        if frame.anchor:
            self._out.close_anchor()
        elif tag == "tr":
            self._join_row(frame)
        elif tag == "form":
            self._close_form(frame)
        elif tag == "table":
            for above in self._stack:
                above.nested = above.nested or above.tag == "tr"

    def _identified(self, node: LexborNode, id_: str, frame: _Frame) -> None:
        """Elements that a platform or an application framework knows by their id."""
        if id_ == "js_content":
            frame.context = replace(frame.context, content=True)
        elif frame.tag in _CONTAINERS and _is_empty(node):
            if id_ in _MOUNT_IDS:
                self.page.mount_points += 1
            elif len(self.page.empty_ids) < 50:
                self.page.empty_ids.append(id_)

    @staticmethod
    def _place(frame: _Frame) -> SegmentKind:
        return SegmentKind.HIDDEN if frame.context.hidden else frame.context.kind

    # -- tags that mean more than their text ----------------------------------------------------------------------

    def _anchor(self, node: LexborNode, attributes: Attributes, frame: _Frame) -> None:
        self._out.open_anchor(attributes, self._place(frame))
        frame.anchor = True

    def _picture(self, node: LexborNode, attributes: Attributes, frame: _Frame) -> None:
        self._links.pictures(attributes, self._place(frame))
        for text in dict.fromkeys(tidy(attributes.get(name) or "") for name in ("alt", "title")):
            if text:
                self._out.aside(Block(SegmentKind.ALT, text, "img"))
                self._links.add_picture_words(text)

    def _cell(self, node: LexborNode, attributes: Attributes, frame: _Frame) -> None:
        row = self._stack[-1]
        if row.cells is not None:
            row.cells.append(len(self.page.blocks))

    def _row(self, node: LexborNode, attributes: Attributes, frame: _Frame) -> None:
        frame.cells = []

    def _title(self, node: LexborNode, attributes: Attributes, frame: _Frame) -> None:
        drawn = any(above.tag == "svg" for above in self._stack)
        text = tidy(node.text(deep=not drawn))
        frame.context = replace(frame.context, raw=True)
        if drawn:
            if text:
                self._out.aside(Block(SegmentKind.ALT, text, "svg"))
        elif text and not self.page.title_tag:
            self.page.title_tag = text

    def _form(self, node: LexborNode, attributes: Attributes, frame: _Frame) -> None:
        frame.inputs = Inputs()
        frame.first_block = len(self.page.blocks)

    def _control(self, node: LexborNode, attributes: Attributes, frame: _Frame) -> None:
        inputs = next((f.inputs for f in reversed(self._stack) if f.inputs is not None), self._loose_inputs)
        if frame.tag != "label" and frame.context.kind is SegmentKind.MAIN:
            frame.context = replace(frame.context, kind=SegmentKind.FORM)
        if frame.tag in ("label", "button") and any(above.tag == frame.tag for above in self._stack):
            return  # one inside another is an error, and reading the text of each would be quadratic
        before = self._out.before()
        for text in map(tidy, controls.note(inputs, node, frame.tag, attributes, before)):
            if text:
                # A control is a box in its line: label and placeholder are two things.
                self._out.flush()
                self.page.blocks.append(Block(self._place(frame), text, frame.tag))

    def _inner_page(self, node: LexborNode, attributes: Attributes, frame: _Frame) -> None:
        frame.context = replace(frame.context, raw=True)
        self._links.frame(attributes, self._place(frame))
        inner = attributes.get("srcdoc")
        if inner and not frame.context.hidden and self._may_read_inner():
            page = Walker(inner, self.page.base, depth=1).read()
            self.page.blocks += page.blocks
            self.page.links += page.links
            self.page.images += page.images

    def _may_read_inner(self) -> bool:
        self._inner += 1
        return self._depth == 0 and self._inner <= _MAX_INNER

    def _area(self, node: LexborNode, attributes: Attributes, frame: _Frame) -> None:
        self._links.area(attributes, self._place(frame))
        text = tidy(attributes.get("alt") or "")
        if text:
            self._out.aside(Block(SegmentKind.ALT, text, "area"))

    def _head_element(self, node: LexborNode, attributes: Attributes, frame: _Frame) -> None:
        self._head.element(frame.tag, attributes)

    def _template(self, node: LexborNode, attributes: Attributes, frame: _Frame) -> None:
        """A template's content is no part of the tree; nothing shows it unless a script does."""
        outer = node.html or ""
        if outer.startswith("<template") and self._may_read_inner():
            inner = Walker(f"<div{outer.removeprefix('<template')}", self.page.base, depth=1).read()
            text = tidy(inner.text())
            if text:
                self._out.aside(Block(SegmentKind.HIDDEN, text, "template"))

    def _time(self, node: LexborNode, attributes: Attributes, frame: _Frame) -> None:
        stamp = (attributes.get("datetime") or "").strip()
        if stamp and self._place(frame) not in (SegmentKind.FOOTER, SegmentKind.COMMENT, SegmentKind.SIDEBAR):
            self.page.times.append(stamp)

    def _ruby(self, node: LexborNode, attributes: Attributes, frame: _Frame) -> None:
        frame.context = replace(frame.context, ruby=True)

    def _script(self, node: LexborNode, tag: str, attributes: Attributes) -> None:
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

    # -- what only the end of an element tells --------------------------------------------------------------------

    def _close_form(self, frame: _Frame) -> None:
        inputs = frame.inputs
        if inputs is None:
            return
        blocks = self.page.blocks[frame.first_block :]
        if len(blocks) <= _FORM_BLOCKS and sum(len(b.text) for b in blocks if b.seen) <= _FORM_LENGTH:
            for block in blocks:
                if block.kind in (SegmentKind.MAIN, SegmentKind.TABLE):
                    block.kind = SegmentKind.FORM
            inputs.words += [block.text[:100] for block in blocks[:20] if block.seen]
            inputs.buttons += [b.text for b in blocks if b.linked and len(b.text) <= 8 and b.linked == len(b.text)]
        self.page.inputs.append(inputs)

    def _join_row(self, row: _Frame) -> None:
        if row.nested or row.cells is None or len(row.cells) < 2 or row.shape.posting:
            return
        blocks = self.page.blocks
        texts = []
        for start, end in pairwise([*row.cells, len(blocks)]):
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


def _is_empty(node: LexborNode) -> bool:
    child = node.first_child
    return child is None or (child.next is None and child.is_text_node and not (child.text_content or "").strip())


_SPECIAL = {
    "a": Walker._anchor,
    "img": Walker._picture,
    "amp-img": Walker._picture,
    "td": Walker._cell,
    "th": Walker._cell,
    "tr": Walker._row,
    "title": Walker._title,
    "desc": Walker._title,
    "form": Walker._form,
    **dict.fromkeys(controls.CONTROL_TAGS, Walker._control),
    "iframe": Walker._inner_page,
    "frame": Walker._inner_page,
    "area": Walker._area,
    "meta": Walker._head_element,
    "link": Walker._head_element,
    "template": Walker._template,
    "time": Walker._time,
    "rt": Walker._ruby,
}


def read_page(html: str, url: str, *, encoding: str = "utf-8", routes: bool = False) -> Page:
    """Read ``html`` (already decoded) that was answered at ``url``; ``routes``: links like ``#/course`` are pages."""
    page = Walker(html, url, encoding=encoding, routes=routes).read()
    if len(page.title_tag) > _SWALLOWED and "<" in page.title_tag:
        repaired = _closed_title(html)
        if repaired != html:
            page = Walker(repaired, url, encoding=encoding, routes=routes).read()
    page.html = html
    return page


#: A title of this length with tags in it was never closed and has swallowed the page.
_SWALLOWED = 400


def _closed_title(html: str) -> str:
    """Close the title before the next tag. Browsers show such a page blank; its author meant it to be read."""
    start = html.lower().find("<title")
    end = html.find(">", start)
    following = html.find("<", end)
    return html if start < 0 or end < 0 or following < 0 else f"{html[:following]}</title>{html[following:]}"
