"""The most similar vectors, found by comparing with every one of them.

Exact and in memory: 40,000 vectors of 128 numbers take about a millisecond a query.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["Neighbours", "diversify", "fuse", "nearest"]

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

    @cached_property
    def found(self) -> NDArray[np.int64]:
        """How many neighbours each query has (Q,): k, or fewer where too many were excluded."""
        counts: NDArray[np.int64] = np.count_nonzero(self.rows >= 0, axis=1)
        return counts


def nearest(
    vectors: NDArray[np.float32],
    queries: NDArray[np.float32],
    k: int,
    exclude: Sequence[Sequence[int]] | NDArray[np.int64] | None = None,
    among: NDArray[np.int64] | None = None,
) -> Neighbours:
    """The ``k`` rows of ``vectors`` (N, D) most similar to each of ``queries`` (Q, D); all N if k > N.

    Both hold rows of length 1. ``exclude`` names, for each query, rows that must not be found; ``among``,
    ascending, are the only ones that may be, for all queries. ``ValueError`` if the shapes do not
    fit or k < 1.

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
    if among is not None and 4 * len(among) <= len(vectors):  # few: worth copying, and then all there is
        if exclude is not None:
            exclude = [_places(among, rows).tolist() for rows in exclude]
        found = nearest(vectors[among], queries, k, exclude)
        if not len(among):
            return found
        return Neighbours(np.where(found.rows >= 0, among[found.rows], -1), found.similarities)
    k = min(k, len(vectors) if among is None else len(among))
    barred = None
    if among is not None:
        barred = np.ones(len(vectors), bool)
        barred[among] = False
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
            if barred is not None:
                rough[barred] = -np.inf
            close, cosines = _best(vectors, queries[query], rough, k)
            rows[query, : len(close)] = close
            similarities[query, : len(close)] = cosines
    return Neighbours(rows, similarities)


def _places(among: NDArray[np.int64], rows: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
    """Where in ``among``, ascending, these rows stand; those that are not in it are left out."""
    return np.flatnonzero(np.isin(among, np.asarray(rows, np.int64)))


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


def diversify(vectors: NDArray[np.float32], found: Neighbours, k: int, diversity: float) -> Neighbours:
    """``k`` of the neighbours found for each query: similar to it, and less so to one another.

    Maximal marginal relevance (Carbonell and Goldstein, https://doi.org/10.1145/290941.291025): one after the
    other, whichever has the highest (1 − diversity) · similarity to the query − diversity · similarity to
    the nearest of those taken. ``diversity`` in [0, 1], ``ValueError`` if it is outside; 0 takes the first k.

    >>> shop = np.array([[1, 0], [0.99995, 0.01], [0.8, 0.6]], np.float32)
    >>> diversify(shop, nearest(shop, shop[:1], k=3), k=2, diversity=0.6).rows.tolist()
    [[0, 2]]
    """
    if not 0 <= diversity <= 1:
        raise ValueError(f"expected a diversity in [0, 1]; got {diversity}")
    k = min(k, found.rows.shape[1])
    rows = np.full((len(found.rows), k), -1, np.int64)
    similarities = np.full(rows.shape, -np.inf, np.float32)
    for query, count in enumerate(found.found.tolist()):
        candidates, relevance = found.rows[query, :count], found.similarities[query, :count]
        alike = vectors[candidates] @ vectors[candidates].T
        nearest_taken = np.zeros(count, np.float32)
        left = np.ones(count, bool)
        for place in range(min(k, count)):
            worth = (1 - diversity) * relevance - diversity * nearest_taken
            taken = int(np.argmax(np.where(left, worth, -np.inf)))
            rows[query, place], similarities[query, place] = candidates[taken], relevance[taken]
            left[taken] = False
            nearest_taken = alike[taken] if place == 0 else np.maximum(nearest_taken, alike[taken])
    return Neighbours(rows, similarities)


def fuse(rankings: Sequence[Sequence[int]], k: int, constant: int = 60) -> list[tuple[int, float]]:
    """Several rankings of rows, best first, as one: the ``k`` best rows and their scores.

    Reciprocal rank fusion: a row scores 1 / (constant + rank) in each ranking it is in (Cormack, Clarke and
    Büttcher 2009, https://doi.org/10.1145/1571941.1572114). It needs no scores that can be compared, so a
    text and a photo can be fused. Of equal scores the lower row comes first.

    >>> fuse([[7, 8, 9], [8, 9, 7]], k=2)[0][0]
    8
    """
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, row in enumerate(ranking, 1):
            scores[row] = scores.get(row, 0.0) + 1 / (constant + rank)
    return sorted(scores.items(), key=lambda scored: (-scored[1], scored[0]))[:k]
