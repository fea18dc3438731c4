"""Photos → a catalogue: read, decode, embed, commit; what is there already and unchanged is passed over.

Threads read and decode while the encoder works, and another one writes. Rows are committed in large portions,
so an interrupted run keeps what it had done and the next one goes on from there.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from modiste.catalogue.items import CatalogueItem, labels_to_json, photo_hash
from modiste.catalogue.places import Place
from modiste.catalogue.store import Catalogue
from modiste.datasets.listing import BROKEN, Listing, Skipped
from modiste.datasets.source import PhotoSource
from modiste.embedding import Encoder
from modiste.errors import CatalogueError, PhotoError
from modiste.photos import fit_all, read_for
from modiste.preprocessing import Preprocess
from modiste.progress import Progress, silent

__all__ = ["IndexReport", "index"]

# A commit when any of these is reached: few enough commits, little enough memory, little enough to lose.
COMMIT_ROWS = 4096
COMMIT_BYTES = 64_000_000
COMMIT_SECONDS = 10.0

# Photos a thread takes at a time: long enough that handing them over costs nothing.
PORTION = 32

# Why a row of the listing is left out whose photo is not to blame.
NOT_USABLE = "no usable item"

# What an item was made from, see `Catalogue.fingerprints`.
Fingerprint = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class IndexReport:
    """How many photos came in new, replaced older ones, or were there already; what was left out and why."""

    added: int
    updated: int
    unchanged: int
    skipped: tuple[Skipped, ...]
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """The same as plain numbers, lists and text, for JSON.

        >>> IndexReport(2, 0, 1, (Skipped("7.jpg", "broken photo"),), 0.5).as_dict()["skipped"]
        [{'name': '7.jpg', 'reason': 'broken photo', 'detail': ''}]
        """
        return {**asdict(self), "skipped": [asdict(photo) for photo in self.skipped]}


class _Row(NamedTuple):
    """A line of the listing."""

    id: str
    photo: str
    name: str
    labels: dict[str, str]


class _Ready(NamedTuple):
    """A photo that goes into the catalogue: the item, and what the encoder sees of it (H, W, 3)."""

    item: CatalogueItem
    pixels: NDArray[np.uint8]


class _Unchanged(NamedTuple):
    """A photo that is in the catalogue as it is."""

    id: str


_Outcome = _Ready | _Unchanged | Skipped


def index(
    listing: Listing, into: str | Place, encoder: Encoder, *, progress: Progress = silent, batch: int = 256
) -> IndexReport:
    """Put the photos of ``listing`` into the catalogue ``into``, made if it is not there.

    ``into`` is a folder or an address in object storage.

    New ids are added; those whose photo, name, path or labels have changed are replaced; the rest is left
    alone. Photos that cannot be read are skipped and named. Items that are no longer in the listing stay: a
    listing may be a part of the shop. ``batch`` photos are embedded at a time.

    `ModelMismatch` if another model made the catalogue, `CatalogueError` if it cannot be read or written.
    """
    began = time.perf_counter()
    catalogue = Catalogue.open_or_create(into, model_id=encoder.id, dimension=encoder.dimension)
    known = catalogue.fingerprints()
    skipped = list(listing.skipped)
    added = updated = unchanged = 0
    done = 0
    with (
        closing(_Waiting(catalogue, encoder, batch)) as waiting,
        closing(_prepare_all(listing, known, encoder.preprocess)) as portions,
    ):
        for portion in portions:
            for outcome in portion:
                if isinstance(outcome, Skipped):
                    skipped.append(outcome)
                elif isinstance(outcome, _Unchanged):
                    unchanged += 1
                else:
                    waiting.take(outcome)
                    updated += outcome.item.id in known
                    added += outcome.item.id not in known
            done += len(portion)
            progress(done, len(listing), "indexing photos")
        waiting.commit()
        waiting.written()
    catalogue.compact()
    catalogue.build_index()
    return IndexReport(added, updated, unchanged, tuple(skipped), time.perf_counter() - began)


class _Waiting:
    """Photos on their way in: they wait for a full batch to embed, then for a portion to commit.

    One portion is written while the next one is embedded; a third has to wait, so memory stays bounded.
    """

    def __init__(self, catalogue: Catalogue, encoder: Encoder, batch: int) -> None:
        self._catalogue = catalogue
        self._encoder = encoder
        self._batch = batch
        self._pixels: list[NDArray[np.uint8]] = []
        self._items: list[CatalogueItem] = []
        self._vectors: list[NDArray[np.float32]] = []
        self._bytes = 0
        self._committed = time.monotonic()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="modiste-write")
        self._writing: Future[None] | None = None

    def take(self, ready: _Ready) -> None:
        self._items.append(ready.item)
        self._pixels.append(ready.pixels)
        self._bytes += len(ready.item.photo)
        if len(self._pixels) >= self._batch:
            self._embed()
            if (
                len(self._items) >= COMMIT_ROWS
                or self._bytes >= COMMIT_BYTES
                or time.monotonic() - self._committed >= COMMIT_SECONDS
            ):
                self.commit()

    def commit(self) -> None:
        self._embed()
        if self._items:
            self.written()
            self._writing = self._writer.submit(
                self._catalogue.add, self._items, np.concatenate(self._vectors)
            )
        self._items, self._vectors, self._bytes = [], [], 0
        self._committed = time.monotonic()

    def written(self) -> None:
        """Wait until what was committed is on disk; raises what went wrong there."""
        if self._writing is not None:
            writing, self._writing = self._writing, None
            writing.result()

    def close(self) -> None:
        self._writer.shutdown(wait=True)

    def _embed(self) -> None:
        if self._pixels:
            self._vectors.append(self._encoder.embed(np.stack(self._pixels)))
            self._pixels = []


def _prepare_all(
    listing: Listing, known: Mapping[str, Fingerprint], preprocess: Preprocess
) -> Generator[list[_Outcome], None, None]:
    """What becomes of each row, in order, by the portion; threads read and decode a few portions ahead."""
    rows = iter(_rows(listing))
    threads = _processors()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="modiste-index")
    ahead: deque[Future[list[_Outcome]]] = deque()
    try:
        while True:
            while len(ahead) < 4 * threads and (portion := list(islice(rows, PORTION))):
                ahead.append(pool.submit(_prepare, portion, listing.source, known, preprocess))
            if not ahead:
                return
            yield ahead.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _rows(listing: Listing) -> Iterator[_Row]:
    table = listing.table
    levels = [column for column in table.columns if column not in ("id", "photo", "name")]
    labels: Iterable[tuple[str | tuple[str, ...], ...]] = zip(
        *(table[level] for level in levels), strict=True
    )
    if not levels:
        labels = [()] * len(table)
    for id, photo, name, values in zip(table["id"], table["photo"], table["name"], labels, strict=True):
        yield _Row(
            id,
            photo,
            name,
            {level: _text(value) for level, value in zip(levels, values, strict=True) if value},
        )


def _text(value: str | tuple[str, ...]) -> str:
    """A label as a shopper reads it; photos with several labels have them as a tuple."""
    return value if isinstance(value, str) else "; ".join(value)


def _prepare(
    rows: list[_Row], source: PhotoSource, known: Mapping[str, Fingerprint], preprocess: Preprocess
) -> list[_Outcome]:
    """What becomes of each row, in order; photos of one size are scaled together."""
    outcomes: list[_Outcome | CatalogueItem] = []

    def photos() -> Iterator[NDArray[np.uint8]]:
        """Of those that go in: one for each item in ``outcomes``."""
        for row in rows:
            try:
                photo = source.read(row.photo)
                if known.get(row.id) == _fingerprint(row, photo):
                    outcomes.append(_Unchanged(row.id))
                    continue
                item = CatalogueItem.from_photo(row.id, row.name, photo, path=row.photo, labels=row.labels)
                pixels = read_for(preprocess, photo)
            except PhotoError as error:
                outcomes.append(Skipped(row.photo, BROKEN, str(error)))
            except CatalogueError as error:
                outcomes.append(Skipped(row.photo, NOT_USABLE, str(error)))
            else:
                outcomes.append(item)
                yield pixels

    fitted = iter(fit_all(preprocess, photos()))
    return [_Ready(each, next(fitted)) if isinstance(each, CatalogueItem) else each for each in outcomes]


def _fingerprint(row: _Row, photo: bytes) -> Fingerprint:
    return photo_hash(photo), row.name, row.photo, labels_to_json(row.labels)


def _processors() -> int:
    """Processors this process may use, which in a container can be fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
