"""``serve``: console and scheduler in one process, under the lock ``serve``."""

from __future__ import annotations

import logging
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from ipaddress import ip_address

from domain.errors import NotSetUp
from zhengxun.services import Services

logger = logging.getLogger(__name__)


def serve(services: Services, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Run until SIGTERM or SIGINT; ``ready`` is called with the console's address once it is served.

    :class:`domain.errors.LockHeld` where another ``serve`` runs on this data directory, :class:`NotSetUp` where the
    database was not set up or the port is taken.
    """
    import uvicorn

    from console.app import make_app
    from zhengxun.accounts import AccountService
    from zhengxun.console_services import console_services
    from zhengxun.scheduler import Scheduler
    from zhengxun.status import HeldStatus, read_status

    with (
        services.store() as store,  # not set up: say so now, not on the first request
        # Where work is shared out, any number of schedulers may run: handing out has a lock of its own, so one leads.
        nullcontext() if services.settings.workers else services.lock("serve"),
        _listening(host, port) as listener,
    ):
        scheduler = Scheduler(services.settings, services.clock)
        app = make_app(
            console_services(
                services,
                store,
                AccountService(
                    store.accounts, services.clock, two_steps_for=frozenset(services.settings.two_steps_roles)
                ),
                HeldStatus(lambda: read_status(services, store, scheduler)),
            ),
            allowed_hosts(host, services.settings.console_hosts),
            https=services.settings.console_https,
        )
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                timeout_graceful_shutdown=5,
                forwarded_allow_ips=[str(network) for network in services.settings.console_proxies],
            )
        )
        # uvicorn hands the signal on after its own shutdown; without a handler of ours the default one would end the
        # process before the children are seen to.
        previous = {number: signal.signal(number, _ignore) for number in (signal.SIGTERM, signal.SIGINT)}
        scheduler.start()
        try:
            ready(f"http://{_for_address(host)}:{listener.getsockname()[1]}/")
            server.run(sockets=[listener])
        finally:
            scheduler.stop()
            for number, handler in previous.items():
                signal.signal(number, handler)


def allowed_hosts(host: str, names: Sequence[str] = ()) -> list[str]:
    """Names in the Host header that are answered: this machine's own and ``names`` (a proxy's).

    Bound to another address than loopback, and no names given, every name is: who reaches the machine by which of its
    names is not known.
    """
    try:
        loopback = ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    return ["localhost", "127.0.0.1", "[::1]", host, *names] if loopback or names else ["*"]


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """A bound socket; bound here so that a taken port is a written message instead of a log line."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise NotSetUp(f"无法在 {host} 上监听：主机名无法识别。") from error
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
            # From here on connections wait for the server instead of being refused.
            listener.listen(128)
        except OSError as error:
            raise NotSetUp(f"无法监听 {host}:{port}：{_why(error)}；请换一个 --port，或先停止占用它的程序。") from error
        yield listener


def _why(error: OSError) -> str:
    import errno

    return {
        errno.EADDRINUSE: "端口已被占用",
        errno.EACCES: "没有权限",
        errno.EADDRNOTAVAIL: "本机没有这个地址",
    }.get(error.errno or 0, "系统拒绝")


def _for_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _ignore(signum: int, frame: object) -> None:
    """The signal was already acted on."""
