"""The declarative base of all tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Boolean, Float, Integer, LargeBinary, MetaData
from sqlalchemy.orm import DeclarativeBase

from storage.types import SafeText, UtcDateTime

#: Every constraint has a name on both databases, so that a later migration can drop it (SQLite gives none itself).
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of all ``*Row`` classes."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: SafeText,
        int: Integer,
        float: Float,
        bool: Boolean,
        bytes: LargeBinary,
        datetime: UtcDateTime,
    }
