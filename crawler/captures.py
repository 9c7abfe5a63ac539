"""Keeping what was made of a page: checked first, then written as a WARC record, then described as a capture.

A capture that shows nothing is refused here, in the one place through which all of them go: a blank or cut-off
screenshot would stand in a file as proof of a page that nobody saw.
"""

from __future__ import annotations

import hashlib
import io
import os
import threading
import warnings
from pathlib import Path

from crawler.exchange import Exchange, Resource
from crawler.warc import WarcWriter, sync_folder
from domain.crawl import WarcRef
from domain.errors import EvidenceDamaged
from domain.evidence import Capture, CaptureKind, screenshot_file

#: Most pixels of a screenshot. A page of 1,280 by 40,000 fits; decoding one takes four bytes a pixel.
MAX_PIXELS = 60_000_000
#: Colours count as one if no channel of the picture spans more than this: a blank page with a compression artefact.
_BLANK_SPAN = 8


def keep(writer: WarcWriter, resource: Resource, page: WarcRef) -> Capture:
    """Write what was made of a page and describe it; ``page`` is where the page's response lies.

    Call ``writer.sync()`` before the store is told of it. A screenshot is also laid down as a file that people can open
    (:func:`domain.evidence.screenshot_file`), durable at once. Raises :class:`EvidenceDamaged` for what must not be
    kept: nothing in it, or a screenshot that is blank, cut off or no PNG.
    """
    if not resource.body:
        raise EvidenceDamaged(f"{resource.url} 的{resource.kind.label}是空的，未作为证据保存。")
    if resource.kind is CaptureKind.SCREENSHOT and (fault := fault_of_screenshot(resource.body)) is not None:
        raise EvidenceDamaged(f"{resource.url} 的{resource.kind.label}{fault}，未作为证据保存。")
    sha256 = hashlib.sha256(resource.body).hexdigest()
    if resource.kind is CaptureKind.SCREENSHOT:
        write_once(writer.folder / screenshot_file(sha256), resource.body)
    return Capture(
        kind=resource.kind,
        url=resource.url,
        taken_at=resource.taken_at,
        content_type=resource.content_type,
        sha256=sha256,
        size=len(resource.body),
        warc=writer.write_resource(resource, page),
        width=resource.width,
        height=resource.height,
    )


def keep_picture(
    writer: WarcWriter, url: str, exchanges: tuple[Exchange, ...], width: int | None = None, height: int | None = None
) -> Capture:
    """Write a picture's transfers (redirects first) and describe it; ``url`` is the address that the page names.

    Call ``writer.sync()`` before the store is told of it. An answer without a body raises :class:`ValueError`: whoever
    fetched it knows that it is no picture.
    """
    answer = exchanges[-1]
    if not answer.body:
        raise ValueError(f"no bytes in the answer for picture {url}")
    return Capture(
        kind=CaptureKind.PICTURE,
        url=url,
        taken_at=answer.fetched_at,
        content_type=answer.header("Content-Type") or "application/octet-stream",
        sha256=answer.sha256(),
        size=len(answer.body),
        warc=writer.write(exchanges),
        width=width,
        height=height,
    )


def write_once(path: Path, data: bytes) -> None:
    """Have ``data`` at ``path``, whole and durable, or not at all; a file that is there already stays as it is.

    For files named after their content. Safe to repeat, and to be killed in.
    """
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def fault_of_screenshot(png: bytes) -> str | None:
    """Why a screenshot must not be kept, as a Chinese clause; None where it shows something."""
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            # Pillow warns of large pictures; the bound below is ours.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    return f"过大（{picture.width}×{picture.height} 像素）"
                picture.load()
                spans = picture.convert("RGB").getextrema()
    except UnidentifiedImageError:
        return "不是 PNG 图片"
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return "不完整或已损坏"
    if all(isinstance(span, tuple) and span[1] - span[0] <= _BLANK_SPAN for span in spans):
        return "是空白的"
    return None
