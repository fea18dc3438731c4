"""Photos and a split → a model folder: train, settle the calibration on training classes, save.

The calibration needs to know how the network does on types it has never seen, and no test photo may be
looked at for that. So a *rehearsal* comes first: a shorter run of the same recipe in which every third
training type plays the unseen one. On its held-out photos it is settled how support sets are read, how sure
a recommendation is, and below which confidence it is withheld. Recipes too short to rehearse take over what
the bundled encoder's rehearsal found.

There are two regimes, which are never mixed up. In the *course* regime types and categories of the training
photos are all that is learned from; the table's other columns are not looked at. A *rich* recipe also learns
from base colour, gender, usage, season and product name, of the same training photos and of no others.
"""

from __future__ import annotations

import glob
import hashlib
import platform
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from modiste import __version__, compute
from modiste.catalogue import nearest
from modiste.datasets import Labels, Split, dataset_of, open_listings, read_splits
from modiste.datasets.attributes import ATTRIBUTES, Attributes
from modiste.errors import ModelError
from modiste.memory import Memory
from modiste.metrics import RiskCoverage, hits, risk_coverage
from modiste.model import Calibration, MeasuredCurve, Model, embed, every_stage, pooled, style_of
from modiste.model_folder import check_model_place, load_model, read_calibration, save_model, shipped
from modiste.networks import ResNet
from modiste.networks.style import StyleHead
from modiste.networks.text import TextMatcher
from modiste.preprocessing import Preprocess
from modiste.progress import Progress, silent
from modiste.recommendation import features, fit_confidence
from modiste.recommendation.confidence import NEIGHBOURS, SHOWN
from modiste.recommendation.style import AMONG, PULL, choose_pull
from modiste.support_set import choose_method
from modiste.training import Examples, Recipe, Teacher, open_recipe, train
from modiste.training.curves import draw_history
from modiste.training.distributed import Ranks, joined, leads
from modiste.training.look import SHARES, fit_style, fit_text, views_of
from modiste.training.tensorboard import tensorboard_log
from modiste.training.whitening import within_type_whitening

__all__ = [
    "Parts",
    "fingerprint",
    "learn",
    "leave_types_out",
    "look_again",
    "preprocess_of",
    "read_examples",
    "rehearse",
    "remember",
    "settle",
    "subset",
]

TOLERATED_ERROR = 0.05  # the threshold lets this share of shown recommendations be wrong, in the rehearsal
HELD_OUT = 0.1  # share of the learned types' photos that the rehearsal is judged on
SETTLING_PHOTOS = 200  # of each type, for the network's whitening and prototypes
EMBEDDED_AT_ONCE = 2048
UNSEEN_EACH = 60  # photos of each type the rehearsal has not learned: about the share new types have in life
DEALINGS = 4  # of its photos into a shop and customers' photos, which then change places: steadier than one


