"""Labels renamed by a table: the classes of one data set as another calls them, or two classes as one.

The table is a CSV file with the columns ``from`` and ``to``; others (``likeness``) are for whoever checks it.
An empty ``to`` leaves the class out. What the table does not name keeps its name.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modiste.datasets.duplicates import joined
from modiste.datasets.likeness import likeness
from modiste.errors import DataError

__all__ = [
    "Confused",
    "Merging",
    "Suggestion",
    "merge_confused",
    "read_confusions",
    "read_map",
    "renamed",
    "suggest",
    "write_map",
]

LIKE = 0.5
"""From this likeness of names on, a suggestion is made."""


class Suggestion(NamedTuple):
    """Class ``name`` is called ``target`` elsewhere ("" when nothing there is like it), by this likeness."""

    name: str
    target: str
    likeness: float


@dataclass(frozen=True)
class Confused:
    """Of the photos of ``name``, the share that was named ``taken_for``."""

    name: str
    taken_for: str
    share: float
    photos: int


@dataclass(frozen=True)
class Merging:
    """What would become of classes that are confused: ``pairs`` that decide it, most confused first, the
    ``groups`` they make, and accuracy on the same photos ``before`` and ``after``."""

    pairs: tuple[Confused, ...]
    groups: tuple[tuple[str, ...], ...]
    classes: int
    accuracy_before: float
    accuracy_after: float

    @property
    def mapping(self) -> dict[str, str]:
        """Each merged class and its new name: those of its group, the most frequent first."""
        return {name: " / ".join(group) for group in self.groups for name in group}

    def as_dict(self) -> dict[str, Any]:
        return {
            "classes_before": self.classes,
            "classes": self.classes - sum(len(group) - 1 for group in self.groups),
            "accuracy_before": self.accuracy_before,
            "accuracy": self.accuracy_after,
            "pairs": [vars(pair) for pair in self.pairs],
            "groups": [list(group) for group in self.groups],
        }


def suggest(names: Sequence[str], targets: Sequence[str], *, like: float = LIKE) -> list[Suggestion]:
    """For each class name the one among ``targets`` that is most like it; the same name before any other.

    >>> suggest(["T-Shirt", "Shoes", "Skip"], ["Tshirts", "Casual Shoes"])[0]
    Suggestion(name='T-Shirt', target='Tshirts', likeness=1.0)
    """
    if not targets:
        return [Suggestion(name, "", 0.0) for name in names]
    alike = likeness(names, targets)
    found = []
    for name, row in zip(names, alike, strict=True):
        if name in targets:
            found.append(Suggestion(name, name, 1.0))
            continue
        best = int(row.argmax())
        fits = row[best] >= like
        found.append(Suggestion(name, targets[best] if fits else "", round(float(row[best]), 3)))
    return found


def merge_confused(counts: ArrayLike, names: Sequence[str], *, at_least: float) -> Merging:
    """Which classes to merge, from a confusion matrix (C, C) with true classes in its rows.

    Two classes belong together when ``at_least`` this share, in (0, 1], of the one's photos is named as the
    other. Groups are joined through common members, so a low share may make one large class: look first.

    >>> counts, names = [[6, 4, 0], [1, 9, 0], [0, 0, 5]], ["Clogs", "Sandals", "Ties"]
    >>> merging = merge_confused(counts, names, at_least=0.3)
    >>> merging.mapping, merging.accuracy_before, merging.accuracy_after
    ({'Clogs': 'Clogs / Sandals', 'Sandals': 'Clogs / Sandals'}, 0.8, 1.0)
    """
    matrix = np.asarray(counts, np.int64)
    if matrix.shape != (len(names), len(names)) or (matrix < 0).any() or not matrix.sum():
        raise DataError(f"expected counts ({len(names)}, {len(names)}) of some photos; got {matrix.shape}")
    if not 0 < at_least <= 1:
        raise DataError(f"expected a share of photos in (0, 1]; got {at_least:g}")
    photos = matrix.sum(axis=1)
    shares = matrix / np.maximum(photos, 1)[:, None]
    np.fill_diagonal(shares, 0)
    order = np.argsort(-shares, axis=None, kind="stable")
    pairs = [
        Confused(
            names[at // len(names)], names[at % len(names)], float(shares.flat[at]), int(matrix.flat[at])
        )
        for at in order.tolist()
        if shares.flat[at] >= at_least
    ]
    size = dict(zip(names, photos.tolist(), strict=True))
    groups = [
        tuple(sorted(group, key=lambda name: (-size[name], name)))
        for group in joined((pair.name, pair.taken_for) for pair in pairs)
    ]
    group_of = {name: number for number, group in enumerate(groups) for name in group}
    label = np.array([group_of.get(name, -1 - at) for at, name in enumerate(names)])
    after = matrix[label[:, None] == label[None]].sum()
    return Merging(
        tuple(pairs),
        tuple(groups),
        len(names),
        float(np.trace(matrix) / matrix.sum()),
        float(after / matrix.sum()),
    )


def read_confusions(path: str | Path, part: str | None = None) -> tuple[list[str], NDArray[np.int64]]:
    """The classes (C,) and confusion matrix (C, C) in what `modiste evaluate` or `modiste score` wrote.

    ``part`` is a part of the results ("classification", "mapped" …, or "val", "test"; of several groups of
    labels "test:GROUP"); without it, the first. `DataError` when the file is something else or lacks it.
    """
    try:
        values = json.loads(Path(path).read_text("utf-8"))
        parts = values["confusions"] if "confusions" in values else _confusions_of_labels(values)
        if part is not None and part not in parts:
            raise DataError(
                f"{path}: no confusions of the part {part}; there are {', '.join(parts) or 'none'}"
            )
        found = parts[next(iter(parts)) if part is None else part]
        return [str(name) for name in found["labels"]], np.array(found["matrix"], np.int64)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, StopIteration) as problem:
        raise DataError(
            f"{path}: expected the JSON of modiste evaluate or score with confusions; {problem!r}"
        ) from problem


def _confusions_of_labels(values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        part if len(results["tasks"]) == 1 else f"{part}:{group}": {
            "labels": task["labels"],
            "matrix": task["confusion"],
        }
        for part, results in values.items()
        for group, task in results["tasks"].items()
    }


def renamed(names: Iterable[str], mapping: Mapping[str, str]) -> NDArray[np.object_]:
    """The names as ``mapping`` has them, (N,); "" for those to leave out.

    >>> renamed(["Shirts", "Skip", "Ties"], {"Shirts": "Shirt", "Skip": ""}).tolist()
    ['Shirt', '', 'Ties']
    """
    return np.array([mapping.get(name, name) for name in names], object)


def write_map(path: str | Path, rows: Iterable[Suggestion]) -> None:
    """Write the table, whole or not at all."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("from", "to", "likeness"))
    writer.writerows((row.name, row.target, f"{row.likeness:g}") for row in rows)
    path = Path(path)
    beside = path.with_name(f".{path.name}.unfinished")
    beside.write_text(text.getvalue(), "utf-8")
    beside.replace(path)


def read_map(path: str | Path) -> dict[str, str]:
    """The table as ``{from: to}``. `DataError` for another layout, or a class that is given two names."""
    try:
        lines = csv.DictReader(io.StringIO(Path(path).read_text("utf-8-sig")))
        rows = list(lines)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read ({error})") from error
    if not {"from", "to"} <= set(lines.fieldnames or ()):
        raise DataError(f"{path}: a table with the columns from and to expected; modiste data map writes one")
    mapping: dict[str, str] = {}
    for row in rows:
        name, target = (row["from"] or "").strip(), (row["to"] or "").strip()
        if name and mapping.setdefault(name, target) != target:
            raise DataError(f"{path}: {name!r} is given two names, {mapping[name]!r} and {target!r}")
    if not mapping:
        raise DataError(f"{path}: no class is named in it")
    return mapping
