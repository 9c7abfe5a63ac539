"""How a command gets at the wiring: ``services_of(ctx)``; settings are read, and logging is set up, at most once."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import click

from zhengxun.logs import configure_logging
from zhengxun.services import Services


def services_of(ctx: click.Context) -> Services:
    """The services of this invocation."""
    found = ctx.ensure_object(dict)
    if "services" not in found:
        services = Services.load(found.get("data_dir"))
        found["data_dir"] = str(services.settings.data_dir)
        configure_logging(services.settings.log_level, services.settings.log_format)
        found["services"] = services
    services = found["services"]
    assert isinstance(services, Services)
    return services


def login_name() -> str:
    """Who runs the program, by the system's login; a word for nobody where the system does not say."""
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "未署名"


def actor_name(by: str | None) -> str:
    """Who acts: the name given, else the login name."""
    return by.strip() if by and by.strip() else login_name()


def program_words() -> str:
    """How this program is called from the current folder, to be copied into a shell: its name only if PATH finds it."""
    import shutil

    running = Path(sys.argv[0]).absolute()
    if running.name != "zhengxun":
        return f"{shlex.quote(sys.executable)} -m zhengxun"
    found = shutil.which("zhengxun")
    if found is not None and Path(found).samefile(running):
        return "zhengxun"
    if not running.is_relative_to(Path.cwd()):
        return shlex.quote(str(running))
    return shlex.quote(os.path.relpath(running) if running.parent != Path.cwd() else f"./{running.name}")
