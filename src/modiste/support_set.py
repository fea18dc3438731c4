"""Classify photos from a support set: labelled vectors, no training.

Queries (Q, D) and support (N, D) are embedding vectors; they are compared by cosine, so their length does not
matter. Labels are integers (N,): article types, categories, or anything else the support set knows.

- **kNN**: the ``k`` most similar support photos vote, each with weight ``exp(cosine / temperature)``;
  ``k = 1`` is plain nearest neighbour (weights as in Z. Wu et al., "Unsupervised Feature Learning via
  Non-Parametric Instance Discrimination", CVPR 2018).
- **Prototypes**: each label is the direction of the mean of its unit vectors, and the closest wins (J. Snell,
  K. Swersky and R. Zemel, "Prototypical Networks for Few-shot Learning", NeurIPS 2017, with cosine).
- **LDA**: one Gaussian a label, all with the same covariance, which is shrunk towards a multiple of the
  identity so that a few photos suffice: directions in which photos of one label differ anyway count for less
  (linear discriminant analysis, T. Hastie et al., "The Elements of Statistical Learning", section 4.3).
- **LDA and kNN**, "lda+knn": the product of what both say, the votes cubed. They err on different photos:
  LDA sees a label as one cloud, kNN sees what clouds hide (a label of two kinds). A vote counts
  1 / √(photos of its label), so that labels of many photos do not outvote all others. Weights and the floor
  under a label without votes were chosen on training types (see research/LOG.md).
- **Centred**, with either of the first two: the support set's mean is taken off every vector first (Y. Wang
  et al., "SimpleShot", 2019), which helps when all vectors lean one way.

With ``groups`` (a coarser label of each support photo, such as its category) the answer is a group. kNN votes
on the groups themselves; prototypes stay one per label, so that a group of unlike things (shoes: heels and
trainers) needs no meaningless common mean, and a label's score goes to the groups of its photos, by share.

On request, and more slowly: several prototypes a label, logistic regression, a small MLP (see
`modiste.support_classifiers`).

Which of these is reported is decided beforehand, by :func:`choose_method` on training classes, and stored in
the model: picking the best one on a test set would flatter it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modiste.metrics import accuracy, balanced_accuracy
from modiste.support_classifiers import logistic_scores, mlp_scores, multi_prototype_scores

__all__ = [
    "CANDIDATES",
    "Discriminant",
    "Nearest",
    "Scores",
    "SupportMethod",
    "choose_method",
    "classify",
    "fit_lda",
    "nearest",
    "pooled",
    "score",
    "score_by_each",
    "vote",
    "vote_worth",
]

_NAMES = ("knn", "prototypes", "lda", "lda+knn", "multi-prototypes", "logistic", "mlp")
_VOTING = ("knn", "lda+knn")
_COUNTING = (*_VOTING, "multi-prototypes")  # those for which k counts
_QUERIES_AT_ONCE = 256  # their cosines with 36,000 support photos take 37 MB
_FOLD = 32
_VOTES_COUNT = 3.0  # of kNN's say against LDA's, both as logarithms
_NO_VOTES = 0.02  # a label none of the neighbours bears is unlikely, not impossible,
_NO_DENSITY = 0.001  # and so is one whose cloud is far away


@dataclass(frozen=True)
class SupportMethod:
    """How a support set is read; small and plain, because the choice is stored in the model.

    ``name`` is ``"knn"``, ``"prototypes"``, ``"lda"``, ``"lda+knn"``, ``"multi-prototypes"``, ``"logistic"``
    or ``"mlp"``; ``k`` ≥ 1 counts neighbours (kNN) or prototypes a label (multi-prototypes); ``temperature``
    > 0 says how fast a vote fades with cosine (kNN) and how sharp the scores are (prototypes); ``shrinkage``
    in (0, 1] counts for LDA: the share of the identity in its covariance; ``centred`` as in the module's
    text.

    >>> method = SupportMethod("knn", k=5)
    >>> method.label, SupportMethod.from_dict(method.as_dict()) == method
    ('knn-5', True)
    """

    name: str
    k: int = 1
    temperature: float = 0.05
    centred: bool = False
    shrinkage: float = 0.1

    def __post_init__(self) -> None:
        if self.name not in _NAMES:
            raise ValueError(f"expected a support-set method of {', '.join(_NAMES)}; got {self.name!r}")
        if self.k < 1 or not self.temperature > 0:
            raise ValueError(f"expected k ≥ 1 and temperature > 0; got {self.k} and {self.temperature}")
        if not 0 < self.shrinkage <= 1:
            raise ValueError(f"expected a shrinkage in (0, 1]; got {self.shrinkage}")

    @property
    def label(self) -> str:
        """Its short name in tables and results: ``knn-5``, ``prototypes``, ``prototypes-centred``."""
        words = [f"{self.name}-{self.k}" if self.name in _COUNTING else self.name]
        if self.temperature != type(self).temperature:
            words.append(f"t{self.temperature:g}")
        if self.shrinkage != type(self).shrinkage:
            words.append(f"s{self.shrinkage:g}")
        if self.centred:
            words.append("centred")
        return "-".join(words)

    @classmethod
    def from_label(cls, label: str) -> Self:
        """The method of a :attr:`label`; ``ValueError`` for any other text.

        >>> SupportMethod.from_label("lda+knn-10-s0.5") == SupportMethod("lda+knn", k=10, shrinkage=0.5)
        True
        """
        found = re.fullmatch(r"([a-z+-]+?)(?:-(\d+))?(?:-t([\d.e-]+))?(?:-s([\d.e-]+))?(-centred)?", label)
        if found:
            name, k, temperature, shrinkage, centred = found.groups()
            method = cls(
                name,
                k=int(k or cls.k),
                temperature=float(temperature or cls.temperature),
                shrinkage=float(shrinkage or cls.shrinkage),
                centred=bool(centred),
            )
            if method.label == label:
                return method
        raise ValueError(f"expected a method such as knn-5, lda or multi-prototypes-3; got {label!r}")

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The method :meth:`as_dict` described; ``ValueError`` or ``KeyError`` when it is not such a one."""
        return cls(
            name=str(values["name"]),
            k=int(values["k"]),
            temperature=float(values["temperature"]),
            centred=bool(values["centred"]),
            shrinkage=float(values["shrinkage"]),
        )


