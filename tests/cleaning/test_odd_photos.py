from __future__ import annotations

import numpy as np

from modiste.cleaning.odd_photos import odd_photos


def test_strangers_stand_out_and_a_small_class_does_not() -> None:
    rng = np.random.default_rng(0)
    near = np.zeros((220, 16))
    near[:200, 0], near[200:, 1] = 1, 1  # a large class, and one of 20
    strangers = np.zeros((2, 16))
    strangers[0, 5], strangers[1, 9] = 1, 1
    vectors = np.concatenate([near, strangers]) + 0.05 * rng.standard_normal((222, 16))
    found = odd_photos(vectors)
    assert set(found.rows.tolist()) == {220, 221}
    assert (found.deviations > 6).all()
    assert (np.diff(found.deviations) <= 0).all()


def test_nothing_is_odd_among_equals_or_among_few() -> None:
    assert odd_photos(np.ones((50, 8))).rows.tolist() == []
    assert odd_photos(np.eye(2)).rows.tolist() == []
