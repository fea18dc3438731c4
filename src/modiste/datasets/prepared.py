"""Any data set → one folder of Modiste's own: a table, the photos, and who is in train, val and test.

::

    photos.parquet        id, photo, name, labels of every kind, split: read like any table
    photos/0000/          a thousand photos each, as they were, numbered
    splits/               train.csv, main_test.csv (and val.csv) for `modiste train` and `modiste evaluate`
    prepared.json         what it was made of and how

Everything is written beside its place: each thousand photos in a folder that gets its name when it is whole,
and all of it in ``.NAME.unfinished``, which is renamed at the end. A run that was killed goes on from there
and ends with the same folder, byte for byte. One photo is in memory at a time.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from modiste.datasets.listing import Listing, Skipped, open_listing
from modiste.datasets.partition import SPLITS, draw_splits, given_splits, reduce_to_top, strata
from modiste.datasets.pixels import PhotosDone
from modiste.datasets.source import FolderSource
from modiste.datasets.splits import COLUMNS
from modiste.errors import DataError, PhotoError

__all__ = ["Prepared", "prepare"]

TABLE = "photos.parquet"
RECORD = "prepared.json"
UNREADABLE = "photo that cannot be read"
_FORMAT = 1  # raise when the same data and options make another folder
_PHOTOS_PER_FOLDER = 1000
_TEST_SHARE = 0.2


@dataclass(frozen=True)
class Prepared:
    """A folder that `prepare` made: how many photos each split has, and what was left out."""

    folder: Path
    layout: str
    photos: int
    splits: dict[str, int]
    skipped: tuple[Skipped, ...]


def prepare(
    source: str | Path,
    into: str | Path,
    *,
    top: int | None = None,
    test: float | None = None,
    val: float | None = None,
    seed: int = 0,
    attributes: bool = True,
    link: bool = False,
    progress: PhotosDone | None = None,
) -> Prepared:
    """Make the folder ``into`` from any data set that `open_listing` reads.

    ``top`` keeps the most frequent classes only. The split its owner gives is kept unless the shares ``test``
    or ``val`` ask for a new one; without any, a fifth is for testing. It is drawn by ``seed``, each class in
    proportion, photos of one sender together. ``attributes=False`` drops labels of the form ``group:value``.
    ``link`` makes hard links to the photos instead of copies: no second copy on disk.

    The same call again goes on where it was interrupted, or finds the work done. Raises `DataError` when
    ``into`` holds anything else, when another process is making it, and for links that cannot be made.
    """
    into = Path(into)
    listing = open_listing(source)
    inside = into.resolve().is_relative_to(listing.source.path.resolve())
    if inside and listing.source.path.is_dir():
        raise DataError(f"{into} lies in {listing.source.path}, which is read; name a folder outside of it")
    if link and not isinstance(listing.source, FolderSource):
        raise DataError(
            f"{source}: only photos that are files can be linked, not those in {listing.source.path.name}; "
            "leave --link away to copy them"
        )
    table = _rows(listing, top, attributes)
    table["split"] = _splits(listing, table, test, val, seed)
    options = {"top": top, "test": test, "val": val, "seed": seed, "attributes": attributes, "link": link}
    plan = _plan(listing, table, options)
    if done := _done(into, plan, listing):
        return done
    into.parent.mkdir(parents=True, exist_ok=True)
    unfinished = into.with_name(f".{into.name}.unfinished")
    lock = into.with_name(f".{into.name}.lock")
    try:
        with FileLock(lock, timeout=0):
            try:
                if done := _done(into, plan, listing):  # another process has just made it
                    return done
                if _record(unfinished).get("plan") != plan:
                    shutil.rmtree(unfinished, ignore_errors=True)  # begun with other data or options
                    unfinished.mkdir()
                    _write(unfinished / RECORD, json.dumps({"plan": plan}))
                failed = _store_photos(listing, table, unfinished, link, progress)
                _finish(listing, table, failed, unfinished, str(source), options, plan)
                unfinished.replace(into)
            finally:
                lock.unlink(missing_ok=True)
    except Timeout as error:
        raise DataError(
            f"{into}: another process is at work on it; wait for it, or name another folder"
        ) from error
    done = _done(into, plan, listing)
    assert done is not None
    return done


def _rows(listing: Listing, top: int | None, attributes: bool) -> pd.DataFrame:
    table = listing.table.copy()
    if not attributes and "labels" in table:
        table["labels"] = table["labels"].map(lambda labels: tuple(x for x in labels if ":" not in x))
        if not table["labels"].map(bool).any():
            table = table.drop(columns="labels")
    if top is not None:
        table = reduce_to_top(table, top)
    return table


def _splits(
    listing: Listing, table: pd.DataFrame, test: float | None, val: float | None, seed: int
) -> list[str]:
    if test is None and val is None and (given := given_splits(table)) is not None:
        return given
    return draw_splits(
        strata(table),
        test=_TEST_SHARE if test is None else test,
        val=val or 0.0,
        seed=seed,
        together=list(table[listing.together]) if listing.together else None,
    )


def _plan(listing: Listing, table: pd.DataFrame, options: dict[str, Any]) -> str:
    """A hash of all that the folder depends on but the photos' bytes, which would have to be read for it."""
    digest = hashlib.blake2b(
        json.dumps([_FORMAT, listing.layout, options, list(table)]).encode(), digest_size=16
    )
    if listing.source.path.is_file():
        digest.update(str(listing.source.path.stat().st_size).encode())
    for row in table.itertuples(index=False, name=None):
        digest.update(json.dumps(row).encode() + b"\n")
    return digest.hexdigest()


