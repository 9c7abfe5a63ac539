"""Serves the sample sites on loopback: every site its own host, one port, one thread for each site."""

from __future__ import annotations

import errno
import socket
import threading
import time
from collections import Counter
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from zhengxun.demo.content import SITE_KEYS, SampleSite, load_site
from zhengxun.demo.pictures import png, poster
from zhengxun.demo.rendering import render_feed, render_page
from zhengxun.demo.targets import write_targets
from zhengxun.demo.traps import Answer, trap_answer

_MODIFIED = {1: "Mon, 16 Nov 2026 02:00:00 GMT", 2: "Tue, 17 Nov 2026 02:00:00 GMT"}
_FEEDS = {"/feed.xml": "rss", "/atom.xml": "atom"}
_PORT_TRIES = 50
_NOT_FOUND = Answer(404, b"<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1></body></html>")


@dataclass(frozen=True, slots=True)
class RunningSite:
    """One sample site while it is served."""

    key: str
    name: str
    url: str
    """Address that is watched (a feed's address for a feed)."""
    kind: str
    """Word for the import file's 类型 column."""
    region: str
    base_url: str
    """Scheme, host and port, without a slash at the end."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Served:
    """One request that a sample server answered."""

    at: float
    """Monotonic seconds at its arrival."""
    method: str
    path: str
    """Path and query as asked for."""
    status: int
    concurrent: int
    """Requests under way on this host at its arrival, itself counted."""
    user_agent: str


class _Server(ThreadingHTTPServer):
    """One site's server; remembers open connections so that stopping leaves none behind."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], web: SampleWeb, key: str) -> None:
        self.web = web
        self.key = key
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Without the reverse DNS look-up of ``HTTPServer``, which can hang on a closed network."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no error of ours."""

    def hang_up(self) -> None:
        """Close kept-alive connections, so that their threads end."""
        with self._open_lock:
            waiting = list(self._open)
        for connection in waiting:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError as error:
                if error.errno not in {errno.ENOTCONN, errno.EBADF}:
                    raise


