"""A small hostile web on loopback for tests: any number of sites on ``127.0.0.x``, each page a function or fixed bytes.

One thread per web, sockets written by hand: a test server must be able to send what no HTTP library would.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Reply = bytes
Page = "bytes | str | Answer | Callable[[Seen], Answer | bytes | str | None]"

_PHRASES = {200: "OK", 204: "No Content", 206: "Partial Content", 301: "Moved Permanently", 302: "Found",
            303: "See Other", 304: "Not Modified", 307: "Temporary Redirect", 308: "Permanent Redirect",
            401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 410: "Gone", 429: "Too Many Requests",
            451: "Unavailable For Legal Reasons", 500: "Internal Server Error", 502: "Bad Gateway",
            503: "Service Unavailable"}  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """One HTTP answer; ``raw`` replaces everything by bytes on the wire."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    pieces: tuple[tuple[float, bytes], ...] = ()
    """Sent after the head, each after so many seconds; the connection is closed at the end."""
    close: bool = False
    hang: bool = False
    """Send nothing (or nothing more) until the web is closed."""


@dataclass(frozen=True)
class Seen:
    """One request as a site saw it."""

    site: str
    path: str
    headers: Mapping[str, str]
    at: float
    """``time.monotonic()`` when the request was complete."""
    under_way: int
    """Requests that the same site was answering at that moment, this one included."""


def html(body: str, title: str = "页面", charset: str = "utf-8") -> Answer:
    """A page with its charset in the header."""
    text = f"<!DOCTYPE html><html><head><title>{title}</title></head><body>{body}</body></html>"
    return Answer(text.encode(charset, "replace"), headers={"Content-Type": f"text/html; charset={charset}"})


def redirect(to: str, status: int = 302) -> Answer:
    """An answer that sends elsewhere."""
    return Answer(b"", status, {"Location": to})


class Site:
    """Pages of one host; unknown paths answer 404, /robots.txt too unless given."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.pages: dict[str, object] = {}
        self.seen: list[Seen] = []
        self.port = 0
        self.most_at_once = 0
        self._under_way = 0
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """Root address without a slash at its end."""
        return f"http://{self.address}:{self.port}"

    @property
    def host(self) -> str:
        """``host:port``."""
        return f"{self.address}:{self.port}"

    def paths(self) -> list[str]:
        """Paths asked for, in order."""
        return [seen.path for seen in self.seen]

    def answer(self, path: str, headers: Mapping[str, str]) -> Answer:
        """What this site says to one request."""
        with self._lock:
            seen = Seen(self.address, path, headers, time.monotonic(), self._under_way)
            self.seen.append(seen)
        page = self.pages.get(path, self.pages.get(path.partition("?")[0], self.pages.get("*")))
        if callable(page):
            page = page(seen)
        if page is None:
            return Answer(b"<html><body>404</body></html>", 404, {"Content-Type": "text/html"})
        if isinstance(page, str):
            return html(page)
        if isinstance(page, bytes):
            return Answer(page, headers={"Content-Type": "text/html"})
        assert isinstance(page, Answer)
        return page

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Counted as under way."""
        with self._lock:
            self._under_way += 1
            self.most_at_once = max(self.most_at_once, self._under_way)
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1


class Web:
    """Several sites, each on its own loopback address and an ephemeral port."""

    def __init__(self) -> None:
        self.sites: list[Site] = []
        self.closed = threading.Event()
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()

    def site(
        self,
        pages: Mapping[str, object] | None = None,
        address: str | None = None,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> Site:
        """Open one more site; ``address`` defaults to the next free 127.0.0.x."""
        site = Site(address or f"127.0.0.{len(self.sites) + 2}")
        site.pages.update(pages or {})
        listening = socket.create_server((site.address, port), backlog=64)
        if tls is not None:
            listening = tls.wrap_socket(listening, server_side=True, do_handshake_on_connect=False)
        site.port = listening.getsockname()[1]
        self.sites.append(site)
        self._sockets.append(listening)
        self._run(self._accept, listening, site)
        return site

    def close(self) -> None:
        """Stop answering; hanging connections are cut."""
        self.closed.set()
        for listening in self._sockets:
            with _quiet():
                listening.shutdown(socket.SHUT_RDWR)
            listening.close()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            with _quiet():
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=5)

    def _run(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listening: socket.socket, site: Site) -> None:
        while not self.closed.is_set():
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with self._lock:
                self._connections.add(connection)
            self._run(self._serve, connection, site)

    def _serve(self, connection: socket.socket, site: Site) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with connection, connection.makefile("rb") as reader:
                while self._one(connection, reader, site):
                    pass
        except (OSError, ValueError):
            pass
        finally:
            with self._lock:
                self._connections.discard(connection)

    def _one(self, connection: socket.socket, reader: object, site: Site) -> bool:
        line = reader.readline(65536)  # type: ignore[attr-defined]
        if not line.strip():
            return False
        path = line.split(b" ")[1].decode("latin-1")
        headers: dict[str, str] = {}
        while (header := reader.readline(65536).strip()) != b"":  # type: ignore[attr-defined]
            name, _, value = header.partition(b":")
            headers[name.decode("latin-1").lower()] = value.strip().decode("latin-1")
        with site.busy():
            answer = site.answer(path, headers)
            return self._send(connection, answer)

    def _send(self, connection: socket.socket, answer: Answer) -> bool:
        if answer.raw is not None:
            connection.sendall(answer.raw)
            if answer.hang:
                self.closed.wait()
            return False
        if answer.hang and not answer.pieces:
            self.closed.wait()
            return False
        lines = [f"HTTP/1.1 {answer.status} {_PHRASES.get(answer.status, '')}"]
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        lengthless = bool(answer.pieces)
        if not lengthless and answer.status not in (204, 304):
            lines.append(f"Content-Length: {len(answer.body)}")
        if lengthless or answer.close:
            lines.append("Connection: close")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        connection.sendall(head + (b"" if answer.status in (204, 304) else answer.body))
        for wait, piece in answer.pieces:
            if wait and self.closed.wait(wait):
                return False
            connection.sendall(piece)
        if answer.hang:
            self.closed.wait()
        return not (lengthless or answer.close or answer.hang)


@contextmanager
def _quiet() -> Iterator[None]:
    with suppress(OSError):
        yield


@contextmanager
def web() -> Iterator[Web]:
    """A web that is closed at the end."""
    opened = Web()
    try:
        yield opened
    finally:
        opened.close()
