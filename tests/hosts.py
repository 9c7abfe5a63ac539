"""Many local hosts: every address of the loopback network is one, and one server answers for all and notes who asked when."""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from multiprocessing.connection import Connection

#: Shown in pictures by some of the others.
SHARED = "127.99.0.1"


@dataclass(frozen=True, slots=True)
class Met:
    """One request as the server saw it."""

    host: str
    path: str
    begin: float
    end: float


async def _answer(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, met: list[Met], port: int, pages: int
) -> None:
    host = writer.get_extra_info("sockname")[0]
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            begin = time.monotonic()
            path = head.split(b" ", 2)[1].decode("ascii", "replace")
            status, kind, body = _page(host, path, port, pages)
            # Taken before the answer leaves: a busy machine may give this process its core back later than the client.
            end = time.monotonic()
            writer.write(
                f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
            )
            met.append(Met(host, path, begin, end))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()


def _page(host: str, path: str, port: int, pages: int) -> tuple[str, str, bytes]:
    if path == "/robots.txt" or path.endswith(".xml"):
        return "404 Not Found", "text/plain", b""
    if host == SHARED:
        return "200 OK", "image/png", b"no picture"
    links = "".join(f"<li><a href='/p{number}.html'>通知 {number}</a></li>" for number in range(pages))
    text_ = f"{host} {path} 本校食堂本周调整开饭时间，图书馆新到图书四百余册。" * 8
    shares = host.endswith((".1", ".4", ".101", ".201"))
    picture = f"<img src='http://{SHARED}:{port}/{host}.png' width=400 height=400>" if shares else ""
    page = f"<html><head><title>{path}</title></head><body><ul>{links}</ul><p>{text_}</p>{picture}</body></html>"
    return "200 OK", "text/html; charset=utf-8", page.encode()


def _serve(pipe: Connection, pages: int) -> None:
    met: list[Met] = []

    async def main() -> None:
        ports: list[int] = []

        async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await _answer(reader, writer, met, ports[0], pages)

        server = await asyncio.start_server(client, "0.0.0.0", 0, backlog=1024)
        ports.append(server.sockets[0].getsockname()[1])
        pipe.send(ports[0])
        loop = asyncio.get_running_loop()
        while await loop.run_in_executor(None, pipe.recv):
            pipe.send(list(met))
            met.clear()

    asyncio.run(main())


@contextmanager
def many_hosts(pages: int) -> Iterator[tuple[int, Callable[[], list[Met]]]]:
    """Hosts with so many pages beside their start page: their port, and a function that gives what was met since it was called."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs, pages), daemon=True)
    process.start()

    def met() -> list[Met]:
        ours.send(True)
        found: list[Met] = ours.recv()
        return found

    try:
        yield ours.recv(), met
    finally:
        ours.send(False)
        process.join(5)
        process.kill()


def impolite(met: list[Met]) -> tuple[int, float]:
    """How often two requests were at a host at once, and the shortest pause between an answer and the next request."""
    by_host: dict[str, list[Met]] = {}
    for one in met:
        by_host.setdefault(one.host, []).append(one)
    together, shortest = 0, float("inf")
    for requests in by_host.values():
        requests.sort(key=lambda one: one.begin)
        for before, after in pairwise(requests):
            together += after.begin < before.end
            shortest = min(shortest, after.begin - before.end)
    return together, shortest


def host(number: int) -> str:
    """The address of a host by its number."""
    return f"127.{1 + number // 250}.0.{1 + number % 250}"
