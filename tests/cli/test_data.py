from __future__ import annotations

import json
from pathlib import Path

from PIL import Image


def kaggle_folder(folder: Path) -> Path:
    """Three rows, two photos: the smallest shop with something missing."""
    (folder / "images").mkdir(parents=True)
    (folder / "styles.csv").write_text(
        "id,gender,masterCategory,subCategory,articleType,baseColour,season,year,usage,productDisplayName\n"
        "1,Men,Apparel,Topwear,Shirts,Blue,Fall,2011,Casual,Blue Shirt\n"
        "2,Men,Apparel,Bottomwear,Jeans,Blue,Fall,2011,Casual,Blue Jeans\n"
        "3,Men,Footwear,Shoes,Heels,Red,Fall,2011,Casual,Red Heels\n"
    )
    for number in (1, 2):
        Image.new("RGB", (60, 80), "white").save(folder / "images" / f"{number}.jpg")
    return folder


def test_info_names_what_is_missing(run, tmp_path: Path, cache: Path) -> None:
    done = run("data", "info", kaggle_folder(tmp_path / "shop"), "--json", tmp_path / "info.json")
    assert done.code == 0
    assert "2 photos, 3 rows, 1 without a photo" in done.out
    assert "articleType: 2 classes, balance 1.00; Shirts 1, Jeans 1" in done.out
    assert "sizes: 60x80 2" in done.out
    assert "skipped 3: row without a photo" in done.err
    figures = json.loads((tmp_path / "info.json").read_text(encoding="utf-8"))
    assert figures["missing"] == 1
    assert figures["skipped_rows"] == ["3: row without a photo"]
    assert list(figures["layouts"].values()) == ["kaggle"]


def test_info_as_json_on_stdout_is_only_json(run, tmp_path: Path, cache: Path) -> None:
    done = run("data", "info", kaggle_folder(tmp_path / "shop"), "--json", "-")
    assert json.loads(done.out)["photos"] == 2
    assert done.err == ""


def test_info_of_nothing(run, tmp_path: Path) -> None:
    done = run("data", "info", tmp_path)
    assert done.code == 1
    assert done.err.startswith("Error: ")
    assert str(tmp_path) in done.err
