"""No way leads to an address that only this machine or its network can reach."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from crawler.address_guard import AddressGuard
from domain.errors import BadInput, RefusedAddress
from domain.target import Scope
from tests.crawler.crawling import crawl, ends, outcomes, target_of
from tests.web import redirect, web

REFUSED = [
    "http://127.0.0.1/",
    "http://127.1/",
    "http://0x7f.1/",
    "http://0x7f000001/",
    "http://2130706433/",
    "http://017700000001/",
    "http://0/",
    "http://0.0.0.0/",
    "http://[::]/",
    "http://[::1]/",
    "http://localhost/",
    "http://LOCALHOST./",
    "http://a.localhost:8080/",
    "http://10.0.0.1/",
    "http://10.1/",
    "http://172.16.5.4/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/",
    "http://100.64.0.1/",
    "http://100.100.100.200/",
    "http://168.63.129.16/",
    "http://224.0.0.1/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://192.0.0.192/",
    "http://198.18.0.1/",
    "http://[fe80::1]/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/",
    "http://[ff02::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[2002:7f00:1::]/",
    "http://[2001:0:4136:e378:8000:63bf:80ff:fffe]/",
    "http://user:pass@127.0.0.1/",
    "http://8.8.8.8@127.0.0.1/",
    "http://127.0.0.1\\@8.8.8.8/",
    "http://①②⑦.⓪.⓪.①/",
    "http://127.0.0.1:80/",
    "https://127.0.0.1/",
    "file:///etc/passwd",
    "ftp://8.8.8.8/",
    "gopher://8.8.8.8/",
    "javascript:alert(1)",
    "http:///",
    "http://[/",
    "http://a%00b/",
    "//8.8.8.8/",
]
ALLOWED = [
    "http://8.8.8.8/",
    "https://93.184.216.34:8443/x",
    "http://www.example.com/",
    "http://中文.cn/",
    "http://xn--fiq228c.cn/",
    "http://[2606:4700::1111]/",
    "http://[::ffff:8.8.8.8]/",
    "http://[64:ff9b::808:808]/",
    "http://[2002:808:808::1]/",
    "HTTP://EXAMPLE.COM/",
]


@pytest.mark.parametrize("url", REFUSED)
def test_refused(url: str) -> None:
    """Private, loopback, link-local, shared, multicast and reserved addresses, however they are written."""
    guard = AddressGuard()
    assert guard.refusal(url)
    with pytest.raises(RefusedAddress, match="ZHENGXUN_ALLOW_NETWORKS"):
        guard.check(url)


@pytest.mark.parametrize("url", ALLOWED)
def test_allowed(url: str) -> None:
    """Public addresses and names; names are checked when they are resolved."""
    assert AddressGuard().refusal(url) is None


def test_networks_named_in_settings_are_allowed_and_no_others() -> None:
    """A CIDR block opens itself in all spellings, nothing beside it."""
    guard = AddressGuard(["127.0.0.0/8", " 10.1.0.0/16 ", "fd00::/8"])
    for url in (
        "http://127.0.0.5:8000/",
        "http://localhost/",
        "http://[::ffff:127.0.0.1]/",
        "http://10.1.2.3/",
        "http://[fd00::1]/",
    ):
        assert guard.refusal(url) is None
    for url in ("http://10.2.0.1/", "http://192.168.0.1/", "http://[::1]/"):
        assert guard.refusal(url)
    with pytest.raises(BadInput, match="CIDR"):
        AddressGuard(["loopback"])


def test_a_name_that_resolves_to_a_private_address_is_refused(tmp_path: Path) -> None:
    """The answer of DNS is checked at the moment of connecting, for pages and for redirects."""
    names = {"good.test": ["127.0.0.2"], "evil.test": ["10.0.0.1"], "mixed.test": ["10.0.0.1", "127.0.0.2"]}
    asked: list[str] = []

    def lookup(name: str) -> list[str]:
        asked.append(name)
        if name not in names:
            raise OSError("no such name")
        return names[name]

    with web() as net:
        site = net.site({"/": '<a href="/r">x</a>', "/a": "甲"})
        port = site.port
        site.pages["/r"] = redirect(f"http://evil.test:{port}/a")
        hosts = tuple(f"{name}:{port}" for name in (*names, "none.test"))
        scope = Scope(hosts)
        targets = [
            replace(target_of(site, number, scope=scope), url=f"http://{name}:{port}/")
            for number, name in enumerate((*names, "none.test"), 1)
        ]
        ledger = crawl(targets, tmp_path, lookup=lookup, retries=0)
    by_address = {visit.outcome.request.url: visit.outcome for visit in ledger.visits.values()}
    evil = by_address[f"http://evil.test:{port}/"]
    assert (evil.outcome.value, evil.reason) == ("failed", "refused_address")
    assert "10.0.0.1" in (evil.detail or "")
    assert by_address[f"http://good.test:{port}/"].outcome.value == "ok"
    assert by_address[f"http://mixed.test:{port}/"].outcome.value == "ok"
    none = by_address[f"http://none.test:{port}/"]
    assert (none.outcome.value, none.reason) == ("failed", "dns")
    led = by_address[f"http://good.test:{port}/r"]
    assert (led.outcome.value, led.reason) == ("failed", "refused_address")
    assert len(asked) <= 5


def test_targets_on_refused_addresses_are_not_fetched(tmp_path: Path) -> None:
    """Without the setting even a target that someone entered is refused, and nothing is sent to it."""
    with web() as net:
        site = net.site({"*": "x"})
        ledger = crawl([target_of(site)], tmp_path, allow_networks=())
        assert ends(ledger) == {"/": ("failed", "refused_address")}
        assert site.seen == []
        assert "不是公网地址" in (outcomes(ledger)["/"].detail or "")
