"""One batch → the number training minimises, as the recipe says.

=========================  ===================================================  ============================
objective                  what it asks                                         what it looks at
=========================  ===================================================  ============================
cross-entropy, focal       which type is this?                                  the head's linear outputs
normalised-softmax,        the same                                             the head's cosines
cosface, arcface
contrastive                are these two of one type?                           ``features``, pairs
triplet, supcon,           which photos of the batch are of my type?            ``features``
multi-similarity
proxy-anchor               which type's learned vector is mine?                 ``features``
prototypical               which of these means is mine?                        ``features``, episodes
maml                       after a few steps on a support set: which type?      ``features``, episodes
=========================  ===================================================  ============================

Whatever the objective compares are the very vectors that search will use (`ResNet.embed`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from modiste.networks import ResNet, ResNetConfig
from modiste.training.augmentation import Mixture
from modiste.training.distributed import Share
from modiste.training.losses import (
    arcface_loss,
    contrastive_loss,
    cosine_margin_loss,
    cross_entropy_loss,
    focal_loss,
    multi_similarity_loss,
    normalised_softmax_loss,
    prototypical_loss,
    proxy_anchor_loss,
    style_loss,
    supcon_loss,
    teacher_loss,
    triplet_loss,
)
from modiste.training.maml import Forward, Weights, maml_loss
from modiste.training.recipes import SINGLE_PHOTO, Recipe
from modiste.training.rotation import quarter_turned

__all__ = ["TURNED", "Scaffold", "objective_loss"]

TURNED = 4  # every fourth photo is turned: enough to learn from, at a fifth of the time


class Scaffold(nn.Module):
    """What a recipe learns beside the network and takes down afterwards; for most, nothing.

    ``proxies`` (types, dimension) for proxy-anchor; ``rotation``, which tells quarter-turns apart; ``style``,
    which tells the values of attributes apart, of which each has as many as ``values`` says; ``taught``,
    which tells a teacher's vectors of so many numbers.
    """

    def __init__(
        self, recipe: Recipe, config: ResNetConfig, values: Sequence[int] = (), taught: int = 0
    ) -> None:
        super().__init__()
        if recipe.objective == "proxy-anchor":
            self.proxies = nn.Parameter(torch.randn(config.types, config.dimension))
        if recipe.rotation_weight:
            self.rotation = nn.Linear(config.pooled, 4)
        self.values = list(values)
        if recipe.style_weight:
            norm = nn.BatchNorm1d(config.every_stage, affine=False)  # stages differ in scale
            self.style = nn.Sequential(norm, nn.Linear(config.every_stage, sum(values)))
        if taught:
            norm = nn.BatchNorm1d(config.pooled, affine=False)
            self.taught = nn.Sequential(norm, nn.Linear(config.pooled, taught, bias=False))


def objective_loss(
    network: ResNet,
    scaffold: Scaffold,
    recipe: Recipe,
    pictures: Tensor,
    types: Tensor,
    categories: Tensor,
    *,
    attributes: Tensor | None = None,
    vectors: Tensor | None = None,
    class_weights: Tensor | None,
    precision: torch.dtype,
    generator: torch.Generator,
    mixture: Mixture | None = None,
    share: Share | None = None,
) -> tuple[Tensor, Tensor | None]:
    """What this batch costs: the recipe's objective, and what categories, style, a teacher and rotation add.

    With it, where the recipe focuses on hard photos, each photo's cross-entropy (N,).

    ``pictures`` (N, 3, H, W) with ``types`` and ``categories`` (N,) lie as the recipe's sampler laid them.
    ``attributes`` (N, A), -1 for unknown, are for the recipe's ``style_weight``, a teacher's ``vectors``
    (N, V) for its ``teacher_weight``, ``class_weights`` (types,) for the objectives of single photos.
    Convolutions run in ``precision``, everything after them in float32; what is drawn at random comes from
    ``generator``. Mixed pictures come with their ``mixture``.

    With ``share`` the pictures are one process's part of the batch, types and categories those of all of it;
    every process gets the loss of the whole batch. MAML's episodes cannot be shared.
    """
    each = None
    share = share or Share(0, len(pictures), len(pictures))

    def beside(loss_of: Callable[[Tensor], Tensor], told: Tensor) -> Tensor:
        return loss_of(told) if mixture is None else mixture.loss(loss_of, told)

    if recipe.objective == "maml":
        loss = _maml(network, recipe, pictures, precision)
    else:
        with _autocast(pictures, precision):
            seen = network(pictures, every_stage=True) if recipe.style_weight else network(pictures)
            seen = share.gather(seen)
        features = seen[:, -network.config.pooled :] if recipe.style_weight else seen
        if recipe.objective in SINGLE_PHOTO:
            to_types, to_categories = network.outputs(features)
            loss = beside(partial(_single_photos, recipe, to_types, weights=class_weights), types)
            if recipe.focus:  # without margin and smoothing, which would make easy photos look hard
                each = F.cross_entropy(recipe.logit_scale * to_types.detach(), types, reduction="none")
            if recipe.category_weight:
                by_category = beside(partial(_single_photos, recipe, to_categories), categories)
                loss = loss + recipe.category_weight * by_category
        else:
            loss = _compared(recipe, network.embed(features), types, scaffold, generator)
            if recipe.category_weight:
                _, to_categories = network.outputs(features)
                scale = 1.0 if network.config.head == "linear" else recipe.scale
                by_category = normalised_softmax_loss(
                    to_categories, categories, scale=scale, smoothing=recipe.smoothing
                )
                loss = loss + recipe.category_weight * by_category
        if recipe.style_weight:
            if attributes is None:
                raise ValueError("this recipe counts style, so that it needs the photos' attributes")
            scores = scaffold.style(seen).split(scaffold.values, dim=1)
            loss = loss + recipe.style_weight * beside(partial(style_loss, list(scores)), attributes)
        if vectors is not None:
            loss = loss + recipe.teacher_weight * beside(
                partial(teacher_loss, scaffold.taught(features)), vectors
            )
    if recipe.rotation_weight:
        some = share.every(TURNED)
        turned, quarters = quarter_turned(pictures[-share.start % TURNED :: TURNED], generator, some)
        with _autocast(pictures, precision):
            features = some.gather(functional_call(network, _copied_statistics(network), (turned,)))
        loss = loss + recipe.rotation_weight * F.cross_entropy(scaffold.rotation(features), quarters)
    return loss, each


def _single_photos(recipe: Recipe, outputs: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
    """Outputs or cosines (N, C) against classes (N,)."""
    smoothing, scale, margin = recipe.smoothing, recipe.scale, recipe.margin
    match recipe.objective:
        case "cross-entropy":
            return cross_entropy_loss(outputs, targets, smoothing=smoothing, weights=weights)
        case "focal":
            return focal_loss(
                outputs, targets, gamma=recipe.focal_gamma, smoothing=smoothing, weights=weights
            )
        case "normalised-softmax":
            return normalised_softmax_loss(
                outputs, targets, scale=scale, smoothing=smoothing, weights=weights
            )
        case "cosface":
            return cosine_margin_loss(
                outputs, targets, scale=scale, margin=margin, smoothing=smoothing, weights=weights
            )
        case "arcface":
            return arcface_loss(
                outputs, targets, scale=scale, margin=margin, smoothing=smoothing, weights=weights
            )
    raise AssertionError(recipe.objective)


def _compared(
    recipe: Recipe, vectors: Tensor, types: Tensor, scaffold: Scaffold, generator: torch.Generator
) -> Tensor:
    """Unit vectors (N, D) against each other or against what stands for a type."""
    match recipe.objective:
        case "contrastive":
            same = types[0::2] == types[1::2]
            return contrastive_loss(vectors[0::2], vectors[1::2], same, margin=recipe.margin)
        case "triplet":
            return triplet_loss(
                vectors,
                types,
                margin=recipe.margin,
                mining=recipe.mining,
                p_mining=recipe.p_mining,
                generator=generator,
            )
        case "multi-similarity":
            return multi_similarity_loss(
                vectors, types, alpha=recipe.alpha, beta=recipe.beta, base=recipe.base, margin=recipe.margin
            )
        case "supcon":
            return supcon_loss(vectors, types, temperature=recipe.temperature)
        case "proxy-anchor":
            return proxy_anchor_loss(
                vectors, types, scaffold.proxies, scale=recipe.scale, margin=recipe.margin
            )
        case "prototypical":
            losses = [
                prototypical_loss(support, queries, scale=recipe.scale)
                for support, queries in _episodes(recipe, vectors)
            ]
            return torch.stack(losses).mean()
    raise AssertionError(recipe.objective)


def _maml(network: ResNet, recipe: Recipe, pictures: Tensor, precision: torch.dtype) -> Tensor:
    """Episodes whose head starts from zero, since which type is which of its ways is chance.

    A head that was learned could only be in the way (https://arxiv.org/abs/2106.15367). Batch normalisation
    goes by the statistics of what it sees: an episode's support, or its queries.
    """
    learner = _Learner(network, precision)
    head = {
        "weight": torch.zeros(recipe.ways, network.config.dimension, device=pictures.device),
        "bias": torch.zeros(recipe.ways, device=pictures.device),
    }

    def head_alone(weights: Weights, photos: Tensor) -> Tensor:
        return recipe.scale * F.linear(photos, weights["weight"], weights["bias"])

    def whole(weights: Weights, photos: Tensor) -> Tensor:
        body = {name: value for name, value in weights.items() if name not in head}
        return head_alone(weights, functional_call(learner, body | _copied_statistics(learner), (photos,)))

    forward: Forward
    if recipe.inner_body:
        with torch.no_grad():  # only for the running statistics: they are to fit the weights before any step
            learner(pictures)
        forward, weights, photos = whole, head | dict(learner.named_parameters()), pictures
    else:
        size = recipe.ways * (recipe.shots + recipe.queries)
        vectors = torch.cat([learner(episode) for episode in torch.split(pictures, size)])
        forward, weights, photos = head_alone, head, vectors
    losses = [
        maml_loss(
            forward,
            weights,
            support,
            queries,
            steps=recipe.inner_steps,
            rate=recipe.inner_rate,
            first_order=recipe.first_order,
        )
        for support, queries in _episodes(recipe, photos)
    ]
    return torch.stack(losses).mean()


class _Learner(nn.Module):
    """The network as one call, so that it can be made with other weights: pictures → unit vectors."""

    def __init__(self, network: ResNet, precision: torch.dtype) -> None:
        super().__init__()
        self.network, self.precision = network, precision

    def forward(self, pictures: Tensor) -> Tensor:
        # No cache of converted weights: it would take those of one step for those of another.
        with _autocast(pictures, self.precision, cache=False):
            features = self.network(pictures)
        return self.network.embed(features)


def _episodes(recipe: Recipe, photos: Tensor) -> list[tuple[Tensor, Tensor]]:
    """A batch (N, …) → each episode's support (W, K, …) and queries (W, Q, …)."""
    episodes = photos.reshape(-1, recipe.ways, recipe.shots + recipe.queries, *photos.shape[1:])
    return [(episode[:, : recipe.shots], episode[:, recipe.shots :]) for episode in episodes]


def _copied_statistics(network: nn.Module) -> dict[str, Tensor]:
    """Buffers for one call, which may change the copies: the network's own running statistics stay."""
    return {name: buffer.clone() for name, buffer in network.named_buffers()}


def _autocast(
    pictures: Tensor, precision: torch.dtype, *, cache: bool = True
) -> AbstractContextManager[None]:
    half = precision != torch.float32
    context: AbstractContextManager[None] = torch.autocast(
        pictures.device.type, precision, enabled=half, cache_enabled=cache
    )
    return context
