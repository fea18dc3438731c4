"""A CSV, TSV or Parquet table with a column of photos: paths relative to its own folder, or web addresses."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd

from modiste.datasets.links import LinkedSource, is_link
from modiste.datasets.listing import NO_PHOTO, NO_ROW, TWICE, Listing, Skipped
from modiste.datasets.readers.kaggle import decode_text
from modiste.datasets.source import FolderSource, PhotoSource
from modiste.errors import DataError, PhotoError
from modiste.photos import PHOTO_SUFFIXES

__all__ = ["SUFFIXES", "find_table", "read", "read_frame"]

SUFFIXES = frozenset((".csv", ".tsv", ".parquet"))
_PHOTO_COLUMNS = (
    "photo",
    "image",
    "path",
    "file",
    "filename",
    "filepath",
    "photopath",
    "imagepath",
    "imagefile",
)
_NAME_COLUMNS = ("name", "title", "productdisplayname", "productname")
_LABEL_COLUMNS = ("label", "class", "category")
_PHOTO_FOLDERS = frozenset(("images", "image", "photos", "img", "imgs"))
_MAX_TABLE_BYTES = 1_000_000_000


def find_table(source: PhotoSource) -> str | None:
    """The one table with a photo column at the top of the source, or in its only top folder; None if none."""
    names = source.names()
    tops = {name.split("/")[0] if "/" in name else "" for name in names}
    prefix = tops.pop() + "/" if len(tops) == 1 else ""
    prefix = "" if prefix == "/" else prefix
    found = [
        name
        for name in names
        if PurePosixPath(name).suffix.lower() in SUFFIXES
        and name.startswith(prefix)
        and "/" not in name[len(prefix) :]
        and _photo_column(_frame(source, name)) is not None
    ]
    if len(found) > 1:
        raise DataError(
            f"{source.path}: several tables of photos ({', '.join(found)}); give the one you mean"
        )
    return found[0] if found else None


def read(source: PhotoSource, table_name: str) -> Listing:
    """The table's rows whose photo is there.

    The photo column is ``photo``, ``image``, ``path``, ``file``, ``filename`` or the like. A photo may be
    given without its ending, and may lie in a folder ``images`` that the column does not mention. Optional
    columns: ``id`` (else the photo as given, without its ending), ``name``, ``label``, which becomes
    ``articleType`` too, ``split``, and ``labels``: in Parquet a list of strings, in CSV strings set apart by
    ``|``, or ``;`` or ``,`` where the column has none of those before it. Photos of one ``sender_id`` belong
    together. Photos may be http(s) addresses; nothing is fetched here (see `LinkedSource`).
    """
    frame = _frame(source, table_name)
    photo_column = _photo_column(frame)
    if photo_column is None:
        raise DataError(
            f"{source.path}: {table_name} has no column of photos; expected one of "
            f"{', '.join(_PHOTO_COLUMNS)}, found {', '.join(frame.columns[:12])}"
        )
    wanted = frame[photo_column].str.strip()
    links = [value for value in wanted if is_link(value)]
    # Where all photos lie elsewhere, those beside the table are none of its business.
    find = _Finder(source, table_name) if len(links) < len(wanted) else None
    photos = [value if find is None or is_link(value) else find(value) for value in wanted]
    if links:
        source = LinkedSource(source, links)
    ids = _ids(frame, wanted)

    keep: list[bool] = []
    seen: set[str] = set()
    skipped: list[Skipped] = []
    for id, photo, value in zip(ids, photos, wanted, strict=True):
        keep.append(photo is not None and id not in seen)
        if photo is None:
            skipped.append(Skipped(id, NO_PHOTO, f"{value!r} is not there" if value else "no photo given"))
        elif id in seen:
            skipped.append(Skipped(id, TWICE, "the first row is kept"))
        else:
            seen.add(id)
    skipped += [Skipped(name, NO_ROW) for name in (find.unused() if find else ())]

    lower = {column.lower().replace("_", ""): column for column in frame.columns}
    name_column = next((lower[c] for c in _NAME_COLUMNS if c in lower), None)
    label_column = next((lower[c] for c in _LABEL_COLUMNS if c in lower), None)
    table = frame.drop(columns=[c for c in {photo_column, "id", name_column} if c in frame.columns])
    table.insert(0, "id", ids)
    table.insert(1, "photo", [photo or "" for photo in photos])
    table.insert(2, "name", ids if name_column is None else frame[name_column])
    if label_column is not None and "articleType" not in table.columns:
        table["articleType"] = frame[label_column]
    if "split" in lower and "split" not in table.columns:
        table = table.rename(columns={lower["split"]: "split"})
    together = "sender_id" if "sender_id" in table else ""
    return Listing(source, table[keep].reset_index(drop=True), tuple(skipped), "table", together)


def _frame(source: PhotoSource, name: str) -> pd.DataFrame:
    """The table with all values as strings, missing ones as ""."""
    suffix = PurePosixPath(name).suffix.lower()
    try:
        content = source.read(name, _MAX_TABLE_BYTES)
        if suffix == ".parquet":
            frame = pd.read_parquet(io.BytesIO(content))
        else:
            text = io.StringIO(decode_text(content))
            frame = pd.read_csv(text, sep="\t" if suffix == ".tsv" else ",", dtype=str, keep_default_na=False)
    except PhotoError as error:
        raise DataError(f"{source.path}: {name}: {error}") from error
    except (ValueError, OSError) as error:  # ParserError, EmptyDataError and ArrowInvalid are ValueErrors
        raise DataError(
            f"{source.path}: {name} is no readable table ({' '.join(str(error).split())})"
        ) from error
    frame.columns = pd.Index([str(column).strip() for column in frame.columns])
    if not frame.columns.is_unique:
        raise DataError(f"{source.path}: {name} has two columns of the same name")
    texts = frame.astype(object).where(frame.notna(), "").astype(str)
    if "labels" in frame:
        texts["labels"] = pd.Series(_label_lists(frame["labels"]), frame.index, dtype=object)
    return texts


def _label_lists(column: pd.Series[Any]) -> list[tuple[str, ...]]:
    """Each row's labels, without blanks and each once: from lists, or from strings set apart by one sign."""
    texts = [value for value in column if isinstance(value, str)]
    sign = next((sign for sign in "|;," if any(sign in text for text in texts)), "|")
    rows: list[tuple[str, ...]] = []
    for value in column:
        if isinstance(value, str):
            parts: Iterable[Any] = value.split(sign)
        else:
            parts = value if isinstance(value, (list, tuple, np.ndarray)) else ()
        rows.append(tuple(dict.fromkeys(text for part in parts if (text := str(part).strip()))))
    return rows


