"""Labelled photos → the answers they would get, right and wrong, and the threshold that can be promised.

Labels are looked at here only, to see which answers are right; the confidence itself never sees one. Nearly
equal photos count as one: the second proves nothing that the first did not.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from modiste.catalogue import Catalogue
from modiste.datasets import Dataset, Split
from modiste.errors import DataError
from modiste.evaluation.duplicates import duplicate_groups, thumbnails
from modiste.evaluation.photos import LabelledPhotos, run_on_pixels
from modiste.metrics import hits, risk_coverage
from modiste.model import MeasuredCurve
from modiste.progress import Progress, silent
from modiste.recommendation import Confidence, Guarantee, Shortfall, bound_error, choose_threshold, rank
from modiste.recommendation.confidence import SHOWN
from modiste.recommendation.recommender import CalibratedModel

__all__ = [
    "Answered",
    "Shop",
    "Unit",
    "answer_labelled",
    "calibrate",
    "measured_curve",
    "shop_of_catalogue",
    "shop_of_photos",
]

Unit = Literal["group", "type"]
LABEL = "articleType"  # what a catalogue calls an item's type


class Shop(NamedTuple):
    """N items to recommend: ids, unit vectors (N, D) and the names of their types, "" where unknown."""

    ids: tuple[str, ...]
    vectors: NDArray[np.float32]
    types: NDArray[np.str_]


@dataclass(frozen=True, eq=False)
class Answered:
    """Q labelled photos and their answers; all (Q,).

    ``confidence`` and ``wrong`` are the answers', ``types`` the photos' own, and of equal ``groups`` are
    photos that are nearly the same picture. ``data`` is a fingerprint of photos, labels and shop.
    """

    confidence: NDArray[np.float64]
    wrong: NDArray[np.bool_]
    types: NDArray[np.str_]
    groups: NDArray[np.int64]
    data: str


def calibrate(
    answered: Answered,
    *,
    max_error: float,
    confidence: float,
    coverage: float | None = None,
    unit: Unit = "group",
) -> Guarantee | Shortfall:
    """The threshold that is promised to show at most ``max_error`` wrong answers, or why there is none.

    With ``coverage`` the threshold shows about that share, and the error promised is what it turns out to be;
    ``max_error`` is not looked at. A ``unit`` of "type" makes the promise for types yet to come.
    """
    groups = answered.groups if unit == "group" else answered.types
    arrays = (answered.confidence, answered.wrong, groups)
    found = (
        choose_threshold(*arrays, max_error=max_error, confidence=confidence, unit=unit)
        if coverage is None
        else bound_error(*arrays, coverage=coverage, confidence=confidence, unit=unit)
    )
    return replace(found, data=answered.data) if isinstance(found, Guarantee) else found


def measured_curve(answered: Answered) -> MeasuredCurve:
    """What any threshold would do with the labelled photos; of nearly equal ones, the first counts.

    Nothing of it is promised: a threshold picked by it was picked to look good on these photos.
    """
    _, first = np.unique(answered.groups, return_index=True)
    curve = risk_coverage(answered.wrong[first], answered.confidence[first])
    return MeasuredCurve.of(curve, n=len(first), source="labelled photos")


def answer_labelled(
    model: CalibratedModel,
    dataset: Dataset,
    labelled: Split,
    shop: Shop | None = None,
    *,
    progress: Progress = silent,
) -> Answered:
    """What a ``shop`` would answer to the ``labelled`` photos in ``dataset``, and which answers are right.

    Items of the shop that are one of the photos are left out of it. Without a shop half of the photos, of
    each type every other one, are the shop, and the others are asked. `DataError` if photos are missing, if a
    shop has fewer than three items or if none of its items has a known type.
    """
    photos = LabelledPhotos.of(labelled, dataset)
    name_of = dict(zip(labelled.type_ids.tolist(), labelled.type_names, strict=True))
    types = np.array([name_of[kind] for kind in photos.types.tolist()])
    count = partial(_report, progress, len(photos))
    vectors = run_on_pixels(model.embed, dataset, photos.rows, count)
    pictures = run_on_pixels(thumbnails, dataset, photos.rows)
    asked = np.arange(len(photos))
    if shop is None:
        items, asked = _deal(types)
        shop = Shop(tuple(photos.ids[at] for at in items), vectors[items], types[items])
    else:
        ours = set(photos.ids)
        others = [row for row, id in enumerate(shop.ids) if id not in ours]
        shop = Shop(tuple(shop.ids[row] for row in others), shop.vectors[others], shop.types[others])
    if len(shop.ids) < SHOWN or len(asked) < 2:
        raise DataError(
            f"at least {SHOWN} items and 2 photos to ask for are needed; there are {len(shop.ids)} and "
            f"{len(asked)}"
        )
    if not (shop.types != "").any():
        raise DataError(f"no item of the catalogue has a label {LABEL}, so no answer can be called right")
    rows, sure = rank(
        vectors[asked], shop.vectors, Confidence.from_dict(model.calibration.confidence), model.prototypes
    )
    digest = hashlib.sha256()
    for column in (shop.ids, shop.types.tolist(), [photos.ids[at] for at in asked], types[asked].tolist()):
        digest.update("\n".join(column).encode())
        digest.update(b"\0")
    return Answered(
        confidence=sure,
        wrong=~hits(types[asked], shop.types[rows]),
        types=types[asked],
        groups=duplicate_groups(pictures[asked]),
        data=digest.hexdigest()[:12],
    )


def shop_of_catalogue(catalogue: Catalogue) -> Shop:
    """The items of a catalogue, with the types its labels name."""
    now = catalogue.snapshot
    types = {item.id: item.labels.get(LABEL, "") for item in catalogue.page(0, len(now))}
    return Shop(tuple(now.ids), now.vectors, np.array([types.get(id, "") for id in now.ids], np.str_))


def shop_of_photos(
    model: CalibratedModel, dataset: Dataset, split: Split, *, progress: Progress = silent
) -> Shop:
    """The photos of a split as a shop."""
    photos = LabelledPhotos.of(split, dataset)
    vectors = run_on_pixels(model.embed, dataset, photos.rows, partial(_report, progress, len(photos)))
    name_of = dict(zip(split.type_ids.tolist(), split.type_names, strict=True))
    return Shop(photos.ids, vectors, np.array([name_of[kind] for kind in photos.types.tolist()]))


def _deal(types: NDArray[np.str_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions of the items and of the photos to ask: dealt in turn within each type, at random."""
    order = np.random.default_rng(0).permutation(len(types))
    order = order[np.argsort(types[order], kind="stable")]
    _, first, sizes = np.unique(types[order], return_index=True, return_counts=True)
    turn = (np.arange(len(types)) - np.repeat(first, sizes)) % 2
    return np.sort(order[turn == 0]), np.sort(order[turn == 1])


def _report(progress: Progress, total: int, done: int) -> None:
    progress(done, total, "embedding photos")
