"""The catalogue on disk: one folder, one LanceDB table, and a copy of its vectors in memory.

The folder may be an address in object storage (`places`).

**What is written where.** The table has a row per item, and its schema says which model made the vectors
(`table`).

**Order.** Updates and compactions move rows about inside the table. An item's ``position``, given when it
first came, does not change: pages, searches and ties follow it. Rows are looked up by position as well, so
what an id is made of (quotes, ``'; DROP TABLE``) never meets a filter expression.

**Safety.** A commit in Lance is one new file: what was acknowledged is there after a kill at any moment, and
what was not leaves no trace. A new catalogue is made beside its place and renamed into it. Writers take turns
under a file lock; Lance alone would let two of them insert the same new id twice.

**In object storage** there are no locks and no renaming. A commit is a conditional write there, and Lance
makes one of two that meet look at the other's rows and go again, so that no id is inserted twice; what it
cannot bring together it refuses, and we say so. Positions leave large random gaps between commits, so that
two writers who cannot see each other do not give the same ones.

**Versions.** Every commit makes a version, and Lance keeps the files of the older ones: `Catalogue.undo`
makes one of them the newest again, in one commit of its own. `Catalogue.compact` lets go of those that are
older than `KEPT_FOR`.

**Beside the table** lie short cuts into memory, on which nothing depends (`loading`).
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
from filelock import FileLock, Timeout
from numpy.typing import ArrayLike, NDArray

from modiste.catalogue.approximate import ApproximateIndex, available
from modiste.catalogue.duplicates import alike_groups
from modiste.catalogue.filters import Where
from modiste.catalogue.items import CatalogueItem
from modiste.catalogue.loading import INDEX, Loader
from modiste.catalogue.places import ObjectPlace, Place, is_empty, place_of
from modiste.catalogue.search import Neighbours, fuse
from modiste.catalogue.snapshot import Snapshot
from modiste.catalogue.table import (
    LISTED,
    TABLE,
    About,
    at_positions,
    check_deletions,
    connect,
    is_catalogue,
    items_at,
    read_about,
    schema_of,
    to_arrow,
    told_plainly,
)
from modiste.catalogue.text_search import index_names, matching_names
from modiste.catalogue.versions import Version, differ, table_at, versions_of
from modiste.embedding import unit_rows
from modiste.errors import CatalogueError, ModelMismatch

__all__ = ["Catalogue", "Version", "is_catalogue"]

LOCK = ".writing.lock"
LOCK_SECONDS = 60.0
# Every commit leaves a file; LanceDB's manual advises to merge them after some twenty.
FILES_BEFORE_COMPACTION = 20
# How long one can go back; older versions go with a compaction.
KEPT_FOR = timedelta(days=30)

# Up to this many numbers (items × dimension, 16 MB) all items are compared: that takes a millisecond or two,
# and never is one missed.
EXACT_UP_TO = 4_000_000
# An index is made anew when it does not know this share of the items.
FRESH_AT_MOST = 0.02

# Between the positions of two commits to object storage: two that meet share one by a chance of 1 in 10⁸, and
# there are 10⁷ commits before they run out.
_GAP_BITS = 40

# A change of the table right after we looked may carry the same time stamp; older ones can be relied on.
_STAMP_SECONDS = 1.0


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

    def __init__(self, folder: Place, table: Any, about: About) -> None:
        self.folder = folder
        self._table = table
        self._about = about
        self._turn = threading.RLock()
        self._lock: AbstractContextManager[Any] = (
            FileLock(folder / LOCK, timeout=LOCK_SECONDS) if isinstance(folder, Path) else nullcontext()
        )
        self._seen: int | None = None
        with told_plainly(folder):
            self._snapshot = self._loader.open()

    @classmethod
    def create(cls, folder: str | Place, *, model_id: str, dimension: int) -> Self:
        """Make an empty catalogue for the vectors (…, ``dimension``) of the model ``model_id``.

        ``folder`` must not exist, or be empty; it may be an address, ``s3://bucket/shop``. `CatalogueError`
        otherwise.
        """
        folder = place_of(folder)
        if dimension < 1 or not model_id:
            raise ValueError(f"expected a model id and a dimension ≥ 1; got {model_id!r} and {dimension}")
        about = About(model_id, dimension)
        if is_catalogue(folder) if isinstance(folder, ObjectPlace) else not is_empty(folder):
            raise CatalogueError(
                f"{folder}: already there and not empty; name a new folder for the catalogue"
            )
        if isinstance(folder, ObjectPlace):
            with told_plainly(folder, "cannot be made"):
                connect(folder).create_table(TABLE, schema=schema_of(about))
            return cls.open(folder, model_id)
        with told_plainly(folder, "cannot be made"):
            folder.parent.mkdir(parents=True, exist_ok=True)
            beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
            try:
                connect(beside).create_table(TABLE, schema=schema_of(about))
                beside.chmod(0o755)  # temporary folders are private, catalogues like any other folder
                if folder.exists():
                    folder.rmdir()
                beside.rename(folder)
            except BaseException:
                shutil.rmtree(beside, ignore_errors=True)
                raise
        return cls.open(folder, model_id)

    @classmethod
    def open(cls, folder: str | Place, model_id: str | None = None) -> Self:
        """The catalogue in ``folder`` or at an address; with ``model_id``, only if that model made it.

        `ModelMismatch` if another model did, `CatalogueError` if the folder holds no catalogue or a damaged
        one.
        """
        folder = place_of(folder)
        if not is_catalogue(folder):
            there = isinstance(folder, Path) and folder.exists()
            what = "not a catalogue" if there else "no such catalogue"
            raise CatalogueError(f"{folder}: {what}; make one with: modiste index PHOTOS --into {folder}")
        with told_plainly(folder):
            if isinstance(folder, Path):
                check_deletions(folder)
            table = connect(folder).open_table(TABLE)
            about = read_about(table)
        if model_id is not None and about.model_id != model_id:
            raise ModelMismatch(
                f"{folder}: made by model {about.model_id}, but the model in hand is {model_id}; "
                f"pass --model with the one that made it, or index the photos into a new folder"
            )
        return cls(folder, table, about)

    @classmethod
    def open_or_create(cls, folder: str | Place, *, model_id: str, dimension: int) -> Self:
        """The catalogue in ``folder``, made if nothing is there; errors as `open` and `create` have them."""
        place = place_of(folder)
        missing = not is_catalogue(place) if isinstance(place, ObjectPlace) else is_empty(place)
        return (
            cls.create(place, model_id=model_id, dimension=dimension)
            if missing
            else cls.open(place, model_id)
        )

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
        """All ids, in the order the items first came; made anew at each call from those of the `snapshot`."""
        return tuple(self._snapshot.ids)

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
        return self._fetch_one(id, (*LISTED, "photo"))

    def photo(self, id: str) -> tuple[bytes, str]:
        """An item's photo and its media type. `CatalogueError` if there is no item of this id."""
        item = self._fetch_one(id, ("id", "photo", "media_type"))
        return item.photo, item.media_type

    def photos(self, ids: Sequence[str]) -> dict[str, bytes]:
        """The photos of several items, read at once; ids the catalogue has not are left out."""
        now = self._snapshot
        rows = [now.row_of[id] for id in ids if id in now.row_of]
        found = self._fetch(now.positions[rows], ("id", "photo"))
        return {id: item.photo for id, item in found.items()}

    def page(self, offset: int = 0, limit: int = 50) -> list[CatalogueItem]:
        """At most ``limit`` items from the ``offset``-th on, without their photos, in the order of `ids`."""
        if offset < 0 or limit < 0:
            raise ValueError(f"expected offset and limit ≥ 0; got {offset} and {limit}")
        now = self._snapshot
        rows = slice(offset, offset + limit)
        found = self._fetch(now.positions[rows], LISTED)
        return [found[id] for id in now.ids[rows] if id in found]

    def fingerprints(self) -> dict[str, tuple[str, str, str, str]]:
        """What each item was made from: id → (content hash, name, path, labels as JSON)."""
        columns = ("id", "content_hash", "name", "path", "labels")
        with told_plainly(self.folder):
            found = self._table.search().select(list(columns)).to_arrow()
        id, *rest = (found[column].to_pylist() for column in columns)
        return dict(zip(id, zip(*rest, strict=True), strict=True))

    def search(
        self,
        vectors: ArrayLike,
        k: int,
        exclude_ids: Sequence[Collection[str]] | None = None,
        *,
        where: Where = (),
        diversity: float = 0.0,
    ) -> Neighbours:
        """The ``k`` items most similar to each of ``vectors`` (Q, D), as rows of `ids`; `Snapshot.search`."""
        return self._snapshot.search(vectors, k, exclude_ids, where=where, diversity=diversity)

    def more_like(
        self, id: str, k: int, *, where: Where = (), diversity: float = 0.0
    ) -> list[tuple[str, float]]:
        """At most ``k`` other items similar to this one: ids and similarities, best first.

        `CatalogueError` if there is no item of this id.
        """
        now = self._snapshot
        if id not in now.row_of:
            raise CatalogueError(f"no item {id!a} in the catalogue")
        row = now.row_of[id]
        found = now.search(now.vectors[row : row + 1], k, [[id]], where=where, diversity=diversity)
        return [
            (now.ids[row], float(similarity))
            for row, similarity in zip(found.rows[0].tolist(), found.similarities[0], strict=True)
            if row >= 0
        ]

    def search_text(self, text: str, k: int, *, where: Where = ()) -> list[tuple[str, float]]:
        """At most ``k`` items whose names fit a text: ids and BM25 scores, best first.

        Words are compared by their stems ("shirts" finds "shirt"), in any order; one that fits is enough. The
        first search makes the table's text index, which is a write. ``ValueError`` if k < 1.
        """
        if k < 1:
            raise ValueError(f"expected k ≥ 1; got {k}")
        now = self._snapshot
        allowed = set(now.rows_where(where).tolist()) if where else None
        if not text.strip() or not len(now):
            return []
        self._make_text_index()
        limit = 2 * k
        while True:
            with told_plainly(self.folder):
                best = matching_names(self._table, text, limit)
            rows = ((now.row_of.get(id), score) for id, score in best)
            found = [
                (now.ids[row], score)
                for row, score in rows
                if row is not None and (allowed is None or row in allowed)
            ]
            if len(found) >= k or len(best) < limit:
                return found[:k]
            limit *= 8

    def search_hybrid(
        self, text: str, vector: ArrayLike, k: int, *, where: Where = ()
    ) -> list[tuple[str, float]]:
        """At most ``k`` items that fit a text and look like a photo's ``vector`` (D,): ids and fused scores.

        The hundred best of either are fused by their ranks (`fuse`).
        """
        now = self._snapshot
        depth = max(100, k)
        by_look = now.search(np.asarray(vector)[None], depth, where=where).rows[0]
        by_name = self.search_text(text, depth, where=where)
        rankings = [
            [row for row in by_look.tolist() if row >= 0],
            [now.row_of[id] for id, _ in by_name if id in now.row_of],
        ]
        return [(now.ids[row], score) for row, score in fuse(rankings, k)]

    def duplicates(self, similarity: float = 0.995) -> list[tuple[str, ...]]:
        """Groups of items that show the same photo, or photos at least this similar; the largest first.

        Photos that are the same file are one group whatever their vectors. A chain of similar photos is one
        group. ``ValueError`` if ``similarity`` is not in (0, 1].
        """
        if not 0 < similarity <= 1:
            raise ValueError(f"expected a similarity in (0, 1]; got {similarity}")
        now = self._snapshot
        hashes = {id: print[0] for id, print in self.fingerprints().items()}
        return alike_groups(now, hashes, similarity)

    # Write ------------------------------------------------------------------------------------------------

    @contextmanager
    def writing(self) -> Iterator[Snapshot]:
        """Be the only writer, in this process and among processes, and know everything written so far.

        What is read within it is still so when it is written within it: for changes that depend on what is
        there. `CatalogueError` if nothing can be written, or another writer takes longer than a minute.
        """
        try:
            with self._turn, told_plainly(self.folder, "cannot be written to"), self._lock:
                self._catch_up()
                yield self._snapshot
        except Timeout as error:
            raise CatalogueError(
                f"{self.folder}: another process has been writing for {LOCK_SECONDS:g} s; try again later"
            ) from error

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
        with self.writing() as now:
            positions = _positions(
                now, ids, 0 if isinstance(self.folder, Path) else secrets.randbits(_GAP_BITS)
            )
            written = to_arrow(items, positions, rows, self._about)
            if not isinstance(self.folder, Path) or any(id in now.row_of for id in ids):
                merge = self._table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
                merge.execute(written)
            else:  # nobody else writes meanwhile, so no id needs to be looked for in the table
                self._table.add(written)
            names = [item.name for item in items]
            labels = [item.labels_json for item in items]
            version = self._table.version
            self._take_over(now, now.with_items(version, ids, names, positions, rows, labels))

    def remove(self, ids: Collection[str]) -> int:
        """Remove the items of these ids, all or none; how many of them there were. Others are no error."""
        with self.writing() as now:
            gone = {id for id in ids if id in now.row_of}
            if gone:
                self._table.delete(at_positions(now.positions[[now.row_of[id] for id in gone]]))
                self._take_over(now, now.without(self._table.version, gone))
        return len(gone)

    def refresh(self) -> bool:
        """Take over what other processes have written; whether there was anything.

        Asking costs some microseconds while nothing has changed, in object storage one request: a server may
        ask once a second or more. If another model's vectors have taken over, `ModelMismatch`; until then
        everything stays as it was.
        """
        with self._turn, told_plainly(self.folder):
            if isinstance(self.folder, ObjectPlace):
                return self._catch_up()
            stamp = (self.folder / f"{TABLE}.lance" / "_versions").stat().st_mtime_ns
            if stamp == self._seen:
                return False
            asked = time.time()
            caught_up = self._catch_up()
            self._seen = stamp if asked - stamp / 1e9 > _STAMP_SECONDS else None
            return caught_up

    def compact(self) -> bool:
        """Merge the small files that small writes leave, once there are many; whether there were."""
        with self.writing() as now:
            if self._table.stats()["fragment_stats"]["num_fragments"] <= FILES_BEFORE_COMPACTION:
                return False
            self._table.optimize(cleanup_older_than=KEPT_FOR)
            self._snapshot = now.with_version(self._table.version)
        return True

    def build_index(self, *, always: bool = False) -> bool:
        """Make the index that a large catalogue is searched with, if it lacks one or has outgrown it.

        Without FAISS, or up to 4,000,000 numbers (7,812 vectors of 512), there is none and search stays
        exact; ``always`` overrules the number. Whether one was made.
        """
        with self.writing() as now:
            exact = len(now) * self.dimension <= EXACT_UP_TO
            if not available() or len(now) < 1000 or (exact and not always):
                return False
            known = 0 if now.index is None or now.fresh is None else len(now) - len(now.fresh)
            if known >= (1 - FRESH_AT_MOST) * len(now):
                return False
            self._snapshot = now = self._loader.keep(now)
            index = ApproximateIndex.build(now.vectors, now.positions, made_of=self._loader.key)
            index.save(self.folder / INDEX)
            self._snapshot = now.with_index(index)
        return True

    # Versions ---------------------------------------------------------------------------------------------

    def history(self) -> list[Version]:
        """The states one can go back to, newest first; the first is the present one."""
        with self._turn, told_plainly(self.folder):
            self._catch_up()
            return versions_of(self._table)

    def undo(self, to: int | None = None, *, same_model: bool = False) -> Version:
        """Make an earlier version the present one, in one commit, and say which it was.

        By default the last in which items were different from now: twice in a row undoes the undoing. All is
        kept, so any number from `history` can be gone back, or forward, to. An older version may be another
        model's, and then so is the catalogue. `CatalogueError` if there is no such version.
        """
        with self.writing():
            past = {state.number: state for state in self.history()}
            if to is None:
                to = next((each for each in past if differ(table_at(self.folder, each), self._table)), None)
                if to is None:
                    raise CatalogueError(f"{self.folder}: nothing to undo; items were never different")
            if to not in past:
                raise CatalogueError(
                    f"{self.folder}: no version {to}; there are {', '.join(map(str, sorted(past)))}"
                )
            if same_model and (about := read_about(table_at(self.folder, to))) != self._about:
                raise ModelMismatch(
                    f"{self.folder}: version {to} is of model {about.model_id}; go back with "
                    "modiste catalogue undo, then serve it with that model"
                )
            self._table.restore(to)
            self._about = read_about(self._table)
            self._snapshot = self._loader.open()
        return past[to]

    def batches(self, rows: int = 1024) -> Iterator[tuple[list[CatalogueItem], NDArray[np.float32]]]:
        """All items with their photos and vectors (N, D), some at a time, in the order of `ids`."""
        now = self._snapshot
        for start in range(0, len(now), rows):
            part = slice(start, start + rows)
            found = self._fetch(now.positions[part], (*LISTED, "photo"))
            here = [row for row, id in enumerate(now.ids[part], start) if id in found]
            yield [found[now.ids[row]] for row in here], now.vectors[here]

    def switch_over(self, model_id: str, vector_of: Mapping[str, NDArray[np.float32]]) -> None:
        """Put another model's vectors in the place of all vectors, in one commit that can be undone.

        ``vector_of`` has a vector of length 1 for every id. `CatalogueError` if some item, added meanwhile,
        has none: then nothing has changed.
        """
        with self.writing() as now:
            if missing := [id for id in now.ids if id not in vector_of]:
                raise CatalogueError(
                    f"{self.folder}: {len(missing)} items have no new vector, such as {missing[0]!a}; "
                    "they came while the others were embedded; start again to go on with them"
                )
            dimension = len(next(iter(vector_of.values()))) if vector_of else self.dimension
            about = About(model_id, dimension)

            def rows() -> Iterator[Any]:
                positions = iter(range(0, len(now), 1024))
                for (items, _), start in zip(self.batches(1024), positions, strict=True):
                    vectors = unit_rows([vector_of[item.id] for item in items], dimension)
                    table = to_arrow(items, now.positions[start : start + len(items)], vectors, about)
                    yield from table.to_batches()

            schema = schema_of(about)
            data = pa.RecordBatchReader.from_batches(schema, rows()) if len(now) else schema.empty_table()
            # Lance commits the new rows with the new schema as the table's next version, or not at all.
            connect(self.folder).create_table(TABLE, data, schema=schema, mode="overwrite")
            self._table.checkout_latest()
            self._about = read_about(self._table)
            self._snapshot = self._loader.read()

    # Inside -----------------------------------------------------------------------------------------------

    @property
    def _loader(self) -> Loader:
        return Loader(self.folder, self._table, self.dimension)

    def _take_over(self, now: Snapshot, after: Snapshot) -> None:
        """What a commit has made of ``now`` is there; if others have committed in between, theirs as well."""
        alone = isinstance(self.folder, Path) or after.version == now.version + 1
        self._snapshot = after if alone else self._loader.read().with_index(now.index)

    def _make_text_index(self) -> None:
        if self._table.list_indices():
            return
        with self.writing() as now:
            if not self._table.list_indices():
                index_names(self._table)
                self._snapshot = now.with_version(self._table.version)

    def _catch_up(self) -> bool:
        self._table.checkout_latest()
        if self._table.version == self._snapshot.version:
            return False
        if (about := read_about(self._table)) != self._about:
            raise ModelMismatch(f"{self.folder}: replaced by one of model {about.model_id}; open it again")
        # An index is read again only if another process has written one.
        index = self._snapshot.index
        if index is None or len(index) < (1 - FRESH_AT_MOST) * len(self._snapshot):
            index = self._loader.index()
        self._snapshot = self._loader.read().with_index(index)
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
        with told_plainly(self.folder):
            return items_at(self._table, positions, columns)


def _positions(now: Snapshot, ids: Sequence[str], gap: int) -> NDArray[np.int64]:
    """An item that is there keeps its position; the others follow the last one, after a gap."""
    positions = np.empty(len(ids), np.int64)
    following = now.next_position + gap
    for place, id in enumerate(ids):
        row = now.row_of.get(id)
        if row is None:
            positions[place] = following
            following += 1
        else:
            positions[place] = now.positions[row]
    return positions
