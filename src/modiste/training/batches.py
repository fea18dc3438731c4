"""Which photos are shown when: decided by seed and epoch alone, so that a run can be resumed anywhere.

A batch is a row of positions among the training photos. An epoch is as many batches as it takes to show as
many photos as there are, whichever way they are drawn. Types with fewer photos than a batch wants of them are
drawn with replacement: such a photo then comes several times, each time altered differently.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from modiste.errors import DataError
from modiste.training.recipes import Recipe

__all__ = [
    "category_batches",
    "episode_batches",
    "epoch_batches",
    "epoch_order",
    "focus_weights",
    "pair_batches",
    "pk_batches",
    "shuffled_batches",
]

Rows = NDArray[np.int64]
EASIEST, HARDEST = 0.1, 3.0  # a photo long learned is still shown now and then; a hopeless one not always


def epoch_batches(
    recipe: Recipe,
    types: NDArray[np.int64],
    categories: NDArray[np.int64],
    *,
    seed: int,
    epoch: int,
    losses: NDArray[np.float32] | None = None,
) -> Rows:
    """One epoch of batches (B, size) of photos with these types and categories (N,), as the recipe says.

    Its ``batch`` is the most photos a batch holds. In pk and category batches there are as many types as fit
    with ``photos_per_type`` photos each, or all there are, and more photos of each where there is room left.
    ``losses`` (N,), NaN where unknown, make balanced batches of hard photos as the recipe's ``focus`` says.
    `DataError` if an episode asks for more types than there are.

    >>> types = np.arange(60) % 3
    >>> recipe = Recipe("mine", "P × K", epochs=1, objective="supcon", sampler="pk", batch=100)
    >>> epoch_batches(recipe, types, types, seed=0, epoch=0).shape  # 3 types, 33 photos of each
    (1, 99)
    """
    at = {"seed": seed, "epoch": epoch}
    if recipe.sampler == "balanced":
        weights = None if losses is None else focus_weights(losses, recipe.focus)
        batch = min(recipe.batch, len(types))
        return shuffled_batches(types, batch=batch, balance=recipe.balance, weights=weights, **at)
    if recipe.sampler == "pairs":
        return pair_batches(types, pairs=recipe.batch // 2, p_same=recipe.p_same, **at)
    if recipe.sampler == "episodes":
        photos = recipe.shots + recipe.queries
        episodes = recipe.batch // (recipe.ways * photos)
        return episode_batches(types, episodes=episodes, ways=recipe.ways, photos=photos, **at)
    together = min(recipe.batch // recipe.photos_per_type, len(np.unique(types)))
    pk = {"types": together, "photos": recipe.batch // together, **at}
    return pk_batches(types, **pk) if recipe.sampler == "pk" else category_batches(types, categories, **pk)


def focus_weights(losses: NDArray[np.float32], focus: float) -> NDArray[np.float64]:
    """How often to show photos with these losses (N,), relative to each other: ∝ (0.1 + hardness)^focus.

    Hardness is the loss as a multiple of the mean, at most 3, so that mislabelled photos do not take over;
    and 1 where the loss is unknown (NaN). In the spirit of "Selective-Backprop"
    (https://arxiv.org/abs/1910.00762), which computes every loss anew; here the last one known will do.

    >>> focus_weights(np.array([0.0, 1.0, 2.0, np.nan, 7.0], np.float32), focus=1.0).round(2).tolist()
    [0.1, 0.5, 0.9, 1.1, 2.9]
    """
    known = ~np.isnan(losses)
    mean = losses[known].mean() if known.any() else 1.0
    hardness = np.where(known, np.minimum(losses / max(mean, 1e-9), HARDEST), 1.0)
    weights: NDArray[np.float64] = (EASIEST + hardness.astype(np.float64)) ** focus
    return weights


def epoch_order(
    classes: NDArray[np.int64],
    *,
    balance: float,
    seed: int,
    epoch: int,
    weights: NDArray[np.float64] | None = None,
) -> Rows:
    """The order in which one epoch shows N photos of these classes (N,).

    With ``balance`` b > 0 photos are drawn with replacement, each with probability ∝ (size of its class)^-b:
    b = 1 shows every class equally often. With b = 0 every photo is shown once. With ``weights`` (N,) photos
    are drawn with replacement, too, with probability ∝ these as well.

    >>> rare_and_common = np.array([0] * 900 + [1] * 100)
    >>> shown = rare_and_common[epoch_order(rare_and_common, balance=1.0, seed=0, epoch=0)]
    >>> bool(0.4 < shown.mean() < 0.6)
    True
    """
    rng = np.random.default_rng([seed, epoch])
    if balance == 0 and weights is None:
        return rng.permutation(len(classes))
    chances = np.bincount(classes)[classes] ** -balance * (1.0 if weights is None else weights)
    return rng.choice(len(classes), size=len(classes), p=chances / chances.sum())


def shuffled_batches(
    classes: NDArray[np.int64],
    *,
    batch: int,
    balance: float,
    seed: int,
    epoch: int,
    weights: NDArray[np.float64] | None = None,
) -> Rows:
    """`epoch_order` cut into batches (B, batch); what is left over at the end is not shown.

    >>> shuffled_batches(np.zeros(10, int), batch=4, balance=0, seed=0, epoch=0).shape
    (2, 4)
    """
    order = epoch_order(classes, balance=balance, seed=seed, epoch=epoch, weights=weights)
    return order[: len(order) // batch * batch].reshape(-1, batch)


def pk_batches(classes: NDArray[np.int64], *, types: int, photos: int, seed: int, epoch: int) -> Rows:
    """P × K: each batch (P·K,) has P ``types``, all equally likely, with K ``photos`` of each, side by side.

    Source: https://arxiv.org/abs/1703.07737, section 2. `DataError` if there are fewer than P types.

    >>> classes = np.repeat([0, 1, 2], [50, 40, 10])
    >>> classes[pk_batches(classes, types=2, photos=3, seed=0, epoch=0)[0]].reshape(2, 3).std(axis=1)
    array([0., 0.])
    """
    rng = np.random.default_rng([seed, epoch])
    each = _photos_of_each(classes, at_least=types)
    return _together(
        [_drawn(each[kind], photos, rng) for kind in rng.permutation(len(each))[:types]]
        for _ in range(_batches(classes, types * photos))
    )


def category_batches(
    classes: NDArray[np.int64],
    categories: NDArray[np.int64],
    *,
    types: int,
    photos: int,
    seed: int,
    epoch: int,
) -> Rows:
    """`pk_batches` whose P types are of few categories, so that a batch holds types that look alike.

    A type drawn at random brings all types of its category; then another does, until there are P. Of the last
    category some may be left out. ``categories`` (N,) are the photos' categories, one for each type.

    >>> classes = np.repeat(np.arange(6), 10)
    >>> batch = category_batches(classes, classes // 3, types=3, photos=2, seed=0, epoch=0)[0]
    >>> len(set((classes // 3)[batch].tolist())), len(set(classes[batch].tolist()))
    (1, 3)
    """
    rng = np.random.default_rng([seed, epoch])
    each = _photos_of_each(classes, at_least=types)
    category_of = [int(categories[own[0]]) for own in each]
    made = []
    for _ in range(_batches(classes, types * photos)):
        shuffled = rng.permutation(len(each)).tolist()
        arrival: dict[int, int] = {}
        for place, kind in enumerate(shuffled):
            arrival.setdefault(category_of[kind], place)
        shuffled.sort(key=lambda kind, arrival=arrival: arrival[category_of[kind]])
        made.append([_drawn(each[kind], photos, rng) for kind in shuffled[:types]])
    return _together(made)


def pair_batches(classes: NDArray[np.int64], *, pairs: int, p_same: float, seed: int, epoch: int) -> Rows:
    """Siamese pairs: a batch (2·pairs,) has each pair side by side; ``p_same`` of the pairs are of one type.

    The first photo's type is drawn with equal chances, and so is the other's in a pair of two types. A type's
    only photo is paired with itself. The share of pairs of one type is the same in every batch, to the
    nearest pair. Source of the balance: https://doi.org/10.1109/CVPR.2005.202.

    >>> classes = np.repeat([0, 1, 2], [50, 40, 10])
    >>> batch = pair_batches(classes, pairs=10, p_same=0.3, seed=0, epoch=0)[0]
    >>> float((classes[batch[0::2]] == classes[batch[1::2]]).mean())
    0.3
    """
    rng = np.random.default_rng([seed, epoch])
    each = _photos_of_each(classes, at_least=2)
    sizes = np.array([len(own) for own in each])
    shape = _batches(classes, 2 * pairs), pairs
    same = rng.permuted(np.broadcast_to(np.arange(pairs) < round(p_same * pairs), shape), axis=1)
    kind, other = rng.integers(len(each), size=shape), rng.integers(len(each) - 1, size=shape)
    other += other >= kind  # any type but the first photo's, all equally likely
    first = rng.integers(sizes[kind])
    partner = (first + 1 + rng.integers(np.maximum(1, sizes[kind] - 1))) % sizes[kind]  # any but itself
    second = np.where(same, partner, rng.integers(sizes[other]))
    photos = np.concatenate(each)
    starts = np.cumsum(sizes) - sizes
    firsts, seconds = photos[starts[kind] + first], photos[starts[np.where(same, kind, other)] + second]
    return np.stack([firsts, seconds], axis=2).reshape(len(same), 2 * pairs)


def episode_batches(
    classes: NDArray[np.int64], *, episodes: int, ways: int, photos: int, seed: int, epoch: int
) -> Rows:
    """N-way episodes: a batch (episodes·N·photos,) has one after another, in each the photos way by way.

    The ways of an episode are different types, all equally likely, in random order; ``photos`` are as many as
    support and queries take together. `DataError` if there are fewer than N types. Source:
    https://arxiv.org/abs/1606.04080.

    >>> classes = np.repeat(np.arange(4), 20)
    >>> batch = episode_batches(classes, episodes=2, ways=3, photos=5, seed=0, epoch=0)[0]
    >>> [len(set(classes[episode].tolist())) for episode in batch.reshape(2, 15)]
    [3, 3]
    """
    rng = np.random.default_rng([seed, epoch])
    each = _photos_of_each(classes, at_least=ways)
    return _together(
        [
            _drawn(each[kind], photos, rng)
            for _ in range(episodes)
            for kind in rng.permutation(len(each))[:ways]
        ]
        for _ in range(_batches(classes, episodes * ways * photos))
    )


def _photos_of_each(classes: NDArray[np.int64], *, at_least: int) -> list[Rows]:
    """The positions of each type's photos; `DataError` if there are too few types."""
    kinds, sizes = np.unique(classes, return_counts=True)
    if len(kinds) < at_least:
        raise DataError(
            f"batches of {at_least} article types were asked for, but the training photos are of "
            f"{len(kinds)}; use a recipe with fewer types (ways) in a batch"
        )
    return np.split(np.argsort(classes, kind="stable"), np.cumsum(sizes)[:-1])


def _drawn(photos: Rows, number: int, rng: np.random.Generator) -> Rows:
    return rng.choice(photos, number, replace=len(photos) < number)


def _batches(classes: NDArray[np.int64], size: int) -> int:
    """How many batches of this size an epoch has."""
    return max(1, len(classes) // size)


def _together(batches: Iterable[list[Rows]]) -> Rows:
    return np.stack([np.concatenate(batch) for batch in batches])