@joined()
def learn(
    data: Sequence[str | Path],
    splits: str | Path | Split,
    recipe: str | Path | Recipe,
    *,
    seed: int = 0,
    out: str | Path,
    resume: bool = False,
    grey: bool = False,
    column: str = "articleType",
    teacher: str | Path | None = None,
    tensorboard: str | Path | None = None,
    progress: Progress = silent,
) -> Model:
    """Train on the photos of ``splits/train.csv`` found in ``data`` and write a model folder to ``out``.

    ``splits`` may also be the `Split` itself, and ``column`` says of which column its types are. ``grey``
    takes the colours out of all photos, now and later.

    ``teacher`` is a model, by its folder or name, whose vectors of these photos the network learns to tell,
    too (`Recipe.teacher_weight`); best one that learned from the same photos, as several networks. What it
    has seen counts as seen: a teacher that knows test photos or new types spoils every figure for them.

    ``recipe`` is a `modiste.training.Recipe`, the name of one, or a JSON file of its fields. A killed run
    goes on with ``resume``; Ctrl-C ends it early and saves what was learned so far. ``tensorboard`` is a
    folder to log the run to as it goes.

    Processes that ``torchrun`` started train together: all read the photos and return the model, one shows
    progress, calibrates and writes. They must all see the folder that ``out`` is in.

    Raises `DataError` for data and splits that do not fit, and for a rich recipe where columns it learns from
    are missing, `RecipeError` for an unknown recipe and for MAML with a teacher, `ModelError` if ``out`` is
    taken by something else or the teacher is not there, `ModisteError` if TensorBoard is asked for and not
    installed.
    """
    out = Path(out)
    if not leads():
        progress, tensorboard = silent, None
    recipe = recipe if isinstance(recipe, Recipe) else open_recipe(recipe)
    check_model_place(out)
    split = splits if isinstance(splits, Split) else read_splits(splits).train
    start = time.monotonic()
    preprocess = replace(preprocess_of(recipe), grey=grey)
    checkpoint = out.parent / f".{out.name}.checkpoint"
    labels = Labels.of(split)
    teacher_model = None if teacher is None else load_model(teacher)
    if teacher_model is not None:
        recipe.check_teacher()
    with tensorboard_log(tensorboard) as report:  # first, so that what it lacks is said before the long run
        examples, missing = read_examples(
            data, split, labels, preprocess, recipe, seed=seed, progress=progress
        )
        if teacher_model is not None:  # which may want photos of another size
            wanted = teacher_model.preprocess
            its_own, _ = read_examples(data, split, labels, wanted, recipe, seed=seed, progress=progress)
            vectors = _vectors(teacher_model.network, wanted, its_own, "asking the teacher", progress)
            examples = replace(examples, teacher=Teacher(teacher_model.id, vectors))
        began = time.monotonic()
        trained = train(
            examples,
            recipe,
            seed=seed,
            preprocess=preprocess,
            checkpoint=checkpoint,
            resume=resume,
            progress=progress,
            report=report,
        )
        start -= max(0.0, trained.seconds - (time.monotonic() - began))  # what it took before it was resumed
    network = trained.network.to(compute.device())
    settled = None
    if leads():
        settled = settle(network, preprocess, examples, seed, components=recipe.components)
    calibration, rehearsed = None, False
    style_head, text_matcher, memory, complete = None, None, None, trained.complete
    if complete and recipe.rehearsal:
        calibration = rehearse(examples, recipe, seed=seed, preprocess=preprocess, progress=progress)
        rehearsed = calibration is not None
    if not leads():
        Ranks().wait()
        return load_model(out)
    try:
        if complete and recipe.memory:
            memory = remember(
                network, preprocess, examples, settled, balance=recipe.balance, progress=progress
            )
        if complete and recipe.regime == "rich":
            style_head, text_matcher = look_again(
                network, preprocess, examples, recipe, seed=seed, progress=progress
            )
    except KeyboardInterrupt:
        complete = False
    calibration = calibration or _carried_over()
    if style_head is not None and calibration.style_pull is None:
        calibration = replace(calibration, style_pull=PULL)
    facts = {
        "regime": recipe.regime,
        "column": column,
        "teacher": None if teacher_model is None else teacher_model.id,
        "recipe": recipe.as_dict(),
        "seed": seed,
        "photos": len(examples),
        "missing": list(missing),
        "data": fingerprint(split, labels),
        "complete": complete,
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
        calibration=calibration,
        training=facts,
        card=_card(out.resolve().name, labels, facts),
        history=trained.history,
        curve=_curve(out.resolve().name, facts, trained.history),
        style_head=style_head,
        text_matcher=text_matcher,
        memory=memory,
    )
    if complete:  # also of members that another recipe had more of
        for left in (checkpoint, *checkpoint.parent.glob(f"{glob.escape(checkpoint.name)}-*")):
            left.unlink(missing_ok=True)
    Ranks().wait()
    return model


def look_again(
    network: ResNet,
    preprocess: Preprocess,
    examples: Examples,
    recipe: Recipe,
    *,
    seed: int,
    progress: Progress = silent,
) -> tuple[StyleHead | None, TextMatcher | None]:
    """What a rich recipe learns once its network is done: style head and text encoder; the network stays.

    None for a part to which the recipe gives no epochs. The examples need attributes.
    """
    known = examples.attributes
    if known is None or not (recipe.style_epochs or recipe.text_epochs):
        return None, None
    views = views_of(
        network, preprocess, examples, recipe.augmentation, copies=recipe.copies, seed=seed, progress=progress
    )
    head, matcher = None, None
    if recipe.style_epochs:
        head = fit_style(views, known, epochs=recipe.style_epochs, seed=seed, progress=progress)
    if recipe.text_epochs:
        matcher = fit_text(views, known.names, epochs=recipe.text_epochs, seed=seed, progress=progress)
    return head, matcher


