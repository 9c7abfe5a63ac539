"""The command line as a whole: Chinese, quick to start, honest documents, one JSON document, exit statuses."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from domain.errors import BadInput, LockHeld, NotSetUp, RefusedAddress
from tests.zhengxun.conftest import Zhengxun
from zhengxun.cli import program
from zhengxun.cli.failures import run as run_program
from zhengxun.cli.framework import Context, Group, display_width, wrap
from zhengxun.cli.invocation import program_words
from zhengxun.cli.output import clean
from zhengxun.reference import command_pages, settings_page

_DOCS = Path(__file__).parents[2] / "docs"


def _commands() -> list[tuple[str, click.Command]]:
    def walk(path: str, command: click.Command) -> list[tuple[str, click.Command]]:
        found = [(path, command)]
        if isinstance(command, Group):
            context = Context(command)
            for name in command.list_commands(context):
                child = command.get_command(context, name)
                assert child is not None
                found += walk(f"{path} {name}", child)
        return found

    return walk("zhengxun", program)


def test_all_commands_of_the_contract_are_there() -> None:
    """Every command that others hold on to is there, in whatever version."""
    names = [path.removeprefix("zhengxun").strip() for path, _ in _commands()]
    promised = {
        "",
        "init",
        "demo",
        *("targets", "targets add", "targets import", "targets list", "targets export"),
        *("targets robots", "targets pause", "targets resume", "targets remove", "targets check"),
        "crawl",
        "intake",
        "recheck",
        "classify",
        "extract",
        "digest",
        *(
            "leads",
            "leads list",
            "leads show",
            "leads confirm",
            "leads dismiss",
            "leads check",
            "leads refer",
            "leads note",
            "leads assign",
            "leads undo",
        ),
        *("rules", "rules list", "rules check", "rules explain", "rules eval", "rules backtest"),
        "tick",
        "health",
        "serve",
        "doctor",
    }
    assert promised <= set(names)


@pytest.mark.parametrize(("path", "command"), _commands())
def test_help_is_chinese(path: str, command: click.Command) -> None:
    """No word of click's own English is left on any help page, and no line is wider than the page."""
    page = command.get_help(Context(command, info_name=path))
    assert page.startswith(f"用法：{path}")
    assert "显示此帮助并退出" in page
    assert not re.search(
        r"Usage|Options|Commands|Show this|Arguments|default|required|INTEGER|TEXT|PATH|OPTIONS|ARGS", page
    )
    for line in page.splitlines():
        assert display_width(line) <= 102, line


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["nosuch"], "没有“nosuch”这个命令"),
        (["crawll"], "是否要用“crawl”"),
        (["targets", "ad"], "是否要用“add”"),
        (["--nosuch"], "没有 --nosuch 这个选项"),
        (["init", "more"], "多余的参数：more"),
        (["targets", "add"], "缺少参数 网址"),
        (["targets", "pause"], "缺少参数 编号"),
        (["targets", "pause", "x"], "“x”不是整数"),
        (["targets", "add", "https://a.example.com/", "--kind", "moon"], "“moon”不在可选值之内"),
        (["targets", "add", "https://a.example.com/", "--max-pages", "0"], "0 不在 1 到"),
        (["crawl"], "--due、--all、--target"),
        (["crawl", "--due", "--all"], "--due、--all、--target"),
        (["digest", "--date", "2026-02-30"], "不是有效日期"),
        (["digest", "--format", "html,pdf"], "没有“pdf”这种格式"),
        (["leads", "list", "--limit"], "--limit"),
        (["serve", "--port", "70000"], "70000 不在"),
    ],
)
def test_usage_errors_are_chinese_and_end_with_2(zhengxun: Zhengxun, arguments: list[str], part: str) -> None:
    """A wrong command line gets one Chinese sentence on standard error and exit status 2."""
    ran = zhengxun(*arguments)
    assert (ran.status, ran.out) == (2, "")
    assert part in ran.err
    assert not re.search(r"Usage|Error|Try|Missing|Invalid|No such|argument|option", ran.err)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BadInput("输入有误。"), 2),
        (RefusedAddress("地址不能采集。"), 2),
        (LockHeld("正在执行。"), 3),
        (NotSetUp("尚未建立。"), 4),
        (KeyboardInterrupt(), 130),
    ],
)
def test_errors_have_their_exit_status(error: BaseException, status: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Each branch of the error tree ends with the contract's status and its own sentence."""

    @click.command()
    def failing() -> None:
        raise error

    assert run_program(failing, []) == status
    assert str(error) in capsys.readouterr().err


def test_an_unforeseen_error_shows_no_traceback_but_keeps_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The user sees a written message; the traceback lies in the data directory's log."""

    @click.command()
    def failing() -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setenv("ZHENGXUN_DATA_DIR", str(tmp_path))
    assert run_program(failing, []) == 1
    shown = capsys.readouterr().err
    assert "未预料" in shown
    assert "secret detail" not in shown
    assert "secret detail" in (tmp_path / "logs" / "errors.log").read_text("utf-8")


def test_init_is_safe_to_repeat(zhengxun: Zhengxun, tmp_path: Path) -> None:
    """Folders and database are made once; what is in them stays."""
    assert zhengxun("init").status == 0
    zhengxun("targets", "add", "https://a.example.com/")
    assert zhengxun("init").status == 0
    assert len(zhengxun("targets", "list", "--json").json) == 1
    assert {"evidence", "digests", "logs", "zhengxun.db"} <= {entry.name for entry in (tmp_path / "data").iterdir()}


def test_commands_say_what_to_do_before_init(zhengxun: Zhengxun) -> None:
    """Without a database everything that needs one ends with 4 and names init."""
    for arguments in (["targets", "list"], ["crawl", "--all"], ["digest"], ["leads", "list"], ["tick"], ["serve"]):
        ran = zhengxun(*arguments)
        assert ran.status == 4, arguments
        assert "zhengxun init" in ran.err


def test_documents_are_what_the_program_says() -> None:
    """docs/cli.md and docs/settings.md are as `python -m zhengxun.reference` writes them."""
    assert (_DOCS / "cli.md").read_text("utf-8") == command_pages(), "run: python -m zhengxun.reference"
    assert (_DOCS / "settings.md").read_text("utf-8") == settings_page(), "run: python -m zhengxun.reference"


def _python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("ZHENGXUN_", "LC_", "LANG", "PYTHON"))
    }
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=kept | environment,
        check=True,
    )


