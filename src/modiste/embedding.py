"""Photos → unit vectors: what an encoder must offer, and what comes out of one.

Everything after this stage works with any `Encoder`: a trained model, a shipped one, or the fake of the
tests. Vectors have length 1, so the similarity of two photos is the dot product of their vectors: a cosine in
[-1, 1].
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modiste.photos import read_fitted
from modiste.preprocessing import Preprocess

__all__ = ["Embeddings", "Encoder", "embed_photo", "fit_photo", "unit_rows"]

_LENGTH_TOLERANCE = 1e-3  # what half-precision networks leave of a length of 1


class Encoder(Protocol):
    """Turns pixels into vectors."""

    @property
    def id(self) -> str:
        """Name and content hash, such as ``default-3fa9c1d2e0b4``: equal ids make equal vectors."""

    @property
    def dimension(self) -> int:
        """How many numbers a vector has (D)."""

    @property
    def preprocess(self) -> Preprocess:
        """How a photo becomes the pixels this encoder sees."""

    def embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Pixels (N, height, width, 3) → rows of length 1, (N, D)."""


@dataclass(frozen=True)
class Embeddings:
    """The vectors (N, D) of N photos, named by ``ids`` (N,), and the ``encoder`` (its id) that made them.

    The rows are float32 of length 1 and cannot be written to. ``ValueError`` if they are anything else, or if
    an id is there twice.

    >>> made = Embeddings(("a", "b"), np.eye(2, 3, dtype=np.float32), "default-3fa9c1d2e0b4")
    >>> len(made), made.dimension
    (2, 3)
    """

    ids: tuple[str, ...]
    vectors: NDArray[np.float32]
    encoder: str

    def __post_init__(self) -> None:
        vectors = unit_rows(self.vectors).view()
        vectors.flags.writeable = False
        object.__setattr__(self, "vectors", vectors)
        if len(self.ids) != len(vectors):
            raise ValueError(f"expected an id for each of {len(vectors)} vectors; got {len(self.ids)}")
        if len(set(self.ids)) != len(self.ids):
            raise ValueError("expected each id once; some are there several times")

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        return f"Embeddings({len(self)} photos, {self.dimension} numbers each, encoder {self.encoder})"

    @property
    def dimension(self) -> int:
        return int(self.vectors.shape[1])


def unit_rows(vectors: ArrayLike, dimension: int | None = None) -> NDArray[np.float32]:
    """``vectors`` as contiguous float32 (N, D), after checking that every row has length 1.

    ``dimension`` is the D that is expected. ``ValueError`` if shape, numbers or lengths are not so.

    >>> unit_rows([[0.6, 0.8]]).dtype
    dtype('float32')
    >>> unit_rows([[0.6, 0.8]], dimension=3)
    Traceback (most recent call last):
    ValueError: expected vectors (N, 3); got (1, 2)
    """
    rows = np.ascontiguousarray(vectors, dtype=np.float32)
    if rows.ndim != 2 or (dimension is not None and rows.shape[1] != dimension):
        raise ValueError(f"expected vectors (N, {dimension or 'D'}); got {rows.shape}")
    lengths = np.sqrt(np.einsum("nd,nd->n", rows, rows))
    wrong = np.flatnonzero(~(np.abs(lengths - 1) <= _LENGTH_TOLERANCE))  # a NaN is wrong, too
    if len(wrong):
        raise ValueError(f"expected vectors of length 1; row {wrong[0]} has length {lengths[wrong[0]]:g}")
    return rows


def embed_photo(encoder: Encoder, photo: bytes | str | Path | NDArray[np.uint8]) -> NDArray[np.float32]:
    """One photo → its vector (1, D): a file, its bytes, or RGB pixels (h, w, 3) of any size.

    Raises `PhotoError` for what is no photo, ``ValueError`` for an array that holds no RGB pixels.
    """
    return unit_rows(encoder.embed(fit_photo(encoder.preprocess, photo)[None]), encoder.dimension)


def fit_photo(preprocess: Preprocess, photo: bytes | str | Path | NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The pixels (height, width, 3) an encoder sees of one photo. Takes and raises what `embed_photo` does.

    >>> fit_photo(Preprocess(height=80, width=60), np.zeros((120, 160, 3), np.uint8)).shape
    (80, 60, 3)
    """
    if not isinstance(photo, np.ndarray):
        return read_fitted(photo, preprocess)
    if photo.ndim != 3 or photo.shape[2] != 3 or photo.dtype != np.uint8 or not photo.size:
        raise ValueError(f"expected RGB pixels (h, w, 3) in uint8; got {photo.shape} in {photo.dtype}")
    return preprocess.fit(photo)
