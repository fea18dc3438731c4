"""What is known of training photos beside their classes, and what is said when it is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modiste.datasets import open_listing
from modiste.datasets.attributes import ATTRIBUTES, UNKNOWN, Attributes, attribute_columns
from modiste.errors import DataError

TABLE = pd.DataFrame(
    {
        "id": list("123456"),
        "name": ["Navy shirt", "Red dress", "3", "Black heels", "Gold ring", "Silk tie"],
        "baseColour": ["Navy", "Red", "NA", "Black", "Gold", "Red"],
        "gender": ["Men", "Women", "Women", "Women", "", "Men"],
        "usage": ["Casual", "Party", "nan", "Party", "Party", "Formal"],
        "season": ["Fall", " Summer ", "Fall", "Winter", "Spring", ""],
    }
)


def test_values_come_from_the_chosen_rows_alone() -> None:
    known = Attributes.of(TABLE, np.array([5, 1, 2, 0]))
    assert dict(zip(ATTRIBUTES, known.values, strict=True)) == {
        "baseColour": ("Navy", "Red"),  # neither black nor gold: those rows were not chosen
        "gender": ("Men", "Women"),
        "usage": ("Casual", "Formal", "Party"),
        "season": ("Fall", "Summer"),
    }
    assert known.codes.tolist() == [
        [1, 0, 1, UNKNOWN],
        [1, 1, 2, 1],
        [UNKNOWN, 1, UNKNOWN, 0],
        [0, 0, 0, 0],
    ]
    assert known.names == ("Silk tie", "Red dress", "", "Navy shirt")
    part = known.subset(np.array([3, 0]))
    assert (part.values, part.names) == (known.values, ("Navy shirt", "Silk tie"))
    assert part.codes.tolist() == [[0, 0, 0, 0], [1, 0, 1, UNKNOWN]]


def test_missing_columns_are_named_all_at_once() -> None:
    bare = TABLE.drop(columns=["usage", "season"]).assign(name=TABLE["id"])
    with pytest.raises(DataError, match="no column usage, season, productDisplayName; add what is missing"):
        Attributes.of(bare, np.arange(6))
    with pytest.raises(DataError, match="baseColour is unknown of every training photo"):
        Attributes.of(TABLE, np.array([2]))
    nameless = TABLE.assign(name=["–", "–", "3", "–", "–", "Silk tie"])
    with pytest.raises(DataError, match="no training photo has a product name"):
        Attributes.of(nameless, np.arange(5))


def test_the_kaggle_layout_and_tables_have_them(pack, folder_of, kaggle) -> None:
    for listing in (open_listing(pack(kaggle)), open_listing(pack(_as_table(kaggle)))):
        known = Attributes.of(listing.table, np.arange(3))
        assert known.values[0] == ("Black", "Navy", "Red")
        assert known.names == ("Navy shirt", "Red dress", "Black heels")
        assert attribute_columns(listing.table)["usage"] == ["Casual", "Party", "Party"]


def _as_table(files) -> dict[str, bytes | str]:
    """The same photos with a table of another layout: other names of files and columns."""
    table = (
        "photo,title,base_colour,Gender,usage,season\n"
        "1.jpg,Navy shirt,Navy,Men,Casual,Fall\n"
        "2.jpg,Red dress,Red,Women,Party,Summer\n"
        "3.jpg,Black heels,Black,Women,Party,Winter\n"
    )
    return {"table.csv": table} | {name: files[name] for name in files if name.startswith("images/")}
