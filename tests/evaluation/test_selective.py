from __future__ import annotations

import numpy as np
import pytest

from modiste.evaluation import judge_confidence
from modiste.metrics import risk_coverage


def judged(n: int, **options: float):
    rng = np.random.default_rng(0)
    confidence = rng.permutation(n) / n
    items = np.where(rng.random((n, 3)) < confidence[:, None] ** 2, 1, 2)
    wrong = (items != 1).all(axis=1)
    found = judge_confidence(np.ones(n), items, confidence, n_support=50, **({"threshold": 0.5} | options))
    return found, wrong, confidence


def test_a_long_curve_is_thinned_but_keeps_its_ends() -> None:
    found, wrong, confidence = judged(5000)
    whole = risk_coverage(wrong, confidence)
    points = list(zip(whole.coverages, whole.errors, whole.thresholds, strict=True))
    assert len(found.curve) == len(found.curve_thresholds) == 200
    kept = [(c, e, t) for (c, e), t in zip(found.curve, found.curve_thresholds, strict=True)]
    assert set(kept) <= set(points)
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert np.diff([c for c, _, _ in kept]).max() < 0.006


def test_a_short_curve_is_kept_whole() -> None:
    found, wrong, confidence = judged(150)
    assert [c for c, _ in found.curve] == risk_coverage(wrong, confidence).coverages.tolist()


def test_each_threshold_gives_its_point() -> None:
    found, wrong, confidence = judged(700)
    for (coverage, error), threshold in zip(found.curve, found.curve_thresholds, strict=True):
        shown = confidence >= threshold
        assert (shown.mean(), wrong[shown].mean()) == pytest.approx((coverage, error))


def test_a_threshold_nothing_reaches() -> None:
    found, _, _ = judged(100, threshold=2.0)
    assert (found.shown, found.shown_error) == (0.0, 0.0)


def test_shapes_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="types"):
        judge_confidence([1, 2], [[1, 2, 3]], [0.5, 0.5], threshold=0.5, n_support=3)
