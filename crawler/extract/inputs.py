"""Form controls: what they ask and what they show."""

from __future__ import annotations

from selectolax.lexbor import LexborNode

from crawler.extract.lines import tidy
from crawler.extract.page import Inputs

Attributes = dict[str, str | None]

CONTROL_TAGS = frozenset(["input", "textarea", "select", "button", "label"])
_BUTTON_TYPES = frozenset(["submit", "button", "reset", "image"])
_TEXT_TYPES = frozenset(["text", "search", "tel", "number", "email", "url"])


def note(inputs: Inputs, node: LexborNode, tag: str, attributes: Attributes, before: str) -> list[str]:
    """Record one control in ``inputs``; the words it shows in itself (value, placeholder) are returned.

    ``before`` is the text in front of it, often its only label.
    """
    if tag == "label":
        inputs.words.append(tidy(node.text(deep=True))[:100])
        return []
    if tag == "button":
        inputs.buttons.append(tidy(node.text(deep=True))[:100])
        return []
    type_ = (attributes.get("type") or "text").lower()
    if tag == "select" or type_ == "hidden":
        return []
    value = attributes.get("value") or ""
    if tag == "input" and type_ in _BUTTON_TYPES:
        shown = value or attributes.get("alt") or ""
        inputs.buttons.append(shown or attributes.get("title") or "")
        return [shown]
    shown_words = [attributes.get("placeholder") or ""]
    if type_ == "password":
        inputs.passwords += 1
    elif tag == "textarea" or type_ in _TEXT_TYPES:
        inputs.texts += 1
        names = (attributes.get(name) or "" for name in ("placeholder", "name", "id", "title", "aria-label"))
        inputs.words += [before, *names]
        shown_words.append(value)
    return shown_words
