"""What proof is made of: a request with its answer exactly as far as the transfer layer knows them, and what a program
or a person made of a page."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from domain.evidence import CaptureKind

Headers = tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A GET and its answer. ``body`` is as received: transfer coding removed, content coding kept."""

    url: str
    status: int
    headers: Headers
    body: bytes
    request_headers: Headers
    fetched_at: datetime
    ip_address: str | None = None
    protocol: str = "HTTP/1.1"
    login: str | None = None
    """Platform whose login went with the request. Its value is not in ``request_headers``, nor a renewed one in ``headers``."""

    def header(self, name: str) -> str | None:
        """First value of a response header, as text; None where there is none. At most 1,000 characters are kept."""
        wanted = name.lower().encode("ascii")
        for key, value in self.headers:
            if key.lower() == wanted:
                return value[:1000].decode("latin-1").strip()
        return None

    def sha256(self) -> str:
        """Hex SHA-256 of the body as received."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True)
class Resource:
    """What was made of a page and not received as an answer: screenshot, DOM, log, uploaded file."""

    kind: CaptureKind
    url: str
    """Canonical address of the page, or the name of the file."""
    taken_at: datetime
    content_type: str
    body: bytes
    width: int | None = None
    """Pixels."""
    height: int | None = None

    @property
    def target(self) -> str:
        """Address of the WARC record. Not the page's own: a replay must not show a picture in the page's place."""
        return f"urn:{_SCHEMES[self.kind]}:{quote(self.url, safe=_URI_CHARACTERS)}"


_SCHEMES = {
    CaptureKind.SCREENSHOT: "fullPage",
    CaptureKind.DOM: "dom",
    CaptureKind.NETWORK_LOG: "pageinfo",
    CaptureKind.PICTURE: "picture",
    CaptureKind.MHTML: "mhtml",
    CaptureKind.UPLOAD: "upload",
}
_URI_CHARACTERS = ":/?#[]@!$&'()*+,;=%-._~"
