"""The loop that teaches labels to any network, flat: new or fine-tuned, one label a photo or many."""

from __future__ import annotations

import copy
import json
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from modiste import compute
from modiste.datasets.label_set import LabelSet
from modiste.errors import DataError, ModelError, RecipeError
from modiste.mapped_file import take
from modiste.metrics.labels import best_thresholds, f1_micro, per_label, subset_accuracy
from modiste.networks import Network
from modiste.networks.weights import pretrained_network
from modiste.preprocessing import Preprocess
from modiste.progress import Progress, silent
from modiste.training.adamw import AdamW
from modiste.training.augmentation import augment, cutmix
from modiste.training.checkpoint import load_checkpoint, save_checkpoint
from modiste.training.label_recipes import LabelRecipe
from modiste.training.losses import (
    balanced_weights,
    binary_cross_entropy_loss,
    binary_focal_loss,
    cross_entropy_loss,
    photo_weights,
)
from modiste.training.muon import Muon
from modiste.training.tensorboard import Report

__all__ = ["LabelExamples", "LabelTrained", "freeze", "label_loss", "train_labels", "tune_thresholds"]


BATCH = 128  # photos of 80 × 60 that are judged at once
LARGE = 4_000_000  # weights of a matrix left to AdamW: making it orthogonal would take longer than the rest


@dataclass(frozen=True)
class LabelExamples:
    """N photos to learn from: ``pixels[rows]`` (N, H, W, 3) uint8, and their labels in ``matrix`` (N, C)."""

    pixels: NDArray[np.uint8]
    rows: NDArray[np.int64]
    matrix: NDArray[np.uint8]

    def __post_init__(self) -> None:
        if len(self.rows) != len(self.matrix) or not len(self.rows):
            raise DataError(f"{len(self.rows)} photos need as many rows of labels, and one photo at least")

    def __len__(self) -> int:
        return len(self.rows)

    def photos(self, chosen: NDArray[np.int64] | slice) -> NDArray[np.uint8]:
        """The pixels (n, H, W, 3) of some of the N photos."""
        return take(self.pixels, self.rows[chosen])


@dataclass(frozen=True)
class LabelTrained:
    """The weights of the best epoch by macro-F1 on validation photos (of the last one without any).

    ``thresholds`` (C,) were tuned on those photos. ``history`` has a row for each epoch. ``complete`` is
    False when the run was interrupted: the network is usable, only less good.
    """

    network: Network
    thresholds: NDArray[np.float64]
    seconds: float
    precision: str
    complete: bool
    best_epoch: int
    history: list[dict[str, float]] = field(repr=False)


