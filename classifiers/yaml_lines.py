"""YAML with line numbers: plain values, and for every mapping the line on which it and each of its keys stand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from domain.errors import BadRulePack

#: Bytes of one file; the largest bundled one has a sixth of it.
_LARGEST = 2 * 1024 * 1024

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Mapped(dict[str, Any]):
    """A mapping that knows the file and lines it came from."""

    __slots__ = ("file", "key_lines", "line")

    def __init__(self, file: str, line: int) -> None:
        super().__init__()
        self.file = file
        self.line = line
        self.key_lines: dict[str, int] = {}

    def fail(self, message: str, key: str | None = None, owner: str = "") -> BadRulePack:
        """Return the error for ``message``, naming file, rule (or concept) and line."""
        line = self.key_lines.get(key, self.line) if key else self.line
        who = f"，{owner}" if owner else ""
        return BadRulePack(f"规则包 {self.file} 第 {line} 行{who}：{message}")


def read(path: Path) -> Mapped:
    """Return the mapping in ``path``; raises BadRulePack where it is not readable YAML with a mapping on top."""
    try:
        if path.stat().st_size > _LARGEST:
            raise BadRulePack(f"规则包 {path.name} 超过 {_LARGEST // 1024 // 1024} MB，请拆成几个文件。")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadRulePack(f"规则包 {path.name} 读不出来（{error}）。请检查文件是否存在、是否为 UTF-8 编码。") from error
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or str(error)
        raise BadRulePack(f"规则包 {path.name} 第 {line} 行：YAML 写法有误（{problem}）。") from error
    except RecursionError as error:
        raise BadRulePack(f"规则包 {path.name} 第 1 行：层次套得太深。") from error
    value = _convert(node, path.name, set()) if node is not None else None
    if not isinstance(value, Mapped):
        raise BadRulePack(f"规则包 {path.name} 第 1 行：最外层应当是“键: 值”的形式。")
    return value


_SCALARS: Any = yaml.SafeLoader("")


def _convert(node: Any, file: str, seen: set[int]) -> Any:
    if isinstance(node, yaml.CollectionNode):
        # A few lines of aliases to aliases stand for more values than there is memory.
        if id(node) in seen:
            line = node.start_mark.line + 1
            raise BadRulePack(f"规则包 {file} 第 {line} 行：不能用 & 和 * 引用别处的内容，请原样写出。")
        seen.add(id(node))
    if isinstance(node, yaml.MappingNode):
        mapped = Mapped(file, node.start_mark.line + 1)
        for key_node, value_node in node.value:
            key = str(key_node.value)
            line = key_node.start_mark.line + 1
            if key in mapped:
                raise BadRulePack(f"规则包 {file} 第 {line} 行：键“{key}”重复（先见于第 {mapped.key_lines[key]} 行）。")
            mapped.key_lines[key] = line
            mapped[key] = _convert(value_node, file, seen)
        return mapped
    if isinstance(node, yaml.SequenceNode):
        return [_convert(item, file, seen) for item in node.value]
    return _SCALARS.construct_object(node, deep=True)
