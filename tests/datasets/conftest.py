"""Tiny photos and small data sets in the layouts people have."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from PIL import Image

Files = Mapping[str, bytes | str]


def make_photo(colour: str = "navy", size: tuple[int, int] = (60, 80), format: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, format)
    return file.getvalue()


def make_folder(folder: Path, files: Files) -> Path:
    for name, content in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def make_zip(path: Path, files: Files) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


STYLES = """id,gender,masterCategory,subCategory,articleType,baseColour,season,year,usage,productDisplayName
1,Men,Apparel,Topwear,Shirts,Navy,Fall,2011,Casual,Navy shirt
2,Women,Apparel,Dress,Dresses,Red,Summer,2012,Party,Red dress
3,Women,Footwear,Shoes,Heels,Black,Winter,2013,Party,Black heels
"""
KAGGLE: Files = {
    "styles.csv": STYLES,
    "images/1.jpg": make_photo("navy", format="JPEG"),
    "images/2.jpg": make_photo("red", format="JPEG"),
    "images/3.jpg": make_photo("black", format="JPEG"),
}


@pytest.fixture
def photo() -> Callable[..., bytes]:
    return make_photo


@pytest.fixture(params=["folder", "zip"])
def pack(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Files], Path]:
    """Lay files out as a folder or as a zip: readers must not notice a difference."""

    def as_source(files: Files) -> Path:
        if request.param == "zip":
            return make_zip(tmp_path / "data.zip", files)
        shutil.rmtree(tmp_path / "data", ignore_errors=True)
        return make_folder(tmp_path / "data", files)

    return as_source


@pytest.fixture
def folder_of(tmp_path: Path) -> Callable[[Files], Path]:
    return lambda files: make_folder(tmp_path / "data", files)


@pytest.fixture
def kaggle() -> dict[str, bytes | str]:
    return dict(KAGGLE)


@pytest.fixture
def zip_of(tmp_path: Path) -> Callable[[Files], Path]:
    return lambda files: make_zip(tmp_path / "data.zip", files)
