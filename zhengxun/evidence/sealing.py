"""Sealing: closed WARC files get their link in the evidence chain, and the chain its copy in the evidence folder.

Idempotent, and finds its own work: after a crawl, with every ``tick``, after a kill.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.warc import recover
from crawler.warc_copy import copied_from
from crawler.warc_scan import hash_file
from zhengxun.evidence.chain_file import copy_chain

if TYPE_CHECKING:
    from storage import Store

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sealed:
    """What one sealing did."""

    files: int
    """WARC files that got their link."""
    links: int
    """Links that were copied to the evidence folder."""


def seal(store: Store, folder: Path) -> Sealed:
    """Close what killed processes left open, vouch for closed WARC files, and copy the chain.

    Files that a living process still writes are left for later. Raises :class:`domain.errors.EvidenceDamaged` where the
    copy of the chain was cut.
    """
    recover(folder)
    closed = {
        path.relative_to(folder).as_posix(): path for path in (folder / "warc").glob("*/*.warc.gz") if path.is_file()
    }
    known = store.chain.file_links(list(closed))
    # A copy that a compaction made has its link before anything names it; one without was left by a kill.
    new = sorted(name for name in closed if name not in known and copied_from(name) is None)
    for name in new:
        size, sha256 = hash_file(closed[name])
        store.chain.add_file(name, size, sha256)
    copied = copy_chain(store.chain, folder)
    return Sealed(len(new), copied)
