"""Automatic backups: one folder for each day under the folder of the setting, and how many of them stay.

A backup has its name only when it is whole and was read back, so whatever has a day's name may be counted. Others'
files in the folder are left alone.
"""

from __future__ import annotations

import re
import shutil
from contextlib import suppress
from datetime import date
from pathlib import Path

_NAME = re.compile(r"zhengxun-(\d{4}-\d{2}-\d{2})")


def place_of(folder: Path, day: date) -> Path:
    """Where the backup of a day goes."""
    return folder / f"zhengxun-{day.isoformat()}"


def kept_backups(folder: Path) -> list[tuple[date, Path]]:
    """Whole backups, oldest first."""
    found = []
    if folder.is_dir():
        for path in folder.iterdir():
            match = _NAME.fullmatch(path.name)
            if match and path.is_dir() and not path.is_symlink():
                with suppress(ValueError):
                    found.append((date.fromisoformat(match[1]), path))
    return sorted(found)


def clear_partial(folder: Path) -> None:
    """Remove what a killed backup left behind; ask only while holding the lock under which backups are made."""
    for path in folder.glob("zhengxun-*.partial") if folder.is_dir() else ():
        if _NAME.fullmatch(path.name.removesuffix(".partial")) and not path.is_symlink():
            shutil.rmtree(path)


def drop_old(folder: Path, keep: int) -> list[Path]:
    """Remove the oldest backups beyond the newest ``keep``; return them."""
    old = [path for _, path in kept_backups(folder)[:-keep]]
    for path in old:
        # First its name: half a backup must never be taken for a whole one.
        going = path.with_name(f"{path.name}.partial")
        path.rename(going)
        shutil.rmtree(going)
    return old
