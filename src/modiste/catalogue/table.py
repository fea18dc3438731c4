"""The LanceDB table of record: its schema, its rows as items, its errors as ours.

One row per item: id, position, name, photo, media type, path, labels (JSON), vector, content hash and model
id. Which model made the vectors, how many numbers they have and the format's version stand in the table's
schema. That is the one place they are read from: Lance commits it together with the rows, so it cannot be
lost, forgotten in a copy, or contradict another file. The column ``model_id`` only repeats it, for whoever
exports the rows.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from filelock import Timeout
from numpy.typing import NDArray

from modiste.catalogue.items import CatalogueItem
from modiste.catalogue.places import Place, place_of
from modiste.errors import CatalogueError
from modiste.lazy import put_off

__all__ = [
    "LISTED",
    "TABLE",
    "About",
    "at_positions",
    "caches",
    "check_deletions",
    "connect",
    "is_catalogue",
    "items_at",
    "read_about",
    "schema_of",
    "to_arrow",
    "told_plainly",
]

FORMAT = 1
# Bytes that LanceDB may keep in memory: of text indices, and of what it has read about its files.
INDEX_CACHE, METADATA_CACHE = 256 << 20, 16 << 20
TABLE = "items"
# The columns of an item without its photo.
LISTED = ("id", "name", "media_type", "path", "labels", "content_hash")

_ABOUT = b"modiste"
# With this a table refuses to merge rows whose key another writer has just inserted.
_PRIMARY_KEY = {"lance-schema:unenforced-primary-key": "true"}
# How Lance says that another process has changed the same rows.
_CONFLICT = re.compile(r"conflict|concurrent", re.IGNORECASE)
# What LanceDB raises, depending on which file of a table is missing, cut off or nonsense.
_LANCE_ERRORS = (OSError, RuntimeError, ValueError)
# What it raises where its own code fails over damage; not all of them are even an ``Exception``.
_PANICS = frozenset(("PanicException", "RustPanic"))


@dataclass(frozen=True, slots=True)
class About:
    """What the table's schema says of the catalogue as a whole."""

    model_id: str
    dimension: int
    format: int = FORMAT


def is_catalogue(folder: str | Place) -> bool:
    """Whether there is a catalogue in this folder or at this address, whole or not.

    `CatalogueError` if an address cannot be asked.
    """
    place = place_of(folder)
    if isinstance(place, Path):
        return (place / f"{TABLE}.lance").is_dir()
    with told_plainly(place, "cannot be reached"):
        return TABLE in connect(place).list_tables().tables


def connect(folder: Place) -> Any:
    """LanceDB's view of a folder."""
    address = folder if isinstance(folder, Path) else str(folder)
    return _lancedb().connect(address, session=caches())


@functools.cache
def caches() -> Any:
    """What LanceDB keeps of all tables this process has open, within bounds.

    It would keep up to 6 GB of indices, and 1 GB of what it has ever read about files: every item that is
    written, and every one that is read, adds to that.
    """
    session = _lancedb().Session
    return session(index_cache_size_bytes=INDEX_CACHE, metadata_cache_size_bytes=METADATA_CACHE)


@functools.cache
def _lancedb() -> Any:
    """LanceDB, imported where it is used: it takes a second, and training searches without it.

    Without what is for servers of catalogues elsewhere: half of that second, and 14 MB. What is left of it,
    150 classes of messages, makes its validators when one is used: 0.1 s, and 2 MB.
    """
    from pydantic import BaseModel

    put_off("lance_namespace_urllib3_client")
    inherited = BaseModel.model_config
    BaseModel.model_config = {**inherited, "defer_build": True}
    try:
        return import_module("lancedb")
    finally:
        BaseModel.model_config = inherited


@contextmanager
def told_plainly(folder: Place, what: str = "damaged or unreadable") -> Iterator[None]:
    """LanceDB's errors as one line of ours."""
    try:
        yield
    except Timeout:  # an OSError, but not about files
        raise
    except BaseException as error:
        if not isinstance(error, _LANCE_ERRORS) and type(error).__name__ not in _PANICS:
            raise
        # "lance error: LanceError(IO): what it is about, /place/in/its/own/source.rs:172:20"
        cause = re.sub(
            r"^lance error: LanceError\(\w+\): |, /\S*\.rs:\d.*$", "", " ".join(str(error).split())
        )
        if _CONFLICT.search(cause):
            raise CatalogueError(
                f"{folder}: another process has changed the same items meanwhile; nothing was written, "
                "do it again"
            ) from error
        raise CatalogueError(f"{folder}: {what} ({cause or type(error).__name__})") from error


