"""Confident learning, against a naive loop and against its authors' own package."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from modiste.cleaning.label_errors import cross_fitted, suspected_errors


def clusters(noise: float = 0.25) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]:
    """Vectors around four directions, their classes, and labels of which 12 are wrong."""
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(4), 40)
    vectors = (np.eye(4)[truth] + noise * rng.standard_normal((160, 4))).astype(np.float32)
    given = truth.copy()
    wrong = rng.permutation(160)[:12]
    given[wrong] = (truth[wrong] + rng.integers(1, 4, 12)) % 4
    return vectors, truth, given


def test_planted_errors_are_found_with_the_right_class() -> None:
    vectors, truth, given = clusters(noise=0.15)
    found = suspected_errors(cross_fitted(vectors, given), given)
    planted = set(np.flatnonzero(truth != given).tolist())
    ours = [row for row in found.rows.tolist() if row in planted]
    assert len(ours) >= len(planted) - 2  # one with wrong labels around it stays below the threshold
    assert len(found.rows) <= len(ours) + 3
    taken_for = dict(zip(found.rows.tolist(), found.classes.tolist(), strict=True))
    assert all(taken_for[row] == truth[row] for row in ours)
    assert (np.diff(found.margins) <= 0).all()


def test_a_photo_has_no_part_in_its_own_probabilities() -> None:
    vectors, _, given = clusters()
    alone = np.append(given, 4)  # the only photo of class 4 cannot be found to be of it
    odds = cross_fitted(np.concatenate([vectors, vectors[:1]]), alone)
    assert odds[-1, 4] == 0
    assert odds.sum(axis=1) == pytest.approx(1)
    assert cross_fitted(vectors, given).tolist() == cross_fitted(vectors, given).tolist()
    assert cross_fitted(vectors, given, seed=1).tolist() != cross_fitted(vectors, given).tolist()


def test_like_a_naive_loop() -> None:
    vectors, _, given = clusters(noise=0.6)
    odds = cross_fitted(vectors, given)
    thresholds = [np.mean([odds[i, j] for i in range(160) if given[i] == j]) for j in range(4)]
    expected = set()
    for row in range(160):
        over = [(odds[row, j], -j) for j in range(4) if odds[row, j] >= thresholds[j]]
        if over and -max(over)[1] != given[row]:
            expected.add(row)
    assert set(suspected_errors(odds, given).rows.tolist()) == expected
    assert len(expected) > 12


def test_like_cleanlab() -> None:
    filter = pytest.importorskip("cleanlab.filter", reason="cleanlab, a second opinion, is not installed")
    vectors, _, given = clusters(noise=0.5)
    odds = cross_fitted(vectors, given)
    theirs = filter.find_label_issues(given, odds, filter_by="confident_learning", n_jobs=1)
    ours = np.zeros(160, bool)
    ours[suspected_errors(odds, given).rows] = True
    # They also require that the label is not the most probable class.
    assert (ours & (odds.argmax(axis=1) != given)).tolist() == theirs.tolist()


def test_classes_too_small_for_the_folds() -> None:
    odds = cross_fitted(np.eye(5, dtype=np.float32), [0, 0, 0, 0, 2])
    assert odds.shape == (5, 3)
    assert odds[4, 2] == 0  # its only photo is held out when it is asked
    assert suspected_errors(odds, [0, 0, 0, 0, 2]).rows.tolist() == [4]


def test_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match="at least two"):
        cross_fitted(np.eye(1), [0])
    with pytest.raises(ValueError, match="expected probabilities"):
        suspected_errors(np.eye(2), [0])
