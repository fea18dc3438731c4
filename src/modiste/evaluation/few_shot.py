"""How well new classes are told apart from a few photos each: figures of episodes, from vectors."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modiste.evaluation.results import FewShot
from modiste.metrics import draw_episodes, episode_accuracies, mean_interval

__all__ = ["EPISODES", "judge_few_shot", "parse_episodes"]

EPISODES: dict[str, tuple[int, int, int]] = {"5x1": (5, 1, 600), "5x5": (5, 5, 600), "30x5": (30, 5, 150)}
"""What is reported by default: ways, shots and episodes. 30 ways leave little to chance."""

_SMOOTHING = 0.5  # did best of 0.3 to 3 on training classes, with queries drawn unevenly
_CONCENTRATION = 2.0


def judge_few_shot(
    vectors: NDArray[np.float32],
    types: ArrayLike,
    *,
    ways: int,
    shots: int,
    episodes: int = 600,
    queries: int = 15,
    seed: int = 0,
) -> FewShot:
    """All figures of :class:`FewShot`, for unit ``vectors`` (N, D) and ``types`` (N,).

    ``ValueError`` when there are fewer than ``ways`` types with ``shots + queries`` photos.

    >>> vectors, types = np.repeat(np.eye(3, dtype=np.float32), 9, axis=0), np.repeat([3, 5, 8], 9)
    >>> judged = judge_few_shot(vectors, types, ways=2, shots=1, episodes=5, queries=4)
    >>> judged.accuracy, judged.interval, judged.transductive
    (1.0, [1.0, 1.0], 1.0)
    """
    balanced, unbalanced = (
        draw_episodes(
            types,
            ways=ways,
            shots=shots,
            queries=queries,
            episodes=episodes,
            concentration=concentration,
            seed=seed,
        )
        for concentration in (None, _CONCENTRATION)
    )
    each, together, uneven, uneven_together = (
        episode_accuracies(vectors, drawn, smoothing=smoothing)
        for drawn in (balanced, unbalanced)
        for smoothing in (0.0, _SMOOTHING)
    )
    return FewShot(
        accuracy=float(each.mean()),
        interval=list(mean_interval(each)),
        episodes=episodes,
        queries=queries,
        transductive=float(together.mean()),
        transductive_interval=list(mean_interval(together)),
        unbalanced=float(uneven.mean()),
        unbalanced_interval=list(mean_interval(uneven)),
        unbalanced_transductive=float(uneven_together.mean()),
        unbalanced_transductive_interval=list(mean_interval(uneven_together)),
        each=each.tolist(),
    )


def parse_episodes(text: str) -> tuple[int, int, int]:
    """``"10x5"`` → 10 ways, 5 shots and a fitting number of episodes. ``ValueError`` for anything else.

    >>> parse_episodes("10x5")
    (10, 5, 600)
    """
    ways, cross, shots = text.partition("x")
    if not (cross and ways.isdecimal() and shots.isdecimal() and int(ways) > 1 and int(shots) > 0):
        raise ValueError(f"expected ways and shots, such as 10x5; got {text!r}")
    return int(ways), int(shots), 600 if int(ways) <= 10 else 150
