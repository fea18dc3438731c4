"""The catalogue on disk: one folder, one LanceDB table, and a copy of its vectors in memory.

**What is written where.** The table ``items`` has a row per item: id, position, name, photo, media type,
path, labels (JSON), vector, content hash and model id. Which model made the vectors, how many numbers they
have and the format's version stand in the table's schema. That is the one place they are read from: Lance
commits it together with the rows, so it cannot be lost, forgotten in a copy, or contradict another file. The
column ``model_id`` only repeats it, for whoever exports the rows.

**Order.** Updates and compactions move rows about inside the table. An item's ``position``, given when it
first came, does not change: pages, searches and ties follow it. Rows are looked up by position as well, so
what an id is made of (quotes, ``'; DROP TABLE``) never meets a filter expression.

**Safety.** A commit in Lance is one new file: what was acknowledged is there after a kill at any moment, and
what was not leaves no trace. A new catalogue is made beside its place and renamed into it. Writers take turns
under a file lock; Lance alone would let two of them insert the same new id twice.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
from filelock import FileLock, Timeout
from numpy.typing import ArrayLike, NDArray

from modiste.catalogue.items import CatalogueItem
from modiste.catalogue.search import Neighbours
from modiste.catalogue.snapshot import Snapshot
from modiste.embedding import unit_rows
from modiste.errors import CatalogueError, ModelMismatch

__all__ = ["Catalogue"]

FORMAT = 1
TABLE = "items"
LOCK = ".writing.lock"
LOCK_SECONDS = 60.0
# Every commit leaves a file; LanceDB's manual advises to merge them after some twenty.
FILES_BEFORE_COMPACTION = 20

_ABOUT = b"modiste"
# With this a table refuses to merge rows whose key another writer has just inserted.
_PRIMARY_KEY = {"lance-schema:unenforced-primary-key": "true"}
_LISTED = ("id", "name", "media_type", "path", "labels", "content_hash")
# What LanceDB raises, depending on which file of a table is missing, cut off or nonsense.
_LANCE_ERRORS = (OSError, RuntimeError, ValueError)


@dataclass(frozen=True, slots=True)
class _About:
    """What the table's schema says of the catalogue as a whole."""

    model_id: str
    dimension: int
    format: int = FORMAT


