"""Versions of the rule packs that people put live: folders to which only is added.

``rule_versions/0003/`` holds the pack files that differ from the bundled ones, ``version.json`` (who, when, why) and the
stamp that their examples passed. A version is written beside, checked, and gets its number by one rename: there is never
half a version, and of two people at once one is told. Going back is one more version. What a running crawl works with
does not change under it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from domain.errors import BadInput, BadRulePack, IllegalMove

logger = logging.getLogger(__name__)

_NUMBER = re.compile(r"\d{4,6}")
_FACTS = "version.json"
#: Names of pack files: their order is the order in which they are read.
PACK_NAME = re.compile(r"\d{2}_[a-z0-9_]{1,40}\.yaml")


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """One version."""

    number: int
    """From 1; 0 stands for the bundled packs and is no version."""
    at: datetime
    author: str
    reason: str
    files: tuple[str, ...]
    """Names of the files that are not the bundled ones; none: all are."""
    digest: str
    """Of all packs together when it was put live, as assessments carry it."""
    restored: int | None
    """Number of the version that it brought back (0: the bundled packs)."""
    folder: Path

    @property
    def packs(self) -> Path | None:
        """Folder for the classifier; None: the bundled packs."""
        return self.folder if self.files else None

    @property
    def summary(self) -> str:
        """One line for the audit log."""
        what = "、".join(self.files) or "全部为随附文件"
        back = "" if self.restored is None else f"；恢复{f'第 {self.restored} 版' if self.restored else '随附规则'}"
        return f"{what}{back}；理由：{self.reason}；{self.digest}"

    def texts(self) -> dict[str, str]:
        """File name → content."""
        try:
            return {name: (self.folder / name).read_text(encoding="utf-8") for name in self.files}
        except (OSError, UnicodeDecodeError) as error:
            raise BadRulePack(f"规则第 {self.number} 版的文件读不出来（{self.folder}）；请从备份恢复。") from error


class RuleVersions:
    """All versions below one folder, which need not exist."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def list(self) -> list[RuleVersion]:
        """All versions that can be read, newest first; others are told in the log."""
        found = []
        for number in sorted(self._numbers(), reverse=True):
            try:
                found.append(self._read(number))
            except (OSError, ValueError, KeyError, TypeError):
                logger.error(
                    "规则第 %d 版的说明 %s 读不出来，已跳过；请从备份恢复。", number, self._place(number) / _FACTS
                )
        return found

    def get(self, number: int) -> RuleVersion:
        """One version; :class:`BadInput` where there is none."""
        for version in self.list():
            if version.number == number:
                return version
        raise BadInput(f"没有规则第 {number} 版；可用“zhengxun rules versions”查看。")

    @property
    def newest(self) -> int:
        """Number of the newest version, whether or not it can be read; 0 where there is none."""
        return max(self._numbers(), default=0)

    def publish(
        self,
        texts: Mapping[str, str],
        *,
        author: str,
        reason: str,
        at: datetime,
        expected: int,
        restored: int | None = None,
        checked: str | None = None,
    ) -> RuleVersion:
        """Put packs live that differ from the bundled ones by ``texts`` (name → content), after checking all of them.

        ``expected``: number of the version that they were made from. ``checked``: digest of packs whose examples have
        passed; these very packs are not checked once more. :class:`BadRulePack` where they are wrong or an
        example fails, :class:`IllegalMove` where another version was put live meanwhile.
        """
        import classifiers
        from classifiers.examples import STAMP_NAME
        from classifiers.loader import BUNDLED, digest, pack_files

        if not reason.strip():
            raise BadInput("请写明为什么改规则；理由随版本保存。")
        wrong = [name for name in texts if not PACK_NAME.fullmatch(name)]
        if wrong:
            raise BadInput(f"规则文件名“{wrong[0][:60]}”不符合要求；应像 65_local.yaml（两位数字、下划线、小写字母）。")
        self._expect(expected)
        own = {name: text for name, text in texts.items() if not _same(BUNDLED / name, text)}
        self.folder.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".new-", dir=self.folder))
        try:
            for name, text in own.items():
                _write(made / name, text)
            packs = made if own else None
            whole = digest(pack_files(packs))
            if whole != checked:
                classifiers.load(packs)
            if own:
                _write(made / STAMP_NAME, whole + "\n")
            number = expected + 1
            facts = {
                "number": number,
                "at": at.isoformat(),
                "author": author,
                "reason": reason.strip(),
                "files": {name: hashlib.sha256(text.encode()).hexdigest() for name, text in sorted(own.items())},
                "digest": whole,
                "restored": restored,
            }
            _write(made / _FACTS, json.dumps(facts, ensure_ascii=False, indent=1) + "\n")
            made.chmod(0o755)
            try:
                made.rename(self._place(number))
            except OSError:
                self._expect(expected)
                raise
            _sync(self.folder)
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise
        return self._read(number)

    def _expect(self, expected: int) -> None:
        newest = self.newest
        if newest != expected:
            raise IllegalMove(
                f"规则第 {newest} 版刚刚上线，您改的是第 {expected} 版的副本，没有保存；请对照新版后再改。"
                if expected
                else f"规则第 {newest} 版刚刚上线，您改的是随附规则的副本，没有保存；请对照新版后再改。"
            )

    def _numbers(self) -> set[int]:
        try:
            return {int(path.name) for path in self.folder.iterdir() if _NUMBER.fullmatch(path.name)}
        except FileNotFoundError:
            return set()

    def _place(self, number: int) -> Path:
        return self.folder / f"{number:04d}"

    def _read(self, number: int) -> RuleVersion:
        folder = self._place(number)
        facts = json.loads((folder / _FACTS).read_text(encoding="utf-8"))
        restored = facts["restored"]
        names = tuple(map(str, facts["files"]))
        if not all(PACK_NAME.fullmatch(name) for name in names):
            raise ValueError(names)
        return RuleVersion(
            number=number,
            at=datetime.fromisoformat(facts["at"]),
            author=str(facts["author"]),
            reason=str(facts["reason"]),
            files=names,
            digest=str(facts["digest"]),
            restored=None if restored is None else int(restored),
            folder=folder,
        )


def _same(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode()


def _write(path: Path, text: str) -> None:
    with path.open("xb") as file:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())
    path.chmod(0o444)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
