"""The hostile site of the rehearsal: what each address does, and in which outcomes a crawl may end there."""

from __future__ import annotations

import gzip
import select
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from http.server import BaseHTTPRequestHandler

HOST = "127.0.1.20"
CANARY = "127.9.9.9"
"""A loopback address outside the allowed networks: whoever asks there went through the guard."""

_CLAIM = "叉车司机证三天下证，签协议保过，不过全额退款，国家承认，全国联网可查，联系微信 kz77_000。"
_CLEAN = "仓库搬到了城东，叉车由三位持证师傅轮班驾驶，每周一检查轮胎和刹车。"
_HTML = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Hostile:
    """One hostile address."""

    path: str
    act: Callable[[BaseHTTPRequestHandler], None]
    outcomes: tuple[str, ...]
    """Outcomes that are right; with ``ok`` the text must have been read."""
    violating: bool = False


def _send(
    handler: BaseHTTPRequestHandler,
    body: bytes,
    status: int = 200,
    content_type: str | None = _HTML,
    **headers: str,
) -> None:
    handler.send_response(status)
    if content_type:
        handler.send_header("Content-Type", content_type)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    if "Content_Length" not in headers:
        handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def _page(text: str) -> bytes:
    return f"<!DOCTYPE html><html><head><meta charset=utf-8><title>页</title></head><body><p>{text}</p></body></html>".encode()


@cache
def bomb() -> bytes:
    """200 MB of zeros in some 200 KB; made once, because making it takes longer than a short time-out."""
    return gzip.compress(b"<p>" + b"\0" * (200 * 1024 * 1024), 9)


def _bomb(handler: BaseHTTPRequestHandler) -> None:
    _send(handler, bomb(), Content_Encoding="gzip")


