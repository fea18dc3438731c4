"""Which arrivals fit no known type, and which of those belong together: vectors in, p-values and groups out.

Catalogue items drawn at random are put among the arrivals, into one *pool*; the other items are the
*reference*.

**How odd is a photo?** Odd is what is far from the reference and near to others of the pool: an outlier is
far from everything, and something new resembles only what came with it. The score is the logarithm of the
distance to the reference less, by half, that of the distance to the pool.

**p-values.** The score treats all photos of the pool alike. So an ordinary arrival is as likely as a drawn
item to have any rank, and the share of drawn items that are at least as odd is its p-value (conformal
p-values: S. Bates et al., "Testing for Outliers with Conformal p-values", 2023,
https://arxiv.org/abs/2104.08279; with scores that look at the arrivals: A. Marandon et al., "Adaptive Novelty
Detection with False Discovery Rate Guarantee", 2024, https://arxiv.org/abs/2208.06685). The procedure of
Y. Benjamini and Y. Hochberg then bounds the expected share of ordinary photos among those called new.

**Groups.** A group is a ball around an arrival that holds many arrivals and few items of the reference. How
many for how few is told by the likelihood ratio of Kulldorff's scan statistic, over all balls of several
sizes (M. Kulldorff, "A spatial scan statistic", 1997). Items drawn from the pool take the place of the
arrivals many times, and are searched in the same way: a group is reported if hardly any draw had a ball as
good anywhere, so a batch of ordinary arrivals rarely has a group at all. What p-values cannot show one by one
is found in this way: a type that looks much like a known one, in numbers the known one never came in.

All of this presumes that ordinary arrivals are like the catalogue's items. A new camera makes everything odd,
and a flood of one known kind is a group, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modiste.embedding import unit_rows
from modiste.support_set import nearest

__all__ = [
    "FEWEST_ITEMS",
    "STANDARD",
    "Cluster",
    "Novelty",
    "Settings",
    "by_chance_alone",
    "find_clusters",
    "find_novelty",
]

# A catalogue of fewer items says too little of what is usual.
FEWEST_ITEMS = 50
# Cosine distances below this are a matter of compression, not of what is shown.
_SAME = 1e-3


@dataclass(frozen=True, slots=True)
class Settings:
    """How novelty is looked for; chosen on training types alone (see ``docs/trends.md``).

    ``reference`` and ``pool`` neighbours make a score, in which the pool counts with ``weight``;
    ``neighbours`` tell the type a photo is nearest to. A ball holds one of ``sizes`` arrivals besides the one
    in its middle, and is no group if it holds ``most`` or more items of the reference. Up to ``drawn`` items,
    or twice as many as arrivals, are put among the arrivals, never more than half of them all. ``batches``
    draws show what balls chance makes: ordinary arrivals have a false group with a probability of ``risk``.
    At most ``groups`` are reported.
    """

    reference: int = 3
    pool: int = 5
    weight: float = 0.5
    neighbours: int = 10
    sizes: tuple[int, ...] = (4, 6, 9, 14, 20, 30, 40)
    most: int = 200
    drawn: int = 2000
    batches: int = 40
    risk: float = 0.05
    groups: int = 20


STANDARD = Settings()


class Cluster(NamedTuple):
    """Arrivals that belong together: ``rows`` (n,), the middle one first, then by their distance to it.

    ``heavy`` is the logarithm of the likelihood ratio, ``p_value`` the probability that a batch of ordinary
    arrivals has a group as heavy.
    """

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
    settings: Settings = STANDARD,
) -> Novelty:
    """What is new among ``arrivals`` (M, D), given the ``catalogue`` (N, D) and its items' ``types`` (N,).

    Rows have length 1; items without a type may all have the same one, such as "". Of the arrivals called
    new, at most ``false_discoveries`` are ordinary, in expectation. The same seed, the same answer.
    ``ValueError`` if shapes do not fit or the catalogue has fewer than 50 items.

    >>> rng = np.random.default_rng(0)
    >>> around = lambda middle, n: (v := rng.normal(middle, 0.1, (n, 3))) / np.linalg.norm(v, axis=1)[:, None]
    >>> shirts, bags, hats = ([1, 0, 0], 300), ([0, 1, 0], 300), ([0, 0, 1], 9)
    >>> items = np.concatenate([around(*shirts), around(*bags)])
    >>> new = np.concatenate([around([1, 0, 0], 40), around(*hats)])
    >>> found = find_novelty(new, items, ["shirt"] * 300 + ["bag"] * 300)
    >>> len(set(found.clusters[0].rows.tolist()) & set(range(40, 49))) >= 7
    True
    """
    asked, known = unit_rows(arrivals), unit_rows(catalogue)
    kinds = np.asarray(types)
    if len(known) < FEWEST_ITEMS or kinds.shape != (len(known),):
        raise ValueError(
            f"expected at least {FEWEST_ITEMS} items, and a type for each; "
            f"got {known.shape} and {kinds.shape}"
        )
    if not len(asked):
        return Novelty(np.empty(0), np.empty(0, bool), kinds[:0], ())
    rng = np.random.default_rng(seed)
    drawn = min(max(settings.drawn, 2 * len(asked)), len(known) // 2)
    order = rng.permutation(len(known))
    pool, reference = np.concatenate([known[order[:drawn]], asked]), order[drawn:]
    near = nearest(pool, known[reference], max(settings.most, settings.reference, settings.neighbours))
    odd = _oddness(pool, near.cosines, settings)
    p_values = conformal_p_values(odd[drawn:], odd[:drawn])
    return Novelty(
        p_values,
        discoveries(p_values, false_discoveries),
        _most_frequent(kinds[reference][near.rows[drawn:, : settings.neighbours]]),
        find_clusters(
            asked,
            near.cosines[drawn:],
            by_chance_alone(pool[:drawn], near.cosines[:drawn], len(asked), len(reference), settings, rng),
            len(reference),
            settings,
        ),
    )


def conformal_p_values(scores: ArrayLike, ordinary: ArrayLike) -> NDArray[np.float64]:
    """The share of ``ordinary`` scores (n,) at least as high as each of ``scores`` (M,), itself counted.

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


