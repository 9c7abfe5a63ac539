"""The web console: for now one status page and ``/healthz``. Services are passed in; nothing here reads the store."""

from __future__ import annotations
