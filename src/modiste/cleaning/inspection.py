"""Everything there is to find out about a data set, in one pass: figures for JSON, photos for the page."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modiste.cleaning.label_errors import cross_fitted, suspected_errors
from modiste.cleaning.odd_photos import odd_photos
from modiste.cleaning.unknown import embed_rows
from modiste.datasets import Dataset, describe, open_dataset, open_listings
from modiste.datasets.duplicates import Group, Leak, joined, leaks_between, near_pairs
from modiste.datasets.info import LEVELS
from modiste.datasets.listing import BROKEN
from modiste.embedding import Encoder
from modiste.errors import DataError
from modiste.progress import Progress, silent

__all__ = ["ID_COLUMNS", "Inspection", "inspect", "read_parts"]

ALIKE = 0.97
"""The cosine that near duplicates must have, where an encoder is there to ask."""

ID_COLUMNS = ("imageId", "id", "image")
_PARTS_IN_ORDER = ("train", "main_support", "new_support", "val", "valid", "validation")


@dataclass(frozen=True, eq=False)
class Inspection:
    """``figures`` are ready for JSON; ``dataset`` has the photos, at 80 × 60, that they are about.

    ``exact`` and ``near`` are the groups of duplicates, by id.
    """

    figures: dict[str, Any]
    dataset: Dataset
    exact: tuple[Group, ...]
    near: tuple[Group, ...]


def inspect(
    paths: Sequence[str | Path],
    *,
    splits: str | Path | None = None,
    encoder: Encoder | None = None,
    seed: int = 0,
    progress: Progress = silent,
) -> Inspection:
    """Look at folders, zips and tables of photos as one data set.

    To what `modiste.datasets.describe` tells come near duplicates and, with ``splits`` (a folder of CSV files
    of ids), what leaks from one into another. With an ``encoder`` all photos are embedded, which takes a
    minute for 40,000: near duplicates are then confirmed by their vectors, and suspected label errors and odd
    photos are found. Raises `DataError` for data or splits that cannot be read.
    """
    listings = open_listings(paths)
    parts = None if splits is None else read_parts(splits)
    dataset = open_dataset(paths, progress=partial(_tell, progress, "reading photos"))
    figures = describe(listings, progress=partial(_tell, progress, "looking at files"))
    _add_undecodable(figures, dataset)
    figures["layouts"] = {str(listing.source.path): listing.layout for listing in listings}
    figures["skipped_rows"] = [str(skip) for listing in listings for skip in listing.skipped]

    vectors = None
    if encoder is not None:
        fitted = (
            dataset
            if encoder.preprocess == dataset.preprocess
            else open_dataset(
                paths, encoder.preprocess, progress=partial(_tell, progress, "reading photos again")
            )
        )
        vectors = embed_rows(encoder, fitted, fitted.rows(dataset.ids), progress)

    exact = tuple(tuple(group) for group in figures["duplicates"]["exact"])
    near = _near_groups(dataset, exact, vectors, progress)
    figures["duplicates"] |= {
        "near_groups": len(near),
        "near_photos": sum(map(len, near)),
        "near": [list(group) for group in near],
    }
    if parts is not None:
        figures["leakage"] = _leakage(parts, leaks_between(parts, exact, near), set(dataset.ids))
    if encoder is not None and vectors is not None:
        figures["encoder"] = encoder.id
        figures["odd_photos"] = _odd(dataset, vectors)
        level = next((level for level in reversed(LEVELS) if level in figures["levels"]), None)
        figures["label_errors"] = (
            [] if level is None else _label_errors(dataset, level, vectors, seed, progress)
        )
    return Inspection(figures, dataset, exact, near)


def read_parts(folder: str | Path) -> dict[str, tuple[str, ...]]:
    """The CSV files of a folder that have a column of photo ids: name → ids, training parts first.

    Unlike `modiste.datasets.read_splits` it takes any names and columns, and the same id in two files, as
    that is what a leakage report is for. `DataError` when there are not two such files.
    """
    folder = Path(folder)
    parts: dict[str, tuple[str, ...]] = {}
    for file in sorted(folder.glob("*.csv"), key=lambda file: (_place(file.stem), file.stem)):
        try:
            lines = csv.DictReader(file.read_text("utf-8-sig").splitlines())
            column = next((name for name in ID_COLUMNS if name in (lines.fieldnames or ())), None)
            if column is not None:
                parts[file.stem] = tuple(id for line in lines if (id := (line[column] or "").strip()))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise DataError(f"{file}: cannot be read ({error})") from error
    if len(parts) < 2:
        raise DataError(
            f"{folder}: at least two CSV files with a column {' or '.join(ID_COLUMNS)} expected, "
            f"such as train.csv and test.csv; found {len(parts)}"
        )
    return parts


def _place(name: str) -> int:
    return _PARTS_IN_ORDER.index(name) if name in _PARTS_IN_ORDER else len(_PARTS_IN_ORDER)


def _near_groups(
    dataset: Dataset, exact: Sequence[Group], vectors: NDArray[np.float32] | None, progress: Progress
) -> tuple[Group, ...]:
    """Groups that look the same, their exact copies included; those of exact copies alone left out."""
    pairs = near_pairs(dataset.pixels, progress=partial(_tell, progress, "comparing photos"))
    if vectors is not None:
        pairs = pairs[np.einsum("pd,pd->p", vectors[pairs[:, 0]], vectors[pairs[:, 1]]) >= ALIKE]
    ids = dataset.ids
    copy_of = {id: number for number, group in enumerate(exact) for id in group}
    groups = joined(((ids[first], ids[second]) for first, second in pairs.tolist()), exact)
    return tuple(group for group in groups if len({copy_of.get(id, id) for id in group}) > 1)


def _leakage(parts: Mapping[str, Sequence[str]], leaks: Sequence[Leak], known: set[str]) -> dict[str, Any]:
    counts = Counter((leak.first, leak.second, leak.kind) for leak in leaks)
    return {
        "parts": {name: len(ids) for name, ids in parts.items()},
        "not_in_data": {name: sum(id not in known for id in ids) for name, ids in parts.items()},
        "counts": [
            {"first": first, "second": second, "kind": kind, "groups": count}
            for (first, second, kind), count in counts.items()
        ],
        "leaks": [vars(leak) | {"ids": list(leak.ids)} for leak in leaks],
    }


def _odd(dataset: Dataset, vectors: NDArray[np.float32]) -> list[dict[str, Any]]:
    found = odd_photos(vectors)
    ids = dataset.ids
    return [
        {"id": ids[row], "deviations": round(float(off), 2)}
        for row, off in zip(found.rows.tolist(), found.deviations, strict=True)
    ]


def _label_errors(
    dataset: Dataset, level: str, vectors: NDArray[np.float32], seed: int, progress: Progress
) -> list[dict[str, Any]]:
    labels = dataset.table[level].to_numpy(str)
    labelled = np.flatnonzero(labels != "")
    names, classes = np.unique(labels[labelled], return_inverse=True)
    if len(names) < 2:
        return []
    probabilities = cross_fitted(vectors[labelled], classes, seed=seed, progress=progress)
    found = suspected_errors(probabilities, classes)
    ids = dataset.ids
    return [
        {
            "id": ids[labelled[row]],
            "level": level,
            "label": str(names[classes[row]]),
            "looks_like": str(names[kind]),
            "margin": round(float(margin), 3),
        }
        for row, kind, margin in zip(found.rows.tolist(), found.classes.tolist(), found.margins, strict=True)
    ]


def _add_undecodable(figures: dict[str, Any], dataset: Dataset) -> None:
    """Photos whose header was fine and whose pixels are not."""
    named = tuple(figures["broken"])
    figures["broken"] += [
        f"{skip.name}: {skip.detail}"
        for skip in dataset.skipped
        if skip.reason == BROKEN and not any(line.startswith(f"{skip.name}: ") for line in named)
    ]
    if figures["broken"]:
        figures["skipped"][BROKEN] = len(figures["broken"])


def _tell(progress: Progress, what: str, done: int, total: int) -> None:
    progress(done, total, what)
