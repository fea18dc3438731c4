"""Classifiers that learn a support set by heart, more slowly than `modiste.support_set` reads one.

All take unit vectors, queries (Q, D) and support (N, D), and the class of each support row, ``of_row`` (N,),
which counts 0 to C − 1 without gaps. They give scores (Q, C) in [0, 1] whose rows sum to 1. The same input,
the same scores: what is drawn at random is drawn with a fixed seed.

- **Multi-prototypes**: several mean directions a class instead of one, found by k-means among its photos, for
  classes that look like several things (K. Allen et al., "Infinite Mixture Prototypes for Few-Shot Learning",
  ICML 2019, with a fixed number).
- **Logistic regression**: one direction a class, chosen together (Y. Tian et al., "Rethinking Few-Shot Image
  Classification: A Good Embedding Is All You Need?", ECCV 2020).
- **MLP**: a network with one hidden layer.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["logistic_scores", "mlp_scores", "multi_prototype_scores"]

_HIDDEN = 128
_STRENGTH = 10.0  # of logistic regression (C): unit vectors need large weights
_ROUNDS = 200


def multi_prototype_scores(
    queries: NDArray[np.float32],
    support: NDArray[np.float32],
    of_row: NDArray[np.int64],
    *,
    each: int,
    temperature: float,
) -> NDArray[np.float64]:
    """Softmax over classes of cosine / temperature with the closest of up to ``each`` ≥ 1 means of a class.

    >>> eye = np.eye(3, dtype=np.float32)
    >>> scores = multi_prototype_scores(eye[:1], eye, np.array([0, 0, 1]), each=2, temperature=0.1)
    >>> scores.round(2).tolist()
    [[1.0, 0.0]]
    """
    from sklearn.cluster import KMeans

    closest = []
    for label in range(of_row.max() + 1):
        own = support[of_row == label]
        parts = min(each, len(np.unique(own, axis=0)))
        means = KMeans(parts, n_init=4, random_state=0).fit(own).cluster_centers_
        means = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        closest.append((queries @ means.T).max(axis=1))
    logits = np.stack(closest, axis=1).astype(np.float64) / temperature
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = odds / odds.sum(axis=1, keepdims=True)
    return shares


def logistic_scores(
    queries: NDArray[np.float32], support: NDArray[np.float32], of_row: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Probabilities of a multinomial logistic regression.

    >>> eye = np.eye(3, dtype=np.float32)
    >>> logistic_scores(eye, eye, np.array([0, 1, 2])).argmax(axis=1).tolist()
    [0, 1, 2]
    """
    from sklearn.linear_model import LogisticRegression

    return _fitted(LogisticRegression(C=_STRENGTH, max_iter=_ROUNDS), queries, support, of_row)


def mlp_scores(
    queries: NDArray[np.float32], support: NDArray[np.float32], of_row: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Probabilities of a network with a hidden layer of 128.

    >>> eye = np.eye(3, dtype=np.float32)
    >>> mlp_scores(eye, eye, np.array([0, 1, 2])).argmax(axis=1).tolist()
    [0, 1, 2]
    """
    from sklearn.neural_network import MLPClassifier

    network = MLPClassifier((_HIDDEN,), max_iter=_ROUNDS, learning_rate_init=3e-3, random_state=0, tol=1e-3)
    return _fitted(network, queries, support, of_row)


def _fitted(
    model: Any, queries: NDArray[np.float32], support: NDArray[np.float32], of_row: NDArray[np.int64]
) -> NDArray[np.float64]:
    """The probabilities of a scikit-learn classifier; of a single class it is certain."""
    from sklearn.exceptions import ConvergenceWarning

    if not of_row.any():
        return np.ones((len(queries), 1))
    with warnings.catch_warnings():
        # A limit on rounds is a choice here, and where it ends good enough.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(support, of_row)
    found: NDArray[np.float64] = model.predict_proba(queries).astype(np.float64)
    return found
