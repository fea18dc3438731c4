"""Photos in folders, with and without classes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.datasets.conftest import make_photo

from modiste.datasets import open_listing

PHOTO = make_photo()


def test_plain_photos(pack: Callable[..., Path]) -> None:
    listing = open_listing(
        pack({"red_summer-dress.png": PHOTO, "7.JPG": b"", "notes.txt": "x", "x.heic": b"x"})
    )
    assert listing.table.to_dict("list") == {
        "id": ["7", "red_summer-dress"],
        "photo": ["7.JPG", "red_summer-dress.png"],
        "name": ["7", "red summer dress"],
    }
    assert [(skip.name, skip.reason) for skip in listing.skipped] == [
        ("notes.txt", "not a photo"),
        ("x.heic", "not a photo"),
    ]


def test_a_folder_per_class(pack: Callable[..., Path]) -> None:
    files = {
        "shop/Coats/1.png": PHOTO,
        "shop/Coats/wool/2.png": PHOTO,
        "shop/Hats/1.png": PHOTO,
        "shop/3.png": PHOTO,
    }
    table = open_listing(pack(files)).table
    assert table[["id", "articleType"]].to_numpy().tolist() == [
        ["3", ""],
        ["Coats/1", "Coats"],
        ["Coats/wool/2", "Coats"],
        ["Hats/1", "Hats"],
    ]


def test_wrapping_folders_are_no_class(pack: Callable[..., Path]) -> None:
    listing = open_listing(
        pack({"export/images/1.png": PHOTO, "export/images/2.png": PHOTO, "export/a.txt": "x"})
    )
    assert listing.ids == ["1", "2"]
    assert "articleType" not in listing.table
    assert listing.layout == "photos"


def test_names_that_differ_in_their_ending_only(pack: Callable[..., Path]) -> None:
    assert open_listing(pack({"1.png": PHOTO, "1.jpg": PHOTO, "2.png": PHOTO})).ids == ["1.jpg", "1.png", "2"]
