"""A shop with something wrong in every way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

EVIL = '<script>alert("x")</script> & "Shirts"'
HEADING = "id,gender,masterCategory,subCategory,articleType,baseColour,season,year,usage,productDisplayName\n"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, draw_photo: Callable[..., bytes]) -> Path:
    """Photos 1 to 12 of two types; 2 is a copy of 1, 8 of 7 in other bytes; 13 is broken, 14 missing."""
    monkeypatch.setenv("MODISTE_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "shop"
    (folder / "images").mkdir(parents=True)
    rows = []
    for number in range(1, 15):
        kind = "Apparel,Topwear,Shirts" if number <= 6 else "Footwear,Shoes,Heels"
        rows.append(
            f"{number},Men,{kind},Blue,Fall,2011,Casual,{EVIL if number == 1 else f'Thing {number}'}\n"
        )
        drawn = {2: 1, 8: 7}.get(number, number)
        photo = draw_photo(drawn, format="BMP" if number == 8 else "PNG")
        if number == 13:
            photo = photo[:60]
        if number != 14:
            (folder / "images" / f"{number}.png").write_bytes(photo)
    (folder / "styles.csv").write_text(HEADING + "".join(rows))
    return folder


@pytest.fixture
def splits(tmp_path: Path) -> Path:
    folder = tmp_path / "splits"
    folder.mkdir()
    (folder / "train.csv").write_text("imageId,articleTypeName\n1,Shirts\n3,Shirts\n7,Heels\n9,Heels\n")
    (folder / "test.csv").write_text("imageId,articleTypeName\n2,Shirts\n8,Heels\n9,Heels\n77,Heels\n")
    (folder / "notes.csv").write_text("what\nnothing\n")
    return folder
