"""A recipe with some of its fields changed, as given on a command line."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar, get_type_hints

from modiste.errors import RecipeError
from modiste.training.augmentation import Augmentation
from modiste.training.label_recipes import LabelRecipe
from modiste.training.recipes import Recipe

__all__ = ["with_settings"]

AnyRecipe = TypeVar("AnyRecipe", bound=Recipe | LabelRecipe)


def with_settings(recipe: AnyRecipe, settings: Mapping[str, str]) -> AnyRecipe:
    """The recipe with fields changed, or its augmentation's; a list is written ``32,64,128``.

    `RecipeError` for a field that is not there, a value of another kind, what does not go together, and
    ``stages``, which need a file (`modiste.training.open_recipe`).

    >>> from modiste.training import find_recipe
    >>> more = with_settings(find_recipe("quick"), {"epochs": "4", "widths": "16,32,64", "rotation": "5"})
    >>> more.epochs, more.widths, more.augmentation.rotation
    (4.0, (16, 32, 64), 5.0)
    """
    kinds = {name: kind for name, kind in get_type_hints(type(recipe)).items() if name != "augmentation"}
    altered = {field.name for field in fields(Augmentation)}
    changed: dict[str, Any] = {}
    for name, text in settings.items():
        if name not in kinds and name not in altered:
            near = difflib.get_close_matches(name, (*kinds, *altered), n=1)
            hint = (
                f"did you mean {near[0]!r}?" if near else f"there are {', '.join((*kinds, *sorted(altered)))}"
            )
            raise RecipeError(f"recipe {recipe.name!r}: no field {name!r}; {hint}")
        kind = kinds.get(name, float)
        if kind not in _READ:
            raise RecipeError(
                f"recipe {recipe.name!r}: {name} is too much for a line; write a JSON file of fields"
            )
        what, read = _READ[kind]
        try:
            changed[name] = read(text)
        except (ValueError, KeyError) as error:
            raise RecipeError(f"recipe {recipe.name!r}: {name} must be {what}, not {text!r}") from error
    augmentation = {name: changed.pop(name) for name in altered & changed.keys()}
    return replace(recipe, augmentation=replace(recipe.augmentation, **augmentation), **changed)


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("neither infinity nor nan")
    return value


_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_READ: dict[Any, tuple[str, Any]] = {
    bool: ("true or false", lambda text: _TRUTH[text.lower()]),
    int: ("a whole number", int),
    float: ("a number", _number),
    str: ("a word", str),
    tuple[int, ...]: (
        "whole numbers with commas between them",
        lambda text: tuple(int(part) for part in text.split(",")),
    ),
}
