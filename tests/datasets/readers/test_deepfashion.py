"""DeepFashion's lists as published, in small, and its folders without them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.datasets.conftest import make_photo

from modiste.datasets import open_listing
from modiste.datasets.readers.deepfashion import CATEGORIES, category_of
from modiste.errors import DataError

PHOTO = make_photo(format="JPEG")
BLOUSE = "img/Sheer_Pleated-Front_Blouse/img_00000001.jpg"
BOMBER = "img/Faux_Fur_Bomber_Jacket/img_00000001.jpg"
JEANS = "img/Skinny_Jeans/img_00000007.jpg"
Files = dict[str, bytes | str]
Pack = Callable[..., Path]


@pytest.fixture
def published() -> Files:
    names = list(CATEGORIES)
    bodies = {"upper body": 1, "lower body": 2, "full body": 3}
    return {
        "Anno/list_category_cloth.txt": "50\ncategory_name  category_type\n"
        + "".join(f"{name:<24}{bodies[CATEGORIES[name]]}\n" for name in names),
        "Anno/list_category_img.txt": "3\nimage_name  category_label\n"
        f"{BLOUSE}    {names.index('Blouse') + 1}\n{BOMBER}    {names.index('Jacket') + 1}\n"
        f"{JEANS}  {names.index('Jeans') + 1}\n",
        "Anno/list_attr_cloth.txt": "3\nattribute_name  attribute_type\n"
        "abstract chevron   1\nfaux fur     2\npleated     3\n",
        "Anno/list_attr_img.txt": f"3\nimage_name  attribute_labels\n{BLOUSE}  -1 -1  1\n{BOMBER}   0  1 -1\n"
        f"{JEANS}  -1 -1 -1\n",
        "Anno/list_bbox.txt": f"3\nimage_name  x_1  y_1  x_2  y_2\n{BLOUSE} 72 79 232 273\n"
        f"{BOMBER} 1 2 30 40\n{JEANS} 5 6 7 8\n",
        "Eval/list_eval_partition.txt": "3\nimage_name  evaluation_status\n"
        f"{BLOUSE} train\n{BOMBER} val\n{JEANS} test\n",
        BLOUSE: PHOTO,
        BOMBER: PHOTO,
        JEANS: PHOTO,
    }


def test_everything_that_is_published(pack: Pack, published: Files) -> None:
    listing = open_listing(pack(published))
    assert (listing.layout, listing.skipped) == ("deepfashion", ())
    assert listing.table.to_dict("list") == {
        "id": ["Sheer_Pleated-Front_Blouse/img_00000001", "Faux_Fur_Bomber_Jacket/img_00000001",
               "Skinny_Jeans/img_00000007"],
        "photo": [BLOUSE, BOMBER, JEANS],
        "name": ["Sheer Pleated-Front Blouse", "Faux Fur Bomber Jacket", "Skinny Jeans"],
        "masterCategory": ["upper body", "upper body", "lower body"],
        "articleType": ["Blouse", "Jacket", "Jeans"],
        "labels": [("shape:pleated",), ("fabric:faux fur",), ()],
        "bbox": ["72 79 232 273", "1 2 30 40", "5 6 7 8"],
        "split": ["train", "val", "test"],
    }  # fmt: skip


def test_only_the_categories_are_needed(pack: Pack, published: Files) -> None:
    kept = {name: content for name, content in published.items() if "category" in name or "img/" in name}
    moved = {f"DeepFashion/{n.replace('Anno/', 'Anno_coarse/')}": content for n, content in kept.items()}
    table = open_listing(pack(moved)).table
    assert list(table) == ["id", "photo", "name", "masterCategory", "articleType"]
    assert len(table) == 3


def test_photos_and_rows_without_each_other(pack: Pack, published: Files) -> None:
    del published[JEANS]
    published["img/Red_Dress/img_00000001.jpg"] = PHOTO
    assert [str(skip) for skip in open_listing(pack(published)).skipped] == [
        f"Skinny_Jeans/img_00000007: row without a photo ('{JEANS}' is not there)",
        "img/Red_Dress/img_00000001.jpg: photo without a row",
    ]


def test_lists_reach_no_file_outside(folder_of: Pack, published: Files, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "photo.jpg").write_bytes(PHOTO)
    listed = str(published["Anno/list_category_img.txt"])
    published["Anno/list_category_img.txt"] = listed.replace(JEANS, "../../secret/photo.jpg")
    listing = open_listing(folder_of(published))
    assert listing.photos == [BLOUSE, BOMBER]
    assert {skip.reason for skip in listing.skipped} == {"row without a photo", "photo without a row"}


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("Anno/list_category_img.txt", "3\n", "4\n", "promises 4 entries and has 3; it is cut off"),
        ("Anno/list_category_img.txt", "3\nimage_name", "image_name", "must begin with the number"),
        ("Anno/list_category_img.txt", "   3\n", "   51\n", "line 3: a number from 1 to 50 .* '51'"),
        ("Anno/list_category_img.txt", f"{BLOUSE}    3", f"{BLOUSE}3", "line 3: a name and 1 values"),
        ("Anno/list_category_cloth.txt", "1\n", "9\n", "a number from 1 to 3 expected, found '9'"),
        ("Anno/list_attr_cloth.txt", "chevron   1", "chevron   6", "a number from 1 to 5 expected"),
        ("Anno/list_attr_img.txt", "-1 -1  1", "-1 1", "line 3: 3 values expected, .*; 2 found"),
        ("Anno/list_bbox.txt", "72 79 232 273", "72 79", "a name and 4 values expected"),
    ],
)  # fmt: skip
def test_lists_of_another_shape(
    pack: Pack, published: Files, file: str, old: str, new: str, message: str
) -> None:
    assert old in str(published[file])
    published[file] = str(published[file]).replace(old, new, 1)
    with pytest.raises(DataError, match=message):
        open_listing(pack(published))


def test_missing_lists(pack: Pack, published: Files) -> None:
    fine = {n.replace("Anno/", "Anno_fine/"): content for n, content in published.items()}
    with pytest.raises(DataError, match="Anno_fine alone is not enough"):
        open_listing(pack(fine))


def test_photos_still_packed(pack: Pack, published: Files) -> None:
    lists: Files = {n: content for n, content in published.items() if n.endswith(".txt")}
    with pytest.raises(DataError, match=r"none of its photos .*Img/img\.zip is still packed: unpack it"):
        open_listing(pack(lists | {"Img/img.zip": b"PK"}))


def test_folders_alone(pack: Pack) -> None:
    pants = "img/Denim_Pants/img_00000001.jpg"
    listing = open_listing(pack(dict.fromkeys((BLOUSE, BOMBER, JEANS, pants), PHOTO)))
    assert listing.layout == "deepfashion folders"
    assert listing.table[["id", "articleType", "masterCategory"]].to_numpy().tolist() == [
        ["Faux_Fur_Bomber_Jacket/img_00000001", "Jacket", "upper body"],
        ["Sheer_Pleated-Front_Blouse/img_00000001", "Blouse", "upper body"],
        ["Skinny_Jeans/img_00000007", "Jeans", "lower body"],
    ]
    assert [str(skip) for skip in listing.skipped] == [f"{pants}: its folder's name has no category in it"]


@pytest.mark.parametrize("category", CATEGORIES)
def test_every_category_is_found(category: str) -> None:
    assert category_of(f"Red_Dress_{category}") == category


@pytest.mark.parametrize(
    ("folder", "category"),
    [
        ("Classic_Skinny_Jeans", "Jeans"),
        ("Cotton_Tees", "Tee"),
        ("Striped_A-Line_Dress", "Dress"),
        ("Short_Sleeve_Shirt", ""),  # "short" alone is not Shorts
        ("Plaid_Button-Down_Shirt", "Button-Down"),
        ("", ""),
    ],
)
def test_categories_of_folders(folder: str, category: str) -> None:
    assert category_of(folder) == category


def test_other_class_folders_stay_what_they_are(pack: Pack) -> None:
    assert open_listing(pack({"Dress/a.jpg": PHOTO, "Coat/b.jpg": PHOTO})).layout == "class folders"
