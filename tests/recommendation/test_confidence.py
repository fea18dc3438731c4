"""Features against a loop; the logistic model against its formula; no label anywhere near."""

from __future__ import annotations

import inspect
import json
import math

import numpy as np
import pytest
from numpy.typing import NDArray

from modiste.catalogue import Neighbours, nearest
from modiste.errors import ModelError
from modiste.metrics import aurc
from modiste.recommendation.confidence import (
    BANK_FEATURE_NAMES,
    FEATURE_NAMES,
    NEIGHBOURS,
    Confidence,
    features,
    fit_confidence,
    local_density,
)

Vectors = NDArray[np.float32]


def unit(rng: np.random.Generator, n: int, dimension: int = 6) -> Vectors:
    vectors = rng.standard_normal((n, dimension))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def by_loop(query: Vectors, shop: Vectors, bank: Vectors) -> dict[str, float]:
    """All features of one query, computed the long way."""

    def cosine(one: Vectors, other: Vectors) -> float:
        return sum(float(a) * float(b) for a, b in zip(one, other, strict=True))

    order = sorted(range(len(shop)), key=lambda row: -cosine(query, shop[row]))
    ten = [cosine(query, shop[row]) for row in order[:10]]
    three = order[:3]
    pairs = [cosine(shop[a], shop[b]) for a in three for b in three if a != b]
    crowds = []
    for row in three:
        others = sorted((cosine(shop[row], shop[o]) for o in range(len(shop)) if o != row), reverse=True)
        crowds.append(sum(others[:10]) / len(others[:10]))
    known = sorted((cosine(query, prototype) for prototype in bank), reverse=True)
    mean = sum(ten) / len(ten)

    def alike(vector: Vectors, scale: float) -> list[float]:
        odds = [math.exp(scale * cosine(vector, prototype)) for prototype in bank]
        return [one / sum(odds) for one in odds]

    pairs_of = [zip(alike(query, 20), alike(shop[row], 20), strict=True) for row in three]
    return {
        "first": ten[0],
        "gap_third": ten[0] - ten[2],
        "gap_tenth": ten[0] - ten[-1],
        "spread": (sum((s - mean) ** 2 for s in ten) / len(ten)) ** 0.5,
        "mutual": sum(pairs) / 6,
        "density": sum(crowds) / 3,
        "bank_first": known[0],
        "bank_gap": known[0] - known[1],
        "bank_best": max(alike(query, 10)),
        "bank_agree": sum(math.sqrt(a * b) for both in pairs_of for a, b in both) / 3,
    }


@pytest.mark.parametrize("size", [3, 7, 11, 200])
def test_features_are_what_a_loop_computes(size: int) -> None:
    rng = np.random.default_rng(size)
    shop, queries, bank = unit(rng, size), unit(rng, 12), unit(rng, 5)
    described = features(queries, shop, nearest(shop, queries, NEIGHBOURS), bank)
    assert described.shape == (12, 10)
    for query in range(12):
        expected = by_loop(queries[query], shop, bank)
        assert list(expected) == [*FEATURE_NAMES, *BANK_FEATURE_NAMES]
        assert described[query] == pytest.approx(list(expected.values()), abs=1e-6)


def test_a_query_with_few_neighbours_left_is_described_by_those() -> None:
    rng = np.random.default_rng(0)
    shop, queries = unit(rng, 12), unit(rng, 2)
    found = nearest(shop, queries, NEIGHBOURS, exclude=[list(range(8)), []])
    described = features(queries, shop, found)
    left = np.sort(shop[8:] @ queries[0])[::-1]
    assert described[0, 0] == pytest.approx(left[0], abs=1e-6)
    assert described[0, 2] == pytest.approx(left[0] - left[3], abs=1e-6)
    assert np.isfinite(described).all()


def test_densities_may_be_handed_in() -> None:
    rng = np.random.default_rng(0)
    shop, queries = unit(rng, 50), unit(rng, 4)
    found = nearest(shop, queries, NEIGHBOURS)
    density = local_density(shop, found.rows[:, :3].ravel()).reshape(-1, 3)
    assert np.array_equal(features(queries, shop, found), features(queries, shop, found, density=density))


def test_no_queries_have_no_features_and_too_few_neighbours_are_refused() -> None:
    rng = np.random.default_rng(0)
    shop, bank = unit(rng, 5), unit(rng, 1)
    none = nearest(shop, shop[:0], NEIGHBOURS)
    assert features(shop[:0], shop, none).shape == (0, 6)
    assert features(shop[:0], shop, none, bank).shape == (0, 10)
    with pytest.raises(ValueError, match="at least 3 neighbours"):
        features(shop, shop, nearest(shop, shop, 2))
    with pytest.raises(ValueError, match="at least 3 neighbours"):
        features(shop, shop, nearest(shop, shop, 5, exclude=[[0, 1, 2]] * 5))
    with pytest.raises(ValueError, match="of 5 queries; got 0"):
        features(shop, shop, none)


def test_a_bank_of_one_prototype_has_no_gap() -> None:
    rng = np.random.default_rng(0)
    shop, bank = unit(rng, 5), unit(rng, 1)
    described = features(shop, shop, nearest(shop, shop, 5), bank)
    assert described[:, 6] == pytest.approx((shop @ bank.T)[:, 0])
    assert (described[:, 7] == 0).all()


def test_no_label_can_get_in() -> None:
    assert set(inspect.signature(features).parameters) == {
        "query_vectors",
        "catalogue_vectors",
        "neighbours",
        "bank",
        "density",
    }
    assert set(Neighbours.__dataclass_fields__) == {"rows", "similarities"}


