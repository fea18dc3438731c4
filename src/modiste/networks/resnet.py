"""A small residual network whose pooled features serve both classification and search.

Residual blocks after He et al. 2015 (https://arxiv.org/abs/1512.03385) and average-pooled shortcuts after
"ResNet-D" (https://arxiv.org/abs/1812.01187). What the last stage sees, averaged over the picture, is used
twice:

- **search** takes the square root of each feature, then length 1 (the Hellinger map), so that a few strong
  features do not drown the rest;
- **classification** goes through a projection with batch normalisation ("BNNeck",
  https://arxiv.org/abs/1903.07071) to cosines with each class (CosFace, https://arxiv.org/abs/1801.09414).

The projection takes upon itself what training does to classes: it pulls the known ones together so far that
unseen ones are lost in it, while the features before it still tell them apart (see research/LOG.md).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["ResNet", "ResNetConfig"]


@dataclass(frozen=True)
class ResNetConfig:
    """One entry of ``widths`` and ``depths`` for each stage; every stage halves the picture.

    The heads have ``types`` and ``categories`` rows in a space of ``projection`` numbers; an embedding is as
    long as the last stage is wide.
    """

    types: int
    categories: int
    widths: tuple[int, ...] = (32, 64, 128, 256)
    depths: tuple[int, ...] = (1, 1, 1, 1)
    projection: int = 128

    @property
    def dimension(self) -> int:
        return self.widths[-1]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        return cls(
            types=int(values["types"]),
            categories=int(values["categories"]),
            widths=tuple(int(v) for v in values["widths"]),
            depths=tuple(int(v) for v in values["depths"]),
            projection=int(values["projection"]),
        )


class Block(nn.Module):
    """Two 3×3 convolutions beside a shortcut; with ``halve`` the picture is average-pooled first."""

    def __init__(self, channels_in: int, channels_out: int, *, halve: bool) -> None:
        super().__init__()
        self.halve = halve
        self.conv1 = nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels_out)
        self.conv2 = nn.Conv2d(channels_out, channels_out, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels_out)
        nn.init.zeros_(self.norm2.weight)  # starts as the identity: deeper nets train from the first step
        same = channels_in == channels_out
        self.shortcut = nn.Identity() if same else nn.Conv2d(channels_in, channels_out, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        if self.halve:
            x = F.avg_pool2d(x, 2, ceil_mode=True)
        y = F.relu(self.norm1(self.conv1(x)))
        y = self.norm2(self.conv2(y))
        return F.relu(y + self.shortcut(x))


class ResNet(nn.Module):
    """Pictures (N, 3, H, W) → features (N, D), which ``embed`` and ``cosines`` turn into vectors and scores.

    ``prototypes`` (types, D) is filled after training: the mean direction of each type's embedded photos.

    >>> network = ResNet(ResNetConfig(types=5, categories=2, widths=(8, 16), depths=(1, 1)))
    >>> features = network(torch.zeros(2, 3, 80, 60))
    >>> [tuple(made.shape) for made in (features, network.embed(features), *network.cosines(features))]
    [(2, 16), (2, 16), (2, 5), (2, 2)]
    """

    def __init__(self, config: ResNetConfig) -> None:
        super().__init__()
        self.config = config
        first = config.widths[0]
        self.stem = nn.Conv2d(3, first, 3, stride=2, padding=1, bias=False)
        self.stem_norm = nn.BatchNorm2d(first)
        blocks = []
        channels = first
        for stage, (width, depth) in enumerate(zip(config.widths, config.depths, strict=True)):
            for position in range(depth):
                blocks.append(Block(channels, width, halve=stage > 0 and position == 0))
                channels = width
        self.blocks = nn.Sequential(*blocks)
        self.project = nn.Linear(channels, config.projection, bias=False)
        self.project_norm = nn.BatchNorm1d(config.projection, affine=False)
        self.type_head = nn.Parameter(torch.randn(config.types, config.projection))
        self.category_head = nn.Parameter(torch.randn(config.categories, config.projection))
        self.prototypes: Tensor
        self.register_buffer("prototypes", torch.zeros(config.types, config.dimension))
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # faster convolutions
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        """Pictures (N, 3, H, W) → pooled features (N, D), float32, none negative."""
        x = F.relu(self.stem_norm(self.stem(x)))
        pictures: Tensor = self.blocks(x)
        return pictures.float().mean(dim=(2, 3))

    def embed(self, features: Tensor) -> Tensor:
        """Pooled features (N, D) → vectors of length 1 (N, D), for search."""
        return F.normalize(features.sqrt(), dim=1)

    def cosines(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Pooled features (N, D) → cosines with each type (N, types) and each category (N, categories)."""
        projected = F.normalize(self.project_norm(self.project(features)), dim=1)
        types = projected @ F.normalize(self.type_head, dim=1).T
        return types, projected @ F.normalize(self.category_head, dim=1).T
