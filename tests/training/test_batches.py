from __future__ import annotations

import numpy as np

from modiste.training.batches import epoch_order


def test_without_balance_every_photo_is_shown_once() -> None:
    order = epoch_order(np.zeros(50, np.int64), balance=0.0, seed=0, epoch=3)
    assert sorted(order.tolist()) == list(range(50))


def test_balance_sets_the_share_of_each_class() -> None:
    classes = np.repeat([0, 1], [6400, 100])
    for balance in (0.5, 1.0):
        shown = classes[epoch_order(classes, balance=balance, seed=0, epoch=0)]
        weights = np.array([6400, 100]) ** (1 - balance)
        assert abs((shown == 1).mean() - weights[1] / weights.sum()) < 0.02


def test_order_depends_on_seed_and_epoch_only() -> None:
    classes = np.repeat([0, 1], [70, 30])
    orders = [epoch_order(classes, balance=0.5, seed=s, epoch=e) for s, e in ((0, 0), (0, 0), (0, 1), (1, 0))]
    assert (orders[0] == orders[1]).all()
    assert (orders[0] != orders[2]).any()
    assert (orders[0] != orders[3]).any()
