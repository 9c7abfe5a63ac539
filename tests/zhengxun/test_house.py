"""The house rules of docs/architecture.md, checked on the tree itself."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = ("classifiers", "console", "crawler", "digest", "domain", "spiders", "storage", "zhengxun")
MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
#: Small margin over the 400 lines of the rule: a test must not fail over a docstring.
MAX_LINES = 430


def test_rooms_import_only_what_they_may() -> None:
    """The import-linter contracts of pyproject.toml are kept."""
    ran = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout


def test_no_module_has_a_name_that_says_nothing() -> None:
    """utils, helpers, manager, common and misc are banned."""
    assert [path for path in MODULES if re.search(r"util|helper|manager|common|misc", path.stem)] == []


@pytest.mark.parametrize("room", ROOMS)
def test_modules_are_short_and_say_what_they_are(room: str) -> None:
    """Each module has a docstring (an empty __init__ aside) and about 400 lines at most."""
    for path in sorted((ROOT / room).rglob("*.py")):
        text = path.read_text("utf-8")
        assert text.count("\n") <= MAX_LINES, path
        assert not text.strip() or ast.get_docstring(ast.parse(text)), path


def test_no_address_of_a_registry_and_no_path_of_a_machine_is_committed() -> None:
    """Lock files name packages and hashes only; nothing tells where it was made."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False).stdout
    names = [name for name in listed.decode().split("\0") if name] or [str(path.relative_to(ROOT)) for path in MODULES]
    telling = re.compile(
        r"https?://[\w.-]*(?:pypi|pythonhosted|npmjs|mirrors?)\.|--(?:extra-)?index-url\s+\S|/wor[k]/(?:main|shared)/"
    )
    found = []
    for name in names:
        path = ROOT / name
        if path == Path(__file__) or not path.is_file() or path.suffix in {".png", ".docx", ".gz", ".woff2"}:
            continue
        if telling.search(path.read_text("utf-8", errors="replace")):
            found.append(name)
    assert found == []


def test_every_lock_file_pins_with_hashes() -> None:
    """pip install --require-hashes works for each of them."""
    for name in ("build", "run", "dev"):
        text = (ROOT / "requirements" / f"{name}.txt").read_text("utf-8")
        requirements = re.findall(r"^[A-Za-z0-9_.\[\]-]+==[^\s\\;]+", text, re.MULTILINE)
        blocks = re.split(r"^(?=[A-Za-z0-9_.\[\]-]+==)", text, flags=re.MULTILINE)[1:]
        assert len(requirements) == len(blocks) > 0
        assert all("--hash=sha256:" in block for block in blocks), name


def test_wheels_hold_templates_and_data() -> None:
    """What is read at run time beside the code lies inside the packages that are built."""
    for path in (
        "console/templates/status.html",
        "console/static/console.css",
        "digest_templates",
        "zhengxun/demo/sites",
    ):
        assert (ROOT / path).exists(), path
