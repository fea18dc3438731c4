"""Vectors → places on a plane where what is alike lies together.

t-SNE (https://www.jmlr.org/papers/v9/vandermaaten08a.html) with its gradient by FFT
(https://doi.org/10.1038/s41592-018-0308-4), from openTSNE (https://opentsne.readthedocs.io). It starts from the two
first principal components, which keeps distant groups where they belong and every run the same
(https://doi.org/10.1038/s41467-019-13056-x), and it attracts each item to few neighbours, all alike: with 15 of them
maps look the same as with the usual 90 weighted ones, and are made in a fraction of the time.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

__all__ = ["kept_neighbours", "layout", "method", "place"]

Vectors = NDArray[np.float32]
Points = NDArray[np.float32]

ATTRACTED_TO = 15  # neighbours of an item
PLACED_BY = 5  # neighbours whose middle is the place of an item that came later
EARLY_STEPS, STEPS = 125, 250  # with groups pulled together, then without
REPORTED_EVERY = 25  # steps
# More items than this are not laid out but placed among a sample of so many.
LAID_OUT_AT_MOST = 60_000
# Below this t-SNE has too little to go by.
FEW = 4 * ATTRACTED_TO

_BLOCK = 16_000_000  # similarities computed at once: 64 MB


def method() -> str:
    """How `layout` works here: ``"t-sne"`` where openTSNE is installed, ``"pca"`` otherwise."""
    return "pca" if find_spec("openTSNE") is None else "t-sne"


def layout(
    vectors: Vectors, seed: int = 0, progress: Callable[[int, int], None] = lambda done, total: None
) -> Points:
    """Places (N, 2) of unit vectors (N, D); the middle of the map is 0, and everything lies within ±1.

    The same vectors and seed give the same places on the same machine. Without openTSNE, and for few items,
    they are the two first principal components. ``progress(done, total)`` counts steps.

    >>> two_groups = np.array([[1, 0, 0], [0.99, 0.141, 0], [0, 0, 1], [0, 0.141, 0.99]], np.float32)
    >>> a, b, c, _ = layout(two_groups)
    >>> bool(np.linalg.norm(a - b) < np.linalg.norm(a - c))
    True
    """
    if vectors.ndim != 2:
        raise ValueError(f"expected vectors (N, D); got {vectors.shape}")
    n = len(vectors)
    if n > LAID_OUT_AT_MOST:
        sample = np.sort(np.random.default_rng(seed).choice(n, LAID_OUT_AT_MOST, replace=False))
        points = np.empty((n, 2), np.float32)
        points[sample] = layout(vectors[sample], seed, progress)
        rest = np.setdiff1d(np.arange(n), sample)
        points[rest] = place(vectors[rest], vectors[sample], points[sample], seed)
        return points
    start = _principal(vectors)
    if n < FEW or method() == "pca":
        return _centred(start)
    return _centred(_t_sne(vectors, start, seed, progress))


def place(new: Vectors, known: Vectors, points: Points, seed: int = 0) -> Points:
    """Places (M, 2) of unit vectors (M, D) in a map that is there: the middle of their nearest neighbours.

    Each coordinate is the median, so that one neighbour far away pulls nobody into the void between groups;
    a little scatter keeps those with the same neighbours from hiding one another.

    >>> known = np.eye(3, dtype=np.float32)
    >>> places = np.array([[0, 0], [1, 0], [0, 1]], np.float32)
    >>> bool(np.abs(place(known[1:2], known, places) - [0, 0]).max() < 0.1)  # the median of all three
    True
    """
    if not len(new) or not len(known):
        return np.zeros((len(new), 2), np.float32)
    rows, _ = _neighbours(new, known, min(PLACED_BY, len(known)))
    scatter = np.random.default_rng(seed).standard_normal((len(new), 2), np.float32) * 0.002
    found: Points = np.median(points[rows], axis=1).astype(np.float32) + scatter
    return np.clip(found, -1, 1)


def kept_neighbours(
    vectors: Vectors, points: Points, k: int = 10, seed: int = 0, queries: int = 1000
) -> float | None:
    """The share of items' ``k`` nearest neighbours that are among the ``k`` nearest on the map: 0 to 1.

    Measured at ``queries`` items drawn by the seed; None if there are no more than k items. The share that
    chance keeps is k / N.

    >>> line = np.array([[1.0, 0.1 * i] for i in range(9)], np.float32)
    >>> line /= np.linalg.norm(line, axis=1, keepdims=True)
    >>> kept_neighbours(line, line, k=2)
    1.0
    """
    n = len(vectors)
    if n <= k:
        return None
    rows = np.random.default_rng(seed).permutation(n)[:queries]
    alike, _ = _neighbours(vectors[rows], vectors, k + 1)
    kept = 0.0
    for row, near in zip(rows.tolist(), alike, strict=True):
        away = ((points - points[row]) ** 2).sum(axis=1)
        away[row] = np.inf
        on_map = np.argpartition(away, k - 1)[:k]
        kept += len(np.intersect1d(near[near != row][:k], on_map)) / k
    return kept / len(rows)


def _t_sne(
    vectors: Vectors, start: NDArray[np.float64], seed: int, progress: Callable[[int, int], None]
) -> NDArray[np.float64]:
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import Uniform
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    total = EARLY_STEPS + STEPS
    progress(0, total)
    rows, cosines = _neighbours(vectors, vectors, ATTRACTED_TO + 1)
    others = _without_oneself(rows)
    rows, cosines = rows[others], cosines[others]
    shape = (len(vectors), ATTRACTED_TO)
    index = PrecomputedNeighbors(rows.reshape(shape), np.sqrt(2 - 2 * cosines.clip(-1, 1)).reshape(shape))
    affinities = Uniform(knn_index=index, k_neighbors=ATTRACTED_TO, symmetrize="max")
    start = start / max(float(np.std(start[:, 0])), 1e-12) * 1e-4  # tiny, as t-SNE wants it
    embedding = TSNEEmbedding(
        start, affinities, negative_gradient_method="fft", random_state=seed, n_jobs=_threads()
    )
    how = {"inplace": True, "learning_rate": "auto"}
    for done in range(0, total, REPORTED_EVERY):
        early = done < EARLY_STEPS
        embedding.optimize(
            REPORTED_EVERY, exaggeration=12 if early else 1, momentum=0.5 if early else 0.8, **how
        )
        progress(done + REPORTED_EVERY, total)
    return np.asarray(embedding, np.float64)


def _without_oneself(rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Of each row's neighbours all but the row itself; of twins that crowd it out, the last goes."""
    others = rows != np.arange(len(rows))[:, None]
    others[others.all(axis=1), -1] = False
    return others


