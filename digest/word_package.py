"""Word files put together from templates of their parts (OPC package, ECMA-376 part 2)."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from typing import Any, BinaryIO

from digest.templates import Templates

#: Zip's earliest time: the same values give the same bytes.
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


def write_package(stream: BinaryIO, parts: Mapping[str, str], templates: Templates, values: dict[str, Any]) -> None:
    """Write the parts (name inside the file → template) as one file; templates that end in ``.j2`` are rendered."""
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=5) as package:
        for name, template in parts.items():
            entry = zipfile.ZipInfo(name, _ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            with package.open(entry, "w") as part:
                chunks = templates.render(template, values) if template.endswith(".j2") else (templates.text(template),)
                for chunk in chunks:
                    part.write(chunk.encode())
