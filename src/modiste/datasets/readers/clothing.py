"""The *clothing-dataset*: photos by ordinary people, ``images.csv`` with image, sender_id, label and kids.

The original has its photos in ``images_original/`` and, smaller, in ``images_compressed/``; the small ones
are taken where both are there. Source: https://github.com/alexeygrigorev/clothing-dataset (CC0).
"""

from __future__ import annotations

from pathlib import PurePosixPath

import pandas as pd

from modiste.datasets.listing import NO_PHOTO, NO_ROW, TWICE, Listing, Skipped
from modiste.datasets.readers.lines import read_csv, read_lines
from modiste.datasets.source import PhotoSource
from modiste.errors import DataError
from modiste.photos import PHOTO_SUFFIXES

__all__ = ["NO_LABELS", "knows", "read"]

TABLE = "images.csv"
NO_LABELS = frozenset(("Not sure", "Other", "Skip"))
"""What people chose who saw none of the labels in the photo: the photo's type is unknown."""

_COLUMNS = ("image", "sender_id", "label")
_FOLDERS = ("images", "images_compressed", "images_original")


def knows(source: PhotoSource, table_name: str) -> bool:
    """Whether this is ``images.csv`` with the published columns."""
    if table_name.rpartition("/")[2] != TABLE:
        return False
    columns = next(read_lines(source, table_name), "").split(",")
    return set(_COLUMNS) <= {column.strip() for column in columns}


def read(source: PhotoSource, table_name: str) -> Listing:
    """The rows whose photo is there: what was given, and ``articleType``: "" for *Not sure*, *Other*, *Skip*.

    Photos of one sender belong together: no split may learn from a person's photos and test on others.
    """
    folder = table_name.removesuffix(TABLE)
    photos: dict[str, str] = {}
    unused = []
    for below in _FOLDERS:
        for name in source.names():
            path = PurePosixPath(name)
            if str(path.parent) == f"{folder}{below}" and path.suffix.lower() in PHOTO_SUFFIXES:
                if path.stem in photos and photos[path.stem].rpartition("/")[0] == str(path.parent):
                    unused.append(name)
                photos.setdefault(path.stem, name)
    if not photos:
        raise DataError(
            f"{source.path}: {table_name} is there, but no photos in images/ or images_compressed/ beside it"
        )
    rows: dict[str, dict[str, str]] = {}
    skipped = [Skipped(name, TWICE, "another photo of that name is kept") for name in unused]
    for _, row in read_csv(source, table_name):
        id = row["image"].strip()
        id = id.rpartition(".")[0] if PurePosixPath(id).suffix.lower() in PHOTO_SUFFIXES else id
        if id not in photos:
            skipped.append(Skipped(id, NO_PHOTO))
        elif id in rows:
            skipped.append(Skipped(id, TWICE, "the first row is kept"))
        else:
            rows[id] = row
    skipped += [Skipped(photo, NO_ROW) for id, photo in photos.items() if id not in rows]
    table = pd.DataFrame(list(rows.values()), dtype=str).drop(columns="image", errors="ignore")
    table.insert(0, "id", list(rows))
    table.insert(1, "photo", [photos[id] for id in rows])
    table.insert(2, "name", list(rows))
    if rows:
        table["articleType"] = ["" if label in NO_LABELS else label for label in table["label"]]
    return Listing(source, table, tuple(skipped), "clothing-dataset", together="sender_id")
