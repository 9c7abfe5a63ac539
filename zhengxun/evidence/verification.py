"""Verification: is every piece of evidence there, and exactly as it was kept?

Three things are held against each other: the evidence chain (each link against the one before, the copy in the folder
against the database, the time stamps), the rows that the chain names, and the bytes in the WARC files that the rows
name. An item counts as verified only if all that speaks of it agrees.

Time grows with the size of what is verified, memory does not: rows, links and records are read in portions.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawler.warc import locate
from crawler.warc_copy import PART
from crawler.warc_scan import ScannedRecord, hash_file, scan
from domain.chain import CHAIN_FILE, GONE, Link, LinkKind, follows
from domain.errors import EvidenceDamaged, EvidenceExpired
from domain.evidence import CaptureKind, EvidenceState, LeadEvidence, StoredRecord, screenshot_file
from zhengxun.clock import for_people
from zhengxun.evidence.chain_file import lines_of
from zhengxun.evidence.report import Item, Report
from zhengxun.evidence.stamping import check, load_roots, stamp_of

if TYPE_CHECKING:
    from storage import Store
    from storage.chain import ChainedRow

VERIFIED, ALTERED = EvidenceState.VERIFIED, EvidenceState.ALTERED
MISSING, UNVERIFIABLE = EvidenceState.MISSING, EvidenceState.UNVERIFIABLE
EXPIRED = EvidenceState.EXPIRED

_PORTION = 500


#: Told how many bytes of WARC files are done, and how many there are.
OnProgress = Callable[[int, int], None]


class Verification:
    """One verification of a store and its evidence folder; nothing is changed by it."""

    def __init__(
        self, store: Store, folder: Path, roots: Path | None = None, progress: OnProgress | None = None
    ) -> None:
        self._store = store
        self._folder = folder
        self._roots = load_roots(roots) if roots is not None else None
        self._progress = progress
        self._done = 0
        self._total = 0
        self._report = Report()
        self._wrong: dict[tuple[str, int], tuple[EvidenceState, str]] = {}
        """Rows that are not as the chain says; only these."""
        self._removed: dict[str, Link] = {}
        """Files that went because their time ran out, by links of this chain that hold."""

    def everything(self) -> Report:
        """The whole store."""
        self._chain(with_rows=True)
        files = sorted({*self._on_disk(), *self._sealed(), *self._store.evidence.files()})
        self._total = sum(self._size_of(name) for name in files)
        for name in files:
            self._file(name, self._store.evidence.in_file(name))
        return self._report

    def leads(self, lead_ids: Sequence[int]) -> Report:
        """What is kept of some leads, with the files it lies in and the chain; an unknown lead: :class:`BadInput`."""
        evidence = [self._store.evidence.of_lead(lead_id) for lead_id in dict.fromkeys(lead_ids)]
        self._report.leads = tuple(one.lead_id for one in evidence)
        self._chain(with_rows=False)
        records = _each_once(evidence)
        for table in ("snapshots", "captures"):
            for row in self._store.chain.rows(table, [record.id for record in records if record.table == table]):
                self._note(row)
        by_file: dict[str, list[StoredRecord]] = {}
        for record in records:
            by_file.setdefault(record.warc.file, []).append(record)
        self._total = sum(self._size_of(name) for name in by_file)
        for name, wanted in sorted(by_file.items()):
            self._file(name, wanted)
        return self._report

    # The chain

    def _chain(self, *, with_rows: bool) -> None:
        report, chain = self._report, self._store.chain
        copied, size = chain.copied()
        misplaced = set(chain.misplaced())
        lines = lines_of(self._folder)
        copy_holds = True
        before: Link | None = None
        stamped = 0
        rows: Iterable[ChainedRow]
        for link, rows in chain.walk() if with_rows else _bare(chain.links):
            for row in rows:
                self._note(row)
            if link is None or link is before:
                continue
            fits = follows(link, before) and link.number not in misplaced
            reason = None if fits else "内容、校验值或与上一条的衔接不符"
            report.add(Item("chain", f"证据链第 {link.number} 条", VERIFIED if fits else ALTERED, reason, link.number))
            if fits and link.kind in GONE:
                self._removed[str(_content(link).get("file"))] = link
            line = next(lines, None)
            if line is None and link.number > copied:
                report.uncopied += 1
            elif copy_holds and not _is_line(line, link):
                copy_holds = False
                self._copy_fault(line, link)
            if link.kind == LinkKind.STAMP.value:
                stamped = max(stamped, self._stamp(link))
            before = link
        if copy_holds:
            self._end_of_copy(next(lines, None), copied, size, before)
        report.head, report.stamped = before, stamped

    def _copy_fault(self, line: bytes | None, link: Link) -> None:
        if line is None:
            item = Item("chain_file", CHAIN_FILE, MISSING, f"第 {link.number} 条及以后缺失，而它们曾写入")
        else:
            item = Item("chain_file", CHAIN_FILE, ALTERED, f"第 {link.number} 行与数据库中的证据链不符")
        self._report.add(item)

    def _end_of_copy(self, line: bytes | None, copied: int, size: int, last: Link | None) -> None:
        path = self._folder / CHAIN_FILE
        if line:
            self._report.add(Item("chain_file", CHAIN_FILE, ALTERED, "比数据库中的证据链长：数据库可能缺了末尾"))
        elif copied > (last.number if last else 0):
            self._report.add(Item("chain", "证据链", MISSING, f"第 {copied} 条曾存在，数据库中已没有"))
        elif path.exists() and path.stat().st_size < size:
            self._report.add(Item("chain_file", CHAIN_FILE, ALTERED, "比写入时短"))
        elif copied:
            self._report.add(Item("chain_file", CHAIN_FILE, VERIFIED))

    def _stamp(self, link: Link) -> int:
        """Verify a time stamp; return the number of the link it holds for, 0 where it does not hold."""
        name = f"时间戳（证据链第 {link.number} 条）"
        add = self._report.add
        try:
            stamp = stamp_of(link)
        except EvidenceDamaged as error:
            add(Item("timestamp", name, ALTERED, str(error), link.number))
            return 0
        path = self._folder / stamp.file
        name = f"时间戳 {for_people(stamp.time)}"
        stamped = self._store.chain.links(stamp.of - 1, 1)
        try:
            if not stamped or stamped[0].sha256 != stamp.of_sha256 or stamp.of >= link.number:
                raise EvidenceDamaged(f"所盖的证据链第 {stamp.of} 条与现有的不符")
            if path.read_bytes() != stamp.response:
                raise EvidenceDamaged(f"文件 {stamp.file} 与证据链中保存的不符")
            if self._roots is None:
                add(Item("timestamp", name, UNVERIFIABLE, "没有设置根证书（ZHENGXUN_TIMESTAMP_ROOTS）", link.number))
                return stamp.of
            if check(stamp.response, stamp.of_sha256, self._roots) != stamp.time:
                raise EvidenceDamaged("时间与时间戳服务所证明的不符")
        except EvidenceDamaged as error:
            add(Item("timestamp", name, ALTERED, str(error), link.number))
        except FileNotFoundError:
            add(Item("timestamp", name, MISSING, f"文件 {stamp.file} 不存在", link.number))
        except OSError:
            add(Item("timestamp", name, UNVERIFIABLE, f"文件 {stamp.file} 无法读取", link.number))
        else:
            add(Item("timestamp", name, VERIFIED, None, link.number))
            return stamp.of
        return 0

    # Rows

    def _note(self, row: ChainedRow) -> None:
        """Keep what is wrong with a row until its record is looked at; one that is gone has no record to look at."""
        if row.whole:
            return
        if row.found is None:
            name = f"{'网页快照' if row.table == 'snapshots' else '取证件'} {row.id}"
            self._report.add(Item(_KIND[row.table], name, MISSING, "数据库中的记录已被删除", row.id))
        elif row.chained is None:
            self._wrong[row.table, row.id] = (ALTERED, "不在证据链中，是另行加入的")
        else:
            self._wrong[row.table, row.id] = (ALTERED, "数据库中的记录与证据链不符")

    # Files

    def _file(self, name: str, records: Sequence[StoredRecord]) -> None:
        link = self._store.chain.file_links([name]).get(name)
        if name in self._removed and not (self._folder / name).exists():
            self._expired(name, self._removed[name], records)
            return
        try:
            path = self._path(name)
            whole = self._whole_file(name, path, link)
        except (FileNotFoundError, ValueError, EvidenceExpired):
            # A note of its removal is nothing where the chain does not say the same.
            if link is not None or not records:
                self._report.add(Item("warc_file", name, MISSING, "文件不存在"))
            for record in records:
                self._record(record, None, (MISSING, f"所在的证据文件 {name} 不存在"))
            return
        except OSError as error:
            self._report.add(Item("warc_file", name, UNVERIFIABLE, f"无法读取（{error.strerror}）"))
            for record in records:
                self._record(record, None, (UNVERIFIABLE, f"所在的证据文件 {name} 无法读取"))
            return
        found, faults = self._scan(path, records)
        if whole is None:
            self._report.unsealed += 1
            whole = not faults
            reason: str | None = faults[0] if faults else None
        else:
            reason = None if whole else "与封存时的校验值不符" + (f"（{faults[0]}）" if faults else "")
            if whole and faults:
                whole, reason = False, faults[0]
        if link is not None or not whole:
            self._report.add(Item("warc_file", name, VERIFIED if whole else ALTERED, reason))
        for record in records:
            self._record(record, found.get(record.warc.offset), None)

    def _expired(self, name: str, removal: Link, records: Sequence[StoredRecord]) -> None:
        content = _content(removal)
        told = sum(int(content.get(table, 0)) for table in ("snapshots", "captures"))
        if told != len(records):
            self._report.add(Item("warc_file", name, ALTERED, f"清理时有 {told} 条记录，现在有 {len(records)} 条"))
        else:
            kept = content.get("kept")
            where = f"，其余原样移到 {kept.get('file')}" if isinstance(kept, dict) else ""
            why = f"{for_people(removal.at)}按保存期限（{content.get('days')} 天）清理{where}，见证据链第 {removal.number} 条"
            self._report.add(Item("warc_file", name, EXPIRED, why))
        for record in records:
            self._record(record, None, (EXPIRED, f"已按保存期限从证据文件 {name} 清理"))

    def _whole_file(self, name: str, path: Path, link: Link | None) -> bool | None:
        """Whether a file is as it was sealed; None where it is not sealed yet."""
        size, sha256 = hash_file(path, self._advance)
        if link is None:
            return None
        return bool(_content(link) == {"file": name, "size": size, "sha256": sha256})

    def _scan(self, path: Path, records: Sequence[StoredRecord]) -> tuple[dict[int, ScannedRecord], list[str]]:
        """The records at the offsets that are asked for, and the first fault of the file."""
        wanted = {record.warc.offset for record in records if isinstance(record.warc.offset, int)}
        found: dict[int, ScannedRecord] = {}
        faults: list[str] = []
        for record in scan(path, wanted):
            if isinstance(record, EvidenceDamaged):
                # A file that a living process writes ends in the middle of a record at any moment.
                if not _is_being_written(path):
                    faults.append(str(record))
                continue
            if record.fault is not None:
                faults.append(f"偏移 {record.offset} 处的记录{record.fault}")
            if record.offset in wanted:
                found[record.offset] = record
            del faults[1:]
        return found, faults

    def _record(
        self, record: StoredRecord, found: ScannedRecord | None, instead: tuple[EvidenceState, str] | None
    ) -> None:
        state, reason = self._wrong.get((record.table, record.id)) or instead or _compare(record, found)
        kind = _KIND[record.table]
        self._report.add(Item(kind, record.name, state, reason, record.id))
        if record.kind == CaptureKind.SCREENSHOT.value and record.table == "captures" and state is not EXPIRED:
            self._screenshot(record)

    def _screenshot(self, record: StoredRecord) -> None:
        """The file in which people look at a screenshot."""
        name = screenshot_file(str(record.sha256))
        try:
            same = hash_file(self._folder / name) == (record.size, record.sha256)
        except (FileNotFoundError, ValueError):
            # Between the decision that its WARC file goes and the end of that one, it may be gone already.
            going = record.warc.file in self._removed
            state, why = (EXPIRED, "已按保存期限清理") if going else (MISSING, "截图文件不存在")
            self._report.add(Item("screenshot_file", name, state, why, record.id))
        except OSError as error:
            self._report.add(Item("screenshot_file", name, UNVERIFIABLE, f"无法读取（{error.strerror}）", record.id))
        else:
            reason = None if same else "内容与校验值不符"
            self._report.add(Item("screenshot_file", name, VERIFIED if same else ALTERED, reason, record.id))

    # What there is

    def _on_disk(self) -> Iterator[str]:
        for path in (self._folder / "warc").glob("*/*.warc.gz*"):
            if path.suffix != PART:
                yield path.relative_to(self._folder).as_posix().removesuffix(".open")

    def _sealed(self) -> Iterator[str]:
        number = 0
        while links := self._store.chain.links(number, _PORTION):
            number = links[-1].number
            for link in links:
                name = _content(link).get("file") if link.kind == LinkKind.FILE.value else None
                if isinstance(name, str):
                    yield name

    def _path(self, name: str) -> Path:
        path = locate(self._folder, name)
        if not path.resolve().is_relative_to(self._folder.resolve()):
            raise FileNotFoundError(name)  # an altered row must not have other files read
        return path

    def _size_of(self, name: str) -> int:
        try:
            return self._path(name).stat().st_size
        except (OSError, ValueError, EvidenceExpired):
            return 0

    def _advance(self, read: int) -> None:
        self._done += read
        if self._progress is not None:
            self._progress(self._done, self._total)


_KIND = {"snapshots": "snapshot", "captures": "capture"}


def _bare(links: Callable[[int, int], list[Link]]) -> Iterator[tuple[Link, list[ChainedRow]]]:
    number = 0
    while portion := links(number, _PORTION):
        number = portion[-1].number
        for link in portion:
            yield link, []


def _is_line(line: bytes | None, link: Link) -> bool:
    try:
        return line == link.line
    except ValueError:
        return False


def _content(link: Link) -> dict[str, Any]:
    """What a link says; empty where it was altered into something else."""
    try:
        content = json.loads(link.content)
    except (ValueError, TypeError):
        return {}
    return content if isinstance(content, dict) else {}


def _compare(record: StoredRecord, found: ScannedRecord | None) -> tuple[EvidenceState, str | None]:
    place = f"{record.warc.file} 偏移 {record.warc.offset}"
    if found is None:
        return ALTERED, f"{place} 处没有完整的记录"
    if found.fields.get("warc-record-id") != record.warc.record_id:
        return ALTERED, f"{place} 处是另一条记录"
    if found.fault is not None:
        return ALTERED, f"{place} 处的记录{found.fault}"
    if (found.payload_sha256, found.payload_size) != (record.sha256, record.size):
        return ALTERED, f"{place} 处的内容与校验值不符"
    return VERIFIED, None


def _each_once(evidence: Iterable[LeadEvidence]) -> list[StoredRecord]:
    return list({(record.table, record.id): record for one in evidence for record in one.records}.values())


def _is_being_written(path: Path) -> bool:
    """Whether a living process holds the file."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
