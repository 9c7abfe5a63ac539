"""What commands print: one JSON document, or Chinese tables; fetched text can never steer the terminal."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

import click

#: Line breaks and tabs become blanks; these are dropped: C0 and C1 controls (escape sequences begin with one of them),
#: direction overrides and invisible characters that make one text look like another.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_BLANK = re.compile(r"[\s\u2028\u2029]+")

#: Columns of a table that is not printed to a terminal: wide enough not to break addresses in logs and mails.
_PLAIN_WIDTH = 200


#: Stands for a file name in errors of writing results.
STANDARD_OUTPUT = "标准输出"


class ReaderGone(Exception):
    """Whoever read standard output went away (``| head``). Not an OSError: click would end with status 1 on EPIPE."""


@contextmanager
def writing_results() -> Iterator[None]:
    """Errors of writing to standard output name it."""
    try:
        yield
    except BrokenPipeError as error:
        raise ReaderGone from error
    except OSError as error:
        raise OSError(error.errno, error.strerror, STANDARD_OUTPUT) from error


def clean(text: object) -> str:
    """``text`` as one line without anything a terminal would obey."""
    return _CONTROL.sub("", _BLANK.sub(" ", str(text))).strip()


def clean_lines(text: str) -> str:
    """Like :func:`clean`, line by line."""
    return "\n".join(_CONTROL.sub("", line.replace("\t", " ")) for line in text.splitlines())


def plain(value: Any) -> Any:
    """``value`` with dates as ISO 8601 and tuples as lists, ready for JSON."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return value


def print_json(value: Any) -> None:
    """Exactly one JSON document and a newline."""
    _print(json.dumps(plain(value), ensure_ascii=False, indent=2))


def print_json_line(value: Any) -> None:
    """One JSON document on one line."""
    _print(json.dumps(plain(value), ensure_ascii=False))


def say(text: str = "") -> None:
    """One line (or several) for people on standard output."""
    _print(clean_lines(text))


def _print(text: str) -> None:
    with writing_results():
        click.echo(text)


def note(text: str) -> None:
    """One line for people on standard error, beside a result on standard output."""
    click.echo(clean_lines(text), err=True)


def print_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    title: str | None = None,
    right: Sequence[str] = (),
    whole: Sequence[str] = (),
) -> None:
    """A table on standard output; columns in ``right`` are aligned to the right, those in ``whole`` are never broken."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    terminal = sys.stdout.isatty()
    console = Console(file=sys.stdout, width=None if terminal else _PLAIN_WIDTH, highlight=False)
    table = Table(
        title=None if title is None else Text(clean(title)), box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False
    )
    for column in columns:
        table.add_column(
            column, justify="right" if column in right else "left", overflow="fold", no_wrap=column in {*right, *whole}
        )
    for row in rows:
        # Text objects: rich must not read [square brackets] of a page title as markup.
        table.add_row(*(Text(clean("—" if cell is None or cell == "" else cell)) for cell in row))
    with writing_results():
        console.print(table)


def json_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="向标准输出打印一份 JSON，别无其他内容")(function)
