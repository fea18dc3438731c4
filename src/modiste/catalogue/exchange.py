"""Catalogues to and from Parquet, and from one model to another."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from modiste.catalogue.items import CatalogueItem
from modiste.catalogue.places import Place, workplace
from modiste.catalogue.store import Catalogue
from modiste.embedding import Encoder, unit_rows
from modiste.errors import CatalogueError, ModelMismatch, PhotoError
from modiste.photos import read_fitted
from modiste.progress import Progress, silent

__all__ = ["export", "import_items", "reembed"]

_ABOUT = b"modiste"
_TEXTS = ("id", "name", "media_type", "path", "labels", "content_hash")
# A commit of new vectors on disk: little enough to lose, few enough files.
_COMMIT_PHOTOS = 2048


def export(catalogue: Catalogue, file: str | Path, *, progress: Progress = silent) -> int:
    """Write all items, photos and vectors to a Parquet file; how many there were.

    ``labels`` are JSON; the model's id stands in the file's metadata. The file is whole or not there.
    """
    file = Path(file)
    schema = pa.schema(
        [
            *(pa.field(column, pa.string()) for column in _TEXTS),
            pa.field("photo", pa.binary()),
            pa.field("vector", pa.list_(pa.float32(), catalogue.dimension)),
        ],
        metadata={_ABOUT: json.dumps({"model_id": catalogue.model_id, "dimension": catalogue.dimension})},
    )
    beside = file.with_name(f".{file.name}.unfinished")
    done, total = 0, len(catalogue)
    try:
        with pq.ParquetWriter(beside, schema, compression="zstd") as writer:
            for items, vectors in catalogue.batches():
                columns: dict[str, Any] = {
                    "labels": [item.labels_json for item in items],
                    **{c: [getattr(item, c) for item in items] for c in _TEXTS if c != "labels"},
                    "photo": [item.photo for item in items],
                    "vector": pa.FixedSizeListArray.from_arrays(
                        pa.array(np.ascontiguousarray(vectors).ravel()), catalogue.dimension
                    ),
                }
                writer.write_table(pa.table(columns, schema=schema))
                done += len(items)
                progress(done, total, "writing items")
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
    return done


def import_items(file: str | Path, into: str | Place, *, progress: Progress = silent) -> int:
    """Add the items of a file that `export` wrote to a catalogue, made if it is not there; how many.

    Items of the same id are replaced. `CatalogueError` if it is not such a file, `ModelMismatch` if the
    catalogue is another model's.
    """
    file = Path(file)
    try:
        parquet = pq.ParquetFile(file)
        about = json.loads((parquet.schema_arrow.metadata or {})[_ABOUT])
        model_id, dimension = str(about["model_id"]), int(about["dimension"])
    except (OSError, KeyError, TypeError, ValueError) as error:  # ArrowInvalid is a ValueError
        raise CatalogueError(
            f"{file}: not an exported catalogue; make one with: modiste catalogue export. "
            f"Tables of photos go in with: modiste index {file} --into {into}"
        ) from error
    catalogue = Catalogue.open_or_create(into, model_id=model_id, dimension=dimension)
    done, total = 0, parquet.metadata.num_rows
    with parquet:
        try:
            for batch in parquet.iter_batches(1024):
                vectors = batch.column("vector").flatten().to_numpy().reshape(-1, dimension)
                rows = batch.drop_columns(["vector"]).to_pylist()
                items = [CatalogueItem(**{**row, "labels": json.loads(row["labels"])}) for row in rows]
                catalogue.add(items, vectors)
                done += len(items)
                progress(done, total, "adding items")
        except (KeyError, TypeError, ValueError, OSError) as error:
            raise CatalogueError(
                f"{file}: damaged after {done} of {total} items, which were added "
                f"({' '.join(str(error).split())[:200]})"
            ) from error
    catalogue.compact()
    return done


def reembed(
    catalogue: Catalogue, encoder: Encoder, *, batch: int = 256, progress: Progress = silent
) -> tuple[int, int]:
    """Give every item a vector by ``encoder``, then switch the catalogue over to that model in one commit.

    The new vectors gather beside the table, so the old ones serve until the last is there; an interrupted run
    goes on where it stopped. `Catalogue.undo` goes back to the old model. What is embedded is the photo in
    the catalogue: one that came larger than 480 pixels is embedded as it is shown. Returns how many were
    embedded now, and how many had been before. `ModelMismatch` if the catalogue is that model's already,
    `CatalogueError` naming an item whose photo cannot be read.
    """
    if encoder.id == catalogue.model_id:
        raise ModelMismatch(f"{catalogue.folder}: its vectors are of model {encoder.id} already")
    beside = _Beside(workplace(catalogue.folder) / "next", encoder)
    catalogue.refresh()
    found: dict[str, NDArray[np.float32]] = {}
    waiting: list[tuple[str, str, bytes]] = []
    fresh = 0

    def embed() -> None:
        pixels = [_pixels(id, photo, encoder) for id, _, photo in waiting]
        for (id, hash, _), vector in zip(waiting, encoder.embed(np.stack(pixels)), strict=True):
            found[id] = beside.put(hash, vector)
        waiting.clear()

    for items, _ in catalogue.batches():
        for item in items:
            hash = hashlib.blake2b(item.photo, digest_size=16).hexdigest()
            if (vector := beside.get(hash)) is not None:
                found[item.id] = vector
                continue
            waiting.append((item.id, hash, item.photo))
            fresh += 1
            if len(waiting) == batch:
                embed()
        progress(len(found), len(catalogue), "embedding photos")
    if waiting:
        embed()
    beside.commit()
    catalogue.switch_over(encoder.id, found)
    beside.remove()
    return fresh, len(found) - fresh


def _pixels(id: str, photo: bytes, encoder: Encoder) -> NDArray[np.uint8]:
    try:
        return read_fitted(photo, encoder.preprocess)
    except PhotoError as error:
        raise CatalogueError(
            f"item {id!a}: its photo cannot be read ({error}); replace or remove it"
        ) from error


class _Beside:
    """Vectors on disk by the hash of their photo, in portions that are each whole or not there.

    A photo of the same bytes has the same vector, so nothing goes stale when items change meanwhile.
    """

    def __init__(self, folder: Path, encoder: Encoder) -> None:
        self._folder = folder
        self._prefix = encoder.id
        self._known: dict[str, NDArray[np.float32]] = {}
        self._new: dict[str, NDArray[np.float32]] = {}
        for file in sorted(folder.glob(f"{encoder.id}.*.npz")):
            self._known |= _portion(file, encoder.dimension)

    def get(self, hash: str) -> NDArray[np.float32] | None:
        return self._known.get(hash)

    def put(self, hash: str, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        self._known[hash] = self._new[hash] = vector
        if len(self._new) >= _COMMIT_PHOTOS:
            self.commit()
        return vector

    def commit(self) -> None:
        if not self._new:
            return
        self._folder.mkdir(exist_ok=True)
        number = len(list(self._folder.glob("*.npz")))
        file = self._folder / f"{self._prefix}.{number:06}.npz"
        unfinished = file.with_suffix(".unfinished")
        with unfinished.open("wb") as written:
            np.savez(written, hashes=np.array(list(self._new)), vectors=np.stack(list(self._new.values())))
            written.flush()
            os.fsync(written.fileno())
        unfinished.replace(file)
        self._new = {}

    def remove(self) -> None:
        for file in self._folder.glob("*"):
            file.unlink()
        if self._folder.exists():
            self._folder.rmdir()


def _portion(file: Path, dimension: int) -> dict[str, NDArray[np.float32]]:
    """Vectors by their photos' hashes; none if the file is damaged: those photos are embedded once more."""
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as portion:
            hashes, vectors = portion["hashes"].tolist(), portion["vectors"]
            return dict(zip(hashes, unit_rows(vectors, dimension), strict=True))
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error):
        return {}
