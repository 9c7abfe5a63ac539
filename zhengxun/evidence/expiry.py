"""到期清理: WARC files whose kept time ran out are removed, so that a kill at any point loses nothing and tells no lie.

Order: (1) the chain says that the file goes, with its size and hash; (2) a note in the file's place says so to whoever
looks at the folder without the database; (3) screenshots that only this file holds; (4) the file. Whatever a kill
leaves undone behind (1) is finished by the next call. Ask only under the locks ``upkeep``, ``crawl`` and ``evidence``.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.warc import removal_note, sync_folder
from domain.chain import Link
from domain.evidence import screenshot_file

if TYPE_CHECKING:
    from storage import Store


@dataclass(frozen=True, slots=True)
class Expired:
    """What one call removed."""

    files: int
    size: int
    """Bytes."""


def expire(store: Store, folder: Path, cutoff: datetime, days: int) -> Expired:
    """Finish what a kill left, then remove every file that holds nothing younger than ``cutoff`` that must be kept."""
    done = finish(store, folder)
    files, size = done.files, done.size
    for name in store.retention.expired_files(cutoff):
        decided = store.retention.remove(name, cutoff, days)
        if decided is not None:
            files, size = files + 1, size + remove_file(store, folder, name, decided)
    return Expired(files, size)


def finish(store: Store, folder: Path) -> Expired:
    """Remove the files of which the chain says that they went, and which a kill left."""
    files = size = 0
    for name, link in store.retention.removals().items():
        if (folder / name).exists():
            files, size = files + 1, size + remove_file(store, folder, name, link)
    return Expired(files, size)


def remove_file(store: Store, folder: Path, name: str, link: Link) -> int:
    """Steps (2) to (4) for a file of which ``link`` says that it goes; return its bytes."""
    path = folder / name
    note = removal_note(folder, name)
    temporary = note.with_name(f".{note.name}")
    with temporary.open("wb") as file:
        file.write(link.line + b"\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(note)
    sync_folder(note.parent)
    gone = set(store.retention.removals())
    for sha256 in store.retention.unused_screenshots(name, gone):
        (folder / screenshot_file(sha256)).unlink(missing_ok=True)
    try:
        size = path.stat().st_size
        path.unlink()
    except FileNotFoundError:
        return 0
    sync_folder(path.parent)
    return size
