"""What a source holds: one table row per photo, in whatever layout its owner keeps it.

`open_listing` finds the layout: the Kaggle one (``styles.csv`` + ``images/``), a CSV or Parquet table with a
column of photo paths, a folder per class, or just photos. What cannot become a row is named in ``skipped``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from modiste.datasets.source import PhotoSource
from modiste.errors import DataError, PhotoError

__all__ = [
    "BROKEN",
    "NO_ID",
    "NO_PHOTO",
    "NO_ROW",
    "TWICE",
    "Listing",
    "Skipped",
    "open_listing",
    "open_listings",
]

# Reasons for leaving something out, worded so that they can be counted and shown.
NO_PHOTO = "row without a photo"
NO_ROW = "photo without a row"
NO_ID = "row without an id"
TWICE = "id given twice"
NOT_A_PHOTO = "not a photo"
ELSEWHERE = "the same photo is in an earlier source"
BROKEN = "broken photo"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A photo or a row that was left out: its name, the reason in a few words, and what exactly was wrong.

    >>> str(Skipped("images/7.jpg", "broken photo", "an empty file"))
    'images/7.jpg: broken photo (an empty file)'
    """

    name: str
    reason: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.reason}" + (f" ({self.detail})" if self.detail else "")


@dataclass(frozen=True)
class Listing:
    """The photos of one source. Nothing is decoded yet.

    ``table`` has a row of strings per photo: ``id`` (unique), ``photo`` (its name in ``source``), ``name``
    (for people), and the labels the layout gives (``masterCategory``, ``articleType`` …; "" = unknown).
    ``layout`` is "kaggle", "table", "class folders" or "photos". Raises `DataError` if the table is not so.
    """

    source: PhotoSource
    table: pd.DataFrame
    skipped: tuple[Skipped, ...] = ()
    layout: str = "photos"

    def __post_init__(self) -> None:
        if missing := [column for column in ("id", "photo", "name") if column not in self.table.columns]:
            raise DataError(f"a listing needs the columns id, photo and name; {', '.join(missing)} missing")
        if not self.table["id"].is_unique:
            twice = self.table["id"][self.table["id"].duplicated()].iloc[0]
            raise DataError(f"a listing needs one row per id; {twice} has several")

    def __len__(self) -> int:
        return len(self.table)

    @property
    def ids(self) -> list[str]:
        return list(self.table["id"])

    @property
    def photos(self) -> list[str]:
        return list(self.table["photo"])


def open_listing(path: str | Path) -> Listing:
    """The photos of a folder, a zip or a table file (CSV, TSV, Parquet).

    A folder or zip is looked through for, in this order: ``styles.csv`` at the top or in one folder; one
    table with a photo column; a folder per class; photos. Raises `DataError` when nothing of this is there.
    """
    from modiste.datasets.readers import folders, kaggle, table
    from modiste.datasets.source import FolderSource, open_source

    path = Path(path)
    if path.is_file() and path.suffix.lower() in table.SUFFIXES:
        source: PhotoSource = FolderSource(path.parent)
        found = kaggle.read(source, path.name) if path.name == kaggle.TABLE else table.read(source, path.name)
    else:
        source = open_source(path)
        if styles := kaggle.find_table(source):
            found = kaggle.read(source, styles)
        elif listed := table.find_table(source):
            found = table.read(source, listed)
        else:
            found = folders.read(source)
    if not len(found):
        hint = f"; the first of {len(found.skipped)} left out: {found.skipped[0]}" if found.skipped else ""
        raise DataError(f"{path}: no photos found{hint}")
    return found


def open_listings(paths: Sequence[str | Path]) -> tuple[Listing, ...]:
    """Several sources that act as one: no id is in two of the listings returned.

    A photo whose id an earlier source has already is left out if it is the same file, byte for byte.
    Two different photos of one id are a `DataError`: nobody could tell which one a split means. A row that
    has its photo in another source is no longer counted as lacking it.
    """
    if not paths:
        raise DataError("no data: give at least one folder, zip or table of photos")
    first_of: dict[str, tuple[Listing, str]] = {}
    kept: list[Listing] = []
    for listing in map(open_listing, paths):
        repeated = []
        for id, photo in zip(listing.ids, listing.photos, strict=True):
            earlier, earlier_photo = first_of.setdefault(id, (listing, photo))
            if earlier is not listing:
                if not _same(earlier.source, earlier_photo, listing.source, photo):
                    raise DataError(
                        f"{id} is one photo in {earlier.source.path} and another in {listing.source.path}; "
                        "ids must be unique across sources"
                    )
                repeated.append(id)
        table, skipped = listing.table, listing.skipped
        if repeated:
            table = table[~table["id"].isin(repeated)].reset_index(drop=True)
            skipped += tuple(Skipped(id, ELSEWHERE) for id in repeated)
        kept.append(Listing(listing.source, table, skipped, listing.layout))
    if len(kept) == 1:
        return tuple(kept)
    found = set(first_of)
    return tuple(
        Listing(
            listing.source,
            listing.table,
            tuple(s for s in listing.skipped if not (s.reason == NO_PHOTO and s.name in found)),
            listing.layout,
        )
        for listing in kept
    )


def _same(source: PhotoSource, photo: str, other: PhotoSource, other_photo: str) -> bool:
    try:
        return source.read(photo) == other.read(other_photo)
    except PhotoError:  # what cannot be read is no second photo of that id
        return True
