"""取证记录: the paper that goes with evidence, as a Word document for people to check, complete and sign.

It states what was done and what came of it, from what was stored when it was done; what only people know (who was
present, who checked) is left blank. It judges nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any

from digest.text import SHANGHAI, visible

if TYPE_CHECKING:
    from docx.document import Document
    from docx.table import Table

_BODY, _HEAD, _TITLE = "仿宋", "黑体", "方正小标宋简体"
#: Most characters of an address or quote in a cell; the hash list has them whole.
_ADDRESS, _QUOTE = 300, 200


@dataclass(frozen=True, slots=True)
class Subject:
    """One lead as the form introduces it."""

    lead_id: int
    title: str
    url: str
    target: str
    account: str | None
    found_at: datetime
    level: str
    """Chinese word."""
    score: float
    claims: tuple[tuple[str, str], ...]
    """(quote, legal basis) of what the rules hit."""


@dataclass(frozen=True, slots=True)
class Taken:
    """One version of a page: when and how it was received."""

    lead_id: int
    snapshot_id: int
    at: datetime
    url: str
    redirects: tuple[str, ...]
    final_url: str
    status: int
    content_type: str | None
    ip_address: str | None
    handed_in: bool = False
    """It was not fetched: somebody handed in a file that holds it."""
    login: str | None = None
    """Chinese name of the platform whose login the request carried."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One line of the list of evidence."""

    number: int
    kind: str
    name: str
    """Address, or name of the file."""
    at: datetime
    size: int
    sha256: str
    place: str
    """WARC file and offset in the evidence folder."""


@dataclass(frozen=True, slots=True)
class Form:
    """Everything that stands on the form."""

    number: str
    made_at: datetime
    made_by: str
    subjects: tuple[Subject, ...]
    taken: tuple[Taken, ...]
    exhibits: tuple[Exhibit, ...]
    method: tuple[tuple[str, str], ...]
    """(item, words) about program, machine and exit to the network, as the evidence files say."""
    checked: tuple[str, ...]
    """What verification said, in sentences."""


def write(form: Form, stream: IO[bytes]) -> None:
    """Write the form as a Word document."""
    from docx import Document
    from docx.shared import Mm

    document: Any = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(37), Mm(35)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    _style(document)
    _paragraph(document, "电子数据取证记录", font=_TITLE, size=22, centred=True)
    _paragraph(document, "（网络在线提取）", size=14, centred=True)
    _paragraph(document, f"编号：{form.number}", size=12, centred=True)
    _intro(document, form)
    _process(document, form)
    _method(document, form)
    _list(document, form)
    _check(document, form)
    _signatures(document)
    _footer(section)
    document.core_properties.title = "电子数据取证记录"
    document.core_properties.author = visible(form.made_by, 100)
    document.core_properties.created = form.made_at.replace(tzinfo=None)
    document.save(stream)


def _intro(document: Document, form: Form) -> None:
    _heading(document, "一、提取对象")
    for subject in form.subjects:
        rows = [
            ("线索编号", str(subject.lead_id)),
            ("网页标题", visible(subject.title or "（无标题）", _QUOTE)),
            ("网址", visible(subject.url, _ADDRESS)),
            ("监测对象", visible(subject.target, _QUOTE)),
            *([("账号", visible(subject.account, _QUOTE))] if subject.account else []),
            ("发现时间", _time(subject.found_at)),
            ("机器研判", f"风险{subject.level}，{subject.score:g} 分（仅供参考，是否违法由有权机关认定）"),
            *(("涉嫌内容", f"“{visible(quote, _QUOTE)}”（{basis}）") for quote, basis in subject.claims),
        ]
        _pairs(document, rows)


def _process(document: Document, form: Form) -> None:
    _heading(document, "二、提取时间和过程")
    if any(not taken.handed_in for taken in form.taken):
        _paragraph(
            document,
            f"程序按下列时间（北京时间，取自本机系统时钟）访问网页，{_login_words(form)}，未提交表单，未绕过技术措施；按该网站 robots.txt 采集，"
            "监测对象登记了书面许可的依其许可。收到的响应在解析之前先计算校验值并写入证据文件。",
            indent=True,
        )
    if any(taken.handed_in for taken in form.taken):
        _paragraph(
            document,
            "注明“人工提交”的不是程序访问所得，是提交的文件，按提交时的字节保存，其来源由提交人说明。",
            indent=True,
        )
    for taken in form.taken:
        _pairs(document, _how(taken))


def _login_words(form: Form) -> str:
    """Whether a login was used; the records say of which pages, and hold no value of it."""
    if not any(taken.login for taken in form.taken):
        return "未登录任何账号"
    return (
        "注明“平台登录”的使用本单位提供的平台账号登录状态（cookie），其值已从请求和响应的记录中隐去，其余未登录任何账号"
    )


def _how(taken: Taken) -> list[tuple[str, str]]:
    rows = [
        ("线索／快照", f"{taken.lead_id} ／ {taken.snapshot_id}"),
        ("人工提交时间" if taken.handed_in else "提取时间", _time(taken.at)),
        ("网址" if taken.handed_in else "请求网址", visible(taken.url, _ADDRESS)),
    ]
    if taken.handed_in:
        return rows
    return [
        *rows,
        *(("跳转", visible(url, _ADDRESS)) for url in taken.redirects if url != taken.url),
        *([("最终网址", visible(taken.final_url, _ADDRESS))] if taken.final_url != taken.url else []),
        ("响应", f"HTTP {taken.status}，{visible(taken.content_type or '未声明类型', 100)}"),
        ("对端地址", taken.ip_address or "未记录"),
        *([("平台登录", f"{taken.login}，登录 cookie 的值已隐去")] if taken.login else []),
    ]


