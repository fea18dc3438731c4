from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from modiste.trends.novelty import (
    STANDARD,
    _likelihood_ratio,
    conformal_p_values,
    discoveries,
    find_novelty,
)

DIMENSIONS = 8
QUICK = replace(STANDARD, batches=20)


def around(axis: int, count: int, rng: np.random.Generator, spread: float = 0.1) -> NDArray[np.float32]:
    middle = np.eye(DIMENSIONS)[axis]
    vectors = rng.normal(middle, spread, (count, DIMENSIONS))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def batch(seed: int, new: int) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.str_]]:
    """Arrivals of which the last ``new`` are of a third kind; a shop of two kinds."""
    rng = np.random.default_rng(seed)
    items = np.concatenate([around(0, 300, rng), around(1, 300, rng)])
    arrivals = np.concatenate([around(0, 60, rng), around(1, 60, rng), around(2, new, rng)])
    return arrivals, items, np.repeat(["shirt", "bag"], 300)


def test_a_new_kind_is_a_group() -> None:
    arrivals, items, kinds = batch(0, 15)
    found = find_novelty(arrivals, items, kinds, settings=QUICK)
    (group,) = found.clusters
    assert set(group.rows.tolist()) == set(range(120, 135))
    assert group.p_value == pytest.approx(1 / 21)
    assert found.new[120:].mean() > 0.8
    assert found.new[:120].sum() <= 4
    assert found.nearest[:60].tolist() == ["shirt"] * 60
    assert found.nearest[60:120].tolist() == ["bag"] * 60
    again = find_novelty(arrivals, items, kinds, settings=QUICK)
    assert np.array_equal(found.p_values, again.p_values)
    other = find_novelty(arrivals, items, kinds, settings=QUICK, seed=1)
    assert not np.array_equal(found.p_values, other.p_values)


def test_two_new_kinds_are_two_groups() -> None:
    arrivals, items, kinds = batch(1, 15)
    more = np.concatenate([arrivals, around(3, 15, np.random.default_rng(5))])
    found = find_novelty(more, items, kinds, settings=QUICK)
    one, other = (np.sort(group.rows) for group in found.clusters)
    for kind in (range(120, 135), range(135, 150)):
        within = max(np.isin(group, kind).mean() for group in (one, other))
        assert within >= 0.6  # a ball may touch its neighbours
    assert not set(one.tolist()) & set(other.tolist())


def test_a_kind_in_the_midst_of_a_known_one_is_found_by_its_numbers() -> None:
    rng = np.random.default_rng(2)
    items = around(0, 600, rng, 0.3)
    tight = around(0, 25, rng, 0.02)
    found = find_novelty(np.concatenate([around(0, 100, rng, 0.3), tight]), items, [""] * 600, settings=QUICK)
    assert found.clusters
    assert set(found.clusters[0].rows.tolist()) <= set(range(100, 125))


def test_ordinary_arrivals_rarely_have_groups_and_their_p_values_are_even() -> None:
    groups, p_values, called = 0, [], 0
    for seed in range(20):
        arrivals, items, kinds = batch(100 + seed, 0)
        found = find_novelty(arrivals, items, kinds, settings=QUICK, seed=seed)
        groups += bool(found.clusters)
        called += bool(found.new.any())
        p_values.append(found.p_values)
    # 5 % of batches have one: 5 or more of 20 have a probability of 0.3 %; of those called new, 10 %.
    assert groups <= 4
    assert called <= 6
    every = np.concatenate(p_values)
    assert np.quantile(every, [0.1, 0.5, 0.9]) == pytest.approx([0.1, 0.5, 0.9], abs=0.05)


def test_small_and_odd_batches() -> None:
    arrivals, items, kinds = batch(3, 15)
    none = find_novelty(arrivals[:0], items, kinds)
    assert (len(none.p_values), none.clusters) == (0, ())
    one = find_novelty(arrivals[-1:], items, kinds, settings=QUICK)
    assert (one.clusters, one.p_values.shape) == ((), (1,))
    same = np.repeat(items[:1], 30, axis=0)  # the same photo thirty times is a group, not an error
    assert find_novelty(same, items, kinds, settings=QUICK).clusters
    many = find_novelty(np.concatenate([arrivals] * 5), items, kinds, settings=QUICK)  # more than items
    assert len(many.p_values) == 5 * len(arrivals)
    for vectors, labels in ((items[:49], kinds[:49]), (items, kinds[:-1])):
        with pytest.raises(ValueError, match="at least 50 items"):
            find_novelty(arrivals, vectors, labels)
    with pytest.raises(ValueError, match="length 1"):
        find_novelty(2 * arrivals, items, kinds)


def test_p_values_and_discoveries() -> None:
    assert conformal_p_values([3.0, 0.0, 9.0], [1.0, 2.0, 3.0]).tolist() == [0.5, 1.0, 0.25]
    assert discoveries([0.04, 0.04, 0.04, 0.9], 0.06).tolist() == [True, True, True, False]
    assert discoveries([0.04, 0.9, 0.9, 0.9], 0.06).tolist() == [False] * 4
    assert discoveries([], 0.1).tolist() == []


def test_the_likelihood_ratio_is_kulldorffs() -> None:
    # 10 arrivals beside 10 items, of 100 and 900: 2 were expected.
    assert _likelihood_ratio(10, np.array([10]), 100, 900)[0] == pytest.approx(
        10 * np.log(10 / 2) + 10 * np.log(10 / 18)
    )
    assert _likelihood_ratio(10, np.array([0, 90, 400]), 100, 900).tolist() == pytest.approx(
        [10 * np.log(10), 0.0, 0.0]
    )
