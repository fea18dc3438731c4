"""Recipes as JSON files: what a search found, or what a person wrote, as an input of training."""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from modiste.errors import RecipeError
from modiste.training.recipes import Recipe, find_recipe

__all__ = ["open_recipe", "recipe_from_dict", "write_recipe"]


def open_recipe(which: str | Path) -> Recipe:
    """The recipe of that name, or the one in that JSON file, if the name ends in ``.json``.

    A file has `Recipe`'s fields; those with a default may be left out. Raises `RecipeError` for a file that
    cannot be read, an unknown name (the nearest one is named), a missing field or a value of another kind.

    >>> open_recipe("quick").epochs
    2
    """
    if not str(which).endswith(".json"):
        return find_recipe(str(which))
    try:
        values = json.loads(Path(which).read_text("utf-8"))
    except FileNotFoundError as error:
        raise RecipeError(f"{which}: no such file; give a recipe's JSON file or its name") from error
    except (OSError, ValueError) as error:
        raise RecipeError(f"{which}: a recipe as JSON expected; {error}") from error
    try:
        return recipe_from_dict(values)
    except RecipeError as error:
        raise RecipeError(f"{which}: {error}") from error


def write_recipe(recipe: Recipe, file: Path) -> None:
    """Every field as JSON, whole or not at all: beside its place first, then moved there."""
    beside = file.with_name(f".{file.name}.unfinished")
    beside.write_text(json.dumps(recipe.as_dict(), indent=1, ensure_ascii=False) + "\n", "utf-8")
    beside.replace(file)


def recipe_from_dict(values: Mapping[str, Any]) -> Recipe:
    """The recipe that `Recipe.as_dict` described, also after a way through JSON; strict, see `open_recipe`.

    >>> quick = find_recipe("quick")
    >>> recipe_from_dict(json.loads(json.dumps(quick.as_dict()))) == quick
    True
    >>> recipe_from_dict(quick.as_dict() | {"muon_rat": 0.1})
    Traceback (most recent call last):
    modiste.errors.RecipeError: recipe: no field 'muon_rat'; did you mean 'muon_rate'?
    """
    recipe: Recipe = _as(Recipe, values, "recipe")
    return recipe


def _as(kind: Any, value: Any, where: str) -> Any:
    """A value from JSON as a field's annotation wants it; ``where`` is what an error calls the field."""
    if is_dataclass(kind) and isinstance(value, Mapping):
        return _dataclass(kind, value, where)
    if get_origin(kind) is tuple and isinstance(value, list | tuple):
        return tuple(_as(get_args(kind)[0], part, f"{where}[{at}]") for at, part in enumerate(value))
    if kind is float and type(value) in (int, float) and math.isfinite(value):
        return float(value)
    if kind in (int, bool, str) and type(value) is kind:
        return value
    wanted = "an object" if is_dataclass(kind) else "a list" if get_origin(kind) is tuple else kind.__name__
    raise RecipeError(f"{where}: {wanted} expected, not {json.dumps(value, default=repr)[:60]}")


def _dataclass(kind: Any, values: Mapping[str, Any], where: str) -> Any:
    kinds = get_type_hints(kind)
    for name in values:
        if name not in kinds:
            near = difflib.get_close_matches(name, kinds, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(kinds)}"
            raise RecipeError(f"{where}: no field {name!r}; {hint}")
    for field in fields(kind):
        if field.name not in values and field.default is MISSING and field.default_factory is MISSING:
            raise RecipeError(f"{where}: the field {field.name!r} is missing")
    return kind(**{name: _as(kinds[name], value, f"{where}.{name}") for name, value in values.items()})
