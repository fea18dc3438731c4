from __future__ import annotations

import numpy as np
import pytest

from modiste.metrics import class_bootstrap, interval, mean_bootstrap


def right_by_class(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Classes of unlike sizes, each with a share of its own that is named right."""
    rng = np.random.default_rng(seed)
    sizes, shares = rng.integers(5, 60, 25), rng.random(25)
    labels = np.repeat(np.arange(25) * 3, sizes)
    return rng.random(len(labels)) < np.repeat(shares, sizes), labels


def test_both_ways_to_draw_agree() -> None:
    right, labels = right_by_class()
    by_rows = class_bootstrap(lambda rows: [right[rows].mean()], labels, resamples=50, seed=3)
    by_sums = mean_bootstrap(right, labels, resamples=50, seed=3)
    assert by_rows[:, 0].tolist() == pytest.approx(by_sums[:, 0].tolist(), abs=1e-9)


def test_a_class_drawn_twice_counts_twice() -> None:
    values, labels = np.array([1.0, 0.0, 0.0]), np.array([7, 9, 9])
    drawn = mean_bootstrap(values, labels, resamples=200)
    assert {tuple(row) for row in drawn.round(6)} == {(1.0, 1.0), (0.0, 0.0), (round(1 / 3, 6), 0.5)}


def test_classes_vary_more_than_photos() -> None:
    right, labels = right_by_class()
    low, high = interval(mean_bootstrap(right, labels))[0]
    assert low < right.mean() < high
    photo_by_photo = 1.96 * right.std() / np.sqrt(len(right))
    assert high - low > 3 * photo_by_photo


def test_the_same_seed_the_same_interval() -> None:
    right, labels = right_by_class()
    assert np.array_equal(mean_bootstrap(right, labels), mean_bootstrap(right, labels))


def test_shapes_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="values and classes"):
        mean_bootstrap([1.0], [1, 2])
