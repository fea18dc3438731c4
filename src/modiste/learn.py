"""Photos and a split → a model folder: train, settle the calibration on training classes, save.

The calibration needs to know how the network does on types it has never seen, and no test photo may be
looked at for that. So a *rehearsal* comes first: a shorter run of the same recipe in which every third
training type plays the unseen one. On its held-out photos it is settled how support sets are read, how sure
a recommendation is, and below which confidence it is withheld. Recipes too short to rehearse take over what
the bundled encoder's rehearsal found.
"""

from __future__ import annotations

import hashlib
import platform
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from modiste import __version__, compute
from modiste.catalogue import nearest
from modiste.datasets import Dataset, Labels, Split, open_dataset, read_splits
from modiste.errors import ModelError
from modiste.metrics import hits, risk_coverage
from modiste.model import Calibration, Model, embed
from modiste.model_folder import check_model_place, read_calibration, save_model, shipped
from modiste.networks import ResNet
from modiste.preprocessing import Preprocess
from modiste.progress import Progress, silent
from modiste.recommendation import features, fit_confidence
from modiste.recommendation.confidence import NEIGHBOURS, SHOWN
from modiste.support_set import choose_method
from modiste.training import Examples, Recipe, find_recipe, train

__all__ = ["learn", "rehearse", "set_prototypes"]

TOLERATED_ERROR = 0.05  # the threshold lets this share of shown recommendations be wrong, in the rehearsal
HELD_OUT = 0.1  # share of the learned types' photos that the rehearsal is judged on
PROTOTYPE_PHOTOS = 100
UNSEEN_EACH = 60  # photos of each type the rehearsal has not learned: about the share new types have in life


def learn(
    data: Sequence[str | Path],
    splits: str | Path,
    recipe: str | Recipe,
    *,
    seed: int = 0,
    out: str | Path,
    resume: bool = False,
    progress: Progress = silent,
) -> Model:
    """Train on the photos of ``splits/train.csv`` found in ``data`` and write a model folder to ``out``.

    ``recipe`` is one of `modiste.training.RECIPES`, or its name. A killed run goes on with ``resume``;
    Ctrl-C ends it early and saves what was learned so far. Raises `DataError` for data and splits that do
    not fit, `RecipeError` for an unknown recipe, `ModelError` if ``out`` is taken by something else.
    """
    out = Path(out)
    recipe = find_recipe(recipe) if isinstance(recipe, str) else recipe
    check_model_place(out)
    split = read_splits(splits).train
    start = time.monotonic()
    last = recipe.stages[-1]  # photos are used at the size they were last learned at: others cost accuracy
    preprocess = Preprocess(height=last.height, width=last.width)
    dataset = open_dataset(data, preprocess, progress=partial(_reading, progress))
    labels = Labels.of(split)
    examples, missing = _examples(dataset, split, labels)

    checkpoint = out.parent / f".{out.name}.checkpoint"
    trained = train(
        examples,
        recipe,
        seed=seed,
        preprocess=preprocess,
        checkpoint=checkpoint,
        resume=resume,
        progress=progress,
    )
    network = trained.network.to(compute.device())
    set_prototypes(network, preprocess, examples, seed)
    calibration, rehearsed = None, False
    if trained.complete and recipe.rehearsal:
        calibration = rehearse(examples, recipe, seed=seed, preprocess=preprocess, progress=progress)
        rehearsed = calibration is not None
    facts = {
        "recipe": recipe.as_dict(),
        "seed": seed,
        "photos": len(examples),
        "missing": list(missing),
        "data": _fingerprint(split, labels),
        "complete": trained.complete,
        "rehearsed": rehearsed,
        "precision": trained.precision,
        "seconds": round(time.monotonic() - start, 1),
        "versions": {"modiste": __version__, "torch": torch.__version__, "python": platform.python_version()},
        "threads": torch.get_num_threads(),
        "device": compute.device().type,
    }
    model = save_model(
        out,
        name=out.resolve().name,
        network=network,
        preprocess=preprocess,
        labels=labels,
        scale=recipe.logit_scale,
        calibration=calibration or _carried_over(),
        training=facts,
        card=_card(out.resolve().name, labels, facts),
        history=trained.history,
    )
    if trained.complete:
        checkpoint.unlink(missing_ok=True)
    return model