CANDIDATES: tuple[SupportMethod, ...] = (
    SupportMethod("prototypes"),
    SupportMethod("prototypes", centred=True),
    SupportMethod("knn", k=1),
    SupportMethod("knn", k=5),
    SupportMethod("knn", k=10),
    SupportMethod("knn", k=20),
    SupportMethod("lda"),
    SupportMethod("lda", shrinkage=0.5),
    SupportMethod("lda+knn", k=20, shrinkage=0.5),
)
"""What is compared and reported by default; of equals, the earlier is chosen."""


class Scores(NamedTuple):
    """``values`` (Q, C) in [0, 1], rows summing to 1, for the support set's ``labels`` (C,), ascending."""

    labels: NDArray[Any]
    values: NDArray[np.float64]

    def best(self) -> NDArray[Any]:
        """The label of the highest score (Q,); of equals, the smallest.

        >>> Scores(np.array([3, 8]), np.array([[0.2, 0.8], [0.5, 0.5]])).best().tolist()
        [8, 3]
        """
        winners: NDArray[Any] = self.labels[self.values.argmax(axis=1)]
        return winners


class Nearest(NamedTuple):
    """``rows`` (Q, k) of the support, most similar first, and their ``cosines`` (Q, k) in [-1, 1]."""

    rows: NDArray[np.int64]
    cosines: NDArray[np.float32]


# Classify -------------------------------------------------------------------------------------------------


def classify(
    queries: ArrayLike,
    support: ArrayLike,
    labels: ArrayLike,
    method: SupportMethod,
    *,
    groups: ArrayLike | None = None,
) -> NDArray[Any]:
    """The support label (or group) that fits each query best (Q,); of equals, the smallest.

    ``ValueError`` when the shapes do not fit each other or the support set is empty.

    >>> shoe, bag = [1.0, 0.1], [0.1, 1.0]
    >>> classify([[0.9, 0.2], [0.0, 1.0]], [shoe, shoe, bag], [3, 3, 8], SupportMethod("prototypes")).tolist()
    [3, 8]
    """
    return score(queries, support, labels, method, groups=groups).best()


