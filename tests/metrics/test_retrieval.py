"""Retrieval against scikit-learn, pytorch-metric-learning and a naive loop."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from sklearn.metrics import average_precision_score

from modiste.metrics import RECALLS, judge_retrieval

EXACT = pytest.approx


def photos(seed: int, n: int, classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors that lean towards their class's own direction, and their uneven classes."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(classes, n, p=np.arange(1, classes + 1) / np.arange(1, classes + 1).sum())
    vectors = np.eye(8)[labels] + 0.7 * rng.standard_normal((n, 8))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), labels


@pytest.mark.parametrize("tied", [False, True], ids=["distinct", "with ties"])
def test_average_precision_equals_scikit_learn(tied: bool) -> None:
    (queries, asked), (gallery, names) = photos(0, 40), photos(1, 90)
    if tied:
        gallery = np.repeat(gallery[::3], 3, axis=0)[: len(gallery)]  # thrice the same, of unlike classes
    found = judge_retrieval(queries, asked, gallery, names)
    cosines = queries @ gallery.T
    expected = [
        average_precision_score(names == label, row) for label, row in zip(asked, cosines, strict=True)
    ]
    assert found.average_precision.tolist() == EXACT(expected, abs=1e-6)


@pytest.mark.parametrize("same", [False, True])
def test_means_equal_pytorch_metric_learning(same: bool) -> None:
    gallery, names = photos(2, 120)
    queries, asked = (gallery, names) if same else photos(3, 50)
    found = judge_retrieval(queries, asked, gallery, names, same=same)

    def by_cosine(query: torch.Tensor, k: int, reference: torch.Tensor, ref_includes_query: bool):
        cosines = query @ reference.T
        if ref_includes_query:
            cosines.fill_diagonal_(-2)
        return cosines.topk(k, dim=1)

    calculator = AccuracyCalculator(
        include=("mean_average_precision", "mean_average_precision_at_r", "r_precision", "precision_at_1"),
        knn_func=by_cosine,
        k=len(gallery) - same,
    )
    theirs = calculator.get_accuracy(
        torch.from_numpy(queries),
        torch.from_numpy(asked),
        torch.from_numpy(gallery),
        torch.from_numpy(names),
        ref_includes_query=same,
    )
    assert np.mean(found.average_precision) == EXACT(theirs["mean_average_precision"], abs=1e-6)
    assert np.mean(found.map_at_r) == EXACT(theirs["mean_average_precision_at_r"], abs=1e-6)
    assert np.mean(found.r_precision) == EXACT(theirs["r_precision"], abs=1e-6)
    assert np.mean(found.precision_at[1]) == EXACT(theirs["precision_at_1"], abs=1e-6)


@pytest.mark.parametrize("same", [False, True])
def test_all_of_it_by_loop(same: bool) -> None:
    gallery, names = photos(4, 60)
    queries, asked = (gallery, names) if same else photos(5, 30)
    found = judge_retrieval(queries, asked, gallery, names, ks=(1, 4, 100), same=same)
    curve = np.zeros(len(RECALLS))
    for query, label in enumerate(asked):
        ranked = sorted(
            (-float(queries[query] @ gallery[row]), row)
            for row in range(len(gallery))
            if not (same and row == query)
        )
        relevant = [names[row] == label for _, row in ranked]
        total, hits, precisions, recalls = sum(relevant), 0, [], []
        average = 0.0
        for place, is_hit in enumerate(relevant, start=1):
            before = hits / total
            hits += is_hit
            precisions.append(hits / place)
            recalls.append(hits / total)
            average += (hits / total - before) * hits / place
        assert found.average_precision[query] == EXACT(average, abs=1e-6)
        assert found.r_precision[query] == EXACT(precisions[total - 1], abs=1e-6)
        within = [p for p, is_hit in zip(precisions[:total], relevant, strict=False) if is_hit]
        assert found.map_at_r[query] == EXACT(sum(within) / total, abs=1e-6)
        for k in (1, 4, 100):
            assert found.precision_at[k][query] == EXACT(sum(relevant[:k]) / k, abs=1e-6)
            assert found.recall_at[k][query] == EXACT(sum(relevant[:k]) / total, abs=1e-6)
        for at, recall in enumerate(RECALLS):
            curve[at] += max(p for p, r in zip(precisions, recalls, strict=True) if r >= recall - 1e-9)
    assert found.curve.tolist() == EXACT((curve / len(asked)).tolist(), abs=1e-6)


def test_many_queries_come_in_parts(monkeypatch) -> None:
    (queries, asked), (gallery, names) = photos(6, 50), photos(7, 40)
    whole = judge_retrieval(queries, asked, gallery, names)
    itself = judge_retrieval(gallery, names, gallery, names, same=True)
    monkeypatch.setattr("modiste.metrics.retrieval._QUERIES_AT_ONCE", 7)
    parts = judge_retrieval(queries, asked, gallery, names)
    assert parts.average_precision.tolist() == EXACT(whole.average_precision.tolist(), abs=1e-6)
    assert parts.curve.tolist() == EXACT(whole.curve.tolist(), abs=1e-6)
    again = judge_retrieval(gallery, names, gallery, names, same=True)
    assert again.r_precision.tolist() == EXACT(itself.r_precision.tolist(), abs=1e-6)


def test_a_query_with_nothing_to_find_has_no_figures() -> None:
    found = judge_retrieval(np.eye(2), [3, 9], np.eye(2), [3, 3])
    assert found.answerable.tolist() == [True, False]
    assert np.isnan(found.r_precision[1])
    with pytest.raises(ValueError, match="there is none"):
        judge_retrieval(np.eye(2), [8, 9], np.eye(2), [3, 3])


@pytest.mark.parametrize(
    ("arguments", "options", "said"),
    [
        ((np.eye(2), [1, 2], np.eye(3), [1, 2, 3]), {}, r"\(2, 2\) and \(3, 3\)"),
        ((np.eye(2), [1], np.eye(2), [1, 2]), {}, "a label for each"),
        ((np.eye(2), [1, 2], np.eye(2)[:1], [1]), {"same": True}, "the same photos"),
        ((np.eye(2), [1, 2], np.eye(2), [1, 2]), {"ks": (0,)}, "k ≥ 1"),
    ],
)
def test_what_does_not_fit_is_refused(arguments, options, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        judge_retrieval(*arguments, **options)