def _record(folder: Path) -> dict[str, Any]:
    try:
        record = json.loads((folder / RECORD).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _done(into: Path, plan: str, listing: Listing) -> Prepared | None:
    """What ``into`` holds if it is this very work, finished; None if it is not there or empty."""
    if not into.exists() or (into.is_dir() and not any(into.iterdir())):
        return None
    record = _record(into)
    if record.get("plan") != plan or "photos" not in record:
        raise DataError(
            f"{into}: already there, and made of something else or otherwise; name a new folder, or remove it"
        )
    failed = tuple(Skipped(name, UNREADABLE, detail) for name, detail in record["unreadable"].items())
    return Prepared(into, record["layout"], record["photos"], record["splits"], (*listing.skipped, *failed))


def _store_photos(
    listing: Listing, table: pd.DataFrame, folder: Path, link: bool, progress: PhotosDone | None
) -> dict[int, str]:
    """All photos into ``folder/photos``, passing over whole thousands already there; what failed, by row."""
    failed: dict[int, str] = {}
    names = list(table["photo"])
    for start in range(0, len(names), _PHOTOS_PER_FOLDER):
        rows = range(start, min(start + _PHOTOS_PER_FOLDER, len(names)))
        whole = folder / _place(start, names[start]).parent
        if whole.is_dir():
            failed |= _failed_before(listing, folder, names, rows)
        else:
            half = whole.with_name(f"{whole.name}.unfinished")
            shutil.rmtree(half, ignore_errors=True)
            half.mkdir(parents=True)
            for row in rows:
                try:
                    _store(listing, names[row], half / _place(row, names[row]).name, link)
                except PhotoError as error:
                    failed[row] = str(error)
            half.replace(whole)
        if progress is not None:
            progress(rows.stop, len(names))
    return failed


def _store(listing: Listing, name: str, file: Path, link: bool) -> None:
    if not link:
        file.write_bytes(listing.source.read(name))
        return
    assert isinstance(listing.source, FolderSource)
    original = listing.source.locate(name)
    try:
        os.link(original, file)
    except OSError as error:
        raise DataError(
            f"{original} cannot be linked ({error.strerror}): links need one disk for both folders; leave "
            "--link away to copy"
        ) from error


def _failed_before(listing: Listing, folder: Path, names: list[str], rows: range) -> dict[int, str]:
    """Why the photos that a finished thousand lacks are not there: they are asked again."""
    failed: dict[int, str] = {}
    for row in rows:
        if not (folder / _place(row, names[row])).is_file():
            try:
                listing.source.read(names[row])
            except PhotoError as error:
                failed[row] = str(error)
            else:
                raise DataError(
                    f"{names[row]} could not be read before and now can: the data changed; remove {folder} "
                    "and begin again"
                )
    return failed


def _place(row: int, name: str) -> Path:
    """Where a row's photo goes. Numbered, as nothing in a name can then lead anywhere."""
    suffix = PurePosixPath(name).suffix.lower()
    return Path("photos") / f"{row // _PHOTOS_PER_FOLDER:04d}" / f"{row:07d}{suffix}"


def _finish(
    listing: Listing,
    table: pd.DataFrame,
    failed: dict[int, str],
    folder: Path,
    source: str,
    options: dict[str, Any],
    plan: str,
) -> None:
    """Table, splits and record, once all photos are there."""
    unreadable = {table["photo"].iloc[row]: detail for row, detail in failed.items()}
    table = table.assign(photo=[_place(row, name).as_posix() for row, name in enumerate(table["photo"])])
    table = table.drop(index=list(failed)).reset_index(drop=True)
    if not len(table):
        raise DataError(f"{source}: not one photo can be read; the first: {next(iter(unreadable.items()))}")
    columns = {
        name: pa.array(list(table[name]), pa.list_(pa.string()) if name == "labels" else pa.string())
        for name in table
    }
    pq.write_table(pa.table(columns), folder / TABLE, compression="zstd")
    if "articleType" in table:
        _write_splits(table, folder / "splits")
    splits = Counter(table["split"])
    record = {
        "plan": plan,
        "source": source,
        "layout": listing.layout,
        "options": options,
        "photos": len(table),
        "splits": {split: splits[split] for split in (*SPLITS, "") if splits[split]},
        "skipped": dict(Counter(skip.reason for skip in listing.skipped)),
        "unreadable": unreadable,
    }
    _write(folder / RECORD, json.dumps(record, indent=2, ensure_ascii=False) + "\n")


def _write_splits(table: pd.DataFrame, folder: Path) -> None:
    """The split as the files that training and evaluation take, where photos have one type each."""
    table = table[table["articleType"] != ""]
    level = next((c for c in ("subCategory", "masterCategory") if c in table), "articleType")
    categories = table[level].where(table[level] != "", table["articleType"])
    type_ids = {name: number for number, name in enumerate(sorted(set(table["articleType"])))}
    category_ids = {name: number for number, name in enumerate(sorted(set(categories)))}
    rows = list(zip(table["id"], table["articleType"], categories, table["split"], strict=True))
    folder.mkdir(exist_ok=True)
    for split, file in zip(SPLITS, ("train.csv", "val.csv", "main_test.csv"), strict=True):
        lines = [
            (id, type, category, type_ids[type], category_ids[category])
            for id, type, category, its_split in rows
            if its_split == split
        ]
        if lines:
            with (folder / file).open("w", encoding="utf-8", newline="") as stream:
                csv.writer(stream, lineterminator="\n").writerows([COLUMNS, *lines])


def _write(file: Path, text: str) -> None:
    beside = file.with_name(f".{file.name}.unfinished")
    beside.write_text(text, encoding="utf-8")
    beside.replace(file)