def score(
    queries: ArrayLike,
    support: ArrayLike,
    labels: ArrayLike,
    method: SupportMethod,
    *,
    groups: ArrayLike | None = None,
) -> Scores:
    """How well each support label (or group) fits each query; see :class:`Scores`.

    For kNN the share of the votes; for prototypes the softmax of cosine / temperature; for LDA the posterior
    of its Gaussians; with kNN, times the cubed votes. None of them is calibrated.

    >>> found = score([[1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]], [3, 8], SupportMethod("knn", k=1))
    >>> found.labels.tolist(), found.values.tolist()
    ([3, 8], [[1.0, 0.0]])
    """
    return score_by_each(queries, support, labels, [method], groups=groups)[method]


def score_by_each(
    queries: ArrayLike,
    support: ArrayLike,
    labels: ArrayLike,
    methods: Sequence[SupportMethod],
    *,
    groups: ArrayLike | None = None,
) -> dict[SupportMethod, Scores]:
    """:func:`score` by several methods, which share one search for neighbours.

    >>> each = score_by_each([[1.0, 0.0]], [[1.0, 0.1], [0.0, 1.0]], [3, 8], CANDIDATES)
    >>> list(each)[0].label, each[CANDIDATES[0]].values.round(2).tolist()
    ('prototypes', [[1.0, 0.0]])
    """
    asked, known = _vectors(queries, support)
    fine = _positions(labels, len(known))
    coarse = fine if groups is None else _positions(groups, len(known))
    scores: dict[SupportMethod, Scores] = {}
    for centred in (False, True):
        here = [method for method in methods if method.centred is centred]
        q, s = _centre(asked, known) if centred else (asked, known)
        most = max((method.k for method in here if method.name in _VOTING), default=0)
        neighbours = nearest(q, s, most) if most else None
        for method in here:
            parts = []
            if by_label := _BY_LABEL.get(method.name):
                parts.append(by_label(q, s, fine, method) @ _shares(fine, coarse))
            if neighbours is not None and method.name == "knn":
                parts.append(_votes(neighbours, coarse, method))
            if neighbours is not None and method.name == "lda+knn":
                worth = vote_worth(np.bincount(fine.of_row))
                parts.append(_votes(neighbours, fine, method, worth) @ _shares(fine, coarse))
            scores[method] = Scores(coarse.found, pooled(*parts))
    return {method: scores[method] for method in methods}


