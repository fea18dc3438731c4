from __future__ import annotations

import numpy as np
import pytest

from modiste.support_classifiers import logistic_scores, mlp_scores, multi_prototype_scores
from modiste.support_set import SupportMethod, classify, score


def two_faced(seed: int, n: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """Class 0 looks like either of two things, and class 1 like what lies between them."""
    rng = np.random.default_rng(seed)
    of_row = np.arange(n) % 2
    centres = np.array([[1, 0], [0, 1], [0.8, 0.8]])
    at = np.where(of_row == 1, 2, np.arange(n) // 2 % 2)
    vectors = np.concatenate([centres[at], np.zeros((n, 6))], axis=1) + 0.08 * rng.standard_normal((n, 8))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), of_row


@pytest.mark.parametrize("method", ["multi-prototypes-2", "mlp"])
def test_a_class_of_two_faces(method: str) -> None:
    (support, of_row), (queries, truth) = two_faced(0), two_faced(1)
    one = classify(queries, support, of_row * 5 + 3, SupportMethod("prototypes"))
    both = classify(queries, support, of_row * 5 + 3, SupportMethod.from_label(method))
    right = [np.mean(said == truth * 5 + 3) for said in (one, both)]
    assert right[1] == 1 > right[0]


def test_one_prototype_each_is_the_prototypes_method() -> None:
    (support, of_row), (queries, _) = two_faced(0), two_faced(1)
    one = score(queries, support, of_row, SupportMethod("multi-prototypes", k=1)).values
    assert one == pytest.approx(score(queries, support, of_row, SupportMethod("prototypes")).values, abs=1e-4)


@pytest.mark.parametrize("scores", [logistic_scores, mlp_scores])
def test_scores_are_shares_and_the_same_again(scores) -> None:
    (support, of_row), (queries, _) = two_faced(0), two_faced(1)
    first, again = scores(queries, support, of_row), scores(queries, support, of_row)
    assert np.array_equal(first, again)
    assert first.sum(axis=1) == pytest.approx(1)
    assert scores(queries, support, np.zeros(len(support), np.int64)).tolist() == [[1.0]] * len(queries)


def test_groups_of_labels() -> None:
    (support, of_row), (queries, truth) = two_faced(0), two_faced(1)
    said = classify(queries, support, of_row, SupportMethod("mlp"), groups=of_row + 7)
    assert np.array_equal(said, truth + 7)


@pytest.mark.parametrize(
    "label",
    ["knn-5", "lda-s0.5", "lda+knn-10-s0.5", "multi-prototypes-3", "prototypes-t0.1-centred", "mlp"],
)
def test_a_label_names_its_method(label: str) -> None:
    assert SupportMethod.from_label(label).label == label


@pytest.mark.parametrize(
    "label", ["knn", "lda-3", "svm", "", "knn-0", "lda+knn", "lda+mlp", "knn-5-centered", "lda-s7"]
)
def test_other_labels_are_refused(label: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        SupportMethod.from_label(label)


def test_fewer_photos_than_prototypes() -> None:
    eye = np.eye(3, dtype=np.float32)
    scores = multi_prototype_scores(eye, eye, np.arange(3), each=5, temperature=0.1)
    assert scores.argmax(axis=1).tolist() == [0, 1, 2]
