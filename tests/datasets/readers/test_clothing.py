"""clothing-dataset: senders, and labels that are none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.datasets.conftest import make_photo
from tests.datasets.test_real_zip import DATA

from modiste.datasets import Skipped, open_listing
from modiste.errors import DataError

PHOTO = make_photo(format="JPEG")
ZIP = DATA / "clothing-dataset.zip"
TABLE = "image,sender_id,label,kids\na,7,T-Shirt,False\nb,7,Not sure,False\nc,8,Hat,True\na,9,Hat,True\n"
Pack = Callable[..., Path]


def test_rows_and_senders(pack: Pack) -> None:
    listing = open_listing(pack({"images.csv": TABLE, "images/a.jpg": PHOTO, "images/b.jpg": PHOTO}))
    assert (listing.layout, listing.together) == ("clothing-dataset", "sender_id")
    assert listing.table.to_dict("list") == {
        "id": ["a", "b"],
        "photo": ["images/a.jpg", "images/b.jpg"],
        "name": ["a", "b"],
        "sender_id": ["7", "7"],
        "label": ["T-Shirt", "Not sure"],
        "kids": ["False", "False"],
        "articleType": ["T-Shirt", ""],
    }
    assert set(listing.skipped) == {
        Skipped("c", "row without a photo"),
        Skipped("a", "id given twice", "the first row is kept"),
    }


def test_small_photos_go_first(pack: Pack) -> None:
    files = {"images.csv": TABLE, "images_original/a.jpg": PHOTO, "images_compressed/a.jpg": PHOTO}
    assert open_listing(pack(files)).photos == ["images_compressed/a.jpg"]


def test_another_shape(pack: Pack) -> None:
    with pytest.raises(DataError, match=r"no photos in images/ or images_compressed/ beside it"):
        open_listing(pack({"images.csv": TABLE, "a.jpg": PHOTO}))
    other = {"images.csv": "image,label\na,Hat\n", "images/a.jpg": PHOTO}
    assert open_listing(pack(other)).layout == "table"


@pytest.mark.skipif(not ZIP.is_file(), reason=f"no {ZIP.name} in {DATA.name}/ of MODISTE_SHARED")
def test_the_published_photos() -> None:
    listing = open_listing(ZIP)
    assert (listing.layout, len(listing), listing.skipped) == ("clothing-dataset", 3_183, ())
    types = listing.table["articleType"].value_counts()
    assert (len(types.drop("")), int(types[""])) == (17, 142 + 36 + 6)
    assert listing.table["sender_id"].nunique() == 247
