"""Photos and labels → trained weights: recipes, the batches they ask for, what they minimise, the loop.

Training knows nothing of model folders, catalogues or calibration; `modiste.learn` joins them.
"""

from __future__ import annotations

from modiste.training.recipes import RECIPES, Recipe, find_recipe
from modiste.training.train import Examples, Trained, train

__all__ = ["RECIPES", "Examples", "Recipe", "Trained", "find_recipe", "train"]
