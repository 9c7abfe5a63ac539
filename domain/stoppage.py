"""停采: times in which nothing was taken in, because there was no room for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class StoppageEvent:
    """Taking in stopped, or could go on again. Append-only."""

    began: bool
    """False: it could go on again."""
    at: datetime
    detail: str
    """Which disk, how much room: a Chinese clause."""
