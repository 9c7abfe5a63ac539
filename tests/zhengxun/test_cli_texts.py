"""``classify``, ``extract`` and ``rules``: texts and files without a database."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.zhengxun.conftest import Zhengxun
from zhengxun.cli.classify import read_pieces

OFFER = "职业技能证书包过包拿证，不用考试，交钱直接出证，国家认可，上网可查，加微信 zhengshu88 办理，1280元一本。"


class _Input:
    """Standard input with bytes behind it."""

    def __init__(self, body: bytes) -> None:
        self.buffer = io.BytesIO(body)

    def read(self) -> str:
        return self.buffer.read().decode()


def _lines(body: bytes) -> list[tuple[int, object, str | None, str | None]]:
    return [
        (piece.number, piece.id, piece.subject.text if piece.subject else None, piece.problem)
        for piece in read_pieces(io.BytesIO(body), "输入")
    ]


def test_json_lines_keep_their_order_and_their_numbers() -> None:
    """Blank and faulty lines have their number and reason, the others are not held up by them."""
    body = (
        '\n{"id": "a", "text": "甲"}\r\n\n'.encode()
        + '{"id": 2, "text": "乙", "title": null}\n'.encode("gb18030")
        + b'not json\n[1]\n{"id": 5}\n{"id": 6, "text": 7}\n{"id": 7, "text": "\xff\xff"}\n{"id": 8, "text": "", "url": 3}'
    )
    assert _lines(body) == [
        (1, None, None, "空行。"),
        (2, "a", "甲", None),
        (3, None, None, "空行。"),
        (4, 2, "乙", None),
        (5, None, None, "不是 JSON 对象。"),
        (6, None, None, "不是 JSON 对象。"),
        (7, 5, None, "缺少 text。"),
        (8, 6, None, "text 应为文字。"),
        (9, None, None, "不是 UTF-8 或 GB18030 编码。"),
        (10, 8, None, "url 应为文字。"),
    ]


def test_deeply_nested_json_is_a_faulty_line() -> None:
    """A line made to exhaust the parser's stack."""
    body = b'{"text": "x"}\n' + b'{"text": ' + b"[" * 200_000 + b"\n"
    assert [problem for *_, problem in _lines(body)] == [None, "不是 JSON 对象。"]


def test_a_spoilt_first_line_does_not_swallow_the_batch(zhengxun: Zhengxun, tmp_path: Path) -> None:
    """One line out per line in, in order, although the first line is no JSON; the end's line break is no line."""
    path = tmp_path / "批.jsonl"
    path.write_text('not json\n{"id": 1, "text": "甲"}\n\n{"id": 2, "text": "乙"}\n', "utf-8")
    ran = zhengxun("classify", path, "--json")
    found = [json.loads(line) for line in ran.out.splitlines()]
    assert (ran.status, [one["id"] for one in found]) == (1, [None, 1, None, 2])
    assert [one.get("error") for one in found] == ["不是 JSON 对象。", None, "空行。", None]


def test_a_reader_that_goes_away_is_no_failure_and_a_full_disk_is_named(tmp_path: Path) -> None:
    """``| head`` ends quietly; results that cannot be written are standard output's fault, not the input file's."""
    path = tmp_path / "批.jsonl"
    path.write_text("".join(f'{{"id": {number}, "text": "甲"}}\n' for number in range(2000)), "utf-8")
    command = [sys.executable, "-m", "zhengxun", "classify", str(path), "--json"]
    gone = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert gone.stdout is not None
    gone.stdout.read(10)
    gone.stdout.close()
    assert gone.stderr is not None
    assert gone.stderr.read() == b""
    gone.stderr.close()
    assert gone.wait(30) == 0
    with Path("/dev/full").open("wb") as full:
        refused = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    message = refused.stderr.decode()
    assert refused.returncode == 1
    assert "磁盘空间不足" in message
    assert "标准输出" in message
    assert "无法读取" not in message
    assert message.count("\n") == 1


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("第一行\n第二行".encode(), "第一行\n第二行"),
        ("包过".encode("gb18030"), "包过"),
        (b"\xef\xbb\xbf" + "包过".encode(), "包过"),
        ("{名称}不是 JSON".encode(), "{名称}不是 JSON"),
    ],
)
def test_anything_else_is_one_plain_text(body: bytes, text: str) -> None:
    """Line breaks stay, in UTF-8 and GB18030."""
    assert _lines(body) == [(1, None, text, None)]


def test_empty_input_is_no_text() -> None:
    """No line in, no line out."""
    assert _lines(b"") == _lines(b"\n\n") == []


def test_classify_prints_one_line_for_each_line(zhengxun: Zhengxun, monkeypatch: pytest.MonkeyPatch) -> None:
    """The contract's keys, spans that hold, and status 1 with the faulty line named."""
    lines = [{"id": "a", "text": OFFER}, {"id": "b", "text": "图书馆周六举办读书会。"}, {"id": "c"}]
    monkeypatch.setattr(sys, "stdin", _Input("\n".join(json.dumps(line) for line in lines).encode()))
    ran = zhengxun("classify", "--json")
    found = [json.loads(line) for line in ran.out.splitlines()]
    assert (ran.status, [one["id"] for one in found]) == (1, ["a", "b", "c"])
    assert "第 3 行" in ran.err
    assert found[0].keys() >= {
        *("id", "flagged", "score", "level", "categories", "findings", "exempted", "speaker", "evasion", "rule_pack"),
        "incomplete",
    }
    assert (found[0]["flagged"], found[1]["flagged"]) == (True, False)
    assert found[0]["findings"]
    for finding in found[0]["findings"]:
        assert OFFER[finding["start"] : finding["end"]] == finding["quote"]
        assert all(isinstance(name, str) and isinstance(points, float) for name, points in finding["steps"])
    assert found[2]["error"]


