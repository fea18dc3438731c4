"""The catalogue as it is at one version, in memory, never changing: what searches look at.

Whoever answers a question takes one snapshot and works with it to the end, so an item that is added or
removed meanwhile cannot shift rows under it, and readers never wait for writers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modiste.catalogue.approximate import ApproximateIndex
from modiste.catalogue.filters import Condition, LabelColumn, Where, as_conditions
from modiste.catalogue.kept_vectors import VectorRoom
from modiste.catalogue.search import Neighbours, diversify, nearest
from modiste.catalogue.texts import RowOf, Texts
from modiste.embedding import unit_rows
from modiste.mapped_file import expect

__all__ = ["Snapshot"]

# So few items are all compared even where there is an index: those that a narrow filter leaves.
FEW = 2_000
# An index is asked for so many more than are wanted: its order is rough, and some of it may be gone.
SPARE = 2
SPARE_AT_LEAST = 16
# How many filters are remembered: a shop's pages use the same few.
REMEMBERED = 32


class _Allowed(NamedTuple):
    """The items that meet a filter: their ``rows``, and a ``bitmap`` of them if there is an index."""

    rows: NDArray[np.int64]
    bitmap: NDArray[np.uint8] | None


@dataclass(frozen=True)
class Snapshot:
    """N items in the order they first came: ``ids`` and ``names`` (N,), ``vectors`` (N, D) of length 1.

    ``positions`` (N,) int64, ascending, are the numbers under which the table on disk keeps them: an item has
    the same one for ever. ``version`` is the table's. ``labels`` (N,) are JSON texts; left out, there are
    none. Texts are packed (`Texts`), however they are given. ``index`` finds most of the items quickly; those
    at the positions ``fresh``, ascending, it does not know or knows with an older vector.
    """

    version: int
    ids: Sequence[str]
    names: Sequence[str]
    positions: NDArray[np.int64]
    vectors: NDArray[np.float32]
    labels: Sequence[str] | None = None
    index: ApproximateIndex | None = None
    fresh: NDArray[np.int64] | None = None
    _room: VectorRoom | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        labels = ("{}",) * len(self.ids) if self.labels is None else self.labels
        object.__setattr__(self, "ids", Texts.of(self.ids))
        object.__setattr__(self, "names", Texts.of(self.names))
        object.__setattr__(self, "labels", Texts.of(labels, repeating=True))
        if self.fresh is None:
            unknown = np.empty(0, np.int64)
            if self.index is not None:
                unknown = self.index.unknown(self.positions, self.vectors)
            object.__setattr__(self, "fresh", unknown)
        columns = (self.ids, self.names, self.positions, self.vectors, self.labels)
        sizes = {len(column) for column in columns if column is not None}
        if len(sizes) != 1 or self.vectors.ndim != 2:
            raise ValueError(f"expected one id, name, position and vector for each item; got {sorted(sizes)}")
        self.vectors.flags.writeable = False

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def row_of(self) -> RowOf:
        """The row of each id."""
        return RowOf.of(self._texts[0])

    @property
    def _texts(self) -> tuple[Texts, Texts, Texts]:
        """Ids, names and labels."""
        return Texts.of(self.ids), Texts.of(self.names), Texts.of(self.labels or (), repeating=True)

    @property
    def next_position(self) -> int:
        return int(self.positions[-1]) + 1 if len(self) else 0

    @property
    def levels(self) -> list[str]:
        """The levels some item has a label of, such as ``articleType`` and ``gender``."""
        return self._label_column.levels

    @cached_property
    def label_counts(self) -> dict[str, dict[str, int]]:
        """Of each level its labels, and how many items bear each."""
        return self._label_column.counts()

    def labels_of(self, level: str) -> NDArray[np.str_]:
        """(N,): each item's label of a ``level``, "" where it has none. `CatalogueError` if none has one."""
        return self._label_column.of(level)

    def rows_where(self, where: Where) -> NDArray[np.int64]:
        """The rows, ascending, whose labels meet all conditions. `CatalogueError` for a level no item has."""
        return self._allowed(as_conditions(where)).rows

    def search(
        self,
        vectors: ArrayLike,
        k: int,
        exclude_ids: Sequence[Collection[str]] | None = None,
        *,
        where: Where = (),
        diversity: float = 0.0,
    ) -> Neighbours:
        """The ``k`` items most similar to each of ``vectors`` (Q, D), rows of length 1.

        ``exclude_ids`` names, for each query, items that must not be found; ids the catalogue has not are
        fine. Only items whose labels meet the conditions in ``where`` are found; fewer than k of those leave
        the rest of a row at -1. ``diversity`` in [0, 1] prefers items unlike one another (`diversify`).

        Similarities are exact; with an `index` a neighbour may be missed, rarely (``index.recall``).
        ``ValueError`` if the shapes do not fit or k < 1, `CatalogueError` for a level no item has.
        """
        queries = unit_rows(vectors, self.vectors.shape[1])
        excluded = None
        if exclude_ids is not None:
            excluded = [[self.row_of[id] for id in ids if id in self.row_of] for ids in exclude_ids]
        allowed = self._allowed(as_conditions(where)) if where else None
        wanted = k if not diversity else max(5 * k, 50)
        found = self._nearest(queries, wanted, excluded, allowed)
        return diversify(self.vectors, found, k, diversity) if diversity else found

    def _nearest(
        self,
        queries: NDArray[np.float32],
        k: int,
        excluded: Sequence[Sequence[int]] | None,
        allowed: _Allowed | None,
    ) -> Neighbours:
        available = len(self) if allowed is None else len(allowed.rows)
        if self.index is None or available <= FEW or k < 1:
            among = None if allowed is None else allowed.rows
            return nearest(self.vectors, queries, k, excluded, among)
        if excluded is not None and len(excluded) != len(queries):
            raise ValueError(
                f"expected excluded items for each of {len(queries)} queries; got {len(excluded)}"
            )
        k = min(k, available)
        rows = np.full((len(queries), k), -1, np.int64)
        similarities = np.full(rows.shape, -np.inf, np.float32)
        for query, candidates in enumerate(self._candidates(queries, k, excluded, allowed)):
            expect(self.vectors, candidates)
            asked = queries[query : query + 1]
            found = nearest(self.vectors, asked, k, None, candidates)
            left_out = () if excluded is None else excluded[query]
            if found.found[0] < min(k, available - len(left_out)):
                # Too many of what the index found were gone or excluded: compare with every item.
                found = nearest(self.vectors, asked, k, [left_out], None if allowed is None else allowed.rows)
            rows[query, : found.rows.shape[1]] = found.rows[0]
            similarities[query, : found.rows.shape[1]] = found.similarities[0]
        return Neighbours(rows, similarities)

    def _candidates(
        self,
        queries: NDArray[np.float32],
        k: int,
        excluded: Sequence[Sequence[int]] | None,
        allowed: _Allowed | None,
    ) -> Iterator[NDArray[np.int64]]:
        """For each query the rows among which its neighbours are likely to be, ascending."""
        assert self.index is not None
        fresh = np.searchsorted(self.positions, self._fresh)
        share, bitmap = 1.0, None
        if allowed is not None:
            share, bitmap = len(allowed.rows) / len(self), allowed.bitmap
            # Both ascend; `np.intersect1d` would sort all that are allowed for every query.
            places = np.minimum(np.searchsorted(allowed.rows, fresh), len(allowed.rows) - 1)
            fresh = fresh[allowed.rows[places] == fresh]
        most = 0 if excluded is None else max((len(rows) for rows in excluded), default=0)
        asked_for = max(SPARE * (k + most), SPARE_AT_LEAST)
        for query, positions in enumerate(self.index.candidates(queries, asked_for, bitmap, share)):
            positions = np.sort(positions[positions >= 0])
            if len(self._fresh):
                positions = positions[~np.isin(positions, self._fresh)]
            rows = np.searchsorted(self.positions, positions)
            here = rows < len(self)
            here[here] = self.positions[rows[here]] == positions[here]
            rows = rows[here]
            if len(fresh):
                rows = np.union1d(rows, fresh)
            if excluded is not None and len(excluded[query]):
                rows = np.setdiff1d(rows, np.asarray(excluded[query], np.int64))
            yield rows

    def _allowed(self, conditions: tuple[Condition, ...]) -> _Allowed:
        known = self._remembered.get(conditions)
        if known is None:
            rows = np.flatnonzero(self._label_column.meeting(conditions))
            bitmap = None if self.index is None else self.index.bitmap(self.positions[rows])
            known = _Allowed(rows, bitmap)
            if len(self._remembered) >= REMEMBERED:
                self._remembered.clear()
            self._remembered[conditions] = known
        return known

    @property
    def _fresh(self) -> NDArray[np.int64]:
        return np.empty(0, np.int64) if self.fresh is None else self.fresh

    @cached_property
    def _label_column(self) -> LabelColumn:
        return LabelColumn(self._texts[2])

    @cached_property
    def _remembered(self) -> dict[tuple[Condition, ...], _Allowed]:
        return {}

    def with_version(self, version: int) -> Self:
        """The same items under the version a compaction has made."""
        return replace(self, version=version)

    def with_index(self, index: ApproximateIndex | None) -> Self:
        """The same items with another index; which of them it does not know is found out."""
        return replace(self, index=index, fresh=None)

    def with_vectors_in(self, room: VectorRoom) -> Self:
        """The same items, their equal vectors in another place."""
        return replace(self, vectors=room.view(len(self)), _room=room)

    def with_items(
        self,
        version: int,
        ids: Sequence[str],
        names: Sequence[str],
        positions: NDArray[np.int64],
        vectors: NDArray[np.float32],
        labels: Sequence[str] | None = None,
    ) -> Self:
        """The next snapshot: items whose id is here are replaced where they stand, the others follow."""
        here = np.array([id in self.row_of for id in ids], bool)
        new = np.flatnonzero(~here).tolist()
        labels = ("{}",) * len(ids) if labels is None else labels
        all_ids, all_names, all_labels = self._texts
        room = self._room
        added = vectors if len(new) == len(ids) else vectors[new]
        if room is None or here.any() or not room.append(len(self), added):
            room = VectorRoom.copy_of(self.vectors, added)
        all_vectors = room.view(len(self) + len(new))
        if here.any():
            place_of = {self.row_of[ids[place]]: place for place in np.flatnonzero(here).tolist()}
            all_names = all_names.with_changed({row: names[place] for row, place in place_of.items()})
            all_labels = all_labels.with_changed({row: labels[place] for row, place in place_of.items()})
            all_vectors.flags.writeable = True  # a copy that nobody has seen yet
            all_vectors[list(place_of)] = vectors[list(place_of.values())]
        new_ids = [ids[place] for place in new]
        following = type(self)(
            version,
            all_ids.with_new(new_ids),
            all_names.with_new([names[place] for place in new]),
            np.concatenate([self.positions, positions[new]]),
            all_vectors,
            all_labels.with_new([labels[place] for place in new]),
            self.index,
            self.fresh if self.index is None else np.union1d(self._fresh, positions),
            room,
        )
        # Where `cached_property` keeps it.
        following.__dict__["row_of"] = self.row_of.with_new(following._texts[0], new_ids)
        return following

    def without(self, version: int, ids: Collection[str]) -> Self:
        """The next snapshot, without these items."""
        stays = np.ones(len(self), bool)
        stays[[self.row_of[id] for id in ids if id in self.row_of]] = False
        positions = self.positions[stays]
        all_ids, names, labels = (texts.only(stays) for texts in self._texts)
        following = type(self)(
            version,
            all_ids,
            names,
            positions,
            self.vectors[stays],
            labels,
            self.index,
            np.intersect1d(self._fresh, positions, assume_unique=True),
        )
        following.__dict__["row_of"] = self.row_of.only(all_ids, stays)
        return following
