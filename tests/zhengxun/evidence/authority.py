"""A time stamp authority on this machine: ``openssl ts`` behind a loopback server."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_EXTENSIONS = """extendedKeyUsage=critical,timeStamping
keyUsage=critical,digitalSignature
subjectKeyIdentifier=hash
"""
#: No ``certs=`` line: openssl writes the certificates unsorted, which strict parsers refuse.
_CONFIG = """[tsa]
default_tsa=t
[t]
serial={0}/serial
signer_cert={0}/tsa.pem
signer_key={0}/tsa.key
signer_digest=sha256
default_policy=1.2.3.4.1
digests=sha256,sha512
accuracy=secs:1
ess_cert_id_alg=sha256
"""


def openssl() -> str | None:
    """The program; None where it is not installed."""
    return shutil.which("openssl")


@dataclass
class LocalAuthority:
    """Certificates and answers of one authority."""

    folder: Path
    url: str = ""
    fault: str = ""
    """``replay``: gives its first answer again; ``garbage``; ``error``: HTTP 503."""
    answers: list[bytes] = field(default_factory=list)

    @property
    def roots(self) -> Path:
        """PEM file of its root."""
        return self.folder / "ca.pem"

    def reply(self, query: bytes) -> bytes:
        """The answer to a query."""
        if self.fault == "garbage":
            return b"\x30\x03abc"
        if self.fault == "replay":
            return self.answers[0]
        path = self.folder / "query.tsq"
        path.write_bytes(query)
        config = self.folder / "tsa.cnf"
        made = subprocess.run(
            ["openssl", "ts", "-reply", "-config", str(config), "-queryfile", str(path)],
            capture_output=True,
            check=True,
        )
        self.answers.append(made.stdout)
        return made.stdout

    def set_up(self) -> None:
        """Make its keys."""
        here = self.folder
        here.mkdir(parents=True)
        (here / "ext.cnf").write_text(_EXTENSIONS)
        (here / "serial").write_text("1000\n")
        (here / "tsa.cnf").write_text(_CONFIG.format(here))
        new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        for arguments in (
            ["req", "-x509", *new_key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "3650", "-subj", "/CN=CA"],
            ["req", *new_key, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=TSA"],
            [
                *("x509", "-req", "-in", "tsa.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"),
                *("-days", "3650", "-extfile", "ext.cnf", "-out", "tsa.pem"),
            ],
        ):
            subprocess.run(["openssl", *arguments], cwd=here, check=True, capture_output=True)


@contextmanager
def local_authority(folder: Path) -> Iterator[LocalAuthority]:
    """An authority that answers while the block runs."""
    authority = LocalAuthority(folder)
    authority.set_up()

    class Answers(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            body = b"" if authority.fault == "error" else authority.reply(query)
            self.send_response(503 if authority.fault == "error" else 200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        authority.url = f"http://127.0.0.1:{server.server_address[1]}/"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield authority
        finally:
            server.shutdown()
            thread.join()
