"""整理证据文件: a WARC file most of which nothing needs any more gives way to one that holds only what is needed.

Order, so that a kill at any point leaves either the old file or the new one whole: (1) the old file is held against its
seal; (2) the copy is written under a name that no reader knows, and read back; (3) it gets its name; (4) in one transaction
all rows of copied records name it, and the chain vouches for it and says that the old file goes; (5) the old file goes as an
expired one does (:mod:`zhengxun.evidence.expiry`). What a kill leaves before (4) is a copy that nobody needs, behind it
a file that went; :func:`clear` and :func:`zhengxun.evidence.expiry.finish` remove both. Ask only under the locks
``upkeep``, ``crawl``, ``evidence`` and ``compaction``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from crawler.warc import copy_opening, sync_folder
from crawler.warc_copy import PART, Copied, Places, copied_from, copy_name, copy_needed
from crawler.warc_scan import hash_file
from domain.errors import EvidenceDamaged
from zhengxun.disk import free_space
from zhengxun.evidence.expiry import remove_file

if TYPE_CHECKING:
    from storage import Store

#: Room that is left beside a copy. Compaction makes room, so it may go below the limit at which taking in stops.
SPARE = 64 * 1024 * 1024
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Rule:
    """What is to be compacted."""

    cutoff: datetime
    """What is older and needed for nothing is dropped."""
    days: int
    """How long such things are kept: why they were dropped, for the chain."""
    percent: int
    """A file is compacted where more than this share of its bytes is needed for nothing."""


@dataclass(slots=True)
class Compacted:
    """What one upkeep did; counted while it goes on."""

    files: int = 0
    """Files replaced."""
    freed: int = 0
    """Bytes by which the evidence shrank."""
    records: int = 0
    """Records dropped."""
    unfinished: bool = False
    """Whether time ran out before all files were looked at; the next upkeep goes on with those."""
    problems: list[str] = field(default_factory=list)


def clear(store: Store, folder: Path) -> list[str]:
    """Remove copies that a killed compaction left and nothing names; return sentences about those that must stay."""
    problems = []
    for path in (folder / "warc").glob(f"*/*{PART}"):
        path.unlink(missing_ok=True)
    copies = {path.relative_to(folder).as_posix(): path for path in (folder / "warc").glob("*/*.kept*.warc.gz")}
    known = store.chain.file_links(list(copies))
    for name, path in sorted(copies.items()):
        source = copied_from(name)
        if name in known or source is None:
            continue
        if (folder / source).exists():
            path.unlink()
            sync_folder(path.parent)
        else:
            problems.append(
                f"证据文件 {name} 不在证据链中，而它所取代的 {source} 也不在：数据库可能比证据旧（由较旧的备份恢复），没有删除；请查明。"
            )
    return problems


def compact(store: Store, folder: Path, rule: Rule, is_over: Callable[[], bool], done: Compacted) -> None:
    """Compact what ``rule`` says until ``is_over``, asked before each file; count in ``done``.

    A file that is not as it was sealed, or has no room beside it, stays as it is, which a sentence in ``done`` says. Raises
    ``OSError`` where the disk refuses a write; nothing is half done then.
    """
    for name in store.compaction.candidates(rule.cutoff):
        if is_over():
            done.unfinished = True
            return
        try:
            _look_at(store, folder, name, rule, done)
        except EvidenceDamaged as error:
            done.problems.append(f"证据文件 {name} 没有整理：{error}；请执行“zhengxun evidence verify --all”核验。")


def _look_at(store: Store, folder: Path, name: str, rule: Rule, done: Compacted) -> None:
    sealed = store.compaction.sealed(name)
    if sealed is None or not (folder / name).exists():
        return  # that one is missing is for the verification to say
    places = Places()
    for offset, needed in store.compaction.places(name, rule.cutoff):
        places.add(offset, needed)
    size = sealed[0]
    least = places.bytes_needed(size)
    store.compaction.note_look(name, size, least)
    if not any(places.needed) or (size - least) * 100 <= size * rule.percent:
        return
    free = free_space(folder / "warc")
    if free < least + SPARE:
        done.problems.append(
            f"证据文件 {name} 没有整理：要先写一份约 {least // _MIB + 1} MB 的新文件，另留 {SPARE // _MIB} MB，"
            f"而 {folder.absolute()} 所在磁盘只剩 {free // _MIB} MB；请腾出空间，下次维护时再做。"
        )
        return
    if hash_file(folder / name) != sealed:
        raise EvidenceDamaged("与封存时的校验值不符")
    _replace(store, folder, name, sealed, places, rule, done)


def _replace(
    store: Store, folder: Path, name: str, sealed: tuple[int, str], places: Places, rule: Rule, done: Compacted
) -> None:
    from storage.compaction import Copy

    target = copy_name(name)
    path = folder / target
    copied = _write(folder / name, path, _opening(name, path.name, sealed, rule, store.clock()), places)
    copy = Copy(target, copied.size, copied.sha256, copied.records, copied.dropped)
    link = None
    if copied.size < sealed[0]:
        # An error here does not say whether the transaction ended: who clears up the next time asks the chain.
        link = store.compaction.move(name, copy, places.copy_of, rule.cutoff, rule.days)
    if link is None:
        path.unlink()
        sync_folder(path.parent)
        return
    remove_file(store, folder, name, link)
    done.files += 1
    done.freed += sealed[0] - copied.size
    done.records += copied.dropped


def _write(source: Path, path: Path, opening: bytes, places: Places) -> Copied:
    """The copy under its name, on disk and read back; nothing of it where that fails."""
    part = path.with_name(f".{path.name}{PART}")
    try:
        copied = copy_needed(source, part, opening, places)
        if hash_file(part) != (copied.size, copied.sha256):
            raise EvidenceDamaged("写出的新文件读回时不符")
        part.rename(path)
    except (OSError, EvidenceDamaged):
        part.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    return copied


def _opening(name: str, filename: str, sealed: tuple[int, str], rule: Rule, at: datetime) -> bytes:
    """Says from which file the records are, when they were copied (the record's date), and why others were not."""
    about = (
        ("software", f"zhengxun {version('zhengxun')}"),
        ("isPartOf", f"compaction of {name}"),
        (
            "description",
            f"Records of {name} ({sealed[0]} bytes, sha256:{sealed[1]}) that must still be kept, copied byte for byte. The "
            f"others ran out: kept for {rule.days} days, and needed for no lead.",
        ),
    )
    return copy_opening(filename, about, at)
