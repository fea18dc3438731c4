"""Classifying from a support set, against loops written from the definitions."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from time import perf_counter

import numpy as np
import pytest

from modiste.metrics import accuracy
from modiste.support_set import (
    CANDIDATES,
    SupportMethod,
    choose_method,
    classify,
    nearest,
    score,
    score_by_each,
)

KNN = SupportMethod("knn", k=7)
PROTOTYPES = SupportMethod("prototypes")
EVERY = [
    *CANDIDATES,
    SupportMethod("knn", k=1000),
    SupportMethod("knn", k=3, temperature=0.5, centred=True),
    SupportMethod("prototypes", temperature=1.0),
    SupportMethod("lda", shrinkage=0.6),
]


def clusters(
    seed: int, classes: int = 6, each: int = 15, spread: float = 0.5, dimension: int = 12
) -> tuple[np.ndarray, np.ndarray]:
    """Vectors around one random direction a class, of unlike lengths, and their labels (not 0, 1, 2 …)."""
    directions = np.random.default_rng(100).standard_normal((classes, dimension))
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(classes), each))
    vectors = directions[labels] + spread * rng.standard_normal((len(labels), dimension))
    return (vectors * rng.uniform(0.5, 2, (len(labels), 1))).astype(np.float32), labels * 10 + 4


def by_loop(query, support, labels, method: SupportMethod, groups=None, worth=0.0) -> dict[int, float]:
    """Scores of one query, straight from the module's text."""
    if method.name == "lda+knn":
        by_label = by_loop(query, support, labels, replace(method, name="knn"), worth=-0.5)
        known = labels if groups is None else groups
        votes = {
            group: sum(share * (known[labels == label] == group).mean() for label, share in by_label.items())
            for group in sorted(set(known.tolist()))
        }
        clouds = by_loop(query, support, labels, replace(method, name="lda"), groups)
        odds = {label: (clouds[label] + 0.001) * (votes[label] + 0.02) ** 3 for label in votes}
        return {label: value / sum(odds.values()) for label, value in odds.items()}
    groups = labels if groups is None else groups
    support = [vector / np.linalg.norm(vector) for vector in support.astype(float)]
    query = query.astype(float) / np.linalg.norm(query)
    if method.centred:
        mean = sum(support) / len(support)
        query, support = query - mean, [vector - mean for vector in support]
        query, support = (
            query / np.linalg.norm(query),
            [vector / np.linalg.norm(vector) for vector in support],
        )
    scores = dict.fromkeys(sorted(set(groups.tolist())), 0.0)
    if method.name == "knn":
        ranked = sorted(((query @ vector, row) for row, vector in enumerate(support)), reverse=True)[
            : method.k
        ]
        for cosine, row in ranked:
            photos = int((labels == labels[row]).sum())
            scores[groups[row]] += math.exp(cosine / method.temperature) * photos**worth
    elif method.name == "lda":
        members_of = {label: np.flatnonzero(labels == label).tolist() for label in set(labels.tolist())}
        means = {label: sum(support[row] for row in rows) / len(rows) for label, rows in members_of.items()}
        covariance = sum(
            np.outer(support[row] - means[label], support[row] - means[label])
            for label, rows in members_of.items()
            for row in rows
        ) / (len(support) - len(means))
        identity = np.eye(len(query)) * np.trace(covariance) / len(query)
        precision = np.linalg.inv((1 - method.shrinkage) * covariance + method.shrinkage * identity)
        for label, rows in members_of.items():
            away = query - means[label]
            density = math.exp(-0.5 * away @ precision @ away)
            for row in rows:
                scores[groups[row]] += density  # once for each photo: its share of the prior
    else:
        for label in set(labels.tolist()):
            members = [row for row in range(len(labels)) if labels[row] == label]
            prototype = sum(support[row] for row in members)
            odds = math.exp(query @ prototype / np.linalg.norm(prototype) / method.temperature)
            for row in members:
                scores[groups[row]] += odds / len(members)
    total = sum(scores.values())
    return {label: value / total for label, value in scores.items()}


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("method", EVERY, ids=lambda method: method.label)
def test_scores_are_what_the_definition_says(method: SupportMethod, grouped: bool) -> None:
    support, labels = clusters(0, spread=1.2)
    queries, _ = clusters(1, each=4, spread=1.2)
    # Two labels a group, and a few photos that somebody put into another one.
    groups = np.where(np.arange(len(labels)) % 20 == 0, 900, labels // 20) if grouped else None
    found = score(queries, support, labels, method, groups=groups)
    predicted = classify(queries, support, labels, method, groups=groups)
    for query, values, answer in zip(queries, found.values, predicted, strict=True):
        expected = by_loop(query, support, labels, method, groups)
        assert found.labels.tolist() == list(expected)
        assert values.tolist() == pytest.approx(list(expected.values()), abs=1e-4)
        assert answer == found.labels[values.argmax()]


def test_nearest_equals_sorting_everything() -> None:
    rng = np.random.default_rng(0)
    support, queries = rng.standard_normal((3001, 8)), rng.standard_normal((300, 8))
    unit = [v / np.linalg.norm(v, axis=1, keepdims=True) for v in (queries, support)]
    cosines = unit[0] @ unit[1].T
    for k in (1, 2, 20, 90, 100, 3001, 5000):  # on both sides of where columns are folded
        rows, values = nearest(queries, support, k)
        expected = np.argsort(-cosines, axis=1)[:, :k]
        assert rows.shape == values.shape == (300, min(k, 3001))
        assert np.abs(values - np.take_along_axis(cosines, expected, axis=1)).max() < 1e-6
        # float32 may swap what is equal to seven digits.
        assert (rows == expected).mean() > 0.999


def test_all_cosines_negative() -> None:
    """Padding must never look nearer than a support photo that points away."""
    support = -np.abs(np.random.default_rng(0).standard_normal((1001, 4)))
    rows, cosines = nearest(np.ones((2, 4)), support, 5)
    assert rows.max() < 1001
    assert (cosines < 0).all()


def test_one_search_serves_every_method() -> None:
    support, labels = clusters(0)
    queries, _ = clusters(1, each=5)
    together = score_by_each(queries, support, labels, EVERY)
    assert list(together) == EVERY
    for method in EVERY:
        alone = score(queries, support, labels, method)
        assert np.allclose(together[method].values, alone.values, atol=1e-6)


def test_the_support_sets_order_and_the_vectors_length_do_not_matter() -> None:
    support, labels = clusters(0)
    queries, _ = clusters(1)
    order = np.random.default_rng(0).permutation(len(labels))
    for method in EVERY:
        before = classify(queries, support, labels, method)
        assert np.array_equal(before, classify(queries * 9, support[order] * 0.1, labels[order], method))


def test_nearest_neighbour_and_prototypes_disagree_where_they_should() -> None:
    near = [[1.0, 0.02]]
    support = [[1.0, 0.03], [1.0, -0.2], [1.0, 0.2], [0.9, 0.1]]
    assert classify([[1.0, 0.0]], near + support[1:], [5, 8, 8, 8], SupportMethod("knn")).tolist() == [5]
    assert classify([[1.0, 0.0]], near + support[1:], [5, 8, 8, 8], SupportMethod("knn", k=4)).tolist() == [8]


def test_a_category_of_unlike_types_needs_no_common_mean() -> None:
    """Heels and trainers point opposite ways; their common mean is the direction of bags."""
    support = np.array([[1, 0.1], [-1, 0.1], [0.3, 1], [-0.3, 1]])
    types, categories = np.array([1, 2, 3, 3]), np.array([0, 0, 7, 7])
    queries = np.array([[1, 0.4], [-1, 0.4], [0, 1]])
    assert classify(queries, support, types, PROTOTYPES, groups=categories).tolist() == [0, 0, 7]


def test_equal_scores_go_to_the_smallest_label() -> None:
    tie = [[1.0, 0.0], [1.0, 0.0]]
    for method in CANDIDATES:
        if not method.centred:
            assert classify([[1.0, 0.0]], tie, [9, 4], SupportMethod(method.name, k=2)).tolist() == [4]


def test_a_vector_of_zeros_breaks_nothing() -> None:
    support, labels = clusters(0)
    support[0] = 0
    for method in EVERY:
        values = score(np.zeros((1, 12)), support, labels, method).values
        assert np.isfinite(values).all()
        assert values.sum() == pytest.approx(1)


def test_a_method_survives_json() -> None:
    for method in EVERY:
        assert SupportMethod.from_dict(json.loads(json.dumps(method.as_dict()))) == method
    assert len({method.label for method in EVERY}) == len(EVERY)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: SupportMethod("forest"), "lda, lda\\+knn, .*; got 'forest'"),
        (lambda: SupportMethod("knn", k=0), "k ≥ 1"),
        (lambda: SupportMethod("knn", temperature=0), "temperature > 0"),
        (lambda: SupportMethod("lda", shrinkage=0), "shrinkage in"),
        (lambda: classify([[1, 0]], np.zeros((0, 2)), [], KNN), "N ≥ 1"),
        (lambda: classify([[1, 0]], [[1, 0, 0]], [1], KNN), r"\(1, 2\) and \(1, 3\)"),
        (lambda: classify([[1, 0]], [[1, 0]], [1, 2], KNN), "one label for each of 1"),
        (lambda: classify([[1, 0]], [[1, 0]], [1], KNN, groups=[1, 2]), "one label for each of 1"),
        (lambda: classify([[math.nan, 0]], [[1, 0]], [1], KNN), "finite"),
        (lambda: nearest([[1, 0]], [[1, 0]], 0), "k ≥ 1"),
        (lambda: choose_method([[1, 0], [0, 1]], [1, 2]), "a class with two photos"),
    ],
)
def test_what_makes_no_sense_is_refused(call, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()


def two_clumps_a_class(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Each class lies at two opposite points, so that its mean says nothing."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(4), 40)
    angle = labels * math.pi / 4 + math.pi * rng.integers(0, 2, 160) + 0.03 * rng.standard_normal(160)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1), labels


def test_the_choice_is_the_method_that_does_better_on_other_photos() -> None:
    vectors, labels = two_clumps_a_class(0)
    assert choose_method(vectors, labels).name == "knn"
    # Clusters that overlap in many dimensions: one neighbour is noise, the mean is not.
    vectors, labels = clusters(3, classes=6, each=40, spread=3.0, dimension=30)
    chosen = choose_method(vectors, labels)
    assert chosen.name == "prototypes"
    queries, truth = clusters(4, classes=6, each=40, spread=3.0, dimension=30)
    figures = {m: accuracy(truth, classify(queries, vectors, labels, m)) for m in CANDIDATES}
    assert figures[chosen] > figures[SupportMethod("knn", k=1)] + 0.1


def test_the_choice_is_repeatable_and_looks_at_categories_when_given() -> None:
    vectors, labels = clusters(3, spread=1.5)
    given = {"episodes": 2, "photos": 60, "seed": 5}
    assert choose_method(vectors, labels, **given) == choose_method(vectors, labels, **given)
    only = [SupportMethod("knn", k=3)]
    assert choose_method(vectors, labels, categories=labels // 20, candidates=only) == only[0]


@pytest.mark.slow
def test_a_large_support_set_is_quick() -> None:
    rng = np.random.default_rng(0)
    support, queries = (rng.standard_normal((n, 128)).astype(np.float32) for n in (36_000, 2_000))
    labels = rng.integers(0, 39, len(support))
    start = perf_counter()
    classify(queries, support, labels, SupportMethod("knn", k=20))
    # 0.4 s on two cores; the bound leaves room for a busy machine.
    assert perf_counter() - start < 4
