"""The table of extractors is complete and consistent."""

from __future__ import annotations

import pkgutil

from crawler.extract import extractors
from crawler.extract.table import EXTRACTORS


def test_every_module_of_the_folder_is_in_the_table() -> None:
    """Folder and table agree, so that no extractor is forgotten."""
    modules = {info.name for info in pkgutil.iter_modules(extractors.__path__)}
    assert {extractor.extract.__module__.rpartition(".")[2] for extractor in EXTRACTORS} == modules


def test_names_carry_a_version_and_are_unique() -> None:
    """Documents name what made them, as ``module/version``."""
    names = [extractor.name for extractor in EXTRACTORS]
    assert len(set(names)) == len(names)
    for extractor in EXTRACTORS:
        module, _, version = extractor.name.partition("/")
        assert module == extractor.extract.__module__.rpartition(".")[2]
        assert version.isdigit()
