"""The hand-over to training and evaluation: every photo's row, its pixels, and what was left out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modiste.datasets.listing import Listing, Skipped, open_listings
from modiste.datasets.pixels import PhotosDone, PixelStore, load_pixels
from modiste.datasets.splits import Split
from modiste.errors import DataError
from modiste.preprocessing import Preprocess

__all__ = ["Dataset", "dataset_of", "open_dataset"]


@dataclass(frozen=True, eq=False)
class Dataset:
    """N photos with what is known about them and their pixels; row i of both is the same photo.

    ``table`` has N rows of strings: ``id`` (unique), ``photo``, ``name``, and labels ("" = unknown); only its
    column ``labels``, where it has one, holds tuples.
    ``pixels`` is (N, H, W, 3) uint8, fitted by ``preprocess``; writing to it changes nothing on disk.
    ``skipped`` names what was left out, and why.

    Raises `DataError` if they do not match.
    """

    table: pd.DataFrame
    pixels: NDArray[np.uint8]
    preprocess: Preprocess
    skipped: tuple[Skipped, ...] = ()

    def __post_init__(self) -> None:
        expected = (len(self.table), self.preprocess.height, self.preprocess.width, 3)
        if self.pixels.shape != expected or self.pixels.dtype != np.uint8:
            raise DataError(f"pixels of shape {expected} expected, {self.pixels.shape} found")
        if not self.table["id"].is_unique:
            raise DataError("a dataset needs one row per id")

    def __len__(self) -> int:
        return len(self.table)

    @property
    def ids(self) -> list[str]:
        return list(self.table["id"])

    @property
    def label_lists(self) -> tuple[tuple[str, ...], ...]:
        """Each photo's labels, an empty tuple where it has none. `DataError` if these have only one each."""
        if "labels" not in self.table:
            raise DataError(
                "these photos have at most one label each; for several, their table needs a column labels "
                "(see docs/readers.md)"
            )
        return tuple(self.table["labels"])

    def __repr__(self) -> str:
        size = f"{self.preprocess.width} × {self.preprocess.height}"
        return f"Dataset({len(self)} photos of {size}, {len(self.skipped)} skipped)"

    def rows(self, ids: Iterable[str]) -> NDArray[np.int64]:
        """The rows of these photos, in their order. `DataError` if one is not there; see `select`."""
        wanted = list(ids)
        found = pd.Index(self.table["id"]).get_indexer(pd.Index(wanted, dtype=self.table["id"].dtype))
        if (found < 0).any():
            missing = [id for id, row in zip(wanted, found, strict=True) if row < 0]
            raise DataError(
                f"{len(missing)} of {len(wanted)} photos are not in the data (such as {missing[0]})"
            )
        return np.asarray(found, np.int64)

    def select(self, split: Split) -> tuple[NDArray[np.int64], NDArray[np.int64], tuple[str, ...]]:
        """Where a split's photos are: (rows here, positions in the split), both (M,), and the ids not found.

        ``pixels[rows]`` belongs to ``split.type_ids[positions]``. `DataError` if not one photo is there, as
        split and data do not belong together then.
        """
        found = pd.Index(self.table["id"]).get_indexer(pd.Index(split.ids, dtype=self.table["id"].dtype))
        positions = np.flatnonzero(found >= 0).astype(np.int64)
        if not positions.size:
            raise DataError(
                f"none of the split's {len(split)} photos (such as {split.ids[0]}) is in the data "
                f"(which has such as {self.table['id'].iloc[0] if len(self) else 'none at all'})"
            )
        return found[positions].astype(np.int64), positions, tuple(np.array(split.ids)[found < 0].tolist())


def open_dataset(
    paths: Sequence[str | Path],
    preprocess: Preprocess | None = None,
    *,
    only: Collection[str] | None = None,
    cache: str | Path | None = None,
    progress: PhotosDone | None = None,
) -> Dataset:
    """Folders, zips and tables of photos → one dataset; each source is decoded once and kept in the cache.

    Of ``only`` these ids, if given: the others are not decoded. Pixels of a single source stay on disk; those
    of several are joined in memory. ``progress`` is called with the photos done and the photos in all. Raises
    `DataError` for an unknown layout, for an id that means different photos in two sources, and when not one
    photo can be read or none of ``only`` is there.
    """
    return dataset_of(open_listings(paths), preprocess, only=only, cache=cache, progress=progress)


def dataset_of(
    listings: Sequence[Listing],
    preprocess: Preprocess | None = None,
    *,
    only: Collection[str] | None = None,
    cache: str | Path | None = None,
    progress: PhotosDone | None = None,
) -> Dataset:
    """The dataset of the photos that `open_listings` found; `open_dataset` does both steps."""
    preprocess = preprocess or Preprocess()
    tables: list[pd.DataFrame] = []
    stores: list[PixelStore] = []
    skipped: list[Skipped] = []
    if only is not None:
        has = listings[0].ids[0]
        listings = [listing.only(only) for listing in listings]
        if not any(map(len, listings)):
            raise DataError(
                f"none of the {len(only)} photos wanted (such as {min(only, default='')}) is in the data "
                f"(which has such as {has})"
            )
    total, before = sum(map(len, listings)), 0
    for listing in listings:
        counted = None if progress is None else partial(_count_on, progress, before, total)
        store = load_pixels(listing, preprocess, cache=cache, progress=counted)
        before += len(listing)
        skipped += (*listing.skipped, *store.skipped)
        stores.append(store)
        tables.append(listing.table[listing.table["id"].isin(store.ids)])
    table = pd.concat(tables, ignore_index=True).fillna("")
    if "labels" in table:  # rows of a source without that column have none
        table["labels"] = [labels or () for labels in table["labels"]]
    if not len(table):
        places = ", ".join(str(listing.source.path) for listing in listings)
        raise DataError(f"{places}: not one photo can be read; the first: {skipped[0]}")
    arrays = [store.array for store in stores if len(store.array)]
    pixels = arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
    return Dataset(table, pixels, preprocess, tuple(skipped))


def _count_on(progress: PhotosDone, before: int, total: int, done: int, _: int) -> None:
    progress(before + done, total)
