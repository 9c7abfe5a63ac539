"""What messages say. Texts from pages are hostile: nothing in them may become markup, a mention or a link."""

from __future__ import annotations

import re
from collections.abc import Sequence

from domain.digest import Digest, DigestStatus

_MARKUP = re.compile(r"[\\`*_~#<>\[\](){}|@!\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")


def plain(text: str, most: int = 80) -> str:
    """One line without anything Markdown or a chat program acts on."""
    words = " ".join(_MARKUP.sub(" ", text).split())
    return words if len(words) <= most else words[: most - 1] + "…"


def subject(digest: Digest) -> str:
    """Subject of a mail, title of a card."""
    return f"山寨证书网络宣传处置简报 {digest.date}（{digest.number}）"


def joined_subject(digests: Sequence[Digest]) -> str:
    """Subject of one message with the digests of several days: names each of them."""
    numbers = "、".join(digest.number for digest in digests)
    return f"山寨证书网络宣传处置简报 {digests[0].date} 至 {digests[-1].date}（休息日合并，共 {len(digests)} 期：{numbers}）"


def joined_summary(digests: Sequence[Digest]) -> list[str]:
    """The digests one after another, each under its own heading."""
    return [line for digest in digests for line in (f"{digest.date}（{digest.number}）", *summary(digest))]


def summary(digest: Digest) -> list[str]:
    """The digest in lines: totals, coverage, then each lead."""
    coverage = digest.coverage
    lines = [
        "，".join(f"{DigestStatus(name).label} {count}" for name, count in digest.totals.items()),
        f"计划看 {coverage.targets_planned} 个对象，看到 {coverage.targets_ok} 个，覆盖缺口 {len(coverage.gaps)} 处。",
    ]
    for number, item in enumerate(digest.items, 1):
        where = "，".join(plain(part, 20) for part in (item.platform, item.region or "") if part)
        # Addresses in full stand in the files; here a host name without a scheme is no link to press by mistake.
        host = plain(re.sub(r"^[a-z]+://", "", item.page_url).split("/")[0], 60).replace(".", "。")
        lines.append(
            f"{number}. 【{item.status.label}】{plain(item.title) or '（无标题）'}（{where}，{host}）建议：{plain(item.measure, 30)}"
        )
    return lines


def split(title: str, lines: Sequence[str], limit: int, most: int) -> list[str]:
    """Messages of at most ``limit`` bytes of UTF-8, at most ``most`` of them, each with the title and its number.

    What does not fit into the last one is told by number of lines, never dropped in silence.
    """
    # Room for heading "(10/10)", and for the line that tells of the rest.
    room = limit - len(f"{title}（{most}/{most}）\n".encode()) - 60
    if room < 100:
        raise ValueError(f"no room for text in {limit} bytes under a title of {len(title.encode())}")
    parts: list[list[str]] = [[]]
    used = 0
    for at, line in enumerate(lines):
        piece = cut(line, room)
        size = len(piece.encode()) + 1
        if parts[-1] and used + size > room:
            if len(parts) == most:
                parts[-1].append(f"（另有 {len(lines) - at} 条未列，见简报全文）")
                break
            parts.append([])
            used = 0
        parts[-1].append(piece)
        used += size
    total = len(parts)
    return [
        "\n".join([title if total == 1 else f"{title}（{number}/{total}）", *part])
        for number, part in enumerate(parts, 1)
    ]


def cut(text: str, limit: int) -> str:
    """``text`` in at most ``limit`` bytes of UTF-8, never within a character."""
    encoded = text.encode()
    return text if len(encoded) <= limit else encoded[: limit - 3].decode("utf-8", "ignore") + "…"
