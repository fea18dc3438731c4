"""Pictures that are no fashion, and shops that lack a type: only silence is right."""

from __future__ import annotations

import numpy as np
import pytest

from modiste.evaluation.absent import KINDS, draw_absent, judge_absent


@pytest.mark.parametrize("kind", KINDS)
def test_pictures_differ_from_one_another_and_come_again(kind: str) -> None:
    first, again = draw_absent(kind, each=3), draw_absent(kind, each=3)
    assert all(picture.shape == (320, 240, 3) and picture.dtype == np.uint8 for picture in first)
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], first[1])
    assert first[0].std() > 0


def nearest_cosine(queries, shop):
    cosines = queries @ shop.T
    return np.argsort(-cosines, axis=1)[:, :3], np.clip(cosines.max(axis=1), 0, 1)


def test_a_type_taken_off_the_shelves_is_asked_of_the_rest() -> None:
    eye = np.eye(4, dtype=np.float32)
    shop, types = np.repeat(eye[:3], 3, axis=0), np.repeat([0, 1, 2], 3)
    tests = np.array([[1, 0, 0, 0], [0, 0.6, 0.8, 0], [0, 0, 1, 0]], np.float32)
    shown = judge_absent(
        shop,
        types,
        tests,
        np.array([0, 1, 2]),
        {"noise": eye[[3, 3]], "text": eye[[0, 3]]},
        nearest_cosine,
        0.5,
    )
    # Of the lacking types' photos only the second resembles something else.
    assert shown == {"noise": 0.0, "text": 0.5, "lacking_type": pytest.approx(1 / 3)}
    alone = judge_absent(shop[:3], types[:3], tests[:1], np.array([0]), {}, nearest_cosine, 0.5)
    assert alone == {}
