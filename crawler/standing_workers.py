"""Analysis workers that outlive a crawl: loading dictionaries and rules takes longer than reading a small share of sites.

For processes that crawl again and again (``zhengxun worker``). Kept under the name of what they loaded.
"""

from __future__ import annotations

from crawler.analysis_pool import AnalysisPool

_standing: dict[str, AnalysisPool] = {}


def take(name: str | None) -> AnalysisPool | None:
    """The workers kept under ``name``; nobody else has them until :func:`leave`."""
    return _standing.pop(name, None) if name is not None else None


async def leave(name: str | None, pool: AnalysisPool) -> None:
    """Keep the workers under ``name`` and end all others; None, or workers that are of no use: end these."""
    if name is None or pool.broken:
        await pool.close()
        return
    await dismiss()
    _standing[name] = pool


async def dismiss() -> None:
    """End all that are kept."""
    while _standing:
        await _standing.popitem()[1].close()
