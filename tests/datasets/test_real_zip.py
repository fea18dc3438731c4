"""The real photos, where a copy of *Fashion Product Images (Small)* is at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from modiste.datasets import open_listing, read_splits
from modiste.datasets.info import describe
from modiste.datasets.refining import refine
from modiste.photos import read_photo

# Beside the project, or where MODISTE_SHARED says.
DATA = Path(os.environ.get("MODISTE_SHARED") or Path(__file__).parents[3] / "shared") / "data"
ZIP = DATA / "fashion-product-images-small.zip"

pytestmark = pytest.mark.skipif(not ZIP.is_file(), reason=f"no {ZIP.name} in {DATA.name}/ of MODISTE_SHARED")


def test_the_published_zip_is_read_in_place() -> None:
    listing = open_listing(ZIP)
    assert listing.layout == "kaggle"
    assert len(listing) == 40_784
    assert sorted(skip.name for skip in listing.skipped) == ["12347", "39401", "39403", "39410", "39425"]
    assert {skip.reason for skip in listing.skipped} == {"row without a photo"}
    row = listing.table[listing.table["id"] == "15970"].iloc[0]
    assert row["name"] == "Turtle Check Men Navy Blue Shirt"
    assert read_photo(listing.source.read(row["photo"])).shape == (80, 60, 3)

    info = describe([listing])
    assert (info["photos"], info["rows"], info["missing"], info["broken"]) == (40_784, 40_789, 5, [])
    assert [info["levels"][level]["classes"] for level in info["levels"]] == [7, 45, 142]
    assert [round(info["levels"][level]["balance"], 3) for level in info["levels"]] == [0.617, 0.626, 0.712]


@pytest.mark.parametrize("name", ["dev", "full"])
def test_the_published_splits(name: str) -> None:
    splits = read_splits(DATA / "splits" / name)
    ids = set(open_listing(ZIP).ids)
    assert set(splits.train.ids) <= ids
    assert set(splits.require("new_support").type_ids.tolist()) == set(range(39, 69))
    assert (splits.main_test is None) == (name == "full")


def test_the_refined_classes_are_those_that_were_published() -> None:
    found = refine(open_listing(ZIP).table)
    figures = found.as_dict()
    assert (figures["classes_before"], figures["classes"], figures["rows"]) == (30, 29, 40_783)
    assert (round(figures["balance_before"], 3), round(figures["balance"], 3)) == (0.803, 0.811)
    assert figures["relabelled"] + figures["unknown"] == figures["counts"]["Free Items"] == 105
    assert figures["left_out"] == {"Home": 1}
    by_name = found.table[found.table["class_from"] == "name"].set_index("id")
    sarees = by_name[by_name["name"].str.endswith("Saree")]
    assert set(sarees["class"]) == {"Saree"}
    assert set(by_name[by_name["name"].str.contains("Watch")]["class"]) == {"Watches"}
