"""What an item's style is said to be: base colour, gender and usage, as one vector of length 1.

The head answers, for each attribute, how probable each of its values is. The style vector is made of the
square roots of these probabilities. Those of one attribute have length 1, and the product of two photos'
roots is the Bhattacharyya coefficient (https://en.wikipedia.org/wiki/Bhattacharyya_distance): 1 for equal
answers, 0 for answers that share nothing. So the similarity of two style vectors is how far the photos agree
in each attribute, averaged; doubt counts too: something between navy and blue is nearest to its like.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["StyleConfig", "StyleHead"]


@dataclass(frozen=True)
class StyleConfig:
    """``features`` numbers come in, ``hidden`` lie between; ``values`` are the words of each attribute.

    ``shares`` has one number for each attribute, in [0, 1], 1 in sum: how much of the style vector it makes
    up. An attribute of share 0 is learned, and can be asked for, but is no part of the vector. ``ValueError``
    if they do not fit.
    """

    features: int
    hidden: int
    values: dict[str, tuple[str, ...]]
    shares: dict[str, float]

    def __post_init__(self) -> None:
        if list(self.values) != list(self.shares) or abs(sum(self.shares.values()) - 1) > 1e-6:
            raise ValueError(f"expected a share for each of {', '.join(self.values)}, 1 in sum")

    @property
    def dimension(self) -> int:
        """How many numbers a style vector has (S)."""
        return sum(len(values) for name, values in self.values.items() if self.shares[name])

    def as_dict(self) -> dict[str, Any]:
        values = {name: list(values) for name, values in self.values.items()}
        return {
            "features": self.features,
            "hidden": self.hidden,
            "values": values,
            "shares": dict(self.shares),
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """What `as_dict` described; ``KeyError`` or ``ValueError`` for anything else."""
        return cls(
            features=int(values["features"]),
            hidden=int(values["hidden"]),
            values={str(name): tuple(map(str, words)) for name, words in values["values"].items()},
            shares={str(name): float(share) for name, share in values["shares"].items()},
        )


class StyleHead(nn.Module):
    """Features (N, F) of every stage → scores of each attribute's values, or style vectors.

    ``mean`` and ``spread`` (F,) put the features on one scale; they are set before the head is trained.

    >>> values = {"baseColour": ("Blue", "Red"), "season": ("Fall",)}
    >>> config = StyleConfig(4, 8, values, shares={"baseColour": 1, "season": 0})
    >>> head = StyleHead(config).eval()
    >>> vectors = head(torch.rand(3, 4))
    >>> tuple(vectors.shape), vectors.norm(dim=1).round(decimals=4).tolist()
    ((3, 2), [1.0, 1.0, 1.0])
    """

    def __init__(self, config: StyleConfig, dropout: float = 0.2) -> None:
        super().__init__()
        self.config = config
        self.mean: Tensor
        self.spread: Tensor
        self.register_buffer("mean", torch.zeros(config.features))
        self.register_buffer("spread", torch.ones(config.features))
        self.dropout = dropout
        self.inside = nn.Linear(config.features, config.hidden)
        self.out = nn.Linear(config.hidden, sum(map(len, config.values.values())))

    def scores(self, features: Tensor) -> list[Tensor]:
        """Features (N, F) → unnormalised log probabilities (N, V) of the values of each attribute in turn."""
        scaled = F.dropout((features - self.mean) / self.spread, self.dropout, self.training)
        inside = F.dropout(F.relu(self.inside(scaled)), self.dropout, self.training)
        sizes = [len(values) for values in self.config.values.values()]
        return list(self.out(inside).split(sizes, dim=1))

    def forward(self, features: Tensor) -> Tensor:
        """Features (N, F) → style vectors (N, S) of length 1."""
        roots = [
            (share * F.softmax(scores.float(), dim=1)).sqrt()
            for scores, share in zip(self.scores(features), self.config.shares.values(), strict=True)
            if share
        ]
        return F.normalize(torch.cat(roots, dim=1), dim=1)
