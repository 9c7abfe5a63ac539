"""A proxy on loopback that lets nothing through: where all goes that a browser does not ask of its page's supply.

Chromium sends every connection to the proxy that it was given: WebSockets, service workers, prefetches, its own
updates, redirects that nobody intercepted. The wall answers 403 and keeps what was tried, for the page's log.
"""

from __future__ import annotations

import asyncio
import contextlib

#: Attempts remembered of one page; a page that tries more is hostile, and the first ones tell it.
_REMEMBERED = 50
#: A request line is read up to this length, and within these seconds.
_LINE = 8 * 1024
_SECONDS = 5.0
_REFUSAL = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Wall:
    """One page's wall; :attr:`tried` are the addresses it was asked for."""

    def __init__(self) -> None:
        self.tried: list[str] = []
        self._server: asyncio.Server | None = None
        self._port = 0

    async def raise_(self) -> None:
        """Listen on a free port of loopback."""
        self._server = await asyncio.start_server(self._refuse, "127.0.0.1", 0, limit=_LINE)
        self._port = self._server.sockets[0].getsockname()[1]

    @property
    def address(self) -> str:
        """What Chromium is given as its proxy."""
        return f"http://127.0.0.1:{self._port}"

    def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    async def _refuse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, ValueError, TimeoutError, asyncio.LimitOverrunError):
            line = await asyncio.wait_for(reader.readline(), _SECONDS)
            words = line.decode("latin-1").split()
            if len(words) > 1 and len(self.tried) < _REMEMBERED and words[1] not in self.tried:
                self.tried.append(words[1][:500])
            writer.write(_REFUSAL)
            await writer.drain()
        writer.close()
