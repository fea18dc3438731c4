"""What every network offers, whichever its architecture: features, and what they say about each type."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Protocol

from torch import Tensor, nn

__all__ = ["Network", "NetworkConfig"]


class NetworkConfig(Protocol):
    """The figures a network is built from; ``types`` is how many classes or labels it answers for."""

    @property
    def types(self) -> int: ...

    def as_dict(self) -> dict[str, Any]: ...


class Network(nn.Module):
    """Pictures (N, 3, H, W) → features (N, D), float32, of which `type_scores` makes answers."""

    config: Any

    @property
    def mirror(self) -> bool:
        """Whether the finished network looks at each photo and at its mirror image."""
        return True

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Pictures (N, 3, H, W) → features (N, D), float32."""

    @abstractmethod
    def type_scores(self, features: Tensor) -> Tensor:
        """Features (N, D) → scores (N, types), any numbers."""

    @abstractmethod
    def parts(self) -> list[tuple[str, ...]]:
        """All that learns, from the picture to the answer, in groups that are frozen or trained as one.

        Names of modules or parameters, as in ``named_parameters``. The last group is the head: it works on
        features; whatever comes before it makes them.
        """
