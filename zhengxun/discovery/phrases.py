"""搜索词 as targets: the address that stands for a phrase, and what an address asks for.

A phrase has no address of its own; it gets one at a host that belongs to nobody (RFC 2606) and is never asked for. The
address of an engine's result page is taken for its phrase at that engine alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, quote, urlsplit

from crawler.addresses import canonical
from domain.errors import BadTarget

#: Host of addresses that stand for phrases.
SEARCH_HOST = "search.invalid"
_MAX_PHRASE = 100
_PROBE = "phrase"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a search target asks for."""

    phrase: str
    engine: str | None = None
    """Name of the one engine that is asked; None: those of the settings."""


def phrase_address(text: str) -> str:
    """Canonical address of a target for a phrase, or for the phrase that a result page's address holds.

    :class:`BadTarget` for words that are empty or too long; any other address stays one.
    """
    written = re.sub(r"\s+", " ", text).strip()
    if re.match(r"https?://", written, re.IGNORECASE):
        address = canonical(written)
        if address is None:
            raise BadTarget(f"网址“{written[:200]}”不是有效的 http 或 https 网址。")
        return address
    if not written:
        raise BadTarget("搜索词为空。")
    if len(written) > _MAX_PHRASE:
        raise BadTarget(f"搜索词过长（{len(written)} 个字），至多 {_MAX_PHRASE} 个字。")
    address = canonical(f"https://{SEARCH_HOST}/?q={quote(written, safe='')}")
    assert address is not None
    return address


def wanted_of(url: str) -> Wanted | None:
    """What a search target's address asks for; None where it is neither a phrase nor a result page of a known engine."""
    from crawler.extract.search_results import ENGINES

    parts = urlsplit(url)
    asked = parse_qs(parts.query)
    if parts.hostname == SEARCH_HOST:
        phrase = asked.get("q", [""])[0].strip()
        return Wanted(phrase) if phrase else None
    for engine in ENGINES.values():
        own = urlsplit(engine.address(_PROBE, 1))
        name = next(name for name, values in parse_qs(own.query).items() if values == [_PROBE])
        if parts.path == own.path and parts.hostname in (own.hostname, *engine.also):
            phrase = asked.get(name, [""])[0].strip()
            if phrase:
                return Wanted(phrase[:_MAX_PHRASE], engine.name)
    return None
