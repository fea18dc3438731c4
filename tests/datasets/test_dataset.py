"""Tables and pixels together, from one source or several."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.datasets.conftest import KAGGLE, make_folder, make_photo

from modiste.datasets import Dataset, Split, open_dataset
from modiste.errors import DataError
from modiste.preprocessing import Preprocess


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODISTE_CACHE", str(tmp_path / "cache"))


def split_of(*ids: str) -> Split:
    zeros = np.zeros(len(ids), np.int64)
    return Split(ids, zeros, ("Shirts",) * len(ids), zeros, ("Topwear",) * len(ids))


def test_rows_and_pixels_belong_together(pack: Callable[..., Path]) -> None:
    data = open_dataset([pack(KAGGLE | {"images/2.jpg": b"broken"})])
    assert len(data) == 2
    assert data.ids == ["1", "3"]
    assert data.table["articleType"].tolist() == ["Shirts", "Heels"]
    assert data.pixels.shape == (2, 80, 60, 3)
    assert data.pixels[1].max() < 10  # the black heels
    assert [skip.reason for skip in data.skipped] == ["broken photo"]


def test_several_sources(tmp_path: Path) -> None:
    first = make_folder(tmp_path / "first", KAGGLE)
    second = make_folder(tmp_path / "second", {"9.png": make_photo("red"), "0.png": b"broken"})
    calls: list[tuple[int, int]] = []
    data = open_dataset([first, second], Preprocess(40, 30), progress=lambda *done: calls.append(done))
    assert data.ids == ["1", "2", "3", "9"]
    assert data.table["articleType"].tolist() == ["Shirts", "Dresses", "Heels", ""]
    assert data.pixels.shape == (4, 40, 30, 3)
    assert data.pixels[3, 0, 0].tolist() == [255, 0, 0]
    assert calls == [(3, 5), (5, 5)]


def test_only_some_photos_are_decoded(tmp_path: Path, pack: Callable[..., Path]) -> None:
    source = pack(KAGGLE | {"images/2.jpg": b"broken"})
    calls: list[tuple[int, int]] = []
    data = open_dataset([source], only={"3", "8"}, progress=lambda *done: calls.append(done))
    assert (data.ids, calls, data.skipped) == (["3"], [(1, 1)], ())
    assert data.pixels[0].max() < 10  # the black heels
    assert len(open_dataset([source])) == 2  # all others are still to be had
    with pytest.raises(DataError, match=r"none of the 2 photos wanted \(such as 7\) is in the data"):
        open_dataset([source], only=["9", "7"])


def test_rows_by_id(pack: Callable[..., Path]) -> None:
    data = open_dataset([pack(KAGGLE)])
    assert data.rows(["3", "1", "3"]).tolist() == [2, 0, 2]
    assert data.rows([]).tolist() == []
    with pytest.raises(DataError, match=r"1 of 2 photos are not in the data \(such as 7\)"):
        data.rows(["1", "7"])


def test_selecting_a_split(pack: Callable[..., Path]) -> None:
    data = open_dataset([pack(KAGGLE)])
    rows, positions, missing = data.select(split_of("3", "7", "1"))
    assert rows.tolist() == [2, 0]
    assert positions.tolist() == [0, 2]
    assert missing == ("7",)
    with pytest.raises(DataError, match="none of the split's 1 photos"):
        data.select(split_of("7"))


def test_nothing_readable(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"not one photo can be read; the first: 1\.png: broken photo"):
        open_dataset([make_folder(tmp_path / "shop", {"1.png": b""})])


def test_a_dataset_is_checked() -> None:
    table = pd.DataFrame({"id": ["1"], "photo": ["1.png"], "name": ["1"]})
    with pytest.raises(DataError, match="pixels of shape"):
        Dataset(table, np.zeros((2, 80, 60, 3), np.uint8), Preprocess())
    with pytest.raises(DataError, match="one row per id"):
        Dataset(pd.concat([table, table]), np.zeros((2, 80, 60, 3), np.uint8), Preprocess())
