"""From the table on disk to a snapshot in memory, by the short cuts that lie beside the table.

``search.index`` is an `ApproximateIndex` of what the table held when it was written. Nothing depends on it:
an item it does not know, or whose vector has changed, is searched exactly. ``search.vectors`` is a copy of
the vectors that can be mapped into memory (see `kept_vectors`); in object storage there is none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from modiste.catalogue.approximate import ApproximateIndex, available
from modiste.catalogue.kept_vectors import VectorRoom, keep_vectors, kept_vectors, state_key
from modiste.catalogue.places import Place
from modiste.catalogue.snapshot import Snapshot
from modiste.catalogue.table import TABLE
from modiste.catalogue.texts import PIECE, Texts

__all__ = ["INDEX", "VECTORS", "Loader"]

INDEX = "search.index"
VECTORS = "search.vectors"
_NONE = pa.array([], pa.string())


@dataclass(frozen=True, slots=True)
class Loader:
    """Reads the present state of a catalogue's ``table``, with vectors of ``dimension``, in ``folder``."""

    folder: Place
    table: Any
    dimension: int

    @property
    def key(self) -> bytes:
        """Of the table's present state; none in object storage, where no copy is kept."""
        if not isinstance(self.folder, Path):
            return b""
        return state_key(self.folder / f"{TABLE}.lance", self.table.version)

    def index(self) -> ApproximateIndex | None:
        """The index that was last written, if there is one and it can be used here."""
        return ApproximateIndex.load(self.folder / INDEX, self.dimension) if available() else None

    def open(self) -> Snapshot:
        """The items and their index; the vectors from the mapped copy, which is made if it is worth it."""
        index = self.index()
        if index is None or not isinstance(self.folder, Path):
            return self.read().with_index(index)
        key, copy = self.key, self.folder / VECTORS
        kept = kept_vectors(copy, key, self.dimension)
        now = self.read(kept)
        if kept is not None and index.made_of == key:
            return replace(now, index=index, fresh=np.empty(0, np.int64))
        now = now.with_index(index)
        if kept is None:
            return self.keep(now)
        # That has read all vectors. Mapped anew, only those that searches look at take memory.
        again = kept_vectors(copy, key, self.dimension)
        return now if again is None else now.with_vectors_in(again)

    def keep(self, now: Snapshot) -> Snapshot:
        """The same items, their vectors in the mapped copy if it can be written."""
        if not isinstance(self.folder, Path):
            return now
        key, copy = self.key, self.folder / VECTORS
        if keep_vectors(copy, key, now.vectors):
            mapped = kept_vectors(copy, key, self.dimension)
            if mapped is not None and len(mapped) == len(now):
                return now.with_vectors_in(mapped)
        return now

    def read(self, kept: VectorRoom | None = None) -> Snapshot:
        """Ids, names, labels and vectors in the order of their positions, without an index.

        ``kept`` are the vectors (N, D) in that order, for whoever has them: then they are not read.
        """
        count = self.table.count_rows()
        if kept is not None and len(kept) != count:
            return self.read()
        columns = ["id", "position", "name", "labels", *([] if kept is not None else ["vector"])]
        read = np.empty((0 if kept is not None else count, self.dimension), np.float32)
        positions = np.empty(count, np.int64)
        ids, names, labels, done = [], [], [], 0
        for batch in self.table.search().select(columns).to_batches(PIECE):
            # To their places, or copied: whatever is kept of a batch keeps all its columns in memory.
            here = slice(done, done := done + len(batch))
            positions[here] = batch.column("position").to_numpy()
            if kept is None:
                flat = batch.column("vector").flatten().to_numpy()
                read[here] = flat.reshape(len(batch), self.dimension)
            ids.append(pa.concat_arrays([batch.column("id"), _NONE]))
            names.append(pa.concat_arrays([batch.column("name"), _NONE]))
            labels.append(batch.column("labels").dictionary_encode())
        texts = [Texts(ids), Texts(names), Texts(labels, repeating=True)]
        if (positions[1:] < positions[:-1]).any():
            order = np.argsort(positions, kind="stable")
            texts, positions = [each.in_order(order) for each in texts], positions[order]
            read = read if kept is not None else read[order]
        vectors = read if kept is None else kept.view(count)
        return Snapshot(
            self.table.version, texts[0], texts[1], positions, vectors, texts[2], None, None, kept
        )
