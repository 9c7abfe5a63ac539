"""Which addresses may be fetched: the public internet, and nothing that only this machine or its network can reach.

A crawler follows what strangers write. Without a guard a link, a redirect or a DNS answer makes it read the metadata
service of a cloud, a router's page or the database next door (server-side request forgery). Asked for every target,
link and redirect hop by address, and once more for every DNS answer at the moment of connecting.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

import can_ada

from domain.errors import BadInput, RefusedAddress

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = (
    ipaddress.ip_network("64:ff9b::/96"),  # RFC 6052
    ipaddress.ip_network("64:ff9b:1::/48"),  # RFC 8215
)
_V4_COMPATIBLE = ipaddress.ip_network("::/96")
#: What ``is_global`` lets through in some versions of Python although IANA's special-purpose registries do not, and one
#: address that is public by registry, yet answered by the platform under a virtual machine (Azure's WireServer).
_SPECIAL = tuple(
    ipaddress.ip_network(block)
    for block in (
        "192.0.0.0/24",
        "192.88.99.0/24",
        "168.63.129.16/32",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "fec0::/10",
    )
)
_LOCAL_NAMES = ("localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback")
_REMEMBERED = 4096


class AddressGuard:
    """Says whether an address may be fetched; ``allow_networks`` are CIDR blocks that may although not public."""

    def __init__(self, allow_networks: Iterable[str] = ()) -> None:
        self._allowed: list[IPNetwork] = []
        for text in allow_networks:
            try:
                self._allowed.append(ipaddress.ip_network(text.strip(), strict=False))
            except ValueError as error:
                raise BadInput(f"允许访问的网段“{text}”不是 CIDR 写法；请写成 127.0.0.0/8 这样的形式。") from error
        self._refusals: dict[str, str | None] = {}

    def check(self, url: str) -> None:
        """Raise :class:`RefusedAddress` where ``url`` must not be fetched. Names are not resolved here."""
        reason = self.refusal(url)
        if reason is not None:
            raise RefusedAddress(
                f"地址 {url} 不能采集：{reason}；确需采集的，请在 ZHENGXUN_ALLOW_NETWORKS 中写明其网段。"
            )

    def refusal(self, url: str) -> str | None:
        """Chinese reason why ``url`` must not be fetched, or None."""
        scheme, separator, rest = url.partition("://")
        if not separator or scheme.lower() not in ("http", "https"):
            return "不是 http 或 https 地址"
        authority = rest.split("/", 1)[0]
        if authority in self._refusals:
            return self._refusals[authority]
        reason = self._host_refusal(url)
        if len(self._refusals) >= _REMEMBERED:
            self._refusals.clear()
        self._refusals[authority] = reason
        return reason

    def allows_ip(self, text: str) -> bool:
        """Whether a connection to this IP address (as DNS answered it) may be made."""
        try:
            address = ipaddress.ip_address(text.partition("%")[0])
        except ValueError:
            return False
        return self._allows(address)

    def _host_refusal(self, url: str) -> str | None:
        try:
            # WHATWG parsing reads 0x7f.1, 017700000001 and 2130706433 as what the system would connect to.
            host = can_ada.parse(url).hostname
        except ValueError:
            return "地址无法解析"
        # Twisted splits the address by RFC 3986; where both readings differ, one of them is a disguise.
        try:
            plain = urlsplit(url).hostname or ""
        except ValueError:
            return "地址无法解析"
        name = host.strip("[]").rstrip(".").lower()
        if not name:
            return "没有主机名"
        if name in _LOCAL_NAMES or name.endswith(".localhost"):
            name = "127.0.0.1"
        try:
            address = ipaddress.ip_address(name.partition("%")[0])
        except ValueError:
            return "主机名有两种读法" if plain.isascii() and plain.rstrip(".") != name else None
        return None if self._allows(address) else f"{address} 不是公网地址"

    def _allows(self, address: IPAddress) -> bool:
        if self._named(address):
            return True
        # ::ffff:127.0.0.1 is 127.0.0.1 for the operating system: what is meant decides, not how it is written.
        meant = _embedded(address)
        return all(self._named(one) or _is_public(one) for one in meant or [address])

    def _named(self, address: IPAddress) -> bool:
        return any(address.version == network.version and address in network for network in self._allowed)


def _is_public(address: IPAddress) -> bool:
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not address.is_unspecified
        and not any(address.version == block.version and address in block for block in _SPECIAL)
    )


def _embedded(address: IPAddress) -> list[IPAddress]:
    """IPv4 addresses that an IPv6 address stands for: mapped, compatible, 6to4, Teredo, NAT64."""
    if not isinstance(address, ipaddress.IPv6Address):
        return []
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address.sixtofour is not None:
        return [address.sixtofour]
    if address.teredo is not None:
        return list(address.teredo)
    if any(address in network for network in _NAT64):
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    if address in _V4_COMPATIBLE and int(address) > 1:
        return [ipaddress.IPv4Address(int(address))]
    return []
