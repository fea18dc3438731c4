"""Photos and the columns of their table → a model that names labels, measured on the photos held out.

Two ways lead there. A recipe for article types (`modiste.training.Recipe`, such as ``standard``) makes a
model that can search as well, from one label a photo. A `LabelRecipe` trains any network on any labels.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from modiste import __version__, compute
from modiste.datasets import Dataset, open_dataset
from modiste.datasets.targets import PARTS, Targets, write_parts
from modiste.errors import DataError, RecipeError
from modiste.evaluation.labels import LabelResults, evaluate_labels, write_label_results
from modiste.label_model import LabelModel, load_label_model, save_label_model
from modiste.learn import learn
from modiste.model_folder import check_model_place, find_model
from modiste.networks.weights import WEIGHTS, input_of
from modiste.progress import Progress, silent
from modiste.training import Recipe
from modiste.training.curves import draw_label_history
from modiste.training.label_loop import LabelExamples, LabelTrained, train_labels
from modiste.training.label_recipes import LABEL_RECIPES, LabelRecipe, find_label_recipe
from modiste.training.recipe_file import open_recipe
from modiste.training.tensorboard import tensorboard_log

__all__ = ["SPLIT", "learn_labels", "open_any_recipe"]

SPLIT = "split.csv"
RESULTS = "results.json"


def open_any_recipe(which: str) -> Recipe | LabelRecipe:
    """A recipe for labels or for article types by its name, or the latter as a JSON file.

    `RecipeError` for an unknown name.
    """
    if which in LABEL_RECIPES:
        return find_label_recipe(which)
    try:
        return open_recipe(which)
    except RecipeError as error:
        raise RecipeError(f"{error}; and for labels {', '.join(LABEL_RECIPES)}") from error


def learn_labels(
    data: Sequence[str | Path],
    targets: Targets,
    recipe: Recipe | LabelRecipe,
    *,
    seed: int = 0,
    out: str | Path,
    resume: bool = False,
    grey: bool = False,
    tensorboard: str | Path | None = None,
    progress: Progress = silent,
) -> tuple[LabelModel, dict[str, LabelResults]]:
    """Train on the targets' part ``train``, write a model folder to ``out``, and measure the other parts.

    The folder also gets ``split.csv`` (which photo was in which part) and ``results.json`` (by part). Of a
    `LabelRecipe` the part ``val`` chooses the epoch and the thresholds; of a `Recipe` nothing looks at it.

    Raises `DataError` for targets without training photos, or several labels for a `Recipe`, and
    `RecipeError` under ``torchrun``; see also `learn`.
    """
    out = Path(out)
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise RecipeError(
            "labels of a column are taught in one process, and torchrun started several; leave torchrun out, "
            "or train with --splits"
        )
    check_model_place(out)
    targets.where("train")
    if isinstance(recipe, Recipe):
        if not targets.single:
            raise DataError(
                f"recipe {recipe.name!r} teaches one label a photo, and these have several; "
                f"use one of {', '.join(LABEL_RECIPES)}"
            )
        split = targets.as_split("train")
        learn(
            data,
            split,
            recipe,
            seed=seed,
            out=out,
            resume=resume,
            grey=grey,
            column=targets.labels.groups[0],
            tensorboard=tensorboard,
            progress=progress,
        )
        model = load_label_model(out)
        dataset = open_dataset(data, model.preprocess, progress=partial(_reading, progress))
    else:
        model, dataset = _learn(data, targets, recipe, seed, out, resume, grey, tensorboard, progress)
    results = {
        part: evaluate_labels(model, dataset, targets, part, progress=progress)
        for part in PARTS
        if part != "train" and (targets.parts == part).any()
    }
    write_parts(out / SPLIT, targets)
    write_label_results(results, out / RESULTS)
    return model, results


def _learn(
    data: Sequence[str | Path],
    targets: Targets,
    recipe: LabelRecipe,
    seed: int,
    out: Path,
    resume: bool,
    grey: bool,
    tensorboard: str | Path | None,
    progress: Progress,
) -> tuple[LabelModel, Dataset]:
    start = time.monotonic()
    if grey:
        recipe = replace(recipe, grey=True)
    if recipe.weights not in WEIGHTS and not Path(recipe.weights).is_file():
        recipe = replace(recipe, weights=str(find_model(recipe.weights) / "weights.safetensors"))
    preprocess = input_of(recipe.network, height=recipe.height, width=recipe.width, grey=recipe.grey)
    checkpoint = out.parent / f".{out.name}.checkpoint"
    with tensorboard_log(tensorboard) as report:
        dataset = open_dataset(data, preprocess, progress=partial(_reading, progress))
        validation = None
        if (targets.parts == "val").any():
            validation = _examples(dataset, targets, "val")
        examples = _examples(dataset, targets, "train")
        began = time.monotonic()
        trained = train_labels(
            examples,
            validation,
            targets.labels,
            recipe,
            seed=seed,
            preprocess=preprocess,
            checkpoint=checkpoint,
            resume=resume,
            progress=progress,
            report=report,
        )
        start -= max(0.0, trained.seconds - (time.monotonic() - began))  # what it took before it was resumed
    facts: dict[str, Any] = {
        "recipe": recipe.as_dict(),
        "seed": seed,
        "photos": len(examples),
        "complete": trained.complete,
        "best_epoch": trained.best_epoch,
        "precision": trained.precision,
        "seconds": round(time.monotonic() - start, 1),
        "versions": {"modiste": __version__, "torch": torch.__version__, "python": platform.python_version()},
        "threads": torch.get_num_threads(),
        "device": compute.device().type,
    }
    name = out.resolve().name
    title = f"{name}: {recipe.name}, {recipe.network}, seed {seed}"
    model = save_label_model(
        out,
        network=trained.network,
        preprocess=preprocess,
        labels=targets.labels,
        answer=recipe.answer,
        thresholds=trained.thresholds,
        training=facts,
        card=_card(name, targets, recipe, trained, facts),
        history=trained.history,
        curve=draw_label_history(trained.history, title=title) if trained.history else None,
    )
    if trained.complete:
        checkpoint.unlink(missing_ok=True)
    return model, dataset


def _examples(dataset: Dataset, targets: Targets, part: str) -> LabelExamples:
    """A part's photos that are in the data. `DataError` if there are none."""
    row_of = {id: row for row, id in enumerate(dataset.ids)}
    there = [at for at in targets.where(part).tolist() if targets.ids[at] in row_of]
    rows = np.array([row_of[targets.ids[at]] for at in there], np.int64)
    return LabelExamples(dataset.pixels, rows, targets.labels.matrix([targets.lists[at] for at in there]))


