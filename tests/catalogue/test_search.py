"""Search against a loop that compares every pair, one at a time."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from modiste.catalogue import search
from modiste.catalogue.search import Neighbours, nearest


def unit(rng: np.random.Generator, n: int, dimension: int = 16) -> NDArray[np.float32]:
    vectors = rng.standard_normal((n, dimension))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def by_loop(
    vectors: NDArray[np.float32], query: NDArray[np.float32], k: int, exclude: set[int]
) -> list[tuple[int, float]]:
    found = []
    for row, vector in enumerate(vectors):
        if row not in exclude:
            cosine = sum(float(a) * float(b) for a, b in zip(vector, query, strict=True))
            found.append((row, float(np.float32(cosine))))
    found.sort(key=lambda pair: (-pair[1], pair[0]))
    return found[:k]


@pytest.mark.parametrize(("n", "k"), [(1, 1), (3, 3), (50, 3), (50, 50), (400, 10)])
@pytest.mark.parametrize("excluding", [False, True])
def test_search_finds_what_a_loop_finds(n: int, k: int, excluding: bool) -> None:
    rng = np.random.default_rng(n)
    vectors, queries = unit(rng, n), unit(rng, 20)
    exclude = [set(rng.integers(0, n, 5).tolist()) if excluding else set() for _ in queries]
    found = nearest(vectors, queries, k, [sorted(rows) for rows in exclude])
    for query in range(20):
        expected = by_loop(vectors, queries[query], k, exclude[query])
        count = len(expected)
        assert found.rows[query, :count].tolist() == [row for row, _ in expected]
        assert found.similarities[query, :count] == pytest.approx([s for _, s in expected], abs=1e-6)
        assert (found.rows[query, count:] == -1).all()
        assert np.isneginf(found.similarities[query, count:]).all()
        assert found.found[query] == count


def test_of_equal_similarities_the_lower_row_comes_first() -> None:
    rng = np.random.default_rng(0)
    few = unit(rng, 5)
    vectors = few[rng.integers(0, 5, 300)]  # each of five vectors some sixty times
    queries = unit(rng, 10)
    found = nearest(vectors, queries, 20)
    for query in range(10):
        assert found.rows[query].tolist() == [row for row, _ in by_loop(vectors, queries[query], 20, set())]


def test_an_answer_does_not_depend_on_the_company_its_query_came_in(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    vectors, queries = unit(rng, 300, 128), unit(rng, 33, 128)
    together = nearest(vectors, queries, 7)
    monkeypatch.setattr(search, "_BLOCK", 4 * len(vectors))
    in_blocks = nearest(vectors, queries, 7)
    alone = [nearest(vectors, query[None], 7) for query in queries]
    assert np.array_equal(together.rows, in_blocks.rows)
    assert np.array_equal(together.similarities, in_blocks.similarities)
    assert np.array_equal(together.rows, np.concatenate([one.rows for one in alone]))
    assert np.array_equal(together.similarities, np.concatenate([one.similarities for one in alone]))


def test_nothing_to_search_in_or_for() -> None:
    none = np.empty((0, 4), np.float32)
    some = unit(np.random.default_rng(0), 3, 4)
    assert nearest(none, some, 5).rows.shape == (3, 0)
    assert nearest(some, none, 5).rows.shape == (0, 3)
    assert nearest(some, some, 5, exclude=[[0, 1, 2]] * 3).found.tolist() == [0, 0, 0]


def test_what_does_not_fit_is_refused() -> None:
    some = unit(np.random.default_rng(0), 3, 4)
    with pytest.raises(ValueError, match="k ≥ 1"):
        nearest(some, some, 0)
    with pytest.raises(ValueError, match=r"\(N, D\) and \(Q, D\)"):
        nearest(some, some[:, :2], 1)
    with pytest.raises(ValueError, match="each of 3 queries; got 1"):
        nearest(some, some, 1, exclude=[[0]])
    with pytest.raises(ValueError, match=r"\(Q, k\)"):
        Neighbours(np.zeros((2, 3), np.int64), np.zeros((2, 2), np.float32))
