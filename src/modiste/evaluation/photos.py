"""The photos an evaluation is about: those of each split that are in the data, embedded once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from modiste.datasets import Dataset, Split
from modiste.errors import DataError
from modiste.evaluation.results import Data, SplitData

__all__ = [
    "PHOTOS_AT_ONCE",
    "FoundPhotos",
    "LabelledPhotos",
    "NotMeasurable",
    "describe",
    "find_photos",
    "run_on_pixels",
]

PHOTOS_AT_ONCE = 1024


class NotMeasurable(Exception):
    """Why a part of the evaluation is left out."""


@dataclass(frozen=True, eq=False)
class LabelledPhotos:
    """The n photos of a split that are in the data: dataset rows, ids and what they show, n each.

    ``missing`` are the ids of the split's photos that are not.
    """

    rows: NDArray[np.int64]
    ids: tuple[str, ...]
    types: NDArray[np.int64]
    type_names: tuple[str, ...]
    categories: NDArray[np.int64]
    category_names: tuple[str, ...]
    missing: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def name_of(self) -> dict[int, str]:
        """The name of each type id that occurs."""
        return dict(zip(self.types.tolist(), self.type_names, strict=True))

    @classmethod
    def of(cls, split: Split, dataset: Dataset) -> Self:
        rows, positions, missing = dataset.select(split)
        return cls(
            rows,
            tuple(split.ids[at] for at in positions),
            split.type_ids[positions],
            tuple(split.type_names[at] for at in positions),
            split.category_ids[positions],
            tuple(split.category_names[at] for at in positions),
            missing,
        )


@dataclass(frozen=True, eq=False)
class FoundPhotos:
    """By a split's name: its photos ``here``, or why there are none (``absent``)."""

    here: dict[str, LabelledPhotos]
    absent: dict[str, str]

    def need(self, *names: str) -> list[LabelledPhotos]:
        """The photos of these splits; `NotMeasurable` when one has none."""
        if reasons := [self.absent[name] for name in names if name in self.absent]:
            raise NotMeasurable("; ".join(reasons))
        return [self.here[name] for name in names]


def find_photos(dataset: Dataset, splits: Mapping[str, Split | None]) -> FoundPhotos:
    """Which photos of each split, by its name, the dataset has. ``DataError`` when no split has any."""
    here: dict[str, LabelledPhotos] = {}
    absent: dict[str, str] = {}
    for name, split in splits.items():
        if split is None:
            absent[name] = f"there is no {name}.csv"
            continue
        try:
            here[name] = LabelledPhotos.of(split, dataset)
        except DataError as reason:
            absent[name] = f"{name}: {reason}"
    if not here:
        raise DataError(f"no photo of any split is in the data: {'; '.join(absent.values())}")
    return FoundPhotos(here, absent)


def run_on_pixels(
    network: Callable[[NDArray[np.uint8]], NDArray[np.float32]],
    dataset: Dataset,
    rows: NDArray[np.int64],
    progress: Callable[[int], None] = lambda done: None,
) -> NDArray[np.float32]:
    """What ``network`` makes of the photos in these rows: pixels (n, H, W, 3) → (n, D), a batch at a time."""
    made = []
    for start in range(0, len(rows), PHOTOS_AT_ONCE):
        batch = rows[start : start + PHOTOS_AT_ONCE]
        made.append(network(dataset.pixels[batch]))
        progress(start + len(batch))
    return np.concatenate(made)


def describe(photos: FoundPhotos) -> Data:
    """What goes into the results about the photos; see :class:`~modiste.evaluation.results.Data`."""
    splits = {
        name: SplitData(
            len(found), list(found.missing), fingerprint(found.ids, found.types, found.categories)
        )
        for name, found in photos.here.items()
    }
    return Data(fingerprint(*((name, split.fingerprint) for name, split in splits.items())), splits)


def fingerprint(*columns: Sequence[object] | NDArray[np.int64]) -> str:
    """The same for the same values in the same order, on every machine; 16 hexadecimal digits."""
    digest = hashlib.blake2b(digest_size=8)
    for column in columns:
        for value in column:
            digest.update(f"{value}\n".encode())
        digest.update(b"\n")
    return digest.hexdigest()
