"""Which arrivals fit no known type, and which of those belong together: vectors in, p-values and groups out.

**How odd is a photo?** Catalogue items drawn at random are put among the arrivals, into one *pool*; the other
items are the *reference*. A photo is odd if the nearest items of the reference are far while others of the
pool are near: an outlier is far from everything, and something new resembles only what came with it. The
score is the logarithm of the distance to the reference less that of the distance to the pool, relative to
what is usual among photos whose neighbours have the same type.

**p-values.** The score treats all photos of the pool alike. So an ordinary arrival is as likely as a drawn
item to have any rank, and the share of drawn items that are at least as odd is its p-value (conformal
p-values: S. Bates et al., "Testing for Outliers with Conformal p-values", 2023,
https://arxiv.org/abs/2104.08279; with scores that look at the arrivals: A. Marandon et al., "Adaptive Novelty
Detection with False Discovery Rate Guarantee", 2024, https://arxiv.org/abs/2208.06685). The procedure of
Y. Benjamini and Y. Hochberg then bounds the expected share of ordinary photos among those called new.

**Groups.** Arrivals with small p-values are grouped by average linkage. Random draws of items from the pool
take the place of the arrivals many times and are grouped the same way: a group is reported if hardly any draw
had one as heavy, so a batch of ordinary arrivals rarely has a group at all.

All of this presumes that ordinary arrivals are photographed like the catalogue's items. A new photographer or
another camera makes everything odd.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modiste.embedding import unit_rows
from modiste.support_set import nearest

__all__ = ["Cluster", "Novelty", "Settings", "find_novelty"]

# A catalogue of fewer items says too little of what is usual.
FEWEST_ITEMS = 50
# Cosine distances below this are a matter of compression, not of what is shown.
_SAME = 1e-3
# A type of so many photos in the pool is compared half with itself and half with all photos.
_HALF_TRUSTED = 20
_TO_DEVIATION = 1.4826  # of a normal distribution's median absolute deviation


@dataclass(frozen=True, slots=True)
class Settings:
    """How novelty is looked for; chosen on types the bundled encoder was trained on (see `docs/trends.md`).

    ``reference`` and ``pool`` neighbours make a score, in which the pool counts with ``weight``;
    ``neighbours`` tell a photo's type. Arrivals with a p-value up to ``candidate`` are grouped up to the mean
    cosine distance ``apart``; groups of fewer than ``least`` do not count. Up to ``drawn`` items are put
    among the arrivals, never more than half of them all, and ``batches`` draws show what groups chance makes:
    a batch of ordinary arrivals has a false one with a probability of about ``risk``.
    """

    reference: int = 3
    pool: int = 5
    weight: float = 1.0
    neighbours: int = 10
    candidate: float = 0.1
    apart: float = 0.35
    least: int = 5
    drawn: int = 4000
    batches: int = 100
    risk: float = 0.05


class Cluster(NamedTuple):
    """Arrivals that belong together: their ``rows`` (n,), the oddest first, how ``heavy`` they are together,
    and the ``p_value`` that a batch of ordinary arrivals has a group as heavy."""

    rows: NDArray[np.int64]
    heavy: float
    p_value: float


@dataclass(frozen=True)
class Novelty:
    """Of M arrivals: ``p_values`` (M,), which are ``new`` (M,), and the type ``nearest`` (M,) to each.

    ``new`` are those called so with the false-discovery rate asked for. ``clusters`` are what is reported as
    groups, the heaviest first.
    """

    p_values: NDArray[np.float64]
    new: NDArray[np.bool_]
    nearest: NDArray[Any]
    clusters: tuple[Cluster, ...]


def find_novelty(
    arrivals: ArrayLike,
    catalogue: ArrayLike,
    types: ArrayLike,
    *,
    false_discoveries: float = 0.1,
    seed: int = 0,
    settings: Settings = Settings(),  # noqa: B008 (frozen)
) -> Novelty:
    """What is new among ``arrivals`` (M, D), given the ``catalogue`` (N, D) and its items' ``types`` (N,).

    Rows have length 1; items without a type may all have the same one, such as "". Of the arrivals called
    new, at most ``false_discoveries`` are ordinary, in expectation. The same seed, the same answer.
    ``ValueError`` if shapes do not fit or the catalogue has fewer than 50 items.

    >>> rng = np.random.default_rng(0)
    >>> around = lambda middle, n: (v := rng.normal(middle, 0.1, (n, 3))) / np.linalg.norm(v, axis=1)[:, None]
    >>> shirts, bags, hats = ([1, 0, 0], 300), ([0, 1, 0], 300), ([0, 0, 1], 9)
    >>> items = np.concatenate([around(*shirts), around(*bags)])
    >>> found = find_novelty(np.concatenate([around([1, 0, 0], 40), around(*hats)]), items, ["a"] * 300 + ["b"] * 300)
    >>> [sorted(cluster.rows.tolist()) for cluster in found.clusters]
    [[40, 41, 42, 43, 44, 45, 46, 47, 48]]
    """
    asked, known = unit_rows(arrivals), unit_rows(catalogue)
    kinds = np.asarray(types)
    if len(known) < FEWEST_ITEMS or kinds.shape != (len(known),):
        raise ValueError(
            f"expected at least {FEWEST_ITEMS} items, and a type for each; got {known.shape} and {kinds.shape}"
        )
    if not len(asked):
        return Novelty(np.empty(0), np.empty(0, bool), kinds[:0], ())
    rng = np.random.default_rng(seed)
    drawn = min(max(settings.drawn, 2 * len(asked)), len(known) // 2)
    order = rng.permutation(len(known))
    pool = np.concatenate([known[order[:drawn]], asked])
    reference = order[drawn:]
    odd, nearest_type = _oddness(pool, known[reference], kinds[reference], settings)
    p_values = conformal_p_values(odd[drawn:], odd[:drawn])
    clusters = _groups(asked, p_values, settings)
    by_chance = _heaviest_by_chance(pool[:drawn], odd[:drawn], len(asked), settings, rng)
    found = [
        Cluster(rows, heavy, float((1 + (by_chance >= heavy).sum()) / (1 + len(by_chance))))
        for rows, heavy in clusters
    ]
    return Novelty(
        p_values,
        discoveries(p_values, false_discoveries),
        nearest_type[drawn:],
        tuple(cluster for cluster in found if cluster.p_value <= settings.risk),
    )


def conformal_p_values(scores: ArrayLike, ordinary: ArrayLike) -> NDArray[np.float64]:
    """The share of ``ordinary`` scores (n,) that are at least as high as each of ``scores`` (M,), itself counted.

    >>> conformal_p_values([5.0, 1.5], [1.0, 2.0, 3.0]).tolist()
    [0.25, 0.75]
    """
    low = np.sort(np.asarray(ordinary, np.float64))
    higher: NDArray[np.int64] = len(low) - np.searchsorted(low, scores, side="left")
    return (1 + higher) / (1 + len(low))


def discoveries(p_values: ArrayLike, rate: float) -> NDArray[np.bool_]:
    """Which of the hypotheses (M,) are rejected so that the false-discovery rate is at most ``rate``.

    By Y. Benjamini and Y. Hochberg, "Controlling the False Discovery Rate", 1995.

    >>> discoveries([0.001, 0.5, 0.03], 0.05).tolist()
    [True, False, True]
    """
    values = np.asarray(p_values, np.float64)
    ranked = np.sort(values)
    low = np.flatnonzero(ranked <= rate * np.arange(1, len(ranked) + 1) / max(1, len(ranked)))
    return values <= (ranked[low[-1]] if len(low) else -1.0)


# Inside ---------------------------------------------------------------------------------------------------


def _oddness(
    pool: NDArray[np.float32], reference: NDArray[np.float32], types: NDArray[Any], settings: Settings
) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """How odd each photo of the pool is, and the type most of its neighbours in the reference have."""
    near = nearest(pool, reference, max(settings.reference, settings.neighbours))
    kind = _most_frequent(types[near.rows[:, : settings.neighbours]])
    to_reference = 1 - near.cosines[:, : settings.reference].mean(axis=1, dtype=np.float64)
    others = nearest(pool, pool, min(settings.pool + 1, len(pool))).cosines[:, 1:]  # the first is the photo
    to_pool = 1 - others.mean(axis=1, dtype=np.float64)
    odd = np.log(np.maximum(to_reference, 0) + _SAME)
    odd -= settings.weight * np.log(np.maximum(to_pool, 0) + _SAME)
    return _within_types(odd, kind), kind


def _within_types(odd: NDArray[np.float64], kind: NDArray[Any]) -> NDArray[np.float64]:
    """Scores as deviations from the middle of their type; types of few photos lean on all of them."""
    middle, spread = _middle_and_spread(odd)
    within = np.empty_like(odd)
    for each in np.unique(kind):
        at = kind == each
        trusted = at.sum() / (at.sum() + _HALF_TRUSTED)
        own_middle, own_spread = _middle_and_spread(odd[at])
        scale = trusted * own_spread + (1 - trusted) * spread
        within[at] = (odd[at] - trusted * own_middle - (1 - trusted) * middle) / max(scale, 1e-9)
    return within


def _middle_and_spread(values: NDArray[np.float64]) -> tuple[float, float]:
    middle = float(np.median(values))
    return middle, _TO_DEVIATION * float(np.median(np.abs(values - middle)))


def _most_frequent(labels: NDArray[Any]) -> NDArray[Any]:
    """Of each row (Q, k) the most frequent label; of equals, the one that comes first."""
    votes = (labels[:, :, None] == labels[:, None, :]).sum(axis=2)
    winners: NDArray[Any] = labels[np.arange(len(labels)), votes.argmax(axis=1)]
    return winners


def _groups(
    vectors: NDArray[np.float32], p_values: NDArray[np.float64], settings: Settings
) -> list[tuple[NDArray[np.int64], float]]:
    """Candidates that are alike, the oddest first, and how heavy each group is; the heaviest group first."""
    from scipy.cluster.hierarchy import fcluster, linkage

    rows = np.flatnonzero(p_values <= settings.candidate)
    if len(rows) < max(2, settings.least):
        return []
    upper = np.triu_indices(len(rows), 1)
    distances = np.maximum(1 - vectors[rows] @ vectors[rows].T, 0)[upper]
    cluster = fcluster(linkage(distances, "average"), settings.apart, "distance")
    found = []
    for each in np.unique(cluster):
        members = rows[cluster == each]
        if len(members) >= settings.least:
            members = members[np.argsort(p_values[members], kind="stable")]
            found.append((members, float(-np.log10(p_values[members]).sum())))
    return sorted(found, key=lambda group: -group[1])


def _heaviest_by_chance(
    items: NDArray[np.float32],
    odd: NDArray[np.float64],
    arrivals: int,
    settings: Settings,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """How heavy the heaviest group is in each of many draws (B,) of items that take the arrivals' place."""
    size = min(arrivals, len(items) // 2)
    heaviest = np.zeros(settings.batches)
    for batch in range(settings.batches):
        order = rng.permutation(len(items))
        taken, rest = order[:size], order[size:]
        groups = _groups(items[taken], conformal_p_values(odd[taken], odd[rest]), settings)
        heaviest[batch] = groups[0][1] if groups else 0.0
    return heaviest
