"""The forms in which a digest is written. A new one is a module here and a line in :data:`RENDERERS`."""

from __future__ import annotations

from typing import BinaryIO, Protocol

from digest.renderers import docx, html, json, xlsx
from digest.templates import Templates
from domain.digest import Digest


class Renderer(Protocol):
    """Writes one digest in one form; computes nothing that the digest does not say."""

    def __call__(self, digest: Digest, stream: BinaryIO, templates: Templates) -> None:
        """Write the whole file to ``stream`` (binary, seekable, at its start)."""
        ...


#: File extension → renderer.
RENDERERS: dict[str, Renderer] = {
    "html": html.render,
    "json": json.render,
    "xlsx": xlsx.render,
    "docx": docx.render,
}
