"""A small vision transformer: the picture in square patches, which look at each other.

After Dosovitskiy et al. 2020 (https://arxiv.org/abs/2010.11929), with the mean over patches in place of a
class token, and two convolutions in place of the patches' single one ("early convolutions",
https://arxiv.org/abs/2106.14881): without either, few photos teach a transformer little.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from modiste.networks.network import Network

__all__ = ["Vit", "VitConfig"]


@dataclass(frozen=True)
class VitConfig:
    """For pictures of ``height`` × ``width``, cut into patches of ``patch`` pixels, an even number.

    ``dimension`` numbers stand for a patch, in ``depth`` layers of ``heads`` heads each. ``dropout`` is the
    share left out within the layers while training.
    """

    types: int
    height: int = 80
    width: int = 60
    patch: int = 10
    dimension: int = 128
    depth: int = 6
    heads: int = 4
    dropout: float = 0.1

    def __post_init__(self) -> None:
        if self.patch < 2 or self.patch % 2 or min(self.height, self.width) < self.patch:
            raise ValueError(
                f"expected an even patch no larger than the picture; got {self.patch} pixels for "
                f"{self.height} × {self.width}"
            )

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """What `as_dict` described; ``KeyError`` or ``ValueError`` for anything else."""
        whole = ("types", "height", "width", "patch", "dimension", "depth", "heads")
        return cls(**{name: int(values[name]) for name in whole}, dropout=float(values["dropout"]))


class Layer(nn.Module):
    """Attention, then a perceptron, each added to what came in."""

    def __init__(self, config: VitConfig) -> None:
        super().__init__()
        self.heads, self.dropout = config.heads, config.dropout
        self.norm1 = nn.LayerNorm(config.dimension)
        self.inputs = nn.Linear(config.dimension, 3 * config.dimension)
        self.output = nn.Linear(config.dimension, config.dimension)
        self.norm2 = nn.LayerNorm(config.dimension)
        self.up = nn.Linear(config.dimension, 4 * config.dimension)
        self.down = nn.Linear(4 * config.dimension, config.dimension)

    def forward(self, x: Tensor) -> Tensor:
        n, patches, dimension = x.shape
        split = self.inputs(self.norm1(x)).view(n, patches, 3, self.heads, dimension // self.heads)
        query, key, value = split.permute(2, 0, 3, 1, 4)
        seen = (
            F.scaled_dot_product_attention(query, key, value).transpose(1, 2).reshape(n, patches, dimension)
        )
        x = x + F.dropout(self.output(seen), self.dropout, self.training)
        return x + F.dropout(self.down(F.gelu(self.up(self.norm2(x)))), self.dropout, self.training)


class Vit(Network):
    """Pictures (N, 3, height, width) → features (N, dimension) → scores (N, types).

    >>> network = Vit(VitConfig(types=5, depth=1)).eval()
    >>> tuple(network.type_scores(network(torch.zeros(2, 3, 80, 60))).shape)
    (2, 5)
    """

    def __init__(self, config: VitConfig) -> None:
        super().__init__()
        self.config = config
        half = config.patch // 2
        self.stem = nn.Sequential(
            nn.Conv2d(3, config.dimension // 2, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(config.dimension // 2),
            nn.ReLU(),
            nn.Conv2d(config.dimension // 2, config.dimension, half, stride=half),
        )
        rows, columns = (-(-side // 2) // half for side in (config.height, config.width))
        self.place = nn.Parameter(0.02 * torch.randn(rows * columns, config.dimension))
        self.layers = nn.Sequential(*(Layer(config) for _ in range(config.depth)))
        self.norm = nn.LayerNorm(config.dimension)
        self.head = nn.Linear(config.dimension, config.types)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # faster convolutions

    def forward(self, x: Tensor) -> Tensor:
        patches = self.stem(x).flatten(start_dim=2).transpose(1, 2)
        made: Tensor = self.norm(self.layers(patches + self.place)).float().mean(dim=1)
        return made

    def type_scores(self, features: Tensor) -> Tensor:
        made: Tensor = self.head(features)
        return made

    def parts(self) -> list[tuple[str, ...]]:
        *before, last = ((f"layers.{at}",) for at in range(len(self.layers)))
        return [("stem", "place"), *before, (*last, "norm"), ("head",)]
