"""`index` on a Ray cluster: many machines read, decode and embed; one process commits.

Ray Data deals the listing out in small blocks. Each worker keeps an encoder and does all of a block itself,
so no decoded photo travels between machines: what comes back is a vector, the photo as pages show it, or the
reason why there is none. The process that was started, and no other, writes the catalogue, in the listing's
order and in portions, as `index` does; what is committed is never done again.

**When a machine dies**, Ray Data lets go of the blocks that were lost with it. What has not come back is
known here, photo by photo, and goes out once more to the machines that are left: nothing is lost, and since
an item's id is its key in the catalogue, nothing is there twice. An interrupted run goes on in the same way.

Every machine must have Modiste installed and see the photos and the model under the same path. Photos come
from a folder or a zip. Source: https://docs.ray.io/en/latest/data/batch_inference.html.
"""

from __future__ import annotations

import logging
import os
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from modiste.catalogue.indexing import (
    COMMIT_BYTES,
    COMMIT_ROWS,
    COMMIT_SECONDS,
    NOT_USABLE,
    PORTION,
    Fingerprint,
    IndexReport,
    _prepare,
    _Ready,
    _Row,
    _rows,
    _Unchanged,
)
from modiste.catalogue.items import CatalogueItem, labels_to_json
from modiste.catalogue.places import Place
from modiste.catalogue.store import Catalogue
from modiste.datasets.listing import Listing, Skipped
from modiste.datasets.source import FolderSource, ZipSource, open_source
from modiste.embedding import Encoder
from modiste.errors import CatalogueError, DataError, ModelMismatch, ModisteError
from modiste.progress import Progress, silent

__all__ = ["index_on_ray"]

# Photos in a block, which is what one worker is handed and what is lost with it.
BLOCK = 512
# How often in a row a pass may bring nothing back before something is wrong with the cluster.
PATIENCE = 3

_log = logging.getLogger(__name__)

_NUMBER = np.dtype("<f4")

_READY, _UNCHANGED, _SKIPPED, _FAILED = "ready", "unchanged", "skipped", "failed"


def index_on_ray(
    listing: Listing,
    into: str | Place,
    load: Callable[[], Encoder],
    *,
    address: str | None = None,
    workers: int | None = None,
    cpus: float = 1,
    gpus: float = 0,
    progress: Progress = silent,
    batch: int = 256,
) -> IndexReport:
    """What `modiste.catalogue.index` does, with the same result, by ``workers`` processes of a Ray cluster.

    ``load`` makes the encoder, here and in every worker. ``address`` is the cluster's (``host:port``); by
    default it is that of the environment variable RAY_ADDRESS, or else a cluster is started on this machine.
    A worker takes ``cpus`` processors and ``gpus`` GPUs, which may be a part of one; by default there are as
    many workers as fit. ``batch`` photos are embedded at a time.

    `DataError` for photos that are not in a folder or zip or that a worker cannot reach, `ModelMismatch` if a
    worker has another model, `CatalogueError` if Ray is not installed or the cluster does no work; otherwise
    as `index`.
    """
    began = time.perf_counter()
    if not isinstance(listing.source, FolderSource | ZipSource):
        raise DataError(
            f"{listing.source.path}: on Ray, photos come from a folder or a zip; see modiste data prepare"
        )
    encoder = load()
    catalogue = Catalogue.open_or_create(into, model_id=encoder.id, dimension=encoder.dimension)
    known = catalogue.fingerprints()
    rows = list(_rows(listing))
    done = np.zeros(len(rows), bool)
    added = updated = unchanged = 0
    skipped = list(listing.skipped)
    waiting = _Portion(catalogue)
    worker = (load, encoder.id, listing.source.path.absolute(), max(1, int(cpus)))
    for number, row in enumerate(rows):
        if (wrong := _unusable(row)) is not None:
            done[number] = True
            skipped.append(Skipped(row.photo, NOT_USABLE, wrong))
    with _cluster(address) as ray:
        fruitless = 0
        while not done.all():
            left = np.flatnonzero(~done)
            for outcomes in _pass(ray, _to_blocks(rows, left, known), worker, workers, cpus, gpus, batch):
                for outcome in outcomes.to_pylist():
                    number, kind = outcome["row"], outcome["kind"]
                    if kind == _FAILED:
                        raise _ERRORS.get(outcome["reason"], CatalogueError)(f"a worker: {outcome['detail']}")
                    if done[number]:
                        continue
                    done[number] = True
                    if kind == _READY:
                        added += rows[number].id not in known
                        updated += rows[number].id in known
                        waiting.take(rows[number], outcome)
                    elif kind == _UNCHANGED:
                        unchanged += 1
                    else:
                        skipped.append(Skipped(rows[number].photo, outcome["reason"], outcome["detail"]))
                progress(int(done.sum()), len(rows), "indexing photos")
            waiting.commit()
            fruitless = 0 if np.count_nonzero(~done) < len(left) else fruitless + 1
            if fruitless == PATIENCE:
                raise CatalogueError(
                    f"{np.count_nonzero(~done)} photos do not come back from the Ray cluster, however often "
                    "they are sent; see its logs. What was done is in the catalogue: to go on, run the same "
                    "command again"
                )
    catalogue.compact()
    catalogue.build_index()
    return IndexReport(added, updated, unchanged, tuple(skipped), time.perf_counter() - began)