def _big(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", _HTML)
    handler.send_header("Content-Length", str(30 * 1024 * 1024))
    handler.end_headers()
    piece = ("<p>" + _CLEAN + "</p>").encode() * 200
    sent = 0
    while sent < 30 * 1024 * 1024:
        part = piece[: 30 * 1024 * 1024 - sent]
        handler.wfile.write(part)
        sent += len(part)


def _big_chunked(handler: BaseHTTPRequestHandler) -> None:
    """30 MB without saying so beforehand."""
    handler.send_response(200)
    handler.send_header("Content-Type", _HTML)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    piece = ("<p>" + _CLEAN + "</p>").encode() * 600
    for _ in range(30 * 1024 * 1024 // len(piece) + 1):
        handler.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
    handler.wfile.write(b"0\r\n\r\n")


def _hang(handler: BaseHTTPRequestHandler) -> None:
    """Answer nothing until the client hangs up, so that an abandoned request does not look like one under way."""
    select.select([handler.connection], [], [], 120)
    handler.close_connection = True


def _drip(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", _HTML)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    for _ in range(240):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.5)


def _reset(handler: BaseHTTPRequestHandler) -> None:
    handler.close_connection = True


def _garbage(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"\x16\x03\x01\x02\x00 this is no HTTP \r\n\r\n")
    handler.close_connection = True


def _headers(handler: BaseHTTPRequestHandler) -> None:
    _send(handler, _page(_CLEAN), X_Long="a" * 200_000)


def _short(handler: BaseHTTPRequestHandler) -> None:
    _send(handler, _page(_CLEAN), Content_Length="5000")
    handler.close_connection = True


def _to(location: str) -> Callable[[BaseHTTPRequestHandler], None]:
    return lambda handler: _send(handler, b"", 302, Location=location.replace("{port}", _port(handler)))


def _port(handler: BaseHTTPRequestHandler) -> str:
    return str(handler.connection.getsockname()[1])


def _loop(handler: BaseHTTPRequestHandler) -> None:
    number = int(handler.path.rpartition("/")[2] or 0)
    _send(handler, b"", 302, Location=f"/loop/{number + 1}")


def _status(status: int, **headers: str) -> Callable[[BaseHTTPRequestHandler], None]:
    return lambda handler: _send(handler, _page("<h1>" + str(status) + "</h1>"), status, **headers)


def _text(body: bytes, content_type: str | None = _HTML) -> Callable[[BaseHTTPRequestHandler], None]:
    return lambda handler: _send(handler, body, 200, content_type)


_NULS = _page(_CLAIM).replace("，".encode(), b"\0\0" + "，".encode())
_BROKEN = (
    "<html><head><title>没有关好</titel></title><body><table><tr><td><div><p>"
    + _CLAIM
    + "<b><i></b></i></td></tr></tabel><div <<>< a='\"><p>末尾"
).encode()
_DEEP = ("<div>" * 30_000 + _CLAIM + "</div>" * 30_000).encode()
_ATTRIBUTES = ("<p " + " ".join(f"a{n}='{n}'" for n in range(50_000)) + f">{_CLAIM}</p>").encode()

HOSTILE = (
    Hostile("/bomb", _bomb, ("too_large",)),
    Hostile("/big", _big, ("too_large",)),
    Hostile("/big-chunked", _big_chunked, ("too_large",)),
    Hostile("/hang", _hang, ("timeout",)),
    Hostile("/drip", _drip, ("timeout",)),
    Hostile("/reset", _reset, ("failed",)),
    Hostile("/garbage", _garbage, ("failed",)),
    Hostile("/headers", _headers, ("failed", "too_large")),
    Hostile("/short", _short, ("ok", "failed")),
    Hostile("/loop/0", _loop, ("failed",)),
    Hostile("/self", _to("/self"), ("failed",)),
    Hostile("/inside", _to(f"http://{CANARY}:{{port}}/secret"), ("failed",)),
    Hostile("/metadata", _to("http://169.254.169.254/latest/meta-data/"), ("failed",)),
    Hostile("/file", _to("file:///etc/passwd"), ("failed",)),
    Hostile("/nowhere", _to(""), ("failed",)),
    Hostile("/s500", _status(500), ("failed",)),
    Hostile("/s403", _status(403), ("blocked",)),
    Hostile("/s410", _status(410), ("failed",)),
    Hostile("/s429", _status(429, Retry_After="1"), ("blocked",)),
    Hostile("/nothing", _text(b""), ("empty",)),
    Hostile("/nul", _text(_NULS), ("ok",), True),
    Hostile("/broken", _text(_BROKEN), ("ok",), True),
    Hostile("/deep", _text(_DEEP), ("ok",), True),
    Hostile("/attributes", _text(_ATTRIBUTES), ("ok",), True),
    Hostile("/sjis", _text(_page(_CLAIM), "text/html; charset=shift_jis"), ("ok",), True),
    Hostile("/utf16", _text(_page(_CLAIM).decode().encode("utf-16"), "text/html"), ("ok",), True),
    Hostile("/gbk-lie", _text(_page(_CLAIM).decode().encode("gbk"), "text/html; charset=utf-8"), ("ok",), True),
    Hostile("/no-type", _text(_page(_CLAIM), None), ("ok",), True),
    Hostile("/plain", _text(_CLAIM.encode(), "text/plain; charset=utf-8"), ("ok",), True),
    Hostile("/bytes", _text(bytes(range(256)) * 400, _HTML), ("ok", "empty", "failed")),
    Hostile("/pdf", _text(b"%PDF-1.4\n" + bytes(range(256)) * 40, "application/pdf"), ("ok", "empty", "failed")),
)

#: Links on the hostile home page that must not be followed at all.
NEVER = (
    f"http://{CANARY}:{{port}}/link",
    "http://10.0.0.1/admin",
    "http://0x7f000001/",
    "http://[::1]/",
    "http://user:pass@/x",
    "http://[bad",
    "javascript:alert(1)",
    "data:text/html,<p>x</p>",
    "file:///etc/passwd",
    "ftp://127.0.1.20/x",
)


def home(port: int) -> bytes:
    """Home page of the hostile site: links to everything."""
    links = "".join(f'<li><a href="{item.path}">项{n}</a></li>' for n, item in enumerate(HOSTILE))
    never = "".join(f'<a href="{address.replace("{port}", str(port))}">外{n}</a>' for n, address in enumerate(NEVER))
    return (
        '<!DOCTYPE html><html><head><meta charset="utf-8"><title>杂项</title></head>'
        f"<body><p>{_CLEAN}</p><ul>{links}</ul>{never}</body></html>"
    ).encode()
