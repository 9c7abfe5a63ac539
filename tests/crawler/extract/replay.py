"""Fixtures of tests/pages: the answers, what is expected of them, and what is found."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta, timezone
from functools import cache
from pathlib import Path
from typing import Any

from crawler.extract import extract
from domain.document import Document, Extraction, SegmentKind

PAGES = Path(__file__).parents[2] / "pages"
BEIJING = timezone(timedelta(hours=8))


@dataclass(frozen=True)
class Fixture:
    """One answer of a platform."""

    path: Path
    expected: Path

    @property
    def name(self) -> str:
        """``platform/name``."""
        return f"{self.path.parent.name}/{self.path.stem}"

    @property
    def body(self) -> bytes:
        """The bytes of the answer."""
        return self.path.read_bytes()

    @property
    def wanted(self) -> dict[str, Any]:
        """What must be read."""
        return _wanted(self.expected)

    def read(self, body: bytes | None = None) -> Extraction:
        """The Extraction of the answer (or of ``body`` in its place)."""
        return extract(
            self.body if body is None else body, url=self.wanted["url"], content_type=self.wanted["content_type"]
        )


@cache
def _wanted(path: Path) -> dict[str, Any]:
    loaded = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(loaded, dict)
    return loaded


@cache
def extraction(fixture: Fixture) -> Extraction:
    """The Extraction of a fixture, made once."""
    return fixture.read()


def fixtures() -> list[Fixture]:
    """All fixtures, in order of their names."""
    found = []
    for expected in sorted(PAGES.glob("*/*.expected.json")):
        stem = expected.name.removesuffix(".expected.json")
        paths = [path for suffix in ("html", "json") if (path := expected.with_name(f"{stem}.{suffix}")).exists()]
        assert len(paths) == 1, expected
        found.append(Fixture(paths[0], expected))
    return found


def found(made: Document, name: str) -> object:
    """A field of a Document as expectations spell it."""
    if name == "published_at":
        return made.published_at.astimezone(BEIJING).isoformat() if made.published_at else None
    if name == "lines":
        return made.text.split("\n") if made.text else []
    if name in ("images", "links"):
        return list(getattr(made, name))
    if name == "contacts":
        return [contact.value for contact in made.contacts]
    if name in ("comments", "alts"):
        kind = SegmentKind.COMMENT if name == "comments" else SegmentKind.ALT
        return [segment.text for segment in made.segments if segment.kind is kind]
    value: object = getattr(made, name)
    return value
