"""Which layout a source has, and what several sources are together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from tests.datasets.conftest import KAGGLE, STYLES, make_folder, make_photo, make_zip

from modiste.datasets import Listing, Skipped, open_listing, open_listings
from modiste.datasets.source import FolderSource
from modiste.errors import DataError


@pytest.mark.parametrize(
    ("files", "layout"),
    [
        (KAGGLE, "kaggle"),
        ({f"archive/{name}": content for name, content in KAGGLE.items()}, "kaggle"),
        ({"list.csv": "photo\na.png\n", "a.png": make_photo()}, "table"),
        ({"shop/list.csv": "photo\na.png\n", "shop/a.png": make_photo()}, "table"),
        ({"coats/a.png": make_photo(), "hats/a.png": make_photo()}, "class folders"),
        ({"a.png": make_photo(), "b.png": make_photo()}, "photos"),
        ({"all/a.png": make_photo(), "prices.csv": "item,price\n1,2\n"}, "photos"),
    ],
)
def test_the_layout_is_found(pack: Callable[..., Path], files: dict[str, bytes | str], layout: str) -> None:
    listing = open_listing(pack(files))
    assert listing.layout == layout
    assert len(listing) > 0
    assert set(map(type, listing.table.to_numpy().ravel())) == {str}


@pytest.mark.parametrize("files", [{"readme.txt": "hello"}, {"readme.txt": "hello", "a/b.pdf": "x"}])
def test_no_photos_at_all(pack: Callable[..., Path], files: dict[str, bytes | str]) -> None:
    with pytest.raises(DataError, match="no photos found; the first of"):
        open_listing(pack(files))


def test_two_tables_are_ambiguous(folder_of: Callable[..., Path]) -> None:
    folder = folder_of({"a.csv": "photo\na.png\n", "b.csv": "path\na.png\n", "a.png": make_photo()})
    with pytest.raises(DataError, match=r"several tables of photos \(a.csv, b.csv\); give the one you mean"):
        open_listing(folder)
    assert open_listing(folder / "b.csv").layout == "table"


def test_styles_csv_itself_may_be_given(folder_of: Callable[..., Path]) -> None:
    assert open_listing(folder_of(KAGGLE) / "styles.csv").layout == "kaggle"


def test_a_listing_is_checked(tmp_path: Path) -> None:
    source = FolderSource(tmp_path)
    with pytest.raises(DataError, match="photo and name; name missing"):
        Listing(source, pd.DataFrame({"id": ["1"], "photo": ["a"]}))
    with pytest.raises(DataError, match="one row per id; 1 has several"):
        Listing(source, pd.DataFrame({"id": ["1", "1"], "photo": ["a", "b"], "name": ["a", "b"]}))


def test_sources_act_as_one(tmp_path: Path) -> None:
    first = make_folder(tmp_path / "first", {"styles.csv": STYLES, "images/1.jpg": KAGGLE["images/1.jpg"]})
    second = make_zip(tmp_path / "second.zip", KAGGLE)
    one, two = open_listings([first, second])
    assert (one.ids, two.ids) == (["1"], ["2", "3"])
    assert one.skipped == ()  # rows 2 and 3 have their photos in the second source
    assert two.skipped == (Skipped("1", "the same photo is in an earlier source"),)
    assert [skip.name for skip in open_listing(first).skipped] == ["2", "3"]


def test_one_id_for_two_photos_is_an_error(tmp_path: Path) -> None:
    first = make_folder(tmp_path / "first", {"1.png": make_photo("red")})
    second = make_folder(tmp_path / "second", {"1.png": make_photo("blue")})
    with pytest.raises(DataError, match=r"1 is one photo in .*first and another in .*second"):
        open_listings([first, second])
    with pytest.raises(DataError, match="give at least one"):
        open_listings([])
