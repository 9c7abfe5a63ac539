"""``zhengxun classify``: the classifier on text, without a database."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from domain.errors import BadFile
from zhengxun.cli.framework import Command, argument
from zhengxun.cli.invocation import services_of
from zhengxun.cli.output import clean, json_option, note, print_json_line, say

if TYPE_CHECKING:
    from domain.assessment import Assessment, Finding, Subject

#: Longest line and longest plain text taken (bytes): more is not a page's text but a mistake.
MAX_BYTES = 50 * 1024 * 1024
_LABELS = {
    "authority": "机关",
    "media": "媒体",
    "institution": "机构",
    "seller": "销售者",
    "private": "个人",
    "unknown": "不明",
}


@dataclass(frozen=True, slots=True)
class Piece:
    """One text to be judged; ``number`` is its line in the input, ``problem`` says why it cannot be."""

    number: int
    id: Any
    subject: Subject | None
    problem: str | None = None


@click.command(
    cls=Command,
    name="classify",
    help="对文本作机器研判。输入是一段普通文本，或者 JSON 行：每行一个对象，有 text，可有 id、title、url、account。\n"
    '前几行中有一行以 {" 开头，就按 JSON 行读。加 --json 时，一行输入对应一行 JSON 输出，次序不变；'
    "读不懂的行和空行输出 error，退出状态为 1。",
)
@argument(
    "file",
    metavar="[文件|-]",
    type=click.Path(),
    required=False,
    default="-",
    description="输入文件；- 或不写表示标准输入",
)
@json_option
@click.pass_context
def command(ctx: click.Context, file: str, as_json: bool) -> int:
    """Judge texts."""
    services = services_of(ctx)
    status = 0
    if file == "-":
        if sys.stdin is None:
            raise BadFile("标准输入已关闭；请写文件名，或用管道送入文本。")
        stream: BinaryIO = sys.stdin.buffer
        status = _classify(services.classifier, read_pieces(stream, "标准输入"), as_json)
    else:
        try:
            opened = open(file, "rb")  # noqa: PTH123, SIM115 - a path given by the user, as it is; closed just below
        except OSError as error:
            # Opening only: what fails while the results are written is not the file's fault.
            raise BadFile(f"文件 {file} 不存在或无法读取。") from error
        with opened:
            status = _classify(services.classifier, read_pieces(opened, file), as_json)
    return status


def _classify(classifier: Any, pieces: Iterator[Piece], as_json: bool) -> int:
    status = 0
    for piece in pieces:
        if piece.subject is None:
            status = 1
            note(f"第 {piece.number} 行：{piece.problem}")
            if as_json:
                print_json_line({"id": piece.id, "error": piece.problem})
            continue
        assessment = classifier.assess(piece.subject)
        if as_json:
            print_json_line({"id": piece.id} | as_dict(assessment))
        else:
            _print(piece, assessment)
    return status


def read_pieces(stream: BinaryIO, name: str) -> Iterator[Piece]:
    """Texts of the input: JSON lines if one of the first filled lines begins an object, else one plain text.

    Of JSON lines every line is a piece, blank ones too: one line out per line in. Input without a filled line is none.
    """
    from domain.assessment import Subject

    head: list[bytes] = []
    filled = 0
    objects = False
    for raw in stream:
        line = raw if head else raw.removeprefix(_BOM)
        head.append(line)
        filled += bool(line.strip())
        objects = _BEGINS_OBJECT.match(line) is not None
        if objects or filled == _LINES_LOOKED_AT:
            break
    if not filled:
        return
    if not objects:
        body = b"".join(head) + stream.read(MAX_BYTES + 1)
        if len(body) > MAX_BYTES:
            raise BadFile(f"{name} 超过 50 MB，不像是一段文本；批量研判请用 JSON 行。")
        text = _text(body)
        if text is None:
            raise BadFile(f"{name} 不是 UTF-8 或 GB18030 编码的文本。")
        yield Piece(1, None, Subject(text=text))
        return
    for number, raw in enumerate(chain(head, stream), start=1):
        yield _piece(number, raw)


#: Filled lines among which the first JSON object is looked for: a batch may begin with a few spoilt lines.
_LINES_LOOKED_AT = 10
_BOM = b"\xef\xbb\xbf"
_BEGINS_OBJECT = re.compile(rb'\s*\{\s*["}]')


def _text(body: bytes) -> str | None:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return body.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def _piece(number: int, line: bytes) -> Piece:
    from domain.assessment import Subject

    text = _text(line)
    if text is not None and not text.strip():
        return Piece(number, None, None, "空行。")
    if text is None:
        return Piece(number, None, None, "不是 UTF-8 或 GB18030 编码。")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        return Piece(number, None, None, "不是 JSON 对象。")
    identity = value.get("id")
    for field in ("text", "title", "url", "account"):
        if not isinstance(value.get(field), str | None):
            return Piece(number, identity, None, f"{field} 应为文字。")
    if value.get("text") is None:
        return Piece(number, identity, None, "缺少 text。")
    return Piece(
        number,
        identity,
        Subject(
            text=value["text"],
            title=value.get("title") or "",
            url=value.get("url"),
            account=value.get("account"),
        ),
    )


def as_dict(assessment: Assessment) -> dict[str, Any]:
    """One line of ``classify --json``, without ``id``."""
    return {
        "flagged": assessment.flagged,
        "score": assessment.score,
        "level": assessment.level.value,
        "categories": list(assessment.categories),
        "findings": [finding_as_dict(finding) for finding in assessment.findings],
        "exempted": [
            finding_as_dict(finding) | {"exempted_by": finding.exempted_by} for finding in assessment.exempted
        ],
        "speaker": assessment.speaker.value,
        "evasion": list(assessment.evasion),
        "rule_pack": assessment.rule_pack,
        "incomplete": list(assessment.incomplete),
        "steps": [[step.name, step.points] for step in assessment.steps],
    }


def finding_as_dict(finding: Finding) -> dict[str, Any]:
    """One finding of the contract's JSON."""
    found: dict[str, Any] = {
        "rule_id": finding.rule_id,
        "category": finding.category.value,
        "field": finding.field,
        "start": finding.start,
        "end": finding.end,
        "quote": finding.quote,
        "weight": finding.weight,
        "legal_basis": list(finding.legal_basis),
        "steps": [[step.name, step.points] for step in finding.steps],
        "behaviour": finding.behaviour,
    }
    if finding.segment is not None:
        found["segment"] = finding.segment
    return found


def _print(piece: Piece, assessment: Assessment) -> None:
    name = "" if piece.id is None else f"{clean(piece.id)}："
    verdict = "列为线索" if assessment.flagged else "未列为线索"
    say(
        f"{name}{verdict}，风险 {assessment.level.label}，{assessment.score:g} 分，"
        f"发布者 {_LABELS[assessment.speaker.value]}"
    )
    for finding in assessment.findings:
        say(
            f"  [{finding.category.value} {finding.category.label}] “{clean(finding.quote)}” {finding.rule_id}，{'；'.join(finding.legal_basis)}"
        )
    for finding in assessment.exempted:
        say(f"  [不计] “{clean(finding.quote)}” {finding.rule_id}，原因：{finding.exempted_by or '语境'}")
    for text in assessment.evasion:
        say(f"  [规避] {clean(text)}")
    for text in assessment.incomplete:
        say(f"  [未看] {clean(text)}")
