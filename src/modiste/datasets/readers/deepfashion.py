"""DeepFashion's *Category and Attribute Prediction*: its lists, or only its folders of photos.

::

    Anno/list_category_cloth.txt   50 categories, each 1 (upper body), 2 (lower body) or 3 (full body)
    Anno/list_category_img.txt     each photo's category, by its number in that list
    Anno/list_attr_cloth.txt       1,000 attributes, each of one of five groups (from here on, optional)
    Anno/list_attr_img.txt         each photo's attributes: 1 has it, -1 has it not, 0 unknown
    Anno/list_bbox.txt             where in the photo the garment is
    Eval/list_eval_partition.txt   train, val or test
    img/Faux_Fur_Bomber_Jacket/img_00000001.jpg

``Anno_coarse`` instead of ``Anno``, and any folder around it all, is as good. Without the lists, the name of
a photo's folder says what it shows: `category_of`.

Source: https://mmlab.ie.cuhk.edu.hk/projects/DeepFashion/AttributePrediction.html (Liu et al., CVPR 2016).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import TypeVar

import pandas as pd

from modiste.datasets.listing import NO_PHOTO, NO_ROW, TWICE, Listing, Skipped
from modiste.datasets.readers.lines import read_lines
from modiste.datasets.source import PhotoSource
from modiste.errors import DataError
from modiste.photos import PHOTO_SUFFIXES

__all__ = ["CATEGORIES", "category_of", "has_lists", "has_raw_folders", "read", "read_raw"]

Value = TypeVar("Value")

BODIES = ("upper body", "lower body", "full body")
GROUPS = ("texture", "fabric", "shape", "part", "style")
NO_CATEGORY = "its folder's name has no category in it"

# The 50 categories as list_category_cloth.txt has them, for photos that come without it.
_OF_BODY = {
    "upper body": "Anorak Blazer Blouse Bomber Button-Down Cardigan Flannel Halter Henley Hoodie Jacket "
    "Jersey Parka Peacoat Poncho Sweater Tank Tee Top Turtleneck",
    "lower body": "Capris Chinos Culottes Cutoffs Gauchos Jeans Jeggings Jodhpurs Joggers Leggings Sarong "
    "Shorts Skirt Sweatpants Sweatshorts Trunks",
    "full body": "Caftan Cape Coat Coverup Dress Jumpsuit Kaftan Kimono Nightdress Onesie Robe Romper "
    "Shirtdress Sundress",
}
CATEGORIES = {category: body for body, names in _OF_BODY.items() for category in names.split()}
"""The 50 categories, each with the part of the body it covers."""

_BY_WORD = {word: category for category in CATEGORIES for word in (category.lower(), f"{category.lower()}s")}

_CATEGORIES = "list_category_cloth.txt"
_PHOTOS = "list_category_img.txt"
_ATTRIBUTES = "list_attr_cloth.txt"
_ATTRIBUTES_OF = "list_attr_img.txt"
_BOXES = "list_bbox.txt"
_PARTITION = "list_eval_partition.txt"
_RAW_PHOTO = re.compile(r"(?:^|/)(?!id_)[^/]+/img_\d{8}\.jpe?g$", re.IGNORECASE)


def category_of(folder: str) -> str:
    """The category that a folder's name speaks of, by its last word that is one; "" if none is.

    >>> category_of("Faux_Fur_Bomber_Jacket"), category_of("Classic_Button-Down"), category_of("Denim_Pants")
    ('Jacket', 'Button-Down', '')
    """
    words = re.split(r"[^a-z]+", folder.lower())
    for end in range(len(words), 0, -1):
        for word in ("-".join(words[max(0, end - 2) : end]), words[end - 1]):
            if word in _BY_WORD:
                return _BY_WORD[word]
    return ""


def has_lists(source: PhotoSource) -> bool:
    """Whether any of the published lists is there."""
    lists = {_CATEGORIES, _PHOTOS, _PARTITION}
    return any(name.rpartition("/")[2] in lists for name in source.names())


def has_raw_folders(source: PhotoSource) -> bool:
    """Whether all photos are called ``Some_Garment/img_00000001.jpg``, and some folder names a category."""
    photos = _photos(source)
    return (
        bool(photos)
        and all(map(_RAW_PHOTO.search, photos))
        and any(category_of(folder) for folder in {name.split("/")[-2] for name in photos})
    )


def read(source: PhotoSource) -> Listing:
    """The photos of ``list_category_img.txt`` that are there, in its order.

    ``articleType`` is the category, ``masterCategory`` the part of the body, ``labels`` the attributes as
    ``group:value``, ``bbox`` the four numbers of the box, ``split`` the published partition; the last three
    only if their lists are there. A photo's id is its path from its garment's folder on, without the ending.
    Raises `DataError` for lists that are not as published, with the line that is wrong.
    """
    listed = _find(source, _PHOTOS)
    if listed is None:
        raise DataError(
            f"{source.path}: DeepFashion's Anno/{_PHOTOS} expected beside its other lists; found "
            f"{', '.join(n for n in source.names() if n.endswith('.txt'))[:200]}. "
            "Anno_fine alone is not enough: get Anno or Anno_coarse"
        )
    folder = listed.removesuffix(_PHOTOS)
    categories = [
        (category, _numbered(BODIES, body, source, folder + _CATEGORIES, line))
        for line, category, (body,) in _entries(source, folder + _CATEGORIES, 1)
    ]
    photo_of = _Photos(source)
    attributes = _attributes(source, folder, photo_of)
    boxes = _column(source, _find(source, _BOXES), 4, photo_of)
    partition = _column(source, _find(source, _PARTITION), 1, photo_of)

    rows: dict[str, tuple[str, str, str, str]] = {}
    skipped: list[Skipped] = []
    path = "none at all"
    for line, path, (number,) in _entries(source, listed, 1):
        category, body = _numbered(categories, number, source, listed, line)
        photo = photo_of(path)
        if photo is None:
            skipped.append(Skipped(_id(path), NO_PHOTO, f"{path!r} is not there"))
        elif photo in rows:
            skipped.append(Skipped(_id(photo), TWICE, "the first row is kept"))
        else:
            rows[photo] = (_id(photo), _name(photo), body, category)
    if not rows:
        packed = [name for name in source.names() if name.lower().endswith(".zip")]
        hint = f"; {packed[0]} is still packed: unpack it where it lies" if packed else ""
        raise DataError(f"{source.path}: {listed} is there, but none of its photos (such as {path}){hint}")
    skipped += [Skipped(name, NO_ROW) for name in photo_of.names if name not in rows]

    columns = ["id", "name", "masterCategory", "articleType"]
    table = pd.DataFrame(list(rows.values()), columns=columns, dtype=str)
    table.insert(1, "photo", list(rows))
    if attributes is not None:
        table["labels"] = [attributes.get(photo, ()) for photo in rows]
    if boxes is not None:
        table["bbox"] = [" ".join(boxes.get(photo, ())) for photo in rows]
    if partition is not None:
        table["split"] = ["".join(partition.get(photo, ())) for photo in rows]
    return Listing(source, table, tuple(skipped), "deepfashion")


def read_raw(source: PhotoSource) -> Listing:
    """Photos in folders named after a garment; what no category can be read from is named in ``skipped``."""
    rows: list[tuple[str, str, str, str, str]] = []
    skipped: list[Skipped] = []
    category_by_folder: dict[str, str] = {}
    for photo in _photos(source):
        folder = photo.split("/")[-2]
        if folder not in category_by_folder:
            category_by_folder[folder] = category_of(folder)
        if category := category_by_folder[folder]:
            rows.append((_id(photo), photo, _name(photo), CATEGORIES[category], category))
        else:
            skipped.append(Skipped(photo, NO_CATEGORY))
    columns = ["id", "photo", "name", "masterCategory", "articleType"]
    table = pd.DataFrame(rows, columns=columns, dtype=str)
    twice = table["id"].duplicated()
    skipped += [Skipped(photo, TWICE, "the first photo is kept") for photo in table["photo"][twice]]
    return Listing(source, table[~twice].reset_index(drop=True), tuple(skipped), "deepfashion folders")


class _Photos:
    """From a path in a list to the photo of that name, which lies in the source: no other file is reached."""

    def __init__(self, source: PhotoSource) -> None:
        self.names = _photos(source)
        self._by_end: dict[str, str] = {}
        for parts in (3, 2):  # img/Garment/img_1.jpg goes before img_highres/Garment/img_1.jpg
            for name in self.names:
                self._by_end.setdefault("/".join(name.split("/")[-parts:]), name)

    def __call__(self, path: str) -> str | None:
        parts = path.replace("\\", "/").split("/")
        return self._by_end.get("/".join(parts[-3:])) or self._by_end.get("/".join(parts[-2:]))


def _photos(source: PhotoSource) -> list[str]:
    return [name for name in source.names() if PurePosixPath(name).suffix.lower() in PHOTO_SUFFIXES]


def _id(photo: str) -> str:
    return "/".join(photo.split("/")[-2:]).rpartition(".")[0]


def _name(photo: str) -> str:
    return photo.split("/")[-2].replace("_", " ") if "/" in photo else photo


def _find(source: PhotoSource, file: str) -> str | None:
    """The list of this name; those of ``Anno_fine`` describe other photos and do not count."""
    found = [n for n in source.names() if n.rpartition("/")[2] == file and "Anno_fine/" not in n]
    if len(found) > 1:
        raise DataError(f"{source.path}: several {file} ({', '.join(found)}); give the folder of one of them")
    return found[0] if found else None


def _entries(source: PhotoSource, name: str, values: int) -> Iterator[tuple[int, str, list[str]]]:
    """A list's (line number, what the line is about, its last ``values`` values, or all if 0).

    The first line says how many follow the second, which names the columns.
    """
    lines = read_lines(source, name)
    count, columns = next(lines, ""), next(lines, "")
    if not (count.strip().isdecimal() and len(count) < 20) or columns.split()[0:1] not in (
        ["image_name"],
        ["category_name"],
        ["attribute_name"],
    ):
        raise DataError(
            f"{source.path}: {name} must begin with the number of its entries and a line of column names, as "
            f"published; it begins with {count[:40]!r} and {columns[:60]!r}"
        )
    found = 0
    for number, line in enumerate(lines, start=3):
        if not line.strip():
            continue
        fields = line.rsplit(None, values) if values else line.split()
        if len(fields) < values + 1:
            raise DataError(
                f"{source.path}: {name}, line {number}: a name and {values} values expected, "
                f"found {line[:80]!r}"
            )
        found += 1
        yield number, fields[0].strip(), fields[1:]
    if found != int(count):
        raise DataError(
            f"{source.path}: {name} promises {int(count):,} entries and has {found:,}; it is cut off or was "
            "changed: get it again, or put the right number into its first line"
        )


def _numbered(values: Sequence[Value], number: str, source: PhotoSource, name: str, line: int) -> Value:
    """The value of this number; published numbers count from 1."""
    if not (number.isdecimal() and len(number) < 20 and 1 <= int(number) <= len(values)):
        raise DataError(
            f"{source.path}: {name}, line {line}: a number from 1 to {len(values)} expected, "
            f"found {number[:40]!r}"
        )
    return values[int(number) - 1]


def _attributes(source: PhotoSource, folder: str, photo_of: _Photos) -> dict[str, tuple[str, ...]] | None:
    listed = folder + _ATTRIBUTES_OF
    if listed not in source.names():
        return None
    names = [
        f"{_numbered(GROUPS, group, source, folder + _ATTRIBUTES, line)}:{attribute}"
        for line, attribute, (group,) in _entries(source, folder + _ATTRIBUTES, 1)
    ]
    found: dict[str, tuple[str, ...]] = {}
    for line, path, values in _entries(source, listed, 0):
        if len(values) != len(names):
            raise DataError(
                f"{source.path}: {listed}, line {line}: {len(names):,} values expected, one for each "
                f"attribute; {len(values):,} found"
            )
        if (photo := photo_of(path)) is not None:
            found[photo] = tuple(name for name, value in zip(names, values, strict=True) if value == "1")
    return found


def _column(
    source: PhotoSource, name: str | None, values: int, photo_of: _Photos
) -> dict[str, tuple[str, ...]] | None:
    if name is None:
        return None
    found = {photo_of(path): tuple(fields) for _, path, fields in _entries(source, name, values)}
    return {photo: fields for photo, fields in found.items() if photo is not None}
