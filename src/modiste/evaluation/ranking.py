"""How well a support set is ranked for test photos: retrieval figures, from vectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modiste.evaluation.results import Expanded, Ranking
from modiste.expansion import NEIGHBOURS, expand
from modiste.metrics import RECALLS, Retrieval, interval, judge_retrieval, mean_bootstrap

__all__ = ["judge_ranking"]


def judge_ranking(
    queries: NDArray[np.float32],
    query_types: NDArray[np.int64],
    gallery: NDArray[np.float32],
    gallery_types: NDArray[np.int64],
    names: Mapping[int, str],
    *,
    same: bool = False,
) -> Ranking:
    """All figures of :class:`Ranking`: unit vectors (Q, D) and (N, D), types (Q,) and (N,), and their names.

    With ``same`` queries and gallery are the same photos, and none finds itself: for instance all photos of a
    group left out of training. Nothing is expanded then. ``ValueError`` when no query has its type in the
    gallery.
    """
    found = judge_retrieval(queries, query_types, gallery, gallery_types, same=same)
    able = found.answerable
    expanded = None
    if not same:
        asked, known = expand(queries, gallery)
        again = judge_retrieval(asked, query_types, known, gallery_types)
        expanded = Expanded(neighbours=NEIGHBOURS, each=_each(again), **_means(again, query_types, names))
    return Ranking(
        **_means(found, query_types, names),
        precision_at={str(k): float(values[able].mean()) for k, values in found.precision_at.items()},
        recall_at={str(k): float(values[able].mean()) for k, values in found.recall_at.items()},
        curve=np.stack([RECALLS, found.curve], axis=1).tolist(),
        by_class=_by_class(found, query_types, names),
        n_queries=int(able.sum()),
        each=_each(found),
        expanded=expanded,
    )


def _each(found: Retrieval) -> list[float | None]:
    """The average precision of each query, None where there is nothing to find."""
    values, able = found.average_precision.tolist(), found.answerable
    return [value if there else None for value, there in zip(values, able, strict=True)]


def _by_class(found: Retrieval, types: NDArray[np.int64], names: Mapping[int, str]) -> dict[str, float]:
    """The mean average precision of each type's queries."""
    average, types = found.average_precision[found.answerable], types[found.answerable]
    return {names[kind]: float(average[types == kind].mean()) for kind in np.unique(types).tolist()}


def _means(found: Retrieval, types: NDArray[np.int64], names: Mapping[int, str]) -> dict[str, Any]:
    """What plain and expanded rankings are told by, over the queries that can be answered."""
    able = found.answerable
    average = found.average_precision[able]
    return {
        "map": float(average.mean()),
        "interval": interval(mean_bootstrap(average, types[able]))[0].tolist(),
        "balanced_map": float(np.mean(list(_by_class(found, types, names).values()))),
        "precision_at_1": float(found.precision_at[1][able].mean()),
        "r_precision": float(found.r_precision[able].mean()),
        "map_at_r": float(found.map_at_r[able].mean()),
    }