def test_help_loads_nothing_heavy() -> None:
    """`zhengxun --help` imports click and hardly more (the time it takes is benchmarks/cli_start.py's)."""
    code = (
        "import sys\nfrom zhengxun.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(sorted(sys.modules), file=sys.stderr)"
    )
    ran = _python(code)
    assert ran.stdout.startswith("用法：zhengxun")
    loaded = set(re.findall(r"'([\w.]+)'", ran.stderr))
    heavy = {
        "sqlalchemy",
        "scrapy",
        "twisted",
        "jieba",
        "rich",
        "pydantic",
        "yaml",
        "jinja2",
        "openpyxl",
        "apscheduler",
        "storage",
        "crawler",
    }
    assert loaded & heavy == set()
    assert len({name for name in loaded if name.startswith("zhengxun.cli.")}) <= 3


@pytest.mark.parametrize(
    "environment", [{"LC_ALL": "C"}, {"LANG": "C", "PYTHONIOENCODING": "ascii"}, {"LC_ALL": "POSIX", "PYTHONUTF8": "0"}]
)
def test_output_is_utf8_whatever_the_locale(environment: dict[str, str]) -> None:
    """Cron has LANG=C; Chinese comes out as UTF-8 all the same."""
    ran = _python("from zhengxun.cli import main\nmain(['--help'])", **environment)
    assert "山寨证书" in ran.stdout


def test_terminal_codes_of_pages_are_taken_out() -> None:
    """Escape sequences, direction overrides and line breaks of fetched text never reach the terminal."""
    assert clean("甲\x1b[2J\x1b]0;title\x07乙\u202e丙\u200b\r\n丁\x9b31m") == "甲[2J]0;title乙丙 丁31m"


def test_chinese_is_wrapped_by_columns() -> None:
    """Lines are measured as a terminal shows them, and punctuation never begins one."""
    lines = wrap("采集、识别、取证、每日处置简报，word-by-word English stays whole。", 20)
    assert all(display_width(line) <= 22 for line in lines)
    assert "".join(lines).replace(" ", "") == "采集、识别、取证、每日处置简报，word-by-wordEnglishstayswhole。"
    assert not any(line.startswith(("，", "。", "、")) for line in lines)


def test_json_is_the_only_thing_on_standard_output(ready: Zhengxun) -> None:
    """--json prints one document even where there is nothing to show; people's words go to standard error."""
    for arguments in (
        ["targets", "list"],
        ["targets", "add", "https://weibo.com/u/1"],
        ["leads", "list"],
        ["digest"],
        ["tick"],
        ["rules", "list"],
        ["doctor"],
    ):
        ran = ready(*arguments, "--json")
        json.loads(ran.out)
        assert ran.status in {0, 1}, (arguments, ran.err)


def test_data_dir_may_stand_before_or_after_the_command(zhengxun: Zhengxun, tmp_path: Path) -> None:
    """Both places are understood; the one nearer to the command wins."""
    assert zhengxun("init", "--data-dir", tmp_path / "other").status == 0
    assert (tmp_path / "other" / "zhengxun.db").exists()
    assert not (tmp_path / "data").exists()


def test_commands_to_be_copied_work_where_they_are_shown(
    clean_environment: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name alone only if PATH finds this very program; else its path from the current folder, or the module."""
    program_file = tmp_path / "my venv" / "bin" / "zhengxun"
    program_file.parent.mkdir(parents=True)
    program_file.write_text("#!/bin/sh\n", "utf-8")
    program_file.chmod(0o755)
    monkeypatch.setattr(sys, "argv", [str(program_file), "demo"])
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program_words() == "'my venv/bin/zhengxun'"
    monkeypatch.chdir(program_file.parent)
    assert program_words() == "./zhengxun"
    monkeypatch.setenv("PATH", str(program_file.parent))
    assert program_words() == "zhengxun"
    monkeypatch.setattr(sys, "argv", ["/elsewhere/__main__.py"])
    assert program_words() == f"{sys.executable} -m zhengxun"


def test_the_readme_names_what_does_not_exist(zhengxun: Zhengxun) -> None:
    """Commands listed as not there yet are unknown to the program; whoever adds one must take it off the list."""
    text = (_DOCS.parent / "README.md").read_text("utf-8")
    section = text.partition("## 还没有的功能")[2].partition("\n## ")[0].partition("以下命令")[2].partition("另外")[0]
    names = re.findall(r"`([a-z]+)`", section)
    assert names or not section
    for name in names:
        assert "没有“" in zhengxun(name).err
    if "--send" in section:
        assert "没有 --send 这个选项" in zhengxun("digest", "--send").err
