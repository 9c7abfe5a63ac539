"""How a try to send ended, told apart by the one question that matters: may it be tried again?"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Receipt:
    """The service has it."""

    text: str
    refused: tuple[str, ...] = ()
    """Recipients whom the mail server did not take, each with its reason."""


class NotSent(Exception):
    """The service certainly does not have it; the text says why, without any secret."""


class Unclear(Exception):
    """It left this machine and nobody can say whether the service has it."""
