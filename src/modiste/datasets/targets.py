"""Which labels photos bear, by the columns of a table, and which photos are to learn from, tune and test.

Splits as people make them: at random in shares such as 80/20, or as a column says. ``disjoint`` keeps all
photos of one value of a column (a sender, a customer) in one part, so that a test asks for what was never
seen.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modiste.datasets.label_set import LabelSet
from modiste.datasets.listing import open_listings
from modiste.datasets.partition import draw_splits, given_splits
from modiste.datasets.readers.table import read_frame
from modiste.datasets.splits import Split
from modiste.errors import DataError

__all__ = ["ALL", "PARTS", "Targets", "read_parts", "read_targets", "shares_of", "write_parts"]

PARTS = ("train", "val", "test")
ALL = "all"
LABELS = "labels"  # the column of lists
LEVEL_ABOVE = {"subCategory": "masterCategory", "articleType": "subCategory"}


@dataclass(frozen=True, eq=False)
class Targets:
    """N photos: ``ids``, the labels of each in ``lists``, and its part ("train", "val", "test") in ``parts``.

    ``labels`` are all that occur. ``above`` has a broader class for each photo where the data has one.
    """

    ids: tuple[str, ...]
    lists: tuple[tuple[str, ...], ...]
    parts: NDArray[np.str_]
    labels: LabelSet
    above: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        parts, photos = np.unique(self.parts, return_counts=True)
        each = ", ".join(f"{part} {n}" for part, n in zip(parts, photos, strict=True))
        return f"Targets({len(self)} photos, {len(self.labels)} labels; {each})"

    @property
    def single(self) -> bool:
        """Whether every photo bears exactly one label, all of one group."""
        return len(set(self.labels.groups)) == 1 and all(len(labels) == 1 for labels in self.lists)

    def where(self, part: str) -> NDArray[np.int64]:
        """The positions of a part's photos. `DataError` if it has none."""
        found = np.flatnonzero(self.parts == part)
        if not found.size:
            raise DataError(
                f"no photo is in {part}; parts here: {', '.join(sorted(set(self.parts.tolist())))}"
            )
        return found

    def as_split(self, part: str) -> Split:
        """A part of single-label targets as a split whose types are the labels, numbered as in ``labels``."""
        if not self.single:
            raise DataError("a split has one type a photo; these photos have several labels")
        chosen = self.where(part)
        above = self.above or tuple(labels[0] for labels in self.lists)
        broader = sorted(set(above))
        names = [self.lists[at][0] for at in chosen]
        number = {name: at for at, name in enumerate(self.labels.names)}
        return Split(
            tuple(self.ids[at] for at in chosen),
            np.array([number[name] for name in names], np.int64),
            tuple(names),
            np.searchsorted(broader, [above[at] for at in chosen]).astype(np.int64),
            tuple(above[at] for at in chosen),
        )


def read_targets(
    data: Sequence[str | Path],
    columns: Sequence[str],
    *,
    split: str | Mapping[str, str],
    seed: int = 0,
    table: str | Path | None = None,
    without: Sequence[str] = (),
    stratify: bool = False,
    disjoint: str | None = None,
) -> Targets:
    """The labels of the photos in ``data`` by these columns, dealt out as ``split`` says.

    One column gives each photo one label; several give ``column:value`` for each, as many tasks; the column
    ``labels`` holds lists. ``table`` is a CSV or Parquet file with the columns, for photos by their ``id``.
    Photos without a label, and those labelled with one of ``without``, are left out. ``split`` is "80/20"
    (train/test), "72/18/10" (train/val/test), the name of a column with those words, "all" (one part of
    that name), or the part of each id (`read_parts`); photos in none of them are left out. Of random shares
    ``stratify`` shares out each set of labels in proportion, and ``disjoint`` is a column whose equal values
    stay in one part.

    Raises `DataError` for columns that are not there, a split that makes no sense, or fewer than two labels.
    """
    frame = pd.concat([listing.table for listing in open_listings(data)], ignore_index=True).fillna("")
    if table is not None:
        frame = _joined(frame, Path(table))
    for column in (*columns, *((disjoint,) if disjoint else ())):
        if column not in frame.columns:
            raise DataError(f"no column {column!r}; there are {', '.join(map(str, frame.columns))}")
    if tuple(columns) == (LABELS,):
        lists = tuple(labels or () for labels in frame[LABELS])  # "" where another source has no such column
    elif len(columns) == 1:
        lists = tuple((value,) if value else () for value in frame[columns[0]])
    else:
        rows = zip(*(frame[column] for column in columns), strict=True)
        lists = tuple(
            tuple(f"{column}:{value}" for column, value in zip(columns, row, strict=True) if value)
            for row in rows
        )
    dropped = set(without)
    kept = np.array([bool(labels) and not dropped & set(labels) for labels in lists], bool)
    if not isinstance(split, str):
        kept &= frame["id"].isin([*split]).to_numpy()
    elif split in frame.columns:
        kept &= (frame[split].str.strip() != "").to_numpy()
    frame = frame[kept].reset_index(drop=True)
    lists = tuple(labels for labels, keep in zip(lists, kept, strict=True) if keep)
    if len({label for labels in lists for label in labels}) < 2:
        raise DataError(f"at least two labels are needed; {', '.join(columns)} gives fewer")
    return Targets(
        ids=tuple(frame["id"]),
        lists=lists,
        parts=_parts(frame, lists, split, seed=seed, stratify=stratify, disjoint=disjoint),
        labels=_label_set(columns, lists),
        above=_above(columns, frame),
    )


