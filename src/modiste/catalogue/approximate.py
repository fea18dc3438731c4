"""An approximate index for catalogues too large to compare a photo with every item.

FAISS's inverted file: vectors are put into cells around k-means centres, and a query looks only into those
nearest to it. In the cells they lie as 8-bit numbers, a quarter of their size; whoever asks compares the few
that come out once more, exactly (Jégou et al., *Product quantization for nearest neighbor search*,
https://doi.org/10.1109/TPAMI.2010.57, describes cells and re-ranking).

How many cells are looked into is not guessed: an index measures its own recall when it is built and takes the
fewest that reach `RECALL`. It never changes afterwards. What was added or changed since is searched exactly
beside it, so it may lag behind the table without anybody noticing.
"""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from modiste.catalogue.places import Place
from modiste.catalogue.search import nearest

__all__ = ["ApproximateIndex", "available", "fingerprint_rows"]

# The share of the ten nearest that an index must find in its own measurement.
RECALL = 0.995
MEASURED_AT = 10
MEASURED_QUERIES = 256

# k-means sees this many vectors for each centre; more cost minutes and gain nothing that was measurable.
SAMPLE_PER_CELL = 64
ROUNDS = 10

_MAGIC = b"modiste search index 1\n"
_DIGEST_BYTES = 32
_ROWS_AT_ONCE = 65_536


def available() -> bool:
    """Whether FAISS is installed (``pip install 'modiste[faiss]'``)."""
    return find_spec("faiss") is not None


@dataclass(frozen=True)
class ApproximateIndex:
    """Vectors that can be found quickly, if not surely, by the positions (M,), ascending, of their items.

    ``fingerprints`` (M,) tell whether an item still has the vector that was put in. A query looks
    into ``cells`` cells; ``recall`` in [0, 1] is what that was measured to find of the ten nearest.
    """

    positions: NDArray[np.int64]
    fingerprints: NDArray[np.uint64]
    cells: int
    recall: float
    _faiss: Any = field(repr=False)

    @classmethod
    def build(
        cls,
        vectors: NDArray[np.float32],
        positions: NDArray[np.int64],
        *,
        seed: int = 0,
    ) -> Self:
        """An index of ``vectors`` (M, D) of length 1 and the ``positions`` of their items.

        ``ValueError`` if there are fewer than 1,000 vectors: searching those exactly is quicker.
        """
        faiss = _faiss()
        if len(vectors) < 1000:
            raise ValueError(f"expected at least 1000 vectors; got {len(vectors)}")
        count = 2 ** round(np.log2(2 * np.sqrt(len(vectors))))
        rng = np.random.default_rng(seed)
        index = faiss.index_factory(vectors.shape[1], f"IVF{count},SQ8", faiss.METRIC_INNER_PRODUCT)
        index.cp.niter, index.cp.seed = ROUNDS, seed
        index.cp.max_points_per_centroid = SAMPLE_PER_CELL
        sample = rng.choice(len(vectors), min(len(vectors), SAMPLE_PER_CELL * count), replace=False)
        index.train(vectors[np.sort(sample)])
        for start in range(0, len(vectors), _ROWS_AT_ONCE):
            index.add(vectors[start : start + _ROWS_AT_ONCE])
        asked = np.sort(rng.choice(len(vectors), min(MEASURED_QUERIES, len(vectors)), replace=False))
        cells, recall = _measured(index, vectors, asked)
        return cls(positions.copy(), fingerprint_rows(vectors), cells, recall, index)

    def __len__(self) -> int:
        return len(self.positions)

    def candidates(
        self, queries: NDArray[np.float32], k: int, among: NDArray[np.uint8] | None = None, share: float = 1.0
    ) -> NDArray[np.int64]:
        """The positions (Q, k) of likely neighbours, in no exact order; -1 where there are no more.

        ``among`` is a bitmap (see `bitmap`) of those that may be found, ``share`` of all; the rarer they are,
        the more cells are looked into, so that as many of them are met.
        """
        faiss = _faiss()

        cells = min(self._faiss.nlist, int(np.ceil(self.cells / max(share, 1e-9))))
        selector = None if among is None else faiss.IDSelectorBitmap(among)
        # Held in a variable: FAISS keeps only a pointer to the selector.
        how = faiss.SearchParametersIVF(sel=selector, nprobe=cells)
        # What `Index.search` does, in full: faiss.contrib.torch_utils, which other packages import, puts a
        # method in its place for the whole process that takes no parameters.
        asked, k = np.ascontiguousarray(queries, np.float32), min(k, len(self))
        cosines, places = np.empty((len(asked), k), np.float32), np.empty((len(asked), k), np.int64)
        pointers = [faiss.swig_ptr(values) for values in (asked, cosines, places)]
        self._faiss.search_c(len(asked), pointers[0], k, *pointers[1:], how)
        found: NDArray[np.int64] = np.where(places >= 0, self.positions[places], -1)
        return found

    def bitmap(self, positions: NDArray[np.int64]) -> NDArray[np.uint8]:
        """A bit for each vector of this index: whether it stands at one of these positions, ascending."""
        return np.packbits(np.isin(self.positions, positions), bitorder="little")

    def unknown(self, positions: NDArray[np.int64], vectors: NDArray[np.float32]) -> NDArray[np.int64]:
        """Those of ``positions`` (N,) whose vectors (N, D) are not, or no longer, the ones in this index."""
        places = np.searchsorted(self.positions, positions)
        places[places == len(self)] = 0
        known = self.positions[places] == positions
        known &= self.fingerprints[places] == fingerprint_rows(vectors)
        missing: NDArray[np.int64] = positions[~known]
        return missing

    def save(self, file: Place) -> None:
        """Write it beside its place, then rename: a reader sees the whole file or the one before."""
        faiss = _faiss()

        packed = io.BytesIO()
        for array in (
            np.array([self.cells, self.recall]),
            self.positions,
            self.fingerprints,
            faiss.serialize_index(self._faiss),
        ):
            np.save(packed, array, allow_pickle=False)
        content = packed.getbuffer()
        head = _MAGIC + hashlib.blake2b(content, digest_size=_DIGEST_BYTES).digest()
        if not isinstance(file, Path):
            file.write_bytes(head + content)
            return
        beside = file.with_name(f".{file.name}.unfinished")
        with beside.open("wb") as written:
            written.write(head)
            written.write(content)
            written.flush()
            os.fsync(written.fileno())
        beside.replace(file)

    @classmethod
    def load(cls, file: Place, dimension: int) -> Self | None:
        """What `save` wrote; None if it is not there, damaged, of another version or another dimension.

        An index is only a short cut, so one that cannot be used is no error. FAISS does not check what it
        reads; the digest in front does.
        """
        try:
            content = file.read_bytes()
        except OSError:
            return None
        body = memoryview(content)[len(_MAGIC) + _DIGEST_BYTES :]
        digest = hashlib.blake2b(body, digest_size=_DIGEST_BYTES).digest()
        if content[: len(_MAGIC) + _DIGEST_BYTES] != _MAGIC + digest:
            return None
        faiss = _faiss()

        packed = io.BytesIO(body)
        measured, positions, fingerprints, bytes_of_index = (
            np.load(packed, allow_pickle=False) for _ in range(4)
        )
        index = faiss.deserialize_index(bytes_of_index)
        if index.d != dimension:
            return None
        return cls(positions, fingerprints, int(measured[0]), float(measured[1]), index)


