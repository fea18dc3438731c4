"""Whether a product's name finds its photo among all others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modiste.evaluation.results import Recall

__all__ = ["find_by_text"]

_QUERIES_AT_ONCE = 256


def find_by_text(
    texts: NDArray[np.float32], photos: NDArray[np.float32], own: NDArray[np.int64], names: NDArray[np.int64]
) -> Recall:
    """The names' unit vectors (Q, D), each looked for among the photos' (N, D).

    ``own`` (Q,) is the row of the photo a name belongs to; ``names`` (N,) numbers the names of all photos.
    Many products share one name: the strict recall counts the own photo alone, ``same_name`` any photo of
    that very name. Of equally similar photos the wrong ones are thought to come first.
    """
    ranks, same_ranks = [], []
    for start in range(0, len(texts), _QUERIES_AT_ONCE):
        part = slice(start, start + _QUERIES_AT_ONCE)
        cosines = texts[part] @ photos.T
        right = cosines[np.arange(len(cosines)), own[part]]
        ranks.append((cosines >= right[:, None]).sum(axis=1))
        same = names[None, :] == names[own[part]][:, None]
        best = np.where(same, cosines, -np.inf).max(axis=1)
        same_ranks.append((np.where(same, -np.inf, cosines) >= best[:, None]).sum(axis=1) + 1)
    rank, same_rank = np.concatenate(ranks), np.concatenate(same_ranks)
    return Recall(
        recall_at_1=float((rank <= 1).mean()),
        recall_at_10=float((rank <= 10).mean()),
        same_name_at_1=float((same_rank <= 1).mean()),
        same_name_at_10=float((same_rank <= 10).mean()),
        n=len(texts),
    )
