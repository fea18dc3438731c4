"""Rank by neighbourhoods: a photo stands for itself and for what is most like it.

Each vector of a gallery becomes the direction of the sum of itself and its nearest neighbours there, weighed
by their cosine ("database-side feature augmentation": P. Turcot and D. Lowe, "Better matching with fewer
features", 2009; R. Arandjelović and A. Zisserman, "Three things everyone should know to improve object
retrieval", CVPR 2012). A query then becomes the sum of itself and its nearest among those ("query expansion",
weighed as in F. Radenović et al., https://arxiv.org/abs/1711.02512, with α = 1).

No label is looked at, and no query sees another. What stands at the edge of its type moves towards it, so a
long list has more of the query's type in it. The first few places gain nothing: to recommend or to name a
photo, leave vectors as they are (see research/LOG.md).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modiste.embedding import unit_rows

__all__ = ["NEIGHBOURS", "expand"]

NEIGHBOURS = 8
"""Chosen on types left out of training; from 5 to 12 there is little between them."""

_AT_ONCE = 1024


def expand(
    queries: ArrayLike, gallery: ArrayLike, *, neighbours: int = NEIGHBOURS
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Unit vectors (Q, D) and (N, D) → both expanded, of the same shapes and of length 1.

    Where the gallery has fewer than ``neighbours`` others, all of them count. Time grows with N².
    ``ValueError`` for vectors that do not fit or are not of length 1, and for less than one neighbour.

    >>> queries, gallery = expand([[1, 0]], [[0.8, 0.6], [0.6, 0.8], [-1, 0]], neighbours=1)
    >>> gallery.astype(float).round(1).tolist()  # the third has no neighbour on its side
    [[0.7, 0.7], [0.7, 0.7], [-1.0, 0.0]]
    >>> queries.astype(float).round(1).tolist()
    [[0.9, 0.3]]
    """
    known = unit_rows(gallery)
    asked = unit_rows(queries, dimension=known.shape[1])
    if neighbours < 1:
        raise ValueError(f"expected one neighbour or more; got {neighbours}")
    # Each vector of the gallery is its own nearest: with it, there is one more to look for.
    smoothed = _directions(_surroundings(known, known, neighbours + 1))
    return _directions(asked + _surroundings(asked, smoothed, neighbours)), smoothed


def _surroundings(
    vectors: NDArray[np.float32], among: NDArray[np.float32], count: int
) -> NDArray[np.float32]:
    """The sum (M, D) of the ``count`` nearest of ``among`` (N, D), weighed by cosine, none by less than 0."""
    count = min(count, len(among))
    sums = np.empty_like(vectors)
    for start in range(0, len(vectors), _AT_ONCE):
        cosines = vectors[start : start + _AT_ONCE] @ among.T
        nearest = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
        weights = np.take_along_axis(cosines, nearest, axis=1).clip(min=0)
        sums[start : start + _AT_ONCE] = np.einsum("mk,mkd->md", weights, among[nearest])
    return sums


def _directions(sums: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    directions: NDArray[np.float32] = sums / np.maximum(lengths, 1e-12)
    return directions
