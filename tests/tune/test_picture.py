"""The picture of a study has a place for every trial, whatever the scores are."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from modiste.training import find_recipe
from modiste.tune.picture import draw_study
from modiste.tune.results import Study, Trial
from modiste.tune.score import Score
from modiste.tune.space import SPACE, Space, choose_space, drawn


def study(scores: list[float], space: Space) -> Study:
    recipe = find_recipe("quick")
    trials = tuple(Trial(drawn(recipe, space), Score(score, score, 1.0)) for score in scores)
    return Study(recipe, space, 0, 100, "abc", trials, complete=True)


@pytest.mark.parametrize("scores", [[0.5], [0.5, 0.5], [0.8, 0.7, 0.75, 0.0, 0.82]])
def test_any_study_can_be_drawn(scores: list[float]) -> None:
    heights = []
    for space in (choose_space(find_recipe("quick"), ["margin"]), SPACE):
        with Image.open(io.BytesIO(draw_study(study(scores, space)))) as picture:
            assert picture.convert("RGBA").getchannel("A").getextrema() == (0, 255)
            heights.append(picture.height)
    assert heights[0] < heights[1]  # a row of panels for every four fields


def test_a_study_without_trials_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one trial"):
        draw_study(study([], SPACE))
