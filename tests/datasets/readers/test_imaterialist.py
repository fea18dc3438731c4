"""iMaterialist 2019: masks, and the spreadsheet made from them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.datasets.conftest import make_photo
from tests.datasets.test_real_zip import DATA

from modiste.datasets import Skipped, open_listing
from modiste.errors import DataError

PHOTO = make_photo(format="JPEG")
Files = dict[str, bytes | str]
Pack = Callable[..., Path]

DESCRIBED = json.dumps(
    {
        "categories": [
            {"id": 0, "name": "shirt, blouse", "supercategory": "upperbody"},
            {"id": 6, "name": "pants", "supercategory": "lowerbody"},
            {"id": 23, "name": "shoe", "supercategory": "legs and feet"},
        ],
        "attributes": [
            {"id": 3, "name": "mini (length)", "supercategory": "length"},
            {"id": 61, "name": "plain (pattern)", "supercategory": "textile pattern"},
        ],
    }
)
MASKS: Files = {
    "label_descriptions.json": DESCRIBED,
    "train.csv": "ImageId,EncodedPixels,Height,Width,ClassId\n"
    "a.jpg,6068157 7 6073371 20,5214,3676,6_61_3\n"
    "b.jpg,1 2,10,10,23\n"
    "a.jpg,9 9,5214,3676,0_61\n"
    "a.jpg,9 9,5214,3676,6\n",
    "sample_submission.csv": "ImageId,EncodedPixels,ClassId\nc.jpg,1 1,23\n",
    "train/a.jpg": PHOTO,
    "train/b.jpg": PHOTO,
    "test/c.jpg": PHOTO,
}


def test_one_row_for_all_masks_of_a_photo(pack: Pack) -> None:
    listing = open_listing(pack(MASKS))
    assert listing.layout == "imaterialist"
    assert listing.table.to_dict("list") == {
        "id": ["a", "b"],
        "photo": ["train/a.jpg", "train/b.jpg"],
        "name": ["a", "b"],
        "labels": [
            ("shirt, blouse", "pants", "length:mini (length)", "textile pattern:plain (pattern)"),
            ("shoe",),
        ],
    }
    assert listing.skipped == (Skipped("test/c.jpg", "photo without a row"),)


def test_masks_longer_than_csv_readers_like(pack: Pack) -> None:
    runs = "1 2 " * 300_000
    files = MASKS | {"train.csv": f"ImageId,EncodedPixels,Height,Width,ClassId\na.jpg,{runs},1,1,6\n"}
    assert open_listing(pack(files)).table["labels"].tolist() == [("pants",)]


@pytest.mark.parametrize("category", ['"23, 0"', '"shoe, shirt, blouse"'])
def test_the_spreadsheet(pack: Pack, category: str) -> None:
    sheet = f"ImageId,Category,Split\na,{category},train\nb,{category},Test\nx,{category},val\n"
    files: Files = {
        "outfits.csv": sheet,
        "label_descriptions.json": DESCRIBED,
        "a.jpg": PHOTO,
        "b.jpg": PHOTO,
    }
    listing = open_listing(pack(files))
    assert [set(labels) for labels in listing.table["labels"]] == [{"shirt, blouse", "shoe"}] * 2
    assert listing.table["split"].tolist() == ["train", "test"]
    assert listing.skipped == (Skipped("x", "row without a photo"),)


def test_a_spreadsheet_of_names_needs_no_descriptions(pack: Pack) -> None:
    files: Files = {"t.csv": 'ImageId,Category\na.jpg,"shoe, hat"\na.jpg,hat\n', "images/a.jpg": PHOTO}
    listing = open_listing(pack(files))
    assert listing.table["labels"].tolist() == [("shoe", "hat")]
    assert [skip.reason for skip in listing.skipped] == ["id given twice"]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"label_descriptions.json": "{}"}, "must list categories and attributes"),
        ({"label_descriptions.json": "nonsense"}, "must list categories and attributes"),
        ({"train.csv": "ImageId,EncodedPixels,ClassId\na.jpg,1,7\n"}, "line 2: ClassId must be .*found '7'"),
        ({"train.csv": "ImageId,EncodedPixels,ClassId\na.jpg,1,6_9\n"}, "line 2: ClassId must be .*'6_9'"),
        ({"train.csv": "ImageId,EncodedPixels,ClassId\na.jpg,1,x\n"}, "line 2: ClassId must be .*found 'x'"),
        ({"train.csv": "ImageId,EncodedPixels,ClassId\na.jpg,1\n"}, "line 2: 3 values expected"),
        (
            {"train.csv": "ImageId,EncodedPixels,ClassId\nz.jpg,1,6\n"},
            r"none of its photos \(such as z.jpg\)",
        ),
        ({"train.csv": "ImageId,Category\na.jpg,7\n"}, "category 7 expected in label_descriptions.json"),
        ({"more.csv": "ImageId,Category\na.jpg,7\n"}, "several tables of iMaterialist"),
    ],
)
def test_another_shape(pack: Pack, files: Files, message: str) -> None:
    with pytest.raises(DataError, match=message):
        open_listing(pack(MASKS | files))


def test_numbers_need_names(pack: Pack) -> None:
    files = {name: content for name, content in MASKS.items() if "descriptions" not in name}
    with pytest.raises(DataError, match=r"put the competition's label_descriptions\.json"):
        open_listing(pack(files))


@pytest.mark.skipif(
    not (DATA / "imaterialist-2019-label-descriptions.json").is_file(),
    reason="no imaterialist-2019-label-descriptions.json in data/ of MODISTE_SHARED",
)
def test_the_published_names(pack: Pack) -> None:
    real = DATA / "imaterialist-2019-label-descriptions.json"
    rows = [f"a.jpg,1 1,1,1,{category}" for category in range(46)] + [
        f"b.jpg,1 1,1,1,10_{attribute}" for attribute in range(92)
    ]
    files: Files = {
        real.name: real.read_bytes(),
        "train.csv": "\n".join(["ImageId,EncodedPixels,Height,Width,ClassId", *rows]),
        "train/a.jpg": PHOTO,
        "train/b.jpg": PHOTO,
    }
    every_category, dress = open_listing(pack(files)).table["labels"]
    assert (len(set(every_category)), every_category[10]) == (46, "dress")
    assert (len(set(dress)), dress[0], dress[-1]) == (93, "dress", "waistline:no waistline")
