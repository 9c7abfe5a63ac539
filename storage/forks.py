"""Keeping a lock's file descriptor out of forked children.

A file lock and a server connection live as long as any process has their descriptor open. Worker processes are forked
while the crawl holds its lock; when the crawl is killed they may live on for a moment, or for ever, and the lock
with them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

_held: set[int] = set()


@contextmanager
def not_in_children(descriptor: int) -> Iterator[None]:
    """While the block runs, a forked child gets an empty descriptor in place of this one."""
    _held.add(descriptor)
    try:
        yield
    finally:
        _held.discard(descriptor)


def _let_go() -> None:
    if not _held:
        return
    nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    for descriptor in _held:
        # Replaced, not closed: a client library that tidies up in the child must not write into whatever the child
        # opened next under the same number.
        os.dup2(nothing, descriptor, inheritable=False)
    os.close(nothing)
    _held.clear()


os.register_at_fork(after_in_child=_let_go)