def train_labels(
    examples: LabelExamples,
    validation: LabelExamples | None,
    labels: LabelSet,
    recipe: LabelRecipe,
    *,
    seed: int = 0,
    preprocess: Preprocess,
    checkpoint: Path | None = None,
    resume: bool = False,
    progress: Progress = silent,
    report: Report | None = None,
) -> LabelTrained:
    """Teach a network the ``labels`` as ``recipe`` says.

    The same seed gives the same batches and, on one machine and thread count, the same weights, also when the
    run was killed and resumed: with ``checkpoint`` (a file) the state is kept there after every epoch, and
    with ``resume`` the run goes on from it. Ctrl-C ends the run early with what was learned so far.
    ``report`` is called with each new row of the history.

    Raises `RecipeError` for a schedule by plateau without validation photos, `ModelError` for weights that
    are not there or a checkpoint of another run.
    """
    # Set-up: everything random hangs on the seed.
    if recipe.schedule == "plateau" and validation is None:
        raise RecipeError(
            f"recipe {recipe.name!r}: the schedule 'plateau' waits for validation photos; there are none; "
            "split into train/val/test, such as 72/18/10, or set schedule to 'cosine'"
        )
    torch.manual_seed(seed)
    compute.keep_freed_memory()
    device, precision = compute.device(), compute.precision()
    size = {"height": preprocess.height, "width": preprocess.width}
    network = pretrained_network(recipe.network, recipe.weights, types=len(labels), **size).to(device)
    best = copy.deepcopy(network)
    average = copy.deepcopy(network).requires_grad_(False).eval() if recipe.ema else network
    optimisers = _optimisers(network, recipe, precision)
    matrix = torch.from_numpy(examples.matrix)
    by_label = balanced_weights(matrix)
    chances = photo_weights(matrix, by_label).double().numpy()
    weights = by_label.to(device) if recipe.class_weights else None
    batch = min(recipe.batch, len(examples))
    steps_per_epoch = len(examples) // batch
    steps = recipe.epochs * steps_per_epoch
    features = None
    if recipe.learns == "features":
        features = _both_views(network, preprocess, examples, precision, progress)
    held = None  # where the body learns nothing, validation photos need to pass it only once
    if validation is not None and recipe.learns in ("features", "head"):
        held = _both_views(network, preprocess, validation, precision, progress).mean(dim=0)
    history: list[dict[str, float]] = []
    first, seconds_before, best_f1, best_epoch, waited, lowered = 0, 0.0, -1.0, 0, 0, 1.0
    parts: dict[str, nn.Module | torch.optim.Optimizer] = {"network": network, "best": best, **optimisers}
    if recipe.ema:
        parts["average"] = average

    # What makes this run this run: a checkpoint of another one is refused.
    run = {
        "recipe": recipe.as_dict(),
        "seed": seed,
        "photos": len(examples),
        "labels": labels.as_dict(),
        "precision": str(precision),
    }
    run = json.loads(json.dumps(run))
    if resume and checkpoint is not None and checkpoint.exists():
        facts = load_checkpoint(checkpoint, parts)
        if facts["run"] != run:
            raise ModelError(
                f"{checkpoint}: of another recipe, seed or data; leave out --resume to start afresh"
            )
        first, seconds_before, history = facts["epoch"], facts["seconds"], facts["history"]
        best_f1, best_epoch, waited, lowered = facts["best"]

    start = time.monotonic()
    complete = True
    try:
        for epoch in range(first, recipe.epochs):
            # An epoch: which photos, in which order, and what may learn from them.
            rng = np.random.default_rng([seed, epoch])
            if recipe.sampler == "weighted":
                order = rng.choice(len(examples), size=len(examples), p=chances / chances.sum())
            else:
                order = rng.permutation(len(examples))
            total, rate = 0.0, 0.0
            for position in range(steps_per_epoch):
                step = epoch * steps_per_epoch + position
                chosen = order[position * batch : (position + 1) * batch]
                state = np.random.SeedSequence([seed, step]).generate_state(1, np.uint64)
                generator = torch.Generator().manual_seed(int(state[0] >> 1))
                torch.manual_seed(generator.initial_seed())  # for what the network leaves out at random
                freeze(network, recipe, epoch)

                # Forward, backward, update.
                rate = _rate(recipe, step / steps, 1 / steps) * lowered
                for optimiser in optimisers.values():
                    for group in optimiser.param_groups:
                        group["lr"] = group["peak"] * rate
                mixture = None
                if features is None:
                    photos = torch.from_numpy(examples.photos(chosen)).to(device)
                    pictures = augment(
                        photos,
                        recipe.augmentation,
                        height=preprocess.height,
                        width=preprocess.width,
                        generator=generator,
                    )
                    if recipe.cutmix and float(torch.rand((), generator=generator)) < recipe.cutmix:
                        pictures, mixture = cutmix(pictures, generator=generator)
                    with torch.autocast(device.type, precision, enabled=precision != torch.float32):
                        seen = network(_normalised(pictures, preprocess))
                else:
                    views = torch.randint(2, (len(chosen),), generator=generator)
                    seen = features[views, torch.from_numpy(chosen)].to(device)
                scores, borne = network.type_scores(seen), matrix[chosen].to(device)
                loss_of = partial(label_loss, scores, labels=labels, recipe=recipe, weights=weights)
                loss = loss_of(borne) if mixture is None else mixture.loss(loss_of, borne)
                loss.backward()  # type: ignore[no-untyped-call]
                for optimiser in optimisers.values():
                    optimiser.step()
                    optimiser.zero_grad(set_to_none=True)
                if recipe.ema:
                    _average(average, network, decay=min(recipe.ema, (1 + step) / (10 + step)))
                total += float(loss.detach())
                progress(step + 1, steps, f"training, loss {total / (position + 1):.3f}")

            # Judge, report and keep.
            row: dict[str, float] = {
                "epoch": epoch + 1,
                "step": (epoch + 1) * steps_per_epoch,
                "photos": (epoch + 1) * steps_per_epoch * batch,
                "loss": round(total / max(1, steps_per_epoch), 5),
                "rate": round(rate, 6),
            }
            if validation is not None:
                judged = _scores(average, preprocess, validation, precision, held)
                row |= _judged(judged, validation, labels, recipe)
            row["seconds"] = round(seconds_before + time.monotonic() - start, 2)
            waited += 1
            if validation is None or row["val_f1_macro"] > best_f1:
                best_f1, best_epoch, waited = row.get("val_f1_macro", -1.0), epoch + 1, 0
                best.load_state_dict(average.state_dict())
            if recipe.schedule == "plateau" and waited >= recipe.patience:
                lowered, waited = lowered * recipe.factor, 0
            history.append(row)
            if report is not None:
                report(row)
            if checkpoint is not None:
                facts = {
                    "epoch": epoch + 1,
                    "seconds": row["seconds"],
                    "history": history,
                    "best": [best_f1, best_epoch, waited, lowered],
                    "run": run,
                }
                save_checkpoint(checkpoint, parts, facts)
    except KeyboardInterrupt:
        complete = False
        if best_epoch == 0:
            best.load_state_dict(average.state_dict())
    best.requires_grad_(False).eval()
    thresholds = np.full(len(labels), 0.5)
    if validation is not None:
        judged = _scores(best, preprocess, validation, precision, held)
        thresholds = tune_thresholds(
            validation.matrix, labels.probabilities(judged, recipe.answer), recipe.thresholds
        )
    seconds = seconds_before + time.monotonic() - start
    name = str(precision).removeprefix("torch.")
    return LabelTrained(best.cpu(), thresholds, seconds, name, complete, best_epoch, history)


