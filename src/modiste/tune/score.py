"""One recipe → one score, from training photos alone.

As in a rehearsal (see `modiste.learn`), every third training type plays the unseen one and a tenth of the
other types' photos are kept back. Test photos and new types are never looked at, so the score may be
maximised without spoiling them. It is maximised, though: the best of many trials is a little lucky.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from modiste import compute
from modiste.errors import DataError
from modiste.learn import leave_types_out, settle, subset
from modiste.metrics import balanced_accuracy
from modiste.model import embed, type_scores
from modiste.preprocessing import Preprocess
from modiste.progress import Progress, silent
from modiste.support_set import SupportMethod, classify
from modiste.training import Examples, Recipe, train

__all__ = ["READING", "Score", "score_recipe"]

READING = SupportMethod("lda")  # fixed beforehand: choosing one for each trial would flatter it


@dataclass(frozen=True)
class Score:
    """What a recipe is worth; balanced accuracies in [0, 1].

    ``known``: the network names photos it has not seen, of the types it learned. ``unseen``: photos of types
    it has not learned are named from a support set, by LDA. ``seconds`` is the time the training took.
    """

    known: float
    unseen: float
    seconds: float

    @property
    def mean(self) -> float:
        """What a search maximises."""
        return (self.known + self.unseen) / 2


def score_recipe(
    examples: Examples,
    recipe: Recipe,
    *,
    seed: int,
    preprocess: Preprocess,
    checkpoints: Path | None = None,
    progress: Progress = silent,
) -> Score | None:
    """Train by the recipe on two thirds of the types and measure. None if Ctrl-C ended the training.

    The seed decides which photos are kept back, so compare scores of one seed. In the folder ``checkpoints``
    a killed run leaves what the next call with the same recipe goes on from. A run whose weights are no
    longer finite scores 0. Raises `DataError` when there are too few types or photos to keep any back.
    """
    parts = leave_types_out(examples, np.random.default_rng([seed, 1]))
    if parts is None or not len(parts.held):
        raise DataError(
            "a search keeps types and photos back, so it needs at least five types and ten photos of each; "
            f"there are {len(examples)} photos of {len(np.unique(examples.types))} types"
        )
    learned = subset(examples, parts.learned)
    learned_types = np.unique(examples.types[parts.learned])
    trained = train(
        learned,
        replace(recipe, ways=min(recipe.ways, len(learned_types))),
        seed=seed,
        preprocess=preprocess,
        checkpoint=None if checkpoints is None else checkpoints / _checkpoint_name(recipe),
        resume=True,
        progress=progress,
    )
    if not trained.complete:
        return None
    if not all(bool(weights.isfinite().all()) for weights in trained.network.state_dict().values()):
        return Score(0.0, 0.0, trained.seconds)
    network = trained.network.to(compute.device())
    settle(network, preprocess, learned, seed, components=recipe.components)

    def pixels(chosen: NDArray[np.int64]) -> NDArray[np.uint8]:
        return examples.pixels[examples.rows[chosen]]

    named = learned_types[type_scores(network, preprocess, pixels(parts.held)).argmax(axis=1)]
    known = balanced_accuracy(examples.types[parts.held], named)
    vectors = embed(network, preprocess, pixels(parts.unseen))
    unseen = _read_by_halves(vectors, examples.types[parts.unseen])
    return Score(known, unseen, trained.seconds)


def _read_by_halves(vectors: NDArray[np.float32], types: NDArray[np.int64]) -> float:
    """Every second photo of each type is named from the others, and the other way round; ``types`` ascend."""
    turn = (np.arange(len(types)) - np.searchsorted(types, types)) % 2
    if not turn.any():
        raise DataError("a search needs at least two photos of some type that it keeps back")
    named = np.empty_like(types)
    for half in (0, 1):
        asked, known = turn == half, turn != half
        named[asked] = classify(vectors[asked], vectors[known], types[known], READING)
    return balanced_accuracy(types, named)


def _checkpoint_name(recipe: Recipe) -> str:
    """Another name for whatever would make another run."""
    facts = json.dumps([recipe.as_dict(), str(compute.precision()), torch.__version__])
    return f"{hashlib.sha256(facts.encode()).hexdigest()[:12]}.checkpoint"
