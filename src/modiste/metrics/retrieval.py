"""How good a ranking of a gallery is, query by query.

A photo of the gallery is relevant when its label is the query's. Let ``P(i)`` be the share of relevant ones
among the first ``i``, ``R(i)`` the share of all relevant ones that is among them, and ``r`` how many there
are.

=================  =======================================================================================
average precision  Σ (R(i) − R(i−1)) P(i), as scikit-learn's ``average_precision_score``; its mean is mAP
precision@k        P(k)
recall@k           R(k)
R-precision        P(r)
MAP@R              1/r · Σ P(i) over the relevant among the first r (K. Musgrave et al., "A Metric Learning
                   Reality Check", ECCV 2020)
=================  =======================================================================================

Equal similarities have no order: average precision and the curve take a tie as a whole. The figures that cut
the ranking at a place take the photos of a tie in the gallery's order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["RECALLS", "Retrieval", "judge_retrieval"]

RECALLS = np.linspace(0, 1, 21)
"""Where the precision–recall curve is read."""

_QUERIES_AT_ONCE = 256


@dataclass(frozen=True, eq=False)
class Retrieval:
    """Figures of each query, (Q,) unless said otherwise; NaN where the gallery has nothing relevant.

    ``precision_at`` and ``recall_at`` map k to them. ``curve`` (21,) is the precision reached at each of
    `RECALLS`, or further on, averaged over queries.
    """

    average_precision: NDArray[np.float64]
    r_precision: NDArray[np.float64]
    map_at_r: NDArray[np.float64]
    precision_at: dict[int, NDArray[np.float64]]
    recall_at: dict[int, NDArray[np.float64]]
    curve: NDArray[np.float64]

    @property
    def answerable(self) -> NDArray[np.bool_]:
        """Whether the gallery has anything relevant (Q,)."""
        return ~np.isnan(self.average_precision)


def judge_retrieval(
    queries: ArrayLike,
    query_labels: ArrayLike,
    gallery: ArrayLike,
    gallery_labels: ArrayLike,
    *,
    ks: Sequence[int] = (1, 3, 5, 10, 20),
    same: bool = False,
) -> Retrieval:
    """Rank ``gallery`` (N, D) for each of ``queries`` (Q, D) by dot product; labels (Q,) and (N,).

    With ``same`` queries and gallery are the same photos in the same order, and none is found by itself.
    ``ValueError`` when shapes do not fit, a ``k`` is below 1, or no query has anything relevant.

    >>> found = judge_retrieval([[1, 0]], [3], [[1, 0], [0.8, 0.6], [0.6, 0.8]], [3, 8, 3], ks=(1, 2))
    >>> found.average_precision.round(3).tolist(), found.recall_at[2].tolist(), found.r_precision.tolist()
    ([0.833], [0.5], [0.5])
    """
    asked, known = np.asarray(queries, np.float32), np.asarray(gallery, np.float32)
    wanted, names = np.asarray(query_labels), np.asarray(gallery_labels)
    if asked.ndim != 2 or known.ndim != 2 or asked.shape[1] != known.shape[1]:
        raise ValueError(f"expected vectors (Q, D) and (N, D); got {asked.shape} and {known.shape}")
    if wanted.shape != (len(asked),) or names.shape != (len(known),):
        raise ValueError(f"expected a label for each vector; got {wanted.shape} and {names.shape}")
    if same and asked.shape != known.shape:
        raise ValueError(f"expected the same photos twice; got {len(asked)} and {len(known)}")
    if min(ks, default=1) < 1:
        raise ValueError(f"expected k ≥ 1; got {min(ks)}")

    parts = []
    for start in range(0, len(asked), _QUERIES_AT_ONCE):
        chosen = slice(start, start + _QUERIES_AT_ONCE)
        similarity = asked[chosen] @ known.T
        own = np.arange(start, start + len(similarity)) if same else None
        parts.append(_judge(similarity, wanted[chosen, None] == names, ks, own))
    figures = np.concatenate([figures for figures, _ in parts], axis=1)
    curves = np.concatenate([curve for _, curve in parts])
    if not len(curves):
        raise ValueError("expected a query with something relevant in the gallery; there is none")
    cuts = len(ks)
    return Retrieval(
        average_precision=figures[0],
        r_precision=figures[1],
        map_at_r=figures[2],
        precision_at=dict(zip(ks, figures[3 : 3 + cuts], strict=True)),
        recall_at=dict(zip(ks, figures[3 + cuts :], strict=True)),
        curve=curves.mean(axis=0),
    )


def _judge(
    similarity: NDArray[np.float32],
    relevant: NDArray[np.bool_],
    ks: Sequence[int],
    own: NDArray[np.int64] | None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Figures (3 + 2 · len(ks), Q) of some queries, and the curves of the answerable ones (A, 21)."""
    if own is not None:
        itself = (np.arange(len(own)), own)
        similarity[itself], relevant[itself] = -np.inf, False
    figures = np.full((3 + 2 * len(ks), len(similarity)), np.nan)
    answerable = relevant.any(axis=1)
    order = np.argsort(-similarity[answerable], axis=1, kind="stable")
    ranked = np.take_along_axis(similarity[answerable], order, axis=1)
    hit = np.take_along_axis(relevant[answerable], order, axis=1)
    found = np.cumsum(hit, axis=1)
    places = np.arange(1, hit.shape[1] + 1)
    precision = found / places
    total = found[:, -1:]

    # The last place of the tie that each place belongs to: the next place before which similarity falls.
    falls = np.ones(hit.shape, np.bool_)
    falls[:, :-1] = ranked[:, 1:] != ranked[:, :-1]
    last = np.minimum.accumulate(np.where(falls, places - 1, hit.shape[1])[:, ::-1], axis=1)[:, ::-1]
    at_ties = np.take_along_axis(precision, last, axis=1)

    within = places <= total
    rows = [
        (at_ties * hit).sum(axis=1) / total[:, 0],
        (hit & within).sum(axis=1) / total[:, 0],
        (precision * (hit & within)).sum(axis=1) / total[:, 0],
        *(found[:, min(k, len(places)) - 1] / k for k in ks),
        *(found[:, min(k, len(places)) - 1] / total[:, 0] for k in ks),
    ]
    figures[:, answerable] = rows
    onwards = np.maximum.accumulate(at_ties[:, ::-1], axis=1)[:, ::-1]
    needed = np.maximum(1, np.ceil(np.round(RECALLS * total, 9)))
    reached = np.stack([(found >= need[:, None]).argmax(axis=1) for need in needed.T], axis=1)
    return figures, np.take_along_axis(onwards, reached, axis=1)
