"""The promise against simulations in which the true error of every threshold is known."""

from __future__ import annotations

import json

import numpy as np
import pytest
from numpy.typing import NDArray

from modiste.errors import ModelError
from modiste.recommendation.guarantee import (
    Guarantee,
    Shortfall,
    bound_error,
    choose_threshold,
    clopper_pearson,
    fewest,
)

ALPHA, DELTA = 0.1, 0.1


def falling(sure: NDArray[np.float64]) -> NDArray[np.float64]:
    """The chance to be wrong at a confidence: the surer the rarer."""
    return 0.4 * (1 - sure)


def misleading(sure: NDArray[np.float64]) -> NDArray[np.float64]:
    """Worst in the middle: the error among what is shown rises, falls and rises again."""
    return np.where((sure > 0.6) & (sure < 0.75), 0.35, 0.04)


def error_above(threshold: float, chance) -> float:  # type: ignore[no-untyped-def]
    grid = np.linspace(threshold, 1, 4001)
    return float(chance(grid).mean())


@pytest.mark.parametrize("chance", [falling, misleading])
@pytest.mark.parametrize("photos", [150, 600])
def test_the_promise_is_broken_no_more_often_than_said(chance, photos: int) -> None:  # type: ignore[no-untyped-def]
    draws, broken, kept = 1000, 0, 0
    rng = np.random.default_rng(photos)
    sures = rng.random((draws, photos))
    wrongs = rng.random((draws, photos)) < chance(sures)
    for draw in range(draws):
        promise = choose_threshold(
            sures[draw], wrongs[draw], max_error=ALPHA, confidence=1 - DELTA, seed=draw
        )
        if isinstance(promise, Guarantee):
            kept += 1
            broken += error_above(promise.threshold, chance) > ALPHA
    # Three standard errors above δ would be bad luck once in a thousand.
    assert broken / draws <= DELTA + 3 * np.sqrt(DELTA * (1 - DELTA) / draws)
    assert kept / draws > (0.1 if photos == 150 else 0.6)


def test_it_is_about_as_generous_as_the_truth_allows() -> None:
    rng = np.random.default_rng(1)
    sure = rng.random(20_000)
    promise = choose_threshold(sure, rng.random(20_000) < falling(sure), max_error=ALPHA)
    assert isinstance(promise, Guarantee)
    assert error_above(0.5, falling) == pytest.approx(ALPHA)  # the best threshold there is
    assert 0.5 <= promise.threshold < 0.6
    assert promise.coverage == pytest.approx(1 - promise.threshold, abs=0.02)


def test_copies_of_a_photo_prove_nothing() -> None:
    sure = np.full(1000, 0.9)
    right = np.zeros(1000, bool)
    copies = choose_threshold(sure, right, np.arange(1000) % 20, max_error=0.05)
    assert isinstance(copies, Shortfall)
    assert copies.units == 20
    assert isinstance(choose_threshold(sure, right, max_error=0.05), Guarantee)


def test_with_types_as_units_the_promise_holds_for_new_types() -> None:
    """Types that are all right or mostly wrong: photos alone would promise far too much."""
    draws, each, types = 400, 100, 30
    rng = np.random.default_rng(2)
    bad = rng.random((draws, types)) < 0.15  # so the error of a new photo of a new type is 0.15
    broken = {"type": 0, "group": 0}
    kinds = np.repeat(np.arange(types), each)
    for draw in range(draws):
        wrong = bad[draw][kinds]
        sure = rng.random(len(kinds))
        for unit, groups in (("type", kinds), ("group", None)):
            promise = choose_threshold(sure, wrong, groups, max_error=0.12, confidence=0.9, seed=draw)
            broken[unit] += isinstance(promise, Guarantee)  # 0.15 at every threshold: any promise is broken
    assert broken["type"] / draws <= 0.1 + 3 * np.sqrt(0.09 / draws)
    assert broken["group"] / draws > 0.15


