"""A small Inception network: each block looks through windows of several sizes at once.

After Szegedy et al. 2014 (https://arxiv.org/abs/1409.4842), with two 3×3 convolutions in place of a 5×5 and
batch normalisation after each, as in their later networks (https://arxiv.org/abs/1512.00567).
"""

from __future__ import annotations

import itertools
from dataclasses import asdict, dataclass
from typing import Any, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from modiste.networks.network import Network

__all__ = ["Inception", "InceptionConfig"]


@dataclass(frozen=True)
class InceptionConfig:
    """A ``stem`` of so many channels and a block for each of ``widths``, multiples of 8; each halves."""

    types: int
    stem: int = 32
    widths: tuple[int, ...] = (64, 128, 256)

    def __post_init__(self) -> None:
        if not self.widths or any(width % 8 for width in self.widths):
            raise ValueError(f"expected widths that are multiples of 8; got {self.widths}")

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """What `as_dict` described; ``KeyError`` or ``ValueError`` for anything else."""
        return cls(
            types=int(values["types"]),
            stem=int(values["stem"]),
            widths=tuple(int(v) for v in values["widths"]),
        )


def _convolution(before: int, after: int, size: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, size, stride=stride, padding=size // 2, bias=False),
        nn.BatchNorm2d(after),
        nn.ReLU(),
    )


class Block(nn.Module):
    """1×1, 3×3, 5×5 and a pooling side by side: 1/4, 1/2, 1/8 and 1/8 of the channels."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        eighth = after // 8
        self.point = _convolution(before, 2 * eighth, 1)
        self.three = nn.Sequential(
            _convolution(before, 2 * eighth, 1), _convolution(2 * eighth, 4 * eighth, 3)
        )
        self.five = nn.Sequential(
            _convolution(before, eighth, 1), _convolution(eighth, eighth, 3), _convolution(eighth, eighth, 3)
        )
        self.pool = _convolution(before, eighth, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(x, 2, ceil_mode=True)
        pooled = F.max_pool2d(x, 3, stride=1, padding=1)
        return torch.cat([self.point(x), self.three(x), self.five(x), self.pool(pooled)], dim=1)


class Inception(Network):
    """Pictures (N, 3, H, W) of any size → features (N, 256) → scores (N, types).

    >>> network = Inception(InceptionConfig(types=5))
    >>> tuple(network.type_scores(network(torch.zeros(2, 3, 80, 60))).shape)
    (2, 5)
    """

    def __init__(self, config: InceptionConfig) -> None:
        super().__init__()
        self.config = config
        self.stem = _convolution(3, config.stem, 3, stride=2)
        channels = (config.stem, *config.widths)
        self.blocks = nn.Sequential(*(Block(before, after) for before, after in itertools.pairwise(channels)))
        self.head = nn.Linear(channels[-1], config.types)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # faster convolutions

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.blocks(self.stem(x)).float().mean(dim=(2, 3))
        return made

    def type_scores(self, features: Tensor) -> Tensor:
        made: Tensor = self.head(features)
        return made

    def parts(self) -> list[tuple[str, ...]]:
        return [("stem",), *((f"blocks.{at}",) for at in range(len(self.blocks))), ("head",)]
