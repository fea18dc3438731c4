"""What every batch holds, counted; and that seed and epoch decide it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from modiste.errors import DataError
from modiste.training.batches import (
    category_batches,
    episode_batches,
    epoch_order,
    focus_weights,
    pair_batches,
    pk_batches,
    shuffled_batches,
)

SIZES = [400, 150, 40, 40, 20, 9, 3, 1]
CLASSES = np.random.default_rng(0).permutation(np.repeat(np.arange(len(SIZES)), SIZES))
CATEGORIES = np.array([0, 0, 0, 1, 1, 2, 3, 4])[CLASSES]


def test_without_balance_every_photo_is_shown_once() -> None:
    order = epoch_order(np.zeros(50, np.int64), balance=0.0, seed=0, epoch=3)
    assert sorted(order.tolist()) == list(range(50))


def test_balance_sets_the_share_of_each_class() -> None:
    classes = np.repeat([0, 1], [6400, 100])
    for balance in (0.5, 1.0):
        shown = classes[epoch_order(classes, balance=balance, seed=0, epoch=0)]
        weights = np.array([6400, 100]) ** (1 - balance)
        assert abs((shown == 1).mean() - weights[1] / weights.sum()) < 0.02


def test_hard_photos_are_drawn_more_often_but_not_the_hopeless_ones_alone() -> None:
    losses = np.repeat(np.array([0.01, 1.0, 100.0, np.nan], np.float32), [700, 200, 50, 50])
    weights = focus_weights(losses, 1.0)
    order = epoch_order(np.zeros(1000, np.int64), balance=0.5, seed=0, epoch=0, weights=weights)
    easy, middling, hopeless, unknown = (
        np.isclose(losses[order], loss, equal_nan=True).sum() / count
        for loss, count in ((0.01, 700), (1.0, 200), (100.0, 50), (np.nan, 50))
    )
    assert 0 < easy < middling < unknown < hopeless < 45 * easy
    assert (focus_weights(losses, 0.0) == 1).all()


EVERY: dict[str, Callable[[int, int], np.ndarray]] = {
    "shuffled": lambda s, e: shuffled_batches(CLASSES, batch=24, balance=0.5, seed=s, epoch=e),
    "pk": lambda s, e: pk_batches(CLASSES, types=4, photos=6, seed=s, epoch=e),
    "category": lambda s, e: category_batches(CLASSES, CATEGORIES, types=4, photos=6, seed=s, epoch=e),
    "pairs": lambda s, e: pair_batches(CLASSES, pairs=12, p_same=0.5, seed=s, epoch=e),
    "episodes": lambda s, e: episode_batches(CLASSES, episodes=2, ways=3, photos=4, seed=s, epoch=e),
}


@pytest.mark.parametrize("sampler", EVERY)
def test_seed_and_epoch_alone_decide_an_epoch_that_shows_as_many_photos_as_there_are(sampler: str) -> None:
    first, again, later, other = (EVERY[sampler](s, e) for s, e in ((0, 0), (0, 0), (0, 1), (1, 0)))
    assert (first == again).all()
    assert (first != later).any()
    assert (first != other).any()
    assert first.shape == (len(CLASSES) // 24, 24)
    assert 0 <= first.min() <= first.max() < len(CLASSES)


@pytest.mark.parametrize("sampler", ["pk", "category"])
def test_a_pk_batch_has_p_types_with_k_photos_each(sampler: str) -> None:
    shown = np.zeros(len(SIZES))
    for batch in EVERY[sampler](0, 0):
        groups = CLASSES[batch].reshape(4, 6)
        assert (groups == groups[:, :1]).all()
        assert len(set(groups[:, 0].tolist())) == 4
        shown[groups[:, 0]] += 1
        for kind, photos in zip(groups[:, 0], batch.reshape(4, 6), strict=True):
            if SIZES[kind] >= 6:
                assert len(set(photos.tolist())) == 6  # repeated only where there are too few
    assert (shown > 0).all()


def test_category_batches_hold_types_of_few_categories() -> None:
    def categories_in(batches: np.ndarray) -> float:
        return float(np.mean([len(set(CATEGORIES[batch].tolist())) for batch in batches]))

    assert categories_in(EVERY["category"](0, 0)) < categories_in(EVERY["pk"](0, 0)) - 0.5
    for batch in EVERY["category"](0, 0):
        kinds = set(CLASSES[batch].tolist())
        whole = [set(CLASSES[c == CATEGORIES].tolist()) <= kinds for c in set(CATEGORIES[batch].tolist())]
        assert whole.count(False) <= 1  # of one category at most, some types are left out


@pytest.mark.parametrize("p_same", [0.25, 0.75])
def test_pairs_are_of_one_type_as_often_as_asked(p_same: float) -> None:
    for batch in pair_batches(CLASSES, pairs=12, p_same=p_same, seed=0, epoch=0):
        first, second = batch.reshape(-1, 2).T
        same = CLASSES[first] == CLASSES[second]
        assert same.mean() == p_same
        alone = np.array(SIZES)[CLASSES[first]] == 1
        assert ((first != second) | alone)[same].all()  # a type's only photo is paired with itself
    shown = CLASSES[pair_batches(CLASSES, pairs=300, p_same=p_same, seed=0, epoch=0)]
    assert np.bincount(shown.ravel()) / shown.size == pytest.approx([1 / 8] * 8, abs=0.05)


def test_an_episode_has_its_ways_in_random_order_with_their_own_photos() -> None:
    orders = set()
    for batch in EVERY["episodes"](0, 0):
        for episode in batch.reshape(2, 3, 4):
            kinds = CLASSES[episode]
            assert (kinds == kinds[:, :1]).all()
            assert len(set(kinds[:, 0].tolist())) == 3
            orders.add(tuple(np.argsort(kinds[:, 0])))
            for kind, photos in zip(kinds[:, 0], episode, strict=True):
                if SIZES[kind] >= 4:
                    assert len(set(photos.tolist())) == 4  # support and queries share no photo
    assert len(orders) == 6


def test_more_types_than_there_are_is_an_error() -> None:
    with pytest.raises(DataError, match=r"9 article types .* are of 8"):
        episode_batches(CLASSES, episodes=1, ways=9, photos=2, seed=0, epoch=0)
    with pytest.raises(DataError, match="2 article types"):
        pair_batches(np.zeros(9, int), pairs=2, p_same=0.5, seed=0, epoch=0)
