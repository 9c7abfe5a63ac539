"""Room on the disk: whether there is enough of it to take anything in.

The setting ``min_free_mb`` holds for the data folder and the evidence folder, which may lie on another disk. What stops
at the limit is whatever takes in (crawl, recheck, pictures, screenshots, intake, backup); digests, decisions and
everything that is read go on, and the room below the limit is what they live on.
"""

from __future__ import annotations

import errno
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from domain.errors import NoRoom
from zhengxun.settings import Settings

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Shortage:
    """A disk with too little room."""

    folder: Path
    free: int
    """Bytes that this user may still write."""
    wanted: int
    """Bytes below which nothing is taken in."""

    @property
    def clause(self) -> str:
        """Which disk and how much, in Chinese, without full stop."""
        return (
            f"{self.folder.absolute()} 所在磁盘只剩 {self.free // _MIB} MB，"
            f"低于 ZHENGXUN_MIN_FREE_MB 设定的 {self.wanted // _MIB} MB"
        )

    @property
    def sentence(self) -> str:
        """The same with what follows from it and what to do."""
        return (
            f"磁盘空间不足，已停止采集和备份：{self.clause}。已保存的内容不受影响；"
            "请清理磁盘或换一块更大的，腾出空间后下一次运行自动接着做。"
        )


def free_space(folder: Path) -> int:
    """Bytes that may still be written below ``folder``, or the nearest folder above it that is there."""
    there = folder.absolute()
    while not there.exists() and there != there.parent:
        there = there.parent
    return shutil.disk_usage(there).free


def shortage(settings: Settings, beside: int = 0) -> Shortage | None:
    """The first folder whose disk has less room than the setting wants; None where both have enough.

    ``beside``: bytes that are about to be written to the data folder.
    """
    wanted = settings.min_free_mb * _MIB
    for folder, taken in ((settings.data_dir, beside), (settings.evidence, 0)):
        free = free_space(folder) - taken
        if free < wanted:
            return Shortage(folder, free, wanted)
    return None


class RoomLook:
    """Raises :class:`NoRoom` where room runs short; called often, it looks at the disk once a second."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._next = 0.0

    def __call__(self) -> None:
        """Look, if the last look was a second ago."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + 1.0
            self.require()

    def require(self, beside: int = 0) -> None:
        """Look now; ``beside``: bytes that are about to be written to the data folder."""
        lack = shortage(self._settings, beside)
        if lack is not None:
            raise NoRoom(lack.sentence)


#: Numbers of errors that mean: nothing more can be written here.
NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})

_REASONS = {
    errno.ENOSPC: "磁盘空间不足，请清理或换一块磁盘",
    errno.EDQUOT: "磁盘配额用尽，请清理或放宽配额",
    errno.EACCES: "没有权限，请检查文件和目录的所有者",
    errno.EPERM: "没有权限，请检查文件和目录的所有者",
    errno.EROFS: "文件系统只读，请检查挂载方式",
    errno.EMFILE: "打开的文件过多，请放宽 ulimit -n",
    errno.EIO: "磁盘读写出错，请检查硬件",
}


def refusal(error: OSError) -> str | None:
    """A sentence for what an operator can put right; None for any other failure of the system."""
    reason = _REASONS.get(error.errno or 0)
    if reason is None:
        return None
    where = f"（{error.filename}）" if error.filename else ""
    return f"{reason}{where}。已保存的内容不受影响，处理后再次执行即可继续。"
