"""How a command gets at the wiring: ``services_of(ctx)``; settings are read, and logging is set up, at most once."""

from __future__ import annotations

import logging
import sys

import click

from zhengxun.services import Services


def services_of(ctx: click.Context) -> Services:
    """The services of this invocation."""
    found = ctx.ensure_object(dict)
    if "services" not in found:
        services = Services.load(found.get("data_dir"))
        found["data_dir"] = str(services.settings.data_dir)
        configure_logging(services.settings.log_level)
        found["services"] = services
    services = found["services"]
    assert isinstance(services, Services)
    return services


def configure_logging(level: str) -> None:
    """Log to standard error only: standard output belongs to results."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
