"""How well a support set is ranked for test photos: retrieval figures, from vectors."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from modiste.evaluation.results import Ranking
from modiste.metrics import RECALLS, interval, judge_retrieval, mean_bootstrap

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
    group left out of training. ``ValueError`` when no query has its type in the gallery.
    """
    found = judge_retrieval(queries, query_types, gallery, gallery_types, same=same)
    able = found.answerable
    average, types = found.average_precision[able], query_types[able]
    by_class = {names[kind]: float(average[types == kind].mean()) for kind in np.unique(types).tolist()}
    return Ranking(
        map=float(average.mean()),
        interval=interval(mean_bootstrap(average, types))[0].tolist(),
        balanced_map=float(np.mean(list(by_class.values()))),
        precision_at_1=float(found.precision_at[1][able].mean()),
        r_precision=float(found.r_precision[able].mean()),
        map_at_r=float(found.map_at_r[able].mean()),
        precision_at={str(k): float(values[able].mean()) for k, values in found.precision_at.items()},
        recall_at={str(k): float(values[able].mean()) for k, values in found.recall_at.items()},
        curve=np.stack([RECALLS, found.curve], axis=1).tolist(),
        by_class=by_class,
        n_queries=int(able.sum()),
        each=[
            value if there else None
            for value, there in zip(found.average_precision.tolist(), able, strict=True)
        ],
    )
