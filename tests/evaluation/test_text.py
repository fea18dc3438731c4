"""Names looked for among photos."""

from __future__ import annotations

import numpy as np
import pytest

from modiste.evaluation.text import find_by_text


def test_recall_is_what_a_loop_says() -> None:
    rng = np.random.default_rng(0)
    photos = rng.standard_normal((400, 5)).astype(np.float32)
    photos /= np.linalg.norm(photos, axis=1, keepdims=True)
    names = rng.integers(0, 150, 400)
    own = rng.permutation(400)[:300]
    texts = photos[own] + 0.4 * rng.standard_normal((300, 5)).astype(np.float32)
    texts /= np.linalg.norm(texts, axis=1, keepdims=True)
    found = find_by_text(texts, photos, own, names)
    ranked = [np.argsort(-(photos @ text)) for text in texts]
    for k, strict, same in (
        (1, found.recall_at_1, found.same_name_at_1),
        (10, found.recall_at_10, found.same_name_at_10),
    ):
        assert strict == pytest.approx(np.mean([row in r[:k] for row, r in zip(own, ranked, strict=True)]))
        of_name = [names[row] in names[r[:k]] for row, r in zip(own, ranked, strict=True)]
        assert same == pytest.approx(np.mean(of_name))
    assert 0 < found.recall_at_1 < found.same_name_at_1 < 1
    assert found.n == 300


def test_of_equal_photos_the_wrong_one_is_thought_to_come_first() -> None:
    photos = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    found = find_by_text(photos[:1], photos, np.array([0]), np.array([0, 1, 2]))
    assert (found.recall_at_1, found.recall_at_10, found.same_name_at_1) == (0, 1, 0)
