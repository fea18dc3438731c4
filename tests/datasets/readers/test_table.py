"""Tables with a photo column, as people keep them."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from tests.datasets.conftest import make_photo

from modiste.datasets import Skipped, open_listing
from modiste.errors import DataError

PHOTO = make_photo()


@pytest.mark.parametrize("column", ["photo", "image", "Path", "file", "filename", "imagePath", "image_path"])
def test_the_photo_column(pack: Callable[..., Path], column: str) -> None:
    listing = open_listing(
        pack({"list.csv": f"price,{column}\n3,a/1.png\n4,a/2.png\n", "a/1.png": PHOTO, "a/2.png": PHOTO})
    )
    assert listing.table.to_dict("list") == {
        "id": ["a/1", "a/2"],
        "photo": ["a/1.png", "a/2.png"],
        "name": ["a/1", "a/2"],
        "price": ["3", "4"],
    }


@pytest.mark.parametrize(
    "value", ["images/7.png", "./images/7.png", "images\\7.png", "7.png", "7", "images/7"]
)
def test_ways_to_name_a_photo(pack: Callable[..., Path], value: str) -> None:
    assert open_listing(pack({"t.csv": f"image\n{value}\n", "images/7.png": PHOTO})).photos == [
        "images/7.png"
    ]


def test_absolute_paths_inside_the_folder(folder_of: Callable[..., Path], tmp_path: Path) -> None:
    folder = folder_of({"a.png": PHOTO})
    (tmp_path / "secret.png").write_bytes(PHOTO)
    rows = f"photo\n{folder.resolve() / 'a.png'}\n{tmp_path / 'secret.png'}\n../secret.png\n"
    (folder / "t.csv").write_text(rows)
    listing = open_listing(folder / "t.csv")
    assert listing.photos == ["a.png"]
    assert [skip.reason for skip in listing.skipped] == ["row without a photo"] * 2


def test_id_name_and_label(pack: Callable[..., Path]) -> None:
    table = "id,photo,title,label\n7,a.png,A hat,Hats\n8,b.png,A bag,Bags\n"
    listing = open_listing(pack({"t.csv": table, "a.png": PHOTO, "b.png": PHOTO}))
    assert listing.table.to_dict("list") == {
        "id": ["7", "8"],
        "photo": ["a.png", "b.png"],
        "name": ["A hat", "A bag"],
        "label": ["Hats", "Bags"],
        "articleType": ["Hats", "Bags"],
    }


def test_everything_left_out_is_named(pack: Callable[..., Path]) -> None:
    table = "id,photo\n1,a.png\n1,b.png\n2,gone.png\n3,\n"
    listing = open_listing(pack({"t.csv": table, "a.png": PHOTO, "b.png": PHOTO, "c.png": PHOTO}))
    assert listing.ids == ["1"]
    assert set(listing.skipped) == {
        Skipped("1", "id given twice", "the first row is kept"),
        Skipped("2", "row without a photo", "'gone.png' is not there"),
        Skipped("3", "row without a photo", "no photo given"),
        Skipped("c.png", "photo without a row"),
    }


def test_parquet(pack: Callable[..., Path]) -> None:
    file = io.BytesIO()
    pd.DataFrame({"id": [7, 8], "photo": ["a.png", None], "kids": [True, False]}).to_parquet(file)
    listing = open_listing(pack({"t.parquet": file.getvalue(), "a.png": PHOTO}))
    assert listing.table.to_dict("list") == {"id": ["7"], "photo": ["a.png"], "name": ["7"], "kids": ["True"]}
    assert [skip.name for skip in listing.skipped] == ["8"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", "id,price\n1,2\n", r"no column of photos; expected one of photo, image"),
        ("t.csv", "", "no readable table"),
        ("t.csv", 'photo\n"a.png\n', "no readable table"),
        ("t.csv", "photo,photo \na,b\n", "two columns of the same name"),
        ("t.parquet", "hello", "no readable table"),
    ],
)
def test_other_tables_are_refused(
    folder_of: Callable[..., Path], name: str, content: str, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        open_listing(folder_of({name: content, "a.png": PHOTO}) / name)


def test_tabs_and_latin_letters(folder_of: Callable[..., Path]) -> None:
    folder = folder_of({"t.tsv": "photo\tname\na.png\tété, rouge\n".encode("latin-1"), "a.png": PHOTO})
    assert open_listing(folder / "t.tsv").table["name"][0] == "été, rouge"
