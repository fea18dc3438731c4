"""iMaterialist (Fashion) 2019: a mask per garment and part, brought down to one row of labels per photo.

Two forms, with ``label_descriptions.json`` beside the table, which names 46 categories and 92 attributes:

::

    train.csv   ImageId,EncodedPixels,Height,Width,ClassId    a row per mask; ClassId 6_15_88 is category 6
                                                              with the attributes 15 and 88
    any.csv     ImageId,Category,Split                        a row per photo; Category is "6, 23" or
                                                              "pants, shoe"

Masks themselves are not kept. Source: https://github.com/visipedia/imat_comp (2019).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

import pandas as pd

from modiste.datasets.listing import NO_PHOTO, NO_ROW, TWICE, Listing, Skipped
from modiste.datasets.readers.lines import read_csv, read_lines
from modiste.datasets.source import PhotoSource
from modiste.errors import DataError, PhotoError
from modiste.photos import PHOTO_SUFFIXES

__all__ = ["find_table", "knows", "read"]

DESCRIPTIONS = "label_descriptions.json"
# Labels and splits by ImageId, and what was left out.
_Rows = tuple[dict[str, tuple[str, ...]], dict[str, str], list[Skipped]]

_MASKS = {"ImageId", "EncodedPixels", "ClassId"}
_SHEET = {"ImageId", "Category"}


@dataclass(frozen=True)
class Names:
    """What the numbers in the tables mean: categories by name, attributes as ``group:value``."""

    categories: Mapping[int, str]
    attributes: Mapping[int, str]


def knows(source: PhotoSource, table_name: str) -> bool:
    """Whether this is a CSV whose first line names the columns of one of the two forms."""
    try:
        columns = _columns(source, table_name) if table_name.lower().endswith(".csv") else set()
    except DataError:  # whoever needs this file will say what is wrong with it
        return False
    return columns >= _MASKS or columns >= _SHEET


def find_table(source: PhotoSource) -> str | None:
    """The one such table, at the top or one folder down; None if none. `DataError` if there are several."""
    found = [name for name in source.names() if name.count("/") <= 1 and knows(source, name)]
    found = [name for name in found if not name.endswith("sample_submission.csv")]
    if len(found) > 1:
        raise DataError(
            f"{source.path}: several tables of iMaterialist ({', '.join(found)}); give the one you mean"
        )
    return found[0] if found else None


def read(source: PhotoSource, table_name: str) -> Listing:
    """The photos of the table that are there, by first mention: ``labels``, and ``split`` in the second form.

    A photo's labels are its categories, then its attributes as ``group:value``, each once and by number.
    Raises `DataError` for numbers without a name, missing names and lines of another shape.
    """
    if _columns(source, table_name) >= _MASKS:
        labels, splits, skipped = _from_masks(source, table_name)
    else:
        labels, splits, skipped = _from_sheet(source, table_name)
    photos = {
        key: name
        for name in source.names()
        if (path := PurePosixPath(name)).suffix.lower() in PHOTO_SUFFIXES
        for key in (path.name, path.stem)
    }
    ids = [id for id in labels if id in photos]
    if labels and not ids:
        raise DataError(
            f"{source.path}: {table_name} is there, but none of its photos (such as {next(iter(labels))}); "
            "put the folder train beside it, or unpack train.zip there"
        )
    skipped += [Skipped(id, NO_PHOTO) for id in labels if id not in photos]
    used = {photos[id] for id in ids}
    skipped += [Skipped(name, NO_ROW) for name in sorted(set(photos.values()) - used)]
    table = pd.DataFrame({"id": [PurePosixPath(id).stem for id in ids]}, dtype=str)
    table["photo"] = [photos[id] for id in ids]
    table["name"] = table["id"]
    table["labels"] = [labels[id] for id in ids]
    if splits:
        table["split"] = [splits[id] for id in ids]
    return Listing(source, table, tuple(skipped), "imaterialist")


def _columns(source: PhotoSource, name: str) -> set[str]:
    return {column.strip().strip('"') for column in next(read_lines(source, name), "").split(",")}


def _from_masks(source: PhotoSource, table_name: str) -> _Rows:
    """Every photo's labels from all its masks, whose pixels are passed over."""
    names = _names(source, table_name)
    categories: dict[str, set[int]] = {}
    attributes: dict[str, set[int]] = {}
    for line, row in read_csv(source, table_name):
        id = row["ImageId"].strip()
        try:
            category, *others = map(int, row["ClassId"].split("_"))
        except ValueError:
            category, others = -1, []
        if category not in names.categories or not names.attributes.keys() >= set(others):
            raise DataError(
                f"{source.path}: {table_name}, line {line}: ClassId must be a category and its "
                f"attributes, such as 6_15_88, all named in {DESCRIPTIONS}; found {row['ClassId'][:40]!r}"
            )
        categories.setdefault(id, set()).add(category)
        attributes.setdefault(id, set()).update(others)
    labels = {
        id: (
            *(names.categories[number] for number in sorted(numbers)),
            *(names.attributes[number] for number in sorted(attributes[id])),
        )
        for id, numbers in categories.items()
    }
    return labels, {}, []


