"""Writes a digest as files, each whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

from digest.templates import Preview, Templates, Thumbnail
from domain.digest import Digest
from domain.errors import BadInput


def write(
    digest: Digest,
    formats: Iterable[str],
    out_dir: Path,
    templates_dir: Path | None = None,
    thumbnail: Thumbnail | None = None,
    preview: Preview | None = None,
) -> list[Path]:
    """Write ``digest-YYYY-MM-DD.<format>`` for every format into ``out_dir`` (made if missing); return the paths.

    Each file is written under a temporary name, synced and renamed, so that a reader (or a killed process) never
    leaves half a digest under the final name. ``templates_dir``: the user's templates, which win over the bundled.
    ``thumbnail``: makes the small copies of pictures in which claims stand; without it their addresses are shown;
    ``preview``: likewise those of screenshots.
    An unknown format raises :class:`BadInput` before anything is written.
    """
    # Renderers load Jinja2 and XlsxWriter; commands that write no digest should not pay for that.
    from digest.renderers import RENDERERS

    wanted = list(dict.fromkeys(formats))
    unknown = [name for name in wanted if name not in RENDERERS]
    if unknown:
        raise BadInput(f"不认识的简报格式“{unknown[0]}”；可用的格式是：{'、'.join(RENDERERS)}。")
    templates = Templates(templates_dir, thumbnail, preview)
    out_dir.mkdir(parents=True, exist_ok=True)
    paths = []
    for name in wanted:
        path = out_dir / f"digest-{digest.date.isoformat()}.{name}"
        render = RENDERERS[name]
        write_whole(path, lambda stream, render=render: render(digest, stream, templates))  # type: ignore[misc]
        paths.append(path)
    sync_folder(out_dir)
    return paths


def write_whole(path: Path, fill: Callable[[BinaryIO], None]) -> None:
    """Have ``fill`` write the file under a temporary name, sync it and give it its name; on an error nothing is left."""
    temporary = path.parent / f".{path.name}.{os.getpid()}"
    try:
        with temporary.open("wb") as stream:
            fill(stream)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:
            error.filename = str(path)  # a failed write does not say of which file
        raise


def sync_folder(folder: Path) -> None:
    """Make the renames durable where the system allows to open folders."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
