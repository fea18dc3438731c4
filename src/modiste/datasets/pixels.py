"""Photos decoded once: a memory-mapped block of uint8 pixels in the user's cache folder.

A store is a folder named by a hash of all that its pixels depend on: the photos' names and contents, their
order, the size they are fitted to, and how. It is written beside its place and renamed, so it is there whole
or not at all, whenever the process dies. A file lock keeps two processes from decoding the same photos side
by side; the operating system drops it with the process that held it, which a lock of our own would outlive.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import shutil
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from modiste.datasets.cache import cache_folder
from modiste.datasets.listing import BROKEN, Listing, Skipped
from modiste.datasets.source import PhotoSource
from modiste.errors import DataError, PhotoError
from modiste.photos import fit_all, read_for
from modiste.preprocessing import Preprocess

__all__ = ["PhotosDone", "PixelStore", "load_pixels"]

PhotosDone = Callable[[int, int], None]
"""Called with the photos done and the photos in all."""

# Raise when read_for or Preprocess.fit turn the same photo into other pixels, or the files below change.
_FORMAT = 2
_PIXELS = "pixels.u8"
_INDEX = "store.json"
_PHOTOS_PER_TASK = 256
_MAP_NORESERVE = 0x4000  # Linux's; Python names it from 3.13 on


@dataclass(frozen=True, eq=False)
class PixelStore:
    """Fitted photos: ``array`` (N, H, W, 3) uint8, memory-mapped; ``ids`` (N); and what was left out.

    Writing to ``array`` changes this process's copy only.

    Photos that cannot be decoded have no row; they are named in ``skipped``.
    """

    array: NDArray[np.uint8]
    ids: tuple[str, ...]
    skipped: tuple[Skipped, ...]


def load_pixels(
    listing: Listing,
    preprocess: Preprocess,
    *,
    cache: str | Path | None = None,
    progress: PhotosDone | None = None,
) -> PixelStore:
    """The listing's photos as ``preprocess`` fits them, decoded now or taken from the cache.

    Raises `DataError` when the cache folder cannot be written. Old stores are never deleted; the whole folder
    may be, at any time when no process uses it.
    """
    photos = listing.photos
    shape = (preprocess.height, preprocess.width, 3)
    what = [_FORMAT, shape, len(photos), listing.source.fingerprint(photos), *(["grey"] * preprocess.grey)]
    key = hashlib.blake2b(json.dumps(what).encode(), digest_size=16).hexdigest()
    folder = (cache_folder() if cache is None else Path(cache)) / "pixels"
    store = folder / key
    try:
        opened = _open(store, len(photos), shape)
        if opened is None:
            folder.mkdir(parents=True, exist_ok=True)
            with FileLock(folder / f"{key}.lock"):
                opened = _open(store, len(photos), shape)  # another process may have been faster
                if opened is None:
                    _write(store, listing.source, photos, preprocess, progress)
                    opened = _open(store, len(photos), shape)
    except OSError as error:
        raise DataError(
            f"decoded photos cannot be kept in {folder} ({error.strerror or error}); make room there or set "
            "MODISTE_CACHE to another folder"
        ) from error
    if opened is None:
        raise DataError(f"{store} changed while it was read; is another program at work in the cache?")
    array, broken = opened
    ids = listing.ids
    return PixelStore(
        array,
        tuple(id for row, id in enumerate(ids) if row not in broken),
        tuple(Skipped(photos[row], BROKEN, detail) for row, detail in broken.items()),
    )


def _open(
    store: Path, photos: int, shape: tuple[int, int, int]
) -> tuple[NDArray[np.uint8], dict[int, str]] | None:
    """A store's pixels and its broken photos (position: what is wrong); None if absent or damaged."""
    try:
        index = json.loads((store / _INDEX).read_text("utf-8"))
        broken = {int(row): str(detail) for row, detail in index["broken"]}
        size = (store / _PIXELS).stat().st_size
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError):
        return None
    rows = photos - len(broken)
    if index.get("photos") != photos or size != rows * shape[0] * shape[1] * shape[2]:
        return None
    if not rows:
        return np.zeros((0, *shape), np.uint8), broken
    return _mapped(store / _PIXELS, (rows, *shape)), broken


def _mapped(file: Path, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """A file as an array, copied on write: torch wants to write, and nothing written must reach the file.

    Linux sets memory aside for all that could be written, and refuses a file larger than memory, unless it is
    told not to.
    """
    if sys.platform != "linux":
        return np.asarray(np.memmap(file, np.uint8, "c", shape=shape))
    with file.open("rb") as opened:
        mapped = mmap.mmap(
            opened.fileno(),
            0,
            flags=mmap.MAP_PRIVATE | _MAP_NORESERVE,
            prot=mmap.PROT_READ | mmap.PROT_WRITE,
        )
    return np.frombuffer(mapped, np.uint8).reshape(shape)


def _write(
    store: Path,
    source: PhotoSource,
    photos: Sequence[str],
    preprocess: Preprocess,
    progress: PhotosDone | None,
) -> None:
    """Decode everything into a folder beside ``store`` and rename it. Only the lock's holder comes here."""
    unfinished = store.with_name(f"{store.name}.unfinished")
    for leftover in (unfinished, store):  # of a process that was killed; of a store found damaged
        shutil.rmtree(leftover, ignore_errors=True)
    unfinished.mkdir()
    broken: list[tuple[int, str]] = []
    done = 0
    try:
        with (unfinished / _PIXELS).open("wb") as file:
            for pixels, failures in _decode(source, photos, preprocess):
                broken += ((done + row, detail) for row, detail in failures)
                done += len(pixels) + len(failures)
                file.write(pixels.data)
                if progress is not None:
                    progress(done, len(photos))
        (unfinished / _INDEX).write_text(json.dumps({"photos": len(photos), "broken": broken}), "utf-8")
        unfinished.replace(store)
    except BaseException:  # Ctrl-C included: half a store is of no use to anybody
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def _decode(
    source: PhotoSource, photos: Sequence[str], preprocess: Preprocess
) -> Iterator[tuple[NDArray[np.uint8], list[tuple[int, str]]]]:
    """Batches of fitted photos in order, each with (position in the batch, what is wrong) of its broken ones.

    Threads do, as Pillow decodes without holding the interpreter. Few batches are under way at a time, so
    memory stays bounded however many photos there are.
    """

    def task(names: Sequence[str]) -> tuple[NDArray[np.uint8], list[tuple[int, str]]]:
        failures: list[tuple[int, str]] = []

        def photos() -> Iterator[NDArray[np.uint8]]:
            for position, name in enumerate(names):
                try:
                    yield read_for(preprocess, source.read(name))
                except PhotoError as error:
                    failures.append((position, str(error)))

        return fit_all(preprocess, photos()), failures

    workers = os.cpu_count() or 1
    pool = ThreadPoolExecutor(workers, thread_name_prefix="modiste-decode")
    under_way: deque[Future[tuple[NDArray[np.uint8], list[tuple[int, str]]]]] = deque()
    try:
        for start in range(0, len(photos), _PHOTOS_PER_TASK):
            under_way.append(pool.submit(task, photos[start : start + _PHOTOS_PER_TASK]))
            if len(under_way) > workers:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
