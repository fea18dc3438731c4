"""Serve until told to stop, then finish what has been begun.

Several workers are processes of their own, each with a model and a snapshot of the catalogue in memory. They
share the listening socket, the catalogue's folder, and a folder in which they count (`Metrics`). One that
dies is replaced.
"""

from __future__ import annotations

import errno
import ipaddress
import logging
import os
import socket
import sys
import tempfile
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import uvicorn
from fastapi import FastAPI
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from modiste.api.app import create_app
from modiste.api.guard import LOOPBACK_HOSTS
from modiste.api.logs import LogFormat, log_to_stderr
from modiste.api.metrics import SHARED_FOLDER
from modiste.errors import ModisteError

if TYPE_CHECKING:
    from modiste.api.classify import Classifier
    from modiste.api.measured import ErrorCurve
    from modiste.api.trends import Finder
    from modiste.catalogue import TypeRecogniser
    from modiste.recommendation import Feedback, Guarantee, Recommender

__all__ = ["serve"]

# How long requests that have been begun may take once the server is to stop.
SECONDS_TO_FINISH = 10
# A worker is asked this often whether it is well; loading a model may keep it from answering.
SECONDS_TO_ANSWER = 60

_log = logging.getLogger(__name__)


def serve(
    recommender: Recommender | Callable[[], Recommender],
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    name: str = "Modiste",
    allowed_hosts: Collection[str] | None = None,
    feedback: Feedback | None = None,
    guarantee: Guarantee | None = None,
    types: Callable[[Recommender], TypeRecogniser] | None = None,
    trends: Callable[[Recommender], Finder] | None = None,
    token: str | None = None,
    classifiers: Sequence[Classifier] = (),
    curve: ErrorCurve | None = None,
    allowed_origins: Collection[str] = (),
    workers: int = 1,
    log: LogFormat | None = None,
    ready: Callable[[str], None] = lambda url: None,
) -> None:
    """Serve ``recommender`` on ``host`` and ``port`` (0: any free one) until Ctrl-C or SIGTERM.

    ``ready`` is called with the page's address once a browser can open it. ``allowed_hosts`` are the host
    names requests may carry; by default those of this computer if ``host`` is one of them, else any. With
    ``log`` every request has its line on the standard error stream. The rest is as in `create_app`.

    ``types`` makes what recognises types from the recommender that is served, and ``trends`` what finds new
    ones. For several ``workers``,
    ``recommender`` is a function that opens one, at the top of a module or a
    ``partial`` of such: each of the processes calls it.

    Raises `ModisteError` if the address cannot be listened on.
    """
    loopback = _is_loopback(host)
    if allowed_hosts is None:
        allowed_hosts = LOOPBACK_HOSTS if loopback else ("*",)
    options = {
        "name": name,
        "allowed_hosts": tuple(allowed_hosts),
        "feedback": feedback,
        "guarantee": guarantee,
        "token": token,
        "classifiers": classifiers,
        "curve": curve,
        "allowed_origins": tuple(allowed_origins),
    }
    make = partial(_application, recommender, types, trends, options, log)
    with _listen(host, port) as listening:
        url = _url(host, listening.getsockname()[1])
        if workers > 1:
            _serve_by_many(make, workers, listening, lambda: ready(url))
        else:
            config = _config(make())
            ready(url)
            with suppress(KeyboardInterrupt):  # uvicorn has shut down and passes on why
                uvicorn.Server(config).run(sockets=[listening])


def _application(
    recommender: Recommender | Callable[[], Recommender],
    types: Callable[[Recommender], TypeRecogniser] | None,
    trends: Callable[[Recommender], Finder] | None,
    options: dict[str, Any],
    log: LogFormat | None,
) -> FastAPI:
    """What each process serves."""
    if log is not None:
        log_to_stderr(log)
    opened = recommender() if callable(recommender) else recommender
    return create_app(
        opened,
        types=None if types is None else types(opened),
        trends=None if trends is None else trends(opened),
        **options,
    )


def _workers_application(make: Callable[[], FastAPI]) -> FastAPI:
    """The same, but what keeps it from starting is told and ends all workers: the next would fail as well."""
    try:
        return make()
    except ModisteError as error:
        _log.error("%s", error)
        sys.exit(STARTUP_FAILURE)


class _Workers(Multiprocess):
    """uvicorn's, but the end of a worker that is just asked whether it is well is known at once."""

    def init_processes(self) -> None:
        super().init_processes()
        for process in self.processes:
            # A pipe whose other end this process holds as well would outlive the worker.
            process.child_conn.close()


def _serve_by_many(
    make: Callable[[], FastAPI], workers: int, listening: socket.socket, ready: Callable[[], None]
) -> None:
    # Workers that each used all processors would only wait for one another.
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // workers)))
    with tempfile.TemporaryDirectory(prefix="modiste-metrics-") as shared:
        os.environ[SHARED_FOLDER] = shared
        config = _config(
            partial(_workers_application, make),
            factory=True,
            workers=workers,
            timeout_worker_healthcheck=SECONDS_TO_ANSWER,
        )
        supervisor = _Workers(config, sockets=[listening])
        ready()
        supervisor.run()


def _config(app: Any, **more: Any) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        http="h11",  # httptools is faster and has no limit on how long a header may be
        timeout_graceful_shutdown=SECONDS_TO_FINISH,
        **more,
    )


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket: connections are taken from now on, and wait until they are answered."""
    where = f"{host}:{port}"
    try:
        family, *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.create_server((host, port), family=family, backlog=128)
        # Connections inherit it. asyncio sees to it only on sockets that it made itself, and without it an
        # answer in two pieces, header and body, waits 40 ms for the first to be acknowledged.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listening
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