class Catalogue:
    """Items with their photos and vectors; open it with `Catalogue.open`, make it with `Catalogue.create`.

    It may be used from several threads at once. Reading goes by the `snapshot` in memory, which changes with
    this object's own writes and with `refresh`; what other processes write is not seen before.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     shop = Catalogue.create(Path(folder, "shop"), model_id="m-1", dimension=2)
    ...     shop.add([CatalogueItem("7", "Navy shirt", b"...", "image/jpeg")], [[0.6, 0.8]])
    ...     again = Catalogue.open(Path(folder, "shop"), model_id="m-1")
    ...     again.ids, again.search([[0.0, 1.0]], k=3).similarities.tolist()
    (('7',), [[0.800000011920929]])
    """

    def __init__(self, folder: Path, table: Any, about: _About) -> None:
        self.folder = folder
        self._table = table
        self._about = about
        self._turn = threading.RLock()
        self._lock = FileLock(folder / LOCK, timeout=LOCK_SECONDS)
        with _told_plainly(folder):
            self._snapshot = _load(table, about.dimension)

    @classmethod
    def create(cls, folder: str | Path, *, model_id: str, dimension: int) -> Self:
        """Make an empty catalogue for the vectors (…, ``dimension``) of the model ``model_id``.

        ``folder`` must not exist, or be empty. `CatalogueError` otherwise.
        """
        folder = Path(folder).absolute()
        if dimension < 1 or not model_id:
            raise ValueError(f"expected a model id and a dimension ≥ 1; got {model_id!r} and {dimension}")
        if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
            raise CatalogueError(
                f"{folder}: already there and not empty; name a new folder for the catalogue"
            )
        about = _About(model_id, dimension)
        with _told_plainly(folder, "cannot be made"):
            folder.parent.mkdir(parents=True, exist_ok=True)
            beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
            try:
                _connect(beside).create_table(TABLE, schema=_schema(about))
                beside.chmod(0o755)  # temporary folders are private, catalogues like any other folder
                if folder.exists():
                    folder.rmdir()
                beside.rename(folder)
            except BaseException:
                shutil.rmtree(beside, ignore_errors=True)
                raise
        return cls.open(folder, model_id)

    @classmethod
    def open(cls, folder: str | Path, model_id: str | None = None) -> Self:
        """The catalogue in ``folder``; with ``model_id``, only if that model made it.

        `ModelMismatch` if another model did, `CatalogueError` if the folder holds no catalogue or a damaged
        one.
        """
        folder = Path(folder).absolute()
        if not (folder / f"{TABLE}.lance").is_dir():
            what = "not a catalogue" if folder.exists() else "no such catalogue"
            raise CatalogueError(f"{folder}: {what}; make one with: modiste index PHOTOS --into {folder}")
        with _told_plainly(folder):
            table = _connect(folder).open_table(TABLE)
            about = _read_about(table)
        if model_id is not None and about.model_id != model_id:
            raise ModelMismatch(
                f"{folder}: made by model {about.model_id}, but the model in hand is {model_id}; "
                f"pass --model with the one that made it, or index the photos into a new folder"
            )
        return cls(folder, table, about)

    # What it is -------------------------------------------------------------------------------------------

    @property
    def model_id(self) -> str:
        """The id of the model that made all vectors."""
        return self._about.model_id

    @property
    def dimension(self) -> int:
        return self._about.dimension

    @property
    def snapshot(self) -> Snapshot:
        """The items as this object knows them now; it never changes. Take it once for each question."""
        return self._snapshot

    @property
    def version(self) -> int:
        """Grows with every change."""
        return self._snapshot.version

    @property
    def ids(self) -> tuple[str, ...]:
        """All ids, in the order the items first came."""
        return self._snapshot.ids

    @property
    def vectors(self) -> NDArray[np.float32]:
        """(N, D), rows of length 1, in the order of `ids`; not to be written to."""
        return self._snapshot.vectors

    def __len__(self) -> int:
        return len(self._snapshot)

    def __contains__(self, id: object) -> bool:
        return id in self._snapshot.row_of

    def __repr__(self) -> str:
        return f"Catalogue({str(self.folder)!r}: {len(self)} items, model {self.model_id})"

    # Read -------------------------------------------------------------------------------------------------

    def get(self, id: str) -> CatalogueItem:
        """The item with its photo. `CatalogueError` if there is none of this id."""
        return self._fetch_one(id, (*_LISTED, "photo"))

    def photo(self, id: str) -> tuple[bytes, str]:
        """An item's photo and its media type. `CatalogueError` if there is no item of this id."""
        item = self._fetch_one(id, ("id", "photo", "media_type"))
        return item.photo, item.media_type

    def page(self, offset: int = 0, limit: int = 50) -> list[CatalogueItem]:
        """At most ``limit`` items from the ``offset``-th on, without their photos, in the order of `ids`."""
        if offset < 0 or limit < 0:
            raise ValueError(f"expected offset and limit ≥ 0; got {offset} and {limit}")
        now = self._snapshot
        rows = slice(offset, offset + limit)
        found = self._fetch(now.positions[rows], _LISTED)
        return [found[id] for id in now.ids[rows] if id in found]

    def fingerprints(self) -> dict[str, tuple[str, str, str, str]]:
        """What each item was made from: id → (content hash, name, path, labels as JSON)."""
        columns = ("id", "content_hash", "name", "path", "labels")
        with _told_plainly(self.folder):
            found = self._table.search().select(list(columns)).to_arrow()
        id, *rest = (found[column].to_pylist() for column in columns)
        return dict(zip(id, zip(*rest, strict=True), strict=True))

    def search(
        self, vectors: ArrayLike, k: int, exclude_ids: Sequence[Collection[str]] | None = None
    ) -> Neighbours:
        """The ``k`` items most similar to each of ``vectors`` (Q, D), as rows of `ids`; `Snapshot.search`."""
        return self._snapshot.search(vectors, k, exclude_ids)

    # Write ------------------------------------------------------------------------------------------------

    def add(self, items: Sequence[CatalogueItem], vectors: ArrayLike) -> None:
        """Add items with their vectors (N, D), of length 1; items whose id is there already are replaced.

        When it returns, they are on disk, all or none. ``ValueError`` if the vectors do not fit or an id
        comes twice, `CatalogueError` if nothing can be written.
        """
        rows = unit_rows(vectors, self.dimension)
        ids = [item.id for item in items]
        if len(rows) != len(ids):
            raise ValueError(f"expected a vector for each of {len(ids)} items; got {len(rows)}")
        if len(set(ids)) != len(ids):
            raise ValueError(
                f"expected each id once; {next(id for id in ids if ids.count(id) > 1)!r} comes twice"
            )
        if not items:
            return
        with self._writing() as now:
            positions = _positions(now, ids)
            merge = self._table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
            merge.execute(_to_arrow(items, positions, rows, self._about))
            names = [item.name for item in items]
            self._snapshot = now.with_items(self._table.version, ids, names, positions, rows)

    def remove(self, ids: Collection[str]) -> int:
        """Remove the items of these ids, all or none; how many of them there were. Others are no error."""
        with self._writing() as now:
            gone = {id for id in ids if id in now.row_of}
            if gone:
                self._table.delete(_at(now.positions[[now.row_of[id] for id in gone]]))
                self._snapshot = now.without(self._table.version, gone)
        return len(gone)

    def refresh(self) -> bool:
        """Take over what other processes have written; whether there was anything."""
        with self._turn, _told_plainly(self.folder):
            return self._catch_up()

    def compact(self) -> bool:
        """Merge the small files that small writes leave, once there are many; whether there were."""
        with self._writing() as now:
            if self._table.stats()["fragment_stats"]["num_fragments"] <= FILES_BEFORE_COMPACTION:
                return False
            self._table.optimize()
            self._snapshot = now.with_version(self._table.version)
        return True

    # Inside -----------------------------------------------------------------------------------------------

    @contextmanager
    def _writing(self) -> Iterator[Snapshot]:
        """Be the only writer, in this process and among processes, and know everything written so far."""
        try:
            with self._turn, _told_plainly(self.folder, "cannot be written to"), self._lock:
                self._catch_up()
                yield self._snapshot
        except Timeout as error:
            raise CatalogueError(
                f"{self.folder}: another process has been writing for {LOCK_SECONDS:g} s; try again later"
            ) from error

    def _catch_up(self) -> bool:
        self._table.checkout_latest()
        if self._table.version == self._snapshot.version:
            return False
        if (about := _read_about(self._table)) != self._about:
            raise ModelMismatch(f"{self.folder}: replaced by one of model {about.model_id}; open it again")
        self._snapshot = _load(self._table, self.dimension)
        return True

    def _fetch_one(self, id: str, columns: Sequence[str]) -> CatalogueItem:
        now = self._snapshot
        if id in now.row_of:
            row = now.row_of[id]
            if item := self._fetch(now.positions[row : row + 1], columns).get(id):
                return item
        raise CatalogueError(f"no item {id!a} in the catalogue")

    def _fetch(self, positions: NDArray[np.int64], columns: Sequence[str]) -> dict[str, CatalogueItem]:
        """The items at these positions by id, as far as ``columns`` tell; what isn't asked for is left empty.

        One that another thread has just removed is not among them.
        """
        if not len(positions):
            return {}
        with _told_plainly(self.folder):
            found = self._table.search().where(_at(positions)).select(list(columns)).to_arrow()
        return {row["id"]: _to_item(row) for row in found.to_pylist()}


