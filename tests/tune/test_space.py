"""The table of what a search may vary fits recipes, and Optuna understands it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from modiste.errors import RecipeError
from modiste.training.augmentation import Augmentation
from modiste.training.recipes import RECIPES, Recipe, find_recipe
from modiste.tune.space import SPACE, Range, Steps, Times, choose_space, distributions, drawn, value_of, vary


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_every_recipe_lies_in_the_space(recipe: Recipe) -> None:
    draws = drawn(recipe, SPACE)
    assert list(draws) == list(SPACE)
    assert vary(recipe, draws, SPACE) == recipe


@pytest.mark.parametrize("name", SPACE)
def test_a_row_changes_its_field_and_no_other(name: str) -> None:
    recipe, row = find_recipe("standard"), SPACE[name]
    draw = row.high if isinstance(row, Range) else len(row.names) - 1
    varied = vary(recipe, {name: draw}, SPACE)
    assert value_of(varied, name) == row.value(draw, value_of(recipe, name)) != value_of(recipe, name)
    field, _, part = name.partition(".")
    own = getattr(recipe, field)
    back = replace(
        varied, **{field: replace(varied.augmentation, **{part: getattr(own, part)}) if part else own}
    )
    assert back == recipe


def test_several_draws_in_one_part_of_a_recipe_all_count() -> None:
    draws = {"augmentation.zoom": 0.3, "margin": 0.25, "augmentation.erasing": 0.0}
    recipe = vary(find_recipe("standard"), draws, SPACE)
    assert recipe.augmentation == Augmentation(zoom=0.3, erasing=0.0)
    assert recipe.margin == 0.25


def test_draws_become_values() -> None:
    assert Range(0, 1).value(0.123456789, 0.5) == 0.1235
    assert Steps((64, 128, 256)).value(1, 99) == 128
    assert Times((0.5, 1, 1.5)).value(2, (12, 64)) == (16, 96)
    assert Times((0.5, 1)).value(0, (8, 64)) == (8, 32)  # a network of no width is none
    assert Times((0.5, 1)).value(1, (10, 20)) == (10, 20)  # its own, whatever it is


def test_a_recipe_outside_the_space_begins_at_its_edge() -> None:
    recipe = replace(find_recipe("quick"), muon_rate=3.0, ema=0.5, widths=(12, 12, 12))
    assert vary(recipe, drawn(recipe, SPACE), SPACE) == replace(recipe, muon_rate=0.2, ema=0.98)


def test_unknown_fields_are_named_with_the_nearest() -> None:
    with pytest.raises(RecipeError, match="cannot vary 'muon_rat'; did you mean 'muon_rate'"):
        choose_space(find_recipe("quick"), ["margin", "muon_rat"])
    with pytest.raises(RecipeError, match="there are muon_rate, adam_rate"):
        choose_space(find_recipe("quick"), ["qqq"])


def test_only_what_matters_to_a_recipe_is_varied() -> None:
    assert set(SPACE) - set(choose_space(find_recipe("standard"))) == {"p_mining", "temperature"}
    few = choose_space(find_recipe("maml"))
    assert not {"balance", "focus", "margin", "smoothing", "category_weight"} & set(few)
    assert "p_mining" in choose_space(find_recipe("course-embedding"))
    with pytest.raises(
        RecipeError, match=r"'maml' \(maml, episodes\) does not look at 'margin'; vary some of"
    ):
        choose_space(find_recipe("maml"), ["margin"])


def test_optuna_draws_from_the_same_numbers() -> None:
    pytest.importorskip("optuna", reason="the tune extra is not installed")
    made = distributions(SPACE)
    assert list(made) == list(SPACE)
    for name, row in SPACE.items():
        draw = drawn(find_recipe("standard"), SPACE)[name]
        assert made[name]._contains(made[name].to_internal_repr(draw))
        assert made[name].high == (row.high if isinstance(row, Range) else len(row.names) - 1)
