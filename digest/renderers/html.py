"""``digest-YYYY-MM-DD.html``: one self-contained page for mail, phone, screen and A4 paper (``digest.html.j2``)."""

from __future__ import annotations

from typing import BinaryIO

from digest.templates import Templates
from digest.view import look
from domain.digest import Digest

TEMPLATE = "digest.html.j2"


def render(digest: Digest, stream: BinaryIO, templates: Templates) -> None:
    """Write ``digest`` as UTF-8 HTML."""
    values = {"digest": look(digest, templates)}
    stream.writelines(chunk.encode() for chunk in templates.render(TEMPLATE, values))
