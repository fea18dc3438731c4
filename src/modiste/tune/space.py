"""What a search may vary: a table with a row for each field of a recipe.

A new row is all that a new field needs, as long as it is a number: give its name (with a dot, if it lies in
`Augmentation`) and how far it may go. Rows are drawn as plain numbers, which Optuna understands.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from modiste.errors import RecipeError
from modiste.training import Recipe
from modiste.training.recipes import SINGLE_PHOTO

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

__all__ = [
    "SPACE",
    "Range",
    "Space",
    "Steps",
    "Times",
    "choose_space",
    "distributions",
    "drawn",
    "value_of",
    "vary",
]


@dataclass(frozen=True)
class Range:
    """Any number from ``low`` to ``high``; with ``log`` equal ratios are equally likely. Drawn as it is."""

    low: float
    high: float
    log: bool = False

    def value(self, draw: float, own: float) -> float:
        return float(f"{draw:.4g}")  # more digits than any score can tell apart help nobody read the recipe

    def draw(self, own: float) -> float:
        """The draw nearest to the recipe's own value."""
        return min(max(own, self.low), self.high)


@dataclass(frozen=True)
class Steps:
    """One of these numbers, which ascend; drawn as its place among them, from 0."""

    values: tuple[float, ...]

    @property
    def names(self) -> list[str]:
        return [f"{value:g}" for value in self.values]

    def value(self, draw: float, own: float) -> float:
        return self.values[int(draw)]

    def draw(self, own: float) -> int:
        return min(range(len(self.values)), key=lambda at: abs(self.values[at] - own))


@dataclass(frozen=True)
class Times:
    """The recipe's own whole numbers, all multiplied by one of these factors, in multiples of eight.

    Drawn as the factor's place, from 0; 1 must be among them.
    """

    factors: tuple[float, ...]

    @property
    def names(self) -> list[str]:
        return [f"×{factor:g}" for factor in self.factors]

    def value(self, draw: float, own: tuple[int, ...]) -> tuple[int, ...]:
        factor = self.factors[int(draw)]
        return own if factor == 1 else tuple(8 * max(1, round(number * factor / 8)) for number in own)

    def draw(self, own: tuple[int, ...]) -> int:
        return self.factors.index(1)


Space = Mapping[str, Range | Steps | Times]

SPACE: Space = {
    "muon_rate": Range(0.01, 0.2, log=True),
    "adam_rate": Range(0.0005, 0.02, log=True),
    "norm_rate": Range(1, 16, log=True),
    "weight_decay": Range(0.005, 0.5, log=True),
    "balance": Range(0, 1),
    "focus": Range(0, 2),
    "scale": Range(8, 40, log=True),
    "margin": Range(0, 1),
    "smoothing": Range(0, 0.3),
    "p_mining": Range(0.02, 1, log=True),
    "temperature": Range(0.03, 0.5, log=True),
    "category_weight": Range(0, 1.5),
    "ema": Steps((0.98, 0.99, 0.995, 0.998, 0.999)),
    "widths": Times((0.5, 0.75, 1, 1.25, 1.5)),
    "augmentation.rotation": Range(0, 20),
    "augmentation.zoom": Range(0, 0.4),
    "augmentation.stretch": Range(0, 0.25),
    "augmentation.shift": Range(0, 0.25),
    "augmentation.colour": Range(0, 0.5),
    "augmentation.erasing": Range(0, 1),
}


_WITHOUT_MARGIN = ("cross-entropy", "focal", "normalised-softmax", "supcon", "prototypical", "maml")
_MATTERS: Mapping[str, Callable[[Recipe], bool]] = {
    "balance": lambda recipe: recipe.sampler == "balanced",
    "focus": lambda recipe: recipe.sampler == "balanced" and recipe.objective in SINGLE_PHOTO,
    "scale": lambda recipe: recipe.objective not in ("cross-entropy", "focal", "contrastive", "triplet"),
    "margin": lambda recipe: recipe.objective not in _WITHOUT_MARGIN,
    "smoothing": lambda recipe: recipe.objective in SINGLE_PHOTO,
    "p_mining": lambda recipe: recipe.objective == "triplet" and recipe.mining == "top-k",
    "temperature": lambda recipe: recipe.objective == "supcon",
    "category_weight": lambda recipe: recipe.objective != "maml",
}


def choose_space(recipe: Recipe, only: Collection[str] = ()) -> Space:
    """The rows of `SPACE` with these names, in its order; without names, all that matter to the recipe.

    `RecipeError` for a name that is not there, with the nearest one, or that this recipe does not look at.

    >>> from modiste.training import find_recipe
    >>> list(choose_space(find_recipe("quick"), ["margin", "muon_rate"]))
    ['muon_rate', 'margin']
    """
    for name in only:
        if name not in SPACE:
            near = difflib.get_close_matches(name, SPACE, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(SPACE)}"
            raise RecipeError(f"a search cannot vary {name!r}; {hint}")
    matter = {name: row for name, row in SPACE.items() if name not in _MATTERS or _MATTERS[name](recipe)}
    for name in only:
        if name not in matter:
            raise RecipeError(
                f"recipe {recipe.name!r} ({recipe.objective}, {recipe.sampler}) does not look at {name!r}; "
                f"vary some of {', '.join(matter)}"
            )
    return {name: row for name, row in matter.items() if not only or name in only}


def vary(recipe: Recipe, draws: Mapping[str, float], space: Space) -> Recipe:
    """The recipe with these draws in place of its own values.

    >>> from modiste.training import find_recipe
    >>> quick = vary(find_recipe("quick"), {"margin": 0.2, "widths": 0}, SPACE)
    >>> quick.margin, quick.widths
    (0.2, (16, 32, 64))
    """
    own: dict[str, Any] = {}
    inner: dict[str, dict[str, Any]] = {}
    for name, draw in draws.items():
        value = space[name].value(draw, value_of(recipe, name))
        field, _, part = name.partition(".")
        if part:
            inner.setdefault(field, {})[part] = value
        else:
            own[field] = value
    parts = {field: replace(getattr(recipe, field), **values) for field, values in inner.items()}
    return replace(recipe, **own, **parts)


def drawn(recipe: Recipe, space: Space) -> dict[str, float]:
    """The draws that give the recipe as it is, or the nearest to it that the space allows."""
    return {name: row.draw(value_of(recipe, name)) for name, row in space.items()}


def distributions(space: Space) -> dict[str, BaseDistribution]:
    """The same for Optuna."""
    from optuna.distributions import FloatDistribution, IntDistribution

    return {
        name: FloatDistribution(row.low, row.high, log=row.log)
        if isinstance(row, Range)
        else IntDistribution(0, len(row.names) - 1)
        for name, row in space.items()
    }


def value_of(recipe: Recipe, name: str) -> Any:
    """What a recipe has in the field of a row.

    >>> from modiste.training import find_recipe
    >>> value_of(find_recipe("standard"), "augmentation.erasing")
    0.5
    """
    value: Any = recipe
    for part in name.split("."):
        value = getattr(value, part)
    return value
