"""One network, or several that are trained one after the other and joined.

Networks that began at different random weights, and saw the photos in another order, err differently; joined
they answer better than each (B. Lakshminarayanan et al., "Simple and Scalable Predictive Uncertainty
Estimation using Deep Ensembles", https://arxiv.org/abs/1612.01474), at so many times the time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from modiste.networks import ResNet
from modiste.preprocessing import Preprocess
from modiste.progress import Progress, silent
from modiste.training.loop import Examples, Trained, train_one
from modiste.training.recipes import Recipe
from modiste.training.tensorboard import Report

__all__ = ["train"]


def train(
    examples: Examples,
    recipe: Recipe,
    *,
    seed: int = 0,
    preprocess: Preprocess,
    checkpoint: Path | None = None,
    checkpoint_seconds: float = 30.0,
    resume: bool = False,
    progress: Progress = silent,
    report: Report | None = None,
) -> Trained:
    """Train the recipe's ``members`` and join them; a single one is simply trained, see `train_one`.

    The first has this ``seed``, the others seeds that hang on it. Every member has a checkpoint of its own
    beside ``checkpoint``, so that a killed run goes on in the one it was in. Ctrl-C ends the run with the
    members that are done, or with what the first has learned so far. The history runs through all of them:
    loss and rate start anew with each.
    """
    one = replace(recipe, members=1)
    members: list[Trained] = []
    history: list[dict[str, float]] = []
    for member in range(recipe.members):
        on = partial(_on_from, history[-1] if history else {})
        trained = train_one(
            examples,
            one,
            seed=seed_of(seed, member),
            preprocess=preprocess,
            checkpoint=None if checkpoint is None else checkpoint_of(checkpoint, member),
            checkpoint_seconds=checkpoint_seconds,
            resume=resume,
            progress=partial(_counted_through, progress, member, recipe.members),
            report=None if report is None else partial(_told, report, on),
        )
        if trained.complete or not members:
            history += map(on, trained.history)
            members.append(trained)
        if not trained.complete:
            break
    if recipe.members == 1:
        return members[0]
    return replace(
        members[0],
        network=ResNet.joined([member.network for member in members]),
        seconds=sum(member.seconds for member in members),
        complete=len(members) == recipe.members and members[-1].complete,
        history=history,
    )


def checkpoint_of(checkpoint: Path, member: int) -> Path:
    """Where that member's state is kept: the first one's, as that of a single network, at ``checkpoint``."""
    return checkpoint if member == 0 else checkpoint.with_name(f"{checkpoint.name}-{member + 1}")


def seed_of(seed: int, member: int) -> int:
    """The first member's is ``seed``; the others' are far from all that anybody would choose.

    >>> seed_of(3, 0), seed_of(3, 1), seed_of(4, 1)
    (3, 1645421708, 3166742020)
    """
    return int(np.random.SeedSequence(seed, spawn_key=(member,)).generate_state(1)[0]) if member else seed


def _on_from(last: dict[str, float], row: dict[str, float]) -> dict[str, float]:
    """A member's row of history, counted on from the ``last`` one of the member before it."""
    return row | {name: row[name] + last.get(name, 0) for name in ("step", "photos", "seconds")}


def _told(report: Report, on: Callable[[dict[str, float]], dict[str, float]], row: dict[str, float]) -> None:
    report(on(row))


def _counted_through(progress: Progress, member: int, members: int, done: int, total: int, what: str) -> None:
    progress(member * total + done, members * total, what)
