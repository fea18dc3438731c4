"""What a server does to take little memory: it stays for months, and others want to run beside it."""

from __future__ import annotations

import ctypes
import functools
import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType

__all__ = ["plain_arrow", "return_freed_memory", "share_heaps"]

_M_ARENA_MAX = -8  # glibc's malloc.h


@functools.cache
def share_heaps() -> None:
    """Have all threads take their memory from two heaps instead of one each.

    A server's threads take turns at the same work. With heaps of their own each keeps what its largest piece
    of work left behind, 100 MB for a dozen threads. To be called before there are threads. Only glibc can be
    told (mallopt(3)).
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 2)


def return_freed_memory() -> None:
    """Give what was freed back to the system: reading models and a catalogue leaves tens of megabytes.

    glibc keeps them for later otherwise (malloc_trim(3)); elsewhere nothing happens.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if trim is not None:
        trim(0)


class _Absent(MetaPathFinder):
    """Says of a package that it is not installed."""

    def __init__(self, package: str) -> None:
        self._package = package

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> None:
        if name == self._package:
            raise ModuleNotFoundError(f"{name} is left out", name=name)


@functools.cache
def plain_arrow() -> None:
    """Have Arrow take its memory from the heap, and go without pandas.

    Arrow's own allocator keeps 25 MB of what reading a catalogue has freed. The first array that is made has
    Arrow import pandas, to tell its columns from other sequences: 35 MB for a program that has none. It asks
    once, so this is to be called before Arrow is used; pandas itself can be imported afterwards, but Arrow
    converts from and to its tables no more. Where pandas is loaded already, it stays.
    """
    absent = _Absent("pandas")
    if "pandas" not in sys.modules:
        sys.meta_path.insert(0, absent)
    try:
        import pyarrow as pa

        pa.set_memory_pool(pa.system_memory_pool())
        pa.array([""])
    finally:
        if absent in sys.meta_path:
            sys.meta_path.remove(absent)