def _method(document: Document, form: Form) -> None:
    _heading(document, "三、提取方法和环境")
    _pairs(document, [(name, visible(words, _ADDRESS)) for name, words in form.method])
    _paragraph(
        document,
        "响应体、响应头的内容、每一次跳转均按收到的字节保存；未保留的有：响应状态行的原因短语、响应头名称的大小写、逐跳头部、分块传输的分块方式。",
        indent=True,
    )


def _list(document: Document, form: Form) -> None:
    _heading(document, "四、电子数据清单及完整性校验值")
    _paragraph(document, "校验值为内容字节的 SHA-256。各件在 WARC 文件中的位置见所附校验值清单。", indent=True)
    table = _table(document, ["序号", "类别", "网址或名称／校验值", "提取时间", "字节"], (12, 22, 80, 25, 17))
    for exhibit in form.exhibits:
        name = visible(exhibit.name, _ADDRESS)
        _row(
            table,
            [
                str(exhibit.number),
                exhibit.kind,
                f"{name}\n{exhibit.sha256}",
                _time(exhibit.at).replace(" ", "\n"),
                str(exhibit.size),
            ],
        )


def _check(document: Document, form: Form) -> None:
    _heading(document, "五、完整性核验")
    for sentence in form.checked:
        _paragraph(document, sentence, indent=True)
    _paragraph(
        document,
        f"本记录和证据包由 {visible(form.made_by, 50)} 于 {_time(form.made_at)} 导出。系统只提出线索，本记录只说明在所列时间从所列网址收到"
        "所列内容，不对内容是否违法作出认定。",
        indent=True,
    )


def _signatures(document: Document) -> None:
    _heading(document, "六、签名")
    rows = [
        ("提取人（二人）", ""),
        ("见证人", "（无见证人的，注明原因）"),
        ("审核人", ""),
        ("单位（盖章）", ""),
        ("日期", "      年   月   日"),
    ]
    _pairs(document, rows, size=14, keep=True)


# Parts of a document


def _style(document: Any) -> None:
    from docx.shared import Pt

    style = document.styles["Normal"]
    style.font.size = Pt(14)
    _fonts(style.element.get_or_add_rPr(), _BODY)
    style.paragraph_format.space_after = Pt(0)


def _fonts(properties: Any, name: str) -> None:
    """Latin and Chinese characters have fonts of their own in Word."""
    from docx.oxml.ns import qn

    fonts = properties.get_or_add_rFonts()
    for attribute in ("w:ascii", "w:hAnsi"):
        fonts.set(qn(attribute), "Times New Roman")
    fonts.set(qn("w:eastAsia"), name)


def _paragraph(
    document: Any, text: str, *, font: str = _BODY, size: float = 14, centred: bool = False, indent: bool = False
) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    paragraph = document.add_paragraph()
    paragraph.paragraph_format.line_spacing = Pt(26)
    if centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    if indent:
        paragraph.paragraph_format.first_line_indent = Pt(2 * size)
    run = paragraph.add_run(text)
    run.font.size = Pt(size)
    _fonts(run._element.get_or_add_rPr(), font)


def _heading(document: Any, text: str) -> None:
    from docx.shared import Pt

    _paragraph(document, text, font=_HEAD, size=15)
    document.paragraphs[-1].paragraph_format.keep_with_next = True
    document.paragraphs[-1].paragraph_format.space_before = Pt(8)


def _table(document: Any, heads: Sequence[str], widths: Sequence[float]) -> Table:
    from docx.oxml import OxmlElement
    from docx.shared import Mm

    table: Any = document.add_table(rows=1, cols=len(heads), style="Table Grid")
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
    for cell, head in zip(table.rows[0].cells, heads, strict=True):
        _fill(cell, head, font=_HEAD)
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    return table  # type: ignore[no-any-return]


def _row(table: Any, texts: Sequence[str]) -> None:
    from docx.oxml import OxmlElement

    row = table.add_row()
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    for cell, column, text in zip(row.cells, table.columns, texts, strict=True):
        cell.width = column.width
        _fill(cell, text)


def _fill(cell: Any, text: str, *, font: str = _BODY, size: float = 10.5) -> None:
    from docx.shared import Pt

    run = cell.paragraphs[0].add_run(text)
    run.font.size = Pt(size)
    _fonts(run._element.get_or_add_rPr(), font)


def _pairs(document: Any, rows: Sequence[tuple[str, str]], *, size: float = 12, keep: bool = False) -> None:
    """A table of names and values, with a gap behind it."""
    from docx.shared import Mm, Pt

    table: Any = document.add_table(rows=len(rows), cols=2, style="Table Grid")
    table.autofit = False
    for column, width in zip(table.columns, (42, 114), strict=True):
        column.width = Mm(width)
    for row, (name, value) in zip(table.rows, rows, strict=True):
        for cell, text, width, font in ((row.cells[0], name, 42, _HEAD), (row.cells[1], value, 114, _BODY)):
            cell.width = Mm(width)
            _fill(cell, text, font=font, size=size)
            cell.paragraphs[0].paragraph_format.keep_with_next = keep or row is not table.rows[-1]
        if keep:
            row.height = Mm(13)
    document.add_paragraph().paragraph_format.line_spacing = Pt(8)


def _footer(section: Any) -> None:
    """Page numbers between dashes, centred."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    paragraph = section.footer.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.add_run("— ")
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    paragraph._p.append(field)
    paragraph.add_run(" —")


def _time(at: datetime) -> str:
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
