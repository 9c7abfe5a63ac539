"""How the evidence stands, without verifying it: what the chain holds, and when it was last verified whole.

The outcome of the last ``evidence verify --all`` is noted in a file of the data directory, outside the evidence: it is a
reminder for people, no proof, and a folder that cannot be written to is verified all the same.
"""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from domain.chain import LinkKind
from zhengxun.clock import for_people
from zhengxun.services import Services

if TYPE_CHECKING:
    from storage import Store
    from zhengxun.evidence.report import Report

logger = logging.getLogger(__name__)

#: Name of the note in the data directory.
FILE_NAME = "evidence-verified.json"
#: After so long without a whole verification a person is reminded.
STALE = timedelta(days=31)


_MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Verified:
    """One verification of the whole store."""

    at: datetime
    links: int
    """Number of the last link then."""
    faults: int
    """Items that were altered, missing or could not be checked."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of the evidence at one glance."""

    text: str
    """Chinese, without full stop."""
    sound: bool
    """Whether the last whole verification found nothing."""
    reminder: bool
    """Whether a whole verification is due: there never was one, or it is long ago."""


def note_verified(services: Services, report: Report) -> None:
    """Remember how a verification of everything ended."""
    path = services.settings.data_dir / FILE_NAME
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    noted = {
        "at": services.clock().isoformat(),
        "links": report.head.number if report.head else 0,
        "faults": report.faults,
    }
    try:
        temporary.write_text(json.dumps(noted), "utf-8")
        temporary.replace(path)
    except OSError as error:
        logger.warning("核验结果未能记入 %s（%s）", path, error.strerror)


def last_verified(data_dir: Path) -> Verified | None:
    """The last verification of everything; None where there was none or its note cannot be read."""
    try:
        noted = json.loads((data_dir / FILE_NAME).read_text("utf-8"))
        return Verified(datetime.fromisoformat(noted["at"]), int(noted["links"]), int(noted["faults"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _cleared(services: Services, store: Store) -> list[str]:
    """What clearing by age freed, and what compaction could still free by the last look at the files."""
    settings = services.settings
    found = store.compaction.outlook(settings.compact_percent)
    parts = (
        [f"按保存期限清理、整理证据文件 {found.files} 个，共腾出 {found.freed / _MB:,.1f} MB"] if found.files else []
    )
    if settings.keep_unflagged_days is not None and found.waiting:
        parts.append(f"还有 {found.waiting} 个可整理，约 {found.possible / _MB:,.1f} MB")
    return parts


def standing(services: Services, store: Store) -> Standing | None:
    """How the evidence stands; None where there is none yet."""
    head = store.chain.head()
    if head is None:
        return None
    sealed = store.chain.last_of(LinkKind.FILE)
    parts = [f"共 {head.number} 条，末条 {for_people(head.at)}"]
    parts.append(f"最近封存证据文件 {for_people(sealed.at)}" if sealed else "尚未封存过证据文件")
    parts += _cleared(services, store)
    verified = last_verified(services.settings.data_dir)
    if verified is None:
        parts.append("尚未做过全库核验，请执行 zhengxun evidence verify --all")
        return Standing("；".join(parts), sound=True, reminder=True)
    found = f"最近全库核验 {for_people(verified.at)}（到第 {verified.links} 条）"
    if verified.faults:
        parts.append(f"{found}，有 {verified.faults} 件未通过，请执行 zhengxun evidence verify --all 查看")
        return Standing("；".join(parts), sound=False, reminder=False)
    stale = services.clock() - verified.at > STALE
    parts.append(f"{found}，全部通过" + (f"，已超过 {STALE.days} 天，请再核验一次" if stale else ""))
    return Standing("；".join(parts), sound=True, reminder=stale)
