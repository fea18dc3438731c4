"""The second, short phase of a rich training: style and names learned from what the finished network sees.

The network is done and is not touched: types are told exactly as well as before. What its stages see of every
photo is computed once, and once more for each of some altered copies, since two small networks on a few
thousand photos would else learn the photos by heart. Both networks then take seconds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from modiste import compute
from modiste.datasets.attributes import ATTRIBUTES, Attributes
from modiste.networks import ResNet
from modiste.networks.style import StyleConfig, StyleHead
from modiste.networks.text import TextConfig, TextMatcher
from modiste.preprocessing import Preprocess
from modiste.progress import Progress, silent
from modiste.training.adamw import AdamW
from modiste.training.augmentation import Augmentation, augment
from modiste.training.loop import Examples
from modiste.training.losses import alignment_loss, style_loss

__all__ = ["SHARES", "fit_style", "fit_text", "views_of"]

SHARES = {"baseColour": 1 / 3, "gender": 1 / 3, "usage": 1 / 3, "season": 0.0}
"""How much of the style vector an attribute makes up. Seasons are mostly when a photo was listed."""

_HIDDEN = 256
_RATE = 2e-3
_WEIGHT_DECAY = 0.05
_WARMUP = 0.1
_STYLE_BATCH = 512
_TEXT_BATCH = 1024
_AT_ONCE = 256
_MOST_SCALE = math.log(100.0)  # as in CLIP: beyond it, training becomes unstable


def views_of(
    network: ResNet,
    preprocess: Preprocess,
    examples: Examples,
    altered: Augmentation,
    *,
    copies: int,
    seed: int,
    progress: Progress = silent,
) -> NDArray[np.float16]:
    """What every stage sees of N photos: (1 + copies, N, F), the photos as they are first.

    As the model will see them: with ``network.mirror`` the means of a photo's features and its mirror
    image's. The copies are altered as ``altered`` says, but for their colours, which are to be learned, and
    nothing is painted over.
    """
    device, precision = compute.device(), compute.precision()
    altered = replace(altered, colour=0.0, erasing=0.0)
    mean = torch.tensor(preprocess.mean, device=device).view(1, 3, 1, 1)
    std = torch.tensor(preprocess.std, device=device).view(1, 3, 1, 1)
    n = len(examples)
    views = np.empty((1 + copies, n, network.config.every_stage), np.float16)
    network.eval()
    with torch.inference_mode():
        for view in range(1 + copies):
            for start in range(0, n, _AT_ONCE):
                some = slice(start, start + _AT_ONCE)
                photos = torch.from_numpy(examples.photos(some)).to(device)
                if view:
                    generator = torch.Generator().manual_seed(_number(seed, view, start))
                    pictures = augment(
                        photos,
                        altered,
                        height=preprocess.height,
                        width=preprocess.width,
                        generator=generator,
                    )
                else:
                    pictures = photos.permute(0, 3, 1, 2).float()
                pictures = (pictures - mean) / std
                with torch.autocast(device.type, precision, enabled=precision != torch.float32):
                    seen = network(pictures, every_stage=True)
                    if network.mirror:
                        seen = (seen + network(pictures.flip(3), every_stage=True)) / 2
                views[view, start : start + len(photos)] = seen.cpu().numpy()
                progress(view * n + start + len(photos), (1 + copies) * n, "looking at photos again")
    return views


def fit_style(
    views: NDArray[np.float16],
    attributes: Attributes,
    *,
    epochs: float,
    seed: int,
    progress: Progress = silent,
) -> StyleHead:
    """A head that tells the attributes of N photos from what `views_of` saw of them."""
    torch.manual_seed(_number(seed, 1))
    values = dict(zip(ATTRIBUTES, attributes.values, strict=True))
    head = StyleHead(StyleConfig(views.shape[2], _HIDDEN, values, SHARES)).to(compute.device())
    codes = torch.from_numpy(attributes.codes)

    def loss(features: Tensor, chosen: Tensor) -> Tensor:
        return style_loss(head.scores(features), codes[chosen].to(features.device))

    _fit(head, views, loss, epochs, _STYLE_BATCH, seed, progress, "learning style")
    return head


def fit_text(
    views: NDArray[np.float16],
    names: tuple[str, ...],
    *,
    epochs: float,
    seed: int,
    progress: Progress = silent,
) -> TextMatcher:
    """Two towers that bring N photos and their names together; photos without a usable name are left out."""
    torch.manual_seed(_number(seed, 2))
    matcher = TextMatcher(TextConfig(features=views.shape[2])).to(compute.device())
    named = np.array([at for at, name in enumerate(names) if any(map(str.isalnum, name))], np.int64)
    rows = [matcher.rows_of(names[at]) for at in named]
    same = torch.from_numpy(np.unique([names[at] for at in named], return_inverse=True)[1])

    def loss(features: Tensor, chosen: Tensor) -> Tensor:
        texts = matcher.embed_rows([rows[at] for at in chosen.tolist()])
        scale = matcher.log_scale.clamp(max=_MOST_SCALE).exp()
        return alignment_loss(matcher(features), texts, same[chosen].to(features.device), scale=scale)

    _fit(matcher, views[:, named], loss, epochs, _TEXT_BATCH, seed, progress, "learning names")
    return matcher


def _fit(
    network: StyleHead | TextMatcher,
    views: NDArray[np.float16],
    loss_of: Callable[[Tensor, Tensor], Tensor],
    epochs: float,
    batch: int,
    seed: int,
    progress: Progress,
    what: str,
) -> None:
    """Set the features' scale, then minimise ``loss_of(features, which photos)``; in eval mode afterwards."""
    whole = views.reshape(-1, views.shape[2])
    network.mean.copy_(torch.from_numpy(whole.mean(axis=0, dtype=np.float64)))
    # A feature that never varies tells nothing, and must not be blown up where it does vary one day.
    spread = whole.std(axis=0, dtype=np.float64)
    network.spread.copy_(torch.from_numpy(np.where(spread > 1e-4, spread, 1.0)))
    wide = [p for p in network.parameters() if p.ndim > 1]
    narrow = [p for p in network.parameters() if p.ndim <= 1]
    groups = [{"params": wide, "weight_decay": _WEIGHT_DECAY}, {"params": narrow, "weight_decay": 0.0}]
    optimiser = AdamW(groups, lr=_RATE)
    batch = min(batch, views.shape[1])
    steps = max(1, round(epochs * (views.shape[1] // batch)))
    device = next(network.parameters()).device
    network.train()
    for step, (features, chosen) in enumerate(_batches(views, batch, steps, seed)):
        rate = min(1.0, (step + 1) / max(1.0, _WARMUP * steps)) * 0.5 * (1 + math.cos(math.pi * step / steps))
        for group in optimiser.param_groups:
            group["lr"] = _RATE * rate
        loss = loss_of(features.to(device), chosen)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        progress(step + 1, steps, f"{what}, loss {float(loss.detach()):.2f}")
    network.eval().requires_grad_(False)


def _batches(
    views: NDArray[np.float16], batch: int, steps: int, seed: int
) -> Iterator[tuple[Tensor, Tensor]]:
    """Features (B, F) of shuffled photos, each in one of its views, and which photos (B,) they are."""
    rng = np.random.default_rng([seed, 3])
    copies, n, _ = views.shape
    order, at = rng.permutation(n), 0
    for _ in range(steps):
        if at + batch > n:
            order, at = rng.permutation(n), 0
        chosen = order[at : at + batch]
        at += batch
        features = views[rng.integers(copies, size=batch), chosen].astype(np.float32)
        yield torch.from_numpy(features), torch.from_numpy(chosen)


def _number(*parts: int) -> int:
    """One seed from several numbers, without the patterns that a sum would leave."""
    return int(np.random.SeedSequence(parts).generate_state(1, np.uint32)[0])
