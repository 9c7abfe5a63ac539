"""Which pictures of a page are worth fetching, and by what one is known when a page is compared with its last version."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

#: Names of pictures that hold no words of a page: loading signs, spacers, emoticons, portraits.
_ORNAMENT = re.compile(
    r"(?:^|[/_.-])(?:blank|spacer|space|pixel|1x1|transparent|placeholder|default_?img|loading|lazy(?:load)?|grey|gray|arrow|btn|"
    r"button|bullet|close|emoji|emot(?:icon)?s?|smil(?:ey|ies)|face|avatar|touxiang|headimg|favicon|sprite|star|dot|line|play)"
    r"(?:[-_]?\d{0,4})?(?:@\dx)?\.(?:png|gif|jpe?g|webp)$",
    re.IGNORECASE,
)
_NOT_READ = re.compile(r"\.(?:svgz?|ico|cur|mp4|webm|m3u8|mp3)$", re.IGNORECASE)
#: Counters of visitors answer to any query with a pixel.
_COUNTERS = ("hm.baidu.com", "cnzz.com", "google-analytics.com", "51.la", "umeng.com", "googletagmanager.com")

INLINE = "data:"


def worth_fetching(images: Sequence[str], limit: int) -> tuple[tuple[str, ...], int]:
    """(pictures to fetch, in the page's order; number of those left out because of ``limit``)."""
    worth = [url for url in dict.fromkeys(images) if _may_hold_words(url)]
    return tuple(worth[:limit]), max(0, len(worth) - limit)


def _may_hold_words(url: str) -> bool:
    if url.startswith(INLINE):
        return True
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    host = parts.netloc.lower()
    return not (
        _ORNAMENT.search(parts.path) or _NOT_READ.search(parts.path) or any(host.endswith(end) for end in _COUNTERS)
    )


def looks_like_picture(data: bytes) -> bool:
    """Whether bytes begin as one of the formats that :mod:`crawler.pictures.image` opens; what a server says is not asked."""
    if data.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM")):
        return True
    return (data[:4] == b"RIFF" and data[8:12] == b"WEBP") or (data[4:8] == b"ftyp" and b"avi" in data[8:32])


def identity(url: str) -> str:
    """What stays of a picture's address from visit to visit: CDNs change host, signature and time stamp, not the name."""
    if url.startswith(INLINE):
        return url
    path = url.partition("?")[0].partition("#")[0].split("://", 1)[-1]
    names = [name for name in path.split("/")[1:] if name]
    if not names:
        return path
    return names[-1] if len(names[-1]) >= 12 else "/".join(names[-2:])