class _Handler(BaseHTTPRequestHandler):
    """Turns a request into the site's answer, with validators and 304."""

    protocol_version = "HTTP/1.1"
    server: _Server
    timeout = 30

    def version_string(self) -> str:
        return "nginx"

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are kept in ``SampleWeb.request_log``, not written to stderr."""

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(min(length, 65536))
        self._answer(with_body=True, refuse=True)

    def _answer(self, with_body: bool, refuse: bool = False) -> None:
        web, key = self.server.web, self.server.key
        arrived = time.monotonic()
        with web.under_way(key) as concurrent:
            if web.latency:
                time.sleep(web.latency)
            answer = Answer(405, headers={"Allow": "GET, HEAD"}) if refuse else web.answer(key, self.path)
            if answer.status == 200 and self._unchanged(answer):
                answer = Answer(304, headers=answer.headers)
            web.note(
                key,
                Served(arrived, self.command, self.path, answer.status, concurrent, self.headers.get("User-Agent", "")),
            )
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.status != 304:
                self.send_header("Content-Type", answer.content_type)
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if with_body and answer.status != 304:
                self.wfile.write(answer.body)

    def _unchanged(self, answer: Answer) -> bool:
        """RFC 9110, 13.1: If-None-Match goes before If-Modified-Since."""
        etag, modified = answer.headers.get("ETag"), answer.headers.get("Last-Modified")
        asked = self.headers.get("If-None-Match")
        if asked is not None:
            return etag is not None and etag in {part.strip().removeprefix("W/") for part in asked.split(",")}
        since = self.headers.get("If-Modified-Since")
        if since is None or modified is None:
            return False
        try:
            return parsedate_to_datetime(modified) <= parsedate_to_datetime(since)
        except ValueError:
            return False


class _UnderWay:
    """Counts requests under way on one host."""

    def __init__(self, counter: Counter[str], lock: threading.Lock, host: str) -> None:
        self._counter, self._lock, self._host = counter, lock, host

    def __enter__(self) -> int:
        with self._lock:
            self._counter[self._host] += 1
            return self._counter[self._host]

    def __exit__(self, *exc: object) -> None:
        with self._lock:
            self._counter[self._host] -= 1


class SampleWeb:
    """The sample sites, served from background threads between ``start`` and ``stop`` (or in a ``with``).

    ``day``: 1 or 2, which day's content is shown. ``latency``: seconds that every answer is held back, so that
    requests that overlap can be seen to. ``port``: 0 picks a free one. Where the machine has only 127.0.0.1 (macOS), sites differ by port.
    """

    def __init__(self, day: int = 1, *, latency: float = 0.0, port: int = 0) -> None:
        self.latency = latency
        self.request_log: dict[str, list[Served]] = {key: [] for key in SITE_KEYS}
        self._day = day
        self._wanted_port = port
        self._servers: list[_Server] = []
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._counter: Counter[str] = Counter()
        self._bodies: dict[tuple[str, str, int], Answer | None] = {}

    @property
    def day(self) -> int:
        """Which day's content is shown."""
        return self._day

    @property
    def sites(self) -> tuple[RunningSite, ...]:
        """The sites and their addresses; empty before ``start``."""
        running = []
        for server in self._servers:
            site = load_site(server.key, self._day)
            base = self._base_url(server)
            running.append(RunningSite(site.key, site.name, base + site.entry, site.kind, site.region, base, site.note))
        return tuple(running)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> Self:
        """Bind all sites and serve them; returns itself. A second call does nothing."""
        if self._servers:
            return self
        self._servers = self._bind()
        for server in self._servers:
            thread = threading.Thread(
                target=server.serve_forever, args=(0.05,), name=f"sample-{server.key}", daemon=True
            )
            thread.start()
            self._threads.append(thread)
        return self

    def stop(self) -> None:
        """Stop serving and free the port; safe to repeat."""
        closing = [threading.Thread(target=server.shutdown) for server in self._servers]
        for thread in closing:
            thread.start()
        for thread in closing:
            thread.join()
        for server in self._servers:
            server.hang_up()
            server.server_close()
        for thread in self._threads:
            thread.join()
        self._servers, self._threads = [], []

    def advance(self) -> None:
        """Go on to day 2: one advertisement edited, one gone, one new, one corrected; the rest byte for byte the same."""
        self._day = 2

    def url_of(self, key: str, path: str = "/") -> str:
        """Address of a page of the site ``key``; raises KeyError for a site that is not served."""
        for server in self._servers:
            if server.key == key:
                return self._base_url(server) + path
        raise KeyError(key)

    def locate(self, url: str) -> tuple[str, str] | None:
        """(site key, path with query) of an address, or None where it is not one of the sample sites'."""
        parts = urlsplit(url)
        for server in self._servers:
            if self._base_url(server) == f"http://{parts.netloc}":
                return server.key, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return None

    def targets_file(self, folder: Path, *, bad_rows: bool = False, encoding: str = "utf-8-sig") -> Path:
        """Write the file for ``zhengxun targets import``; see :func:`zhengxun.demo.targets.write_targets`."""
        return write_targets(self.sites, folder, bad_rows=bad_rows, encoding=encoding)

    def under_way(self, key: str) -> _UnderWay:
        """Context that counts a request on the site's host while it lasts."""
        host = next(str(server.server_address[0]) for server in self._servers if server.key == key)
        return _UnderWay(self._counter, self._lock, host)

    def note(self, key: str, served: Served) -> None:
        """Keep what was served."""
        with self._lock:
            self.request_log[key].append(served)

    def answer(self, key: str, target: str) -> Answer:
        """What the site answers to path and query ``target`` on the present day."""
        site = load_site(key, self._day)
        path = target.partition("?")[0].partition(";")[0]
        trap = trap_answer(site, target, self.url_of("huaiyin"))
        if trap is not None:
            return trap
        fixed = self._fixed(site, path)
        if fixed is not None:
            return fixed
        today = self._content(key, target, path, self._day)
        if today is None:
            return _NOT_FOUND
        yesterday = self._content(key, target, path, 1)
        since = 1 if yesterday is not None and yesterday.body == today.body else self._day
        validators = {"ETag": f'"{sha256(today.body).hexdigest()[:20]}"', "Last-Modified": _MODIFIED[since]}
        return Answer(today.status, today.body, today.content_type, validators)

    def _fixed(self, site: SampleSite, path: str) -> Answer | None:
        """Files that are the same on every day."""
        if path == "/robots.txt" and "robots" in site.options:
            return Answer(200, str(site.options["robots"]).encode(), "text/plain; charset=utf-8")
        if path == "/img/poster.png":
            return Answer(200, poster(), "image/png")
        if path.startswith("/img/"):
            return Answer(200, png(path), "image/png")
        if path.endswith(".css"):
            return Answer(200, b"body{margin:0;font:14px/1.8 sans-serif}.w{width:1100px;margin:0 auto}", "text/css")
        if path == "/static/app.js":
            script = 'fetch("/api/page?p="+__ROUTE__).then(r=>r.json()).then(d=>{document.getElementById("app").innerHTML=d.html})'
            return Answer(200, script.encode(), "text/javascript")
        if path == "/api/page":
            return Answer(
                200,
                (
                    '{"html":"<h1>云证学堂</h1><p>全部工种包过，国家认可，上网可查。</p>'
                    '<p><a href=/course>课程</a> <a href=/about>关于我们</a></p>"}'
                ).encode(),
                "application/json",
            )
        return None

    def _content(self, key: str, target: str, path: str, day: int) -> Answer | None:
        """Page, feed or sitemap on ``day``; rendered once and kept, so that its bytes stay the same."""
        wanted = target.partition(";")[0]
        with self._lock:
            if (key, wanted, day) in self._bodies:
                return self._bodies[key, wanted, day]
        made = self._render(load_site(key, day), wanted, path)
        with self._lock:
            return self._bodies.setdefault((key, wanted, day), made)

    def _render(self, site: SampleSite, wanted: str, path: str) -> Answer | None:
        base = self.url_of(site.key)[:-1]
        if path in _FEEDS and site.kind == "订阅源":
            content_type, body = render_feed(site, _FEEDS[path], base)
            return Answer(200, body, content_type)
        if path == "/sitemap.xml" and site.options.get("sitemap"):
            places = "".join(f"<url><loc>{base}{page.path}</loc></url>" for page in site.pages)
            xml = f'<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{places}</urlset>'
            return Answer(200, xml.encode(), "application/xml")
        page = site.by_path.get(wanted) or site.by_path.get(path)
        if page is None:
            return None
        content_type, body = render_page(site, page, base)
        return Answer(int(page.options.get("status", 200)), body, content_type)

    @staticmethod
    def _base_url(server: _Server) -> str:
        return f"http://{server.server_address[0]!s}:{server.server_address[1]}"

    def _bind(self) -> list[_Server]:
        """All sites on one port of their own hosts, or on ports of 127.0.0.1 where there are no other hosts."""
        for _ in range(_PORT_TRIES):
            bound: list[_Server] = []
            port = self._wanted_port
            try:
                for number, key in enumerate(SITE_KEYS, start=2):
                    bound.append(_Server((f"127.0.0.{number}", port), self, key))
                    port = int(bound[0].server_address[1])
            except OSError as error:
                for server in bound:
                    server.server_close()
                if error.errno == errno.EADDRNOTAVAIL:
                    return [_Server(("127.0.0.1", 0), self, key) for key in SITE_KEYS]
                if error.errno != errno.EADDRINUSE or self._wanted_port:
                    raise
                continue
            return bound
        raise OSError(errno.EADDRINUSE, f"试了 {_PORT_TRIES} 次，没有找到在全部回环地址上都空闲的端口")
