"""``zhengxun.toml``, and what is wrong with a setting in words: the parts of :mod:`zhengxun.settings` that know no setting."""

from __future__ import annotations

import tomllib
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from domain.errors import BadInput


class TomlFile(PydanticBaseSettingsSource):
    """``zhengxun.toml``: a flat table with the settings' names in lower case."""

    def __init__(self, settings_cls: type[BaseSettings], path: Path) -> None:
        super().__init__(settings_cls)
        self.path = path

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:
        """Unused: :meth:`__call__` gives all at once."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """The file's values; relative paths count from the data directory."""
        try:
            text = self.path.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            return {}
        except NotADirectoryError as error:
            folder = self.path.parent
            what = "不是文件夹" if folder.exists() else "的上级不是文件夹"
            raise BadInput(f"数据目录 {folder} {what}；请用 --data-dir 另指一个目录。") from error
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"设置文件 {self.path} 无法读取，请检查权限并确认是 UTF-8 编码。") from error
        try:
            values = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise BadInput(f"设置文件 {self.path} 不是合法的 TOML：{error}。") from error
        if "data_dir" in values:
            raise BadInput(f"设置文件 {self.path} 中不能设置 data_dir：文件本身就在数据目录里。")
        for name in (
            "digest_dir",
            "templates_dir",
            "rules_dir",
            "timestamp_roots",
            "backup_dir",
            "console_certificate",
        ):
            if isinstance(values.get(name), str):
                values[name] = self.path.parent / values[name]
        return values


#: Pydantic's error types that users meet, in Chinese; anything else is shown with its type's name.
_REASONS = {
    "extra_forbidden": "没有这个设置，请核对名称",
    "int_parsing": "应为整数",
    "int_type": "应为整数",
    "bool_parsing": "应为 true 或 false",
    "bool_type": "应为 true 或 false",
    "int_from_float": "应为整数",
    "float_parsing": "应为数字",
    "float_type": "应为数字",
    "string_type": "应为文字",
    "string_too_short": "过短，至少 {min_length} 字",
    "string_too_long": "过长，最多 {max_length} 字",
    "literal_error": "不在可选值之内：{expected}",
    "greater_than_equal": "不得小于 {ge}",
    "greater_than": "必须大于 {gt}",
    "less_than_equal": "不得大于 {le}",
    "path_type": "应为路径",
    "string_pattern_mismatch": "应以 http:// 或 https:// 开头，且不含空格",
    "datetime_parsing": "应为时间",
    "datetime_type": "应为时间",
    "time_parsing": "应为“时:分”",
    "time_type": "应为“时:分”",
}


def explain(item: Any, prefix: str) -> str:
    """One Chinese clause for one of pydantic's errors: which setting, which value, what is wrong."""
    name = str(item["loc"][0]) if item["loc"] else "?"
    context = item.get("ctx") or {}
    if item["type"] == "value_error":
        reason = str(context.get("error", "值无效"))
    else:
        reason = _REASONS.get(item["type"], f"值无效（{item['type']}）").format_map(context)
    return f"{prefix}{name.upper()}（值“{item['input']}”）{reason}"


def parse_networks(value: object) -> object:
    """Networks in CIDR notation from a list, or from words with commas between; another kind of value is left as it is.

    One that is no network raises :class:`ValueError`, which becomes a message about the setting.
    """
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        return value
    networks = []
    for part in parts:
        try:
            networks.append(ip_network(str(part).strip(), strict=False))
        except ValueError:
            if str(part).strip():
                raise ValueError(f"“{part}”不是 CIDR 网段") from None
    return tuple(networks)