def _from_sheet(source: PhotoSource, table_name: str) -> _Rows:
    rows: dict[str, dict[str, str]] = {}
    skipped = []
    for _, row in read_csv(source, table_name):
        if (id := row["ImageId"].strip()) in rows:
            skipped.append(Skipped(id, TWICE, "the first row is kept"))
        rows.setdefault(id, row)
    numbered = all(
        re.fullmatch("[0-9]{1,9}", part.strip())
        for row in rows.values()
        for part in row["Category"].split(",")
        if part.strip()
    )
    if numbered:
        names = _names(source, table_name)
        labels = {id: _by_number(names, row["Category"], source, table_name) for id, row in rows.items()}
    else:
        known = (
            set(_names(source, table_name).categories.values())
            if _descriptions(source, table_name)
            else set()
        )
        labels = {id: _by_name(known, row["Category"]) for id, row in rows.items()}
    splits = {id: row["Split"].strip().lower() for id, row in rows.items() if "Split" in row}
    return labels, splits, skipped


def _by_number(names: Names, value: str, source: PhotoSource, table_name: str) -> tuple[str, ...]:
    numbers = sorted({int(part) for part in value.split(",") if part.strip()})
    if unknown := [number for number in numbers if number not in names.categories]:
        raise DataError(
            f"{source.path}: {table_name}: category {unknown[0]} expected in {DESCRIPTIONS}, which has "
            f"{len(names.categories)} categories; are they of the same year?"
        )
    return tuple(names.categories[number] for number in numbers)


def _by_name(known: set[str], value: str) -> tuple[str, ...]:
    """Names set apart by commas, some of which have commas of their own: the longest known name wins.

    >>> _by_name({"shirt, blouse", "pants"}, "pants, shirt, blouse, cape")
    ('pants', 'shirt, blouse', 'cape')
    """
    parts = [part.strip() for part in value.split(",") if part.strip()]
    found: list[str] = []
    while parts:
        ends = range(len(parts), 0, -1)
        end = next((end for end in ends if ", ".join(parts[:end]) in known), 1)
        found.append(", ".join(parts[:end]))
        parts = parts[end:]
    return tuple(dict.fromkeys(found))


def _descriptions(source: PhotoSource, table_name: str) -> str | None:
    """The file of names beside the table; also called ``imaterialist-2019-label-descriptions.json``."""
    folder = table_name[: table_name.rfind("/") + 1]
    return next(
        (
            name
            for name in source.names()
            if name.startswith(folder)
            and "/" not in name[len(folder) :]
            and name.lower().replace("-", "_").endswith(DESCRIPTIONS)
        ),
        None,
    )


def _names(source: PhotoSource, table_name: str) -> Names:
    found = _descriptions(source, table_name)
    if found is None:
        raise DataError(
            f"{source.path}: {table_name} has numbers for labels; put the competition's {DESCRIPTIONS}, "
            "which names them, beside it"
        )
    try:
        described = json.loads(source.read(found))
        return Names(
            {int(entry["id"]): str(entry["name"]) for entry in described["categories"]},
            {
                int(entry["id"]): f"{entry['supercategory']}:{entry['name']}"
                for entry in described["attributes"]
            },
        )
    except (PhotoError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(
            f"{source.path}: {found} must list categories and attributes, each with id, name and "
            f"supercategory ({type(error).__name__}: {error})"
        ) from error
