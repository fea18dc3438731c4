"""Rows of a file that is mapped into memory, asked for all at once.

A page that is touched unannounced is waited for, one after the other, and comes with what lies around it:
megabytes, on some systems, for which other pages must go where memory is short.
"""

from __future__ import annotations

import mmap
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["expect", "take"]

# Of smaller files the pages around those that are touched may come as well: soon all of it is in memory.
LARGE_FILE = 1 << 30


def expect(array: NDArray[Any], rows: NDArray[np.int64]) -> None:
    """Have the system bring in these ``rows`` of an ``array`` in a large mapped file; of others do nothing.

    The array's rows lie one after the other, in memory made by `numpy.frombuffer` of an `mmap.mmap`.
    """
    if sys.platform == "win32" or array.nbytes < LARGE_FILE:
        return
    whole = array
    while isinstance(whole.base, np.ndarray):
        whole = whole.base
    file = getattr(whole.base, "obj", None)  # of the memoryview that NumPy holds
    if not isinstance(file, mmap.mmap):
        return
    start = np.frombuffer(file, np.uint8).__array_interface__["data"][0]
    first, size = array.__array_interface__["data"][0] - start, array.strides[0]
    for begin in (first + rows * size).tolist():
        page = begin // mmap.PAGESIZE * mmap.PAGESIZE
        file.madvise(mmap.MADV_WILLNEED, page, begin - page + size)


def take(array: NDArray[Any], rows: NDArray[np.int64]) -> NDArray[Any]:
    """A copy of these rows.

    >>> take(np.arange(6).reshape(3, 2), np.array([2, 0])).tolist()
    [[4, 5], [0, 1]]
    """
    expect(array, rows)
    taken: NDArray[Any] = array[rows]
    return taken
