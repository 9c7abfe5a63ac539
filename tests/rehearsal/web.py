"""Serves the rehearsal's sites and keeps a log of every request."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any

from hostile import CANARY, HOST, HOSTILE, bomb, home
from oddities import HOST as ODD_HOST
from oddities import answer as odd_answer
from sites import RehearsalSite

LATENCY = 0.01
"""Seconds that each answer is held back, so that overlapping requests are seen to overlap."""


@dataclass(frozen=True)
class Asked:
    """One request as the server saw it."""

    at: float
    path: str
    status: int
    concurrent: int


class RehearsalWeb:
    """All sites on one port of their hosts; ``log`` by host."""

    def __init__(self, sites: list[RehearsalSite]) -> None:
        self.sites = {site.host: site for site in sites}
        self.log: dict[str, list[Asked]] = defaultdict(list)
        self.canary: list[str] = []
        self.port = 0
        self.second_day = False
        self._servers: list[ThreadingHTTPServer] = []
        self._lock = threading.Lock()
        self._under_way: dict[str, int] = defaultdict(int)

    def start(self) -> None:
        """Bind and serve."""
        bomb()
        for host in (*self.sites, HOST, ODD_HOST, CANARY):
            self._serve(host, self.port)
            self.port = self._servers[0].server_address[1]

    def stop(self) -> None:
        """Stop serving."""
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def url(self, host: str, path: str = "/") -> str:
        """Address of a page."""
        return f"http://{host}:{self.port}{path}"

    def _serve(self, host: str, port: int) -> None:
        web = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, format: str, *args: Any) -> None:
                pass

            def do_GET(self) -> None:
                arrived = time.monotonic()
                with web._lock:
                    web._under_way[host] += 1
                    concurrent = web._under_way[host]
                try:
                    time.sleep(LATENCY)
                    status = web.answer(host, self)
                finally:
                    with web._lock:
                        web._under_way[host] -= 1
                with web._lock:
                    web.log[host].append(Asked(arrived, self.path, status, concurrent))

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def server_bind(self) -> None:
                TCPServer.server_bind(self)
                self.server_name, self.server_port = host, self.server_address[1]

            def handle_error(self, request: Any, client_address: Any) -> None:
                pass

        server = Server((host, port), Handler)
        self._servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()

    def answer(self, host: str, handler: BaseHTTPRequestHandler) -> int:
        """Send the answer; returns its status (0 where there is none)."""
        path = handler.path
        if host == CANARY:
            self.canary.append(path)
            return self._send(handler, 200, b"secret")
        if host == HOST:
            if path == "/":
                return self._send(handler, 200, home(self.port))
            for item in HOSTILE:
                if path == item.path or (item.path == "/loop/0" and path.startswith("/loop/")):
                    item.act(handler)
                    return 0
            return self._send(handler, 404, b"<h1>404</h1>")
        if host == ODD_HOST:
            odd_status, body, content_type, headers = odd_answer(path, f"{host}:{self.port}")
            return self._send(handler, odd_status, body, content_type, **headers)
        site = self.sites[host]
        if path == "/robots.txt" and site.robots is not None:
            return self._send(handler, site.robots_status, site.robots.encode(), "text/plain")
        page = site.tomorrow.get(path, site.pages.get(path)) if self.second_day else site.pages.get(path)
        if page is None:
            return self._send(handler, 404, b"<h1>404 Not Found</h1>")
        etag = f'"{sha256(page.body).hexdigest()[:16]}"'
        if handler.headers.get("If-None-Match") == etag:
            return self._send(handler, 304, b"", etag=etag)
        return self._send(handler, 200, page.body, page.content_type, etag)

    @staticmethod
    def _send(
        handler: BaseHTTPRequestHandler,
        status: int,
        body: bytes,
        content_type: str = "text/html",
        etag: str = "",
        **headers: str,
    ) -> int:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        if etag:
            handler.send_header("ETag", etag)
        if status != 304:
            handler.send_header("Content-Type", content_type)
            handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if status != 304:
            handler.wfile.write(body)
        return status
