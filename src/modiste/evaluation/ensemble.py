"""Several models that answer as one, in the shape of a model.

Soft vote: the mean of their probabilities. Majority: a vote each; a tie goes to the more probable class.
Their vectors are put side by side, so that a cosine is the mean of their cosines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modiste.errors import ModelError
from modiste.evaluation.subject import Calibration, Labels, Model

__all__ = ["VOTES", "Ensemble"]

VOTES = ("soft", "majority")


@dataclass(frozen=True)
class Ensemble:
    """``models`` that know the same types in the same order, and how they ``vote``; see the module's text.

    The support set is read as the first one reads it. `ModelError` when there are no two models, the types
    differ, or the vote is none of `VOTES`.
    """

    models: Sequence[Model]
    vote: str = "soft"

    def __post_init__(self) -> None:
        if len(self.models) < 2 or self.vote not in VOTES:
            raise ModelError(
                f"expected two models or more and a vote of {', '.join(VOTES)}; "
                f"got {len(self.models)} and {self.vote}"
            )
        first = self.models[0]
        for other in self.models[1:]:
            if (other.labels.type_ids, other.labels.types) != (first.labels.type_ids, first.labels.types):
                raise ModelError(
                    f"{first.id} and {other.id} know different types; models that vote must share them"
                )

    @property
    def id(self) -> str:
        return f"{self.vote}({', '.join(model.id for model in self.models)})"

    @property
    def regime(self) -> str:
        return "rich" if any(model.regime == "rich" for model in self.models) else "course"

    @property
    def named_by(self) -> str:
        return f"{self.vote} vote"

    @property
    def labels(self) -> Labels:
        return self.models[0].labels

    @property
    def calibration(self) -> Calibration:
        return self.models[0].calibration

    def embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Photos (N, H, W, 3) → unit vectors (N, D₁ + D₂ + …)."""
        side_by_side = np.concatenate([model.embed(pixels) for model in self.models], axis=1)
        unit: NDArray[np.float32] = (side_by_side / np.sqrt(len(self.models))).astype(np.float32)
        return unit

    def classify(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Photos (N, H, W, 3) → shares (N, C) of the types in ``labels``; rows sum to 1."""
        each = np.stack([model.classify(pixels) for model in self.models])
        soft: NDArray[np.float32] = each.mean(axis=0)
        if self.vote == "soft":
            return soft
        votes = (each.argmax(axis=2)[:, :, None] == np.arange(each.shape[2])).sum(axis=0)
        # The probabilities add up to 1, so they decide between equal votes and never against more of them.
        shares: NDArray[np.float32] = ((votes + soft) / (len(self.models) + 1)).astype(np.float32)
        return shares
