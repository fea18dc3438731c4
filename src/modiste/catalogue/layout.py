"""Vectors → places on a plane where what is alike lies together.

t-SNE (https://www.jmlr.org/papers/v9/vandermaaten08a.html) with its gradient by FFT
(https://doi.org/10.1038/s41592-018-0308-4), from openTSNE (https://opentsne.readthedocs.io). It starts from
the two first principal components, which keeps distant groups where they belong and every run the same
(https://doi.org/10.1038/s41467-019-13056-x), and attracts each item to 15 neighbours alike instead of the
usual 90 weighted ones: the picture is much the same (https://www.jmlr.org/papers/v23/21-0055.html) and made
sooner.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modiste.catalogue.search import nearest

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
# Principal components in which neighbours are looked for: the rest is noise to a map, and costs most time.
AXES = 50
# From so many items on the gradient by FFT is quicker than the one by a tree of points.
MANY = 5_000

_BLOCK = 16_000_000  # similarities computed at once: 64 MB


def method(items: int) -> str:
    """How `layout` works for so many items: ``"t-sne"``, or ``"pca"`` for few and where openTSNE is missing.

    >>> method(3)
    'pca'
    """
    return "pca" if items < FEW or find_spec("openTSNE") is None else "t-sne"


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
    axes = _principal(vectors)
    if method(n) == "pca":
        return _centred(axes[:, :2])
    return _centred(_t_sne(axes, seed, progress))


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
    alike = nearest(vectors, vectors[rows], k, rows[:, None]).rows
    kept = 0.0
    for row, near in zip(rows.tolist(), alike, strict=True):
        away = ((points - points[row]) ** 2).sum(axis=1)
        away[row] = np.inf
        on_map = np.argpartition(away, k - 1)[:k]
        kept += len(np.intersect1d(near, on_map)) / k
    return kept / len(rows)


def _t_sne(axes: NDArray[np.float32], seed: int, progress: Callable[[int, int], None]) -> NDArray[np.float64]:
    from openTSNE import TSNEEmbedding
    from openTSNE.affinity import Uniform
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    total = EARLY_STEPS + STEPS
    progress(0, total)
    rows, away = _neighbours(axes, axes, ATTRACTED_TO + 1)
    others = _without_oneself(rows)
    shape = (len(axes), ATTRACTED_TO)
    index = PrecomputedNeighbors(rows[others].reshape(shape), away[others].reshape(shape))
    affinities = Uniform(knn_index=index, k_neighbors=ATTRACTED_TO, symmetrize="max")
    start = axes[:, :2].astype(np.float64)
    start *= 1e-4 / max(float(np.std(start[:, 0])), 1e-12)  # tiny, as t-SNE wants it
    gradient = "fft" if len(axes) >= MANY else "bh"
    embedding = TSNEEmbedding(
        start, affinities, negative_gradient_method=gradient, random_state=seed, n_jobs=_threads()
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
    others: NDArray[np.bool_] = rows != np.arange(len(rows))[:, None]
    others[others.all(axis=1), -1] = False
    return others


def _principal(vectors: Vectors) -> NDArray[np.float32]:
    """The first principal components (N, A), at least two; each with its largest weight positive."""
    middle = vectors.mean(axis=0) if len(vectors) else np.zeros(vectors.shape[1], np.float32)
    offset = vectors - middle
    _, axes = np.linalg.eigh((offset.T @ offset).astype(np.float64))
    axes = axes[:, ::-1][:, :AXES]
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), range(axes.shape[1])])
    points = np.zeros((len(vectors), max(2, axes.shape[1])), np.float32)
    points[:, : axes.shape[1]] = offset @ axes.astype(np.float32)
    return points


def _centred(points: NDArray[Any]) -> Points:
    """The same picture with its middle at 0 and its farthest coordinate at 1."""
    if not len(points):
        return np.zeros((0, 2), np.float32)
    low, high = points.min(axis=0), points.max(axis=0)
    half = max(float((high - low).max()) / 2, 1e-12)
    centred: Points = ((points - (low + high) / 2) / half).astype(np.float32)
    return centred


def _neighbours(
    queries: NDArray[np.float32], points: NDArray[np.float32], k: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The k ``points`` (N, D) nearest to each query (Q, D), nearest first: rows and distances (Q, k).

    Exact, by PyTorch, as choosing few of many takes NumPy four times as long.
    """
    import torch

    rows = np.empty((len(queries), k), np.int64)
    away = np.empty((len(queries), k), np.float32)
    # The order of q·p - |p|²/2 is that of distances, and it is one matrix product.
    every = torch.from_numpy(np.ascontiguousarray(points))
    half = every.square().sum(dim=1) / 2
    at_once = max(1, _BLOCK // max(1, len(points)))
    for first in range(0, len(queries), at_once):
        part = slice(first, first + at_once)
        asked = torch.from_numpy(np.ascontiguousarray(queries[part]))
        found = torch.addmm(-half[None], asked, every.T).topk(k, dim=1)
        squares = asked.square().sum(dim=1, keepdim=True) - 2 * found.values
        rows[part], away[part] = found.indices.numpy(), squares.clamp(min=0).sqrt().numpy()
    return rows, away


def _threads() -> int:
    import torch

    return torch.get_num_threads()
