"""Photos and labels → trained weights: recipes, the batches they ask for, what they minimise, the loop.

Training knows nothing of model folders, catalogues or calibration; `modiste.learn` joins them.
"""

from __future__ import annotations

from modiste.training.label_recipes import LABEL_RECIPES, LabelRecipe, find_label_recipe
from modiste.training.loop import Examples, Teacher, Trained
from modiste.training.members import train
from modiste.training.recipe_file import open_recipe, write_recipe
from modiste.training.recipes import RECIPES, Recipe, find_recipe

__all__ = [
    "LABEL_RECIPES",
    "RECIPES",
    "Examples",
    "LabelRecipe",
    "Recipe",
    "Teacher",
    "Trained",
    "find_label_recipe",
    "find_recipe",
    "open_recipe",
    "train",
    "write_recipe",
]
