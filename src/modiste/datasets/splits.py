"""Which photos to learn from and which to be tested on: five CSV files in a folder.

``train``, ``main_support`` and ``main_test`` hold the main classes, ``new_support`` and ``new_test`` those
that appear after training. The columns are ``imageId,articleTypeName,categoryName,articleTypeId,categoryId``.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from modiste.errors import DataError

__all__ = ["COLUMNS", "Split", "Splits", "read_split", "read_splits"]

COLUMNS = ("imageId", "articleTypeName", "categoryName", "articleTypeId", "categoryId")


@dataclass(frozen=True, eq=False)
class Split:
    """N photos with their classes: ``type_ids`` and ``category_ids`` are (N,) int64, the rest N strings each.

    A type id has one name. A category id may have several, and a type several categories: the published
    splits label each photo for itself, and a few dozen disagree with the rest.

    Raises `DataError` when lengths differ, an id comes twice or is empty, a number is negative, or a type id
    has two names or a type name two ids.
    """

    ids: tuple[str, ...]
    type_ids: NDArray[np.int64]
    type_names: tuple[str, ...]
    category_ids: NDArray[np.int64]
    category_names: tuple[str, ...]

    def __post_init__(self) -> None:
        columns = (self.type_ids, self.type_names, self.category_ids, self.category_names)
        if any(len(column) != len(self.ids) for column in columns):
            raise DataError("a split needs as many type and category ids and names as photos")
        if not self.ids:
            raise DataError("a split needs at least one photo")
        if "" in self.ids:
            raise DataError("a photo of the split has no id")
        if len(set(self.ids)) != len(self.ids):
            seen: set[str] = set()
            twice = next(id for id in self.ids if id in seen or seen.add(id))  # type: ignore[func-returns-value]
            raise DataError(f"photo {twice} is in the split twice")
        if min(self.type_ids.min(), self.category_ids.min()) < 0:
            raise DataError("class ids count from 0 and cannot be negative")
        check_type_names(self)

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        types, categories = len(np.unique(self.type_ids)), len(np.unique(self.category_ids))
        return f"Split({len(self)} photos of {types} types in {categories} categories)"

    def part(self, rows: NDArray[np.int64]) -> Split:
        """The photos at these positions, in this order."""
        return Split(
            tuple(self.ids[row] for row in rows),
            self.type_ids[rows],
            tuple(self.type_names[row] for row in rows),
            self.category_ids[rows],
            tuple(self.category_names[row] for row in rows),
        )

    def some_of_each(self, most: int, *, seed: int) -> Split:
        """At most so many photos of each type, drawn at random, in their order here.

        >>> ids = np.array([5, 5, 5, 7])
        >>> few = Split(tuple("abcd"), ids, ("Shirts",) * 3 + ("Hats",), ids, ("Wear",) * 4)
        >>> few.some_of_each(2, seed=0).type_ids.tolist()
        [5, 5, 7]
        """
        shuffled = np.random.default_rng([seed, 3]).permutation(len(self))
        of_one_type = (shuffled[self.type_ids[shuffled] == kind][:most] for kind in np.unique(self.type_ids))
        return self.part(np.sort(np.concatenate(list(of_one_type))))


@dataclass(frozen=True, eq=False)
class Splits:
    """The splits of one folder; those it lacks are None. No photo is in two of them (else `DataError`)."""

    train: Split
    main_support: Split | None = None
    main_test: Split | None = None
    new_support: Split | None = None
    new_test: Split | None = None

    def __post_init__(self) -> None:
        present = {name: split for name in SPLITS if (split := getattr(self, name)) is not None}
        for (name, split), (other_name, other) in combinations(present.items(), 2):
            if both := set(split.ids) & set(other.ids):
                raise DataError(
                    f"{len(both)} photos are both in {name} and in {other_name} (such as {min(both)}); "
                    "splits must not share photos"
                )
        check_type_names(*present.values())

    def require(self, name: str) -> Split:
        """The split of this name; a `DataError` that says what to do if the folder has none."""
        split: Split | None = getattr(self, name)
        if split is None:
            raise DataError(f"this needs {name}.csv, which the split folder lacks")
        return split


SPLITS = ("train", "main_support", "main_test", "new_support", "new_test")


def read_splits(folder: str | Path) -> Splits:
    """The splits in a folder: ``train.csv``, and what there is of the other four. Raises `DataError`."""
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; give the folder that holds train.csv")
    files = {name: folder / f"{name}.csv" for name in SPLITS}
    if not files["train"].is_file():
        raise DataError(f"{folder}: train.csv expected, with the columns {','.join(COLUMNS)}")
    try:
        return Splits(**{name: read_split(file) for name, file in files.items() if file.is_file()})
    except DataError as error:
        raise DataError(str(error) if str(error).startswith(str(folder)) else f"{folder}: {error}") from error


def read_split(file: str | Path) -> Split:
    """One split CSV. Raises `DataError` with the line that is wrong."""
    try:
        text = Path(file).read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{file}: cannot be read ({error})") from error
    lines = csv.reader(text.splitlines())
    header = [column.strip() for column in next(lines, [])]
    if missing := [column for column in COLUMNS if column not in header]:
        raise DataError(f"{file}: the columns {','.join(COLUMNS)} are expected; {','.join(missing)} missing")
    at = [header.index(column) for column in COLUMNS]
    ids, type_names, category_names, type_ids, category_ids = [], [], [], [], []
    for row in lines:
        if not row:
            continue
        try:
            id, type_name, category_name, type_id, category_id = (row[i].strip() for i in at)
            type_ids.append(int(type_id))
            category_ids.append(int(category_id))
        except (IndexError, ValueError) as error:
            raise DataError(
                f"{file}, line {lines.line_num}: five values, the last two whole numbers, expected; "
                f"found {','.join(row)[:80]!r}"
            ) from error
        ids.append(id)
        type_names.append(type_name)
        category_names.append(category_name)
    try:
        return Split(
            tuple(ids),
            np.array(type_ids, np.int64),
            tuple(type_names),
            np.array(category_ids, np.int64),
            tuple(category_names),
        )
    except (DataError, OverflowError) as error:
        raise DataError(f"{file}: {error}") from error


def check_type_names(*splits: Split) -> None:
    """One name per type id and one id per type name, across these splits."""
    name_of: dict[int, str] = {}
    id_of: dict[str, int] = {}
    for split in splits:
        for type_id, name in set(zip(split.type_ids.tolist(), split.type_names, strict=True)):
            if name_of.setdefault(type_id, name) != name:
                raise DataError(f"articleTypeId {type_id} is called {name_of[type_id]} and also {name}")
            if id_of.setdefault(name, type_id) != type_id:
                raise DataError(f"{name} has the articleTypeIds {id_of[name]} and {type_id}")