def _principal(vectors: Vectors) -> NDArray[np.float64]:
    """The two first principal components (N, 2), each with the sign that makes its largest weight positive."""
    middle = vectors.mean(axis=0, dtype=np.float64) if len(vectors) else 0.0
    offset = vectors - middle
    _, axes = np.linalg.eigh(offset.T @ offset)
    axes = axes[:, ::-1][:, :2]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), range(axes.shape[1])])
    points = np.zeros((len(vectors), 2))
    points[:, : axes.shape[1]] = offset @ axes
    return points


def _centred(points: NDArray[np.float64]) -> Points:
    """The same picture with its middle at 0 and its farthest coordinate at 1."""
    if not len(points):
        return np.zeros((0, 2), np.float32)
    low, high = points.min(axis=0), points.max(axis=0)
    half = max(float((high - low).max()) / 2, 1e-12)
    return ((points - (low + high) / 2) / half).astype(np.float32)


def _neighbours(queries: Vectors, vectors: Vectors, k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The k most similar ``vectors`` to each query, best first (Q, k): rows and cosines.

    By PyTorch, as choosing few of many takes NumPy four times as long.
    """
    import torch

    rows = np.empty((len(queries), k), np.int64)
    cosines = np.empty((len(queries), k), np.float32)
    all_of_them = torch.from_numpy(np.ascontiguousarray(vectors)).T
    at_once = max(1, _BLOCK // max(1, len(vectors)))
    for first in range(0, len(queries), at_once):
        part = slice(first, first + at_once)
        found = (torch.from_numpy(np.ascontiguousarray(queries[part])) @ all_of_them).topk(k, dim=1)
        rows[part], cosines[part] = found.indices.numpy(), found.values.numpy()
    return rows, cosines


def _threads() -> int:
    import torch

    return torch.get_num_threads()
