"""From CSS declarations to one question: does a reader see this element's text?

Errs towards visible: a claim taken for hidden would be lost to the digest, hidden chaff taken for visible only adds noise.
Things a script or a tap reveals (tabs, accordions, drop-down menus, animated blocks, WeChat's ``#js_content``) count as
visible, because they are shown to readers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from crawler.extract.style import Declarations

_LENGTH = re.compile(r"(-?\d*\.?\d+)\s*(px|em|rem|pt|%|vw|vh|ex|ch)?")
_PIXELS = {"em": 16.0, "rem": 16.0, "pt": 1.33, "ex": 8.0, "ch": 8.0, "%": 12.0, "vw": 12.0, "vh": 8.0, "px": 1.0}

#: Left of, or above, everything: conventional values are -999px and beyond; smaller ones shift a carousel or a sprite.
_OFF_SCREEN = -900.0
#: Below this many pixels text is a speck.
_ILLEGIBLE = 3.0

#: Class or id words of what opens on a tap or slides in: their hidden state is not what a reader ends up seeing.
_REVEALED = re.compile(
    r"(?:^|[-_\s])(?:tabs?|tab-?(?:pane|panel|content|con|cont|item|box|bd)|tabcon|tabbox|panel|pane|accordion|collapse|"
    r"collapsible|faq|answer|dropdown|sub-?menu|subnav|mega-?menu|unfold|expand|wow|aos|animated?|animation|fade\w*|"
    r"lazy\w*|reveal|scroll\w*|swiper\w*|slick\w*|slides?|slider|carousel|banner|owl\w*)"
    r"(?:$|[-_\s])",
    re.IGNORECASE,
)
_NAMED = {
    "white": (255, 255, 255),
    "black": (0, 0, 0),
    "red": (255, 0, 0),
    "yellow": (255, 255, 0),
    "blue": (0, 0, 255),
    "green": (0, 128, 0),
    "gray": (128, 128, 128),
    "grey": (128, 128, 128),
    "orange": (255, 165, 0),
    "silver": (192, 192, 192),
    "lime": (0, 255, 0),
    "navy": (0, 0, 128),
    "purple": (128, 0, 128),
    "whitesmoke": (245, 245, 245),
    "snow": (255, 250, 250),
}
_FUNCTION = re.compile(r"rgba?\(\s*([\d.]+%?)[\s,]+([\d.]+%?)[\s,]+([\d.]+%?)(?:[\s,/]+([\d.]+%?))?\s*\)")

Colour = tuple[int, int, int]
TRANSPARENT: Colour = (-1, -1, -1)
#: A background that cannot be compared with: a picture or a gradient.
UNKNOWN: Colour = (-2, -2, -2)
#: Distance (largest channel) under which text cannot be told from its background.
_INDISTINCT = 6


@dataclass(frozen=True, slots=True)
class Sight:
    """What an element inherits about being seen."""

    gone: bool = False
    """Hidden for good: no descendant can show itself again."""
    no_box: bool = False
    """Hidden by ``display: none``: not even its line breaks exist."""
    veiled: bool = False
    """``visibility: hidden``, which a descendant may lift."""
    speck: bool = False
    """Font size zero, which a descendant may change."""
    colour: Colour | None = None
    background: Colour | None = None
    styled_since_background: bool = False
    """An element between background and text may be painted by rules that were not read."""

    hidden: bool = False
    """Text standing here cannot be seen."""


SEEN = Sight()
HIDDEN_FOR_GOOD = Sight(gone=True, no_box=True, hidden=True)


def same_colour(one: Colour, other: Colour) -> bool:
    """Whether two known colours cannot be told apart by eye."""
    if one[0] < 0 or other[0] < 0:
        return False
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) <= _INDISTINCT


def is_revealed(names: str) -> bool:
    """Whether these class and id words are those of something that opens on a tap or slides in."""
    return bool(names) and _REVEALED.search(names) is not None


def see(parent: Sight, declared: Declarations, *, revealed: bool, opaque_names: bool) -> Sight:
    """Sight inside an element with these declarations.

    ``revealed``: the reader can open it (:func:`is_revealed`), so its initial state hides nothing. ``opaque_names``: it has
    a class or id that a style sheet that was not read may style.
    """
    gone, no_box = parent.gone, parent.no_box
    if not gone:
        no_box = declared.get("display", "").startswith("none") and not revealed
        gone = no_box or (not revealed and _vanished(declared))
    veiled = parent.veiled
    visibility = declared.get("visibility")
    if visibility in ("hidden", "collapse"):
        veiled = not revealed
    elif visibility in ("visible", "initial"):
        veiled = False
    size = declared.get("font-size")
    if size is None and "font" in declared:
        size = _font_size(declared["font"])
    # Lists and editors set size zero on the container against gaps and restore it by a class.
    speck = parent.speck and not opaque_names
    if size is not None:
        pixels = _pixels(size)
        # A share of nothing is nothing: em and % count from the parent's size.
        relative = size.endswith(("em", "%")) and not size.endswith("rem")
        if pixels is not None and not (relative and parent.speck):
            speck = pixels < _ILLEGIBLE and not (relative and pixels > 0)
        elif pixels is None and size not in ("inherit", "smaller", "larger"):
            speck = False
    colour = parent.colour
    if "color" in declared:
        clipped = "text" in (declared.get("background-clip"), declared.get("-webkit-background-clip"))
        read = parse_colour(declared["color"])
        colour = read if not (clipped and read == TRANSPARENT) else None
    # Text lifted out of the flow usually stands on a picture, which is no declared background.
    lifted = declared.get("position", "static") != "static"
    background, styled = parent.background, parent.styled_since_background or opaque_names or lifted
    painted = _background(declared)
    if painted is not None and painted != TRANSPARENT:
        background, styled = painted, False
    hidden = gone or veiled or speck or colour == TRANSPARENT
    if not hidden and colour is not None and background is not None and not styled:
        hidden = same_colour(colour, background)
    return Sight(gone, no_box, veiled, speck, colour, background, styled, hidden)


def parse_colour(value: str) -> Colour | None:
    """A CSS colour as red, green, blue; TRANSPARENT; None for what is not understood."""
    value = value.strip()
    if value == "transparent":
        return TRANSPARENT
    if value.startswith("#"):
        digits = value[1:]
        if len(digits) in (3, 4):
            digits = "".join(c + c for c in digits)
        try:
            if len(digits) == 8 and int(digits[6:], 16) == 0:
                return TRANSPARENT
            if len(digits) in (6, 8):
                return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)
        except ValueError:
            return None
        return None
    match = _FUNCTION.fullmatch(value)
    if match:
        if match[4] is not None and _channel(match[4], 1.0) == 0:
            return TRANSPARENT
        return int(_channel(match[1], 255)), int(_channel(match[2], 255)), int(_channel(match[3], 255))
    return _NAMED.get(value)


def _channel(text: str, whole: float) -> float:
    try:
        number = float(text.rstrip("%"))
    except ValueError:
        return whole
    return min(whole, number * whole / 100 if text.endswith("%") else number)


def _background(declared: Declarations) -> Colour | None:
    """The colour painted behind, UNKNOWN for pictures, None where nothing is declared."""
    image = declared.get("background-image")
    shorthand = declared.get("background", "")
    if (image and image != "none") or "url(" in shorthand or "gradient(" in shorthand:
        return UNKNOWN
    plain = declared.get("background-color")
    if plain is not None:
        return parse_colour(plain) or UNKNOWN
    if shorthand:
        whole = parse_colour(shorthand)
        if whole is not None:
            return whole
        for word in shorthand.split():
            colour = parse_colour(word)
            if colour is not None:
                return colour
        return TRANSPARENT if shorthand.startswith("none") else UNKNOWN
    return None


def _pixels(value: str) -> float | None:
    match = _LENGTH.match(value)
    return float(match[1]) * _PIXELS[match[2] or "px"] if match else None


def _font_size(shorthand: str) -> str | None:
    for word in shorthand.split():
        if word[:1].isdigit():
            size = word.partition("/")[0]
            if size in ("0",) or not size.isdigit():  # a bare number is a weight (font: 700 14px …)
                return size
    return None


def _vanished(declared: Declarations) -> bool:
    if not declared:
        return False
    opacity = declared.get("opacity")
    if opacity is not None and _near_zero(opacity):
        return True
    indent = _pixels(declared.get("text-indent", ""))
    if indent is not None and indent <= _OFF_SCREEN:
        return True
    if declared.get("position") in ("absolute", "fixed", "relative"):
        for side in ("left", "top", "right", "bottom"):
            shift = _pixels(declared.get(side, ""))
            if shift is not None and shift <= _OFF_SCREEN:
                return True
        if declared.get("clip", "").replace("px", "").replace(",", " ").split() in (
            ["rect(0", "0", "0", "0)"],
            ["rect(1", "1", "1", "1)"],
        ):
            return True
    for side in ("margin-left", "margin-top"):
        margin = _pixels(declared.get(side, ""))
        if margin is not None and margin <= 4 * _OFF_SCREEN:
            return True
    if "hidden" in (declared.get("overflow"), declared.get("overflow-y"), declared.get("overflow-x")):
        for side in ("width", "height", "max-width", "max-height"):
            extent = _pixels(declared.get(side, ""))
            if extent is not None and 0 <= extent <= 1:
                return True
    transform = declared.get("transform", "")
    if transform:
        if re.search(r"scale[xy]?\(\s*0(?:\.0+)?\s*[,)]", transform):
            return True
        moved = re.search(r"translate[xy]?\(\s*(-\d+)px", transform)
        if moved and float(moved[1]) <= _OFF_SCREEN:
            return True
    if re.search(r"opacity\(\s*0", declared.get("filter", "")):
        return True
    return "inset(100%" in declared.get("clip-path", "") or "circle(0" in declared.get("clip-path", "")


def _near_zero(value: str) -> bool:
    try:
        number = float(value.rstrip("%")) / (100 if value.endswith("%") else 1)
    except ValueError:
        return False
    return number < 0.05
