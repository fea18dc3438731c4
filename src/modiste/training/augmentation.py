"""Photos altered in ways that do not change what they show, a whole batch at a time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from modiste.training.distributed import Share

__all__ = ["Augmentation", "Mixture", "augment", "cutmix", "mixup"]

_Draw = Callable[..., Tensor]


@dataclass(frozen=True)
class Augmentation:
    """How far a photo may be altered; every draw is uniform between minus and plus the figure.

    ``rotation`` in degrees; ``zoom`` and ``stretch`` as shares of the size; ``shift`` as a share of the
    frame; ``colour`` as a share of brightness and contrast (half as much again of saturation, less of
    hue); ``erasing`` is the probability that one rectangle is painted over.
    """

    rotation: float = 6.0
    zoom: float = 0.15
    stretch: float = 0.08
    shift: float = 0.08
    colour: float = 0.2
    erasing: float = 0.5


def augment(
    photos: Tensor,
    how: Augmentation,
    *,
    height: int,
    width: int,
    generator: torch.Generator,
    share: Share | None = None,
) -> Tensor:
    """uint8 photos (N, H, W, 3) → float32 (N, 3, height, width) on the 0–255 scale, channels last.

    Half of them are mirrored. What moves in from outside is white, as in catalogue photos. All randomness
    comes from ``generator`` (on the processor), so one seed gives one batch. Where ``photos`` are a ``share``
    of a batch, they are altered as they would be among all of it.

    >>> photos = torch.zeros(2, 80, 60, 3, dtype=torch.uint8)
    >>> batch = augment(photos, Augmentation(), height=40, width=30, generator=torch.Generator())
    >>> tuple(batch.shape), batch.is_contiguous(memory_format=torch.channels_last)
    ((2, 3, 40, 30), True)
    """
    n, device = len(photos), photos.device
    share = share or Share(0, n, n)

    def draw(*shape: int) -> Tensor:
        return (torch.rand(share.total, *shape, generator=generator)[share.rows] * 2 - 1).to(device)

    # White is zero, and so is what grid_sample pads with. In place where it can be: memory is the bottleneck.
    pictures = photos.permute(0, 3, 1, 2).float().sub_(255)
    grid = _grid(_moves(photos, how, draw), height, width)
    pictures = F.grid_sample(pictures, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    pictures += 255
    if how.colour:
        pictures = _recolour(pictures, how.colour, draw)
    if how.erasing:
        pictures = _erase(pictures, how.erasing, draw)
    return pictures.contiguous(memory_format=torch.channels_last)


class Mixture(NamedTuple):
    """What mixed pictures show: themselves by the share they ``kept``, by the rest picture ``whose`` (N,)."""

    whose: Tensor
    kept: float

    def loss(self, loss_of: Callable[[Tensor], Tensor], told: Tensor) -> Tensor:
        """The loss beside what is ``told`` (N, …) of the batch, of both pictures by their shares.

        >>> of_two = Mixture(torch.tensor([1, 0]), kept=0.75)
        >>> float(of_two.loss(lambda told: (torch.tensor([1.0, 0.0]) * told).sum(), torch.tensor([8.0, 4.0])))
        7.0
        """
        return self.kept * loss_of(told) + (1 - self.kept) * loss_of(told[self.whose])


def cutmix(pictures: Tensor, *, generator: torch.Generator) -> tuple[Tensor, Mixture]:
    """One rectangle of all pictures (N, C, H, W) becomes that of other ones.

    Its area is uniform in [0, 1), its place too; a picture bears its own labels by the share it kept
    (S. Yun et al., "CutMix", ICCV 2019, https://arxiv.org/abs/1905.04899).

    >>> black_and_white = torch.stack([torch.zeros(3, 8, 8), torch.ones(3, 8, 8)])
    >>> mixed, mixture = cutmix(black_and_white, generator=torch.Generator().manual_seed(1))
    >>> bool(torch.isclose(mixed[1].mean(), torch.tensor(mixture.kept))) or mixture.whose.tolist() == [0, 1]
    True
    """
    height, width = pictures.shape[2:]
    side, down, across = torch.rand(3, generator=generator).tolist()
    tall, wide = int(height * side**0.5), int(width * side**0.5)
    top, left = int(down * (height - tall + 1)), int(across * (width - wide + 1))
    whose = torch.randperm(len(pictures), generator=generator).to(pictures.device)
    mixed = pictures.clone(memory_format=torch.preserve_format)
    part = (..., slice(top, top + tall), slice(left, left + wide))
    mixed[part] = pictures[whose][part]
    return mixed, Mixture(whose, 1 - tall * wide / (height * width))


def mixup(
    pictures: Tensor, alpha: float, *, generator: torch.Generator, share: Share | None = None
) -> tuple[Tensor, Mixture]:
    """Other pictures shine through all pictures (n, C, H, W).

    They keep a share of Beta(alpha, alpha), or what that leaves of 1, whichever is more, and bear their own
    labels by it (H. Zhang et al., "mixup", ICLR 2018, https://arxiv.org/abs/1710.09412). Where the n pictures
    are a ``share`` of a batch, the others are of all of it.

    >>> black_and_white = torch.stack([torch.zeros(3, 8, 8), torch.ones(3, 8, 8)])
    >>> mixed, mixture = mixup(black_and_white, 0.2, generator=torch.Generator().manual_seed(0))
    >>> mixture.whose.tolist(), bool(torch.isclose(mixed[1].mean(), torch.tensor(mixture.kept)))
    ([1, 0], True)
    """
    share = share or Share(0, len(pictures), len(pictures))
    drawn = np.random.default_rng(int(torch.randint(2**31, (), generator=generator))).beta(alpha, alpha)
    kept = float(max(drawn, 1 - drawn))
    whose = torch.randperm(share.total, generator=generator).to(pictures.device)
    mixed = torch.lerp(share.gather(pictures)[whose[share.rows]], pictures, kept)
    return mixed, Mixture(whose, kept)


def _moves(photos: Tensor, how: Augmentation, draw: _Draw) -> Tensor:
    """Affine maps (N, 2, 3) from output to input coordinates, rotation true in pixels, not in shares."""
    tall, wide = photos.shape[1:3]
    angle = draw() * (how.rotation * math.pi / 180)
    mirror = draw().sign()
    zoom = 1 + draw() * how.zoom
    stretch = 1 + draw() * how.stretch
    moves = torch.zeros(len(photos), 2, 3, device=photos.device)
    moves[:, 0, 0] = mirror * zoom * stretch * angle.cos()
    moves[:, 0, 1] = -zoom * angle.sin() * tall / wide
    moves[:, 1, 0] = mirror * zoom * angle.sin() * wide / tall
    moves[:, 1, 1] = zoom / stretch * angle.cos()
    moves[:, :, 2] = draw(2) * 2 * how.shift  # coordinates run from -1 to 1: the frame is two wide
    return moves


def _grid(moves: Tensor, height: int, width: int) -> Tensor:
    """Affine maps (N, 2, 3) → where each pixel of the output looks (N, height, width, 2).

    That is ``F.affine_grid``, whose thin matrix products take several times as long as this one sum.
    """
    x = (2 * torch.arange(width, device=moves.device) + 1) / width - 1
    y = (2 * torch.arange(height, device=moves.device) + 1) / height - 1
    across = x.view(1, 1, width, 1) * moves[:, None, None, :, 0] + moves[:, None, None, :, 2]
    return across + y.view(1, height, 1, 1) * moves[:, None, None, :, 1]


def _recolour(pictures: Tensor, colour: float, draw: _Draw) -> Tensor:
    """Saturation, tint, contrast and brightness, in this order."""
    grey = pictures.mean(dim=1, keepdim=True)
    saturation = 1 + draw(1, 1, 1) * 1.5 * colour
    tint = 1 + draw(3, 1, 1) * 0.4 * colour
    pictures = torch.lerp(grey, pictures, saturation).mul_(tint)
    mean = pictures.mean(dim=(1, 2, 3), keepdim=True)
    contrast = 1 + draw(1, 1, 1) * colour
    return pictures.mul_(contrast).add_(mean * (1 - contrast) + draw(1, 1, 1) * 40 * colour)


def _erase(pictures: Tensor, probability: float, draw: _Draw) -> Tensor:
    """One rectangle of 15–45 % of each side, centred anywhere, in one random colour."""
    height, width = pictures.shape[2:]
    y = torch.arange(height, device=pictures.device).view(1, height, 1) / height
    x = torch.arange(width, device=pictures.device).view(1, 1, width) / width
    half_height, half_width = 0.15 + 0.075 * draw(1, 1), 0.15 + 0.075 * draw(1, 1)
    inside = ((y - (draw(1, 1) + 1) / 2).abs() < half_height) & (
        (x - (draw(1, 1) + 1) / 2).abs() < half_width
    )
    inside &= draw(1, 1) < 2 * probability - 1
    paint = 127.5 * (1 + draw(3, 1, 1))
    return torch.where(inside[:, None], paint, pictures)
