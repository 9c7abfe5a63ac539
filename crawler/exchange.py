"""One request and its answer, exactly as far as the transfer layer knows them: what proof is made of."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

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
