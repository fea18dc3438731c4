"""Rows of a large mapped file are asked for page by page, all that is needed and little else."""

from __future__ import annotations

import mmap
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from modiste.mapped_file import expect, take

ROWS = np.random.default_rng(0).integers(0, 256, (1000, 300), dtype=np.uint8)
SOME = np.array([0, 7, 127, 999])
HEADER = 4096

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows takes no advice")


class Told(mmap.mmap):
    """A mapped file that keeps the advice it is given."""

    advice: list[tuple[int, int, int]]

    def madvise(self, advice: int, start: int = 0, length: int | None = None) -> None:
        assert length is not None
        self.advice.append((advice, start, start + length))
        super().madvise(advice, start, length)


@pytest.fixture
def mapped(tmp_path: Path) -> tuple[Told, NDArray[np.uint8]]:
    file = tmp_path / "rows"
    file.write_bytes(bytes(HEADER) + ROWS.tobytes())
    with file.open("rb") as opened:
        memory = Told(opened.fileno(), 0, access=mmap.ACCESS_COPY)
    memory.advice = []
    array = np.frombuffer(memory, np.uint8, offset=HEADER).reshape(ROWS.shape)
    return memory, array[:, :][10:].view()  # what programs make of it


def test_every_row_is_asked_for_and_hardly_more(
    mapped: tuple[Told, NDArray[np.uint8]], monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, array = mapped
    monkeypatch.setattr("modiste.mapped_file.LARGE_FILE", array.nbytes)
    some = np.array([0, 7, 127, 989])
    assert np.array_equal(take(array, some), ROWS[10:][some])
    assert [what for what, _, _ in memory.advice] == [mmap.MADV_WILLNEED] * 4
    for row, (_, start, end) in zip(some, memory.advice, strict=True):
        assert start % mmap.PAGESIZE == 0
        assert ROWS[10 + row].tobytes() == memory[end - 300 : end]
        assert end - start < mmap.PAGESIZE + 300


def test_small_files_and_other_memory_are_left_alone(
    mapped: tuple[Told, NDArray[np.uint8]], monkeypatch: pytest.MonkeyPatch
) -> None:
    memory, array = mapped
    expect(array, SOME[:3])
    assert memory.advice == []  # soon all of so small a file is in memory anyhow
    monkeypatch.setattr("modiste.mapped_file.LARGE_FILE", 0)
    assert np.array_equal(take(ROWS, SOME), ROWS[SOME])
    assert np.array_equal(take(array.copy(), SOME[:3]), ROWS[10:][SOME[:3]])
    assert memory.advice == []
