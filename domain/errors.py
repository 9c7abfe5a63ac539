"""The error tree. Every message is Chinese, names the object and the value and says what to do.

::

    ZhengxunError                 exit status 1
    ├── BadInput                  2  wrong usage or bad input
    │   ├── BadTarget                a target's address, kind, schedule or budget
    │   ├── BadFile                  a file that cannot be read as what it should be
    │   └── BadRulePack              a rule pack (file, rule and line are named)
    ├── RefusedAddress            2  an address that must not be fetched (private, loopback, link-local …)
    ├── IllegalMove               2  a lead event that its state does not allow
    ├── EvidenceDamaged           1  a piece of evidence that is missing, altered or unusable
    │   └── EvidenceExpired          removed because its time ran out
    ├── NoRoom                    1  the disk is full, read-only, or below the limit at which taking in stops
    ├── LockHeld                  3  another run holds the lock
    └── NotSetUp                  4  database or data directory missing, unreachable or not migrated
"""

from __future__ import annotations


class ZhengxunError(Exception):
    """Base of all errors that are shown to a user; ``str(error)`` is a complete Chinese sentence."""

    exit_status = 1


class BadInput(ZhengxunError):
    """Input that cannot be used; nothing was changed by it."""

    exit_status = 2


class BadTarget(BadInput):
    """A monitoring target that cannot be accepted."""


class BadFile(BadInput):
    """A file that is missing, unreadable or not of the expected format."""


class BadRulePack(BadInput):
    """A rule pack that must not be used; the message names file, rule and line."""


class RefusedAddress(ZhengxunError):
    """An address outside the public internet that no setting allows (see ``ZHENGXUN_ALLOW_NETWORKS``)."""

    exit_status = 2


class IllegalMove(ZhengxunError):
    """An event that the lead's present state does not allow."""

    exit_status = 2


class EvidenceDamaged(ZhengxunError):
    """A WARC record, screenshot or chain that is missing, altered, or must not be kept as evidence."""


class EvidenceExpired(EvidenceDamaged):
    """A WARC file that was removed because the time for which it is kept ran out; the chain says so."""


class NoRoom(ZhengxunError):
    """The disk is full or read-only, or has less room than the setting wants: nothing more is taken in.

    What is kept stays as it is; the next run goes on by itself when there is room.
    """


class LockHeld(ZhengxunError):
    """Another process is doing the same work now."""

    exit_status = 3


class NotSetUp(ZhengxunError):
    """Database or folders are missing, unreachable, or of another version."""

    exit_status = 4
