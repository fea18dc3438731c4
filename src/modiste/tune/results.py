"""What a search found so far, for programs and for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

from modiste.evaluation.summary import markdown_table
from modiste.training import Recipe
from modiste.tune.score import Score
from modiste.tune.space import Space, value_of, vary

__all__ = ["FORMAT", "Study", "Trial", "summary"]

FORMAT = 1
"""Goes up when a key of ``study.json`` changes its meaning or disappears; new keys do not count."""

SHOWN = 5  # trials in the table


@dataclass(frozen=True)
class Trial:
    """A variation that was trained: what was drawn for each row of the space, and what came of it."""

    draws: Mapping[str, float]
    score: Score


@dataclass(frozen=True)
class Study:
    """Trials in the order they were made; the first is the recipe itself.

    ``photos`` and ``data`` (a fingerprint) say what it was made on. ``complete`` is False for a search that
    was interrupted.
    """

    recipe: Recipe
    space: Space
    seed: int
    photos: int
    data: str
    trials: tuple[Trial, ...]
    complete: bool

    @cached_property
    def best(self) -> int:
        """The number of the best trial, counted from 0; of equals, the earliest. There must be one."""
        return max(range(len(self.trials)), key=lambda number: self.trials[number].score.mean)

    def recipe_of(self, number: int) -> Recipe:
        """The recipe a trial was trained by."""
        return vary(self.recipe, self.trials[number].draws, self.space)

    @property
    def best_recipe(self) -> Recipe:
        """The best trial's recipe under a name of its own, with the first recipe's rehearsal."""
        about = f"trial {self.best} of a search from {self.recipe.name!r}, seed {self.seed}"
        name = f"{self.recipe.name.removesuffix('-tuned')}-tuned"
        return replace(self.recipe_of(self.best), name=name, about=about)

    def values_of(self, number: int) -> dict[str, Any]:
        """What a trial had in the fields of the space."""
        recipe = self.recipe_of(number)
        return {name: value_of(recipe, name) for name in self.space}

    def as_dict(self) -> dict[str, Any]:
        """``study.json``; nothing is rounded."""
        trials = [
            {
                "number": number,
                "score": trial.score.mean,
                **asdict(trial.score),
                "values": self.values_of(number),
            }
            for number, trial in enumerate(self.trials)
        ]
        return {
            "format": FORMAT,
            "recipe": self.recipe.as_dict(),
            "space": {name: asdict(row) for name, row in self.space.items()},
            "seed": self.seed,
            "photos": self.photos,
            "data": self.data,
            "complete": self.complete,
            "trials": trials,
            "best": self.best if trials else None,
        }


def summary(study: Study) -> str:
    """The recipe itself, the best trials, and what the best one changed, as tables in Markdown."""
    if not study.trials:
        return "No trial was finished."
    order = sorted(range(len(study.trials)), key=lambda number: -study.trials[number].score.mean)
    table: list[tuple[str, ...]] = [("trial", "score", "known types", "unseen types", "seconds")]
    for number in dict.fromkeys((0, *order[:SHOWN])):
        score = study.trials[number].score
        figures = (f"{value:.3f}" for value in (score.mean, score.known, score.unseen))
        title = f"{number}{' (the recipe itself)' if number == 0 else ''}"
        table.append((f"{title}{', best' if number == study.best else ''}", *figures, f"{score.seconds:.0f}"))
    paragraphs = [f"{len(study.trials)} trials from {study.recipe.name!r}", markdown_table(table)]
    if study.best != 0:
        best = study.values_of(study.best)
        changed = [("field", study.recipe.name, f"trial {study.best}")]
        changed += [(name, _text(value_of(study.recipe, name)), _text(best[name])) for name in best]
        paragraphs.append(markdown_table(changed))
    return "\n\n".join(paragraphs)


def _text(value: Any) -> str:
    return "–".join(map(str, value)) if isinstance(value, tuple) else f"{value:g}"
