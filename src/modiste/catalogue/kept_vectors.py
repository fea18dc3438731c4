"""A copy of a catalogue's vectors in one file, laid out as in memory: opened, not read.

The system brings in the pages somebody looks at and takes them back when memory is short. With an
`ApproximateIndex` a search looks at some thirty vectors, so that a catalogue needs little more memory than
its index.

The file is a short cut: without it, or if it is of another state of the table, the vectors are read from the
table. Which state it is of says its ``key``.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["VectorRoom", "keep_vectors", "kept_vectors", "state_key"]

_MAGIC = b"modiste vectors 1\n"
_KEY_BYTES = 32
# The vectors begin at a page, as mapped memory does.
_START = 4096
_ROWS_AT_ONCE = 65_536
# Beside N vectors there is room for this share of N, and some, until all are copied once.
ROOM_SHARE = 0.02
ROOM_AT_LEAST = 1024
LEFT_SECONDS = 3600.0


class VectorRoom:
    """Memory for vectors (capacity, D), filled from the front; those behind are still to come.

    A snapshot sees what was there when it was made. The next one sees the same memory and a few rows more, so
    that adding an item does not copy all others. ``used`` rows (its length) are taken.
    """

    def __init__(self, memory: NDArray[np.float32], used: int) -> None:
        self._memory = memory
        self._used = used
        self._turn = threading.Lock()

    @classmethod
    def copy_of(cls, vectors: NDArray[np.float32], new: NDArray[np.float32]) -> Self:
        """Room that holds both, and some more."""
        used = len(vectors) + len(new)
        memory = np.empty((_capacity(used), vectors.shape[1]), np.float32)
        memory[: len(vectors)] = vectors
        memory[len(vectors) : used] = new
        return cls(memory, used)

    def __len__(self) -> int:
        return self._used

    def view(self, rows: int) -> NDArray[np.float32]:
        """The first ``rows``, not to be written to."""
        seen = self._memory[:rows]
        seen.flags.writeable = False
        return seen

    def append(self, after: int, new: NDArray[np.float32]) -> bool:
        """Put ``new`` behind the first ``after`` rows; False if those are taken or there is no room left."""
        with self._turn:
            if after != self._used or after + len(new) > len(self._memory):
                return False
            self._memory[after : after + len(new)] = new
            self._used += len(new)
            return True


def _capacity(rows: int) -> int:
    return rows + int(ROOM_SHARE * rows) + ROOM_AT_LEAST


def state_key(table: Path, version: int) -> bytes:
    """What tells a version of a Lance table from all others, also from those of another table.

    It is a digest of the version's manifest, which names the table's files by random names. Empty if there is
    none where Lance puts it.
    """
    manifest = table / "_versions" / f"{2**64 - 1 - version:020d}.manifest"
    try:
        return hashlib.blake2b(manifest.read_bytes(), digest_size=_KEY_BYTES).digest()
    except OSError:
        return b""


def keep_vectors(file: Path, key: bytes, vectors: NDArray[np.float32]) -> bool:
    """Write ``vectors`` (N, D) beside their place, then rename; False if that is not possible.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     there = Path(folder, "search.vectors")
    ...     keep_vectors(there, b"k" * 32, np.eye(2, dtype=np.float32))
    ...     kept_vectors(there, b"k" * 32, 2).view(2).tolist()
    ...     kept_vectors(there, b"other" * 7, 2)
    True
    [[1.0, 0.0], [0.0, 1.0]]
    """
    if not key:
        return False
    beside = file.with_name(f".{file.name}.{os.getpid()}.unfinished")
    _sweep(file)
    try:
        with beside.open("wb") as written:
            written.write((_MAGIC + key + len(vectors).to_bytes(8, "little")).ljust(_START, b"\0"))
            for start in range(0, len(vectors), _ROWS_AT_ONCE):
                written.write(np.ascontiguousarray(vectors[start : start + _ROWS_AT_ONCE], "<f4").data)
            # Room for those to come, which takes no disk: it is only ever written to in memory.
            written.truncate(_START + 4 * vectors.shape[1] * _capacity(len(vectors)))
            written.flush()
            os.fsync(written.fileno())
        beside.replace(file)
    except OSError:  # a full or read-only disk: it goes without
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        return False
    return True


def _sweep(file: Path) -> None:
    """Remove what writers that were killed have left: nobody has written to it for an hour."""
    with suppress(OSError):
        for left in file.parent.glob(f".{file.name}.*.unfinished"):
            if time.time() - left.stat().st_mtime > LEFT_SECONDS:
                left.unlink()


def kept_vectors(file: Path, key: bytes, dimension: int) -> VectorRoom | None:
    """The vectors (N, ``dimension``) that were kept under ``key``; None if they were not.

    They stay as they are also after the file is replaced or removed, and what is put behind them stays in
    memory.
    """
    if not key:
        return None
    start = _MAGIC + key
    try:
        with file.open("rb") as content:
            header = content.read(len(start) + 8)
            rows = int.from_bytes(header[len(start) :], "little")
            size = _START + 4 * dimension * _capacity(rows)
            if not header.startswith(start) or not rows or os.fstat(content.fileno()).st_size != size:
                return None
            mapped = mmap.mmap(content.fileno(), size, access=mmap.ACCESS_COPY)  # on writing, page by page
    except OSError:
        return None
    vectors = np.frombuffer(mapped, "<f4", offset=_START).reshape(_capacity(rows), dimension)
    return VectorRoom(vectors, rows)
