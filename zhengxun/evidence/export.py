"""Handing evidence over: a WACZ package with the records of some leads, the 取证记录 and the list of hashes beside it.

What is not verified is not handed over. The hand-over itself becomes a link of the evidence chain.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING

from crawler.warc import LOGIN_FIELD
from crawler.warc_reading import read_record
from crawler.warc_scan import hash_file
from digest.text import SHANGHAI, storable
from domain.chain import Link
from domain.crawl import PageSnapshot, WarcRef
from domain.errors import BadInput, EvidenceDamaged
from domain.evidence import Capture, CaptureKind, EvidenceState, LeadEvidence, StoredRecord, screenshot_file
from domain.target import TargetKind
from zhengxun.evidence import record_form
from zhengxun.evidence.report import Report
from zhengxun.evidence.selection import SourceFile, select
from zhengxun.evidence.stamping import stamp_of
from zhengxun.evidence.verification import Verification
from zhengxun.evidence.wacz import NewFile, Package, Page

if TYPE_CHECKING:
    from storage import Store

#: Kinds of items that must be verified; faults of the chain elsewhere in the store are stated, and do not stop it.
_MUST_HOLD = frozenset({"snapshot", "capture", "screenshot_file", "warc_file"})
#: Links of the chain put into a package at most for one record: as many as one busy day makes.
_MOST_LINKS = 20_000

OnProgress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    package: Path
    sha256: str
    size: int
    form: Path
    hashes: Path
    exhibits: int
    report: Report


def export(
    store: Store,
    folder: Path,
    lead_ids: Sequence[int],
    out: Path,
    *,
    by: str,
    at: datetime,
    roots: Path | None = None,
    program: str = "",
    progress: OnProgress | None = None,
) -> Exported:
    """Write ``out`` (WACZ), and beside it the 取证记录 (.docx) and the list of hashes (.csv).

    Raises :class:`EvidenceDamaged` where something of these leads is not verified, and :class:`BadInput` for unknown
    leads, or where one of the files exists; nothing is written then.
    """
    if out.suffix.lower() != ".wacz":
        raise BadInput(f"证据包的文件名应以 .wacz 结尾，“{out.name}”不是。")
    report = Verification(store, folder, roots, progress).leads(lead_ids)
    _must_hold(report)
    work = _Export(store, folder, lead_ids, by, at, program, report)
    form_path, hash_path = out.with_name(f"{out.stem}-取证记录.docx"), out.with_name(f"{out.stem}-校验值清单.csv")
    form, hashes = work.form_document(), work.hash_list()
    with ExitStack() as files:
        package, form_file, hash_file_ = (files.enter_context(NewFile(path)) for path in (out, form_path, hash_path))
        form_file.write(form)
        hash_file_.write(hashes)
        work.write(package, form, hashes)
    size, sha256 = hash_file(out)
    store.chain.add_export({"leads": list(report.leads), "by": by, "file": out.name, "size": size, "sha256": sha256})
    return Exported(out, sha256, size, form_path, hash_path, len(work.exhibits), report)


def _must_hold(report: Report) -> None:
    number = sum(count for (kind, state), count in report.counts.items() if kind in _MUST_HOLD and not state.sound)
    if number:
        first = next(item for item in report.items if item.kind in _MUST_HOLD and not item.state.sound)
        more = f"等 {number} 件" if number > 1 else ""
        raise EvidenceDamaged(
            f"{first.name}{more}未通过核验（{first.state.label}：{first.reason}），没有导出；"
            "请用“zhengxun evidence verify”查看全部结果。"
        )
    if not report.counts["snapshot", EvidenceState.VERIFIED]:
        raise EvidenceDamaged("这些线索没有可导出的网页快照。")


class _Export:
    """What goes into one package, read from the store once."""

    def __init__(
        self,
        store: Store,
        folder: Path,
        lead_ids: Sequence[int],
        by: str,
        at: datetime,
        program: str,
        report: Report,
    ) -> None:
        self._store = store
        self._folder = folder
        self._by = by
        self._at = at
        self._program = program
        self._report = report
        # Versions whose bytes were removed because their time ran out cannot be handed over; the form says so.
        self._gone = gone = store.retention.removals()
        found = [store.evidence.of_lead(lead_id) for lead_id in dict.fromkeys(lead_ids)]
        self._leads: list[LeadEvidence] = [
            replace(lead, records=tuple(one for one in lead.records if one.warc.file not in gone)) for lead in found
        ]
        self._records = list({(one.table, one.id): one for lead in self._leads for one in lead.records}.values())
        ids = [record.id for record in self._records if record.table == "snapshots"]
        self._pages: dict[int, PageSnapshot] = store.evidence.pages(ids)
        self._captures: dict[int, Capture] = {
            capture.id: capture
            for captures in store.evidence.of_snapshots(ids).values()
            for capture in captures
            if capture.id is not None
        }
        uploads = {
            (record.snapshot_id, record.warc) for record in self._records if record.kind == CaptureKind.UPLOAD.value
        }
        self._handed_in = {page.id for page in self._pages.values() if (page.id, page.warc) in uploads}
        """Snapshots that were not fetched: their content is a file that somebody handed in."""
        self.exhibits = tuple(self._exhibit(number, record) for number, record in enumerate(self._records, 1))

    # The form and the list

    def _exhibit(self, number: int, record: StoredRecord) -> record_form.Exhibit:
        place = f"{record.warc.file} 偏移 {record.warc.offset} 记录 {record.warc.record_id}"
        if record.table == "snapshots":
            return record_form.Exhibit(
                number,
                "人工提交的内容" if record.id in self._handed_in else "网页响应",
                record.url,
                self._pages[record.id].fetched_at,
                record.size,
                record.sha256,
                place,
            )
        kind = CaptureKind(record.kind).label
        at = self._captures[record.id].taken_at
        return record_form.Exhibit(number, kind, record.url, at, record.size, record.sha256, place)

    def hash_list(self) -> bytes:
        """The list of hashes as CSV that spreadsheets open: with a mark that it is UTF-8."""
        stream = io.StringIO(newline="")
        writer = csv.writer(stream)
        writer.writerow(["序号", "类别", "网址或名称", "提取时间", "字节", "SHA-256", "证据文件中的位置"])
        for one in self.exhibits:
            at = one.at.astimezone(SHANGHAI).isoformat(timespec="milliseconds")
            writer.writerow([one.number, one.kind, _cell(one.name), at, one.size, one.sha256, one.place])
        return stream.getvalue().encode("utf-8-sig", "replace")

    def form_document(self) -> bytes:
        """The 取证记录 as a Word document."""
        stream = io.BytesIO()
        record_form.write(self._form(), stream)
        return stream.getvalue()

    def _form(self) -> record_form.Form:
        local = self._at.astimezone(SHANGHAI)
        return record_form.Form(
            number=f"ZX-{local:%Y%m%d-%H%M%S}-{self._leads[0].lead_id}",
            made_at=self._at,
            made_by=self._by,
            subjects=tuple(self._subject(lead.lead_id) for lead in self._leads),
            taken=tuple(
                self._taken(lead.lead_id, self._pages[record.id])
                for lead in self._leads
                for record in lead.records
                if record.table == "snapshots"
            ),
            exhibits=self.exhibits,
            method=self._method(),
            checked=self._checked(),
        )

    def _subject(self, lead_id: int) -> record_form.Subject:
        detail = self._store.leads.get(lead_id)
        return record_form.Subject(
            lead_id=lead_id,
            title=detail.document.title,
            url=detail.lead.page_url,
            target=detail.target_name,
            account=detail.document.account,
            found_at=detail.lead.state.found_at,
            level=detail.assessment.level.label,
            score=detail.assessment.score,
            claims=tuple((finding.quote, "；".join(finding.legal_basis)) for finding in detail.assessment.findings),
        )

    def _taken(self, lead_id: int, page: PageSnapshot) -> record_form.Taken:
        return record_form.Taken(
            lead_id=lead_id,
            snapshot_id=page.id or 0,
            at=page.fetched_at,
            url=page.url,
            redirects=page.redirects,
            final_url=page.final_url,
            status=page.status,
            content_type=page.content_type,
            ip_address=page.ip_address,
            handed_in=page.id in self._handed_in,
            login=self._login_of(page),
        )

    def _login_of(self, page: PageSnapshot) -> str | None:
        word = read_record(self._folder, page.warc).fields.get(LOGIN_FIELD.lower())
        return TargetKind(word).label if word in set(TargetKind) else word

    def _method(self) -> tuple[tuple[str, str], ...]:
        """What the evidence files say of program, machine and network; each different answer once."""
        said: dict[str, list[str]] = {"software": [], "hostname": [], "ip": []}
        for file in sorted({record.warc.file for record in self._records}):
            about = self._warcinfo(file)
            for name, values in said.items():
                if about.get(name) and about[name] not in values:
                    values.append(about[name])
        rules = {self._store.leads.get(lead.lead_id).assessment.rule_pack: None for lead in self._leads}
        return (
            ("提取方法", "程序自动访问公开网页（HTTP GET），网络在线提取"),
            ("提取程序", "；".join(said["software"]) or "未记录"),
            ("提取设备", "；".join(said["hostname"]) or "未记录"),
            ("网络出口", "；".join(said["ip"]) or "未记录"),
            ("研判规则", "；".join(rules)),
            ("存储格式", "WARC 1.1（ISO 28500:2017），每件计算 SHA-256 并写入证据链"),
            ("导出程序", f"{self._program}，Python {platform.python_version()}，{platform.system()}"),
        )

    def _warcinfo(self, file: str) -> dict[str, str]:
        from crawler.warc import locate
        from crawler.warc_scan import ScannedRecord, scan

        # Before the crawler's own stand those of compactions.
        said = None
        for one in scan(locate(self._folder, file)):
            if not isinstance(one, ScannedRecord) or one.fields.get("warc-type") != "warcinfo":
                break
            said = WarcRef(file, one.offset, one.fields.get("warc-record-id", ""))
        if said is None:
            return {}
        record = read_record(self._folder, said)
        pairs = (line.partition(":") for line in record.block.decode("utf-8", "replace").splitlines())
        return {name.strip(): value.strip() for name, _, value in pairs}

    def _checked(self) -> tuple[str, ...]:
        report = self._report
        held = sum(
            number for (kind, state), number in report.counts.items()
            if kind in _MUST_HOLD and state is EvidenceState.VERIFIED
        )  # fmt: skip
        sentences = [f"导出前对上列全部电子数据及其所在证据文件逐件重新计算校验值，{held} 件全部与提取时一致。"]
        expired = sum(report.counts[kind, EvidenceState.EXPIRED] for kind in ("snapshot", "capture"))
        if expired:
            sentences.append(f"另有较早版本的电子数据 {expired} 件已按保存期限清理（证据链中有记载），未列入。")
        sentences += self._compacted()
        chain = [item for item in report.items if item.kind not in _MUST_HOLD and not item.state.sound]
        if report.head is not None:
            sentences.append(
                f"证据链末条为第 {report.head.number} 条，校验值 {report.head.sha256}。"
                + ("全部条目前后相接，无改动。" if not chain else "")
            )
        sentences += [
            f"证据链另有未通过核验的：{item.name}（{item.state.label}，{item.reason}）。" for item in chain[:5]
        ]
        sentences += self._stamped()
        return tuple(sentences)

    def _compacted(self) -> list[str]:
        """Which of the files are copies of what was needed of earlier ones."""
        files = {record.warc.file for record in self._records}
        links = {json.loads(link.content).get("kept", {}).get("file"): link for link in self._gone.values()}
        return [
            f"证据文件 {name} 由先前的文件按保存期限整理而成（证据链第 {links[name].number} 条）：到期的记录已清理，保留的记录逐字节未变。"
            for name in sorted(files & links.keys())
        ]

    def _stamped(self) -> list[str]:
        stamps = self._stamps()
        said = []
        for link in stamps:
            stamp = stamp_of(link)
            at = stamp.time.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
            said.append(f"时间戳：{stamp.authority} 于 {at} 对证据链第 {stamp.of} 条加盖（RFC 3161）。")
        return said or ["上列电子数据尚无可信时间戳。"]

    # The chain

    def _spans(self) -> list[tuple[Link, Link | None]]:
        """For each record, the link that names it and the first time stamp of that link or a later one."""
        chain = self._store.chain
        spans: dict[int, tuple[Link, Link | None]] = {}
        for record in self._records:
            link = chain.naming(record.table, record.id)
            if link is not None and link.number not in spans:
                stamp = next((one for one in chain.stamps(link.number) if stamp_of(one).of >= link.number), None)
                spans[link.number] = (link, stamp)
        return list(spans.values())

    def _stamps(self) -> list[Link]:
        return list({stamp.number: stamp for _, stamp in self._spans() if stamp is not None}.values())

    def _links(self) -> Iterator[bytes]:
        """Lines of the chain from each record's link to its time stamp, or only its link where there is none."""
        chain = self._store.chain
        done: set[int] = set()
        for link, stamp in sorted(self._spans(), key=lambda span: span[0].number):
            last = stamp.number if stamp is not None else link.number
            if last - link.number > _MOST_LINKS:
                last = link.number
            for one in _between(chain.links, link.number, last):
                if one.number not in done:
                    done.add(one.number)
                    yield one.line + b"\n"

    # The package

    def write(self, stream: IO[bytes], form: bytes, hashes: bytes) -> None:
        """Write the package."""
        sources: list[SourceFile] = select(self._folder, self._records, self._pages)
        package = Package(stream, self._at)
        package.add_archive(sources)
        pages = self._page_list()
        package.add_pages(pages)
        screenshots = {one.sha256: one for one in self._records if one.kind == CaptureKind.SCREENSHOT.value}
        for record in screenshots.values():
            self._add_screenshot(package, record)
        package.add("evidence/record.docx", (form,))
        package.add("evidence/hashes.csv", (hashes,), compress=True)
        package.add("evidence/chain.jsonl", self._links(), compress=True)
        for link in self._stamps():
            stamp = stamp_of(link)
            package.add(f"evidence/{Path(stamp.file).name}", (stamp.response,))
        leads = "、".join(str(lead.lead_id) for lead in self._leads)
        package.finish(
            title=f"线索 {leads} 证据包",
            description="网页响应（含跳转）、图片、截图等电子数据，取证记录，校验值清单，证据链节选和时间戳。",
            software=self._program,
            main=pages[-1],
        )

    def _page_list(self) -> list[Page]:
        """What a reader opens: pages that were fetched; where there are none, what was handed in."""
        pages = [
            (record.id, Page(f"s{record.id}", page.final_url, page.fetched_at, storable(lead.title or lead.url)))
            for lead in self._leads
            for record in lead.records
            if record.table == "snapshots"
            for page in (self._pages[record.id],)
        ]
        return [page for id_, page in pages if id_ not in self._handed_in] or [page for _, page in pages]

    def _add_screenshot(self, package: Package, record: StoredRecord) -> None:
        data = (self._folder / screenshot_file(record.sha256)).read_bytes()
        if hashlib.sha256(data).hexdigest() != record.sha256:
            raise EvidenceDamaged(f"{record.name}的截图文件在导出时被改动，没有导出。")
        package.add(f"screenshots/{record.sha256}.png", (data,))


def _between(links: Callable[[int, int], list[Link]], first: int, last: int) -> Iterator[Link]:
    number = first - 1
    while number < last and (portion := links(number, min(500, last - number))):
        yield from portion
        number = portion[-1].number


def _cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = storable(text)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