@pytest.mark.parametrize("max_error", [0.02, 0.05, 0.2])
def test_the_fewest_is_where_the_binomial_says(max_error: float) -> None:
    n = fewest(max_error, 0.95)
    assert (1 - max_error) ** n <= 0.05 < (1 - max_error) ** (n - 1)


@pytest.mark.parametrize(("photos", "errors"), [(30, 0), (100, 2), (200, 6)])
def test_so_many_more_are_enough(photos: int, errors: int) -> None:
    wrong = np.arange(photos) < errors
    short = choose_threshold(np.full(photos, 0.7), wrong, max_error=0.05)
    assert isinstance(short, Shortfall)
    assert short.needed is not None
    many = photos + short.needed
    enough = choose_threshold(np.full(many, 0.7), np.arange(many) % photos < errors * 0.8, max_error=0.05)
    assert isinstance(enough, Guarantee)


def test_where_all_is_wrong_more_photos_do_not_help() -> None:
    short = choose_threshold(np.linspace(0, 1, 300), np.ones(300), max_error=0.05)
    assert short == Shortfall(300, None, 1.0)


def test_a_chosen_coverage_promises_the_error_it_has() -> None:
    draws, broken = 1000, 0
    rng = np.random.default_rng(3)
    for draw in range(draws):
        sure = rng.random(200)
        promise = bound_error(sure, rng.random(200) < falling(sure), coverage=0.6, confidence=0.9, seed=draw)
        broken += error_above(promise.threshold, falling) > promise.max_error
    assert broken / draws <= 0.1 + 3 * np.sqrt(0.09 / draws)
    everything = bound_error(sure, np.zeros(200), coverage=1.0)
    assert everything.threshold == 0.0
    assert everything.shown == everything.units == 180


def test_clopper_pearson_covers() -> None:
    rng = np.random.default_rng(4)
    for share in (0.01, 0.05, 0.3):
        seen = rng.binomial(80, share, 2000)
        ends = {wrong: clopper_pearson(int(wrong), 80, 0.9) for wrong in np.unique(seen)}
        assert np.mean([ends[wrong][0] <= share <= ends[wrong][1] for wrong in seen]) >= 0.88
    assert clopper_pearson(5, 5)[1] == 1.0
    with pytest.raises(ValueError, match="wrong ≤ shown"):
        clopper_pearson(3, 2)


def test_the_same_photos_give_the_same_promise_in_json() -> None:
    rng = np.random.default_rng(5)
    sure = rng.random(500)
    wrong = rng.random(500) < 0.1 * (1 - sure)
    one, two = (choose_threshold(sure, wrong, max_error=0.1) for _ in range(2))
    assert isinstance(one, Guarantee)
    assert one == two == Guarantee.from_dict(json.loads(json.dumps(one.as_dict())))


@pytest.mark.parametrize("spoilt", [{"threshold": 2}, {"wrong": 600}, {"unit": None, "units": "x"}])
def test_a_damaged_guarantee_is_refused(spoilt: dict[str, object]) -> None:
    good = Guarantee(0.8, 0.05, 0.95, "group", 400, 450, 300, 7, "c0ffee").as_dict()
    with pytest.raises(ModelError, match="calibrate it again"):
        Guarantee.from_dict(good | spoilt)
    with pytest.raises(ModelError, match="calibrate it again"):
        Guarantee.from_dict({})


@pytest.mark.parametrize(
    ("sure", "wrong", "options"),
    [
        ([0.5, 0.6], [True], {"max_error": 0.1}),
        ([0.5, 1.6], [True, False], {"max_error": 0.1}),
        ([0.5], [True], {"max_error": 0.1}),
        ([0.5, 0.6], [True, False], {"max_error": 0}),
        ([0.5, 0.6], [True, False], {"max_error": 0.1, "confidence": 1}),
    ],
)
def test_what_does_not_fit_is_refused(
    sure: list[float], wrong: list[bool], options: dict[str, float]
) -> None:
    with pytest.raises(ValueError, match="expected"):
        choose_threshold(sure, wrong, **options)
    with pytest.raises(ValueError, match="coverage"):
        bound_error([0.1, 0.2], [True, False], coverage=0)