def _unusable(row: _Row) -> str | None:
    """Why a row cannot become an item, whatever its photo; None if it can."""
    try:
        CatalogueItem(row.id, row.name, b"", "", row.photo, row.labels)
    except CatalogueError as error:
        return str(error)
    return None


class _Portion:
    """Items on their way into the catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._items: list[CatalogueItem] = []
        self._vectors: list[NDArray[np.float32]] = []
        self._bytes = 0
        self._committed = time.monotonic()

    def take(self, row: _Row, outcome: Mapping[str, Any]) -> None:
        self._items.append(
            CatalogueItem(
                row.id,
                row.name,
                outcome["photo"],
                outcome["media_type"],
                row.photo,
                row.labels,
                outcome["content_hash"],
            )
        )
        self._vectors.append(np.frombuffer(outcome["vector"], _NUMBER))
        self._bytes += len(outcome["photo"])
        if (
            len(self._items) >= COMMIT_ROWS
            or self._bytes >= COMMIT_BYTES
            or time.monotonic() - self._committed >= COMMIT_SECONDS
        ):
            self.commit()

    def commit(self) -> None:
        if self._items:
            self._catalogue.add(self._items, np.stack(self._vectors))
        self._items, self._vectors, self._bytes = [], [], 0
        self._committed = time.monotonic()


def _to_blocks(rows: list[_Row], left: NDArray[np.int64], known: Mapping[str, Fingerprint]) -> list[Any]:
    """The rows ``left`` as Arrow tables of what a worker needs to know of each."""
    blocks = []
    for start in range(0, len(left), BLOCK):
        numbers = left[start : start + BLOCK].tolist()
        part = [rows[number] for number in numbers]
        blocks.append(
            pa.table(
                {
                    "row": pa.array(numbers, pa.int64()),
                    "id": pa.array([row.id for row in part], pa.string()),
                    "photo": pa.array([row.photo for row in part], pa.string()),
                    # Unchanged if the photo still is, which only a worker sees.
                    "known": pa.array([_hash_if_the_rest_is_known(row, known) for row in part], pa.string()),
                }
            )
        )
    return blocks


def _hash_if_the_rest_is_known(row: _Row, known: Mapping[str, Fingerprint]) -> str | None:
    found = known.get(row.id)
    return found[0] if found and found[1:] == (row.name, row.photo, labels_to_json(row.labels)) else None


class _Worker:
    """One of many processes: its own encoder, its own way to the photos. Ray calls it with Arrow tables."""

    def __init__(self, load: Callable[[], Encoder], model_id: str, photos: Path, threads: int) -> None:
        self._trouble: ModisteError | None = None
        try:
            self._source = open_source(photos)
            self._encoder = load()
            if self._encoder.id != model_id:
                raise ModelMismatch(f"has model {self._encoder.id}, but {model_id} was asked for")
        except ModisteError as error:  # told with the first batch: an error here would only be retried
            self._trouble = error
        self._threads = ThreadPoolExecutor(threads)

    def __call__(self, batch: Any) -> Any:
        try:
            if self._trouble is not None:
                raise self._trouble
            return self._embedded(batch.to_pylist())
        except ModisteError as error:
            return _to_outcomes(
                [{"row": -1, "kind": _FAILED, "reason": type(error).__name__, "detail": str(error)}]
            )

    def _embedded(self, rows: list[dict[str, Any]]) -> Any:
        known = {
            row["id"]: (row["known"], "", row["photo"], "{}") for row in rows if row["known"] is not None
        }
        bare = [_Row(row["id"], row["photo"], "", {}) for row in rows]
        portions = [bare[start : start + PORTION] for start in range(0, len(bare), PORTION)]
        prepared = self._threads.map(
            lambda portion: _prepare(portion, self._source, known, self._encoder.preprocess), portions
        )
        outcomes: list[dict[str, Any]] = []
        ready: list[NDArray[np.uint8]] = []
        for row, outcome in zip(rows, chain.from_iterable(prepared), strict=True):
            told: dict[str, Any] = {"row": row["row"]}
            if isinstance(outcome, _Ready):
                item = outcome.item
                told |= {
                    "kind": _READY,
                    "photo": item.photo,
                    "media_type": item.media_type,
                    "content_hash": item.content_hash,
                }
                ready.append(outcome.pixels)
            elif isinstance(outcome, _Unchanged):
                told["kind"] = _UNCHANGED
            else:
                told |= {"kind": _SKIPPED, "reason": outcome.reason, "detail": outcome.detail}
            outcomes.append(told)
        if ready:
            vectors = iter(self._encoder.embed(np.stack(ready)))
            for told in outcomes:
                if told["kind"] == _READY:
                    told["vector"] = next(vectors).astype(_NUMBER).tobytes()
        return _to_outcomes(outcomes)


_ERRORS: Mapping[str, type[ModisteError]] = {"DataError": DataError, "ModelMismatch": ModelMismatch}

_OUTCOME = pa.schema(
    [
        ("row", pa.int64()),
        ("kind", pa.string()),
        ("photo", pa.binary()),
        ("media_type", pa.string()),
        ("content_hash", pa.string()),
        ("vector", pa.binary()),  # as its bytes: Python would make an object of every number
        ("reason", pa.string()),
        ("detail", pa.string()),
    ]
)


def _to_outcomes(outcomes: list[dict[str, Any]]) -> Any:
    return pa.Table.from_pylist(outcomes, schema=_OUTCOME)


def _pass(
    ray: Any,
    blocks: list[Any],
    worker: tuple[Callable[[], Encoder], str, Path, int],
    workers: int | None,
    cpus: float,
    gpus: float,
    batch: int,
) -> Iterator[Any]:
    """Send the blocks out once; what comes back, in order, as Arrow tables. Some may be lost."""
    data = import_module("ray.data")
    logging.getLogger("ray.data").setLevel(logging.ERROR)  # it warns that we asked for no progress bars
    context = data.DataContext.get_current().copy()
    context.enable_progress_bars = context.print_on_execution_start = False
    context.execution_options.preserve_order = True
    # A machine that dies takes its workers' blocks with it: that is no reason to stop, they are sent again.
    context.max_errored_blocks = -1
    with data.DataContext.current(context):
        total = ray.cluster_resources()
        fit = min(
            total.get("CPU", 0) // cpus if cpus else np.inf, total.get("GPU", 0) // gpus if gpus else np.inf
        )
        most = max(1, min(int(fit) if workers is None else workers, len(blocks)))
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", ".*ray_remote_args")
            done = data.from_arrow(blocks).map_batches(
                _Worker,
                fn_constructor_args=worker,
                batch_format="pyarrow",
                batch_size=batch,
                compute=data.ActorPoolStrategy(min_size=1, initial_size=most, max_size=most),
                num_cpus=cpus,
                num_gpus=gpus,
                # By default the workers of a dead machine wait for it to come back, and hold their blocks.
                max_restarts=0,
            )
        try:
            yield from done.iter_batches(batch_size=None, batch_format="pyarrow")
        except ray.exceptions.RayError as error:  # a machine died with blocks that were done, but not fetched
            _log.warning("sending out again what has not come back: %s", " ".join(str(error).split())[:300])


@contextmanager
def _cluster(address: str | None) -> Iterator[Any]:
    """Ray, connected; disconnected afterwards, unless the caller was connected already."""
    if find_spec("ray") is None:
        raise CatalogueError("Ray is not installed; install it with: pip install 'modiste[ray]'")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing of this is anybody else's business
    ray = import_module("ray")
    if ray.is_initialized():
        yield ray
        return
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise CatalogueError(f"no Ray cluster at {address}: {' '.join(str(error).split())[:200]}") from error
    try:
        yield ray
    finally:
        ray.shutdown()
