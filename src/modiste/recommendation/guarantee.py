"""A threshold with a promise: of what is shown at most so much is wrong, with at least such a probability.

Learn-then-Test: thresholds are tried from the strictest to the most generous, each with an exact binomial
test of "more than ``max_error`` of what it shows is wrong", and the last one before the first test that fails
is taken. As the sequence is fixed in advance and ends at the first failure, testing many thresholds costs
nothing: the chance that the one taken breaks the promise is at most 1 - ``confidence``, whatever the
confidences are worth and however they are distributed.

Fixed in advance means: not by the answers that are tested. One unit in ten, drawn at random, serves only to
lay out the sequence, by its confidences; the other nine are the evidence.

What is counted is a *unit*: a group of nearly equal photos, or all photos of a type. One photo of each, drawn
at random, stands for it, as the tests need independent draws. With groups the promise is about further photos
like these. With types it is about photos of further types: there the type is what is drawn at random, and a
thousand photos of one type say little about the next.

Sources: A. Angelopoulos et al., "Learn then Test: Calibrating Predictive Algorithms to Achieve Risk Control",
2021, https://arxiv.org/abs/2110.01052; C. Clopper and E. Pearson, Biometrika 26, 1934 (the interval).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modiste.errors import ModelError

__all__ = [
    "Guarantee",
    "Shortfall",
    "bound_error",
    "choose_threshold",
    "clopper_pearson",
    "fewest",
]

LAYOUT = 0.1  # share of the units that lay out the sequence
STEPS = 25  # thresholds tried at most: each is one more chance to stop early by bad luck
FIRST = 0.2  # share of the tested units that the strictest threshold shows, about
SPARE = 1.3  # … but this many times as many as could prove anything, as no one knows how many there will be


@dataclass(frozen=True)
class Guarantee:
    """Shown at ``threshold`` or above, at most ``max_error`` is wrong, with probability ≥ ``confidence``.

    ``unit`` is what was counted, "group" (of nearly equal photos) or "type"; of ``units`` that were tested,
    from ``photos`` photos in all, ``shown`` were shown and ``wrong`` of those were wrong. ``data`` is the
    fingerprint of the labelled photos.

    >>> promise = Guarantee(0.8, 0.05, 0.95, "group", 400, 450, 300, 7, "c0ffee")
    >>> promise.coverage, Guarantee.from_dict(promise.as_dict()) == promise
    (0.75, True)
    """

    threshold: float
    max_error: float
    confidence: float
    unit: str
    units: int
    photos: int
    shown: int
    wrong: int
    data: str = ""

    def __post_init__(self) -> None:
        shares = (self.threshold, self.max_error, self.confidence)
        if not all(0 <= share <= 1 for share in shares):
            raise ValueError(f"expected threshold, error and confidence in [0, 1]; got {shares}")
        if not 0 <= self.wrong <= self.shown <= self.units <= self.photos:
            raise ValueError("expected wrong ≤ shown ≤ units ≤ photos")

    @property
    def coverage(self) -> float:
        """The share of the tested units that was shown."""
        return self.shown / self.units if self.units else 0.0

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as the model folder keeps them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The guarantee that `as_dict` described. `ModelError` when it is not such a one."""
        try:
            return cls(
                threshold=float(values["threshold"]),
                max_error=float(values["max_error"]),
                confidence=float(values["confidence"]),
                unit=str(values["unit"]),
                units=int(values["units"]),
                photos=int(values["photos"]),
                shown=int(values["shown"]),
                wrong=int(values["wrong"]),
                data=str(values["data"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(f"the model's guarantee cannot be used ({error}); calibrate it again") from error


@dataclass(frozen=True)
class Shortfall:
    """No threshold could be promised. ``needed`` further units would do if they turn out like these.

    None for ``needed``: at no threshold is the error low enough, so more of the same would not help.
    ``units`` were there; ``least_error`` is the lowest share of wrong answers at any threshold.
    """

    units: int
    needed: int | None
    least_error: float


def choose_threshold(
    confidences: ArrayLike,
    wrong: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    max_error: float,
    confidence: float = 0.95,
    unit: str = "group",
    seed: int = 0,
) -> Guarantee | Shortfall:
    """The most generous threshold that can be promised to show at most ``max_error`` wrong answers.

    ``confidences`` (N,) in [0, 1] and ``wrong`` (N,) booleans of labelled photos; ``groups`` (N,) say which
    photos count as one unit (default: each is its own). ``max_error`` and ``confidence`` lie in (0, 1).
    ``ValueError`` if something does not fit.

    >>> sure = np.linspace(0, 1, 2000)
    >>> promise = choose_threshold(sure, np.arange(2000) % 10 == sure.round(0) * 11, max_error=0.05)
    >>> promise.max_error, promise.wrong <= 0.05 * promise.shown
    (0.05, True)
    >>> choose_threshold([0.9] * 40, [False] * 40, max_error=0.05)
    Shortfall(units=40, needed=26, least_error=0.0)
    """
    _check_share(max_error, "an error")
    _check_share(confidence, "a confidence")
    drawn = _draw(confidences, wrong, groups, seed)
    doubt = 1 - confidence
    least = fewest(max_error, confidence)
    thresholds = _sequence(drawn.layout, len(drawn.sure), least)
    shown, errors = _counted(drawn, thresholds)
    passed = _binomial_cdf(errors, shown, max_error) <= doubt
    last = int(np.argmin(passed)) if not passed.all() else len(passed)  # the first that fails
    if not last:
        return _shortfall(drawn, *_counted(drawn, np.append(drawn.layout, 0.0)), max_error, confidence)
    return Guarantee(
        threshold=float(thresholds[last - 1]),
        max_error=max_error,
        confidence=confidence,
        unit=unit,
        units=len(drawn.sure),
        photos=drawn.photos,
        shown=int(shown[last - 1]),
        wrong=int(errors[last - 1]),
    )


def bound_error(
    confidences: ArrayLike,
    wrong: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    coverage: float,
    confidence: float = 0.95,
    unit: str = "group",
    seed: int = 0,
) -> Guarantee:
    """The threshold that shows about ``coverage`` of the photos, in (0, 1], and the error it can promise.

    That is the upper end of the one-sided Clopper–Pearson interval, exact as the threshold was laid out by
    units that are not counted. Otherwise as `choose_threshold`.

    >>> promise = bound_error(np.linspace(0, 1, 500), np.zeros(500), coverage=0.5)
    >>> promise.wrong, 0.4 < promise.coverage < 0.6, promise.max_error < 0.02
    (0, True, True)
    """
    if not 0 < coverage <= 1:
        raise ValueError(f"expected a coverage in (0, 1]; got {coverage}")
    _check_share(confidence, "a confidence")
    drawn = _draw(confidences, wrong, groups, seed)
    at = math.ceil(round(coverage * (len(drawn.layout) + 1), 9)) - 1
    threshold = 0.0 if at >= len(drawn.layout) else float(drawn.layout[at])
    [shown], [errors] = _counted(drawn, np.array([threshold]))
    worst = clopper_pearson(int(errors), int(shown), 2 * confidence - 1)[1] if confidence > 0.5 else 1.0
    return Guarantee(
        threshold, worst, confidence, unit, len(drawn.sure), drawn.photos, int(shown), int(errors)
    )


def fewest(max_error: float, confidence: float) -> int:
    """How many answers must be shown, and all be right, to prove anything: (1 - error)^n ≤ 1 - confidence.

    >>> fewest(0.05, 0.95), fewest(0.1, 0.9)
    (59, 22)
    """
    return math.ceil(math.log(1 - confidence) / math.log(1 - max_error) - 1e-9)


def clopper_pearson(wrong: int, shown: int, confidence: float = 0.95) -> tuple[float, float]:
    """The exact interval for a share of which ``wrong`` of ``shown`` were seen; both tails count alike.

    >>> [round(end, 4) for end in clopper_pearson(0, 59, 0.9)], clopper_pearson(0, 0)
    ([0.0, 0.0495], (0.0, 1.0))
    """
    from scipy.special import betaincinv

    if not 0 <= wrong <= shown:
        raise ValueError(f"expected 0 ≤ wrong ≤ shown; got {wrong} of {shown}")
    tail = (1 - confidence) / 2
    low = float(betaincinv(wrong, shown - wrong + 1, tail)) if wrong else 0.0
    high = float(betaincinv(wrong + 1, shown - wrong, 1 - tail)) if wrong < shown else 1.0
    return low, high


class _Drawn(NamedTuple):
    """One photo for each unit: those that lay out the sequence, surest first, and those that are tested."""

    layout: NDArray[np.float64]
    sure: NDArray[np.float64]
    wrong: NDArray[np.bool_]
    photos: int


def _draw(confidences: ArrayLike, wrong: ArrayLike, groups: ArrayLike | None, seed: int) -> _Drawn:
    sure, missed = np.asarray(confidences, np.float64), np.asarray(wrong, np.bool_)
    members = np.arange(len(sure)) if groups is None else np.asarray(groups)
    if sure.ndim != 1 or sure.shape != missed.shape or sure.shape != members.shape or len(sure) < 2:
        raise ValueError(
            f"expected confidences, errors and groups (N,), N ≥ 2; got {sure.shape}, {missed.shape}, "
            f"{members.shape}"
        )
    if not ((sure >= 0) & (sure <= 1)).all():
        raise ValueError("expected confidences in [0, 1]")
    order = np.random.default_rng(seed).permutation(len(sure))
    _, first = np.unique(members[order], return_index=True)
    chosen = order[np.sort(first)]  # of each unit the photo that comes first, the units in random order
    aside = math.ceil(LAYOUT * len(chosen))
    layout, tested = chosen[:aside], chosen[aside:]
    return _Drawn(np.sort(sure[layout])[::-1], sure[tested], missed[tested], len(sure))


def _sequence(layout: NDArray[np.float64], tested: int, least: int) -> NDArray[np.float64]:
    """Thresholds to try, strictest first; the last one shows everything."""
    shown = np.arange(1, len(layout) + 1) / (len(layout) + 1) * tested  # at each, as far as can be foreseen
    tried = layout[shown >= max(SPARE * least, FIRST * tested)]
    if len(tried) > STEPS - 1:
        tried = tried[np.linspace(0, len(tried) - 1, STEPS - 1).round().astype(np.int64)]
    return np.append(tried, 0.0)


def _counted(drawn: _Drawn, thresholds: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many tested units each threshold shows, and how many of those are wrong."""
    seen = drawn.sure >= thresholds[:, None]
    shown: NDArray[np.int64] = seen.sum(axis=1)
    errors: NDArray[np.int64] = (seen & drawn.wrong).sum(axis=1)
    return shown, errors


def _shortfall(
    drawn: _Drawn, shown: NDArray[np.int64], errors: NDArray[np.int64], max_error: float, confidence: float
) -> Shortfall:
    """How many more units one of these thresholds would need, at the error and coverage it has now."""
    units = len(drawn.layout) + len(drawn.sure)
    some = shown > 0
    rates, parts = errors[some] / shown[some], shown[some] / len(drawn.sure)
    growing = 1.02 ** np.arange(500)  # up to 20,000 times the fewest: a rate that close to the limit is at it
    sizes = np.ceil(fewest(max_error, confidence) * growing).astype(np.int64)
    wrong = np.ceil(rates[:, None] * sizes).astype(np.int64)
    enough = _binomial_cdf(wrong, np.broadcast_to(sizes, wrong.shape), max_error) <= 1 - confidence
    able = enough.any(axis=1)
    needed = np.ceil(sizes[enough.argmax(axis=1)] / parts / (1 - LAYOUT))[able]
    more = max(1, int(needed.min()) - units) if len(needed) else None
    return Shortfall(units, more, float(rates.min()) if len(rates) else 1.0)


def _binomial_cdf(errors: NDArray[np.int64], shown: NDArray[np.int64], share: float) -> NDArray[np.float64]:
    """P(at most this many errors among so many, each wrong with probability ``share``), elementwise."""
    from scipy.special import betainc

    below = shown > errors
    tail: NDArray[np.float64] = np.ones(shown.shape)
    tail[below] = betainc(shown[below] - errors[below], errors[below] + 1.0, 1 - share)
    return tail


def _check_share(share: float, what: str) -> None:
    if not 0 < share < 1:
        raise ValueError(f"expected {what} in (0, 1); got {share}")