def rehearse(
    examples: Examples, recipe: Recipe, *, seed: int, preprocess: Preprocess, progress: Progress = silent
) -> Calibration | None:
    """What a shorter run, to which every third type is unseen, teaches about reading and trusting vectors.

    None if there are too few types or photos to learn anything from it, or if it was interrupted.
    """
    unseen = np.unique(examples.types)[1::3]
    if len(unseen) < 2:
        return None
    rng = np.random.default_rng([seed, 1])
    shuffled = rng.permutation(len(examples))
    is_new = np.isin(examples.types[shuffled], unseen)
    known, new = shuffled[~is_new], shuffled[is_new]
    held, learned = np.split(known, [round(HELD_OUT * len(known))])
    learned_types = len(np.unique(examples.types[learned]))  # fewer than the recipe's episodes may want
    judged = np.concatenate([held, *(new[examples.types[new] == kind][:UNSEEN_EACH] for kind in unseen)])

    trained = train(
        _subset(examples, np.sort(learned)),
        replace(recipe, epochs=recipe.rehearsal, ways=min(recipe.ways, learned_types)),
        seed=seed,
        preprocess=preprocess,
        progress=lambda done, total, what: progress(done, total, what.replace("training", "rehearsing")),
    )
    if not trained.complete:
        return None
    network = trained.network.to(compute.device())
    set_prototypes(network, preprocess, _subset(examples, np.sort(learned)), seed)
    vectors = embed(network, preprocess, examples.pixels[examples.rows[judged]])
    types, categories = examples.types[judged], examples.categories[judged]
    support = choose_method(vectors, types, categories=categories, seed=seed)

    # The judged photos in two halves: a shop, and the photos its customers bring.
    order = rng.permutation(len(judged))
    shop, queries = order[::2], order[1::2]
    found = nearest(vectors[shop], vectors[queries], NEIGHBOURS)
    described = features(vectors[queries], vectors[shop], found, network.prototypes.cpu().numpy())
    right = hits(types[queries], types[shop][found.rows[:, :SHOWN]])
    confidence = fit_confidence(described, right)
    threshold = _threshold(~right, confidence.probability(described))
    return Calibration(support, confidence.as_dict(), threshold)


def set_prototypes(network: ResNet, preprocess: Preprocess, examples: Examples, seed: int) -> None:
    """Fill the network's prototypes from up to 100 photos of each type, drawn at random."""
    shuffled = np.random.default_rng([seed, 2]).permutation(len(examples))
    for kind in range(len(network.prototypes)):
        chosen = shuffled[examples.types[shuffled] == kind][:PROTOTYPE_PHOTOS]
        mean = embed(network, preprocess, examples.pixels[examples.rows[chosen]]).mean(axis=0)
        network.prototypes[kind] = torch.from_numpy(mean / np.linalg.norm(mean))


def _threshold(wrong: NDArray[np.bool_], sure: NDArray[np.float64]) -> float:
    """The lowest confidence at which no more than the tolerated share of what is shown is wrong."""
    curve = risk_coverage(wrong, sure)
    within = curve.thresholds[curve.errors <= TOLERATED_ERROR]
    return float(within.min() if len(within) else curve.thresholds.max())


def _carried_over() -> Calibration:
    """The bundled encoder's calibration, for recipes too short to rehearse and runs cut short."""
    encoders = shipped()
    if "default" not in encoders:
        raise ModelError("this run has no rehearsal and no bundled encoder to take a calibration over from")
    return read_calibration(encoders["default"])


def _examples(dataset: Dataset, split: Split, labels: Labels) -> tuple[Examples, tuple[str, ...]]:
    rows, positions, missing = dataset.select(split)
    categories = np.searchsorted(np.array(labels.category_ids), split.category_ids[positions])
    types = labels.type_indices(split.type_ids[positions].tolist())
    return Examples(dataset.pixels, rows, types, categories.astype(np.int64)), missing


def _subset(examples: Examples, chosen: NDArray[np.int64]) -> Examples:
    """These examples alone, their classes counted anew from 0 without gaps."""
    types = np.unique(examples.types[chosen], return_inverse=True)[1].astype(np.int64)
    categories = np.unique(examples.categories[chosen], return_inverse=True)[1].astype(np.int64)
    return Examples(examples.pixels, examples.rows[chosen], types, categories)


def _reading(progress: Progress, done: int, total: int) -> None:
    progress(done, total, "reading photos")


def _fingerprint(split: Split, labels: Labels) -> str:
    """12 hex digits over which photos were learned from, as what."""
    rows = zip(split.ids, split.type_ids.tolist(), split.category_ids.tolist(), strict=True)
    text = "\n".join([*labels.types, *(f"{id},{kind},{category}" for id, kind, category in rows)])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _card(name: str, labels: Labels, facts: dict[str, Any]) -> str:
    """The model's README: what it is, what it was made from, and how to use it."""
    recipe = facts["recipe"]
    early = "" if facts["complete"] else " The run was ended early."
    calibrated = (
        f"a rehearsal of {recipe['rehearsal']:g} epochs in which every third type was unseen"
        if facts["rehearsed"]
        else "the bundled encoder's rehearsal, taken over as it is"
    )
    return f"""# {name}

Tells {len(labels)} article types in {len(labels.categories)} categories apart, and places photos of types
it has never seen near their like. Trained from scratch by Modiste {facts["versions"]["modiste"]}.{early}

- recipe: `{recipe["name"]}`, seed {facts["seed"]}: {recipe["epochs"]:g} epochs of {facts["photos"]:,} photos
- data: {facts["data"]}, {len(facts["missing"])} photos missing
- time: {facts["seconds"]:.0f} s, {facts["threads"]} threads, {facts["device"]}, {facts["precision"]}
- calibration: {calibrated}
- versions: torch {facts["versions"]["torch"]}, Python {facts["versions"]["python"]}

Measure it with `modiste evaluate`; search with it with `modiste index --model`.

Types: {", ".join(labels.types)}.
"""
