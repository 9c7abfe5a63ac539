"""nginx with deploy/nginx.conf.example in front of a real ``zhengxun serve``: ``python scripts/check_proxy.py``.

Needs nginx, openssl and Chromium. Ports and certificate are exchanged, nothing else of the example. Prints what it found
to hold and ends with 1 at the first thing that does not. The client speaks from 127.0.0.2, so that its address in the
audit log can be told from the proxy's.
"""

from __future__ import annotations

import http.client
import os
import re
import shutil
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import urlencode

from playwright.sync_api import sync_playwright

from console.body_limit import MOST

ROOT = Path(__file__).parent.parent
NAME, CLIENT, FORGED = "zhengxun.example.gov.cn", "127.0.0.2", "203.0.113.9"
USER, WORD = "zhangsan", "correct horse battery 9"
#: Must come from one place only, once each.
ONCE = ("Strict-Transport-Security", "Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options",
        "Referrer-Policy", "Cache-Control")  # fmt: skip


def holds(condition: object, what: str) -> None:
    """Print ``what`` where it holds, and end the program where it does not."""
    print("正常" if condition else "不符", what, flush=True)
    if not condition:
        sys.exit(1)


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def configuration(folder: Path, ports: dict[str, int]) -> Path:
    """The example with this machine's ports and a certificate of our own, inside the least nginx.conf there is."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}",
         "-addext", f"subjectAltName=DNS:{NAME}", "-keyout", folder / "console.key", "-out", folder / "console.crt"],
        check=True, capture_output=True,
    )  # fmt: skip
    text = (ROOT / "deploy/nginx.conf.example").read_text("utf-8")
    for old, new in (
        ("listen 80;", f"listen 127.0.0.1:{ports['http']};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{ports['https']} ssl;"),
        ("/etc/zhengxun/", f"{folder}/"),
        ("127.0.0.1:8000;", f"127.0.0.1:{ports['serve']};"),
    ):
        assert old in text, old
        text = text.replace(old, new)
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    path = folder / "nginx.conf"
    path.write_text(
        f"pid {folder}/nginx.pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{temporary}{text}\n}}\n",
        encoding="utf-8",
    )
    return path


@contextmanager
def running(*command: str | Path, **environment: str) -> Iterator[None]:
    """A process for the time of the block."""
    process = subprocess.Popen([str(word) for word in command], env=os.environ | environment, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(60)


def wait_for(port: int) -> None:
    """Return when something listens there."""
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    holds(False, f"端口 {port} 有程序应答")


class Client:
    """Requests to the proxy from :data:`CLIENT`."""

    def __init__(self, port: int) -> None:
        self._port = port

    def __call__(
        self, method: str, path: str, body: bytes | None = None, name: str = NAME, **headers: str
    ) -> http.client.HTTPResponse:
        """One answer, whose body is read. The certificate is ours, so nobody vouches for it."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self._port, timeout=60, source_address=(CLIENT, 0), context=context
        )
        given = {"Host": f"{name}:{self._port}", "X-Forwarded-For": FORGED, "X-Real-IP": FORGED}
        given["Forwarded"] = f"for={FORGED}"
        with closing(connection):
            connection.putrequest(method, path, skip_host=True)
            for header, value in (given | {key.replace("_", "-"): value for key, value in headers.items()}).items():
                connection.putheader(header, value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders()
            if body is not None:
                with suppress(OSError):  # refused before all of it was read: the answer says so
                    connection.send(body)
            answer = connection.getresponse()
            answer.read()
        return answer


def check_pages(ask: Client, ports: dict[str, int]) -> None:
    """What is served, to whom, and with which headers."""
    plain = http.client.HTTPConnection("127.0.0.1", ports["http"], timeout=10)
    with closing(plain):
        plain.request("GET", "/login", headers={"Host": NAME})
        answer = plain.getresponse()
    holds((answer.status, answer.getheader("Location")) == (301, f"https://{NAME}/login"), "HTTP 转到 HTTPS")
    answer = ask("GET", "/login")
    names = [name.lower() for name, _ in answer.getheaders()]
    holds(answer.status == 200, "登录页打得开")
    holds(all(names.count(name.lower()) == 1 for name in ONCE), f"安全头各一个：{'、'.join(ONCE)}")
    holds(not re.search(r"\d", answer.getheader("Server") or ""), "不报服务器版本号")
    holds(ask("GET", "/login", name="elsewhere.example").status == 400, "别的域名不应答")
    holds(ask("GET", "/metrics").status == 404, "指标不经代理")
    holds(ask("GET", "/healthz").status == 403, "监控主机以外的地址读不到 /healthz")
    for path in ("/evidence/", "/evidence/chain.jsonl", "/static/../../evidence/chain.jsonl", "/var/zhengxun.db"):
        holds(ask("GET", path).status in (303, 400, 403, 404), f"未登录读不到 {path}")


def check_login(ask: Client, folder: Path) -> None:
    """Logging in by hand with forged addresses."""
    form = urlencode({"name": USER, "password": WORD}).encode()
    kind = {"Content_Type": "application/x-www-form-urlencoded"}
    holds(
        ask("POST", "/login", form, Origin="https://elsewhere.example", **kind).status == 403,
        "别的网站代发的登录被拒绝",
    )
    answer = ask("POST", "/login", form, **kind)
    cookie = answer.getheader("Set-Cookie") or ""
    holds(answer.status == 303, "可以登录")
    holds("Secure" in cookie and "HttpOnly" in cookie, "登录凭据只在 HTTPS 上发送，脚本读不到")
    with closing(sqlite3.connect(folder / "data/zhengxun.db")) as database:
        seen = {row[0] for row in database.execute("SELECT address FROM audit_log WHERE actor = ?", (USER,))}
    holds(seen == {CLIENT}, f"审计日志中是真实地址 {CLIENT}，伪造的 {FORGED} 不算数（记下的是 {seen}）")


def check_uploads(ask: Client) -> None:
    """The limit is the console's own: at it the console answers, above it nobody reads on."""
    kind = {"Content_Type": "application/x-www-form-urlencoded"}
    body = b"name=".ljust(MOST, b"x")
    status = ask("POST", "/login", body, **kind).status
    holds(status not in (413, 502, 504), f"{MOST} 字节以内的上传由程序处理（{status}）")
    holds(ask("POST", "/login", body + b"x", **kind).status == 413, f"超过 {MOST} 字节的上传被拒绝")


def check_browser(port: int) -> None:
    """A person's way in."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=[f"--host-resolver-rules=MAP {NAME} 127.0.0.1"],
            chromium_sandbox=os.geteuid() != 0,
        )
        page = browser.new_context(ignore_https_errors=True).new_page()
        page.goto(f"https://{NAME}:{port}/")
        page.fill("#name", USER)
        page.fill("#password", WORD)
        page.press("#password", "Enter")
        page.wait_for_url("**/digest**")
        holds("证巡" in page.title(), "Chromium 经代理登录，看到简报页")
        browser.close()


def main() -> None:
    """All of it, in a folder of its own."""
    nginx = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if nginx is None:
        sys.exit("没有安装 nginx，不能检查（apt-get install nginx-light）。")
    for name in [name for name in os.environ if name.startswith("ZHENGXUN_")]:
        del os.environ[name]
    with tempfile.TemporaryDirectory(prefix="check-proxy-") as place:
        folder = Path(place)
        folder.chmod(0o755)  # nginx's own user passes through
        ports = {name: free_port() for name in ("http", "https", "serve")}
        conf = configuration(folder, ports)
        tested = subprocess.run([nginx, "-t", "-c", conf], capture_output=True, text=True, check=False)
        holds(tested.returncode == 0 and "warn" not in tested.stderr, f"nginx -t {tested.stderr.strip()[-200:]}")
        program = [sys.executable, "-m", "zhengxun", "--data-dir", str(folder / "data")]
        subprocess.run([*program, "init"], check=True, stdout=subprocess.DEVNULL)
        add = [*program, "users", "add", USER, "--role", "admin", "--password-stdin"]
        subprocess.run(add, input=f"{WORD}\n", text=True, check=True, stdout=subprocess.DEVNULL)
        served = [*program, "serve", "--port", str(ports["serve"])]
        with (
            running(*served, ZHENGXUN_CONSOLE_HTTPS="true", ZHENGXUN_CONSOLE_HOSTS=NAME),
            running(nginx, "-c", conf, "-g", "daemon off;"),
        ):
            for port in ports.values():
                wait_for(port)
            ask = Client(ports["https"])
            check_pages(ask, ports)
            check_login(ask, folder)
            check_uploads(ask)
            check_browser(ports["https"])


if __name__ == "__main__":
    main()
