from __future__ import annotations

import numpy as np

from modiste.evaluation.duplicates import near_duplicates, thumbnails

PHOTOS = np.random.default_rng(0).integers(0, 256, (40, 80, 60, 3), dtype=np.uint8)


def test_thumbnails_by_loop() -> None:
    made = thumbnails(PHOTOS[:2]).reshape(2, 16, 12, 3)
    for row, column in ((0, 0), (7, 3), (15, 11)):
        cell = PHOTOS[1, row * 5 : row * 5 + 5, column * 5 : column * 5 + 5]
        assert np.allclose(made[1, row, column], cell.reshape(-1, 3).mean(axis=0), atol=1e-3)
    assert thumbnails(PHOTOS[:, :8, :6]).shape == (40, 8 * 6 * 3), "small photos keep their pixels"


def test_the_same_picture_is_found_whatever_was_done_to_it() -> None:
    smooth = np.kron(PHOTOS[:, :8, :6], np.ones((1, 10, 10, 1))).astype(np.uint8)
    rng = np.random.default_rng(1)
    noisy = (smooth[:10].astype(int) + rng.integers(-9, 10, (10, 80, 60, 3))).clip(0, 255).astype(np.uint8)
    asked = np.concatenate([noisy, smooth[20:30]])
    found = near_duplicates(thumbnails(asked), thumbnails(smooth[:20]))
    assert found.tolist() == [True] * 10 + [False] * 10


def test_many_come_in_parts(monkeypatch) -> None:
    whole = thumbnails(PHOTOS)
    monkeypatch.setattr("modiste.evaluation.duplicates._AT_ONCE", 7)
    assert np.array_equal(thumbnails(PHOTOS), whole)
    assert near_duplicates(whole, whole).all()
