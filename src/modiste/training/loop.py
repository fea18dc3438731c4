"""The training loop, flat: one network."""

from __future__ import annotations

import copy
import json
import math
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from modiste import compute
from modiste.datasets.attributes import Attributes
from modiste.errors import DataError, ModelError, RecipeError
from modiste.mapped_file import take
from modiste.networks import ResNet, ResNetConfig
from modiste.preprocessing import Preprocess
from modiste.progress import Progress, silent
from modiste.training.adamw import AdamW
from modiste.training.augmentation import augment, mixup
from modiste.training.batches import epoch_batches
from modiste.training.checkpoint import load_checkpoint, save_checkpoint
from modiste.training.distributed import Ranks
from modiste.training.losses import class_weights
from modiste.training.muon import Muon
from modiste.training.objective import TURNED, Scaffold, objective_loss
from modiste.training.recipes import Recipe
from modiste.training.synced_norm import synchronise
from modiste.training.tensorboard import Report

__all__ = ["Examples", "Teacher", "Trained", "train_one"]


@dataclass(frozen=True, eq=False)
class Teacher:
    """What the model ``id`` sees in each of N training photos: ``vectors`` (N, D) of length 1."""

    id: str
    vectors: NDArray[np.float32]


@dataclass(frozen=True)
class Examples:
    """N training photos: ``pixels[rows]`` (N, H, W, 3) uint8, and class indices from 0 at each level (N,).

    ``attributes`` are those of the same N photos, for recipes of the rich regime; with a ``teacher`` the
    network learns to tell what that one sees.
    """

    pixels: NDArray[np.uint8]
    rows: NDArray[np.int64]
    types: NDArray[np.int64]
    categories: NDArray[np.int64]
    attributes: Attributes | None = None
    teacher: Teacher | None = None

    def __post_init__(self) -> None:
        if not len(self.rows) == len(self.types) == len(self.categories):
            raise DataError("every training photo needs a row, a type and a category")
        if self.attributes is not None and len(self.attributes) != len(self.rows):
            raise DataError("every training photo needs attributes, or none has any")
        if self.teacher is not None and len(self.teacher.vectors) != len(self.rows):
            raise DataError("every training photo needs the teacher's vector")
        if len(np.unique(self.types)) < 2:
            raise DataError("training needs photos of at least two article types")

    def __len__(self) -> int:
        return len(self.rows)

    def photos(self, chosen: NDArray[np.int64] | slice) -> NDArray[np.uint8]:
        """The pixels (n, H, W, 3) of some of the N photos."""
        return take(self.pixels, self.rows[chosen])


@dataclass(frozen=True)
class Trained:
    """The averaged weights, and the run: one ``history`` row per report (step, photos, seconds, loss, rate,
    and the height and width the photos had).

    ``complete`` is False when the run was interrupted: the network is usable, only less good.
    """

    network: ResNet
    seconds: float
    precision: str
    complete: bool
    history: list[dict[str, float]] = field(repr=False)


