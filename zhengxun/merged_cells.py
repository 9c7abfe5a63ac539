"""Merged cells of an .xlsx: openpyxl reads none when it streams, and a body with many occupations has its name only once."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence

#: First row of a merged area → (column from 0, last row) of each that begins there.
Merged = Mapping[int, Sequence[tuple[int, int]]]

# ECMA-376 part 1, 18.3.1.55. Inside of a cell's text "<" is written as an entity, so that this is always the element.
_AREA = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]{0,80}?ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
_CHUNK, _OVERLAP = 1 << 20, 200
#: Areas of one sheet that are looked at; a list of 100,000 rows has fewer.
_MOST = 200_000


def merged_down(body: bytes, sheet_path: str) -> Merged:
    """Areas of one column and several rows in the part ``sheet_path`` of the .xlsx ``body``.

    Wider areas are titles and headings of sections: what they say is said of no single column.
    """
    from openpyxl.utils.cell import column_index_from_string

    found: dict[int, list[tuple[int, int]]] = {}
    number, rest = 0, b""
    with zipfile.ZipFile(io.BytesIO(body)) as archive, archive.open(sheet_path.lstrip("/")) as part:
        while chunk := part.read(_CHUNK):
            held = rest + chunk
            end = 0
            for match in _AREA.finditer(held):
                end = match.end()
                left, top, right, bottom = match.groups()
                if left == right and int(top) < int(bottom) and number < _MOST:
                    column = column_index_from_string(left.decode())
                    found.setdefault(int(top), []).append((column - 1, int(bottom)))
                    number += 1
            rest = held[max(end, len(held) - _OVERLAP) :]
    return found


class Filler:
    """Writes into each row of a merged area what its first row says; rows come in order."""

    def __init__(self, merged: Merged) -> None:
        self._merged = merged
        self._open: dict[int, tuple[int, str]] = {}

    def fill(self, number: int, cells: list[str]) -> list[str]:
        """The cells of row ``number`` with those of the areas that reach into it."""
        for column, (last, words) in list(self._open.items()):
            if number > last:
                del self._open[column]
            elif column < len(cells) and not cells[column]:
                cells[column] = words
        for column, last in self._merged.get(number, ()):
            if column < len(cells) and cells[column]:
                self._open[column] = (last, cells[column])
        return cells
