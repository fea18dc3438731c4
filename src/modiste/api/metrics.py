"""What a running server counts, for Prometheus.

With several workers each scrape must add up what all of them counted, whichever of them it reaches. Here the
Prometheus client library does that: in its multi-process mode every worker writes its numbers into small
memory-mapped files in one folder (the environment variable ``PROMETHEUS_MULTIPROC_DIR``, which `serve` sets),
and whoever is asked reads them all. Counts of a worker that died stay; what it *held* is forgotten.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

__all__ = ["CONTENT_TYPE_LATEST", "SHARED_FOLDER", "Metrics"]

# Where this is set when the program starts, prometheus-client counts across processes.
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"

# Seconds. The goals for a small photo are 6 ms (median) and 20 ms, for one of a phone 60 ms.
BUCKETS = (0.002, 0.006, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


class Metrics:
    """The numbers of one application.

    >>> metrics = Metrics()
    >>> metrics.answered("GET", "/healthz", 200, 0.003)
    >>> b'modiste_requests_total{method="GET",route="/healthz",status="200"} 1.0' in metrics.exposition()
    True
    """

    def __init__(self) -> None:
        self._registry = mine = CollectorRegistry()
        self._requests = Counter(
            "modiste_requests_total",
            "Answered requests.",
            ["method", "route", "status"],
            registry=mine,
        )
        self._seconds = Histogram(
            "modiste_request_seconds",
            "From a request's first byte to the last of its answer.",
            ["method", "route"],
            buckets=BUCKETS,
            registry=mine,
        )
        self._answers = Counter(
            "modiste_answers_total",
            "Questions that were answered: with items (shown) or with a reason why not (silent).",
            ["outcome"],
            registry=mine,
        )
        self._refused = Counter(
            "modiste_uploads_refused_total",
            "Photos and other bodies that were not taken, and why.",
            ["reason"],
            registry=mine,
        )
        self._items = Gauge(
            "modiste_catalogue_items",
            "Items in the catalogue that is served; the newest word of any worker.",
            registry=mine,
            multiprocess_mode="livemostrecent",
        )
        self._version = Gauge(
            "modiste_catalogue_version",
            "Version of the catalogue that is served; with several workers, of the one furthest behind.",
            registry=mine,
            multiprocess_mode="livemin",
        )

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request was answered. ``route`` is the template of its address: ids never become labels."""
        method = method if method in METHODS else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def recommended(self, shown: bool) -> None:
        self._answers.labels("shown" if shown else "silent").inc()

    def refused(self, reason: str) -> None:
        self._refused.labels(reason).inc()

    def holds(self, items: int, version: int) -> None:
        """What this process serves now."""
        self._items.set(items)
        self._version.set(version)

    def exposition(self) -> bytes:
        """All numbers in Prometheus' text format: of all workers, where there are several."""
        folder = os.environ.get(SHARED_FOLDER)
        if folder is None:
            return generate_latest(self._registry)
        for pid in _dead(Path(folder)):
            mark_process_dead(pid)  # type: ignore[no-untyped-call]
        everyone = CollectorRegistry()
        MultiProcessCollector(everyone)  # type: ignore[no-untyped-call]
        return generate_latest(everyone)


def _dead(folder: Path) -> set[int]:
    """Processes that left files here and are no more."""
    found = (re.fullmatch(r"gauge_live\w+_(\d+)\.db", file.name) for file in folder.iterdir())
    return {pid for match in found if match and not _is_alive(pid := int(match[1]))}


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
