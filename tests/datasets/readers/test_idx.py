"""Fashion-MNIST's four files, made here with a few photos, and the real ones where they are installed."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from modiste.datasets import open_dataset, open_listing
from modiste.datasets.readers import idx
from modiste.errors import DataError, PhotoError
from modiste.photos import read_photo
from modiste.preprocessing import Preprocess

Files = dict[str, bytes | str]
Pack = Callable[..., Path]

PHOTOS = np.random.default_rng(0).integers(0, 256, (5, 28, 28), dtype=np.uint8)
LABELS = np.array([9, 0, 3, 1, 5], np.uint8)


def packed(array: np.ndarray) -> bytes:
    return bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@pytest.fixture
def files() -> Files:
    return {
        "train-images-idx3-ubyte.gz": gzip.compress(packed(PHOTOS[:3])),
        "train-labels-idx1-ubyte.gz": gzip.compress(packed(LABELS[:3])),
        "t10k-images-idx3-ubyte": packed(PHOTOS[3:]),
        "t10k-labels-idx1-ubyte": packed(LABELS[3:]),
    }


def test_photos_labels_and_splits(pack: Pack, files: Files) -> None:
    listing = open_listing(pack(files))
    assert listing.layout == "fashion-mnist"
    assert listing.ids == ["train/00000", "train/00001", "train/00002", "test/00000", "test/00001"]
    assert listing.table["articleType"].tolist() == [
        "Ankle boot", "T-shirt/top", "Dress", "Trouser", "Sandal",
    ]  # fmt: skip
    assert listing.table["split"].tolist() == ["train"] * 3 + ["test"] * 2
    for photo, expected in zip(listing.photos, PHOTOS, strict=True):
        assert (read_photo(listing.source.read(photo)) == expected[..., None]).all()


def test_they_are_decoded_like_any_photos(pack: Pack, files: Files, tmp_path: Path) -> None:
    data = open_dataset([pack(files)], Preprocess(28, 28), cache=tmp_path / "cache")
    assert (data.pixels == PHOTOS[..., None]).all()


def test_other_pixels_have_another_fingerprint(folder_of: Pack, files: Files) -> None:
    before = open_listing(folder_of(files)).source.fingerprint()
    files["t10k-images-idx3-ubyte"] = packed(PHOTOS[3:] // 2)
    assert open_listing(folder_of(files)).source.fingerprint() != before


@pytest.mark.parametrize("name", ["train/00003.png", "train/x.png", "other/00000.png", "../secret.png", ""])
def test_names_that_are_none(pack: Pack, files: Files, name: str) -> None:
    with pytest.raises(PhotoError, match="not in"):
        open_listing(pack(files)).source.read(name)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("train-images-idx3-ubyte.gz", gzip.compress(packed(PHOTOS))[:200], "cut off.*get it again"),
        ("train-images-idx3-ubyte.gz", b"no gzip", "incorrect header.*get it again"),
        ("t10k-images-idx3-ubyte", packed(PHOTOS[3:])[:-1], r"2 × 28 × 28 bytes promised, 1,567 found"),
        ("t10k-images-idx3-ubyte", struct.pack(">4I", 0x803, 2**31, 2**31, 2**31), "promised, 0 found"),
        ("t10k-images-idx3-ubyte", packed(LABELS), "begins with 00000803; found 00000801"),
        ("t10k-labels-idx1-ubyte", b"", "found nothing"),
        ("t10k-labels-idx1-ubyte", packed(LABELS), "2 photos and t10k-labels-idx1-ubyte 5 labels"),
        ("t10k-labels-idx1-ubyte", packed(np.array([1, 10], np.uint8)), "has a label 10"),
    ],
)
def test_files_of_another_shape(pack: Pack, files: Files, name: str, content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        open_listing(pack(files | {name: content}))


def test_all_four_are_needed(pack: Pack, files: Files) -> None:
    del files["t10k-labels-idx1-ubyte"]
    with pytest.raises(DataError, match="t10k-labels-idx1-ubyte missing"):
        open_listing(pack(files))


def test_by_name(folder_of: Pack, files: Files, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MODISTE_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(idx, "DEBIAN", tmp_path / "not installed")
    with pytest.raises(DataError, match="fetch it with 'modiste data fetch fashion-mnist'"):
        open_listing("fashion-mnist")
    monkeypatch.setattr(idx, "DEBIAN", folder_of(files))
    assert len(open_listing("fashion-mnist")) == 5


@pytest.mark.skipif(not idx.DEBIAN.is_dir(), reason="Debian's package dataset-fashion-mnist is not installed")
def test_the_published_files() -> None:
    listing = open_listing(idx.DEBIAN)
    assert listing.table["split"].value_counts().to_dict() == {"train": 60_000, "test": 10_000}
    assert set(listing.table["articleType"].value_counts()) == {7_000}
