"""Three blocks of convolution, batch normalisation, ReLU and pooling, and a global average: the plain one."""

from __future__ import annotations

import itertools
from dataclasses import asdict, dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn

from modiste.networks.network import Network

__all__ = ["Cnn3", "Cnn3Config"]


@dataclass(frozen=True)
class Cnn3Config:
    """One block for each of ``widths``; the last width is how many features there are."""

    types: int
    widths: tuple[int, ...] = (32, 64, 128)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """What `as_dict` described; ``KeyError`` or ``ValueError`` for anything else."""
        return cls(types=int(values["types"]), widths=tuple(int(v) for v in values["widths"]))


class Cnn3(Network):
    """Pictures (N, 3, H, W) of any size from 8 × 8 → features (N, 128) → scores (N, types).

    >>> network = Cnn3(Cnn3Config(types=5))
    >>> features = network(torch.zeros(2, 3, 80, 60))
    >>> tuple(features.shape), tuple(network.type_scores(features).shape)
    ((2, 128), (2, 5))
    """

    def __init__(self, config: Cnn3Config) -> None:
        super().__init__()
        self.config = config
        channels = (3, *config.widths)
        self.blocks = nn.Sequential(
            *(
                nn.Sequential(
                    nn.Conv2d(before, after, 3, padding=1, bias=False),
                    nn.BatchNorm2d(after),
                    nn.ReLU(),
                    nn.MaxPool2d(2),
                )
                for before, after in itertools.pairwise(channels)
            )
        )
        self.head = nn.Linear(channels[-1], config.types)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # faster convolutions

    def forward(self, x: Tensor) -> Tensor:
        made: Tensor = self.blocks(x).float().mean(dim=(2, 3))
        return made

    def type_scores(self, features: Tensor) -> Tensor:
        made: Tensor = self.head(features)
        return made

    def parts(self) -> list[tuple[str, ...]]:
        return [*((f"blocks.{at}",) for at in range(len(self.blocks))), ("head",)]
