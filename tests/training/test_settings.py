"""Fields of recipes as a command line gives them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from modiste.errors import RecipeError
from modiste.training import find_label_recipe, find_recipe
from modiste.training.settings import with_settings


def test_settings_are_read_as_their_fields_want_them() -> None:
    recipe = with_settings(
        find_label_recipe("labels"),
        {"network": "vgg", "epochs": "3", "rate": "1e-3", "grey": "yes", "class_weights": "true"},
    )
    assert (recipe.network, recipe.epochs, recipe.rate) == ("vgg", 3, 0.001)
    assert (recipe.grey, recipe.class_weights) == (True, True)
    altered = with_settings(recipe, {"zoom": "0.4", "cutmix": "0.5"})
    assert (altered.augmentation, altered.cutmix) == (replace(recipe.augmentation, zoom=0.4), 0.5)


def test_recipes_for_types_take_numbers_as_they_are_annotated_and_lists() -> None:
    quick = find_recipe("quick")
    changed = with_settings(quick, {"epochs": "2.5", "widths": "16, 32", "depths": "0,1", "memory": "no"})
    assert changed == replace(quick, epochs=2.5, widths=(16, 32), depths=(0, 1), memory=False)
    assert with_settings(quick, {}) == quick


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"netwrok": "vgg"}, r"no field 'netwrok'; did you mean 'network'\?"),
        ({"epochs": "many"}, "epochs must be a whole number, not 'many'"),
        ({"grey": "maybe"}, "grey must be true or false, not 'maybe'"),
        ({"augmentation": "none"}, "no field 'augmentation'"),
        ({"batch": "1"}, "a batch must hold at least 2 photos"),
    ],
)
def test_settings_that_do_not_fit_are_named(settings: dict[str, str], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        with_settings(find_label_recipe("labels"), settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"widths": "16;32"}, "widths must be whole numbers with commas between them, not '16;32'"),
        ({"stages": "80x60"}, "stages is too much for a line; write a JSON file"),
        ({"zoomm": "1"}, r"no field 'zoomm'; did you mean 'zoom'\?"),
        ({"adam_rate": "inf"}, "adam_rate must be a number, not 'inf'"),
        ({"schedule": "step"}, "schedule must be one of cosine, trapezoid, not 'step'"),
    ],
)
def test_settings_of_recipes_for_types_that_do_not_fit(settings: dict[str, str], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        with_settings(find_recipe("quick"), settings)
