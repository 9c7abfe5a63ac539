"""The examples in deploy/ against the program that they are for."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from console.body_limit import MOST
from zhengxun.settings import PREFIX, Settings

DEPLOY = Path(__file__).parents[2] / "deploy"
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
#: Of the wrapper itself, which takes them out of the environment again.
_WRAPPER = {"ZHENGXUN_PROGRAM", "ZHENGXUN_ENVIRONMENT"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_setting_that_is_named_exists(path: Path) -> None:
    """A setting that was renamed is renamed here too."""
    named = set(re.findall(rf"\b{PREFIX}[A-Z_]+", path.read_text("utf-8")))
    assert named - {PREFIX + name.upper() for name in Settings.model_fields} - _WRAPPER == set()


@pytest.mark.parametrize("name", ["environment.example", "compose.env.example"])
def test_the_environment_is_one_that_the_program_takes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that are in force, and those that are commented out, are settings with values of their kind."""
    for line in (DEPLOY / name).read_text("utf-8").splitlines():
        found = re.fullmatch(rf"#?({PREFIX}[A-Z_]+)=(.*)", line)
        if found and found[1] != "ZHENGXUN_EXIT_ADDRESS":
            monkeypatch.setenv(found[1], found[2])
    monkeypatch.setenv("ZHENGXUN_METRICS_TOKEN", "x" * 16)
    assert Settings.load().console_proxies


def test_the_proxy_takes_what_the_console_takes() -> None:
    """One limit for uploads: what the console would read is not refused before it."""
    text = (DEPLOY / "nginx.conf.example").read_text("utf-8")
    (size,) = re.findall(r"client_max_body_size (\d+)m;", text)
    assert int(size) * 1024 * 1024 == MOST


def test_the_compose_file_fills_every_variable_from_its_example() -> None:
    """No service is given a variable that the example does not name, and the volumes are the image's."""
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    given = set(re.findall(r"^(\w+)=", (DEPLOY / "compose.env.example").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"\$\{(\w+)", text)) <= given
    services = yaml.safe_load(text)["services"]
    (volumes,) = re.findall(r"^VOLUME (\[.*\])$", (DEPLOY / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    mounted = [volume.partition(":")[2] for volume in services["serve"]["volumes"]]
    assert mounted == yaml.safe_load(volumes)


def test_the_wrapper_reads_the_services_settings(tmp_path: Path) -> None:
    """As systemd reads an EnvironmentFile: comments, quotes and words that a shell would run are left alone."""
    settings = tmp_path / "environment"
    settings.write_text(
        "# a\n\nZHENGXUN_A=plain $(id) `id`\nZHENGXUN_B=\"two words\"\nZHENGXUN_C='x=y'\nnot a line\nZHENGXUN_D=end",
        encoding="utf-8",
    )
    program = tmp_path / "program"
    program.write_text('#!/bin/sh\nenv | grep ^ZHENGXUN_ | LC_ALL=C sort\necho "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    # As root the wrapper changes to the service's user; here is none.
    runner = tmp_path / "runuser"
    runner.write_text('#!/bin/sh\n[ "$1 $2 $3" = "-u zhengxun --" ] && shift 3 && exec "$@"\n', encoding="utf-8")
    runner.chmod(0o755)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)} | {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "ZHENGXUN_PROGRAM": str(program),
        "ZHENGXUN_ENVIRONMENT": str(settings),
    }
    ran = subprocess.run(
        [DEPLOY / "zhengxun", "tick", "a b"], env=environment, capture_output=True, text=True, check=True
    )
    assert ran.stdout.splitlines() == [
        "ZHENGXUN_A=plain $(id) `id`",
        "ZHENGXUN_B=two words",
        "ZHENGXUN_C=x=y",
        "ZHENGXUN_D=end",
        "ZHENGXUN_DATA_DIR=/var/lib/zhengxun",
        "tick a b",
    ]
