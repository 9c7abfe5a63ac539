"""Writes docs/cli.md and docs/settings.md from the program itself: ``python -m zhengxun.reference [FOLDER]``.

A test compares the files with what this would write, so that the documents cannot lie.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from zhengxun.cli import program
from zhengxun.cli.framework import Context
from zhengxun.settings import FILE_NAME, PREFIX, Settings

_NOTE = "<!-- 由 python -m zhengxun.reference 生成，请勿手改；测试会核对。 -->"


def command_pages() -> str:
    """docs/cli.md: the help page of every command."""
    parts = [
        _NOTE,
        "# 命令",
        "",
        "数据目录由 `--data-dir`（写在命令前后均可）或环境变量 `ZHENGXUN_DATA_DIR` 指定，默认 `./var`。",
        "带 `--json` 的命令在标准输出只打印一份 JSON（`classify` 为每行一份），格式见 [json.md](json.md)；日志和进度在标准错误。",
        "",
        "| 退出状态 | 含义 |",
        "|---|---|",
        "| 0 | 完成 |",
        "| 1 | 完成，但有列出的失败；或发生了未预料的情况 |",
        "| 2 | 用法或输入有误（消息指明哪一行、哪个字段） |",
        "| 3 | 另一个进程正在做同样的工作 |",
        "| 4 | 尚未建立，或数据库连不上 |",
        "",
    ]
    for path, command in _walk(("zhengxun",), program):
        context: click.Context | None = None
        for name in path:
            context = Context(command if name == path[-1] else program, info_name=name, parent=context)
        assert context is not None
        parts += [f"## `{' '.join(path)}`", "", "```text", command.get_help(context).rstrip(), "```", ""]
    return "\n".join(parts)


def _walk(path: tuple[str, ...], command: click.Command) -> list[tuple[tuple[str, ...], click.Command]]:
    found = [(path, command)]
    if isinstance(command, click.Group):
        context = Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            found += _walk((*path, name), child)
    return found


def settings_page() -> str:
    """docs/settings.md: every setting with default and meaning."""
    parts = [
        _NOTE,
        "# 设置",
        "",
        f"每项设置可以用环境变量给出，也可以写进数据目录里的 `{FILE_NAME}`（用小写、不带 `{PREFIX}` 的名称，如 `crawl_delay = 2.0`）。",
        "两处都有时以环境变量为准。设置在启动时读一次；写错名称或取值时，命令以退出状态 2 结束并指明是哪一项。",
        "",
        f"| 环境变量 | `{FILE_NAME}` 中的名称 | 默认值 | 说明 |",
        "|---|---|---|---|",
    ]
    for name, field in Settings.model_fields.items():
        in_file = "（不可）" if name == "data_dir" else f"`{name}`"
        parts.append(f"| `{PREFIX}{name.upper()}` | {in_file} | {_default(field)} | {field.description} |")
    parts += [
        "",
        f"`{FILE_NAME}` 示例：",
        "",
        "```toml",
        "crawl_delay = 2.0",
        'digest_time = "07:30"',
        'digest_formats = "html,docx"',
        'digest_dir = "每日简报"  # 相对路径从数据目录算起',
        "```",
        "",
    ]
    return "\n".join(parts)


def _default(field: Any) -> str:
    if field.default_factory is not None:
        return "见说明"
    value = field.default
    if value is None or value == ():
        return "空"
    if isinstance(value, tuple):
        return f"`{','.join(map(str, value))}`"
    if isinstance(value, Path):
        return f"`./{value}`"
    if hasattr(value, "strftime"):
        return f"`{value.strftime('%H:%M')}`"
    return f"`{value}`"


def main() -> None:
    """Write both files."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent.parent / "docs"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cli.md").write_text(command_pages(), encoding="utf-8")
    (folder / "settings.md").write_text(settings_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
