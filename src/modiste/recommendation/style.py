"""Among items that are about equally similar, those of the photo's style first.

The type vector says *what* an item is, the style vector what it looks like (see `modiste.networks.style`).
Search goes by the type alone; only the order of the few best then changes, and how far is limited: complete
agreement in style is worth ``pull`` of similarity in type. An item that is less similar by more than that
never comes first, whatever its colour.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modiste.catalogue import Neighbours
from modiste.embedding import unit_rows
from modiste.metrics import hits, share_alike

__all__ = ["AMONG", "PULL", "choose_pull", "in_style"]

AMONG = 20
"""So many of the nearest items by type are put into a new order."""

PULL = 0.1
"""What complete agreement in style is worth, in cosines of type, where nothing was settled in a rehearsal."""

_PULLS = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4)
_TOLERATED_LOSS = 0.002  # of hit rate and of the share of the right type: what chance makes of them anyway


def in_style(
    neighbours: Neighbours, query_styles: ArrayLike, item_styles: ArrayLike, *, pull: float
) -> Neighbours:
    """The neighbours by similarity + ``pull`` · similarity in style, best first; their similarities as found.

    ``neighbours`` (Q, k), such as the `AMONG` nearest by type, of items whose style vectors are
    ``item_styles`` (N, S); those of the queries are ``query_styles`` (Q, S), all of length 1. Of equal ones
    the earlier stays earlier, so that a pull of 0 changes nothing. ``ValueError`` for a pull below 0 and
    for shapes that do not fit.

    >>> found = Neighbours(np.array([[4, 2]]), np.array([[0.90, 0.88]], np.float32))
    >>> red, blue = [1.0, 0.0], [0.0, 1.0]
    >>> in_style(found, [red], [red, red, red, red, blue], pull=0.1).rows.tolist()
    [[2, 4]]
    >>> in_style(found, [red], [red, red, red, red, blue], pull=0.01).rows.tolist()
    [[4, 2]]
    """
    asked, items = unit_rows(query_styles), unit_rows(item_styles)
    if pull < 0:
        raise ValueError(f"expected a pull of at least 0; got {pull}")
    if len(asked) != len(neighbours) or asked.shape[1] != items.shape[1]:
        raise ValueError(
            f"expected styles ({len(neighbours)}, S) and (N, S); got {asked.shape} and {items.shape}"
        )
    alike = np.einsum("qks,qs->qk", items[neighbours.rows], asked)  # -1, which is nobody, keeps its -inf
    order = np.argsort(-(neighbours.similarities + pull * alike), axis=1, kind="stable")
    return Neighbours(
        np.take_along_axis(neighbours.rows, order, axis=1),
        np.take_along_axis(neighbours.similarities, order, axis=1),
    )


def choose_pull(
    neighbours: Neighbours,
    query_styles: ArrayLike,
    item_styles: ArrayLike,
    query_types: NDArray[np.int64],
    item_types: NDArray[np.int64],
    query_codes: NDArray[np.int64],
    item_codes: NDArray[np.int64],
    shown: int = 3,
) -> float:
    """The pull that brings most agreement in style among the first ``shown``, at unchanged type accuracy.

    Unchanged means: neither the share of queries with an item of their type nor the share of items of the
    query's type falls by more than 0.002. ``query_types`` (Q,) and ``item_types`` (N,) are classes,
    ``query_codes`` (Q, A) and ``item_codes`` (N, A) attributes, -1 where one is unknown.
    """

    def measure(pull: float) -> tuple[float, float, float]:
        rows = in_style(neighbours, query_styles, item_styles, pull=pull).rows[:, :shown]
        kinds = item_types[rows]
        each = [
            share_alike(query_codes[:, a], item_codes[rows, a], unknown=-1)
            for a in range(query_codes.shape[1])
        ]
        found = [share for share in each if share is not None]
        style = float(np.mean(found)) if found else 0.0
        return float(hits(query_types, kinds).mean()), float((kinds == query_types[:, None]).mean()), style

    measured = {pull: measure(pull) for pull in _PULLS}
    hit, right, _ = measured[0.0]
    fit = [
        pull
        for pull, (hit_here, right_here, _) in measured.items()
        if hit_here >= hit - _TOLERATED_LOSS and right_here >= right - _TOLERATED_LOSS
    ]
    return max(fit, key=lambda pull: measured[pull][2])
