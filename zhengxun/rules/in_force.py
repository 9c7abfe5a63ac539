"""Which rule packs are in force, and what to do when the newest version cannot be used: never stop, never silently."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from domain.errors import BadRulePack
from zhengxun.rules.versions import RuleVersion, RuleVersions
from zhengxun.settings import Settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RulesInForce:
    """The packs that pages are judged by."""

    folder: Path | None
    """Folder for the classifier; None: the bundled packs."""
    version: RuleVersion | None
    """None where they come from a folder that people keep by hand, or are the bundled ones without any version."""
    name: str
    """What they are, for people."""
    problems: tuple[str, ...] = ()
    """What is wrong with newer versions, so that they are not used; whole sentences."""
    notes: tuple[str, ...] = ()
    """What else is to be known; whole sentences."""


def rules_in_force(settings: Settings) -> RulesInForce:
    """The folder of the setting; else the newest version that can be used; else ``rules`` in the data directory; else none.

    A version is checked before it gets its number, so that one fails only where its files were damaged or a newer
    program brought bundled packs that it does not fit. Then the one before is used, and the problem is told.
    """
    if settings.rules_dir is not None:
        return RulesInForce(settings.rules_dir, None, f"规则目录 {settings.rules_dir}（由 ZHENGXUN_RULES_DIR 指定）")
    own = settings.hand_kept_rules
    problems: list[str] = []
    versions = RuleVersions(settings.rule_versions)
    found = versions.list()
    if versions.newest and (not found or found[0].number != versions.newest):
        problems.append(f"规则第 {versions.newest} 版的说明已损坏，没有使用；请从备份恢复，或在“规则”中重新上线一版。")
    for version in found:
        problem = _problem(version)
        if problem is None:
            name = f"规则第 {version.number} 版" + ("" if version.files else "（随附规则）")
            passed_over = (
                (f"{own} 里的文件没有使用：现用的是{name}；要用它们，请执行 zhengxun rules publish {own}。",)
                if own is not None
                else ()
            )
            return RulesInForce(version.packs, version, name, tuple(problems), passed_over)
        problems.append(f"规则第 {version.number} 版不能使用，改用前一版：{problem}")
        logger.error("%s", problems[-1])
    if own is not None:
        return RulesInForce(own, None, f"规则目录 {own}", tuple(problems))
    return RulesInForce(None, None, "随附规则", tuple(problems))


def _problem(version: RuleVersion) -> str | None:
    """Why a version cannot be used; the digest of its time says that it was checked just as it is."""
    import classifiers
    from classifiers.loader import digest, pack_files

    try:
        if version.packs is not None and digest(pack_files(version.packs)) != version.digest:
            missing = [name for name in version.files if not (version.folder / name).is_file()]
            if missing:
                return f"缺少文件 {'、'.join(missing)}。"
            classifiers.load(version.packs)
    except (BadRulePack, OSError) as error:
        return str(error)
    return None
