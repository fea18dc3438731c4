"""Serve until told to stop, then finish what has been begun."""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import uvicorn

from modiste.api.app import create_app
from modiste.api.guard import LOOPBACK_HOSTS
from modiste.errors import ModisteError

if TYPE_CHECKING:
    from modiste.api.classify import Classifier
    from modiste.api.measured import ErrorCurve
    from modiste.recommendation import Feedback, Guarantee, Recommender

__all__ = ["serve"]

SECONDS_TO_FINISH = 10


def serve(
    recommender: Recommender,
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    name: str = "Modiste",
    allowed_hosts: Collection[str] | None = None,
    feedback: Feedback | None = None,
    guarantee: Guarantee | None = None,
    token: str | None = None,
    classifiers: Sequence[Classifier] = (),
    curve: ErrorCurve | None = None,
    ready: Callable[[str], None] = lambda url: None,
) -> None:
    """Serve ``recommender`` on ``host`` and ``port`` (0: any free one) until Ctrl-C or SIGTERM.

    ``ready`` is called with the page's address once a browser can open it. ``allowed_hosts`` are the host
    names requests may carry; by default those of this computer if ``host`` is one of them, else any. The rest
    is as in `create_app`.

    Raises `ModisteError` if the address cannot be listened on.
    """
    loopback = _is_loopback(host)
    if allowed_hosts is None:
        allowed_hosts = LOOPBACK_HOSTS if loopback else ("*",)
    with _listen(host, port) as listening:
        app = create_app(
            recommender,
            name=name,
            allowed_hosts=allowed_hosts,
            feedback=feedback,
            guarantee=guarantee,
            token=token,
            classifiers=classifiers,
            curve=curve,
        )
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=SECONDS_TO_FINISH,
        )
        ready(_url(host, listening.getsockname()[1]))
        with suppress(KeyboardInterrupt):  # uvicorn has shut down and passes on why
            uvicorn.Server(config).run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket: connections are taken from now on, and wait until they are answered."""
    where = f"{host}:{port}"
    try:
        family, *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server((host, port), family=family, backlog=128)
    except socket.gaierror as error:
        raise ModisteError(f"{host}: no such host; --host 127.0.0.1 listens on this computer") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ModisteError(
                f"{where}: another program is using this port; choose one with --port"
            ) from error
        if error.errno == errno.EACCES:
            raise ModisteError(f"{where}: not allowed; choose a --port of 1024 or above") from error
        raise ModisteError(
            f"{where}: cannot be listened on ({error.strerror}); check --host and --port"
        ) from error


def _is_loopback(host: str) -> bool:
    """Whether only this computer can reach ``host``.

    >>> _is_loopback("localhost"), _is_loopback("::1"), _is_loopback("0.0.0.0"), _is_loopback("shop.example")
    (True, True, False, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _url(host: str, port: int) -> str:
    """Where to point a browser on this computer.

    >>> _url("0.0.0.0", 8000), _url("::1", 80)
    ('http://127.0.0.1:8000', 'http://[::1]:80')
    """
    reachable = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"
