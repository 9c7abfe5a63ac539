"""Small copies of screenshots for the digest, from a real store's folder."""

from __future__ import annotations

import base64
import hashlib
import io
from pathlib import Path

from PIL import Image

from domain.evidence import screenshot_file
from tests.zhengxun.conftest import Zhengxun
from zhengxun.services import Services
from zhengxun.thumbnails import Thumbnails


def _laid_down(evidence: Path, colour: tuple[int, int, int], *, altered: bool = False) -> str:
    stream = io.BytesIO()
    Image.new("RGB", (1280, 4000), colour).save(stream, "PNG")
    data = stream.getvalue()
    name = screenshot_file(hashlib.sha256(data).hexdigest())
    path = evidence / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data + b"x" if altered else data)
    return name


def test_only_whole_screenshots_are_shown(ready: Zhengxun, tmp_path: Path) -> None:
    """A small JPEG of a file that is what its name says; nothing of an altered, absent or foreign one."""
    services = Services.load(tmp_path / "data")
    evidence = services.settings.evidence
    whole, altered = _laid_down(evidence, (0, 90, 0)), _laid_down(evidence, (90, 0, 0), altered=True)
    outside = tmp_path / "secret.png"
    outside.write_bytes((evidence / whole).read_bytes())
    with services.store() as store, Thumbnails(store, evidence) as thumbnails:
        shown = thumbnails.screenshot(whole)
        for name in (altered, screenshot_file("00" * 32), str(outside), "../../secret.png", ""):
            assert thumbnails.screenshot(name) == ""
    kind, _, data = shown.partition(",")
    assert kind == "data:image/jpeg;base64"
    assert Image.open(io.BytesIO(base64.b64decode(data))).size == (160, 240)