def label_loss(
    scores: Tensor, matrix: Tensor, labels: LabelSet, recipe: LabelRecipe, *, weights: Tensor | None = None
) -> Tensor:
    """What scores (N, C) cost where photos bear the labels in ``matrix`` (N, C); see `LabelRecipe`.

    Under cross-entropy every group counts alike, and all labels that stand alone as much as one group. A
    photo without a label of a group teaches that group nothing.
    """
    if recipe.loss == "bce":
        return binary_cross_entropy_loss(scores, matrix, smoothing=recipe.smoothing, weights=weights)
    if recipe.loss == "focal":
        return binary_focal_loss(scores, matrix, alpha=recipe.alpha, gamma=recipe.gamma, weights=weights)
    losses = []
    for where in labels.tasks.values():
        known = (matrix[:, where] > 0).any(dim=1)
        if known.any():
            losses.append(
                cross_entropy_loss(
                    scores[known][:, where],
                    matrix[known][:, where].argmax(dim=1),
                    smoothing=recipe.smoothing,
                    weights=None if weights is None else weights[where],
                )
            )
    if len(alone := labels.alone):
        own = None if weights is None else weights[alone]
        losses.append(
            binary_cross_entropy_loss(
                scores[:, alone], matrix[:, alone], smoothing=recipe.smoothing, weights=own
            )
        )
    return torch.stack(losses).mean() if losses else scores.sum() * 0


def freeze(network: Network, recipe: LabelRecipe, epoch: int) -> None:
    """Let learn what the recipe says in this epoch (from 0), and hold the rest, batch-norm statistics too."""
    parts = network.parts()
    open_parts = {
        "full": len(parts),
        "head": 1,
        "features": 1,
        "last-blocks": 1 + recipe.blocks,
        "gradual": 1 + epoch * len(parts) // recipe.epochs,
    }[recipe.learns]
    learning = [name for part in parts[-open_parts:] for name in part]
    if open_parts >= len(parts):
        network.train().requires_grad_(True)
        return
    network.eval().requires_grad_(False)
    for name in learning:
        if isinstance(found := _named(network, name), nn.Module):
            found.train().requires_grad_(True)
        else:
            found.requires_grad_(True)
    network.training = True  # for what `type_scores` leaves out; modules below keep their own mode


