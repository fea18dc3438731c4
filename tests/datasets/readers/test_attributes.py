"""Tables with a column for each group of attributes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.datasets.conftest import make_photo
from tests.datasets.test_real_zip import DATA

from modiste.datasets import open_listing

PHOTO = make_photo()
ZIP = DATA / "deepfashion-attributes.zip"
Pack = Callable[..., Path]


def test_groups_become_labels(pack: Pack) -> None:
    rows = "image,sleeve,fit,split\n1.png,long, loose ,train\n2.png,,tight,test\n"
    listing = open_listing(pack({"attributes.csv": rows, "images/1.png": PHOTO, "images/2.png": PHOTO}))
    assert listing.layout == "attributes"
    assert listing.table["labels"].tolist() == [("sleeve:long", "fit:loose"), ("fit:tight",)]
    assert listing.table["split"].tolist() == ["train", "test"]


def test_a_column_of_many_values_is_no_group(pack: Pack) -> None:
    rows = "".join(f"{number}.png,long,{number} euros\n" for number in range(101))
    files = {f"{number}.png": PHOTO for number in range(101)}
    listing = open_listing(pack({"attributes.csv": "image,sleeve,price\n" + rows, **files}))
    assert set(listing.table["labels"]) == {("sleeve:long",)}


def test_a_table_without_groups_is_a_table(pack: Pack) -> None:
    assert open_listing(pack({"attributes.csv": "image\n1.png\n", "1.png": PHOTO})).layout == "table"


@pytest.mark.skipif(not ZIP.is_file(), reason=f"no {ZIP.name} in {DATA.name}/ of MODISTE_SHARED")
def test_the_published_attributes() -> None:
    listing = open_listing(ZIP)
    assert (listing.layout, len(listing), listing.skipped) == ("attributes", 5_000, ())
    assert {len(labels) for labels in listing.table["labels"]} == {6}
    assert len({label for labels in listing.table["labels"] for label in labels}) == 26
