"""What a confidence is worth: the figures of selective recommendation, from arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modiste.evaluation.predictions import judge_calibration
from modiste.evaluation.results import Selective, Threshold
from modiste.metrics import (
    augrc,
    aurc,
    class_bootstrap,
    coverage_at_error,
    eaurc,
    error_at_coverage,
    hits,
    interval,
    risk_coverage,
)

__all__ = ["COVERAGES", "CURVE_POINTS", "ERRORS", "THRESHOLDS", "judge_confidence"]

ERRORS = ("0.01", "0.02", "0.05", "0.1")
"""The error rates a shop may want to keep to, as they are spelled in ``results.json``."""

COVERAGES = ("0.5", "0.7", "0.9")
"""The shares of queries it may want to answer."""

THRESHOLDS = (0.0, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.975, 0.99)
"""The thresholds of the table."""

CURVE_POINTS = 200


def judge_confidence(
    query_types: ArrayLike,
    item_types: ArrayLike,
    confidence: ArrayLike,
    *,
    threshold: float,
    n_support: int,
    duplicate: NDArray[np.bool_] | None = None,
) -> Selective:
    """All figures of :class:`Selective`, without examples.

    ``query_types`` (Q,) and ``item_types`` (Q, K): the type of each query and of what it was recommended, out
    of ``n_support`` items; ``confidence`` (Q,) in [0, 1], shown when at least ``threshold``; ``duplicate``
    (Q,): which queries are nearly the same picture as an item. ``ValueError`` when the shapes do not fit or a
    confidence is not in [0, 1].

    >>> judged = judge_confidence([1, 2], [[1, 3, 3], [1, 1, 3]], [0.9, 0.2], threshold=0.5, n_support=3)
    >>> judged.hit_rate, judged.coverage_at_error["0.01"], judged.shown, judged.shown_error, judged.curve
    (0.5, 0.5, 0.5, 0.0, [[0.5, 0.0], [1.0, 0.5]])
    """
    types = np.asarray(query_types)
    wrong = ~hits(types, item_types)
    sure = np.asarray(confidence, dtype=np.float64)
    curve = risk_coverage(wrong, sure)
    drawn_curve = curve.thinned(CURVE_POINTS)
    figures = _figures(wrong, sure, threshold)

    def drawn(rows: NDArray[np.int64]) -> list[float]:
        return list(_figures(wrong[rows], sure[rows], threshold).values())

    ends = interval(class_bootstrap(drawn, types))
    without: dict[str, float] = {}
    if duplicate is not None and not duplicate.all():
        own = ~duplicate
        without = {"n_test": float(own.sum()), **_figures(wrong[own], sure[own], threshold)}
    return Selective(
        hit_rate=figures["hit_rate"],
        aurc=figures["aurc"],
        augrc=figures["augrc"],
        eaurc=figures["eaurc"],
        coverage_at_error={error: figures[f"coverage_at_error.{error}"] for error in ERRORS},
        threshold=float(threshold),
        shown=figures["shown"],
        shown_error=figures["shown_error"],
        n_support=n_support,
        n_test=len(wrong),
        curve=np.stack([drawn_curve.coverages, drawn_curve.errors], axis=1).tolist(),
        curve_thresholds=drawn_curve.thresholds.tolist(),
        error_at_coverage={coverage: figures[f"error_at_coverage.{coverage}"] for coverage in COVERAGES},
        threshold_at_error={
            error: float(within[-1])
            if len(within := curve.thresholds[curve.errors <= float(error)])
            else None
            for error in ERRORS
        },
        table=[Threshold(at, *_shown(wrong, sure, at)) for at in THRESHOLDS],
        intervals={name: both.tolist() for name, both in zip(figures, ends, strict=True)},
        reliability=judge_calibration(~wrong, sure.clip(0, 1)),  # a cosine may exceed 1 by a rounding
        without_duplicates=without,
        confidence=sure.tolist(),
        hits=(~wrong).astype(int).tolist(),
    )


def _figures(wrong: NDArray[np.bool_], sure: NDArray[np.float64], threshold: float) -> dict[str, float]:
    shown, shown_error = _shown(wrong, sure, threshold)
    return {
        "hit_rate": float(1 - wrong.mean()),
        "aurc": aurc(wrong, sure),
        "augrc": augrc(wrong, sure),
        "eaurc": eaurc(wrong, sure),
        "shown": shown,
        "shown_error": shown_error,
        **{f"coverage_at_error.{error}": coverage_at_error(wrong, sure, float(error)) for error in ERRORS},
        **{f"error_at_coverage.{part}": error_at_coverage(wrong, sure, float(part)) for part in COVERAGES},
    }


def _shown(wrong: NDArray[np.bool_], sure: NDArray[np.float64], threshold: float) -> tuple[float, float]:
    """Coverage and error at a threshold; an error of 0 where nothing is shown."""
    shown = sure >= threshold
    return float(shown.mean()), float(wrong[shown].mean()) if shown.any() else 0.0
