"""Frozen domain values to plain JSON values and back, driven by their type annotations.

The functions for a type are put together once and kept: a digest of 10,000 items passes through here, and a
generic walk over every value (as :func:`dataclasses.asdict` does) costs several times as much.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from storage.types import storable

_Convert = Callable[[Any], Any]


def encode(kind: Any, value: Any) -> Any:
    """``value``, which is of type ``kind``, as dicts, lists, strings and numbers; strings made storable."""
    return encoder(kind)(value)


def decode(kind: Any, data: Any) -> Any:
    """The inverse of :func:`encode`."""
    return decoder(kind)(data)


def _same(value: Any) -> Any:
    return value


@cache
def encoder(kind: Any) -> _Convert:
    """The function that encodes values of ``kind``; a type it does not know raises :class:`TypeError`."""
    if kind is str:
        return storable
    if kind in (int, float, bool):
        return _same
    if kind in (datetime, date):
        return lambda value: value.isoformat()
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return lambda value: value.value
    if is_dataclass(kind):
        return _dataclass_encoder(kind)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        inner = encoder(_present(arguments))
        return lambda value: None if value is None else inner(value)
    if origin is tuple and arguments[-1] is Ellipsis:
        each = encoder(arguments[0])
        return lambda value: [each(part) for part in value]
    if origin is tuple:
        parts = [encoder(argument) for argument in arguments]
        return lambda value: [convert(part) for convert, part in zip(parts, value, strict=True)]
    raise TypeError(f"no JSON form for values of type {kind!r}; add one in storage/codec.py")


@cache
def decoder(kind: Any) -> _Convert:
    """The function that decodes values of ``kind``; a type it does not know raises :class:`TypeError`."""
    if kind in (str, int, bool):
        return _same
    if kind is float:
        return float
    if kind is datetime:
        return datetime.fromisoformat
    if kind is date:
        return date.fromisoformat
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind
    if is_dataclass(kind):
        return _dataclass_decoder(kind)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        inner = decoder(_present(arguments))
        return lambda data: None if data is None else inner(data)
    if origin is tuple and arguments[-1] is Ellipsis:
        each = decoder(arguments[0])
        return lambda data: tuple(each(part) for part in data)
    if origin is tuple:
        parts = [decoder(argument) for argument in arguments]
        return lambda data: tuple(convert(part) for convert, part in zip(parts, data, strict=True))
    raise TypeError(f"no JSON form for values of type {kind!r}; add one in storage/codec.py")


def _present(arguments: tuple[Any, ...]) -> Any:
    """``X`` of ``X | None``: the only union the domain uses."""
    present = [argument for argument in arguments if argument is not type(None)]
    if len(present) != 1:
        raise TypeError(f"no JSON form for a union of {present!r}; add one in storage/codec.py")
    return present[0]


def _dataclass_encoder(kind: Any) -> _Convert:
    hints = get_type_hints(kind)
    parts = [(field.name, encoder(hints[field.name])) for field in fields(kind)]
    return lambda value: {name: convert(getattr(value, name)) for name, convert in parts}


def _dataclass_decoder(kind: Any) -> _Convert:
    hints = get_type_hints(kind)
    parts = {field.name: decoder(hints[field.name]) for field in fields(kind)}
    # Fields the stored value does not have yet take their default: what was frozen before a field came stays readable.
    return lambda data: kind(**{name: parts[name](part) for name, part in data.items() if name in parts})
