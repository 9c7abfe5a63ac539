"""Logs: one line of JSON for each record whatever it quotes, and no secret or full number in either form."""

from __future__ import annotations

import io
import json
import logging
import sys

import pytest

from zhengxun.logs import JsonFormatter, TextFormatter, configure_logging, masked


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("postgresql+psycopg://zx:s3:cret@db/zx", "postgresql+psycopg://zx:***@db/zx"),
        ("POST /cgi-bin/webhook/send?key=693a91f6-7xxx&a=1", "POST /cgi-bin/webhook/send?key=***&a=1"),
        ("robot/send?access_token=ab12&timestamp=1&sign=xx%3D", "robot/send?access_token=***&timestamp=1&sign=***"),
        ("/open-apis/bot/v2/hook/5f0c-aa", "/open-apis/bot/v2/hook/***"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ('{"password": "hunter2", "n": 3}', '{"password": "***", "n": 3}'),
        ("Cookie: SUB=a; SUBP=b\nnext", "Cookie: ***\nnext"),
        ("页面写着13800001234，微信同号", "页面写着138****1234，微信同号"),
        ("身份证 14010219900101123X。", "身份证 140102********123X。"),
        ("zhangsan@example.cn 拒收", "zh***@example.cn 拒收"),
        ("https://a.cn/p/1390000.html?page=3&sort=new", "https://a.cn/p/1390000.html?page=3&sort=new"),
    ],
)
def test_what_is_masked(said: str, shown: str) -> None:
    """Secrets and numbers of people go, addresses and counts stay."""
    assert masked(said) == shown


def test_one_line_of_json_for_each_record(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hostile message and a traceback each stay within their line; the text form masks the same."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    written = io.StringIO()
    monkeypatch.setattr(sys, "stderr", written)
    try:
        configure_logging("info", "json")
        logger = logging.getLogger("crawler.visit")
        logger.warning("reading %s", 'http://a.cn/\n{"level": "error"}\x1b[31m\u2028?token=abc')
        logger.debug("not shown")
        try:
            raise ValueError("call 13800001234\nor key=abc")
        except ValueError:
            logger.exception("failed")
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    first, second = (json.loads(line) for line in written.getvalue().rstrip("\n").split("\n"))
    assert first["message"] == 'reading http://a.cn/\n{"level": "error"}\x1b[31m\u2028?token=***'
    assert (first["level"], first["logger"]) == ("warning", "crawler.visit")
    assert first["time"].endswith("+00:00")
    assert second["error"] == "ValueError"
    assert second["error_message"] == "call 138****1234\nor key=***"
    assert "Traceback" in second["traceback"]
    assert "13800001234" not in written.getvalue()
    record = logging.LogRecord("a", logging.INFO, __file__, 1, "to %s", ("13800001234",), None)
    assert "138****1234" in TextFormatter().format(record)
    assert set(json.loads(JsonFormatter().format(record))) == {
        "time", "level", "logger", "message", "process", "thread",
    }  # fmt: skip
