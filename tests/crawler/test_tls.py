"""https: sites with certificates of any kind are read (their pages are evidence, not secrets); broken TLS has a name."""

from __future__ import annotations

import socket
import ssl
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from tests.crawler.crawling import crawl, distrusted_tls, ends, target_of
from tests.web import Site, web


@pytest.fixture
def context(tmp_path: Path) -> ssl.SSLContext:
    """A server with a certificate that nobody trusts."""
    return distrusted_tls(tmp_path)


def test_a_site_with_an_expired_certificate_of_its_own_is_read(tmp_path: Path, context: ssl.SSLContext) -> None:
    """Shady sites seldom have a valid certificate; refusing it would mean not seeing them."""
    with web() as net:
        site = net.site({"/": '<a href="/a">x</a>', "/a": "甲"}, tls=context)
        target = replace(target_of(site), url=f"https://{site.host}/")
        ledger = crawl([target], tmp_path)
    assert ends(ledger) == {"/": ("ok", None), "/a": ("ok", None)}


def test_a_server_that_speaks_no_tls_is_named(tmp_path: Path) -> None:
    """Plain bytes where a handshake is due."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                connection.recv(65536)

        server = threading.Thread(target=answer)
        server.start()
        site = Site("127.0.0.1")
        site.port = listening.getsockname()[1]
        target = replace(target_of(site), url=f"https://{site.host}/")
        assert ends(crawl([target], tmp_path, retries=0)) == {"/": ("failed", "tls")}
        server.join()
