"""What a confidence is worth: the figures of selective recommendation, from arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from modiste.evaluation.results import Selective
from modiste.metrics import augrc, aurc, coverage_at_error, eaurc, hits, risk_coverage

__all__ = ["CURVE_POINTS", "ERRORS", "judge_confidence"]

ERRORS = ("0.01", "0.02", "0.05", "0.1")
"""The error rates a shop may want to keep to, as they are spelled in ``results.json``."""

CURVE_POINTS = 200


def judge_confidence(
    query_types: ArrayLike,
    item_types: ArrayLike,
    confidence: ArrayLike,
    *,
    threshold: float,
    n_support: int,
) -> Selective:
    """All figures of :class:`Selective`.

    ``query_types`` (Q,) and ``item_types`` (Q, K): the type of each query and of what it was recommended, out
    of ``n_support`` items; ``confidence`` (Q,), higher is surer, shown when at least ``threshold``.
    ``ValueError`` when the shapes do not fit or a confidence is not a number.

    >>> judged = judge_confidence([1, 2], [[1, 3, 3], [1, 1, 3]], [0.9, 0.2], threshold=0.5, n_support=3)
    >>> judged.hit_rate, judged.coverage_at_error["0.01"], judged.shown, judged.shown_error, judged.curve
    (0.5, 0.5, 0.5, 0.0, [[0.5, 0.0], [1.0, 0.5]])
    """
    wrong = ~hits(query_types, item_types)
    sure = np.asarray(confidence, dtype=np.float64)
    curve = risk_coverage(wrong, sure)
    points = len(curve.coverages)
    kept = np.unique(np.linspace(0, points - 1, min(points, CURVE_POINTS)).round().astype(np.int64))
    shown = sure >= threshold
    return Selective(
        hit_rate=float(1 - wrong.mean()),
        aurc=aurc(wrong, sure),
        augrc=augrc(wrong, sure),
        eaurc=eaurc(wrong, sure),
        coverage_at_error={error: coverage_at_error(wrong, sure, float(error)) for error in ERRORS},
        threshold=float(threshold),
        shown=float(shown.mean()),
        shown_error=float(wrong[shown].mean()) if shown.any() else 0.0,
        n_support=n_support,
        n_test=len(wrong),
        curve=np.stack([curve.coverages, curve.errors], axis=1)[kept].tolist(),
        curve_thresholds=curve.thresholds[kept].tolist(),
    )
