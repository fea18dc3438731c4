"""Recommendations in style, measured on photos whose style is known."""

from __future__ import annotations

import numpy as np
import pytest

from modiste.evaluation.style import Described, judge_style, share_named


def described(vectors, styles, types, colours) -> Described:
    unit = np.array(vectors, np.float32)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    return Described(unit, np.array(styles, np.float32), np.array(types), {"baseColour": np.array(colours)})


def test_style_brings_items_of_the_colour_and_keeps_the_type() -> None:
    red, blue = [1.0, 0.0], [0.0, 1.0]
    shop = described(
        [[10, 0.0], [10, 0.1], [10, 0.2], [10, 0.3], [10, 0.4], [10, 0.5], [0, 10]],
        [blue, blue, blue, red, red, blue, red],
        [1, 1, 1, 1, 1, 1, 2],
        ["Blue", "Blue", "Blue", "Red", "", "Blue", "Red"],
    )
    asked = described([[10, 0], [10, 0]], [red, blue], [1, 1], ["Red", ""])
    found = judge_style(shop, asked, pull=0.1)
    assert (found.n_support, found.n_test) == (7, 2)
    assert found.plain.same == {"baseColour": 0.0}
    assert found.styled.same == {"baseColour": pytest.approx(1 / 3)}  # of the second nothing is known
    for alike in (found.plain, found.styled):
        assert (alike.first_of_type, alike.hit_rate, alike.same_type) == (1, 1, 1)
    assert judge_style(shop, asked, pull=0.0).styled == found.plain
    assert judge_style(shop, asked, pull=5.0).styled.same_type == pytest.approx(5 / 6)  # too much of it


def test_words_are_compared_where_they_are_known() -> None:
    truth = {"baseColour": np.array(["Red", "Blue", ""]), "usage": np.array(["", "", ""])}
    said = {"baseColour": np.array(["Red", "Red", "Red"]), "usage": np.array(["Casual"] * 3)}
    assert share_named(truth, said) == {"baseColour": 0.5}