def tune_thresholds(
    truth: NDArray[np.uint8], probabilities: NDArray[np.float32], how: str
) -> NDArray[np.float64]:
    """Thresholds (C,) for photos with labels (N, C): "half", the best for "each", or one for all ("global").

    The global one has the best macro-F1 among the hundredths.

    >>> tune_thresholds(np.array([[1, 0], [0, 1]]), np.array([[0.3, 0.1], [0.1, 0.4]]), "global").tolist()
    [0.3, 0.3]
    """
    labels = truth.shape[1]
    if how == "half":
        return np.full(labels, 0.5)
    if how == "each":
        return best_thresholds(truth, probabilities)
    candidates = np.arange(1, 100) / 100
    f1 = np.array([per_label(truth, probabilities >= t).f1.mean() for t in candidates])
    best = np.flatnonzero(f1 >= f1.max() - 1e-12)
    return np.full(labels, candidates[best[np.abs(candidates[best] - 0.5).argmin()]])


def _judged(
    scores: NDArray[np.float32], photos: LabelExamples, labels: LabelSet, recipe: LabelRecipe
) -> dict[str, float]:
    """Validation's part of a row of the history."""
    made = torch.from_numpy(scores)
    loss = float(label_loss(made, torch.from_numpy(photos.matrix), labels, recipe))
    probabilities = labels.probabilities(scores, recipe.answer)
    thresholds = tune_thresholds(photos.matrix, probabilities, recipe.thresholds)
    said = labels.decide(probabilities, recipe.answer, thresholds)
    each = per_label(photos.matrix, said)
    borne = each.support > 0
    return {
        "val_loss": round(loss, 5),
        "val_f1_macro": round(float(each.f1[borne].mean()), 6) if borne.any() else 0.0,
        "val_f1_micro": round(f1_micro(photos.matrix, said), 6),
        "val_subset_accuracy": round(subset_accuracy(photos.matrix, said), 6),
    }


def _optimisers(
    network: Network, recipe: LabelRecipe, precision: torch.dtype
) -> dict[str, torch.optim.Optimizer]:
    """AdamW for everything, or for the first part, the head and all vectors, with Muon for the rest.

    Each group keeps its ``peak`` rate. Vectors (biases, batch norms) do not decay, and those of the body
    learn at a rate of their own.
    """
    parts = network.parts()
    head, first = parts[-1], parts[0]
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    kernels = []
    for name, parameter in network.named_parameters():
        in_head = _within(name, head)
        channels_alone = parameter.ndim == 4 and parameter.shape[1] == 1
        if (
            recipe.optimiser == "muon"
            and parameter.ndim in (2, 4)
            and parameter.numel() < LARGE
            and not (in_head or channels_alone or _within(name, first))
        ):
            kernels.append(parameter)
        else:
            groups.setdefault((in_head, parameter.ndim > 1), []).append(parameter)
    made: dict[str, torch.optim.Optimizer] = {
        "adam": AdamW(
            [
                {
                    "params": parameters,
                    "weight_decay": recipe.weight_decay if decays else 0.0,
                    "peak": recipe.rate * _relative_rate(recipe, in_head, decays),
                }
                for (in_head, decays), parameters in groups.items()
            ],
            lr=recipe.rate,
        )
    }
    if kernels:
        muon = Muon(kernels, recipe.muon_rate, weight_decay=recipe.weight_decay, precision=precision)
        muon.param_groups[0]["peak"] = recipe.muon_rate * recipe.body_rate
        made["muon"] = muon
    return made


