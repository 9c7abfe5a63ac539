"""Column types that behave the same on SQLite and PostgreSQL."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Integer, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

#: Primary and foreign keys. SQLite numbers rows by itself only for a column declared INTEGER.
Id: TypeEngine[int] = BigInteger().with_variant(Integer(), "sqlite")

# PostgreSQL refuses NUL in text, and neither database can encode a lone surrogate; hostile pages carry both.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """``text`` with every NUL and lone surrogate replaced by U+FFFD.

    One code point for one code point, so that the offsets of findings stay right.
    """
    return _UNSTORABLE.sub("\ufffd", text) if _UNSTORABLE.search(text) else text


def canonical_json(value: Any) -> str:
    """JSON text of plain values: sorted keys, no spaces, Chinese unescaped; equal values give equal text."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def key_of(url: str) -> bytes:
    """32 bytes by which an address is looked up: addresses are longer than PostgreSQL lets an index entry be."""
    return hashlib.sha256(url.encode("utf-8", "surrogatepass")).digest()


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC time. SQLite forgets time zones, so it is stored there as UTC and gets its zone back when read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware times as UTC; a naive one raises :class:`ValueError`, since nobody can say what it means."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"time without a zone cannot be stored: {value.isoformat()}; pass an aware datetime")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware UTC on both databases."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class SafeText(TypeDecorator[str]):
    """Text from the web: see :func:`storable`."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """The text as it can be stored."""
        return None if value is None else storable(value)


class JsonText(TypeDecorator[Any]):
    """Plain lists, dicts, strings and numbers, as canonical JSON in a text column."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """JSON text; None stays NULL. Strings are expected to be storable already (see :mod:`storage.codec`)."""
        return None if value is None else canonical_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """The plain value."""
        return None if value is None else json.loads(value)
