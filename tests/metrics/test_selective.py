"""Selective metrics against naive loops, cases worked out by hand, and what must hold for any data."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from modiste.metrics import (
    augrc,
    aurc,
    coverage_at_error,
    eaurc,
    error_at_coverage,
    hit_rate,
    hits,
    risk_coverage,
    share_alike,
)

EXACT = pytest.approx  # to 1e-9 below


def answers(seed: int, n: int = 120, *, ties: bool) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    confidence = rng.integers(0, 8, n) / 8 if ties else rng.permutation(n) / n
    return rng.random(n) < 0.5 - 0.4 * confidence, confidence


def loop_over_orders(wrong: list[bool], confidence: list[float]) -> tuple[float, float]:
    """AURC and AUGRC as the mean over every order that goes by confidence, each from the definition."""
    aurcs, augrcs = [], []
    n = len(wrong)
    for order in permutations(range(n)):
        ranked = [confidence[i] for i in order]
        if ranked != sorted(ranked, reverse=True):
            continue
        errors_so_far, risks, joint_risks = 0, [], []
        for shown, i in enumerate(order, start=1):
            errors_so_far += wrong[i]
            risks.append(errors_so_far / shown)
            joint_risks.append(errors_so_far / n)
        aurcs.append(sum(risks) / n)
        augrcs.append(sum(joint_risks) / n)
    return sum(aurcs) / len(aurcs), sum(augrcs) / len(augrcs)


def test_hits_by_loop() -> None:
    rng = np.random.default_rng(0)
    queries, items = rng.integers(0, 9, 200), rng.integers(0, 9, (200, 3))
    expected = [any(item == query for item in row) for query, row in zip(queries, items, strict=True)]
    assert hits(queries, items).tolist() == expected
    assert hit_rate(queries, items) == EXACT(sum(expected) / 200, abs=1e-9)


def test_share_alike_is_what_a_loop_says() -> None:
    rng = np.random.default_rng(4)
    queries, items = rng.integers(-1, 3, 50), rng.integers(-1, 3, (50, 3))
    each = [item == query for query, row in zip(queries, items, strict=True) if query != -1 for item in row]
    assert share_alike(queries, items, unknown=-1) == EXACT(np.mean(each), abs=1e-9)
    assert share_alike([-1, -1], items[:2], unknown=-1) is None
    with pytest.raises(ValueError, match=r"\(Q,\) and \(Q, K\), got \(50,\) and \(49, 3\)"):
        share_alike(queries, items[1:], unknown=-1)


@pytest.mark.parametrize("seed", range(20))
def test_areas_are_the_mean_over_all_orders_of_tied_answers(seed: int) -> None:
    rng = np.random.default_rng(seed)
    wrong, confidence = rng.random(7) < 0.4, rng.integers(0, 3, 7) / 2
    expected = loop_over_orders(wrong.tolist(), confidence.tolist())
    assert (aurc(wrong, confidence), augrc(wrong, confidence)) == EXACT(expected, abs=1e-9)


def test_areas_by_hand() -> None:
    # right, wrong, right, wrong: errors among the first i are 0, 1, 1, 2.
    wrong, confidence = [True, False, True, False], [0.2, 0.9, 0.8, 0.5]
    assert aurc(wrong, confidence) == EXACT((0 + 1 / 2 + 1 / 3 + 2 / 4) / 4, abs=1e-12)
    assert augrc(wrong, confidence) == EXACT((0 + 1 + 1 + 2) / 4 / 4, abs=1e-12)
    # The oracle: 0, 0, 1, 2.
    assert eaurc(wrong, confidence) == EXACT((1 / 2 + 1 / 3 + 1 / 2 - 1 / 3 - 1 / 2) / 4, abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_augrc_is_the_published_area_plus_half_a_step(seed: int) -> None:
    """Traub et al. join the points (coverage, generalised risk) from (0, 0) on by straight lines."""
    wrong, confidence = answers(seed, ties=True)
    coverages, errors, _ = risk_coverage(wrong, confidence)
    area = np.trapezoid([0, *(coverages * errors)], [0, *coverages])
    assert augrc(wrong, confidence) == EXACT(area + wrong.mean() / (2 * len(wrong)), abs=1e-9)


def test_excess_area_tends_to_the_published_approximation() -> None:
    rng = np.random.default_rng(0)
    wrong, confidence = rng.random(40_000) < 0.2, rng.random(40_000)
    error = wrong.mean()
    oracle = error + (1 - error) * np.log(1 - error)
    assert eaurc(wrong, confidence) == EXACT(aurc(wrong, confidence) - oracle, abs=1e-4)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("metric", [aurc, augrc, eaurc, lambda *given: coverage_at_error(*given, 0.2)])
def test_only_the_order_of_confidence_counts(metric, ties: bool) -> None:
    wrong, confidence = answers(1, ties=ties)
    figure = metric(wrong, confidence)
    assert metric(wrong, np.exp(5 * confidence) - 3) == figure
    shuffled = np.random.default_rng(2).permutation(len(wrong))
    assert metric(wrong[shuffled], confidence[shuffled]) == EXACT(figure, abs=1e-12)


@pytest.mark.parametrize("error", [0, 0.1, 0.5, 1])
def test_a_perfect_ranking_has_no_excess(error: float) -> None:
    wrong = np.arange(50) < 50 * error
    assert eaurc(wrong, np.arange(50)) == 0
    assert eaurc(wrong, -np.arange(50)) >= 0


def test_confidence_that_says_nothing_is_worth_the_error_rate() -> None:
    wrong = np.arange(40) % 4 == 0
    assert aurc(wrong, np.ones(40)) == EXACT(0.25, abs=1e-12)
    assert augrc(wrong, np.ones(40)) == EXACT(0.25 * 41 / 80, abs=1e-12)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("error", [0, 0.01, 0.1, 0.25, 0.5])
def test_coverage_at_error_by_loop(error: float, ties: bool) -> None:
    wrong, confidence = answers(3, ties=ties)
    best = 0.0
    for threshold in confidence:
        shown = [bool(w) for w, c in zip(wrong, confidence, strict=True) if c >= threshold]
        if sum(shown) / len(shown) <= error:
            best = max(best, len(shown) / len(wrong))
    assert coverage_at_error(wrong, confidence, error) == EXACT(best, abs=1e-9)


def test_coverage_at_error_allows_exactly_the_error() -> None:
    for allowed, of in [(1, 100), (7, 100), (29, 100), (1, 20), (3, 30)]:
        wrong = np.arange(of) < allowed
        assert coverage_at_error(wrong, np.ones(of), allowed / of) == 1
    assert coverage_at_error([True, False], [0.9, 0.1], 0.4) == 0


@pytest.mark.parametrize("coverage", [0.01, 0.5, 0.7, 0.9, 1])
def test_error_at_coverage_by_loop(coverage: float) -> None:
    wrong, confidence = answers(5, ties=False)
    ranked = [w for _, w in sorted(zip(confidence, wrong, strict=True), reverse=True)]
    shown = next(n for n in range(1, len(ranked) + 1) if n / len(ranked) >= coverage - 1e-12)
    assert error_at_coverage(wrong, confidence, coverage) == EXACT(sum(ranked[:shown]) / shown, abs=1e-9)


def test_error_at_coverage_within_a_tie_is_its_mean() -> None:
    assert error_at_coverage([True, False, True, False], [0.5] * 4, 0.25) == 0.5
    with pytest.raises(ValueError, match="coverage"):
        error_at_coverage([True], [0.5], 0)


def test_a_threshold_shows_all_of_a_tie_or_none_of_it() -> None:
    curve = risk_coverage([False, True, True], [0.5, 0.5, 0.1])
    assert curve.coverages.tolist() == EXACT([2 / 3, 1])
    assert curve.errors.tolist() == EXACT([1 / 2, 2 / 3])
    assert coverage_at_error([False, True, True], [0.5, 0.5, 0.1], 0.1) == 0


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: hits([1], [1, 2]), r"\(Q, K\)"),
        (lambda: hit_rate([], np.zeros((0, 3))), "at least one query"),
        (lambda: aurc([True], [float("nan")]), "1 NaN"),
        (lambda: aurc([], []), "N ≥ 1"),
        (lambda: augrc([True, False], [0.5]), r"\(2,\) and \(1,\)"),
    ],
)
def test_what_makes_no_sense_is_refused(call, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()
