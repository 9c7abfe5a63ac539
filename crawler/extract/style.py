"""What a page's own CSS says about being seen: inline declarations and the simple rules of its ``<style>`` elements.

Only what hides text is read (display, visibility, opacity, font size, colours, position, indent, size with overflow,
clip, transform). Selectors understood: type, ``.class``, ``#id``, their compounds, lists, descendant and child
combinators. Not understood, and therefore never a reason to hide anything: pseudo-classes and -elements (so ``::before``
content is not text here), attribute selectors, ``@media`` other than screen and all, external style sheets.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

Declarations = dict[str, str]

#: Longest CSS that is read; hiding rules of generated pages stand at the beginning.
MAX_CSS = 400_000

#: Rules kept for one tag, class or id; template frameworks stay below a dozen that concern visibility.
MAX_RULES_OF_ONE_NAME = 200

_READ = frozenset(
    [
        "display",
        "visibility",
        "opacity",
        "font-size",
        "font",
        "color",
        "background",
        "background-color",
        "background-image",
        "background-clip",
        "-webkit-background-clip",
        "text-indent",
        "position",
        "left",
        "top",
        "right",
        "bottom",
        "margin-left",
        "width",
        "height",
        "max-width",
        "max-height",
        "overflow",
        "overflow-x",
        "overflow-y",
        "clip",
        "clip-path",
        "transform",
        "direction",
        "unicode-bidi",
        "float",
        "filter",
    ]
)
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_BRACES = re.compile(r"[{}]")
_COMPOUND = re.compile(r"(?P<tag>[a-z][a-z0-9-]*|\*)?(?P<rest>(?:[.#][-_a-z0-9\u0080-\uffff]+)*)", re.IGNORECASE)
_PART = re.compile(r"([.#])([-_a-zA-Z0-9\u0080-\uffff]+)")
_SCREEN = re.compile(r"@media\s*(?:only\s+)?(?:screen|all)?\s*", re.IGNORECASE)


def declarations(css: str) -> Declarations:
    """``name: value`` pairs that matter here, lower case; what is ``!important`` has a ``!name`` key beside it."""
    found: Declarations = {}
    for part in css.lower().split(";"):
        name, colon, value = part.partition(":")
        if not colon:
            continue
        name = name.strip()
        if name not in _READ:
            continue
        value = value.strip()
        if value.endswith("!important"):
            value = value.removesuffix("!important").rstrip()
            found[f"!{name}"] = ""
        elif f"!{name}" in found:
            continue
        found[name] = value
    return found


@dataclass(frozen=True, slots=True)
class Compound:
    """One simple part of a selector: what one element must be."""

    tag: str
    id: str
    classes: frozenset[str]

    def matches(self, tag: str, id_: str, classes: frozenset[str]) -> bool:
        """Whether an element with these names is meant."""
        return (not self.tag or self.tag == tag) and (not self.id or self.id == id_) and self.classes.issubset(classes)


@dataclass(frozen=True, slots=True)
class Rule:
    """Declarations for the elements that ``compounds`` select, the element itself last."""

    compounds: tuple[Compound, ...]
    child_of: tuple[bool, ...]
    """Per combinator: True for ``>``."""
    weight: tuple[int, int, int, int]
    """Specificity (ids, classes, tags) and order."""
    declared: Declarations


Ancestor = tuple[str, str, frozenset[str]]
"""Tag, id and classes of an open element."""


@dataclass(slots=True)
class StyleSheet:
    """The rules of a page, found by what the selected element must have."""

    by_id: dict[str, list[Rule]] = field(default_factory=dict)
    by_class: dict[str, list[Rule]] = field(default_factory=dict)
    by_tag: dict[str, list[Rule]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.by_id or self.by_class or self.by_tag)

    def selecting(self, tag: str, id_: str, classes: frozenset[str], ancestors: list[Ancestor]) -> list[Rule]:
        """The rules that select an element, the stronger rule last."""
        candidates = self._candidates(tag, id_, classes)
        if not candidates:
            return []
        selecting = [rule for rule in candidates if _selects(rule, tag, id_, classes, ancestors)]
        selecting.sort(key=lambda rule: rule.weight)
        return selecting

    def asking_for_ancestors(self, tag: str, id_: str, classes: frozenset[str]) -> int:
        """How many rules that may select such an element also ask for its ancestors."""
        return sum(
            len(rule.compounds) > 1 and rule.compounds[-1].matches(tag, id_, classes)
            for rule in self._candidates(tag, id_, classes)
        )

    def _candidates(self, tag: str, id_: str, classes: frozenset[str]) -> list[Rule]:
        candidates = [*self.by_tag.get(tag, ()), *self.by_tag.get("*", ())]
        if id_:
            candidates += self.by_id.get(id_, ())
        for name in classes:
            candidates += self.by_class.get(name, ())
        return candidates


def merged(rules: Iterable[Rule]) -> Declarations:
    """What rules declare together, the stronger last; ``!important`` holds against later rules without it."""
    declared: Declarations = {}
    for rule in rules:
        for name, value in rule.declared.items():
            if f"!{name}" not in declared or f"!{name}" in rule.declared:
                declared[name] = value
    return declared


def _selects(rule: Rule, tag: str, id_: str, classes: frozenset[str], ancestors: list[Ancestor]) -> bool:
    compounds = rule.compounds
    if not compounds[-1].matches(tag, id_, classes):
        return False
    position = len(ancestors) - 1
    # Greedy from the right: exact for descendants, and a child combinator that fails after a greedy step is taken for
    # "does not select", which errs towards visible.
    for wanted, child in zip(reversed(compounds[:-1]), reversed(rule.child_of), strict=True):
        if child:
            if position < 0 or not wanted.matches(*ancestors[position]):
                return False
            position -= 1
            continue
        while position >= 0 and not wanted.matches(*ancestors[position]):
            position -= 1
        if position < 0:
            return False
        position -= 1
    return True


def parse_style_sheet(css: str) -> StyleSheet:
    """The readable rules of ``css``. Broken CSS loses its broken rules only; time is linear."""
    sheet = StyleSheet()
    css = _COMMENT.sub(" ", css[:MAX_CSS]).replace("<!--", " ").replace("-->", " ")
    order = 0
    skip_until = 0
    depth = 0
    start = 0
    selector = ""
    for brace in _BRACES.finditer(css):
        if brace[0] == "{":
            head = css[start : brace.start()].rpartition(";")[2].strip()
            depth += 1
            if skip_until:
                pass
            elif head.startswith("@"):
                if not _SCREEN.fullmatch(head) and not head.startswith(("@layer", "@supports")):
                    skip_until = depth
            else:
                selector = head
        else:
            if skip_until:
                if depth == skip_until:
                    skip_until = 0
            elif selector:
                order += 1
                _add(sheet, selector, declarations(css[start : brace.start()]), order)
            selector = ""
            depth = max(0, depth - 1)
        start = brace.end()
    return sheet


def _add(sheet: StyleSheet, selectors: str, declared: Declarations, order: int) -> None:
    if not declared:
        return
    for selector in selectors.split(",") if len(selectors) < 4000 else ():
        rule = _rule(selector.strip(), declared, order)
        if rule is None:
            continue
        last = rule.compounds[-1]
        if last.id:
            rules = sheet.by_id.setdefault(last.id, [])
        elif last.classes:
            rules = sheet.by_class.setdefault(min(last.classes), [])
        else:
            rules = sheet.by_tag.setdefault(last.tag or "*", [])
        if len(rules) < MAX_RULES_OF_ONE_NAME:
            rules.append(rule)


def _rule(selector: str, declared: Declarations, order: int) -> Rule | None:
    compounds: list[Compound] = []
    child_of: list[bool] = []
    child = False
    for token in selector.replace(">", " > ").split():
        if token == ">":
            child = True
            continue
        match = _COMPOUND.fullmatch(token)
        if match is None or len(compounds) > 8:
            return None
        if compounds:
            child_of.append(child)
        child = False
        parts = _PART.findall(match["rest"])
        tag = (match["tag"] or "").lower()
        compounds.append(
            Compound(
                "" if tag == "*" else tag,
                next((name for mark, name in parts if mark == "#"), ""),
                frozenset(name for mark, name in parts if mark == "."),
            )
        )
    if not compounds:
        return None
    weight = (
        sum(bool(c.id) for c in compounds),
        sum(len(c.classes) for c in compounds),
        sum(bool(c.tag) for c in compounds),
        order,
    )
    return Rule(tuple(compounds), tuple(child_of), weight, declared)
