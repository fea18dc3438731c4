from __future__ import annotations

from dataclasses import replace

import pytest

from modiste.errors import RecipeError
from modiste.training.label_recipes import LABEL_RECIPES, LabelRecipe, find_label_recipe
from modiste.training.recipes import RECIPES


def test_every_recipe_goes_by_its_name_and_none_by_one_of_the_others() -> None:
    assert {name: recipe.name for name, recipe in LABEL_RECIPES.items()} == {n: n for n in LABEL_RECIPES}
    assert not LABEL_RECIPES.keys() & RECIPES.keys()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"loss": "hinge"}, "loss must be one of cross-entropy, bce, focal, not 'hinge'"),
        ({"learns": "nothing"}, "learns must be one of"),
        ({"learns": "head"}, "freezes a body that knows nothing"),
        ({"epochs": 0}, "epochs must be at least 1"),
        ({"batch": 1}, "at least 2 photos"),
        ({"rate": 0.0}, "rate must be above 0"),
        ({"gamma": -1.0}, "gamma must be at least 0"),
        ({"ema": 1.0}, r"ema must lie in \[0, 1\)"),
        ({"norm_rate": 0.0}, "norm_rate must be above 0"),
        ({"cooldown": 1.5}, r"cooldown must lie in \(0, 1\]"),
        ({"alpha": 2.0}, r"alpha must lie in \[0, 1\]"),
        ({"cutmix": 1.5}, r"cutmix must lie in \[0, 1\]"),
        ({"cutmix": 0.5, "learns": "features", "weights": "package"}, "learns 'features' sees none"),
    ],
)
def test_parts_that_do_not_fit_are_named(change: dict[str, object], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        replace(LabelRecipe("mine", "for tests"), **change)
    with pytest.raises(RecipeError, match=r"no recipe 'gradul' for labels; .* did you mean 'gradual'\?"):
        find_label_recipe("gradul")
