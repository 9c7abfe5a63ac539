"""Click in Chinese: help pages, usage errors and value checks that a Chinese clerk can read, and lazy subcommands.

Click's own words come through gettext and would need compiled catalogues beside the code; the handful that a user can
ever see is written here instead, and a test walks every command to prove that no English is left.
"""

from __future__ import annotations

import importlib
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar

import click

#: Columns of a help page, whatever the terminal: docs/cli.md is compared with it letter by letter.
HELP_WIDTH = 100


def display_width(text: str) -> int:
    """Columns that ``text`` takes on a terminal (East Asian wide and full-width characters take two)."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


#: Punctuation that must not begin a line (GB/T 15834).
_NEVER_FIRST = "，。；：、！？）》”’…」]"


def wrap(text: str, width: int) -> list[str]:
    """Break ``text`` into lines of at most ``width`` columns; Chinese may break anywhere, Latin words may not."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        tokens: list[str] = []
        for char in paragraph:
            narrow = display_width(char) == 1 and not char.isspace() and char not in _NEVER_FIRST
            if (tokens and (narrow and tokens[-1][-1:].isascii() and not tokens[-1][-1:].isspace())) or (
                tokens and char in _NEVER_FIRST
            ):
                tokens[-1] += char
            else:
                tokens.append(char)
        line = ""
        for token in tokens:
            if line and display_width(line) + display_width(token) > width:
                lines.append(line.rstrip())
                line = ""
            if line or not token.isspace():
                line += token
        lines.append(line.rstrip())
    return lines