def _relative_rate(recipe: LabelRecipe, in_head: bool, matrix: bool) -> float:
    """The peak rate of a matrix, or of a vector, in units of the head's."""
    if in_head:
        return 1.0
    return recipe.body_rate if matrix else recipe.body_rate * recipe.norm_rate


def _within(name: str, part: tuple[str, ...]) -> bool:
    return name in part or name.startswith(tuple(f"{member}." for member in part))


def _named(network: Network, name: str) -> nn.Module | nn.Parameter:
    """A module or parameter by its dotted name."""
    found: nn.Module | nn.Parameter = network
    for step in name.split("."):
        found = getattr(found, step)
    return found


def _rate(recipe: LabelRecipe, share: float, a_step: float) -> float:
    """The share of the peak rate at this share of the run."""
    warm = min(1.0, (share + a_step) / recipe.warmup)
    if recipe.schedule == "plateau":
        return warm
    if recipe.schedule == "trapezoid":
        return warm * min(1.0, (1 - share) / recipe.cooldown)
    return warm * 0.5 * (1 + math.cos(math.pi * share))


def _normalised(pictures: Tensor, preprocess: Preprocess) -> Tensor:
    """Pictures (N, 3, H, W) on the 0–255 scale as the network sees them."""
    if preprocess.grey:  # what the augmentation tinted is grey again
        pictures = pictures.mean(dim=1, keepdim=True).expand(-1, 3, -1, -1)
    mean = torch.tensor(preprocess.mean, device=pictures.device).view(1, 3, 1, 1)
    std = torch.tensor(preprocess.std, device=pictures.device).view(1, 3, 1, 1)
    return ((pictures - mean) / std).contiguous(memory_format=torch.channels_last)


def _both_views(
    network: Network,
    preprocess: Preprocess,
    photos: LabelExamples,
    precision: torch.dtype,
    progress: Progress,
) -> Tensor:
    """The features (2, N, D) of each photo and of its mirror image."""
    views = []
    for mirrored in (False, True):
        made = []
        for done, batch in _pictures(photos, preprocess):
            pictures = batch.flip(3) if mirrored else batch
            with torch.inference_mode(), _autocast(precision):
                made.append(network.eval()(pictures).cpu())
            progress(done + mirrored * len(photos), 2 * len(photos), "computing features")
        views.append(torch.cat(made))
    return torch.stack(views).clone()  # a plain tensor: those of inference mode cannot be learned from


def _scores(
    network: Network,
    preprocess: Preprocess,
    photos: LabelExamples,
    precision: torch.dtype,
    features: Tensor | None = None,
) -> NDArray[np.float32]:
    """Scores (N, C), each photo with its mirror image, as the finished model answers.

    From the mean ``features`` (N, D) of both, where they are known.
    """
    training = network.training
    network.eval()
    with torch.inference_mode():
        if features is None:
            seen = []
            for _, pictures in _pictures(photos, preprocess):
                with _autocast(precision):
                    seen.append((network(pictures) + network(pictures.flip(3))) / 2)
            features = torch.cat(seen)
        scores: NDArray[np.float32] = network.type_scores(features.to(compute.device())).float().cpu().numpy()
    network.train(training)
    return scores


def _pictures(photos: LabelExamples, preprocess: Preprocess) -> Iterator[tuple[int, Tensor]]:
    """Batches of pictures, each with how many photos have come by then."""
    batch = preprocess.at_once(BATCH)
    for at in range(0, len(photos), batch):
        pixels = torch.from_numpy(photos.photos(slice(at, at + batch))).to(compute.device())
        pictures = _normalised(pixels.permute(0, 3, 1, 2).float(), preprocess)
        yield at + len(pixels), pictures


def _autocast(precision: torch.dtype) -> torch.autocast:
    return torch.autocast(compute.device().type, precision, enabled=precision != torch.float32)


@torch.no_grad()
def _average(average: nn.Module, network: nn.Module, *, decay: float) -> None:
    """Move the averaged weights and batch-norm statistics towards the network's, by 1 - decay."""
    for mean, value in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if mean.dtype.is_floating_point:
            mean.lerp_(value, 1 - decay)
        else:
            mean.copy_(value)
