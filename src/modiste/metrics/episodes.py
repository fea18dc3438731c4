"""Few-shot episodes: N classes, K photos of each to learn from, and queries to name among the N.

A class is the mean direction of its K unit vectors, and the closest by cosine wins (J. Snell, K. Swersky and
R. Zemel, "Prototypical Networks for Few-shot Learning", NeurIPS 2017). So any embedding can be judged alike,
however it was trained.

**Transductive**, on request: queries are named together, each leaning towards its nearest ones among them
(I. Ziko et al., "Laplacian Regularized Few-Shot Learning", ICML 2020). Nothing assumes that every class is
asked for equally often, which many such methods do and no shop can promise (O. Veilleux et al., "Realistic
Evaluation of Transductive Few-Shot Learning", NeurIPS 2021, whose unbalanced queries these are, too).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Episodes", "draw_episodes", "episode_accuracies", "mean_interval"]

_EPISODE_NUMBERS_AT_ONCE = 8_000_000  # 32 MB of float32
_TEMPERATURE = 0.1
_NEIGHBOURS = 3
_ROUNDS = 20


class Episodes(NamedTuple):
    """Rows of E episodes: ``support`` (E, N, K); ``queries`` (E, M), of which query m shows ``truth`` (E, M).

    ``truth`` counts the episode's own classes, 0 to N − 1.
    """

    support: NDArray[np.int64]
    queries: NDArray[np.int64]
    truth: NDArray[np.int64]


def draw_episodes(
    labels: ArrayLike,
    *,
    ways: int,
    shots: int,
    queries: int = 15,
    episodes: int = 600,
    concentration: float | None = None,
    seed: int = 0,
) -> Episodes:
    """Draw ``episodes`` of ``ways`` classes from ``labels`` (N,), with ``shots`` photos of each to know them.

    There are ``queries`` for each class; with a ``concentration``, as many in all but spread over the classes
    by Dirichlet(concentration), as far as their photos reach: 2 is usual, less is more uneven. Classes with
    fewer than ``shots + queries`` photos are passed over. The same labels and seed, the same episodes.
    ``ValueError`` when there are fewer than ``ways`` such classes.

    >>> drawn = draw_episodes(np.repeat([3, 5, 8], 10), ways=2, shots=1, queries=4, episodes=7)
    >>> drawn.support.shape, drawn.queries.shape, drawn.truth[0].tolist()
    ((7, 2, 1), (7, 8), [0, 0, 0, 0, 1, 1, 1, 1])
    """
    if min(ways, shots, queries, episodes) < 1:
        raise ValueError(
            f"expected at least one way, shot, query and episode; got {ways, shots, queries, episodes}"
        )
    names = np.asarray(labels)
    _, class_of = np.unique(names, return_inverse=True)
    sizes = np.bincount(class_of)
    rows_of = np.split(np.argsort(class_of, kind="stable"), np.cumsum(sizes)[:-1])
    eligible = np.flatnonzero(sizes >= shots + queries)
    if len(eligible) < ways:
        raise ValueError(
            f"expected {ways} classes with {shots + queries} photos or more each; there are {len(eligible)}"
        )
    rng = np.random.default_rng(seed)
    support = np.empty((episodes, ways, shots), np.int64)
    asked = np.empty((episodes, ways * queries), np.int64)
    truth = np.empty((episodes, ways * queries), np.int64)
    for episode in range(episodes):
        classes = rng.permutation(eligible)[:ways]
        counts = np.full(ways, queries)
        if concentration is not None:
            shares = rng.dirichlet(np.full(ways, concentration))
            counts = _within(rng.multinomial(ways * queries, shares), sizes[classes] - shots)
        mixed = [rng.permutation(rows_of[at])[: shots + n] for at, n in zip(classes, counts, strict=True)]
        support[episode] = [rows[:shots] for rows in mixed]
        asked[episode] = np.concatenate([rows[shots:] for rows in mixed])
        truth[episode] = np.repeat(np.arange(ways), counts)
    return Episodes(support, asked, truth)


def episode_accuracies(vectors: ArrayLike, drawn: Episodes, *, smoothing: float = 0.0) -> NDArray[np.float64]:
    """The share of queries named right in each episode (E,), with unit ``vectors`` (N, D).

    ``smoothing`` ≥ 0 is how much a query leans towards its three nearest among the episode's queries; 0, the
    default, names each by itself.

    >>> drawn = draw_episodes([0] * 5 + [1] * 5, ways=2, shots=2, queries=3, episodes=4)
    >>> episode_accuracies(np.repeat(np.eye(2), 5, axis=0), drawn).tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    known = np.asarray(vectors, np.float32)
    if known.ndim != 2 or smoothing < 0:
        raise ValueError(f"expected vectors (N, D) and a smoothing ≥ 0; got {known.shape}, {smoothing}")
    episodes, asked = drawn.queries.shape
    each = (drawn.support[0].size + asked) * known.shape[1] + (asked * asked if smoothing else 0)
    at_once = max(1, _EPISODE_NUMBERS_AT_ONCE // each)
    accuracies = np.empty(episodes)
    for start in range(0, episodes, at_once):
        part = slice(start, start + at_once)
        prototypes = known[drawn.support[part]].mean(axis=2)
        prototypes /= np.maximum(np.linalg.norm(prototypes, axis=2, keepdims=True), 1e-12)
        queries = known[drawn.queries[part]]
        scores = queries @ prototypes.transpose(0, 2, 1)
        if smoothing:
            scores = _smoothed(scores / _TEMPERATURE, queries, smoothing)
        accuracies[part] = (scores.argmax(axis=2) == drawn.truth[part]).mean(axis=1)
    return accuracies


def mean_interval(values: ArrayLike) -> tuple[float, float]:
    """The 95 % interval of the mean of independent ``values`` (E,): ± 1.96 standard errors.

    >>> low, high = mean_interval([0.0, 1.0] * 50)
    >>> round(low, 3), round(high, 3)
    (0.402, 0.598)
    """
    each = np.asarray(values, np.float64)
    if each.ndim != 1 or len(each) < 2:
        raise ValueError(f"expected at least two values; got {each.shape}")
    margin = 1.96 * each.std(ddof=1) / np.sqrt(len(each))
    return float(each.mean() - margin), float(each.mean() + margin)


def _within(counts: NDArray[np.int64], room: NDArray[np.int64]) -> NDArray[np.int64]:
    """``counts`` with what exceeds ``room`` moved to where there is most room left; both (N,)."""
    fitted: NDArray[np.int64] = np.minimum(counts, room)
    for _ in range(int(counts.sum() - fitted.sum())):
        fitted[np.argmax(room - fitted)] += 1
    return fitted


def _smoothed(
    logits: NDArray[np.float32], queries: NDArray[np.float32], smoothing: float
) -> NDArray[np.float32]:
    """Class shares (E, M, N) of queries (E, M, D) that lean towards their neighbours' shares.

    Each round is one step of the method's bound optimisation: shares = softmax(logits + smoothing · Σ
    neighbours' shares).
    """
    episodes, asked, _ = queries.shape
    shares = _softmax(logits)
    k = min(_NEIGHBOURS, asked - 1)
    if not k:
        return shares
    cosines = queries @ queries.transpose(0, 2, 1)
    cosines[:, np.arange(asked), np.arange(asked)] = -np.inf
    nearest = np.argpartition(cosines, asked - k, axis=2)[:, :, asked - k :]
    rows = (nearest + asked * np.arange(episodes)[:, None, None]).reshape(-1, k)
    for _ in range(_ROUNDS):
        flat = shares.reshape(episodes * asked, -1)
        leaning = np.add.reduce([flat[rows[:, place]] for place in range(k)])
        shares = _softmax(logits + np.float32(smoothing) * leaning.reshape(logits.shape))
    return shares


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    odds = np.exp(logits - logits.max(axis=2, keepdims=True))
    shares: NDArray[np.float32] = odds / odds.sum(axis=2, keepdims=True)
    return shares