def _reading(progress: Progress, done: int, total: int) -> None:
    progress(done, total, "reading photos")


def _card(
    name: str, targets: Targets, recipe: LabelRecipe, trained: LabelTrained, facts: dict[str, Any]
) -> str:
    """The model's README: what it is, what it was made from, and how to use it."""
    weights = "new weights" if recipe.weights == "none" else f"weights from {recipe.weights}"
    early = "" if trained.complete else " The run was ended early."
    groups = sorted(set(targets.labels.groups) - {""})
    kinds = f"one of each group ({', '.join(groups)})" if groups else "any number of them"
    return f"""# {name}

Names {len(targets.labels)} labels: {kinds}. Trained by Modiste {facts["versions"]["modiste"]}.{early}

- recipe: `{recipe.name}`, seed {facts["seed"]}: {recipe.epochs} epochs of {facts["photos"]:,} photos
- network: `{recipe.network}`, {weights}, learns: {recipe.learns}
- kept: the weights of epoch {trained.best_epoch}
- time: {facts["seconds"]:.0f} s, {facts["threads"]} threads, {facts["device"]}, {facts["precision"]}
- versions: torch {facts["versions"]["torch"]}, Python {facts["versions"]["python"]}

Use it with `modiste classify`; measure it with `modiste score`. What it reached on the photos held out is in
`results.json`, which they were in `split.csv`.

Labels: {", ".join(targets.labels.names)}.
"""
