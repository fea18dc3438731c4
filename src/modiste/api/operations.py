"""``/readyz`` and ``/metrics``: for whoever operates the server."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException, Response

from modiste.api.metrics import CONTENT_TYPE_LATEST, Metrics
from modiste.api.problems import problem_responses
from modiste.api.schemas import Readiness

if TYPE_CHECKING:
    from modiste.catalogue import Catalogue

__all__ = ["Doors", "operations_routes"]


@dataclass
class Doors:
    """Whether new customers should come in: not before all is loaded, and not once the server is to stop."""

    open: bool = False

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Within it they are open, until the first SIGTERM or SIGINT."""
        self.open = True
        with self._closing_on_signals():
            try:
                yield
            finally:
                self.open = False

    @contextmanager
    def _closing_on_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():  # signals are not for us, as in tests
            yield
            return

        def close(number: int, frame: FrameType | None) -> None:
            self.open = False
            handler = before[signal.Signals(number)]
            if callable(handler):
                handler(number, frame)

        before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
        for number, handler in before.items():
            if callable(handler):  # the server's own
                signal.signal(number, close)
        try:
            yield
        finally:
            for number, handler in before.items():
                if callable(handler):
                    signal.signal(number, handler)


def operations_routes(catalogue: Catalogue, doors: Doors, metrics: Metrics) -> APIRouter:
    """The routes."""
    routes = APIRouter(tags=["health"])

    @routes.get("/readyz", responses=problem_responses(503))
    def ready() -> Readiness:
        """Whether to send requests here: 503 until all is loaded, and once the server is to stop."""
        if not doors.open:
            raise HTTPException(
                503, "The server is starting or about to stop; ask again.", {"Retry-After": "1"}
            )
        return Readiness(status="ready", items=len(catalogue), version=catalogue.version)

    @routes.get(
        "/metrics",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    def scraped() -> Response:
        """Counts of requests, answers and refusals, for Prometheus; of all workers together."""
        return Response(metrics.exposition(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    return routes