def shares_of(split: str) -> tuple[float, ...]:
    """The shares of one in "80/20" (train and test) or "72/18/10" (train, val and test).

    >>> shares_of("72/18/10")
    (0.72, 0.18, 0.1)
    """
    try:
        values = [float(value) for value in split.split("/")]
    except ValueError as error:
        raise DataError(f"shares such as 80/20 or 72/18/10 expected, not {split!r}") from error
    if len(values) not in (2, 3) or min(values) <= 0 or abs(sum(values) - 100) > 1e-6:
        raise DataError(f"two or three shares that add up to 100 expected, not {split!r}")
    return tuple(value / 100 for value in values)


def write_parts(file: Path, targets: Targets) -> None:
    """Which photo was in which part, as a CSV of id, part and labels (joined by "|")."""
    beside = file.with_name(f".{file.name}.unfinished")
    with beside.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["id", "split", "labels"])
        for id, part, labels in zip(targets.ids, targets.parts.tolist(), targets.lists, strict=True):
            writer.writerow([id, part, "|".join(labels)])
    beside.replace(file)


def read_parts(file: Path) -> dict[str, str]:
    """The part of each photo, by its id, as `write_parts` wrote them. `DataError` for another file."""
    try:
        with file.open(newline="", encoding="utf-8") as stream:
            return {row["id"]: row["split"] for row in csv.DictReader(stream)}
    except (OSError, KeyError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{file}: the parts of a training expected (id, split); {error}") from error


def _joined(frame: pd.DataFrame, file: Path) -> pd.DataFrame:
    """The frame with the columns of the table in ``file``, for the photos that are in both."""
    added = read_frame(file)
    if "id" not in added.columns:
        raise DataError(f"{file}: a column id expected; found {', '.join(map(str, added.columns))}")
    added = added.assign(id=added["id"].str.strip()).drop_duplicates("id")
    frame = frame.drop(columns=[column for column in added.columns if column != "id" and column in frame])
    joined = frame.merge(added, on="id")
    if not len(joined):
        raise DataError(f"{file}: none of its ids is a photo of the data")
    return joined


def _parts(
    frame: pd.DataFrame,
    lists: Sequence[tuple[str, ...]],
    split: str | Mapping[str, str],
    *,
    seed: int,
    stratify: bool,
    disjoint: str | None,
) -> NDArray[np.str_]:
    if not isinstance(split, str):
        return np.array([split[id] for id in frame["id"]], str)
    if split == ALL:
        return np.full(len(frame), ALL)
    if "/" in split:
        shares = shares_of(split)
        drawn = draw_splits(
            ["|".join(labels) for labels in lists] if stratify else [""] * len(lists),
            test=shares[-1],
            val=shares[1] if len(shares) == 3 else 0.0,
            seed=seed,
            together=[*frame[disjoint]] if disjoint else None,
        )
        return np.array(drawn, str)
    if stratify or disjoint:
        raise DataError("a split column is taken as it is; stratified and disjoint are for random shares")
    if split not in frame.columns:
        raise DataError(
            f"no column {split!r} to split by; give shares such as 80/20, a column of train and test, or all"
        )
    return np.array(given_splits(frame, split), str)


def _label_set(columns: Sequence[str], lists: Sequence[tuple[str, ...]]) -> LabelSet:
    if tuple(columns) == (LABELS,):
        return LabelSet.of(lists)
    names = sorted({label for labels in lists for label in labels})
    if len(columns) == 1:
        return LabelSet(tuple(names), (columns[0],) * len(names))
    return LabelSet(
        tuple(names), tuple(next(c for c in columns if name.startswith(f"{c}:")) for name in names)
    )


def _above(columns: Sequence[str], frame: pd.DataFrame) -> tuple[str, ...]:
    level = LEVEL_ABOVE.get(columns[0]) if len(columns) == 1 else None
    return tuple(frame[level]) if level in frame.columns else ()
