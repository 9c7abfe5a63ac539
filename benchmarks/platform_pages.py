"""Speed of the platforms' page objects against the general HTML or JSON extractor over the same bytes.

Run: ``python -m benchmarks.platform_pages``. Ratios within one run on one core: each page of tests/pages, and the same
pages with their state padded to the size of real ones (about 300 kB of recommendations that hold no post).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from crawler.extract import extract
from crawler.extract.extractors import html, json_text
from crawler.extract.source import Source
from domain.document import Extraction, PageVerdict

PAGES = Path(__file__).resolve().parent.parent / "tests" / "pages"
ROUNDS = 5
PADDING = 300_000


def seconds(work: Callable[[], Extraction]) -> float:
    """Best processor time of some rounds."""
    best = 9e9
    for _ in range(ROUNDS):
        begin = time.process_time()
        work()
        best = min(best, time.process_time() - begin)
    return best


def padded(body: bytes) -> bytes:
    """The page with a large member inside its state, or with a large script where that has no place for one."""
    filling = json.dumps(
        [{"id": i, "title": f"推荐内容{i}", "cover": f"https://a.cn/{i}.jpg", "n": None} for i in range(PADDING // 80)]
    )
    text = body.decode()
    for start in (
        "__INITIAL_STATE__={",
        "__APOLLO_STATE__={",
        "INIT_STATE = {",
        "_ROUTER_DATA = {",
        '"initialState":{',
    ):
        if start in text:
            return text.replace(start, f'{start}"padding":{filling},', 1).encode()
    return text.replace("</head>", f"<script>var padding = {filling};</script></head>", 1).encode()


def main() -> None:
    """Print milliseconds and the ratio to the general extractor, per platform."""
    rows: dict[str, list[tuple[float, float, float]]] = {}
    for expected in sorted(PAGES.glob("*/*.expected.json")):
        wanted = json.loads(expected.read_text(encoding="utf-8"))
        stem = expected.name.removesuffix(".expected.json")
        path = next(each for suffix in ("html", "json") if (each := expected.with_name(f"{stem}.{suffix}")).exists())
        if wanted["verdict"] != PageVerdict.OK:
            continue
        url, kind = wanted["url"], wanted["content_type"]
        general = html if path.suffix == ".html" else json_text
        body = path.read_bytes()
        large = padded(body) if path.suffix == ".html" else body
        own = seconds(lambda body=body, url=url, kind=kind: extract(body, url=url, content_type=kind))
        base = seconds(lambda body=body, url=url, kind=kind, general=general: general.extract(Source(body, url, kind)))
        big = seconds(lambda large=large, url=url, kind=kind: extract(large, url=url, content_type=kind))
        big_base = seconds(
            lambda large=large, url=url, kind=kind, general=general: general.extract(Source(large, url, kind))
        )
        rows.setdefault(f"{path.parent.name} {path.suffix[1:]}", []).append(
            (own, own / base, big / big_base if large is not body else 0.0)
        )
        if large is not body:
            rows.setdefault(f"{path.parent.name} html, 300 kB", []).append((big, big / big_base, 0.0))
    sys.stdout.write("platform, kind | ms per page | ratio to the general extractor\n")
    for name, figures in sorted(rows.items()):
        count = len(figures)
        sys.stdout.write(
            f"{name:32} {sum(f[0] for f in figures) / count * 1000:8.2f} {sum(f[1] for f in figures) / count:8.2f}\n"
        )


if __name__ == "__main__":
    main()