def _faiss() -> Any:
    """FAISS, imported where it is used: it is an extra, and its type hints lack its Python additions."""
    return import_module("faiss")


def fingerprint_rows(vectors: NDArray[np.float32]) -> NDArray[np.uint64]:
    """A number for each of ``vectors`` (N, D): different vectors have different ones but for a rare chance.

    >>> a, b, c = fingerprint_rows(np.array([[1, 0], [0, 1], [1, 0]], np.float32)).tolist()
    >>> a == c, a == b
    (True, False)
    """
    weights = np.random.default_rng(0).integers(1, 2**63, vectors.shape[1], np.uint64) | np.uint64(1)
    found = np.empty(len(vectors), np.uint64)
    for start in range(0, len(vectors), _ROWS_AT_ONCE // 8):
        rows = slice(start, start + _ROWS_AT_ONCE // 8)
        bits = np.ascontiguousarray(vectors[rows]).view(np.uint32).astype(np.uint64)
        found[rows] = (bits * weights).sum(axis=1, dtype=np.uint64)
    return found


def _measured(
    index: Any,
    vectors: NDArray[np.float32],
    asked: NDArray[np.int64],
) -> tuple[int, float]:
    """The fewest cells, by doubling, that reach `RECALL`, and what they reach.

    Its own vectors are the queries; finding a query itself counts for nothing. Equally similar items would be
    equally good, so what counts is the similarity reached, not which item it was.
    """
    k = MEASURED_AT + 1
    queries = vectors[asked]

    def similarities(rows: NDArray[np.int64]) -> NDArray[np.float32]:
        values = np.einsum("qkd,qd->qk", vectors[np.maximum(rows, 0)], queries)
        values[(rows < 0) | (rows == asked[:, None])] = -np.inf
        return np.asarray(values, np.float32)

    tenth = np.sort(similarities(nearest(vectors, queries, k).rows), axis=1)[:, -MEASURED_AT] - 1e-6
    cells = 1
    while True:
        index.nprobe = cells
        # Twice as many as asked for are re-ranked: 8 bits confuse those of almost equal similarity.
        reached = similarities(index.search(queries, 2 * k)[1]) >= tenth[:, None]
        recall = float(np.minimum(reached.sum(axis=1), MEASURED_AT).mean() / MEASURED_AT)
        if recall >= RECALL or cells >= index.nlist:
            return cells, recall
        cells = min(2 * cells, index.nlist)
