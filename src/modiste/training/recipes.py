"""Everything a training run is decided by, as typed Python.

Expected scores are in the README's table, with the command, hardware, seeds and spread.
"""

from __future__ import annotations

import difflib
from dataclasses import asdict, dataclass, field
from typing import Any

from modiste.errors import RecipeError
from modiste.training.augmentation import Augmentation

__all__ = ["RECIPES", "Recipe", "Stage", "find_recipe"]


@dataclass(frozen=True)
class Stage:
    """Up to this share of the run, photos are shown at this size: small ones teach the coarse shapes fast.

    The last stage's size is the one the finished model works at.
    """

    until: float
    height: int
    width: int


@dataclass(frozen=True)
class Recipe:
    """A run is ``epochs`` times as many photos as there are, ``batch`` at a time.

    ``widths`` and ``depths`` describe the network (see `modiste.networks.ResNetConfig`).
    ``muon_rate`` is the peak learning rate of convolutions and matrices, ``adam_rate`` of all else; both rise
    over the first ``warmup`` share of the run and fall along a cosine. ``balance`` in [0, 1]: 0 shows photos
    as they come, 1 every class equally often. ``scale``, ``margin`` and ``smoothing`` shape the loss;
    ``category_weight`` is how much the category head counts beside the type head. ``ema`` is the decay of the
    averaged weights, which are the result. ``rehearsal`` is how many epochs the run that settles the
    calibration takes (see `modiste.learn`); 0 leaves it out.
    """

    name: str
    about: str
    epochs: float
    stages: tuple[Stage, ...]
    widths: tuple[int, ...] = (32, 64, 128, 256)
    depths: tuple[int, ...] = (1, 1, 1, 1)
    batch: int = 256
    muon_rate: float = 0.05
    adam_rate: float = 0.003
    weight_decay: float = 0.05
    warmup: float = 0.1
    balance: float = 0.5
    scale: float = 20.0
    margin: float = 0.1
    smoothing: float = 0.1
    category_weight: float = 0.5
    ema: float = 0.998
    rehearsal: float = 0.0
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        if self.epochs <= 0 or self.batch < 2:
            raise RecipeError(f"recipe {self.name!r}: epochs must be above 0 and a batch at least 2")
        ends = [stage.until for stage in self.stages]
        if ends != sorted(ends) or not ends or ends[-1] != 1:
            raise RecipeError(
                f"recipe {self.name!r}: stages must ascend and the last one end at 1, not {ends}"
            )
        if not 0 <= self.balance <= 1:
            raise RecipeError(f"recipe {self.name!r}: balance must lie in [0, 1], not {self.balance}")

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


_GROWING = (Stage(0.5, 48, 36), Stage(0.9, 64, 48), Stage(1.0, 80, 60))

RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="quick",
            about="a useful model in a minute on two cores, for 34,000 photos",
            epochs=2.5,
            stages=(Stage(0.6, 40, 30), Stage(1.0, 56, 42)),
        ),
        Recipe(
            name="standard",
            about="the one to use: ten minutes on two cores, for 34,000 photos",
            epochs=13,
            stages=_GROWING,
            rehearsal=2,
        ),
        Recipe(
            name="thorough",
            about="the bundled encoder's: a quarter of an hour on two cores, for 36,000 photos",
            epochs=18,
            stages=_GROWING,
            rehearsal=3,
        ),
    )
}


def find_recipe(name: str) -> Recipe:
    """The recipe of that name; `RecipeError` names the nearest one otherwise.

    >>> find_recipe("quick").epochs
    2.5
    """
    if name in RECIPES:
        return RECIPES[name]
    near = difflib.get_close_matches(name, RECIPES, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise RecipeError(f"no recipe {name!r}; there are {', '.join(RECIPES)}{hint}")
