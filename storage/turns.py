"""Turns at hosts across machines, on PostgreSQL: :class:`domain.ports.HostTurns`.

A turn is an advisory lock: the server drops it with the connection, so that a killed worker blocks nobody. When the host
may be asked next stands in ``host_turns``, by the server's clock, so that machines whose clocks differ agree on it.
"""

from __future__ import annotations

from contextlib import ExitStack

from sqlalchemy import text

from storage.engine import parse_url
from storage.locks import lock_key, session, try_lock

#: A holder that died leaves ``taken``: the pause that it would have made is made then.
_TAKE = text(
    """
    INSERT INTO host_turns AS turn (host, ready_at, taken) VALUES (:host, clock_timestamp(), true)
    ON CONFLICT (host) DO UPDATE SET taken = true, ready_at = CASE WHEN turn.taken
        THEN GREATEST(turn.ready_at, clock_timestamp() + make_interval(secs => :delay)) ELSE turn.ready_at END
    RETURNING EXTRACT(EPOCH FROM turn.ready_at - clock_timestamp())
    """
)
_GIVE_BACK = text(
    "UPDATE host_turns SET taken = false, ready_at = clock_timestamp() + make_interval(secs => :pause) WHERE host = :host"
)


class SharedTurns:
    """Turns of one process. They need a connection of their own, because advisory locks belong to one."""

    def __init__(self, database_url: str) -> None:
        self._held = ExitStack()
        self._connection, self._schema = self._held.enter_context(session(parse_url(database_url)))

    def take(self, host: str, delay: float) -> float | None:
        """See the port."""
        if not try_lock(self._connection, self._key(host)):
            return None
        wait = self._connection.execute(_TAKE, {"host": host, "delay": delay}).scalar_one()
        return max(0.0, float(wait))

    def give_back(self, host: str, pause: float) -> None:
        """See the port."""
        self._connection.execute(_GIVE_BACK, {"host": host, "pause": pause})
        self._connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": self._key(host)})

    def close(self) -> None:
        """See the port."""
        self._held.close()

    def _key(self, host: str) -> int:
        return lock_key(self._schema, f"host:{host}")
