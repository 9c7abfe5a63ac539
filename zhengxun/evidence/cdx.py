"""CDXJ: the index by which replay programs find records. One line a record, sorted by the address's key.

The key is the address in SURT form as the Internet Archive's tools order it: host backwards without ``www``, lower case,
no default port, no slash at the end, query arguments sorted. Tests compare it with the ``surt`` package.
"""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

from crawler.warc_scan import ScannedRecord

_WWW = re.compile(r"^www\d*\.")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def surt(url: str) -> str:
    """The key of an address; what is no http address is its own key."""
    parts = urlsplit(url)
    if parts.scheme not in _DEFAULT_PORTS:
        return url
    host = ",".join(reversed(_WWW.sub("", (parts.hostname or "").lower()).split(".")))
    port = f":{parts.port}" if parts.port not in (None, _DEFAULT_PORTS[parts.scheme]) else ""
    path = parts.path.lower() or "/"
    if len(path) > 1:
        path = path.removesuffix("/")
    query = "&".join("=".join(pair) for pair in sorted(part.split("=", 1) for part in parts.query.lower().split("&")))
    return f"{host}{port}){path}" + (f"?{query}" if query else "")


def line(record: ScannedRecord, file: str, offset: int) -> str | None:
    """The index line of a record that lies at ``offset`` of ``file``; None for one that is not looked up by address."""
    if record.fields.get("warc-type") not in ("response", "resource"):
        return None
    url = record.fields.get("warc-target-uri", "")
    said = {
        "url": url,
        "digest": record.fields.get("warc-payload-digest", ""),
        "mime": _mime(record),
        "offset": offset,
        "length": record.end - record.offset,
        "recordDigest": record.fields.get("warc-block-digest", ""),
        "filename": file,
    }
    if status := _status(record):
        said["status"] = status
    return f"{surt(url)} {_timestamp(record)} {json.dumps(said, ensure_ascii=False)}"


def _timestamp(record: ScannedRecord) -> str:
    """``20261124043000123``: digits only, to the millisecond."""
    return re.sub(r"\D", "", record.fields.get("warc-date", ""))[:17]


def _status(record: ScannedRecord) -> int | None:
    words = record.http_head.split(b" ", 2)
    return int(words[1]) if len(words) > 1 and words[1].isdigit() and len(words[1]) == 3 else None


def _mime(record: ScannedRecord) -> str:
    """Content type without parameters: of the answer, or of the record itself."""
    kind = record.fields.get("content-type", "")
    if record.http_head:
        kind = ""
        for header in record.http_head.split(b"\r\n")[1:]:
            name, _, value = header.partition(b":")
            if name.strip().lower() == b"content-type":
                kind = value.decode("latin-1")
                break
    return kind.partition(";")[0].strip().lower() or "application/octet-stream"
