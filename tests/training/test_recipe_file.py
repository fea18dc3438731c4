"""A recipe in a file is the recipe it was written from, and a mistake in one is named."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from modiste.errors import RecipeError
from modiste.training.recipe_file import open_recipe, recipe_from_dict, write_recipe
from modiste.training.recipes import RECIPES, Recipe, Stage, find_recipe


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_written_recipe_comes_back_whole(recipe: Recipe, tmp_path: Path) -> None:
    write_recipe(recipe, tmp_path / "mine.json")
    assert open_recipe(tmp_path / "mine.json") == recipe
    assert [path.name for path in tmp_path.iterdir()] == ["mine.json"]


def test_fields_with_a_default_may_be_left_out() -> None:
    stages = [{"until": 1, "height": 40, "width": 30}]
    recipe = recipe_from_dict({"name": "mine", "about": "short", "epochs": 1, "stages": stages})
    assert recipe == Recipe("mine", "short", epochs=1.0, stages=(Stage(1.0, 40, 30),))
    assert type(recipe.epochs) is float


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"muon_rat": 0.1}, "no field 'muon_rat'; did you mean 'muon_rate'"),
        ({"qqq": 0.1}, "no field 'qqq'; there are name, about"),
        (
            {"augmentation": {"colours": 0.1}},
            "recipe.augmentation: no field 'colours'; did you mean 'colour'",
        ),
        ({"augmentation": 3}, "recipe.augmentation: an object expected, not 3"),
        ({"stages": [{"until": 1.0, "height": 40}]}, r"recipe.stages\[0\]: the field 'width' is missing"),
        ({"widths": 32}, "recipe.widths: a list expected, not 32"),
        ({"widths": [32, 64.5]}, r"recipe.widths\[1\]: int expected, not 64.5"),
        ({"muon_rate": "0.1"}, 'recipe.muon_rate: float expected, not "0.1"'),
        ({"margin": float("nan")}, "recipe.margin: float expected, not NaN"),
        ({"batch": True}, "recipe.batch: int expected, not true"),
        ({"balance": 2}, "balance must lie in"),
    ],
)
def test_mistakes_are_named(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(find_recipe("quick").as_dict() | change))
    with pytest.raises(RecipeError, match=f"mine.json: .*{message}"):
        open_recipe(file)


@pytest.mark.parametrize("text", [None, "{", "[]"])
def test_a_file_that_is_no_recipe_is_named(text: str | None, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "mine.json").write_text(text)
    with pytest.raises(RecipeError, match=r"mine\.json: "):
        open_recipe(tmp_path / "mine.json")


def test_the_recipe_in_the_documentation_is_one(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "tuning.md").read_text("utf-8")
    [block] = re.findall(r"^```json\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    (tmp_path / "mine.json").write_text(block)
    assert open_recipe(tmp_path / "mine.json").epochs == 20


def test_a_name_is_looked_up() -> None:
    assert open_recipe("standard") is RECIPES["standard"]
    with pytest.raises(RecipeError, match="did you mean 'standard'"):
        open_recipe("standart")
