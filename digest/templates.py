"""Templates and word lists: the user's folder first, then the bundled ``digest_templates``.

Templates are data somebody may have got by mail, so they run in Jinja's sandbox; page texts are hostile, so
escaping is always on; a misspelt variable is an error, never an empty place in an official paper.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from domain.digest import DigestPicture
from domain.errors import BadFile

#: Folder of the bundled templates, beside this package in the tree and in the wheel.
BUNDLED = Path(__file__).resolve().parent.parent / "digest_templates"


#: Makes a small copy of a picture, given where in it claims stand, as a ``data:`` address; "" where it cannot.
Thumbnail = Callable[[Sequence[DigestPicture]], str]

#: Makes a small copy of a screenshot, given its path in the evidence folder, as a ``data:`` address; "" where it cannot.
Preview = Callable[[str], str]


def _no_preview(screenshot: str) -> str:
    return ""


def _no_thumbnail(places: Sequence[DigestPicture]) -> str:
    return ""


class Templates:
    """Finds templates and data by name.

    ``user_dir``: folder of replacements (may be missing or None); a file there wins over the bundled one of the same
    name. YAML files are laid over the bundled ones key by key, so a replacement need only hold what differs.
    """

    def __init__(
        self, user_dir: Path | None = None, thumbnail: Thumbnail | None = None, preview: Preview | None = None
    ) -> None:
        #: Last (digest, view of it) made with these words: the forms of one digest are written one after another.
        self.last_look: tuple[Any, Any] | None = None
        self.thumbnail: Thumbnail = thumbnail or _no_thumbnail
        """Small copy of a picture with the claims in it framed, as a ``data:`` address; empty where there is none."""
        self.preview: Preview = preview or _no_preview
        """Small copy of a screenshot, likewise."""
        self._folders = [folder for folder in (user_dir, BUNDLED) if folder is not None and folder.is_dir()]

    def find(self, name: str) -> Path | None:
        """Path of the file ``name`` (forward slashes), the user's before the bundled; None where neither has it."""
        return next(
            (path for folder in self._folders if (path := folder / name).is_file()),
            None,
        )

    def text(self, name: str) -> str:
        """Content of the file ``name``; raises :class:`BadFile` when there is none or it is not UTF-8."""
        path = self.find(name)
        if path is None:
            raise BadFile(f"简报模板“{name}”不存在；请恢复模板目录，或在自定义模板目录中补上该文件。")
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadFile(f"简报模板“{path.name}”无法读取；请确认文件权限，并以 UTF-8 编码保存。") from error

    def data(self, name: str) -> dict[str, Any]:
        """The YAML mapping ``name``: the bundled one with the user's laid over it."""
        merged: dict[str, Any] = {}
        for folder in reversed(self._folders):
            path = folder / name
            if path.is_file():
                merged = _overlay(merged, _mapping(path))
        if not merged:
            raise BadFile(f"简报数据文件“{name}”不存在或为空；请恢复模板目录。")
        return merged

    @cached_property
    def environment(self) -> Any:
        """Sandboxed Jinja environment over the folders; it has no clock, no file and no network."""
        from jinja2 import FileSystemLoader, StrictUndefined
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        class Sandbox(ImmutableSandboxedEnvironment):
            """The sandbox, but fields of our own frozen views are read at once: they hold strings and numbers only."""

            def getattr(self, obj: Any, attribute: str) -> Any:
                fields = getattr(type(obj), "__dataclass_fields__", None)
                if fields is not None and attribute in fields:
                    return getattr(obj, attribute)
                return super().getattr(obj, attribute)

        environment = Sandbox(
            loader=FileSystemLoader([str(folder) for folder in self._folders]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        environment.filters["unlinked"] = unlinked
        return environment

    def render(self, name: str, values: dict[str, Any]) -> Iterator[str]:
        """Chunks of text of the rendered template ``name``; raises :class:`BadFile` naming template, line and fault."""
        from jinja2 import TemplateError

        try:
            stream = self.environment.get_template(name).stream(values)
            stream.enable_buffering(200)
            yield from stream
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise BadFile(f"简报模板“{name}”{fault(error)}；请对照说明文档改正。") from error


_LINKS = re.compile(r"(?<=:)(?=//)|(?<=//)|(?<=[A-Za-z0-9-]\.)(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])(?=@[A-Za-z0-9])")


def unlinked(value: str) -> Any:
    """``value`` escaped for HTML, its addresses cut by ``<wbr>``: nothing to see or to copy, but no mail program makes
    a link of it, so that nobody visits a flagged page by a slip of the finger."""
    from markupsafe import Markup, escape

    if "." not in value and "//" not in value:
        return escape(value)
    return Markup("<wbr>").join(_LINKS.split(value))


def fault(error: Exception) -> str:
    """What is wrong with a template and where, in Chinese (Jinja's own words are for programmers)."""
    from jinja2 import TemplateNotFound, TemplateSyntaxError, UndefinedError
    from jinja2.exceptions import SecurityError

    lines = [
        step.lineno
        for step in traceback.extract_tb(error.__traceback__)
        # Jinja puts the template's own lines into the traceback.
        if step.filename.endswith(".j2")
    ]
    line = getattr(error, "lineno", None) or (lines[-1] if lines else None)
    where = f"第 {line} 行" if line else ""
    named = re.findall(r"'([^']+)'", str(error))
    if isinstance(error, UndefinedError):
        return f"{where}用到了不存在的变量“{named[-1] if named else '？'}”"
    if isinstance(error, TemplateSyntaxError):
        return f"{where}语法不正确"
    if isinstance(error, TemplateNotFound):
        return f"引用的模板“{error.name}”不存在"
    if isinstance(error, SecurityError):
        return f"{where}用到了模板中不允许的操作"
    if isinstance(error, UnicodeDecodeError):
        return "不是 UTF-8 编码"
    return f"{where}的计算出错"


def _mapping(path: Path) -> dict[str, Any]:
    import yaml

    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadFile(f"简报数据文件“{path.name}”无法读取；请核对 YAML 格式，并以 UTF-8 编码保存。") from error
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise BadFile(f"简报数据文件“{path.name}”应为“键: 值”的映射；请对照随附的同名文件改正。")
    return loaded


def _overlay(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _overlay(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged
