"""Predictions against scikit-learn, naive loops, and cases worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics

from modiste.metrics import (
    accuracy,
    balanced_accuracy,
    calibration_error,
    class_scores,
    confused_pairs,
    confusion_matrix,
    reliability,
    top_k_accuracy,
)

EXACT = pytest.approx


def labels(seed: int, n: int = 300, classes: int = 7) -> tuple[np.ndarray, np.ndarray]:
    """Imbalanced true labels, and predictions of which some are wrong and some are of no true class."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(classes, n, p=np.arange(1, classes + 1) / np.arange(1, classes + 1).sum()) * 3
    predicted = np.where(rng.random(n) < 0.6, truth, rng.choice(classes + 2, n) * 3)
    return truth, predicted


@pytest.mark.parametrize("seed", range(5))
def test_accuracies_equal_scikit_learn(seed: int) -> None:
    truth, predicted = labels(seed)
    assert accuracy(truth, predicted) == EXACT(sklearn_metrics.accuracy_score(truth, predicted), abs=1e-9)
    # scikit-learn warns of classes that are only predicted; recall of the true ones is the same figure.
    recall = sklearn_metrics.recall_score(truth, predicted, labels=np.unique(truth), average="macro")
    assert balanced_accuracy(truth, predicted) == EXACT(recall, abs=1e-9)
    seen = np.isin(predicted, truth)
    expected = sklearn_metrics.balanced_accuracy_score(truth[seen], predicted[seen])
    assert balanced_accuracy(truth[seen], predicted[seen]) == EXACT(expected, abs=1e-9)


def test_balanced_accuracy_counts_every_class_alike() -> None:
    truth = [0] * 98 + [1, 1]
    assert accuracy(truth, [0] * 100) == 0.98
    assert balanced_accuracy(truth, [0] * 100) == 0.5


@pytest.mark.parametrize("seed", range(3))
def test_confusion_matrix_equals_scikit_learn(seed: int) -> None:
    truth, predicted = labels(seed)
    counts, found = confusion_matrix(truth, predicted)
    assert np.array_equal(counts, sklearn_metrics.confusion_matrix(truth, predicted))
    assert found.tolist() == sorted({*truth.tolist(), *predicted.tolist()})
    chosen = [9, 3, 12]
    counts, found = confusion_matrix(truth, predicted, chosen)
    assert np.array_equal(counts, sklearn_metrics.confusion_matrix(truth, predicted, labels=chosen))
    assert found.tolist() == chosen


def test_confusion_matrix_wants_each_label_once() -> None:
    with pytest.raises(ValueError, match="each label once"):
        confusion_matrix([1], [1], [1, 1])


@pytest.mark.parametrize("seed", range(3))
def test_class_scores_equal_scikit_learn(seed: int) -> None:
    truth, predicted = labels(seed)
    ours = class_scores(truth, predicted)
    theirs = sklearn_metrics.precision_recall_fscore_support(truth, predicted, zero_division=0)
    for mine, reference in zip(ours[1:], theirs, strict=True):
        assert mine.tolist() == EXACT(reference.tolist(), abs=1e-9)
    assert ours.labels.tolist() == np.union1d(truth, predicted).tolist()


@pytest.mark.parametrize("k", [1, 2, 4])
@pytest.mark.parametrize("rounded", [False, True], ids=["distinct", "with ties"])
def test_top_k_equals_scikit_learn(k: int, rounded: bool) -> None:
    rng = np.random.default_rng(k)
    names = np.array([2, 3, 5, 7, 11, 13])
    truth, scores = rng.choice(names, 200), rng.random((200, 6))
    scores = scores.round(1) if rounded else scores
    expected = sklearn_metrics.top_k_accuracy_score(truth, scores, k=k, labels=names)
    assert top_k_accuracy(truth, scores, names, k) == EXACT(expected, abs=1e-9)


def test_reliability_and_its_error_by_loop() -> None:
    rng = np.random.default_rng(1)
    sure = np.concatenate([rng.random(300), [0, 0.2, 0.4, 1]])  # on edges, too
    right = rng.random(len(sure)) < sure**2
    found, error = reliability(right, sure, bins=5), 0.0
    for at in range(5):
        low, high = at / 5, (at + 1) / 5
        inside = [i for i, c in enumerate(sure) if (low < c <= high) or (at == 0 and c == 0)]
        assert found.counts[at] == len(inside)
        assert found.accuracy[at] == EXACT(np.mean([right[i] for i in inside]), abs=1e-9)
        assert found.confidence[at] == EXACT(np.mean([sure[i] for i in inside]), abs=1e-9)
        error += len(inside) / len(sure) * abs(found.accuracy[at] - found.confidence[at])
    assert calibration_error(right, sure, bins=5) == EXACT(error, abs=1e-9)


def test_empty_bins_are_zero() -> None:
    found = reliability([True], [0.99], bins=4)
    assert found.counts.tolist() == [0, 0, 0, 1]
    assert found.accuracy.tolist() == [0, 0, 0, 1]


def test_confused_pairs_by_loop() -> None:
    truth, predicted = labels(4)
    counts, _ = confusion_matrix(truth, predicted)
    every = sorted(
        (-int(counts[r, c]), r, c)
        for r in range(len(counts))
        for c in range(len(counts))
        if r != c and counts[r, c]
    )
    assert confused_pairs(counts, 5) == [(r, c, -n) for n, r, c in every[:5]]
    assert confused_pairs(counts, 999) == [(r, c, -n) for n, r, c in every]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: accuracy([], []), "N ≥ 1"),
        (lambda: accuracy([1, 2], [1]), r"\(2,\) and \(1,\)"),
        (lambda: top_k_accuracy([1], [[0.5]], [1, 2], 1), r"\(N, 2\)"),
        (lambda: top_k_accuracy([1], [[0.5]], [1], 0), "k ≥ 1"),
        (lambda: reliability([True], [1.5]), r"\[0, 1\]"),
        (lambda: confused_pairs([[1, 2]], 3), r"\(1, 2\)"),
    ],
)
def test_what_makes_no_sense_is_refused(call, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()
