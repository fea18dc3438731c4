"""Expanded vectors are what a loop makes of them, and lie closer to their kind."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from modiste.expansion import expand
from modiste.metrics import judge_retrieval


def unit(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def loop(vector: NDArray[np.float64], among: list[NDArray[np.float64]], count: int) -> NDArray[np.float64]:
    nearest = sorted(among, key=lambda other: -float(vector @ other))[:count]
    total = sum(max(0.0, float(vector @ other)) * other for other in nearest)
    return np.asarray(total)


@pytest.mark.parametrize("neighbours", [1, 4, 100])
def test_they_are_what_a_loop_makes_of_them(neighbours: int) -> None:
    rng = np.random.default_rng(3)
    gallery, queries = unit(rng.normal(size=(30, 5))), unit(rng.normal(size=(7, 5)))
    asked, known = expand(queries, gallery, neighbours=neighbours)
    rows = list(gallery.astype(np.float64))
    smoothed = [loop(row, rows, neighbours + 1) for row in rows]
    smoothed = [row / np.linalg.norm(row) for row in smoothed]
    sums = [row + loop(row, smoothed, neighbours) for row in queries.astype(np.float64)]
    np.testing.assert_allclose(known, smoothed, atol=1e-6)
    np.testing.assert_allclose(asked, [row / np.linalg.norm(row) for row in sums], atol=1e-6)


def test_a_query_does_not_see_the_others() -> None:
    rng = np.random.default_rng(4)
    gallery, queries = unit(rng.normal(size=(1500, 8))), unit(rng.normal(size=(1100, 8)))
    together, _ = expand(queries, gallery)
    alone, _ = expand(queries[-1:], gallery)
    np.testing.assert_allclose(together[-1:], alone, atol=1e-6)


def test_groups_are_ranked_better() -> None:
    rng = np.random.default_rng(5)
    centres = rng.normal(size=(12, 64))
    types = np.repeat(np.arange(12), 30)
    vectors = unit(centres[types] + 1.4 * rng.normal(size=(len(types), 64)))
    asked, known = expand(vectors[::2], vectors[1::2])
    plain = judge_retrieval(vectors[::2], types[::2], vectors[1::2], types[1::2])
    better = judge_retrieval(asked, types[::2], known, types[1::2])
    assert better.average_precision.mean() > plain.average_precision.mean() + 0.05


def test_what_does_not_fit_is_refused() -> None:
    vectors = np.eye(3, dtype=np.float32)
    with pytest.raises(ValueError, match="one neighbour or more; got 0"):
        expand(vectors, vectors, neighbours=0)
    with pytest.raises(ValueError, match=r"expected vectors \(N, 3\); got \(2, 2\)"):
        expand(np.eye(2), vectors)
    with pytest.raises(ValueError, match="length 1"):
        expand(vectors, 2 * vectors)
