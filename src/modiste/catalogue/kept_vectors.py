"""A copy of a catalogue's vectors in one file, laid out as in memory: opened, not read.

The system brings in the pages somebody looks at and takes them back when memory is short. With an
`ApproximateIndex` a search looks at some thirty vectors, so that a catalogue needs little more memory than
its index.

The file is a short cut: without it, or if it is of another state of the table, the vectors are read from the
table. Which state it is of says its ``key``.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["keep_vectors", "kept_vectors", "state_key"]

_MAGIC = b"modiste vectors 1\n"
_KEY_BYTES = 32
# The vectors begin at a page, as mapped memory does.
_START = 4096
_ROWS_AT_ONCE = 65_536


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
    ...     kept_vectors(there, b"k" * 32, 2).tolist()
    ...     kept_vectors(there, b"other" * 7, 2)
    True
    [[1.0, 0.0], [0.0, 1.0]]
    """
    if not key:
        return False
    beside = file.with_name(f".{file.name}.{os.getpid()}.unfinished")
    try:
        with beside.open("wb") as written:
            written.write((_MAGIC + key).ljust(_START, b"\0"))
            for start in range(0, len(vectors), _ROWS_AT_ONCE):
                written.write(memoryview(np.ascontiguousarray(vectors[start : start + _ROWS_AT_ONCE], "<f4")))
            written.flush()
            os.fsync(written.fileno())
        beside.replace(file)
    except OSError:  # a full or read-only disk: it goes without
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        return False
    return True


def kept_vectors(file: Path, key: bytes, dimension: int) -> NDArray[np.float32] | None:
    """The vectors (N, ``dimension``) that were kept under ``key``; None if they were not.

    They cannot be written to, and are as they are also after the file is replaced or removed.
    """
    if not key:
        return None
    try:
        with file.open("rb") as content:
            if content.read(len(_MAGIC) + _KEY_BYTES) != _MAGIC + key:
                return None
            rows, left = divmod(os.fstat(content.fileno()).st_size - _START, 4 * dimension)
            if rows < 1 or left:
                return None
            mapped = np.memmap(content, "<f4", "r", offset=_START, shape=(rows, dimension))
    except OSError:
        return None
    return mapped.view(np.ndarray)
