"""Twice two convolutions and a pooling, then a dense layer: VGG in small, as beginners' courses draw it.

After Simonyan and Zisserman 2014 (https://arxiv.org/abs/1409.1556). Nearly all of its 9.9 million weights at
80 × 60 pixels lie between the last convolution and the dense layer, so that it works at one picture size.
"""

from __future__ import annotations

import itertools
from dataclasses import asdict, dataclass
from typing import Any, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from modiste.networks.network import Network

__all__ = ["Vgg", "VggConfig"]


@dataclass(frozen=True)
class VggConfig:
    """For pictures of ``height`` × ``width``; a block of two convolutions for each of ``widths``.

    ``dropout`` is the share of the ``dense`` features left out while training.
    """

    types: int
    height: int = 80
    width: int = 60
    widths: tuple[int, ...] = (32, 64)
    dense: int = 512
    dropout: float = 0.5

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """What `as_dict` described; ``KeyError`` or ``ValueError`` for anything else."""
        return cls(
            types=int(values["types"]),
            height=int(values["height"]),
            width=int(values["width"]),
            widths=tuple(int(v) for v in values["widths"]),
            dense=int(values["dense"]),
            dropout=float(values["dropout"]),
        )


class Vgg(Network):
    """Pictures (N, 3, height, width) → features (N, dense) → scores (N, types).

    >>> sum(weights.numel() for weights in Vgg(VggConfig(types=20)).parameters())
    9906740
    """

    def __init__(self, config: VggConfig) -> None:
        super().__init__()
        self.config = config
        channels = (3, *config.widths)
        self.blocks = nn.Sequential(
            *(
                nn.Sequential(
                    nn.Conv2d(before, after, 3, padding=1),
                    nn.ReLU(),
                    nn.Conv2d(after, after, 3, padding=1),
                    nn.ReLU(),
                    nn.MaxPool2d(2),
                )
                for before, after in itertools.pairwise(channels)
            )
        )
        shrunk = 2 ** len(config.widths)
        cells = (config.height // shrunk) * (config.width // shrunk)
        self.dense = nn.Linear(channels[-1] * cells, config.dense)
        self.head = nn.Linear(config.dense, config.types)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # faster convolutions

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.dense(self.blocks(x).flatten(start_dim=1))).float()

    def type_scores(self, features: Tensor) -> Tensor:
        made: Tensor = self.head(F.dropout(features, self.config.dropout, training=self.training))
        return made

    def parts(self) -> list[tuple[str, ...]]:
        return [*((f"blocks.{at}",) for at in range(len(self.blocks))), ("dense",), ("head",)]
