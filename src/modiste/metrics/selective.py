"""What a confidence is worth for deciding what to show.

Errors are booleans; a higher confidence means surer. Let ``n`` answers be shown from the most confident to
the least, ``W(i)`` the number of wrong ones among the first ``i``. Coverage is ``i / n``; the error of what
is shown is ``W(i) / i`` ("selective risk"); ``W(i) / n`` is the chance that an answer is shown *and* wrong
("generalised risk").

**Ties.** Answers of equal confidence have no order, and the order of the file must not decide. So ``W(i)``
inside a tie is its expected value over all orders of the tied answers: it grows by the tie's error rate at
each step. The areas below are then exactly their expectation under random tie-breaking. A threshold lets in
all of a tie or none of it, so :func:`risk_coverage` and :func:`coverage_at_error`, which describe thresholds
one can set, have a point only where a tie ends.

Sources: R. El-Yaniv and Y. Wiener, "On the Foundations of Noise-free Selective Classification", JMLR 2010
(coverage and selective risk); Y. Geifman, G. Uziel and R. El-Yaniv, "Bias-Reduced Uncertainty Estimation for
Deep Neural Classifiers", ICLR 2019 (AURC, E-AURC); J. Traub et al., "Overcoming Common Flaws in the
Evaluation of Selective Classification Systems", NeurIPS 2024 (AUGRC).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "RiskCoverage",
    "augrc",
    "aurc",
    "coverage_at_error",
    "eaurc",
    "error_at_coverage",
    "hit_rate",
    "hits",
    "risk_coverage",
    "share_alike",
]


# Recommendations ------------------------------------------------------------------------------------------


def hits(query_types: ArrayLike, item_types: ArrayLike) -> NDArray[np.bool_]:
    """Whether at least one recommended item has the query's type: (Q,) and (Q, K) labels → (Q,) booleans.

    >>> hits([1, 2], [[3, 1, 3], [1, 3, 3]]).tolist()
    [True, False]
    """
    queries, items = np.asarray(query_types), np.asarray(item_types)
    if queries.ndim != 1 or items.ndim != 2 or len(queries) != len(items):
        raise ValueError(f"expected types (Q,) and (Q, K), got {queries.shape} and {items.shape}")
    found: NDArray[np.bool_] = (items == queries[:, None]).any(axis=1)
    return found


def hit_rate(query_types: ArrayLike, item_types: ArrayLike) -> float:
    """Share of queries with a hit: (Q,) and (Q, K) labels; see :func:`hits`.

    >>> hit_rate([1, 2], [[3, 1, 3], [1, 3, 3]])
    0.5
    """
    found = hits(query_types, item_types)
    if not len(found):
        raise ValueError("expected at least one query, got none")
    return float(found.mean())


def share_alike(query_labels: ArrayLike, item_labels: ArrayLike, *, unknown: object) -> float | None:
    """Share of recommended items with the query's label: (Q,) and (Q, K) labels.

    Queries whose label is ``unknown`` do not count, and items whose label is are not alike. None if no
    query's label is known.

    >>> share_alike(["Red", "Blue", ""], [["Red", "Red"], ["Red", ""], ["", ""]], unknown="")
    0.5
    """
    queries, items = np.asarray(query_labels), np.asarray(item_labels)
    if queries.ndim != 1 or items.ndim != 2 or len(queries) != len(items):
        raise ValueError(f"expected labels (Q,) and (Q, K), got {queries.shape} and {items.shape}")
    known = queries != unknown
    if not known.any():
        return None
    return float((items[known] == queries[known, None]).mean())


# Confidence -----------------------------------------------------------------------------------------------


class RiskCoverage(NamedTuple):
    """What each threshold gives, from the strictest to the most generous; all (P,), one point a confidence.

    Showing the answers whose confidence is at least ``thresholds[p]`` shows ``coverages[p]`` of them, in
    (0, 1], of which ``errors[p]`` are wrong, in [0, 1].
    """

    coverages: NDArray[np.float64]
    errors: NDArray[np.float64]
    thresholds: NDArray[np.float64]

    def thinned(self, most: int) -> RiskCoverage:
        """At most so many points (≥ 2), evenly chosen; the first and the last stay.

        >>> risk_coverage([False] * 9, range(9)).thinned(3).thresholds.tolist()
        [8.0, 4.0, 0.0]
        """
        points = len(self.thresholds)
        kept = np.unique(np.linspace(0, points - 1, min(points, most)).round().astype(np.int64))
        return RiskCoverage(self.coverages[kept], self.errors[kept], self.thresholds[kept])


def risk_coverage(wrong: ArrayLike, confidence: ArrayLike) -> RiskCoverage:
    """The error of what is shown at every threshold one can set; ``wrong`` and ``confidence`` (N,).

    >>> curve = risk_coverage([False, True, False, True], [0.9, 0.8, 0.8, 0.1])
    >>> curve.coverages.tolist(), curve.errors.tolist(), curve.thresholds.tolist()
    ([0.25, 0.75, 1.0], [0.0, 0.3333333333333333, 0.5], [0.9, 0.8, 0.1])
    """
    misses, sizes, thresholds = _by_confidence(wrong, confidence)
    shown = np.cumsum(sizes)
    return RiskCoverage(shown / shown[-1], np.cumsum(misses) / shown, thresholds)


def aurc(wrong: ArrayLike, confidence: ArrayLike) -> float:
    """Area under the risk-coverage curve: mean over i of ``W(i) / i``. Lower is better.

    The error is averaged over all coverages 1/n, 2/n … 1 alike (Geifman et al. 2019).

    >>> aurc([False, True], [0.9, 0.1])  # errors 0/1 and 1/2
    0.25
    """
    errors = _expected_errors(*_by_confidence(wrong, confidence)[:2])
    return float(np.mean(errors / np.arange(1, len(errors) + 1)))


def eaurc(wrong: ArrayLike, confidence: ArrayLike) -> float:
    """Excess AURC: :func:`aurc` less that of an oracle that shows every right answer before any wrong one.

    Zero for a perfect ranking, whatever the error rate. The oracle's area is the exact one for ``n`` answers,
    not the limit ``e + (1 - e) ln(1 - e)`` for many (Geifman et al. 2019).

    >>> eaurc([False, True], [0.9, 0.1]), eaurc([True, False], [0.9, 0.1])
    (0.0, 0.5)
    """
    missed = np.asarray(wrong, dtype=np.bool_)
    return aurc(missed, confidence) - aurc(missed, ~missed)


def augrc(wrong: ArrayLike, confidence: ArrayLike) -> float:
    """Area under the generalised risk-coverage curve: mean over i of ``W(i) / n``. Lower is better.

    The chance that an answer is shown and wrong, averaged over coverages; unlike in :func:`aurc` the few
    most confident answers do not weigh more than the rest (Traub et al. 2024). Their code joins
    the same points, and (0, 0), by straight lines, which takes off ``W(n) / (2 n²)``.

    >>> augrc([False, True], [0.9, 0.1])  # 0/2 and 1/2
    0.25
    """
    errors = _expected_errors(*_by_confidence(wrong, confidence)[:2])
    return float(np.mean(errors) / len(errors))


def coverage_at_error(wrong: ArrayLike, confidence: ArrayLike, error: float) -> float:
    """The largest share of answers a threshold can show with at most ``error`` of them wrong; 0 if none can.

    >>> wrong, confidence = [False, False, True, False], [0.9, 0.8, 0.7, 0.6]
    >>> [coverage_at_error(wrong, confidence, e) for e in (0.1, 0.25, 0.3)]
    [0.5, 1.0, 1.0]
    """
    coverages, errors, _ = risk_coverage(wrong, confidence)
    within = coverages[errors <= error]
    return float(within[-1]) if len(within) else 0.0


def error_at_coverage(wrong: ArrayLike, confidence: ArrayLike, coverage: float) -> float:
    """The share of wrong answers when the surest ``coverage`` of them is shown, in (0, 1]; ties as above.

    ``ceil(coverage · n)`` answers are shown: at least what was asked for.

    >>> [error_at_coverage([False, True, False, True], [0.9, 0.8, 0.7, 0.1], c) for c in (0.25, 0.5, 1)]
    [0.0, 0.5, 0.5]
    """
    if not 0 < coverage <= 1:
        raise ValueError(f"expected a coverage in (0, 1]; got {coverage}")
    errors = _expected_errors(*_by_confidence(wrong, confidence)[:2])
    shown = math.ceil(round(coverage * len(errors), 9))  # 0.7 · 10 is a little more than 7 in binary
    return float(errors[shown - 1] / shown)


def _by_confidence(
    wrong: ArrayLike, confidence: ArrayLike
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Answers of equal confidence, surest first: errors, answers and confidence of each group, all (P,)."""
    missed = np.asarray(wrong, dtype=np.bool_)
    sure = np.asarray(confidence, dtype=np.float64)
    if missed.ndim != 1 or missed.shape != sure.shape or not len(missed):
        raise ValueError(f"expected errors and confidences (N,), N ≥ 1, got {missed.shape} and {sure.shape}")
    if np.isnan(sure).any():
        raise ValueError(f"expected numbers as confidences, got {int(np.isnan(sure).sum())} NaN")
    levels, group, sizes = np.unique(sure, return_inverse=True, return_counts=True)
    misses = np.bincount(group, weights=missed).astype(np.int64)
    return misses[::-1], sizes[::-1].astype(np.int64), levels[::-1]


def _expected_errors(misses: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.float64]:
    """``W(1) … W(n)``, the expected number of errors among the i surest, in random order within ties."""
    shown, errors = np.cumsum(sizes), np.cumsum(misses)
    before = np.repeat(errors - misses, sizes)
    step = np.arange(1, shown[-1] + 1) - np.repeat(shown - sizes, sizes)
    expected: NDArray[np.float64] = before + step * np.repeat(misses, sizes) / np.repeat(sizes, sizes)
    return expected
