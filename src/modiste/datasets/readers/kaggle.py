"""The layout of Kaggle's *Fashion Product Images*: ``styles.csv`` and ``images/<id>.jpg``.

Its quirks are known and survive: rows without a photo, photos without a row, commas inside the unquoted last
column (some published copies), ids given twice, a byte-order mark, Latin-1 text.
"""

from __future__ import annotations

import csv

import pandas as pd

from modiste.datasets.listing import NO_ID, NO_PHOTO, NO_ROW, TWICE, Listing, Skipped
from modiste.datasets.source import PhotoSource
from modiste.errors import DataError, PhotoError
from modiste.photos import PHOTO_SUFFIXES

__all__ = ["TABLE", "decode_text", "find_table", "read"]

TABLE = "styles.csv"
_NAME = "productDisplayName"
_MAX_TABLE_BYTES = 1_000_000_000


def find_table(source: PhotoSource) -> str | None:
    """The name of ``styles.csv`` at the top of the source, or else in its only folder that has one."""
    found = [n for n in source.names() if n == TABLE or (n.endswith("/" + TABLE) and n.count("/") == 1)]
    if TABLE in found:
        return TABLE
    if len(found) > 1:
        raise DataError(
            f"{source.path}: several {TABLE} ({', '.join(found)}); give the folder of one of them"
        )
    return found[0] if found else None


def read(source: PhotoSource, table_name: str) -> Listing:
    """The rows of ``table_name`` with a photo in the ``images`` folder beside it, in the table's order."""
    folder = table_name[: -len(TABLE)] + "images/"
    photos = {}
    for name in source.names():  # plain strings: paths take a second for 40,000 photos
        stem, dot, suffix = name.rpartition("/")[2].rpartition(".")
        if stem and name.startswith(folder) and (dot + suffix).lower() in PHOTO_SUFFIXES:
            photos[stem] = name
    if not photos:
        link = " (links to other folders are not followed)" if folder[:-1] in source.names() else ""
        raise DataError(f"{source.path}: {table_name} is there, but no photos in {folder} beside it{link}")
    try:
        text = decode_text(source.read(table_name, _MAX_TABLE_BYTES))
    except PhotoError as error:
        raise DataError(f"{source.path}: {table_name}: {error}") from error

    header, *lines = (line for line in text.splitlines() if line.strip()) if text.strip() else ("",)
    columns = [column.strip() for column in _fields(header)]
    if "id" not in columns or "articleType" not in columns or len(set(columns)) != len(columns):
        raise DataError(
            f"{source.path}: {table_name} must begin with a line of column names, id and articleType among "
            f"them; it begins with {header[:80]!r}"
        )
    id_column = columns.index("id")
    rows: dict[str, list[str]] = {}
    skipped: list[Skipped] = []
    for line in lines:
        fields = _fields(line)
        if len(fields) > len(columns):  # commas in the unquoted last column
            fields[len(columns) - 1 :] = [",".join(fields[len(columns) - 1 :])]
        fields += [""] * (len(columns) - len(fields))
        id = fields[id_column].strip()
        if not id:
            skipped.append(Skipped(line[:40], NO_ID))
        elif id in rows:
            skipped.append(Skipped(id, TWICE, "the first row is kept"))
        else:
            rows[id] = fields
    skipped += [Skipped(id, NO_PHOTO) for id in rows if id not in photos]
    skipped += [Skipped(name, NO_ROW) for id, name in photos.items() if id not in rows]

    table = pd.DataFrame([r for id, r in rows.items() if id in photos], columns=columns, dtype=str)
    table = table.apply(lambda column: column.str.strip()) if len(table) else table
    table.insert(1, "photo", [photos[id] for id in table["id"]])
    if _NAME in table:
        table.insert(2, "name", table.pop(_NAME))
    else:
        table.insert(2, "name", table["id"])
    return Listing(source, table, tuple(skipped), "kaggle")


def decode_text(content: bytes) -> str:
    """UTF-8, with a byte-order mark or without, else Latin-1, which is never wrong about any byte."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _fields(line: str) -> list[str]:
    """One line's fields. Lines stand alone: a stray quote (5" heel) must not swallow those after it."""
    if '"' not in line or line.count('"') % 2:
        return line.split(",")
    return next(csv.reader([line]))
