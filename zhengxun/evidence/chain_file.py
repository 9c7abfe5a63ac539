"""The copy of the evidence chain in the evidence folder: ``chain.jsonl``, one link a line, only ever appended to.

The database is written first (in the transaction that stored the evidence), the file follows: a kill in between leaves
the file behind, never ahead. How far it went is noted in the database after each fsync, so that a file that was cut is
told from one that is late.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from crawler.warc import sync_folder
from domain.chain import CHAIN_FILE
from domain.errors import EvidenceDamaged

if TYPE_CHECKING:
    from storage.chain import Chain

_PORTION = 500


def copy_chain(chain: Chain, folder: Path) -> int:
    """Append the links that the file lacks; return how many. Waits where another process does the same.

    Raises :class:`EvidenceDamaged` where the file is shorter than it was: then it was altered, and writing on would
    cover that up.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _held(folder / CHAIN_FILE) as file:
        number, size = chain.copied()
        if file.seek(0, os.SEEK_END) < size:
            raise EvidenceDamaged(
                f"证据链文件 {folder / CHAIN_FILE} 比已写入的短，可能被改动；请执行“zhengxun evidence verify --all”核验。"
            )
        added = 0
        while links := chain.links(number, _PORTION):
            lines = b"".join(link.line + b"\n" for link in links)
            # What stands behind the noted end was written by a process that was killed before it could say so.
            file.seek(size)
            file.truncate()
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
            number, size = links[-1].number, size + len(lines)
            chain.note_copied(number, size)
            added += len(links)
    return added


@contextmanager
def _held(path: Path) -> Iterator[BinaryIO]:
    new = not path.exists()
    with path.open("ab") as made:
        made.flush()
    if new:
        sync_folder(path.parent)
    with path.open("r+b") as file:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX)
        yield file


def lines_of(folder: Path) -> Iterator[bytes]:
    """Lines of the file without their line break; none where there is no file.

    A line longer than any link can be is given in pieces, which match no link either.
    """
    try:
        file = (folder / CHAIN_FILE).open("rb")
    except FileNotFoundError:
        return
    with file:
        while line := file.readline(_LONGEST):
            yield line.removesuffix(b"\n")


#: A link names at most a batch of visits (64, each with some captures of about 80 bytes); far above that.
_LONGEST = 4 * 1024 * 1024
