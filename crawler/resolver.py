"""Name resolution whose answers are checked at the moment of connecting.

A check of the name alone has a hole: a name may answer with a public address to whoever asks first and with
169.254.169.254 to the connection that follows (DNS rebinding). Here the very addresses that Twisted is about to connect
to pass the guard; refused ones are taken out, so there is nothing left to connect to. IP literals take the same way.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress, IHostnameResolver, IHostResolution, IResolutionReceiver
from twisted.internet.threads import deferToThreadPool
from twisted.python.failure import Failure
from zope.interface import implementer

from crawler.address_guard import AddressGuard
from crawler.settings import Lookup

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

#: Names whose answers (or refusals) are remembered.
_REMEMBERED = 10_000
#: Seconds an answer is used again. Getaddrinfo tells no TTL; a crawl asks for one host once a second at most, so this
#: saves nearly all look-ups and still follows a site that moves.
_FRESH = 300.0


def system_lookup(name: str) -> list[str]:
    """Addresses of ``name`` from the operating system; blocks. Raises ``OSError`` where there are none."""
    answers = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(answer[4][0]) for answer in answers))


@implementer(IHostResolution)
class _Resolution:
    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        """Nothing to do: a look-up in a thread cannot be stopped; whoever asked has stopped listening."""


@implementer(IHostnameResolver)
class GuardedResolver:
    """Twisted's resolver for the whole reactor; ``refused_answer`` tells afterwards why a name had no address."""

    def __init__(self, reactor: Any, guard: AddressGuard, lookup: Lookup | None = None) -> None:
        self._reactor = reactor
        self._guard = guard
        self._lookup = lookup or system_lookup
        self._answers: OrderedDict[str, tuple[float, list[str]]] = OrderedDict()
        self._refused: OrderedDict[str, str] = OrderedDict()

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: Any) -> GuardedResolver:
        """As Scrapy's own process builds it (``scrapy crawl``)."""
        return cls(reactor, AddressGuard(crawler.settings.getlist("ALLOW_NETWORKS")))

    def install_on_reactor(self) -> None:
        """Put it in place of the reactor's resolver."""
        self._reactor.installNameResolver(self)

    def serve(self, guard: AddressGuard, lookup: Lookup | None) -> None:
        """Answer for another crawl from now on; nothing remembered of the last one is used."""
        self._guard = guard
        self._lookup = lookup or system_lookup
        self._answers.clear()
        self._refused.clear()

    def refused_answer(self, name: str) -> str | None:
        """The non-public address that ``name`` answered with, where the last look-up was refused for it."""
        return self._refused.get(name.lower())

    def resolveHostName(
        self,
        resolutionReceiver: IResolutionReceiver,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Sequence[type[IAddress]] | None = None,
        transportSemantics: str = "TCP",
    ) -> IHostResolution:
        """Give ``resolutionReceiver`` the addresses of ``hostName`` that may be connected to."""
        name = hostName.lower()
        resolution = _Resolution(name)
        resolutionReceiver.resolutionBegan(resolution)
        known = self._known(name)
        if known is not None:
            self._deliver(resolutionReceiver, name, known, portNumber)
            return resolution
        pool = self._reactor.getThreadPool()
        looked_up: Deferred[Sequence[str]] = deferToThreadPool(self._reactor, pool, self._lookup, name)

        def answered(addresses: Sequence[str]) -> None:
            self._answers[name] = (time.monotonic(), list(addresses))
            while len(self._answers) > _REMEMBERED:
                self._answers.popitem(last=False)
            self._deliver(resolutionReceiver, name, addresses, portNumber)

        def failed(failure: Failure) -> None:
            if not failure.check(OSError, UnicodeError):
                logger.error("name look-up of %s failed", name, exc_info=failure.value)
            resolutionReceiver.resolutionComplete()

        looked_up.addCallbacks(answered, failed)
        return resolution

    def _known(self, name: str) -> list[str] | None:
        try:
            return [str(ipaddress.ip_address(name.partition("%")[0]))]
        except ValueError:
            pass
        answer = self._answers.get(name)
        if answer is None or time.monotonic() - answer[0] > _FRESH:
            return None
        return answer[1]

    def _deliver(self, receiver: IResolutionReceiver, name: str, addresses: Sequence[str], port: int) -> None:
        allowed = [address for address in addresses if self._guard.allows_ip(address)]
        if addresses and not allowed:
            self._refused[name] = addresses[0]
            while len(self._refused) > _REMEMBERED:
                self._refused.popitem(last=False)
        else:
            self._refused.pop(name, None)
        for address in allowed:
            kind = IPv6Address if ":" in address else IPv4Address
            receiver.addressResolved(kind("TCP", address, port))
        receiver.resolutionComplete()
