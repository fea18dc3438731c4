"""What is alike lies together, the same way every time."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from modiste.catalogue import layout as laid
from modiste.catalogue.layout import kept_neighbours, layout, place

GROUPS = 6


def drawn_groups(each: int = 40, dimension: int = 16) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Unit vectors around so many directions, mixed, and which direction each belongs to."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((GROUPS, dimension))
    group = rng.permutation(np.repeat(np.arange(GROUPS), each))
    vectors = centres[group] + 0.3 * rng.standard_normal((len(group), dimension))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), group


def share_of_own_group(points: NDArray[np.float32], group: NDArray[np.int64]) -> float:
    """How many of the five nearest on the map belong to the same group."""
    away = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    np.fill_diagonal(away, np.inf)
    return float((group[away.argsort(axis=1)[:, :5]] == group[:, None]).mean())


def test_groups_lie_together() -> None:
    pytest.importorskip("openTSNE", reason="openTSNE is not installed")
    vectors, group = drawn_groups()
    points = layout(vectors)
    assert points.dtype == np.float32
    assert np.abs(points).max() == pytest.approx(1)
    assert share_of_own_group(points, group) > 0.97
    kept = kept_neighbours(vectors, points)
    assert kept is not None
    assert kept > 0.35  # chance: 0.04; principal components: below
    flat = laid._centred(laid._principal(vectors)[:, :2])
    assert share_of_own_group(flat, group) < share_of_own_group(points, group)


def test_the_same_seed_draws_the_same_map() -> None:
    vectors, _ = drawn_groups()
    assert np.array_equal(layout(vectors, seed=3), layout(vectors.copy(), seed=3))


def test_progress_reaches_its_end() -> None:
    pytest.importorskip("openTSNE", reason="openTSNE is not installed")
    told: list[tuple[int, int]] = []
    layout(drawn_groups()[0], progress=lambda done, total: told.append((done, total)))
    assert told[0][0] == 0
    assert told[-1][0] == told[-1][1]
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_large_catalogue_is_placed_among_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(laid, "LAID_OUT_AT_MOST", 180)
    vectors, group = drawn_groups()
    points = layout(vectors)
    assert points.shape == (240, 2)
    assert share_of_own_group(points, group) > 0.9


def test_newcomers_lie_with_their_like() -> None:
    vectors, group = drawn_groups()
    points = layout(vectors[:200])
    added = place(vectors[200:], vectors[:200], points)
    both = np.concatenate([points, added])
    assert share_of_own_group(both, group) > 0.9
    assert np.abs(added).max() <= 1


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_few_items(n: int) -> None:
    vectors = drawn_groups()[0][:n]
    points = layout(vectors)
    assert points.shape == (n, 2)
    assert np.isfinite(points).all()
    assert kept_neighbours(vectors, points) is None


def test_equal_vectors_have_places() -> None:
    vectors = np.tile(np.eye(1, 8, dtype=np.float32), (100, 1))
    assert np.isfinite(layout(vectors)).all()


def test_neighbours_are_those_of_a_naive_search() -> None:
    vectors = 3 * drawn_groups()[0] + 1
    rows, away = laid._neighbours(vectors[:20], vectors, 7)
    distances = np.linalg.norm(vectors[:20, None] - vectors[None], axis=2)
    naive = distances.argsort(axis=1)[:, :7]
    assert np.array_equal(rows, naive)
    assert np.allclose(away, np.take_along_axis(distances, naive, axis=1), atol=5e-3)


def test_kept_neighbours_by_a_naive_count() -> None:
    vectors, _ = drawn_groups()
    points = np.random.default_rng(1).standard_normal((len(vectors), 2)).astype(np.float32)
    alike = vectors @ vectors.T
    np.fill_diagonal(alike, -2)
    away = ((points[:, None] - points[None]) ** 2).sum(axis=2)
    np.fill_diagonal(away, np.inf)
    shares = [
        len({*np.argsort(-a)[:10].tolist()} & {*np.argsort(b)[:10].tolist()}) / 10
        for a, b in zip(alike, away, strict=True)
    ]
    assert kept_neighbours(vectors, points) == pytest.approx(np.mean(shares))


def test_vectors_must_be_a_table() -> None:
    with pytest.raises(ValueError, match="expected vectors"):
        layout(np.zeros(3, np.float32))
