"""The catalogue as it is at one version, in memory, never changing: what searches look at.

Whoever answers a question takes one snapshot and works with it to the end, so an item that is added or
removed meanwhile cannot shift rows under it, and readers never wait for writers.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modiste.catalogue.search import Neighbours, nearest
from modiste.embedding import unit_rows

__all__ = ["Snapshot"]


@dataclass(frozen=True)
class Snapshot:
    """N items in the order they first came: ``ids`` and ``names`` (N,), ``vectors`` (N, D) of length 1.

    ``positions`` (N,) int64, ascending, are the numbers under which the table on disk keeps them: an item has
    the same one for ever. ``version`` is the table's.
    """

    version: int
    ids: tuple[str, ...]
    names: tuple[str, ...]
    positions: NDArray[np.int64]
    vectors: NDArray[np.float32]

    def __post_init__(self) -> None:
        sizes = {len(self.ids), len(self.names), len(self.positions), len(self.vectors)}
        if len(sizes) != 1 or self.vectors.ndim != 2:
            raise ValueError(f"expected one id, name, position and vector for each item; got {sorted(sizes)}")
        self.vectors.flags.writeable = False

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def row_of(self) -> dict[str, int]:
        """The row of each id."""
        return dict(zip(self.ids, range(len(self.ids)), strict=True))

    @property
    def next_position(self) -> int:
        return int(self.positions[-1]) + 1 if len(self) else 0

    def search(
        self, vectors: ArrayLike, k: int, exclude_ids: Sequence[Collection[str]] | None = None
    ) -> Neighbours:
        """The ``k`` items most similar to each of ``vectors`` (Q, D), rows of length 1.

        ``exclude_ids`` names, for each query, items that must not be found; ids the catalogue has not are
        fine. ``ValueError`` if the shapes do not fit or k < 1.
        """
        queries = unit_rows(vectors, self.vectors.shape[1])
        excluded = None
        if exclude_ids is not None:
            excluded = [[self.row_of[id] for id in ids if id in self.row_of] for ids in exclude_ids]
        return nearest(self.vectors, queries, k, excluded)

    def with_version(self, version: int) -> Self:
        """The same items under the version a compaction has made."""
        return replace(self, version=version)

    def with_items(
        self,
        version: int,
        ids: Sequence[str],
        names: Sequence[str],
        positions: NDArray[np.int64],
        vectors: NDArray[np.float32],
    ) -> Self:
        """The next snapshot: items whose id is here are replaced where they stand, the others follow."""
        here = np.array([id in self.row_of for id in ids], bool)
        new = np.flatnonzero(~here).tolist()
        all_names = list(self.names)
        all_vectors = np.concatenate([self.vectors, vectors[new]])
        for place in np.flatnonzero(here).tolist():
            row = self.row_of[ids[place]]
            all_names[row] = names[place]
            all_vectors[row] = vectors[place]
        return type(self)(
            version,
            (*self.ids, *(ids[place] for place in new)),
            (*all_names, *(names[place] for place in new)),
            np.concatenate([self.positions, positions[new]]),
            all_vectors,
        )

    def without(self, version: int, ids: Collection[str]) -> Self:
        """The next snapshot, without these items."""
        left = np.array([id not in ids for id in self.ids], bool)
        rows = np.flatnonzero(left)
        return type(self)(
            version,
            tuple(self.ids[row] for row in rows),
            tuple(self.names[row] for row in rows),
            self.positions[rows],
            self.vectors[rows],
        )
