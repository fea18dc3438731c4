"""Split files: what is read, and which mistakes are found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from modiste.datasets import Split, Splits, read_split, read_splits
from modiste.errors import DataError

HEADER = "imageId,articleTypeName,categoryName,articleTypeId,categoryId\n"
TRAIN = HEADER + "1,Shirts,Topwear,1,0\n2,Ties,Ties,20,7\n3,Shirts,Topwear,1,0\n"


def test_a_split(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text(TRAIN)
    split = read_split(tmp_path / "train.csv")
    assert len(split) == 3
    assert split.ids == ("1", "2", "3")
    assert split.type_ids.tolist() == [1, 20, 1]
    assert split.type_ids.dtype == np.int64
    assert split.type_names == ("Shirts", "Ties", "Shirts")
    assert split.category_ids.tolist() == [0, 7, 0]
    assert split.category_names == ("Topwear", "Ties", "Topwear")


def test_columns_in_any_order_and_others_beside(tmp_path: Path) -> None:
    header = "\ufeffcategoryId,x,imageId, articleTypeName,categoryName,articleTypeId"
    text = f"{header}\r\n7,?, 2 ,Ties,Ties,20\r\n\r\n"
    (tmp_path / "train.csv").write_text(text, "utf-8")
    split = read_split(tmp_path / "train.csv")
    assert (split.ids, split.type_ids.tolist(), split.category_ids.tolist()) == (("2",), [20], [7])


def test_a_folder_of_splits(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text(TRAIN)
    (tmp_path / "new_test.csv").write_text(HEADER + "9,Capris,Bottomwear,43,4\n")
    splits = read_splits(tmp_path)
    assert len(splits.train) == 3
    assert splits.main_support is splits.main_test is splits.new_support is None
    assert splits.require("new_test").ids == ("9",)
    with pytest.raises(DataError, match=r"needs main_test\.csv"):
        splits.require("main_test")


def test_published_splits_disagree_about_categories(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text(TRAIN + "4,Shirts,Belts,1,0\n5,Shirts,Belts,1,12\n")
    assert len(read_split(tmp_path / "train.csv")) == 5


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "articleTypeId,categoryId are expected"),
        ("imageId,articleTypeName\n", "categoryName,articleTypeId,categoryId missing"),
        (HEADER, "at least one photo"),
        (HEADER + "1,Shirts,Topwear,one,0\n", r"line 2: five values.*'1,Shirts,Topwear,one,0'"),
        (HEADER + "1,Shirts,Topwear,1,0\n2,Shirts\n", "line 3"),
        (HEADER + "1,Shirts,Topwear,-1,0\n", "cannot be negative"),
        (HEADER + "1,Shirts,Topwear,99999999999999999999,0\n", "too large|too big"),
        (HEADER + ",Shirts,Topwear,1,0\n", "no id"),
        (TRAIN + "2,Ties,Ties,20,7\n", "photo 2 is in the split twice"),
        (
            TRAIN + "4,Socks,Socks,20,7\n",
            "articleTypeId 20 is called Ties and also Socks|Socks and also Ties",
        ),
        (TRAIN + "4,Ties,Ties,21,7\n", "Ties has the articleTypeIds"),
    ],
)
def test_mistakes_are_found(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "train.csv").write_text(text)
    with pytest.raises(DataError, match=message) as caught:
        read_splits(tmp_path)
    assert str(tmp_path / "train.csv") in str(caught.value)


def test_mistakes_between_splits(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text(TRAIN)
    (tmp_path / "main_test.csv").write_text(HEADER + "3,Shirts,Topwear,1,0\n")
    with pytest.raises(DataError, match="1 photos are both in train and in main_test"):
        read_splits(tmp_path)
    (tmp_path / "main_test.csv").write_text(HEADER + "4,Shirts,Topwear,2,0\n")
    with pytest.raises(DataError, match="Shirts has the articleTypeIds"):
        read_splits(tmp_path)


def test_missing_folders_and_files(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"train\.csv expected"):
        read_splits(tmp_path)
    with pytest.raises(DataError, match="no such folder"):
        read_splits(tmp_path / "gone")
    with pytest.raises(DataError, match="cannot be read"):
        read_split(tmp_path / "gone.csv")


def test_lengths_must_agree() -> None:
    one = np.zeros(1, np.int64)
    with pytest.raises(DataError, match="as many"):
        Split(("1", "2"), one, ("Shirts",), one, ("Topwear",))
    split = Split(("1",), one, ("Shirts",), one, ("Topwear",))
    assert Splits(split).train is split