def test_classify_for_people(zhengxun: Zhengxun, tmp_path: Path) -> None:
    """A file, or standard input; a missing file is bad input."""
    path = tmp_path / "文本.txt"
    path.write_bytes(OFFER.encode("gb18030"))
    ran = zhengxun("classify", path)
    assert ran.status == 0
    assert "列为线索" in ran.out
    assert "不用考试" in ran.out
    assert zhengxun("classify", tmp_path / "没有").status == 2


def test_a_closed_standard_input_is_bad_input(zhengxun: Zhengxun, monkeypatch: pytest.MonkeyPatch) -> None:
    """As under a service manager that gives none."""
    monkeypatch.setattr(sys, "stdin", None)
    ran = zhengxun("classify")
    assert (ran.status, "标准输入已关闭" in ran.err) == (2, True)


def test_extract_prints_the_contracts_json(zhengxun: Zhengxun, tmp_path: Path) -> None:
    """Documents with segments, links and contacts; wrong charset declared in the header is seen through."""
    path = tmp_path / "页面.html"
    page = f"<title>办证</title><h1>培训</h1><p>{OFFER}</p><p>电话13800001234</p><a href='/x.html'>更多</a>"
    path.write_bytes(page.encode("gbk"))
    ran = zhengxun(
        "extract", path, "--url", "https://a.example.com/b/", "--content-type", "text/html; charset=utf-8", "--json"
    )
    assert ran.status == 0
    assert ran.json["verdict"] == "ok"
    (document,) = ran.json["documents"]
    assert OFFER in document["text"]
    assert document["links"] == ["https://a.example.com/x.html"]
    assert {"kind": "phone", "value": "13800001234"} in document["contacts"]
    assert document.keys() >= {
        "title",
        "account",
        "account_id",
        "published_at",
        "published_raw",
        "text",
        "segments",
        "images",
    }
    assert "办证" in zhengxun("extract", path).out
    assert zhengxun("extract", tmp_path / "没有.html").status == 2


def test_extracted_text_cannot_steer_the_terminal(zhengxun: Zhengxun, tmp_path: Path) -> None:
    """Escape sequences in a page are not printed."""
    path = tmp_path / "页面.html"
    path.write_text("<title>\x1b[2J甲</title><p>正文\x1b]0;x\x07内容，足够长的一段文字。</p>", "utf-8")
    ran = zhengxun("extract", path)
    assert "\x1b" not in ran.out
    assert "\x07" not in ran.out


def test_rules_are_listed_checked_and_explained(zhengxun: Zhengxun, tmp_path: Path) -> None:
    """The bundled pack is usable; a broken one is named with status 1; an explanation shows the hit and the points."""
    listed = zhengxun("rules", "list", "--json").json
    assert listed["rule_pack"].startswith("sha256:")
    assert all(rule["legal_basis"] and rule["must_hit"] and rule["must_not_hit"] for rule in listed["rules"])
    assert {rule["category"] for rule in zhengxun("rules", "list", "--category", "B", "--json").json["rules"]} == {"B"}
    assert zhengxun("rules", "check").status == 0
    own = tmp_path / "own"
    own.mkdir()
    (own / "99.yaml").write_text("pack: rules\nrules:\n  - id: X\n", "utf-8")
    broken = zhengxun("rules", "check", own)
    assert broken.status == 1
    assert "99.yaml" in broken.out
    assert zhengxun("rules", "check", tmp_path / "没有").status == 2
    explained = zhengxun("rules", "explain", OFFER)
    assert explained.status == 0
    assert "【" in explained.out
    assert "分数的由来" in explained.out
    assert zhengxun("rules", "explain", OFFER, "--json").json["assessment"]["flagged"] is True


def test_rules_eval_measures_labelled_lines(zhengxun: Zhengxun, tmp_path: Path) -> None:
    """Precision, recall and the mistakes; a line without a label is named with its number."""
    path = tmp_path / "样本.jsonl"
    lines = [{"text": OFFER, "label": 1, "categories": ["B"]}, {"text": "图书馆周六举办读书会。", "label": 0}]
    path.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), "utf-8")
    ran = zhengxun("rules", "eval", path, "--json")
    assert (ran.status, ran.json["precision"], ran.json["recall"], ran.json["f1"]) == (0, 1.0, 1.0, 1.0)
    assert "准确率" in zhengxun("rules", "eval", path).out
    path.write_text('{"text": "甲", "label": 1}\n{"text": "乙"}\n', "utf-8")
    bad = zhengxun("rules", "eval", path)
    assert bad.status == 2
    assert "第 2 行" in bad.err
