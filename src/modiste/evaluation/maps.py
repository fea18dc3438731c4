"""The vectors as pictures: a map of some classes, what lies between two of them, typical and odd photos.

Everything here needs vectors and pixels; what it returns is stored in ``results.json``, so that a report
needs neither. One space for all: the map is fitted on the training photos, and test photos are placed in it.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from modiste.datasets import Dataset
from modiste.evaluation.photos import LabelledPhotos, NotMeasurable
from modiste.evaluation.results import Between, Confusions, Examples, MapOverlap, Maps, MapSplit, Typical

__all__ = [
    "MapChoice",
    "compare_overlap",
    "find_typical",
    "look_between",
    "make_examples",
    "make_maps",
    "map_overlap",
    "project",
    "thumbnail",
]

Vectors = NDArray[np.float32]

_CLASSES = 10
_USUAL = ("Shirts", "Tshirts")
_PHOTOS_EACH = 150  # of a class and a split: enough to see its shape, few enough for a quick page
_AXES_KEPT = 40  # principal components a map is made from: the rest is noise to it
_PERPLEXITY = 30
_NEIGHBOURS = 10
_STEPS = 7  # photos from one centroid to the other, the ends included
_TYPICAL = 3
_PERMUTATIONS = 999
_THUMBNAIL = 80  # pixels high


@dataclass(frozen=True)
class MapChoice:
    """Which classes are on the map, by name; none: the first ten.

    ``between``: two to walk between; none: shirts and T-shirts, or else the two that overlap most.
    """

    classes: tuple[str, ...] = ()
    between: tuple[str, str] | None = None

    def ends(self, maps: Maps) -> tuple[str, str]:
        """The two classes to walk between."""
        if self.between:
            return self.between
        first, second, *_ = maps.overlap.pairs[0]
        return _USUAL if set(_USUAL) <= set(maps.labels) else (first, second)


def make_maps(
    train: tuple[LabelledPhotos, Vectors],
    test: tuple[LabelledPhotos, Vectors],
    names: Mapping[int, str],
    choice: MapChoice,
    confused: Confusions | None,
    splits: tuple[str, str],
) -> Maps:
    """The map of the chosen classes, for photos with unit vectors (N, D); ``splits`` are the two's names.

    ``confused`` are test photos named from a support set, to compare the map with. `NotMeasurable` when fewer
    than two of the classes have photos in both.
    """
    here = [key for key in sorted(set(train[0].types.tolist())) if (test[0].types == key).any()]
    strangers = sorted(set(choice.classes) - {names[key] for key in here})
    if strangers:
        raise NotMeasurable(f"{', '.join(strangers)}: not a type with training and test photos")
    if choice.classes:
        by_name = {names[key]: key for key in here}
        chosen = [by_name[name] for name in dict.fromkeys(choice.classes)]
    else:
        chosen = here[:_CLASSES]
    if len(chosen) < 2:
        raise NotMeasurable("a map needs two types or more with photos in both splits")
    labels = [names[key] for key in chosen]
    rows = [_some_of_each(photos.types, chosen) for photos, _ in (train, test)]
    place = {key: at for at, key in enumerate(chosen)}
    kinds = [
        np.array([place[key] for key in photos.types[at].tolist()])
        for (photos, _), at in zip((train, test), rows, strict=True)
    ]
    means = [_means(photos.types, vectors, chosen) for photos, vectors in (train, test)]
    method, (on_train, *placed) = project(train[1][rows[0]], [test[1][rows[1]], *means])
    found = {}
    for name, (photos, _), at, kind, points, centre in zip(
        splits, (train, test), rows, kinds, (on_train, placed[0]), placed[1:], strict=True
    ):
        found[name] = MapSplit(
            ids=[photos.ids[row] for row in at.tolist()],
            classes=kind.tolist(),
            points=points.round(3).tolist(),
            centroids=centre.round(3).tolist(),
        )
    overlap = map_overlap(on_train, kinds[0], placed[0], kinds[1], len(chosen))
    return Maps(method, labels, found, compare_overlap(overlap, labels, confused))


def project(fitted: Vectors, others: list[Vectors]) -> tuple[str, list[NDArray[np.float64]]]:
    """Vectors (N, D), and others placed where they belong among them → the method and points (·, 2) of each.

    t-SNE where openTSNE is installed (https://opentsne.readthedocs.io), which can place new points in a map
    that is already there; the two first principal components otherwise.
    """
    from sklearn.decomposition import PCA

    axes = PCA(min(_AXES_KEPT, *fitted.shape), svd_solver="full").fit(fitted)
    flat = axes.transform(fitted)
    more = [axes.transform(other) for other in others]
    enough = 3 * _PERPLEXITY + 1
    if find_spec("openTSNE") is None or len(flat) < enough:
        return "pca", [np.asarray(each[:, :2], np.float64) for each in (flat, *more)]
    from openTSNE import TSNE

    made = TSNE(perplexity=_PERPLEXITY, neighbors="exact", random_state=0, n_jobs=1).fit(flat)
    placed = made.transform(np.concatenate(more))  # each by its neighbours in the map, not by each other
    ends = np.cumsum([len(each) for each in more])[:-1]
    return "t-sne", [np.asarray(made), *np.split(np.asarray(placed), ends)]


def map_overlap(
    known: NDArray[np.float64],
    known_kinds: NDArray[np.int64],
    placed: NDArray[np.float64],
    kinds: NDArray[np.int64],
    classes: int,
) -> NDArray[np.float64]:
    """How much classes lie over each other in a map: (C, C).

    Row a, column b: of the nearest known points around a placed point of class a, the mean share of class b.
    Each class counts alike, however many points it has.

    >>> line = np.array([[0.0, 0], [1, 0], [9, 0], [10, 0]])
    >>> map_overlap(line, np.array([0, 0, 1, 1]), line, np.array([0, 0, 1, 1]), 2).round(1).tolist()
    [[0.5, 0.5], [0.5, 0.5]]
    """
    from sklearn.neighbors import NearestNeighbors

    k = min(_NEIGHBOURS, len(known))
    near = NearestNeighbors(n_neighbors=k).fit(known).kneighbors(placed, return_distance=False)
    weight = 1 / np.maximum(np.bincount(known_kinds, minlength=classes), 1)
    shares = np.zeros((len(placed), classes))
    np.add.at(shares, (np.arange(len(placed))[:, None], known_kinds[near]), weight[known_kinds[near]])
    shares /= shares.sum(axis=1, keepdims=True)
    return np.stack([shares[kinds == kind].mean(axis=0) for kind in range(classes)])


def compare_overlap(
    overlap: NDArray[np.float64], labels: list[str], confused: Confusions | None
) -> MapOverlap:
    """Each pair of classes: its overlap in the map (C, C), and how often one is called the other, if known.

    Both are means of the two directions. The correlation is Spearman's, over pairs; its p-value comes from
    giving the classes each other's names (Mantel, https://pubmed.ncbi.nlm.nih.gov/6018555/), as pairs that
    share a class are not independent.
    """
    both = (overlap + overlap.T) / 2
    above = np.triu_indices(len(labels), 1)
    order = np.argsort(-both[above], kind="stable")
    near = [(int(above[0][at]), int(above[1][at])) for at in order]
    if confused is None:
        return MapOverlap([[labels[a], labels[b], float(both[a, b]), None] for a, b in near], None, None)
    at = [confused.labels.index(label) for label in labels]
    counts = np.array(confused.matrix, np.float64)
    share = (counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))[np.ix_(at, at)]
    often = (share + share.T) / 2
    correlation = _rank_correlation(both[above], often[above])
    p_value = None
    if correlation is not None:
        rng = np.random.default_rng(0)
        as_large = 1
        for _ in range(_PERMUTATIONS):
            mixed = rng.permutation(len(labels))
            by_chance = _rank_correlation(both[above], often[np.ix_(mixed, mixed)][above])
            as_large += by_chance is not None and by_chance >= correlation
        p_value = as_large / (_PERMUTATIONS + 1)
    pairs = [[labels[a], labels[b], float(both[a, b]), float(often[a, b])] for a, b in near]
    return MapOverlap(pairs, correlation, p_value)


def _rank_correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float | None:
    """Spearman's; None where either does not vary."""
    if len(a) < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    ranks = []
    for values in (a, b):
        _, which, counts = np.unique(values, return_inverse=True, return_counts=True)
        ranks.append((np.cumsum(counts) - (counts - 1) / 2)[which])
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def look_between(
    splits: Mapping[str, tuple[LabelledPhotos, Vectors]], names: Mapping[int, str], ends: tuple[str, str]
) -> Between:
    """The centroids of two classes in each split, the photo nearest to each, and those on the way between.

    The way is cut into equal stretches, one around each step; a stretch shows the photo of either class that
    is nearest to the line. `NotMeasurable` when a split has no photo of a class.
    """
    by_name = {name: key for key, name in names.items()}
    if missing := [end for end in ends if end not in by_name]:
        raise NotMeasurable(f"there is no type {', '.join(missing)}")
    a, b = (by_name[end] for end in ends)
    centroids, nearest, ways = {}, {}, {}
    for split, (photos, vectors) in splits.items():
        centres = _means(photos.types, vectors, [a, b])
        if not np.isfinite(centres).all():
            raise NotMeasurable(f"{split} has no photos of {ends[0]} or of {ends[1]}")
        centroids[split] = centres
        closest = []
        for key, centre in zip((a, b), centres, strict=True):
            own = np.flatnonzero(photos.types == key)
            closest.append(photos.ids[own[np.linalg.norm(vectors[own] - centre, axis=1).argmin()]])
        nearest[split] = closest
        ways[split] = _way(photos, vectors, centres, (a, b), names)
    first, last = centroids.values()
    return Between(
        classes=list(ends),
        nearest=nearest,
        way=ways,
        apart={split: float(np.linalg.norm(two[0] - two[1])) for split, two in centroids.items()},
        moved={
            end: float(np.linalg.norm(one - other)) for end, one, other in zip(ends, first, last, strict=True)
        },
    )


def _way(
    photos: LabelledPhotos,
    vectors: Vectors,
    centres: Vectors,
    keys: tuple[int, int],
    names: Mapping[int, str],
) -> list[list[Any]]:
    """Photo id, class, and how far along the line it is (0 to 1), of each stretch that has a photo."""
    rows = np.flatnonzero(np.isin(photos.types, keys))
    line = centres[1] - centres[0]
    offset = vectors[rows] - centres[0]
    along = offset @ line / (line @ line)
    aside = np.linalg.norm(offset - along[:, None] * line, axis=1)
    steps: list[list[Any]] = []
    for middle in np.linspace(0, 1, _STEPS):
        inside = np.flatnonzero(np.abs(along - middle) <= 0.5 / (_STEPS - 1))
        if len(inside):
            best = inside[aside[inside].argmin()]
            row = int(rows[best])
            steps.append([photos.ids[row], names[int(photos.types[row])], float(along[best])])
    return steps


def find_typical(tests: list[tuple[LabelledPhotos, Vectors]], names: Mapping[int, str]) -> dict[str, Typical]:
    """By class: the test photos nearest to its mean direction, and those farthest from it."""
    found = {}
    for photos, vectors in tests:
        for key in np.unique(photos.types).tolist():
            rows = np.flatnonzero(photos.types == key)
            cosines = vectors[rows] @ _means(photos.types, vectors, [key])[0]
            order = rows[np.argsort(-cosines, kind="stable")].tolist()
            odd = order[_TYPICAL:][-_TYPICAL:][::-1]  # no photo is both
            found[names[key]] = Typical(
                [photos.ids[row] for row in order[:_TYPICAL]], [photos.ids[row] for row in odd]
            )
    return found


def make_examples(typical: Mapping[str, Typical], ids: Collection[str], dataset: Dataset) -> Examples:
    """The ``typical`` photos, and thumbnails of them and of the photos ``ids``, where the data has them."""
    wanted = {*ids, *(id for each in typical.values() for id in (*each.typical, *each.odd))}
    row_of = {id: row for row, id in enumerate(dataset.ids)}
    there = sorted(wanted & row_of.keys())
    return Examples(dict(typical), {id: thumbnail(dataset.pixels[row_of[id]]) for id in there})


def thumbnail(pixels: NDArray[np.uint8]) -> str:
    """A photo (H, W, 3) as a data URI: a JPEG at most 80 pixels high, a kilobyte or two.

    >>> thumbnail(np.zeros((80, 60, 3), np.uint8))[:23]
    'data:image/jpeg;base64,'
    """
    photo = Image.fromarray(pixels)
    photo.thumbnail((_THUMBNAIL, _THUMBNAIL))
    file = io.BytesIO()
    photo.save(file, "JPEG", quality=75, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def _some_of_each(types: NDArray[np.int64], chosen: list[int]) -> NDArray[np.int64]:
    """Rows of at most so many photos of each type, drawn alike on every machine, in their order."""
    rng = np.random.default_rng(0)
    rows = [rng.permutation(np.flatnonzero(types == key))[:_PHOTOS_EACH] for key in chosen]
    return np.sort(np.concatenate(rows))


def _means(types: NDArray[np.int64], vectors: Vectors, chosen: list[int]) -> Vectors:
    """The mean direction of each chosen type (C, D); not a number where it has no photo."""
    made = np.full((len(chosen), vectors.shape[1]), np.nan, np.float32)
    for at, key in enumerate(chosen):
        if (own := types == key).any():
            mean = vectors[own].mean(axis=0)
            made[at] = mean / max(float(np.linalg.norm(mean)), 1e-12)
    return made
