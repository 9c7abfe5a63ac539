"""The facts of the rule packs in force: qualifications, levels, hosts of authorities and media."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from zhengxun.rules.in_force import rules_in_force
from zhengxun.settings import Settings

if TYPE_CHECKING:
    from classifiers.model import Facts


def facts_in_force(settings: Settings) -> Facts:
    """The facts by which pages are judged now; read again where the packs were changed."""
    from classifiers.loader import digest, pack_files

    folder = rules_in_force(settings).folder
    return _facts(digest(pack_files(folder)), folder)


@lru_cache(maxsize=2)
def _facts(digest: str, folder: Path | None) -> Facts:
    """The facts of packs with this digest."""
    from classifiers.loader import load_facts

    return load_facts(folder)