def nearest(queries: ArrayLike, support: ArrayLike, k: int) -> Nearest:
    """The ``k`` support rows with the highest cosine to each query; all of them when there are fewer.

    Exact; 2,000 queries against 36,000 vectors of 256 numbers take less than a second on two cores. Which of
    several rows at exactly the k-th cosine comes along, and the order of equal cosines, are not specified.

    >>> nearest([[1.0, 0.0]], [[0.0, 1.0], [1.0, 0.1], [1.0, 1.0]], k=2).rows.tolist()
    [[1, 2]]
    """
    asked, known = map(_unit, _vectors(queries, support))
    size = len(known)
    if k < 1:
        raise ValueError(f"expected k ≥ 1; got {k}")
    k = min(k, size)
    # Partitioning 36,000 cosines a query is the slow part. So the columns c, c + width, c + 2 · width … are
    # folded into their maximum: the k largest cosines lie in the k columns with the largest maxima.
    fold = _FOLD if size > _FOLD * k else 1
    width = -(-size // fold)
    padding = width * fold - size
    if padding:
        known = np.concatenate([known, np.zeros((padding, known.shape[1]), np.float32)])
    rows = np.empty((len(asked), k), np.int64)
    cosines = np.empty((len(asked), k), np.float32)
    for start in range(0, len(asked), _QUERIES_AT_ONCE):
        part = slice(start, start + _QUERIES_AT_ONCE)
        table = asked[part] @ known.T
        table[:, size:] = -np.inf
        columns, _ = _largest(table.reshape(len(table), fold, width).max(axis=1), k)
        held = (columns[:, :, None] + width * np.arange(fold)).reshape(len(table), -1)
        place, cosines[part] = _largest(np.take_along_axis(table, held, axis=1), k)
        rows[part] = np.take_along_axis(held, place, axis=1)
    return Nearest(rows, cosines)


# Choose ---------------------------------------------------------------------------------------------------


def choose_method(
    embeddings: ArrayLike,
    labels: ArrayLike,
    *,
    categories: ArrayLike | None = None,
    candidates: Sequence[SupportMethod] = CANDIDATES,
    episodes: int = 5,
    photos: int = 6000,
    seed: int = 0,
) -> SupportMethod:
    """The candidate to report, decided before any test photo is seen.

    Give it embeddings (N, D) of photos of *training classes* that the network has not fitted, such as some
    held out of training: on fitted ones every method looks perfect. In each episode up to ``photos`` of them,
    drawn at random, are dealt alternately, class by class, to a support set and a test; the sum of accuracy
    and balanced accuracy over the episodes (for ``categories`` (N,) too, when given) decides. The same seed,
    the same choice; of equals, the earlier candidate. ``ValueError`` when no class has two photos.

    >>> angles = np.repeat([0.0, 1.0, 2.0], 6) + np.tile(np.linspace(-0.1, 0.1, 6), 3)
    >>> vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    >>> choose_method(vectors, np.repeat([1, 2, 3], 6)).label
    'prototypes'
    """
    vectors, names = np.asarray(embeddings, dtype=np.float32), np.asarray(labels)
    levels: list[NDArray[Any] | None] = [None] if categories is None else [None, np.asarray(categories)]
    rng = np.random.default_rng(seed)
    merit = dict.fromkeys(candidates, 0.0)
    for _ in range(episodes):
        rows = rng.permutation(len(names))[:photos]
        support, test = _deal(rows, names)
        if not len(test):
            raise ValueError(f"expected a class with two photos to choose on; got {len(names)} photos")
        for level in levels:
            truth = names if level is None else level
            groups = None if level is None else level[support]
            scores = score_by_each(vectors[test], vectors[support], names[support], candidates, groups=groups)
            for method, found in scores.items():
                predicted = found.best()
                merit[method] += accuracy(truth[test], predicted) + balanced_accuracy(truth[test], predicted)
    return max(candidates, key=merit.__getitem__)


def _deal(rows: NDArray[np.int64], labels: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Shuffled rows → support and test rows, alternating within each class; a single photo is support."""
    ordered = rows[np.argsort(labels[rows], kind="stable")]
    _, first, size = np.unique(labels[ordered], return_index=True, return_counts=True)
    turn = np.arange(len(ordered)) - np.repeat(first, size)
    return ordered[turn % 2 == 0], ordered[turn % 2 == 1]


# Keep ready -----------------------------------------------------------------------------------------------


class Discriminant(NamedTuple):
    """LDA of a support set, ready for queries: ``labels`` (C,), ``weights`` (D, C), ``offsets`` (C,)."""

    labels: NDArray[Any]
    weights: NDArray[np.float64]
    offsets: NDArray[np.float64]

    def posterior(self, queries: ArrayLike) -> NDArray[np.float64]:
        """How likely each label is for each of ``queries`` (Q, D): (Q, C), rows summing to 1."""
        return _softmax(_unit(np.asarray(queries, np.float32)) @ self.weights + self.offsets)


def fit_lda(support: ArrayLike, labels: ArrayLike, shrinkage: float, *, even: bool = False) -> Discriminant:
    """What :func:`score` by "lda" works out of ``support`` (N, D) anew each time, to be kept and asked often.

    ``even`` takes every label for equally likely; else a label is as likely as its share of the photos. A
    label of a few photos among thousands hardly wins otherwise.

    >>> rule = fit_lda([[1.0, 0.1], [1.0, 0.2], [0.1, 1.0]], ["shoe", "shoe", "bag"], 0.1, even=True)
    >>> rule.labels.tolist(), rule.posterior([[0.9, 0.2]]).argmax(axis=1).tolist()
    (['bag', 'shoe'], [1])
    """
    known = np.asarray(support, np.float32)
    at = _positions(labels, len(known))
    counts = np.bincount(at.of_row, minlength=len(at.found))
    vectors = _unit(known).astype(np.float64)
    means = _sums(vectors, at) / counts[:, None]
    within = vectors - means[at.of_row]
    covariance = within.T @ within / max(1, len(vectors) - len(counts))
    spread = np.trace(covariance) / len(covariance)
    # With one photo a label nothing is known of the spread: the identity alone makes it the nearest mean.
    identity = (spread or 1.0) * np.eye(len(covariance))
    shrunk = (1 - shrinkage) * covariance + shrinkage * identity
    weights = np.asarray(np.linalg.solve(shrunk, means.T), np.float64)
    shares = np.full(len(counts), 1 / len(counts)) if even else counts / counts.sum()
    offsets = -0.5 * np.einsum("cd,dc->c", means, weights) + np.log(shares)
    return Discriminant(at.found, weights, offsets)


def vote(
    labels: NDArray[np.int64],
    cosines: NDArray[np.floating[Any]],
    count: int,
    method: SupportMethod,
    *,
    worth: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Share of the weighted votes (Q, ``count``) of each query's ``method.k`` most similar neighbours.

    ``labels`` (Q, M) in [0, count) and ``cosines`` (Q, M) of at least one neighbour, in any order; what has
    the cosine -inf does not vote, and its label does not matter. A vote for a label counts ``worth`` (count,)
    times as much.

    >>> vote(np.array([[0, 1, 1]]), np.array([[0.9, 0.9, -np.inf]]), 2, SupportMethod("knn", k=2)).tolist()
    [[0.5, 0.5]]
    """
    if cosines.shape[1] > method.k:
        places, _ = _largest(cosines.astype(np.float32), method.k)
        labels = np.take_along_axis(labels, places, axis=1)
        cosines = np.take_along_axis(cosines, places, axis=1)
    # Relative to the best one, whose weight is then 1: the shares are the same and nothing overflows.
    cosines = cosines.astype(np.float64)
    weights = np.exp((cosines - cosines.max(axis=1, keepdims=True)) / method.temperature)
    named = np.maximum(labels, 0)
    if worth is not None:
        weights *= worth[named]
    ballots = named + count * np.arange(len(cosines))[:, None]
    votes = np.bincount(ballots.ravel(), weights.ravel(), minlength=len(cosines) * count)
    shares: NDArray[np.float64] = votes.reshape(len(cosines), count) / weights.sum(axis=1, keepdims=True)
    return shares


def vote_worth(photos: NDArray[np.int64], balance: float = 0.5) -> NDArray[np.float64]:
    """What a vote for each label counts (C,), by its number of photos (C,): photos^-balance; 0 for none.

    With a balance of 0 all votes count alike: most answers are right, and a label of five photos never has
    most of the votes among thousands. With 1 those of every label are worth as much together.

    >>> vote_worth(np.array([1, 4, 0])).tolist()
    [1.0, 0.5, 0.0]
    """
    worth: NDArray[np.float64] = np.where(photos > 0, np.maximum(photos, 1.0) ** -balance, 0.0)
    return worth


def pooled(said: NDArray[np.float64], votes: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """Scores (Q, C), or the product of them and the shares of votes, to the power that these count with.

    >>> pooled(np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]])).argmax(axis=1).tolist()
    [0]
    """
    if votes is None:
        return said
    return _softmax(np.log(said + _NO_DENSITY) + _VOTES_COUNT * np.log(votes + _NO_VOTES))


# Arithmetic -----------------------------------------------------------------------------------------------


class _Positions(NamedTuple):
    """Labels as they occur, ascending (C,), and the place among them of each support row's label (N,)."""

    found: NDArray[Any]
    of_row: NDArray[np.int64]


def _positions(labels: ArrayLike, rows: int) -> _Positions:
    values = np.asarray(labels)
    if values.shape != (rows,):
        raise ValueError(f"expected one label for each of {rows} support vectors; got shape {values.shape}")
    found, of_row = np.unique(values, return_inverse=True)
    return _Positions(found, of_row)


def _votes(
    neighbours: Nearest,
    labels: _Positions,
    method: SupportMethod,
    worth: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """Share of the weighted votes of the first ``k`` neighbours for each label (Q, C)."""
    rows, cosines = neighbours.rows[:, : method.k], neighbours.cosines[:, : method.k]
    return vote(labels.of_row[rows], cosines, len(labels.found), method, worth=worth)


def _prototype_scores(
    queries: NDArray[np.float32], support: NDArray[np.float32], labels: _Positions, method: SupportMethod
) -> NDArray[np.float64]:
    """Softmax of the cosines with each label's mean direction (Q, C)."""
    sums = _sums(_unit(support), labels)
    cosines = (_unit(queries) @ _unit(sums.astype(np.float32)).T).astype(np.float64)
    return _softmax(cosines / method.temperature)


def _lda_scores(
    queries: NDArray[np.float32], support: NDArray[np.float32], labels: _Positions, method: SupportMethod
) -> NDArray[np.float64]:
    """Posterior of each label's Gaussian (Q, C): log density, shared covariance, + log share of photos."""
    return fit_lda(support, labels.of_row, method.shrinkage).posterior(queries)


def _multi_prototype_scores(
    queries: NDArray[np.float32], support: NDArray[np.float32], labels: _Positions, method: SupportMethod
) -> NDArray[np.float64]:
    return multi_prototype_scores(
        _unit(queries), _unit(support), labels.of_row, each=method.k, temperature=method.temperature
    )


def _logistic_scores(
    queries: NDArray[np.float32], support: NDArray[np.float32], labels: _Positions, method: SupportMethod
) -> NDArray[np.float64]:
    return logistic_scores(_unit(queries), _unit(support), labels.of_row)


def _mlp_scores(
    queries: NDArray[np.float32], support: NDArray[np.float32], labels: _Positions, method: SupportMethod
) -> NDArray[np.float64]:
    return mlp_scores(_unit(queries), _unit(support), labels.of_row)


_BY_LABEL = {
    "prototypes": _prototype_scores,
    "lda": _lda_scores,
    "lda+knn": _lda_scores,
    "multi-prototypes": _multi_prototype_scores,
    "logistic": _logistic_scores,
    "mlp": _mlp_scores,
}
"""What scores each label, of those methods that do more than count votes."""


def _sums(vectors: NDArray[Any], labels: _Positions) -> NDArray[np.float64]:
    """The sum of each label's rows (C, D)."""
    by_label = np.argsort(labels.of_row, kind="stable")
    first = np.searchsorted(labels.of_row, np.arange(len(labels.found)), sorter=by_label)
    sums: NDArray[np.float64] = np.add.reduceat(vectors[by_label], first, axis=0, dtype=np.float64)
    return sums


def _softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = odds / odds.sum(axis=1, keepdims=True)
    return shares


def _shares(fine: _Positions, coarse: _Positions) -> NDArray[np.float64]:
    """Which share of each fine label's rows bears each coarse label (F, C); rows sum to 1."""
    both = fine.of_row * len(coarse.found) + coarse.of_row
    counts = np.bincount(both, minlength=len(fine.found) * len(coarse.found)).reshape(len(fine.found), -1)
    shares: NDArray[np.float64] = counts / counts.sum(axis=1, keepdims=True)
    return shares


def _largest(values: NDArray[np.float32], k: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Places (Q, k) and values (Q, k) of the k largest of each row (Q, M), largest first."""
    places = np.argpartition(values, -k, axis=1)[:, -k:]
    chosen = np.take_along_axis(values, places, axis=1)
    order = np.argsort(-chosen, axis=1, kind="stable")
    return np.take_along_axis(places, order, axis=1), np.take_along_axis(chosen, order, axis=1)


def _centre(
    queries: NDArray[np.float32], support: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    q, s = _unit(queries), _unit(support)
    mean = s.mean(axis=0, dtype=np.float64).astype(np.float32)
    return q - mean, s - mean


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of length 1; a row of zeros stays as it is and is similar to nothing."""
    lengths = np.sqrt(np.einsum("nd,nd->n", vectors, vectors))[:, None]
    unit: NDArray[np.float32] = vectors / np.maximum(lengths, np.finfo(np.float32).tiny)
    return unit


def _vectors(queries: ArrayLike, support: ArrayLike) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    asked, known = np.asarray(queries, dtype=np.float32), np.asarray(support, dtype=np.float32)
    if asked.ndim != 2 or known.ndim != 2 or not len(known) or asked.shape[1] != known.shape[1]:
        raise ValueError(f"expected vectors (Q, D) and (N, D), N ≥ 1; got {asked.shape} and {known.shape}")
    if not (np.isfinite(asked).all() and np.isfinite(known).all()):
        raise ValueError("expected finite vectors; got NaN or infinity")
    return asked, known
