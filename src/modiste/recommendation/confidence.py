"""How sure we are that one of the three items is what the photo shows: from vectors alone, never from labels.

A handful of numbers describe a query among its neighbours; a small regularised logistic model, fitted once on
questions with known answers, turns them into a probability. Nothing here is ever told the class of a
catalogue item, so it works the same in a shop that has no labels, or wrong ones.

===========  =============================================================================================
first        similarity of the best neighbour
gap_third    by how much the third is less similar than the first
gap_tenth    by how much the tenth is
spread       standard deviation of the ten similarities
mutual       mean similarity of the three to one another: do they show the same thing?
density      mean similarity of the three to *their* ten nearest: in a crowd, being similar means less
bank_first   similarity to the nearest prototype the model was trained on: is this a thing it knows?
bank_gap     by how much the second nearest prototype is less similar: does it know which?
bank_best    probability of the likeliest learned type, from the similarities to all prototypes
bank_agree   do photo and items resemble the learned types alike? Bhattacharyya coefficient of their
             probabilities, mean of the three: also for a type never learned, which has a likeness of its own
===========  =============================================================================================

The last four need the model's *bank*: vectors (B, D) of length 1, one for each type it has learned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modiste.catalogue.search import Neighbours, nearest
from modiste.errors import ModelError

__all__ = [
    "BANK_FEATURE_NAMES",
    "FEATURE_NAMES",
    "NEIGHBOURS",
    "SHOWN",
    "Confidence",
    "features",
    "fit_confidence",
    "local_density",
]

SHOWN = 3
NEIGHBOURS = 10

FEATURE_NAMES = ("first", "gap_third", "gap_tenth", "spread", "mutual", "density")
BANK_FEATURE_NAMES = ("bank_first", "bank_gap", "bank_best", "bank_agree")
_ALL_NAMES = FEATURE_NAMES + BANK_FEATURE_NAMES

# What is fitted by default. The gaps and the spread say how crowded a place is, which depends on what a shop
# happens to sell: they help on the queries a model is fitted on and mislead on others.
_FITTED = ("first", "mutual", "density")
_PENALTY = 0.001  # ten times more blurs what the features tell apart; a tenth changes nothing

# Similarities to prototypes, times this, are the logits of types: 10 makes one of several stand out, 20 keeps
# of the likeness to others only what is strong.
_BEST_SCALE = 10.0
_AGREE_SCALE = 20.0


def features(
    query_vectors: NDArray[np.float32],
    catalogue_vectors: NDArray[np.float32],
    neighbours: Neighbours,
    bank: NDArray[np.float32] | None = None,
    *,
    density: NDArray[np.float32] | None = None,
) -> NDArray[np.float64]:
    """What is seen of each query (Q, F): columns `FEATURE_NAMES`, with ``bank`` also `BANK_FEATURE_NAMES`.

    ``query_vectors`` (Q, D), ``catalogue_vectors`` (N, D) and ``bank`` (B, D) have length 1. ``neighbours``
    holds the `NEIGHBOURS` nearest of each query, at least three. ``density`` (Q, 3) is `local_density` of the
    first three, for callers who have it already.

    >>> shop = np.array([[1, 0], [0.8, 0.6], [0.6, 0.8], [0, 1]], np.float32)
    >>> described = features(shop[:1], shop, nearest(shop, shop[:1], k=NEIGHBOURS))
    >>> dict(zip(FEATURE_NAMES, described[0].round(2).tolist()))
    {'first': 1.0, 'gap_third': 0.4, 'gap_tenth': 1.0, 'spread': 0.37, 'mutual': 0.79, 'density': 0.68}
    """
    if len(neighbours) != len(query_vectors):
        raise ValueError(f"expected neighbours of {len(query_vectors)} queries; got {len(neighbours)}")
    if len(neighbours) and (neighbours.rows.shape[1] < SHOWN or (neighbours.found < SHOWN).any()):
        raise ValueError(f"expected at least {SHOWN} neighbours for each query")
    if not len(neighbours):
        return np.empty((0, len(FEATURE_NAMES if bank is None else _ALL_NAMES)))
    cosines = _without_gaps(neighbours)[:, :NEIGHBOURS]
    rows = neighbours.rows[:, :SHOWN]
    if density is None:
        asked, place = np.unique(rows, return_inverse=True)
        density = local_density(catalogue_vectors, asked)[place.reshape(rows.shape)]
    columns = [
        cosines[:, 0],
        cosines[:, 0] - cosines[:, SHOWN - 1],
        cosines[:, 0] - cosines[:, -1],
        cosines.std(axis=1),
        _mutual(catalogue_vectors[rows]),
        density.mean(axis=1, dtype=np.float64),
    ]
    if bank is not None:
        known = _two_best(query_vectors @ bank.T)
        columns += [known[:, 0], known[:, 0] - known[:, 1]]
        columns += _likeness(query_vectors, catalogue_vectors, rows, bank)
    return np.stack(columns, axis=1)


def local_density(
    vectors: NDArray[np.float32], rows: Sequence[int] | NDArray[np.int64], k: int = NEIGHBOURS
) -> NDArray[np.float32]:
    """How crowded it is around these rows (R,): mean similarity of each to its ``k`` nearest others.

    ``vectors`` (N, D) of length 1, N ≥ 2; with fewer than k others, all of them count.

    >>> shop = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    >>> local_density(shop, [0, 2], k=1).tolist()
    [1.0, 0.0]
    """
    places = np.asarray(rows, np.int64)
    others = min(k, len(vectors) - 1)
    found = nearest(vectors, vectors[places], others, exclude=places[:, None])
    density: NDArray[np.float32] = found.similarities.mean(axis=1, dtype=np.float32)
    return density


@dataclass(frozen=True)
class Confidence:
    """A logistic model: probability = 1 / (1 + exp(-(intercept + Σ weight · (feature - mean) / scale))).

    ``names`` are the features it looks at, of `FEATURE_NAMES` and `BANK_FEATURE_NAMES`; ``mean``, ``scale``
    and ``weights`` have a number for each. ``ValueError`` if they do not.

    >>> rule = Confidence(names=("first",), mean=(0.7,), scale=(0.1,), weights=(2.0,), intercept=0.0)
    >>> described = np.zeros((2, len(FEATURE_NAMES)))
    >>> described[:, 0] = 0.7, 0.9
    >>> rule.probability(described).round(3).tolist()
    [0.5, 0.982]
    """

    names: tuple[str, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float

    def __post_init__(self) -> None:
        if unknown := [name for name in self.names if name not in _ALL_NAMES]:
            raise ValueError(f"expected features of {', '.join(_ALL_NAMES)}; got {', '.join(unknown)}")
        if {len(self.mean), len(self.scale), len(self.weights)} != {len(self.names)}:
            raise ValueError(f"expected a mean, a scale and a weight for each of {len(self.names)} features")
        if not np.isfinite([*self.mean, *self.scale, *self.weights, self.intercept]).all() or 0 in self.scale:
            raise ValueError("expected finite numbers, and scales other than 0")

    @property
    def needs_bank(self) -> bool:
        """Whether it looks at a feature that only a model's bank can give."""
        return any(name in BANK_FEATURE_NAMES for name in self.names)

    def probability(self, described: NDArray[np.float64]) -> NDArray[np.float64]:
        """What `features` tells about each query (Q, F) → the probability that one of the three fits (Q,)."""
        if self.needs_bank and described.shape[1] < len(_ALL_NAMES):
            raise ValueError("expected the bank's features, too: give `features` the bank of the model")
        used = described[:, [_ALL_NAMES.index(name) for name in self.names]]
        logit = (used - np.array(self.mean)) / np.array(self.scale) @ np.array(self.weights) + self.intercept
        probability: NDArray[np.float64] = 0.5 + 0.5 * np.tanh(0.5 * logit)  # does not overflow, as exp would
        return probability

    def as_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, as the model folder keeps them."""
        return {
            "names": list(self.names),
            "mean": list(self.mean),
            "scale": list(self.scale),
            "weights": list(self.weights),
            "intercept": self.intercept,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The model that `as_dict` described. `ModelError` when it is not such a one."""
        try:
            return cls(
                names=tuple(str(name) for name in values["names"]),
                mean=tuple(float(value) for value in values["mean"]),
                scale=tuple(float(value) for value in values["scale"]),
                weights=tuple(float(value) for value in values["weights"]),
                intercept=float(values["intercept"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(
                f"the model's confidence cannot be used ({error}); train the model again"
            ) from error


def fit_confidence(
    described: NDArray[np.float64],
    correct: ArrayLike,
    names: Sequence[str] | None = None,
    *,
    penalty: float = _PENALTY,
) -> Confidence:
    """Learn from queries with known answers: ``described`` (Q, F) by `features`, ``correct`` (Q,) booleans.

    The queries should be as new to the encoder as those it will meet: take some whose classes it was not
    trained on, beside others, or it will be far too sure. ``names`` are the features to use (default: a few
    that hold for new classes). ``penalty`` ≥ 0 pulls the weights, in units of a feature's spread, to 0, the
    more the larger it is.

    If all answers were right, or all wrong, the probability is a constant, a little short of certainty.
    ``ValueError`` if there are no queries or the shapes do not fit.
    """
    from sklearn.linear_model import LogisticRegression

    right = np.asarray(correct, bool)
    if described.ndim != 2 or right.shape != (len(described),) or not len(right):
        raise ValueError(
            f"expected (Q, F) features and (Q,) answers, Q ≥ 1; got {described.shape}, {right.shape}"
        )
    if names is None:
        names = _FITTED if described.shape[1] == len(FEATURE_NAMES) else _FITTED + BANK_FEATURE_NAMES
    used = described[:, [_ALL_NAMES.index(name) for name in names]]
    mean, scale = used.mean(axis=0), used.std(axis=0)
    scale[scale < 1e-9] = 1.0
    if right.all() or not right.any():
        share = (right.sum() + 1) / (len(right) + 2)  # Laplace's rule of succession
        weights, intercept = np.zeros(len(names)), float(np.log(share / (1 - share)))
    else:
        model = LogisticRegression(C=1 / (max(penalty, 1e-9) * len(right)), max_iter=1000)
        model.fit((used - mean) / scale, right)
        weights, intercept = model.coef_[0], float(model.intercept_[0])
    return Confidence(
        tuple(names), tuple(mean.tolist()), tuple(scale.tolist()), tuple(weights.tolist()), intercept
    )


def _without_gaps(neighbours: Neighbours) -> NDArray[np.float64]:
    """Similarities (Q, k), where a query with fewer than k neighbours repeats its last one."""
    last = neighbours.similarities[np.arange(len(neighbours)), neighbours.found - 1]
    return np.where(neighbours.rows >= 0, neighbours.similarities, last[:, None]).astype(np.float64)


def _mutual(three: NDArray[np.float32]) -> NDArray[np.float64]:
    """Mean cosine between different ones of each (Q, 3, D): (|sum|² - 3) / 6, as each has length 1."""
    count = three.shape[1]
    together = three.sum(axis=1, dtype=np.float64)
    mean: NDArray[np.float64] = (np.einsum("qd,qd->q", together, together) - count) / (count * (count - 1))
    return mean


def _likeness(
    queries: NDArray[np.float32],
    items: NDArray[np.float32],
    rows: NDArray[np.int64],
    bank: NDArray[np.float32],
) -> list[NDArray[np.float64]]:
    """The last two features, (Q,) each; ``rows`` (Q, 3) are the items recommended."""
    asked = queries @ bank.T
    shown, place = np.unique(rows, return_inverse=True)
    there = np.sqrt(_softmax(items[shown] @ bank.T * _AGREE_SCALE))[place.reshape(rows.shape)]
    here = np.sqrt(_softmax(asked * _AGREE_SCALE))
    return [
        _softmax(asked * _BEST_SCALE).max(axis=1),
        np.einsum("qb,qkb->qk", here, there).mean(axis=1),
    ]


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    odds = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = odds / odds.sum(axis=1, keepdims=True)
    return shares


def _two_best(cosines: NDArray[np.float32]) -> NDArray[np.float64]:
    """The largest and second largest of each row (Q, B) → (Q, 2); with a single column it counts twice."""
    if cosines.shape[1] == 1:
        cosines = np.repeat(cosines, 2, axis=1)
    return -np.partition(-cosines, 1, axis=1)[:, :2].astype(np.float64)