def train_one(
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
    """Train a network from scratch on ``examples`` as ``recipe`` says; of several members, one.

    The same seed gives the same batches and, on one machine and thread count, the same weights, also when
    the run was killed and resumed. With ``checkpoint`` (a file) the state is kept there every
    ``checkpoint_seconds``; with ``resume`` the run goes on from it. Ctrl-C ends the run early with what was
    learned so far. ``report`` is called with each new row of the history.

    Processes that are joined (`modiste.training.distributed.joined`) train one network together and need the
    same arguments; the first keeps the checkpoint, from which any number of them can go on. `RecipeError` for
    what they cannot share: MAML, and batches with less than a photo for each.
    """
    # Set-up: everything random hangs on the seed.
    torch.manual_seed(seed)
    compute.keep_freed_memory()
    ranks = Ranks()
    if examples.teacher is not None:
        recipe.check_teacher()
    if ranks.size > 1 and recipe.objective == "maml":
        raise RecipeError(
            f"recipe {recipe.name!r}: maml adapts the network to one episode at a time, which {ranks.size} "
            "processes cannot share; train it in one process, or use another objective"
        )
    device, precision = compute.device(), compute.precision()
    if ranks.mean(torch.tensor(float(precision == torch.bfloat16))) < 1:  # bf16 only where it pays for all
        precision = torch.float32
    config = ResNetConfig(
        types=int(examples.types.max()) + 1,
        categories=int(examples.categories.max()) + 1,
        widths=recipe.widths,
        depths=recipe.depths,
        features=recipe.features,
        head=recipe.head,
        classify_by=recipe.classify_by,
        mirror=recipe.mirror,
        stripes=recipe.stripes,
    )
    network = ResNet(config).to(device)
    attributes, values = _attributes(examples, recipe)
    vectors = None if examples.teacher is None else torch.from_numpy(examples.teacher.vectors)
    scaffold = Scaffold(recipe, config, values, 0 if vectors is None else vectors.shape[1]).to(device)
    average = copy.deepcopy(network).eval()
    for parameter in average.parameters():
        parameter.requires_grad_(False)
    if ranks.size > 1:
        synchronise(network)
    muon, adam = _optimisers(network, scaffold, recipe, precision)
    batches_of = partial(epoch_batches, recipe, examples.types, examples.categories, seed=seed)
    steps_per_epoch, batch = batches_of(epoch=0).shape
    mine = ranks.share(batch, at_least=TURNED if recipe.rotation_weight else 1)
    steps = max(1, recipe.least_steps, round(steps_per_epoch * recipe.epochs))
    # With focus, draws are half epochs: what is hard changes faster than once an epoch.
    steps_per_draw = max(1, steps_per_epoch // 2) if recipe.focus else steps_per_epoch
    hardness = Hardness(len(examples) if recipe.focus else 0)
    types, categories = torch.from_numpy(examples.types), torch.from_numpy(examples.categories)
    weights = None
    if recipe.class_weight_exponent:
        weights = class_weights(types.bincount(), recipe.class_weight_exponent).to(device)
    mean = torch.tensor(preprocess.mean, device=device).view(1, 3, 1, 1)
    std = torch.tensor(preprocess.std, device=device).view(1, 3, 1, 1)
    history: list[dict[str, float]] = []
    first, seconds_before, running = 0, 0.0, 0.0
    parts: dict[str, nn.Module | torch.optim.Optimizer] = {
        "network": network,
        "average": average,
        "scaffold": scaffold,
        "hardness": hardness,
        "muon": muon,
        "adam": adam,
    }

    # What makes this run this run: a checkpoint of another one is refused.
    run = {"recipe": recipe.as_dict(), "seed": seed, "photos": len(examples), "precision": str(precision)}
    if examples.teacher is not None:
        run["teacher"] = examples.teacher.id
    if resume and checkpoint is not None and checkpoint.exists():
        facts = load_checkpoint(checkpoint, parts)
        if facts["run"] != _through_json(run):
            raise ModelError(
                f"{checkpoint}: of another recipe, seed, teacher or data; leave out --resume to start afresh"
            )
        first, seconds_before, running = facts["step"], facts["seconds"], facts["running"]
        history = facts["history"]
    if ranks.mean(torch.tensor(float(first))) != first:
        raise ModelError(f"{checkpoint}: not the same for all processes; keep it where all of them see it")

    start = saved = time.monotonic()
    complete = True
    batches, drawn = np.empty((0, batch), np.int64), -1
    ranks.listen()
    try:
        for step in range(first, steps):
            # A batch: photos as the sampler says, altered by the step's own generator. Of both this
            # process takes its share; alone, that is all.
            share = step / steps
            draw, position = divmod(step, steps_per_draw)
            if draw != drawn:
                if recipe.focus and position == 0 and share >= recipe.warmup:
                    hardness.at_draw.copy_(ranks.mean(hardness.latest))
                losses = hardness.at_draw.numpy() if recipe.focus else None
                batches, drawn = batches_of(epoch=draw, losses=losses), draw
            chosen = batches[position]
            stage = next(stage for stage in recipe.stages if share < stage.until)
            generator = torch.Generator().manual_seed(_mix(seed, step))
            photos = torch.from_numpy(examples.photos(chosen[mine.rows])).to(device)
            pictures = augment(
                photos,
                recipe.augmentation,
                height=stage.height,
                width=stage.width,
                generator=generator,
                share=mine,
            )
            if preprocess.grey:  # what the augmentation tinted is grey again
                pictures.copy_(pictures.mean(dim=1, keepdim=True))
            pictures = pictures.sub_(mean).div_(std)
            mixture = None
            if recipe.mixup:
                pictures, mixture = mixup(pictures, recipe.mixup, generator=generator, share=mine)
            true_types, true_categories = types[chosen].to(device), categories[chosen].to(device)

            # Forward, backward, update.
            rate = _rate(recipe, share, 1 / steps)
            for group in (*muon.param_groups, *adam.param_groups):
                group["lr"] = group["peak"] * rate
            loss, each = objective_loss(
                network,
                scaffold,
                recipe,
                pictures,
                true_types,
                true_categories,
                attributes=None if attributes is None else attributes[chosen].to(device),
                vectors=None if vectors is None else vectors[chosen].to(device),
                class_weights=weights,
                precision=precision,
                generator=generator,
                mixture=mixture,
                share=mine,
            )
            loss.backward()  # type: ignore[no-untyped-call]
            ranks.average_gradients((*network.parameters(), *scaffold.parameters()))
            for optimiser in (muon, adam):
                optimiser.step()
                optimiser.zero_grad(set_to_none=True)
            if each is not None:
                hardness.latest[chosen] = each.cpu()
            _average(average, network, decay=min(recipe.ema, (1 + step) / (10 + step)))

            # Report and keep.
            value = float(loss.detach())
            running = value if step == 0 else 0.98 * running + 0.02 * value
            done = step + 1
            progress(done, steps, f"training, loss {running:.2f}")
            now = time.monotonic()
            if done % 20 == 0 or done == steps:
                history.append(
                    {
                        "step": done,
                        "photos": done * batch,
                        "seconds": round(seconds_before + now - start, 2),
                        "loss": round(running, 5),
                        "rate": round(rate, 5),
                        "height": stage.height,
                        "width": stage.width,
                    }
                )
                if report is not None:
                    report(history[-1])
            due = done == steps or now - saved >= checkpoint_seconds
            if checkpoint is not None and ranks.rank == 0 and due:
                seconds = seconds_before + now - start
                facts = {"step": done, "seconds": seconds, "running": running, "history": history, "run": run}
                save_checkpoint(checkpoint, parts, facts)
                saved = time.monotonic()
    except KeyboardInterrupt:
        complete = False
    finally:
        ranks.stop_listening()
    seconds = seconds_before + time.monotonic() - start
    return Trained(average.cpu(), seconds, str(precision).removeprefix("torch."), complete, history)


class Hardness(nn.Module):
    """The loss each photo had when it was last shown (N,), NaN before that; now, and at the present draw."""

    def __init__(self, photos: int) -> None:
        super().__init__()
        self.latest: torch.Tensor
        self.at_draw: torch.Tensor
        self.register_buffer("latest", torch.full((photos,), torch.nan))
        self.register_buffer("at_draw", torch.full((photos,), torch.nan))


def _attributes(examples: Examples, recipe: Recipe) -> tuple[torch.Tensor | None, list[int]]:
    """The attributes' codes (N, A) and how many values each has; none if the recipe does not look at them."""
    if not recipe.style_weight:
        return None, []
    if examples.attributes is None:
        raise DataError(f"recipe {recipe.name!r} learns from attributes, and these training photos have none")
    return torch.from_numpy(examples.attributes.codes), [len(known) for known in examples.attributes.values]


def _rate(recipe: Recipe, share: float, a_step: float) -> float:
    """The share of the peak rates at this share of the run."""
    warm = min(1.0, (share + a_step) / recipe.warmup)
    if recipe.schedule == "trapezoid":
        return warm * min(1.0, (1 - share) / recipe.cooldown)
    return warm * 0.5 * (1 + math.cos(math.pi * share))


def _optimisers(
    network: ResNet, scaffold: Scaffold, recipe: Recipe, precision: torch.dtype
) -> tuple[Muon, AdamW]:
    """Muon for the blocks' convolutions and the projection; AdamW for the stem, all heads and all vectors.

    Each group of parameters holds its ``peak`` rate.
    """
    kernels = [p for p in network.blocks.parameters() if p.ndim == 4] + [network.project.weight]
    taken = {id(p) for p in kernels}
    others = [p for p in (*network.parameters(), *scaffold.parameters()) if id(p) not in taken]
    muon = Muon(kernels, recipe.muon_rate, weight_decay=recipe.weight_decay, precision=precision)
    muon.param_groups[0]["peak"] = recipe.muon_rate
    rate, of_norms = recipe.adam_rate, recipe.adam_rate * recipe.norm_rate
    matrices, vectors = [p for p in others if p.ndim > 1], [p for p in others if p.ndim <= 1]
    adam = AdamW(
        [
            {"params": matrices, "peak": rate, "weight_decay": recipe.weight_decay},
            {"params": vectors, "peak": of_norms, "weight_decay": 0.0},
        ],
        lr=rate,
        betas=(0.9, 0.95),
    )
    return muon, adam


@torch.no_grad()
def _average(average: nn.Module, network: nn.Module, *, decay: float) -> None:
    """Move the averaged weights and batch-norm statistics towards the network's, by 1 - decay."""
    for mean, value in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if mean.dtype.is_floating_point:
            mean.lerp_(value, 1 - decay)
        else:
            mean.copy_(value)


def _mix(seed: int, step: int) -> int:
    """One 63-bit number from two, without the patterns that ``seed + step`` would leave between runs."""
    low, high = np.random.SeedSequence([seed, step]).generate_state(2, np.uint32)
    return (int(high) << 31) ^ int(low)


def _through_json(value: object) -> object:
    """As a checkpoint gives it back: tuples are lists there."""
    return json.loads(json.dumps(value))