def rehearse(
    examples: Examples, recipe: Recipe, *, seed: int, preprocess: Preprocess, progress: Progress = silent
) -> Calibration | None:
    """What a shorter run, to which every third type is unseen, teaches about reading and trusting vectors.

    None if there are too few types or photos to learn anything from it, or if it was interrupted; and in all
    but the first of several processes, which only help to train.
    """
    rng = np.random.default_rng([seed, 1])
    parts = leave_types_out(examples, rng)
    if parts is None:
        return None
    learned = subset(examples, parts.learned)
    judged = np.concatenate([parts.held, parts.unseen])

    learned_types = len(np.unique(learned.types))  # fewer than the recipe's episodes may want
    trained = train(
        learned,
        replace(recipe, epochs=recipe.rehearsal, ways=min(recipe.ways, learned_types)),
        seed=seed,
        preprocess=preprocess,
        progress=lambda done, total, what: progress(done, total, what.replace("training", "rehearsing")),
    )
    if not trained.complete or not leads():
        return None
    network = trained.network.to(compute.device())
    settle(network, preprocess, learned, seed, components=recipe.components)
    vectors = embed(network, preprocess, examples.photos(judged))
    types, categories = examples.types[judged], examples.categories[judged]
    support = choose_method(vectors, types, categories=categories, seed=seed)

    # The judged photos in two halves: a shop, and the photos its customers bring.
    halves = [(order[::2], order[1::2]) for order in (rng.permutation(len(judged)) for _ in range(DEALINGS))]
    answers = [
        _questions(vectors, types, shop, queries, network.prototypes.cpu().numpy())
        for one, other in halves
        for shop, queries in ((one, other), (other, one))
    ]
    described, right = (np.concatenate(part) for part in zip(*answers, strict=True))
    confidence = fit_confidence(described, right)
    curve = risk_coverage(~right, confidence.probability(described))

    pull = None
    if recipe.style_epochs and examples.attributes is not None:
        shorter = replace(recipe, text_epochs=0, copies=min(1, recipe.copies))  # enough for one number
        head, _ = look_again(network, preprocess, learned, shorter, seed=seed, progress=progress)
        if head is not None:
            seen = every_stage(network, preprocess, examples.photos(judged))
            styles, _ = style_of(head, seen)
            wanted = [at for at, name in enumerate(ATTRIBUTES) if SHARES[name]]
            codes = examples.attributes.codes[judged][:, wanted]
            shop, queries = halves[0]
            pull = choose_pull(
                nearest(vectors[shop], vectors[queries], AMONG),
                styles[queries],
                styles[shop],
                types[queries],
                types[shop],
                codes[queries],
                codes[shop],
                shown=SHOWN,
            )
    return Calibration(
        support,
        confidence.as_dict(),
        _threshold(curve),
        style_pull=pull,
        curve=MeasuredCurve.of(curve, n=len(judged), source="rehearsal"),
    )


