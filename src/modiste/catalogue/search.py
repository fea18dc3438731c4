"""The most similar vectors, found by comparing with every one of them.

Exact and in memory: 40,000 vectors of 128 numbers take about a millisecond a query.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Neighbours", "nearest"]

# Similarities computed at once, in float32: 64 MB, however many queries come.
_BLOCK = 16_000_000
# Matrix products round differently for one query and for many. What is this close to the k-th best is
# computed again in float64, in one fixed way: an answer does not depend on the company its query came in.
_ROUNDING = 1e-5


@dataclass(frozen=True)
class Neighbours:
    """The vectors most similar to each query: ``rows`` (Q, k), best first, and their ``similarities`` (Q, k).

    Similarities are cosines in [-1, 1]; of equal ones the lower row comes first. Where a query has fewer than
    k neighbours, because the others were excluded, the rest is row -1 with similarity -inf.

    >>> Neighbours(np.array([[4, -1]]), np.array([[0.9, -np.inf]], np.float32)).found.tolist()
    [1]
    """

    rows: NDArray[np.int64]
    similarities: NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.rows.ndim != 2 or self.rows.shape != self.similarities.shape:
            raise ValueError(
                f"expected rows and similarities (Q, k); got {self.rows.shape} and {self.similarities.shape}"
            )

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def found(self) -> NDArray[np.int64]:
        """How many neighbours each query has (Q,): k, or fewer where too many were excluded."""
        counts: NDArray[np.int64] = np.count_nonzero(self.rows >= 0, axis=1)
        return counts


def nearest(
    vectors: NDArray[np.float32],
    queries: NDArray[np.float32],
    k: int,
    exclude: Sequence[Sequence[int]] | NDArray[np.int64] | None = None,
) -> Neighbours:
    """The ``k`` rows of ``vectors`` (N, D) most similar to each of ``queries`` (Q, D); all N if k > N.

    Both hold rows of length 1. ``exclude`` names, for each query, rows that must not be found. ``ValueError``
    if the shapes do not fit or k < 1.

    >>> shop = np.array([[1, 0], [0, 1], [0.8, 0.6]], np.float32)
    >>> nearest(shop, shop[:1], k=2, exclude=[[0]]).rows.tolist()
    [[2, 1]]
    """
    if vectors.ndim != 2 or queries.ndim != 2 or vectors.shape[1] != queries.shape[1]:
        raise ValueError(f"expected vectors (N, D) and (Q, D); got {vectors.shape} and {queries.shape}")
    if k < 1:
        raise ValueError(f"expected k ≥ 1; got {k}")
    if exclude is not None and len(exclude) != len(queries):
        raise ValueError(f"expected excluded rows for each of {len(queries)} queries; got {len(exclude)}")
    k = min(k, len(vectors))
    rows = np.full((len(queries), k), -1, np.int64)
    similarities = np.full((len(queries), k), -np.inf, np.float32)
    if not k:
        return Neighbours(rows, similarities)
    at_once = max(1, _BLOCK // len(vectors))
    for start in range(0, len(queries), at_once):
        block = queries[start : start + at_once] @ vectors.T
        for query, rough in enumerate(block, start):
            if exclude is not None:
                rough[np.asarray(exclude[query], np.int64)] = -np.inf
            close, cosines = _best(vectors, queries[query], rough, k)
            rows[query, : len(close)] = close
            similarities[query, : len(close)] = cosines
    return Neighbours(rows, similarities)


def _best(
    vectors: NDArray[np.float32], query: NDArray[np.float32], rough: NDArray[np.float32], k: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """At most ``k`` rows of the highest similarity and what it is; ``rough`` (N,) is it but for rounding."""
    kth = np.partition(rough, len(rough) - k)[len(rough) - k]
    if np.isneginf(kth):  # fewer than k are left
        close = np.flatnonzero(~np.isneginf(rough))
    else:
        close = np.flatnonzero(rough >= kth - _ROUNDING)
    exact = (vectors[close].astype(np.float64) * query).sum(axis=1).astype(np.float32)
    order = np.argsort(-exact, kind="stable")[:k]
    return close[order], exact[order]
