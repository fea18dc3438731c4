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
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

from modiste.catalogue.places import Place

__all__ = ["ApproximateIndex", "available", "fingerprint_rows"]

# The share of the ten nearest that an index must find in its own measurement.
RECALL = 0.995
MEASURED_AT = 10
MEASURED_QUERIES = 256

# k-means sees this many vectors for each centre; more cost minutes and gain nothing that was measurable.
SAMPLE_PER_CELL = 64
ROUNDS = 10

_MAGIC = b"modiste search index 2\n"
_DIGEST_BYTES = 32
_ROWS_AT_ONCE = 65_536
_BYTES_AT_ONCE = 1 << 20


def available() -> bool:
    """Whether FAISS is installed (``pip install 'modiste[faiss]'``)."""
    return find_spec("faiss") is not None


@dataclass(frozen=True)
class ApproximateIndex:
    """Vectors that can be found quickly, if not surely, by the positions (M,), ascending, of their items.

    ``fingerprints`` (M,) tell whether an item still has the vector that was put in. A query looks
    into ``cells`` cells; ``recall`` in [0, 1] is what that was measured to find of the ten nearest.
    ``made_of`` says which state of a table the vectors were (`state_key`), where that is known.
    """

    positions: NDArray[np.int64]
    fingerprints: NDArray[np.uint64]
    cells: int
    recall: float
    _faiss: Any = field(repr=False)
    made_of: bytes = b""

    @classmethod
    def build(
        cls,
        vectors: NDArray[np.float32],
        positions: NDArray[np.int64],
        *,
        seed: int = 0,
        made_of: bytes = b"",
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
        return cls(positions.copy(), fingerprint_rows(vectors), cells, recall, index, made_of)

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
        if not isinstance(file, Path):
            with tempfile.TemporaryFile() as written:
                self._write(written)
                written.seek(0)
                file.write_bytes(written.read())
            return
        beside = file.with_name(f".{file.name}.unfinished")
        try:
            with beside.open("w+b") as written:
                self._write(written)
                written.flush()
                os.fsync(written.fileno())
            beside.replace(file)
        except BaseException:
            with suppress(OSError):
                beside.unlink(missing_ok=True)  # on a full disk it would keep it full
            raise

    def _write(self, file: BinaryIO) -> None:
        faiss = _faiss()
        file.write(_MAGIC + bytes(_DIGEST_BYTES))
        measured, made_of = np.array([self.cells, self.recall]), np.frombuffer(self.made_of, np.uint8)
        for array in (measured, made_of, self.positions, self.fingerprints):
            np.save(file, array, allow_pickle=False)
        # Piece by piece: the bytes of ten million vectors are not held a second time.
        writer = faiss.PyCallbackIOWriter(file.write, _BYTES_AT_ONCE)
        faiss.write_index(self._faiss, writer)
        del writer  # it holds back what is less than a piece
        file.seek(0)
        digest = _digest(file)
        file.seek(len(_MAGIC))
        file.write(digest)

    @classmethod
    def load(cls, file: Place, dimension: int) -> Self | None:
        """What `save` wrote; None if it is not there, damaged, of another version or another dimension.

        An index is only a short cut, so one that cannot be used is no error. FAISS does not check what it
        reads; the digest in front does. It tells damage, not malice: as all of a catalogue's folder, the file
        is to be taken from those one trusts.
        """
        try:
            with file.open("rb") if isinstance(file, Path) else io.BytesIO(file.read_bytes()) as content:
                if _digest(content) != _promised(content):
                    return None
                measured, made_of, positions, fingerprints = (
                    np.load(content, allow_pickle=False) for _ in range(4)
                )
                faiss = _faiss()
                reader = faiss.PyCallbackIOReader(content.read, _BYTES_AT_ONCE)
                index = faiss.read_index(reader)
        except OSError:
            return None
        if index.d != dimension or index.ntotal != len(positions) or len(positions) != len(fingerprints):
            return None
        return cls(positions, fingerprints, int(measured[0]), float(measured[1]), index, made_of.tobytes())


def _faiss() -> Any:
    """FAISS, imported where it is used: it is an extra, and its type hints lack its Python additions."""
    return import_module("faiss")


def _promised(content: BinaryIO) -> bytes:
    """The digest a file says it has; what follows is what `save` wrote after it. Empty if it is no index."""
    content.seek(0)
    start = content.read(len(_MAGIC) + _DIGEST_BYTES)
    return start[len(_MAGIC) :] if start.startswith(_MAGIC) else b""


def _digest(content: BinaryIO) -> bytes:
    """The digest of what comes after magic and digest."""
    content.seek(len(_MAGIC) + _DIGEST_BYTES)
    digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    while piece := content.read(_BYTES_AT_ONCE):
        digest.update(piece)
    return digest.digest()


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
    queries = vectors[asked]
    tenth = _tenth_best(vectors, asked) - 1e-6
    cells = 1
    while True:
        index.nprobe = cells
        # Twice as many as asked for are re-ranked: 8 bits confuse those of almost equal similarity.
        rows = index.search(queries, 2 * (MEASURED_AT + 1))[1]
        reached = np.einsum("qkd,qd->qk", vectors[np.maximum(rows, 0)], queries)
        reached[(rows < 0) | (rows == asked[:, None])] = -np.inf
        hits = np.minimum((reached >= tenth[:, None]).sum(axis=1), MEASURED_AT)
        recall = float(hits.mean() / MEASURED_AT)
        if recall >= RECALL or cells >= index.nlist:
            return cells, recall
        cells = min(2 * cells, index.nlist)


def _tenth_best(vectors: NDArray[np.float32], asked: NDArray[np.int64]) -> NDArray[np.float32]:
    """The tenth highest similarity (Q,) of these rows to others; all vectors are read once, in portions."""
    queries = vectors[asked]
    best = np.full((len(asked), MEASURED_AT), -np.inf, np.float32)
    for start in range(0, len(vectors), _ROWS_AT_ONCE):
        here = queries @ vectors[start : start + _ROWS_AT_ONCE].T
        inside = np.flatnonzero((asked >= start) & (asked < start + here.shape[1]))
        here[inside, asked[inside] - start] = -np.inf
        if here.shape[1] > MEASURED_AT:
            here = np.partition(here, here.shape[1] - MEASURED_AT, axis=1)[:, -MEASURED_AT:]
        best = np.sort(np.concatenate([best, here], axis=1), axis=1)[:, -MEASURED_AT:]
    tenth: NDArray[np.float32] = best[:, 0]
    return tenth