def _questions(
    vectors: NDArray[np.float32],
    types: NDArray[np.int64],
    shop: NDArray[np.int64],
    queries: NDArray[np.int64],
    bank: NDArray[np.float32],
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """What the confidence sees of these queries to this shop, and whether one of the items shown fits."""
    found = nearest(vectors[shop], vectors[queries], NEIGHBOURS)
    described = features(vectors[queries], vectors[shop], found, bank)
    return described, hits(types[queries], types[shop][found.rows[:, :SHOWN]])


class Parts(NamedTuple):
    """Training photos dealt out by :func:`leave_types_out`; positions among the examples, one array each.

    ``learned`` ascends. ``held`` are photos of the types in ``learned``, kept back; ``unseen`` are photos of
    the other types, of one type after the other.
    """

    learned: NDArray[np.int64]
    held: NDArray[np.int64]
    unseen: NDArray[np.int64]


def leave_types_out(examples: Examples, rng: np.random.Generator) -> Parts | None:
    """Every third type to be unseen, a tenth of the other types' photos held back, the rest to learn from.

    At most 60 photos of an unseen type come along. None if fewer than two types would be unseen.
    """
    unseen = np.unique(examples.types)[1::3]
    if len(unseen) < 2:
        return None
    shuffled = rng.permutation(len(examples))
    is_new = np.isin(examples.types[shuffled], unseen)
    known, new = shuffled[~is_new], shuffled[is_new]
    held, learned = np.split(known, [round(HELD_OUT * len(known))])
    some = [new[examples.types[new] == kind][:UNSEEN_EACH] for kind in unseen]
    return Parts(np.sort(learned), held, np.concatenate(some))


class Seen(NamedTuple):
    """Pooled ``features`` (n, F) of the examples' ``rows`` (n,)."""

    rows: NDArray[np.int64]
    features: NDArray[np.float32]


def settle(
    network: ResNet, preprocess: Preprocess, examples: Examples, seed: int, *, components: int = 0
) -> Seen:
    """Fill the network's whitening and its prototypes from up to 200 photos of each type, drawn at random.

    Each of several members is whitened by itself, which leaves so many ``components`` of it (0: all): what
    they have in common is not to be taken for noise. Returns what the network has seen for that.
    """
    shuffled = np.random.default_rng([seed, 2]).permutation(len(examples))
    kinds = range(len(network.prototypes))
    chosen = np.concatenate([shuffled[examples.types[shuffled] == kind][:SETTLING_PHOTOS] for kind in kinds])
    types = examples.types[chosen]
    features = pooled(network, preprocess, examples.photos(chosen))
    if network.config.features == "pooled":
        network.make_room(components)
        for own in network.member_places():
            centre, whitening = within_type_whitening(
                features[:, own.numpy()], types, components=network.config.components
            )
            network.centre[own] = torch.from_numpy(centre).to(network.centre)
            network.whitening[own] = torch.from_numpy(whitening).to(network.whitening)
    with torch.inference_mode():
        vectors = network.embed(torch.from_numpy(features).to(network.prototypes.device)).cpu()
    for kind in kinds:
        network.prototypes[kind] = F.normalize(vectors[types == kind].mean(dim=0), dim=0)
    return Seen(chosen, features)


def remember(
    network: ResNet,
    preprocess: Preprocess,
    examples: Examples,
    settled: Seen | None = None,
    *,
    balance: float = 0.5,
    progress: Progress = silent,
) -> Memory:
    """The vectors of all photos learned from; ``balance`` as in the recipe.

    The network is settled, and what it has ``settled`` by need not be looked at again.
    """
    vectors = _vectors(network, preprocess, examples, "remembering photos", progress, settled)
    return Memory.of(vectors, examples.types, balance=balance)


def _vectors(
    network: ResNet,
    preprocess: Preprocess,
    examples: Examples,
    what: str,
    progress: Progress,
    seen: Seen | None = None,
) -> NDArray[np.float32]:
    """What a settled network sees in all examples (N, D); of some it has ``seen`` the features before."""
    vectors = np.empty((len(examples), network.config.dimension), np.float32)
    others = np.arange(len(examples))
    if seen is not None:
        with torch.inference_mode():
            features = torch.from_numpy(seen.features).to(network.prototypes.device)
            vectors[seen.rows] = network.embed(features).cpu().numpy()
        others = np.setdiff1d(others, seen.rows)
    done = len(examples) - len(others)
    progress(done, len(examples), what)
    for start in range(0, len(others), EMBEDDED_AT_ONCE):
        some = others[start : start + EMBEDDED_AT_ONCE]
        vectors[some] = embed(network, preprocess, examples.photos(some))
        done += len(some)
        progress(done, len(examples), what)
    return vectors


def _threshold(curve: RiskCoverage) -> float:
    """The lowest confidence at which no more than the tolerated share of what is shown is wrong."""
    within = curve.thresholds[curve.errors <= TOLERATED_ERROR]
    return float(within.min() if len(within) else curve.thresholds.max())


def _carried_over() -> Calibration:
    """The bundled encoder's calibration, for recipes too short to rehearse and runs cut short.

    Without what was measured with that encoder, which says nothing about another.
    """
    encoders = shipped()
    if "default" not in encoders:
        raise ModelError("this run has no rehearsal and no bundled encoder to take a calibration over from")
    return replace(read_calibration(encoders["default"]), curve=None, guarantee=None)


def preprocess_of(recipe: Recipe) -> Preprocess:
    """Photos are used at the size they were last learned at: any other costs accuracy."""
    last = recipe.stages[-1]
    return Preprocess(height=last.height, width=last.width)


def read_examples(
    data: Sequence[str | Path],
    split: Split,
    labels: Labels,
    preprocess: Preprocess,
    recipe: Recipe,
    *,
    seed: int = 0,
    progress: Progress = silent,
) -> tuple[Examples, tuple[str, ...]]:
    """The split's photos that are in ``data``, to learn from, and the ids of those that are not.

    Their attributes come along for a rich recipe; `DataError` if there are no columns for them. Where the
    recipe takes some of each type, of those that are there, no others are decoded; else all are, for whoever
    comes next.
    """
    listings = open_listings(data)
    only, absent = None, np.empty(0, str)
    if recipe.most_per_type:
        there = np.isin(split.ids, [id for listing in listings for id in listing.ids])
        if there.any():  # else it is said below that they do not belong together
            absent = np.array(split.ids)[~there]
            split = split.part(np.flatnonzero(there)).some_of_each(recipe.most_per_type, seed=seed)
        only = frozenset(split.ids)
    dataset = dataset_of(listings, preprocess, only=only, progress=partial(_reading, progress))
    rows, positions, missing = dataset.select(split)
    categories = np.searchsorted(np.array(labels.category_ids), split.category_ids[positions])
    types = labels.type_indices(split.type_ids[positions].tolist())
    attributes = Attributes.of(dataset.table, rows) if recipe.regime == "rich" else None
    examples = Examples(dataset.pixels, rows, types, categories.astype(np.int64), attributes)
    return examples, (*absent.tolist(), *missing)


def subset(examples: Examples, chosen: NDArray[np.int64]) -> Examples:
    """These examples alone, their classes counted anew from 0 without gaps, and without a teacher.

    For a rehearsal plays some types unseen, and a teacher has seen them.
    """
    types = np.unique(examples.types[chosen], return_inverse=True)[1].astype(np.int64)
    categories = np.unique(examples.categories[chosen], return_inverse=True)[1].astype(np.int64)
    attributes = None if examples.attributes is None else examples.attributes.subset(chosen)
    return Examples(examples.pixels, examples.rows[chosen], types, categories, attributes)


def _reading(progress: Progress, done: int, total: int) -> None:
    progress(done, total, "reading photos")


def fingerprint(split: Split, labels: Labels) -> str:
    """12 hex digits over which photos were learned from, as what."""
    rows = zip(split.ids, split.type_ids.tolist(), split.category_ids.tolist(), strict=True)
    text = "\n".join([*labels.types, *(f"{id},{kind},{category}" for id, kind, category in rows)])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _curve(name: str, facts: dict[str, Any], history: list[dict[str, float]]) -> bytes | None:
    """The learning curve as a PNG; None for a run that ended before its first report."""
    if not history:
        return None
    return draw_history(history, title=f"{name}: {facts['recipe']['name']}, seed {facts['seed']}")


def _card(name: str, labels: Labels, facts: dict[str, Any]) -> str:
    """The model's README: what it is, what it was made from, and how to use it."""
    recipe = facts["recipe"]
    early = "" if facts["complete"] else " The run was ended early."
    calibrated = (
        f"a rehearsal of {recipe['rehearsal']:g} epochs in which every third type was unseen"
        if facts["rehearsed"]
        else "the bundled encoder's rehearsal, taken over; what its thresholds would do here was not measured"
    )
    shown = f"{recipe['epochs']:g} epochs of {facts['photos']:,} photos"
    if recipe["members"] > 1:
        shown += f", {recipe['members']} networks as one"
    taught = f"- teacher: {facts['teacher']}, whose vectors it learned to tell\n" if facts["teacher"] else ""
    labels_used = (
        "course: types and categories of the training photos"
        if facts["regime"] == "course"
        else "rich: also base colour, gender, usage, season and product name of the same training photos"
    )
    return f"""# {name}

Tells {len(labels)} article types in {len(labels.categories)} categories apart, and places photos of types
it has never seen near their like. Trained from scratch by Modiste {facts["versions"]["modiste"]}.{early}

- regime: {labels_used}
- recipe: `{recipe["name"]}`, seed {facts["seed"]}: {shown}
{taught}- data: {facts["data"]}, {len(facts["missing"])} photos missing
- time: {facts["seconds"]:.0f} s, {facts["threads"]} threads, {facts["device"]}, {facts["precision"]}
- calibration: {calibrated}
- versions: torch {facts["versions"]["torch"]}, Python {facts["versions"]["python"]}

Measure it with `modiste evaluate`; search with it with `modiste index --model`.

Types: {", ".join(labels.types)}.
"""
