"""Logging: to standard error, as text for people or as one JSON object per line for machines; never a secret, no full number.

The standard library's logging is all that is used: the formatter below is what structlog or python-json-logger would add, and
neither masks anything.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import Literal

LogFormat = Literal["text", "json"]

#: What a message may quote of an address, a header or a page, and what is shown instead. Order matters: the password of
#: ``scheme://user:password@host`` goes before what looks like a mail address.
_HIDDEN: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(://[^/\s:@]+):[^/\s@]+@"), r"\1:***@"),
    (re.compile(r"(?i)\b((?:set-)?cookie:)[^\n]*"), r"\1 ***"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+"), r"\1 ***"),
    (
        re.compile(
            r"(?i)(\b[\w-]*(?:token|secret|password|passwd|apikey|session|sessdata|sign|cookie|key)"
            r"[\"']?\s*[=:]\s*[\"']?)[^\s&\"',;)}]+"
        ),
        r"\1***",
    ),
    (re.compile(r"(/bot/v2/hook/)[\w-]+"), r"\1***"),
    (re.compile(r"(?<!\d)(\d{6})\d{8}(\d{3}[\dXx])(?!\d)"), r"\1********\2"),
    (re.compile(r"(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)"), r"\1****\2"),
    (re.compile(r"([\w.+-]{1,2})[\w.+-]*@((?:[\w-]+\.)+[a-zA-Z]{2,})"), r"\1***@\2"),
)


def masked(text: str) -> str:
    """``text`` without secrets and without full mobile numbers, identity numbers and mail addresses."""
    for pattern, instead in _HIDDEN:
        text = pattern.sub(instead, text)
    return text


class TextFormatter(logging.Formatter):
    """For people: time, level, name and message; a traceback in the lines below."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The line or lines."""
        return masked(super().format(record))


class JsonFormatter(logging.Formatter):
    """For machines: one object per line (docs/operation.md names the keys), a traceback within it."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        # The real time: ZHENGXUN_NOW is for what the program does, not for when it said so.
        said: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": masked(record.getMessage()),
            "process": record.process,
            "thread": record.threadName,
        }
        if record.exc_info:
            kind, error, _ = record.exc_info
            said["error"] = kind.__name__ if kind is not None else None
            said["error_message"] = masked(str(error))
            said["traceback"] = masked(self.formatException(record.exc_info))
        if record.stack_info:
            said["stack"] = masked(record.stack_info)
        # JSON escapes line feeds and control characters; what a page says cannot begin a line of its own.
        return json.dumps(said, ensure_ascii=False)


def configure_logging(level: str, format: LogFormat = "text") -> None:
    """Log to standard error only: standard output belongs to results."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if format == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
