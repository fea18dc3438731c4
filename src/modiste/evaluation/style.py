"""Whether recommended items look like the photo: its base colour, gender and usage, and still its type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modiste.catalogue import nearest
from modiste.evaluation.results import Alike, StyledScenario
from modiste.metrics import hit_rate, share_alike
from modiste.recommendation.style import AMONG, in_style

__all__ = ["Described", "judge_style", "share_named"]

_SHOWN = 3


class Described:
    """N photos: unit vectors (N, D), style vectors (N, S), types (N,), and the words (N,) of each attribute.

    A word that is not known is "".
    """

    def __init__(
        self,
        vectors: NDArray[np.float32],
        styles: NDArray[np.float32],
        types: NDArray[np.int64],
        words: Mapping[str, NDArray[Any]],
    ) -> None:
        self.vectors, self.styles, self.types, self.words = vectors, styles, types, words


def judge_style(support: Described, test: Described, *, pull: float) -> StyledScenario:
    """The three first items of the support photos for each test photo, without style and with it.

    A share is over all items shown to the queries whose word is known; an item without one is not alike.
    """
    plain = nearest(support.vectors, test.vectors, AMONG)
    styled = in_style(plain, test.styles, support.styles, pull=pull)
    return StyledScenario(
        plain=_alike(support, test, plain.rows[:, :_SHOWN]),
        styled=_alike(support, test, styled.rows[:, :_SHOWN]),
        n_support=len(support.types),
        n_test=len(test.types),
    )


def share_named(truth: Mapping[str, NDArray[Any]], said: Mapping[str, NDArray[Any]]) -> dict[str, float]:
    """For each attribute: the share of photos of which it is known that are given their own word."""
    shares = {
        name: share_alike(truth[name], said[name][:, None], unknown="") for name in truth if name in said
    }
    return {name: share for name, share in shares.items() if share is not None}


def _alike(support: Described, test: Described, rows: NDArray[np.int64]) -> Alike:
    kinds = support.types[rows]
    shares = {
        name: share_alike(words, support.words[name][rows], unknown="") for name, words in test.words.items()
    }
    return Alike(
        first_of_type=float((kinds[:, 0] == test.types).mean()),
        hit_rate=hit_rate(test.types, kinds),
        same_type=float((kinds == test.types[:, None]).mean()),
        same={name: share for name, share in shares.items() if share is not None},
    )
