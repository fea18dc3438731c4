"""What a source holds: one table row per photo, in whatever layout its owner keeps it.

`open_listing` finds the layout: a published one (Fashion Product Images, DeepFashion, iMaterialist,
Fashion-MNIST, clothing-dataset), a CSV or Parquet table with a column of photo paths, a folder per class, or
just photos. What cannot become a row is named in ``skipped``.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
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
        told = f"{self.name}: {self.reason}" + (f" ({self.detail})" if self.detail else "")
        return " ".join(told.split())  # one line, whatever a table calls a photo


@dataclass(frozen=True)
class Listing:
    """The photos of one source. Nothing is decoded yet.

    ``table`` has a row of strings per photo: ``id`` (unique), ``photo`` (its name in ``source``), ``name``
    (for people), and the labels the layout gives (``masterCategory``, ``articleType`` …; "" = unknown).
    Photos with several labels have them in the column ``labels``, a tuple of strings per photo, those of an
    attribute group spelled ``group:value``. A column ``split`` says train, val or test where its owner does.

    ``layout`` is its name: "kaggle", "table", "class folders", "photos" … ``together`` names the column whose
    equal values must stay in one split ("" = none): whoever sent two photos has sent them from one wardrobe.
    Raises `DataError` if the table is not so.
    """

    source: PhotoSource
    table: pd.DataFrame
    skipped: tuple[Skipped, ...] = ()
    layout: str = "photos"
    together: str = ""

    def __post_init__(self) -> None:
        if missing := [column for column in ("id", "photo", "name") if column not in self.table.columns]:
            raise DataError(f"a listing needs the columns id, photo and name; {', '.join(missing)} missing")
        if not self.table["id"].is_unique:
            twice = self.table["id"][self.table["id"].duplicated()].iloc[0]
            raise DataError(f"a listing needs one row per id; {twice} has several")
        if "labels" in self.table and not self.table["labels"].map(lambda value: type(value) is tuple).all():
            raise DataError("a listing's column labels holds a tuple of strings for each photo")

    def __len__(self) -> int:
        return len(self.table)

    def __repr__(self) -> str:
        return f"Listing({len(self)} photos, {self.layout}, {len(self.skipped)} skipped)"

    @property
    def ids(self) -> list[str]:
        return list(self.table["id"])

    @property
    def photos(self) -> list[str]:
        return list(self.table["photo"])

    def only(self, ids: Collection[str]) -> Listing:
        """The same without the photos of other ids."""
        return replace(self, table=self.table[self.table["id"].isin(ids)].reset_index(drop=True))


def open_listing(path: str | Path) -> Listing:
    """The photos of a folder, a zip or a table file (CSV, TSV, Parquet).

    A folder or zip is looked through for, in this order: ``styles.csv`` at the top or in one folder;
    DeepFashion's lists; Fashion-MNIST's four files; one table of photos, of iMaterialist or clothing-dataset
    or any other; DeepFashion's folders; a folder per class; photos. ``fashion-mnist`` is wherever it lies on
    this machine. Raises `DataError` when nothing of this is there.
    """
    from modiste.datasets.readers import idx, kaggle, table
    from modiste.datasets.source import FolderSource, open_source

    path = idx.locate() if str(path) == idx.NAME and not Path(path).exists() else Path(path)
    if path.is_file() and path.suffix.lower() in table.SUFFIXES:
        source: PhotoSource = FolderSource(path.parent)
        found = (
            kaggle.read(source, path.name) if path.name == kaggle.TABLE else _read_table(source, path.name)
        )
    else:
        found = _read(open_source(path))
    if not len(found):
        hint = f"; the first of {len(found.skipped)} left out: {found.skipped[0]}" if found.skipped else ""
        raise DataError(f"{path}: no photos found{hint}")
    return found


def _read(source: PhotoSource) -> Listing:
    from modiste.datasets.readers import deepfashion, folders, idx, imaterialist, kaggle, table

    if styles := kaggle.find_table(source):
        return kaggle.read(source, styles)
    if deepfashion.has_lists(source):
        return deepfashion.read(source)
    if idx.has_files(source):
        return idx.read(source)
    if masks := imaterialist.find_table(source):
        return imaterialist.read(source, masks)
    if listed := table.find_table(source):
        return _read_table(source, listed)
    if deepfashion.has_raw_folders(source):
        return deepfashion.read_raw(source)
    return folders.read(source)


def _read_table(source: PhotoSource, name: str) -> Listing:
    """A table file by its name and columns, the one with most meaning first."""
    from modiste.datasets.readers import attributes, clothing, imaterialist, table

    if imaterialist.knows(source, name):
        return imaterialist.read(source, name)
    if clothing.knows(source, name):
        return clothing.read(source, name)
    if attributes.knows(source, name):
        return attributes.read(source, name)
    return table.read(source, name)


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
        kept.append(replace(listing, table=table, skipped=skipped))
    if len(kept) == 1:
        return tuple(kept)
    found = set(first_of)
    return tuple(
        replace(
            listing,
            skipped=tuple(s for s in listing.skipped if not (s.reason == NO_PHOTO and s.name in found)),
        )
        for listing in kept
    )


def _same(source: PhotoSource, photo: str, other: PhotoSource, other_photo: str) -> bool:
    try:
        return source.read(photo) == other.read(other_photo)
    except PhotoError:  # what cannot be read is no second photo of that id
        return True
