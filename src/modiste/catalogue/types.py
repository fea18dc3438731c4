"""Types that people have named by a few photos, kept beside the catalogue they belong to.

One file, ``types.safetensors``: a vector for each photo, and in its header which type it stands for, the hash
of the photo and the model that made the vectors. A change writes a new file beside the old one, forces it to
the disk and renames it, so whoever reads sees all of one state. Writers take turns under a file lock.

The photos themselves are not kept: when the catalogue changes to another model, types are named anew.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import ArrayLike, NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from modiste.embedding import unit_rows
from modiste.errors import CatalogueError, ModelMismatch, TypeNameError

__all__ = ["MOST_PHOTOS", "NamedType", "NamedTypes"]

FILE = "types.safetensors"
FORMAT = 1
MOST_PHOTOS = 20
LONGEST_NAME = 100
LOCK_SECONDS = 60.0


@dataclass(frozen=True)
class NamedType:
    """A type somebody has named: the ``vectors`` (n, D), of length 1, of its photos, and their ``hashes``."""

    name: str
    vectors: NDArray[np.float32]
    hashes: tuple[str, ...]


class _Stamp(NamedTuple):
    """Which state of the file it is; every change makes another file."""

    inode: int
    changed: int
    size: int


class NamedTypes:
    """The named types of the catalogue in ``folder``, whose vectors (…, ``dimension``) ``model_id`` makes.

    May be used from several threads and processes. Reading raises `ModelMismatch` if another model's vectors
    are kept there, `CatalogueError` if the file is damaged.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     types = NamedTypes(folder, "m-1", dimension=2)
    ...     types.put("Poncho", [[0.6, 0.8]], ["5f0c"])
    ...     list(NamedTypes(folder, "m-1", dimension=2).all()), types.remove("Poncho"), types.remove("Cape")
    (['Poncho'], True, False)
    """

    def __init__(self, folder: str | Path, model_id: str, dimension: int) -> None:
        self.file = Path(folder) / FILE
        self.model_id = model_id
        self.dimension = dimension
        self._lock = FileLock(f"{self.file}.lock", timeout=LOCK_SECONDS)
        self._known: tuple[_Stamp | None, Mapping[str, NamedType]] = (None, {})

    def all(self) -> Mapping[str, NamedType]:
        """The types by their names, in the order they were first named.

        The same object as long as nothing has changed.
        """
        now = self._stamp()
        known, types = self._known
        if now != known:
            types = {} if now is None else self._read()
            self._known = (now, types)
        return types

    def put(self, name: str, vectors: ArrayLike, hashes: Sequence[str]) -> None:
        """Name a type by the vectors (n, D), n ≤ 20, of photos of these hashes; one of its name is replaced.

        When it returns, it is on disk. `TypeNameError` if the name is empty, longer than 100 letters or not
        printable, or there are too many photos; `CatalogueError` if nothing can be written; ``ValueError`` if
        the vectors do not fit.
        """
        check_name(name)
        rows = unit_rows(vectors, self.dimension)
        if not 1 <= len(rows) <= MOST_PHOTOS:
            raise TypeNameError(f"a type is named by 1 to {MOST_PHOTOS} photos; got {len(rows)}")
        if len(hashes) != len(rows):
            raise ValueError(f"expected a hash for each of {len(rows)} vectors; got {len(hashes)}")
        self._change(name, NamedType(name, rows, tuple(hashes)))

    def remove(self, name: str) -> bool:
        """Forget a named type; whether there was one of this name."""
        return self._change(name, None)

    # Inside -----------------------------------------------------------------------------------------------

    def _change(self, name: str, to: NamedType | None) -> bool:
        """Put ``to`` in the place of the type of this name; whether there was one."""
        try:
            with self._lock:
                types = {} if self._stamp() is None else dict(self._read())  # as it is, not as it was known
                was = name in types
                if to is not None:
                    types[name] = to
                elif was:
                    del types[name]
                if was or to is not None:
                    self._write(types)
                return was
        except Timeout as error:
            raise CatalogueError(
                f"{self.file}: another process has been writing for {LOCK_SECONDS:g} s; try again later"
            ) from error
        except OSError as error:
            raise CatalogueError(f"{self.file}: cannot be written to ({error.strerror or error})") from error

    def _write(self, types: Mapping[str, NamedType]) -> None:
        about = {
            "format": FORMAT,
            "model_id": self.model_id,
            "dimension": self.dimension,
            "types": [{"name": each.name, "hashes": each.hashes} for each in types.values()],
        }
        none = np.empty((0, self.dimension), np.float32)
        vectors = np.concatenate([none, *(each.vectors for each in types.values())])
        data = save({"vectors": vectors}, {"modiste": json.dumps(about)})
        beside = self.file.with_name(f".{FILE}.unfinished")
        try:
            with beside.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            _make_later(beside, than=self._stamp())
            beside.replace(self.file)
        except OSError:
            with suppress(OSError):
                beside.unlink(missing_ok=True)
            raise
        # The renaming is durable once the folder is; some systems cannot open a folder.
        with suppress(OSError):
            folder = os.open(self.file.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def _read(self) -> Mapping[str, NamedType]:
        try:
            with safe_open(self.file, "numpy") as opened:
                about = json.loads((opened.metadata() or {})["modiste"])
                vectors = opened.get_tensor("vectors")
            format, model_id = about["format"], about["model_id"]
            if format == FORMAT and model_id == self.model_id:
                return self._types(about["types"], vectors)
        except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
            raise CatalogueError(
                f"{self.file}: damaged ({' '.join(str(error).split())}); restore it from a backup, or remove "
                f"it and name the types again"
            ) from error
        if format != FORMAT:
            raise CatalogueError(
                f"{self.file}: of format {format}, and this version reads {FORMAT}; upgrade modiste"
            )
        raise ModelMismatch(
            f"{self.file}: its types were named with model {model_id}, but the model in hand is "
            f"{self.model_id}; remove the file and name the types again, or go back to that model"
        )

    def _types(
        self, listed: Sequence[Mapping[str, Sequence[str]]], vectors: NDArray[np.float32]
    ) -> dict[str, NamedType]:
        rows = unit_rows(vectors, self.dimension)
        rows.flags.writeable = False
        types: dict[str, NamedType] = {}
        start = 0
        for each in listed:
            name, hashes = str(each["name"]), tuple(map(str, each["hashes"]))
            types[name] = NamedType(name, rows[start : start + len(hashes)], hashes)
            start += len(hashes)
        if start != len(rows) or len(types) != len(listed):
            raise ValueError(f"{len(rows)} vectors for {start} photos")
        return types

    def _stamp(self) -> _Stamp | None:
        try:
            found = self.file.stat()
        except FileNotFoundError:
            return None
        return _Stamp(found.st_ino, found.st_mtime_ns, found.st_size)


def _make_later(file: Path, than: _Stamp | None) -> None:
    """Date a file after another: the clock of files has steps, and the number of an inode comes again."""
    changed = file.stat().st_mtime_ns
    if than is not None and changed <= than.changed:
        os.utime(file, ns=(than.changed + 1, than.changed + 1))


def check_name(name: str) -> None:
    """`TypeNameError` if ``name`` cannot be a type's: empty, too long, not printable, spaces around it."""
    if not name or len(name) > LONGEST_NAME or name != name.strip() or not name.isprintable():
        raise TypeNameError(
            f"not a name for a type: {name[:LONGEST_NAME]!a}; expected 1 to {LONGEST_NAME} printable letters "
            f"without spaces around them"
        )
