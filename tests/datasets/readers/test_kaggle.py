"""The quirks of published copies of styles.csv."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from modiste.datasets import Skipped, open_listing
from modiste.errors import DataError

Files = dict[str, bytes | str]


def test_columns_and_order(pack: Callable[..., Path], kaggle: Files) -> None:
    table = open_listing(pack(kaggle)).table
    assert list(table.columns[:5]) == ["id", "photo", "name", "gender", "masterCategory"]
    assert table.iloc[1][["id", "photo", "name", "articleType", "year"]].tolist() == [
        "2", "images/2.jpg", "Red dress", "Dresses", "2012",
    ]  # fmt: skip


def test_commas_without_quotes_belong_to_the_name(pack: Callable[..., Path], kaggle: Files) -> None:
    kaggle["styles.csv"] = str(kaggle["styles.csv"]).replace("Navy shirt", "Shirt, navy, slim")
    assert open_listing(pack(kaggle)).table["name"][0] == "Shirt, navy, slim"


def test_quotes(pack: Callable[..., Path], kaggle: Files) -> None:
    styles = str(kaggle["styles.csv"])
    kaggle["styles.csv"] = styles.replace("Navy shirt", '"Shirt, ""navy"""').replace(
        "Red dress", 'Dress 40" long'
    )
    assert list(open_listing(pack(kaggle)).table["name"]) == [
        'Shirt, "navy"',
        'Dress 40" long',
        "Black heels",
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_encodings_and_line_ends(pack: Callable[..., Path], kaggle: Files, encoding: str) -> None:
    text = str(kaggle["styles.csv"]).replace("Navy shirt", "Chemise d'été").replace("\n", "\r\n")
    kaggle["styles.csv"] = text.encode(encoding)
    table = open_listing(pack(kaggle)).table
    assert table.columns[0] == "id"
    assert table["name"][0] == "Chemise d'été"


def test_everything_left_out_is_named(pack: Callable[..., Path], kaggle: Files) -> None:
    kaggle["styles.csv"] = str(kaggle["styles.csv"]) + "\n4,Men\n2,Men,Apparel\n ,Men,Apparel\n"
    kaggle["images/5.jpg"] = b"x"
    listing = open_listing(pack(kaggle))
    assert listing.ids == ["1", "2", "3"]
    assert set(listing.skipped) == {
        Skipped("4", "row without a photo"),
        Skipped("2", "id given twice", "the first row is kept"),
        Skipped(" ,Men,Apparel", "row without an id"),
        Skipped("images/5.jpg", "photo without a row"),
    }


def test_short_rows_have_empty_labels(pack: Callable[..., Path], kaggle: Files) -> None:
    kaggle["styles.csv"] = "id,articleType,baseColour\n1,Shirts\n"
    table = open_listing(pack(kaggle)).table
    assert table.loc[0].to_dict() == {
        "id": "1", "photo": "images/1.jpg", "name": "1", "articleType": "Shirts", "baseColour": "",
    }  # fmt: skip


def test_the_published_archive_holds_everything_twice(pack: Callable[..., Path], kaggle: Files) -> None:
    copy = {f"myntradataset/{name}": content for name, content in kaggle.items()}
    listing = open_listing(pack(kaggle | copy))
    assert listing.photos == ["images/1.jpg", "images/2.jpg", "images/3.jpg"]
    assert listing.skipped == ()


@pytest.mark.parametrize(
    ("styles", "message"),
    [
        ("", "begin with a line of column names"),
        ("id;articleType\n1;Shirts\n", "begin with a line of column names"),
        ("1,Men,Apparel\n", "begin with a line of column names"),
        ("id,articleType,articleType\n", "begin with a line of column names"),
        ("id,articleType\n", "no photos found"),
    ],
)
def test_other_tables_are_refused(
    pack: Callable[..., Path], kaggle: Files, styles: str, message: str
) -> None:
    kaggle["styles.csv"] = styles
    with pytest.raises(DataError, match=message):
        open_listing(pack(kaggle))


def test_photos_must_be_there(pack: Callable[..., Path], kaggle: Files) -> None:
    with pytest.raises(DataError, match="no photos in images/ beside it"):
        open_listing(pack({"styles.csv": kaggle["styles.csv"]}))
    both = {f"{folder}/{name}": content for folder in "ab" for name, content in kaggle.items()}
    with pytest.raises(DataError, match=r"several styles\.csv"):
        open_listing(pack(both))