def check_deletions(folder: Path) -> None:
    """``ValueError`` if a list of removed rows is damaged in the way over which Lance ends the whole process.

    All other damage Lance refuses itself, and a list that nobody refers to may be anything.
    """
    for file in (folder / f"{TABLE}.lance" / "_deletions").glob("*.arrow"):
        try:
            with pa.ipc.open_file(file) as rows:
                rows.read_all()
        except (OSError, pa.lib.ArrowException) as error:
            if "block in ipc file" in str(error).lower():  # one that lies elsewhere than it may
                raise ValueError(f"{file.name}: {error}") from error


def schema_of(about: About) -> Any:
    """The table's columns and their types, with what is said of the catalogue as a whole."""
    return pa.schema(
        [
            pa.field("id", pa.string(), nullable=False, metadata=_PRIMARY_KEY),
            pa.field("position", pa.int64(), nullable=False),
            pa.field("name", pa.string(), nullable=False),
            pa.field("photo", pa.binary(), nullable=False),
            pa.field("media_type", pa.string(), nullable=False),
            pa.field("path", pa.string(), nullable=False),
            pa.field("labels", pa.string(), nullable=False),
            pa.field("vector", pa.list_(pa.float32(), about.dimension), nullable=False),
            pa.field("content_hash", pa.string(), nullable=False),
            pa.field("model_id", pa.string(), nullable=False),
        ],
        metadata={_ABOUT: json.dumps(asdict(about))},
    )


def read_about(table: Any) -> About:
    """What the schema says; ``ValueError`` if it is no catalogue's, `CatalogueError` if it is too new."""
    written = (table.schema.metadata or {}).get(_ABOUT)
    if written is None:
        raise ValueError("a LanceDB table that Modiste has not made")
    try:
        about = json.loads(written)
        if about["format"] != FORMAT:
            raise CatalogueError(
                f"a catalogue of format {about['format']}, and this version reads {FORMAT}; upgrade modiste"
            )
        return About(str(about["model_id"]), int(about["dimension"]))
    except (KeyError, TypeError) as error:
        raise ValueError("its schema does not say which model made it") from error


def at_positions(positions: NDArray[np.int64]) -> str:
    """A filter for the rows at these positions."""
    return f"position IN ({', '.join(map(str, positions.tolist()))})"


def to_arrow(
    items: Sequence[CatalogueItem], positions: NDArray[np.int64], vectors: NDArray[np.float32], about: About
) -> Any:
    """Items with their positions (N,) and vectors (N, D) as rows of the table."""
    columns = {
        "id": [item.id for item in items],
        "position": positions,
        "name": [item.name for item in items],
        "photo": [item.photo for item in items],
        "media_type": [item.media_type for item in items],
        "path": [item.path for item in items],
        "labels": [item.labels_json for item in items],
        "vector": pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), about.dimension),
        "content_hash": [item.content_hash for item in items],
        "model_id": [about.model_id] * len(items),
    }
    return pa.table(columns, schema=schema_of(about))


def _to_item(row: dict[str, Any]) -> CatalogueItem:
    return CatalogueItem(
        id=row["id"],
        name=row.get("name", ""),
        photo=row.get("photo", b""),
        media_type=row.get("media_type", ""),
        path=row.get("path", ""),
        labels=json.loads(row.get("labels", "{}")),
        content_hash=row.get("content_hash", ""),
    )


def items_at(table: Any, positions: NDArray[np.int64], columns: Sequence[str]) -> dict[str, CatalogueItem]:
    """The items at these positions by id, as far as ``columns`` tell; what isn't asked for is left empty."""
    found = table.search().where(at_positions(positions)).select(list(columns)).to_arrow()
    return {row["id"]: _to_item(row) for row in found.to_pylist()}