def by_chance_alone(
    items: NDArray[np.float32],
    to_reference: NDArray[np.float32],
    arrivals: int,
    reference: int,
    settings: Settings,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """How heavy the best ball is in each of many draws (B,) of items that take the arrivals' place.

    ``items`` (N, D) are drawn from, ``to_reference`` (N, K) their cosines with the nearest of ``reference``
    others, highest first; a batch has so many ``arrivals``, or half of the items.
    """
    heaviest = np.zeros(settings.batches)
    for batch in range(settings.batches):
        taken = rng.permutation(len(items))[: min(arrivals, len(items) // 2)]
        heaviest[batch] = _best_ball(items[taken], to_reference[taken], reference, settings)[1]
    return heaviest


def find_clusters(
    arrivals: NDArray[np.float32],
    to_reference: NDArray[np.float32],
    by_chance: NDArray[np.float64],
    reference: int,
    settings: Settings,
) -> tuple[Cluster, ...]:
    """The best ball, then the best of what remains, and so on as long as chance has hardly one as good.

    ``to_reference`` (M, K) are the cosines of ``arrivals`` (M, D) with the nearest of ``reference`` items,
    highest first; `by_chance_alone` tells how heavy balls are if nothing is new.
    """
    found: list[Cluster] = []
    left = np.arange(len(arrivals))
    while len(found) < settings.groups:
        rows, heavy = _best_ball(arrivals[left], to_reference[left], reference, settings)
        p_value = float((1 + (by_chance >= heavy).sum()) / (1 + len(by_chance)))
        if not len(rows) or p_value > settings.risk:
            break
        found.append(Cluster(left[rows], heavy, p_value))
        left = np.delete(left, rows)
    return tuple(found)


# Inside ---------------------------------------------------------------------------------------------------


def _oddness(
    pool: NDArray[np.float32], to_reference: NDArray[np.float32], settings: Settings
) -> NDArray[np.float64]:
    """How odd each photo of the pool (P, D) is, given cosines with the nearest of the reference (P, K)."""
    near = 1 - to_reference[:, : settings.reference].mean(axis=1, dtype=np.float64)
    others = nearest(pool, pool, min(settings.pool + 1, len(pool))).cosines[:, 1:]  # the first is the photo
    together = 1 - others.mean(axis=1, dtype=np.float64)
    apart, close = (np.log(np.maximum(distance, 0) + _SAME) for distance in (near, together))
    return np.asarray(apart - settings.weight * close, np.float64)


def _most_frequent(labels: NDArray[Any]) -> NDArray[Any]:
    """Of each row (Q, k) the most frequent label; of equals, the one that comes first."""
    votes = (labels[:, :, None] == labels[:, None, :]).sum(axis=2)
    winners: NDArray[Any] = labels[np.arange(len(labels)), votes.argmax(axis=1)]
    return winners


def _best_ball(
    vectors: NDArray[np.float32], to_reference: NDArray[np.float32], reference: int, settings: Settings
) -> tuple[NDArray[np.int64], float]:
    """The rows in the ball that holds most of ``vectors`` (M, D) for the fewest items, and how heavy it is.

    ``to_reference`` (M, K) are cosines with the nearest of ``reference`` items, highest first. No rows if no
    ball has more than its share.
    """
    sizes = [size for size in settings.sizes if size < len(vectors)]
    if not sizes:
        return np.empty(0, np.int64), 0.0
    near = nearest(vectors, vectors, max(sizes) + 1)
    heaviest, best = 0.0, (0, 0)
    for size in sizes:
        edge = near.cosines[:, size, None]
        items = (to_reference >= edge).sum(axis=1)
        heavy = _likelihood_ratio(size, items, len(vectors), reference)
        heavy[items >= min(settings.most, reference)] = 0.0  # there may be more of them than were looked at
        if heavy.max() > heaviest:
            heaviest, best = float(heavy.max()), (int(heavy.argmax()), size)
    if not heaviest:
        return np.empty(0, np.int64), 0.0
    # The sizes tried are coarse; around this middle, the one that is best of all tells who belongs to it.
    middle, size = best
    at_most = max(each for each in (size, *sizes) if each <= 2 * size)
    counts = np.arange(min(sizes), at_most + 1)
    items = (to_reference[middle] >= near.cosines[middle, counts, None]).sum(axis=1)
    exact = int(counts[_likelihood_ratio(counts, items, len(vectors), reference).argmax()])
    others = near.rows[middle]
    return np.concatenate([[middle], others[others != middle][:exact]]), heaviest


def _likelihood_ratio(
    inside: int | NDArray[np.int64], items: NDArray[np.int64], arrivals: int, reference: int
) -> NDArray[np.float64]:
    """Logarithm of how much likelier ``inside`` arrivals beside ``items`` (M,) are if the ball is special.

    If it is not, arrivals and items are in it as they are outside; 0 where arrivals are no more than that.
    """
    together = inside + items
    expected = together * (arrivals / (arrivals + reference))
    ratio = inside * np.log(inside / expected)
    ratio += np.where(items > 0, items * np.log(np.maximum(items, 1) / (together - expected)), 0.0)
    return np.where(inside > expected, ratio, 0.0)
