"""What an element is, from its tag and attributes, and what that means where it stands: computed once for all elements
of a page that look alike. Pages repeat a few dozen looks hundreds of times; this is where the walk gets its speed."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache

from crawler.extract.regions import BLOCK_TAGS, FALLBACK_TAGS, entered, is_header, posting_of, region_of
from crawler.extract.style import Declarations, Rule, StyleSheet, declarations, merged, parse_style_sheet
from crawler.extract.visibility import HIDDEN_FOR_GOOD, Sight, is_revealed, parse_colour, see
from domain.document import SegmentKind

Attributes = dict[str, str | None]
ShapeKey = tuple[object, ...]

#: WeChat hides the article until its script has run, applications their mount point: the reader sees them.
_SHOWN_BY_SCRIPT = frozenset(
    ("js_content", "js_article", "page-content", "img-content", "app", "root", "__next", "__nuxt")
)
_INLINE_DISPLAY = frozenset(["inline", "inline-block", "inline-flex", "inline-table", "contents"])
_BLOCK_DISPLAY = frozenset(
    ["block", "flex", "grid", "table", "table-row", "table-cell", "list-item", "flow-root", "table-caption"]
)
#: Attributes that change what an element is, beside class, id and style.
_RARE = frozenset(["hidden", "bgcolor", "background", "color", "dir", "role", "open"])


@dataclass(slots=True, eq=False)
class Shape:
    """The judgement of one look."""

    tag: str
    id: str
    names: str
    classes: frozenset[str]
    declared: Declarations
    """What holds whatever the ancestors are."""
    complex: int
    """How many rules that may select it also ask for its ancestors."""
    block: bool
    reverse: bool
    region: SegmentKind | None
    header: bool
    hidden_for_good: bool
    posting: str
    """``sure`` or ``maybe`` if it holds one posting of a thread."""


@dataclass(slots=True, eq=False)
class Context:
    """What holds for the text inside an element, own or inherited."""

    sight: Sight
    hidden: bool
    kind: SegmentKind
    block_tag: str
    header: bool = False
    content: bool = False
    """Inside the element that a platform uses for the content."""
    reverse: bool = False
    raw: bool = False
    """Not text at all."""
    ruby: bool = False
    """A reading printed over the text, not in it."""


#: Bounds of one remembered book; a site's templates have some hundred looks.
_MAX_SHAPES, _MAX_CONTEXTS = 1500, 3000
_books: OrderedDict[tuple[str, bool], Shapes] = OrderedDict()
_MAX_BOOKS = 12


def shapes_for(css: str, *, external_styles: bool) -> Shapes:
    """The book of shapes for pages with these styles. Pages of one site share it, and so do all pages without
    ``<style>``; it only remembers what the tag, attributes and styles determine."""
    key = (css, external_styles)
    book = _books.pop(key, None)
    if book is None or book.full:
        book = Shapes(parse_style_sheet(css) if css else StyleSheet(), external_styles=external_styles)
    if len(css) <= _MAX_REMEMBERED_CSS:
        _books[key] = book
        if len(_books) > _MAX_BOOKS:
            _books.popitem(last=False)
    return book


_MAX_REMEMBERED_CSS = 100_000


class Shapes:
    """The shapes of pages with the same styles, and the contexts they give."""

    def __init__(self, sheet: StyleSheet, *, external_styles: bool) -> None:
        self._sheet = sheet
        self._external = external_styles
        self._known: dict[ShapeKey | str, Shape] = {}
        self._contexts: dict[tuple[int, ...], Context] = {}
        self._sights: dict[Sight, Sight] = {}
        # One object per value, so that what descends from equal contexts is found by identity.
        self._values: dict[tuple[object, ...], Context] = {}
        self._kept: list[Context] = []

    @property
    def full(self) -> bool:
        """Grown so far that a fresh book is cheaper to keep."""
        return len(self._known) > _MAX_SHAPES or len(self._contexts) > _MAX_CONTEXTS

    def of(self, tag: str, attributes: Attributes) -> Shape:
        """The shape of an element."""
        known = self._known
        if not attributes:
            shape = known.get(tag)
            if shape is None:
                shape = known[tag] = self._new(tag, attributes)
            return shape
        get = attributes.get
        key: ShapeKey
        if _RARE.isdisjoint(attributes):
            key = (tag, get("class"), get("id"), get("style"))
        else:
            rare = sorted(_RARE & attributes.keys())
            key = (tag, get("class"), get("id"), get("style"), *((name, attributes[name]) for name in rare))
        shape = known.get(key)
        if shape is None:
            shape = known[key] = self._new(tag, attributes)
        return shape

    def rules(self, shape: Shape, ancestors: list[Shape]) -> tuple[Rule, ...]:
        """The rules for a complex shape below these elements, outermost first."""
        above = [(ancestor.tag, ancestor.id, ancestor.classes) for ancestor in ancestors]
        return tuple(self._sheet.selecting(shape.tag, shape.id, shape.classes, above))

    def inside(self, parent: Context, shape: Shape, rules: tuple[Rule, ...] = ()) -> Context:
        """The context inside an element of this shape; ``rules`` are those of :meth:`rules` for a complex one."""
        key = (id(parent), id(shape), *map(id, rules)) if rules else (id(parent), id(shape))
        known = self._contexts.get(key)
        if known is None:
            known = self._contexts[key] = self._inside(parent, shape, rules)
            self._kept += (known, parent)  # ids stay unique while the objects live
        return known

    def _inside(self, parent: Context, shape: Shape, rules: tuple[Rule, ...]) -> Context:
        kind = parent.kind if shape.region is None else entered(parent.kind, shape.region)
        # Sub-menus of a navigation open under the pointer, whatever they are called.
        revealed = kind is SegmentKind.NAV or is_revealed(shape.names)
        sight = self._sight(parent.sight, shape, rules, revealed=revealed)
        block_tag = shape.tag if shape.block else parent.block_tag
        changed = (
            sight is not parent.sight
            or kind is not parent.kind
            or block_tag != parent.block_tag
            or (shape.header and not parent.header)
            or (shape.reverse and not parent.reverse)
        )
        if not changed:
            return parent
        header, reverse = parent.header or shape.header, parent.reverse or shape.reverse
        value = (id(sight), kind, block_tag, header, parent.content, reverse, parent.raw, parent.ruby)
        known = self._values.get(value)
        if known is None:
            new = Context(
                sight, sight.hidden, kind, block_tag, header, parent.content, reverse, parent.raw, parent.ruby
            )
            known = self._values[value] = new
        return known

    def _sight(self, parent: Sight, shape: Shape, rules: tuple[Rule, ...], *, revealed: bool) -> Sight:
        if parent.gone:
            return parent
        if shape.hidden_for_good:
            return HIDDEN_FOR_GOOD
        declared = shape.declared
        if rules:
            declared = _shown(overridden(merged(rules), declared), shape.tag, shape.id)
        opaque = bool(shape.names) and self._external
        if not declared and not (opaque and (parent.background or parent.speck)):
            return parent
        new = see(parent, declared, revealed=revealed, opaque_names=opaque)
        return parent if new == parent else self._sights.setdefault(new, new)

    def _new(self, tag: str, attributes: Attributes) -> Shape:
        id_ = attributes.get("id") or ""
        class_ = attributes.get("class") or ""
        classes = frozenset(class_.split()) if class_ else frozenset()
        names = f"{class_} {id_}".strip()
        complex_ = self._sheet.asking_for_ancestors(tag, id_, classes)
        declared = {} if complex_ else merged(self._sheet.selecting(tag, id_, classes, []))
        style = attributes.get("style")
        if style:
            declared = overridden(declared, _inline(style))
        if "bgcolor" in attributes or "background" in attributes or (tag == "font" and "color" in attributes):
            declared = {**_presentational(tag, attributes), **declared}
        if tag == "a" and "color" not in declared:
            declared = {**declared, "color": "linktext"}  # links have a colour of their own, not their parent's
        declared = _shown(declared, tag, id_)
        exempt = tag in ("html", "body") or id_ in _SHOWN_BY_SCRIPT
        return Shape(
            tag=tag,
            id=id_,
            names=names,
            classes=classes,
            declared=declared,
            complex=complex_,
            block=_is_block(tag, declared),
            reverse=_is_reversed(tag, declared, attributes),
            region=self._region(tag, names, declared, attributes),
            header=(bool(names) or tag == "header") and is_header(tag, names),
            hidden_for_good=not exempt
            and (tag in FALLBACK_TAGS or "hidden" in attributes or (tag == "dialog" and "open" not in attributes)),
            posting=posting_of(tag, id_, names),
        )

    @staticmethod
    def _region(tag: str, names: str, declared: Declarations, attributes: Attributes) -> SegmentKind | None:
        found = region_of(tag, names, attributes.get("role") or "")
        if found is None and declared.get("position") in ("fixed", "sticky") and not is_header(tag, names):
            return SegmentKind.FLOATING
        return found


def overridden(weaker: Declarations, stronger: Declarations) -> Declarations:
    """Inline declarations over those of rules; ``!important`` rules hold against inline ones without it."""
    both = {**weaker, **stronger}
    for name in weaker:
        if name.startswith("!") and name not in stronger and name[1:] in weaker:
            both[name[1:]] = weaker[name[1:]]
    return both


def _shown(declared: Declarations, tag: str, id_: str) -> Declarations:
    if tag in ("html", "body") or id_ in _SHOWN_BY_SCRIPT:
        return {k: v for k, v in declared.items() if k not in ("display", "visibility", "opacity")}
    return declared


def _is_block(tag: str, declared: Declarations) -> bool:
    display = declared.get("display")
    if display in _BLOCK_DISPLAY:
        return True
    if display in _INLINE_DISPLAY or (declared.get("float") in ("left", "right") and tag in ("div", "p", "span")):
        return False
    return tag in BLOCK_TAGS


@lru_cache(maxsize=4096)
def _inline(style: str) -> Declarations:
    return declarations(style[:4000])


def _presentational(tag: str, attributes: Attributes) -> Declarations:
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


def _is_reversed(tag: str, declared: Declarations, attributes: Attributes) -> bool:
    """Text stored backwards and shown forwards by a direction override."""
    if tag == "bdo" and (attributes.get("dir") or "").lower() == "rtl":
        return True
    override = declared.get("unicode-bidi") in ("bidi-override", "isolate-override")
    return override and (declared.get("direction") == "rtl" or (attributes.get("dir") or "").lower() == "rtl")