def _connect(folder: Path) -> Any:
    """LanceDB's view of a folder. Imported here: it takes seconds, and training searches without it."""
    import lancedb

    return lancedb.connect(folder)


@contextmanager
def _told_plainly(folder: Path, what: str = "damaged or unreadable") -> Iterator[None]:
    """LanceDB's errors as one line of ours."""
    try:
        yield
    except Timeout:  # an OSError, but not about files
        raise
    except _LANCE_ERRORS as error:
        # "lance error: LanceError(IO): what it is about, /place/in/its/own/source.rs:172:20"
        cause = re.sub(
            r"^lance error: LanceError\(\w+\): |, /\S*\.rs:\d.*$", "", " ".join(str(error).split())
        )
        raise CatalogueError(f"{folder}: {what} ({cause or type(error).__name__})") from error


def _schema(about: _About) -> Any:
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


def _read_about(table: Any) -> _About:
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
        return _About(str(about["model_id"]), int(about["dimension"]))
    except (KeyError, TypeError) as error:
        raise ValueError("its schema does not say which model made it") from error


def _load(table: Any, dimension: int) -> Snapshot:
    """Read ids, names and vectors, and put them in the order of their positions."""
    found = table.search().select(["id", "position", "name", "vector"]).to_arrow().combine_chunks()
    positions = found["position"].to_numpy()
    values = found["vector"].combine_chunks()
    values = values.flatten() if not isinstance(values, pa.ChunkedArray) else pa.array([], pa.float32())
    vectors = values.to_numpy().reshape(len(positions), dimension)
    order = np.argsort(positions, kind="stable")
    ids, names = (found[column].take(order).to_pylist() for column in ("id", "name"))
    return Snapshot(table.version, tuple(ids), tuple(names), positions[order], vectors[order])


def _positions(now: Snapshot, ids: Sequence[str]) -> NDArray[np.int64]:
    """An item that is there keeps its position; the others follow the last one."""
    positions = np.empty(len(ids), np.int64)
    following = now.next_position
    for place, id in enumerate(ids):
        row = now.row_of.get(id)
        if row is None:
            positions[place] = following
            following += 1
        else:
            positions[place] = now.positions[row]
    return positions


def _at(positions: NDArray[np.int64]) -> str:
    """A filter for the rows at these positions."""
    return f"position IN ({', '.join(map(str, positions.tolist()))})"


def _to_arrow(
    items: Sequence[CatalogueItem], positions: NDArray[np.int64], vectors: NDArray[np.float32], about: _About
) -> Any:
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
    return pa.table(columns, schema=_schema(about))


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