def read_frame(file: Path) -> pd.DataFrame:
    """A table file by itself, all values as strings, missing ones as "". `DataError` if it cannot be read."""
    return _frame(FolderSource(file.parent), file.name)


def _photo_column(frame: pd.DataFrame) -> str | None:
    lower = {column.lower().replace("_", ""): column for column in frame.columns}
    return next((lower[column] for column in _PHOTO_COLUMNS if column in lower), None)


def _ids(frame: pd.DataFrame, wanted: pd.Series[str]) -> list[str]:
    given = frame["id"].str.strip() if "id" in frame.columns else wanted.map(_without_ending)
    return [id or value or f"row {row}" for row, (id, value) in enumerate(zip(given, wanted, strict=True), 1)]


def _without_ending(photo: str) -> str:
    ending = PurePosixPath(photo).suffix
    return photo[: -len(ending)] if ending.lower() in PHOTO_SUFFIXES else photo


class _Finder:
    """From what a table says to the name of a photo below the table's folder."""

    def __init__(self, source: PhotoSource, table_name: str) -> None:
        folder = table_name[: table_name.rfind("/") + 1]
        self._root = f"{source.path.resolve()}/"
        self._names = [
            name
            for name in source.names()
            if name.startswith(folder) and PurePosixPath(name).suffix.lower() in PHOTO_SUFFIXES
        ]
        self._used: set[str] = set()
        # A photo answers to its path, and to its path below the folder that holds the photos ("images/7.jpg"
        # to "7.jpg"), each with its ending and without. The exact path goes first where two photos answer.
        self._by_key: dict[str, str] = {}
        inside = [(name[len(folder) :], name) for name in self._names]
        for key, name in inside:
            self._by_key.setdefault(key, name)
        for key, name in inside:
            self._by_key.setdefault(_without_ending(key), name)
        for key, name in inside:
            if key.split("/")[0].lower() in _PHOTO_FOLDERS:
                below = key.split("/", 1)[-1]
                self._by_key.setdefault(below, name)
                self._by_key.setdefault(_without_ending(below), name)

    def __call__(self, value: str) -> str | None:
        key = value.replace("\\", "/").removeprefix(self._root)
        while key.startswith("./"):
            key = key[2:]
        name = self._by_key.get(key)
        if name is not None:
            self._used.add(name)
        return name

    def unused(self) -> list[str]:
        return [name for name in self._names if name not in self._used]
