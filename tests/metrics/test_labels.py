"""Metrics of many labels, against scikit-learn and against counting by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, average_precision_score, f1_score, precision_recall_fscore_support

from modiste.metrics.labels import (
    average_precision,
    best_thresholds,
    f1_micro,
    group_accuracy,
    mean_average_precision,
    per_label,
    subset_accuracy,
)


def draw(seed: int, n: int = 60, labels: int = 7) -> tuple[np.ndarray, np.ndarray]:
    """Labels and scores that agree somewhat, with ties; the last label is borne by no photo."""
    rng = np.random.default_rng(seed)
    truth = (rng.random((n, labels)) < 0.3).astype(np.uint8)
    truth[:, -1] = 0
    return truth, np.round(0.4 * truth + 0.6 * rng.random((n, labels)), 1)


@pytest.mark.parametrize("seed", range(4))
def test_as_scikit_learn_has_it(seed: int) -> None:
    truth, scores = draw(seed)
    said = scores >= 0.5
    precision, recall, f1, support = precision_recall_fscore_support(truth, said, zero_division=0)
    each = per_label(truth, said)
    for ours, theirs in zip(each, (precision, recall, f1, support), strict=True):
        assert np.allclose(ours, theirs)
    assert each.f1.mean() == pytest.approx(f1_score(truth, said, average="macro", zero_division=0))
    assert f1_micro(truth, said) == pytest.approx(f1_score(truth, said, average="micro"))
    assert subset_accuracy(truth, said) == pytest.approx(accuracy_score(truth, said))
    theirs = average_precision_score(truth[:, :-1], scores[:, :-1], average=None)
    assert np.allclose(average_precision(truth, scores)[:-1], theirs)
    assert np.isnan(average_precision(truth, scores)[-1])
    assert mean_average_precision(truth, scores) == pytest.approx(np.mean(theirs))


@pytest.mark.parametrize("seed", range(4))
def test_no_threshold_beats_the_best_one(seed: int) -> None:
    truth, scores = draw(seed)
    best = best_thresholds(truth, scores)
    reached = per_label(truth, scores >= best).f1
    for threshold in np.linspace(0, 1, 41):
        assert (per_label(truth, scores >= threshold).f1 <= reached + 1e-12).all()
    assert best[-1] == 0.5  # borne by no photo: nothing to tune


def test_a_group_is_judged_on_photos_that_bear_one_of_it() -> None:
    truth = np.array([[1, 0, 1], [0, 1, 0], [0, 0, 1]])
    scores = np.array([[0.9, 0.1, 0.0], [0.8, 0.2, 0.0], [0.0, 0.9, 0.0]])
    assert group_accuracy(truth, scores, [0, 1]) == 0.5
    assert group_accuracy(truth[2:], scores[2:], [0, 1]) == 0


def test_matrices_of_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(N, C\)"):
        per_label([1, 0], [1, 0])
    with pytest.raises(ValueError, match=r"\(N, C\)"):
        average_precision([[1, 0]], [[0.5]])
    with pytest.raises(ValueError, match=r"\(N, C\)"):
        best_thresholds([[1, 0]], [[0.5]])
