"""Lists too long to hold in memory, a line at a time: DeepFashion's attributes and iMaterialist's masks."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator

from modiste.datasets.source import PhotoSource
from modiste.errors import DataError, PhotoError

__all__ = ["read_csv", "read_lines", "split_csv"]

# The longest published lists have about a gigabyte, and lines (a mask, run by run) below a megabyte.
_MAX_BYTES = 20_000_000_000
_MAX_LINE = 20_000_000


def read_lines(source: PhotoSource, name: str) -> Iterator[str]:
    """The lines of a text file without their ends; UTF-8, or Latin-1 where a line is not.

    Memory holds a line and a megabyte. Raises `DataError` if the file is missing or damaged, or has a line of
    more than 20 MB.
    """
    rest = b""
    before = 0
    try:
        for chunk in source.stream(name, _MAX_BYTES):
            *whole, rest = (rest + chunk).split(b"\n")
            if len(rest) > _MAX_LINE:
                raise PhotoError(f"a line of more than {_MAX_LINE / 1e6:g} MB; is it a text file?")
            for number, line in enumerate(whole, start=before):
                yield _decode(line, first=number == 0)
            before += len(whole)
    except PhotoError as error:
        raise DataError(f"{source.path}: {name}: {error}") from error
    if rest:
        yield _decode(rest, first=before == 0)


def _decode(line: bytes, first: bool) -> str:
    line = line.removesuffix(b"\r")
    if first:
        line = line.removeprefix(codecs.BOM_UTF8)
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def read_csv(source: PhotoSource, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows of a CSV file as (line number, {column: value}); a row is a line. Raises `DataError`.

    For files of simple rows: a quoted value may hold commas, but no line ends.
    """
    lines = read_lines(source, name)
    columns = [column.strip() for column in split_csv(next(lines, ""))]
    for number, line in enumerate(lines, start=2):
        if not line.strip():
            continue
        try:
            values = split_csv(line)
        except csv.Error as error:
            raise DataError(f"{source.path}: {name}, line {number}: {error}") from error
        if len(values) != len(columns):
            raise DataError(
                f"{source.path}: {name}, line {number}: {len(columns)} values expected "
                f"({','.join(columns)}), {len(values)} found"
            )
        yield number, dict(zip(columns, values, strict=True))


def split_csv(line: str) -> list[str]:
    """One line's values.

    >>> split_csv('1,"shirt, blouse",train')
    ['1', 'shirt, blouse', 'train']
    """
    return next(csv.reader([line])) if '"' in line else line.split(",")