# The model ------------------------------------------------------------------------------------------------

RULE = Confidence(
    names=("mutual", "first"), mean=(0.5, 0.7), scale=(0.2, 0.1), weights=(1.0, 2.0), intercept=-0.5
)


def test_probability_is_the_formula() -> None:
    described = np.random.default_rng(0).random((20, 6))
    for row, probability in zip(described, RULE.probability(described), strict=True):
        logit = -0.5 + (row[4] - 0.5) / 0.2 * 1.0 + (row[0] - 0.7) / 0.1 * 2.0
        assert probability == pytest.approx(1 / (1 + np.exp(-logit)))
    extremes = np.array([[1e6] * 6, [-1e6] * 6])
    assert RULE.probability(extremes).tolist() == [1.0, 0.0]


def test_it_travels_as_json() -> None:
    assert Confidence.from_dict(json.loads(json.dumps(RULE.as_dict()))) == RULE


@pytest.mark.parametrize(
    "harm",
    [
        {"names": ["first", "colour"]},
        {"weights": [1.0]},
        {"scale": [0.2, 0.0]},
        {"intercept": None},
        {"intercept": float("nan")},
        {"mean": "ab"},
        {"names": None},
    ],
)
def test_a_damaged_one_is_refused_in_one_line(harm: dict[str, object]) -> None:
    with pytest.raises(ModelError, match="train the model again") as error:
        Confidence.from_dict({**RULE.as_dict(), **harm})
    assert "\n" not in str(error.value)
    with pytest.raises(ModelError):
        Confidence.from_dict({key: value for key, value in RULE.as_dict().items() if key not in harm})


def test_a_bank_is_asked_for_only_where_it_is_looked_at() -> None:
    rule = Confidence(("first", "bank_gap"), (0.0, 0.0), (1.0, 1.0), (1.0, 1.0), 0.0)
    assert rule.needs_bank
    assert not RULE.needs_bank
    with pytest.raises(ValueError, match="bank"):
        rule.probability(np.zeros((1, 6)))
    assert rule.probability(np.zeros((1, 10))).tolist() == [0.5]
    assert RULE.probability(np.zeros((1, 10))) == pytest.approx(RULE.probability(np.zeros((1, 6))))


def clusters(
    rng: np.random.Generator, types: int, each: int, noise: float
) -> tuple[Vectors, NDArray[np.int64]]:
    """Vectors around random centres, some far more spread out than others, and which centre each has."""
    centres = rng.standard_normal((types, 16))
    type_of = np.repeat(np.arange(types), each)
    width = noise * np.linspace(0.2, 2, types)[type_of]
    vectors = centres[type_of] + width[:, None] * rng.standard_normal((len(type_of), 16))
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32), type_of


def test_fitting_learns_when_recommendations_are_right() -> None:
    shops = []
    for seed in (0, 1):
        rng = np.random.default_rng(seed)
        vectors, types = clusters(rng, types=30, each=12, noise=0.9)
        shop, queries = vectors[::2], vectors[1::2]
        found = nearest(shop, queries, NEIGHBOURS)
        right = (types[::2][found.rows[:, :3]] == types[1::2][:, None]).any(axis=1)
        shops.append((features(queries, shop, found), right))
    (described, right), (others, truth) = shops  # learn in one shop, be judged in the other
    assert 0.5 < right.mean() < 0.95
    rule = fit_confidence(described, right)
    assert rule == fit_confidence(described, right)
    confidence = rule.probability(others)
    assert confidence.mean() == pytest.approx(truth.mean(), abs=0.1)
    assert aurc(~truth, confidence) < 0.7 * aurc(~truth, np.zeros(len(confidence)))
    assert fit_confidence(described, right, names=("gap_third",)).names == ("gap_third",)


def test_a_larger_penalty_means_smaller_weights() -> None:
    rng = np.random.default_rng(0)
    described = rng.random((200, 6))
    right = described[:, 0] > 0.4
    weak, strong = (fit_confidence(described, right, penalty=penalty) for penalty in (0.001, 1.0))
    assert 0 < strong.weights[0] < weak.weights[0]


def test_answers_that_are_all_alike_make_a_constant_short_of_certainty() -> None:
    described = np.random.default_rng(0).random((98, 10))
    for right, expected in ((True, 0.99), (False, 0.01)):
        rule = fit_confidence(described, np.full(98, right))
        assert rule.probability(described) == pytest.approx([expected] * 98)
    constant = fit_confidence(np.ones((4, 6)), [True, False, True, False])  # features that tell nothing
    assert constant.probability(np.ones((1, 6))) == pytest.approx([0.5])


def test_fitting_needs_answers_that_match() -> None:
    for described, right in [(np.zeros((2, 6)), [True]), (np.zeros((0, 6)), []), (np.zeros(6), [True])]:
        with pytest.raises(ValueError, match=r"\(Q, F\) features"):
            fit_confidence(described, right)


@pytest.mark.slow
def test_thousands_of_queries_take_less_than_two_seconds() -> None:
    from time import perf_counter

    rng = np.random.default_rng(0)
    shop, queries, bank = unit(rng, 2827, 128), unit(rng, 2827, 128), unit(rng, 39, 128)
    began = perf_counter()
    features(queries, shop, nearest(shop, queries, NEIGHBOURS), bank)
    assert perf_counter() - began < 2 * 3  # room for a machine that does other things, too