class HelpFormatter(click.HelpFormatter):
    """Help pages measured in terminal columns."""

    def write_heading(self, heading: str) -> None:
        """A section's name with a full-width colon."""
        self.write(f"{'':>{self.current_indent}}{heading}：\n")

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """The usage line; never wrapped, so that it can be copied."""
        self.write(f"{prefix or '用法：'}{prog} {args}".rstrip() + "\n")

    def write_text(self, text: str) -> None:
        """Paragraphs; a single newline stays a line break."""
        indent = " " * self.current_indent
        for line in wrap(text, self.width - self.current_indent):
            self.write(f"{indent}{line}".rstrip() + "\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 34, col_spacing: int = 2) -> None:
        """A list of terms and what they mean."""
        pairs = list(rows)
        first_width = min(max(display_width(term) for term, _ in pairs), col_max) + col_spacing
        indent = " " * self.current_indent
        for term, meaning in pairs:
            lines = wrap(meaning, max(self.width - first_width - self.current_indent, 20))
            gap = first_width - display_width(term)
            if gap < col_spacing:
                self.write(f"{indent}{term}\n")
                self.write(f"{indent}{'':>{first_width}}{lines[0]}\n")
            else:
                self.write(f"{indent}{term}{'':>{gap}}{lines[0]}".rstrip() + "\n")
            for line in lines[1:]:
                self.write(f"{indent}{'':>{first_width}}{line}\n")


class Context(click.Context):
    """A context whose help pages are :class:`HelpFormatter` pages."""

    formatter_class = HelpFormatter

    def make_formatter(self) -> click.HelpFormatter:
        """A formatter of fixed width."""
        return HelpFormatter(width=HELP_WIDTH)


def _set_data_dir(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.ensure_object(dict)["data_dir"] = value


def data_dir_option() -> click.Option:
    """``--data-dir``, understood by the program and by each command, so that it may stand on either side."""
    return click.Option(
        ["--data-dir"],
        metavar="目录",
        help="数据目录（默认取环境变量 ZHENGXUN_DATA_DIR，未设置时为 ./var）",
        expose_value=False,
        is_eager=True,
        callback=_set_data_dir,
    )


class _Chinese(click.Command):
    """Chinese help page shared by commands and groups."""

    context_class = Context

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """``--help``, described in Chinese."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = "显示此帮助并退出"
        return option

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The usage line."""
        formatter.write_usage(ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), "用法：")

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The command's description."""
        if self.help:
            formatter.write_paragraph()
            formatter.write_text(self.help.strip())

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Arguments that are described, then options."""
        arguments = [
            (param.make_metavar(ctx), param.description)
            for param in self.get_params(ctx)
            if isinstance(param, Argument)
        ]
        if arguments:
            with formatter.section("参数"):
                formatter.write_dl(arguments)
        records = [
            (record[0], record[1].replace("[required]", "（必填）"))
            for param in self.get_params(ctx)
            if isinstance(param, click.Option) and (record := param.get_help_record(ctx)) is not None
        ]
        with formatter.section("选项"):
            formatter.write_dl(records)


class Command(_Chinese):
    """One command; it refuses surplus arguments in Chinese and knows ``--data-dir``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("options_metavar", "[选项]")
        super().__init__(*args, **kwargs)
        self.allow_extra_args = True
        self.params.append(data_dir_option())

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse; anything left over is an error."""
        rest = super().parse_args(ctx, args)
        if rest and not ctx.resilient_parsing:
            ctx.fail(f"多余的参数：{' '.join(rest)}")
        return rest


class Group(_Chinese, click.Group):
    """A group of commands."""

    command_class = Command

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("options_metavar", "[选项]")
        kwargs.setdefault("subcommand_metavar", "命令 [参数]…")
        kwargs.setdefault("no_args_is_help", True)
        super().__init__(*args, **kwargs)
        self.params.append(data_dir_option())

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Options, then commands."""
        super().format_options(ctx, formatter)
        self.format_commands(ctx, formatter)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order in which they are defined."""
        return list(self.commands)

    def short_help_of(self, ctx: click.Context, name: str) -> str:
        """One line about a subcommand."""
        command = self.get_command(ctx, name)
        return "" if command is None else (command.short_help or (command.help or "").strip().splitlines()[0])

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The subcommands with one line each."""
        rows = [(name, self.short_help_of(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("命令"):
            formatter.write_dl(rows)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the subcommand, with a suggestion where there is none of that name."""
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None and not ctx.resilient_parsing:
            from difflib import get_close_matches

            near = get_close_matches(name, self.list_commands(ctx))
            ctx.fail(f"没有“{name}”这个命令。" + (f"是否要用“{'”或“'.join(near)}”？" if near else ""))
        return super().resolve_command(ctx, args)


class LazyGroup(Group):
    """A group whose subcommands are imported only when they run.

    ``table`` maps a command's name to (module, short help); the module holds an object ``command``.
    """

    table: ClassVar[dict[str, tuple[str, str]]] = {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the table."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the subcommand's module."""
        if cmd_name not in self.table:
            return None
        command: click.Command = importlib.import_module(self.table[cmd_name][0]).command
        return command

    def short_help_of(self, ctx: click.Context, name: str) -> str:
        """From the table: nothing is imported for it."""
        return self.table[name][1]


class Argument(click.Argument):
    """An argument with a description for the help page."""

    def __init__(self, *args: Any, description: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.description = description


def argument(*names: str, description: str, **kwargs: Any) -> Callable[[Any], Any]:
    """Decorator for :class:`Argument`."""
    return click.argument(*names, cls=Argument, description=description, **kwargs)


class WholeNumber(click.ParamType[Any]):
    """A whole number within bounds."""

    name = "整数"

    def __init__(self, low: int, high: int) -> None:
        self.low, self.high = low, high

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number, or a Chinese usage error."""
        try:
            number = int(value)
        except ValueError:
            self.fail(f"“{value}”不是整数。", param, ctx)
        if not self.low <= number <= self.high:
            self.fail(f"{number} 不在 {self.low} 到 {self.high} 之间。", param, ctx)
        return number


class OneOf(click.ParamType[Any]):
    """One word of a closed list; Chinese labels are understood too."""

    name = "名称"

    def __init__(self, words: Sequence[str], labels: dict[str, str] | None = None) -> None:
        self.words, self.labels = tuple(words), labels or {}

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The word, or a Chinese usage error that lists the words."""
        word = str(value).strip()
        for candidate in self.words:
            if word.lower() == candidate.lower() or word == self.labels.get(candidate):
                return candidate
        self.fail(f"“{value}”不在可选值之内：{'、'.join(self.words)}。", param, ctx)


class Day(click.ParamType[Any]):
    """A calendar day, ``YYYY-MM-DD``."""

    name = "日期"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """A :class:`datetime.date`, or a Chinese usage error."""
        from datetime import date, datetime

        if isinstance(value, date):
            return value
        try:
            day = datetime.strptime(str(value), "%Y-%m-%d").date()  # noqa: DTZ007 - a calendar day has no zone
        except ValueError:
            self.fail(f"“{value}”不是有效日期，应写成 2026-11-23 的样子。", param, ctx)
        if day.year < 2000:
            self.fail(f"“{value}”过早，本系统没有那时的资料。", param, ctx)
        return day


def usage_message(error: click.ClickException) -> str:
    """One Chinese sentence for one of click's own errors."""
    if isinstance(error, click.NoSuchOption):
        near = f"是否要用 {'、'.join(error.possibilities)}？" if error.possibilities else ""
        return f"没有 {error.option_name} 这个选项。{near}"
    if isinstance(error, click.MissingParameter):
        param, ctx = error.param, error.ctx
        if isinstance(param, click.Argument) and ctx is not None:
            return f"缺少参数 {param.make_metavar(ctx)}。"
        return f"缺少选项 {param.opts[-1] if param is not None else ''}。"
    if isinstance(error, click.BadOptionUsage):
        return f"选项 {error.option_name} 的写法不对：它要求带一个值，或不能带值。"
    if isinstance(error, click.BadParameter):
        param = error.param
        where = (
            "" if param is None else (param.opts[-1] if isinstance(param, click.Option) else param.human_readable_name)
        )
        return f"{where} 的值无效：{error.message}"
    return error.message
