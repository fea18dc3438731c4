"""Fashion-MNIST: 70,000 greyscale photos of 28 × 28 pixels in four IDX files, packed by gzip or not.

Each photo is shown as a PNG file called ``train/00000.png`` or ``test/00000.png``, made when it is read.
Source: https://github.com/zalandoresearch/fashion-mnist (MIT).
"""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image

from modiste.datasets.listing import Listing
from modiste.datasets.source import PhotoSource
from modiste.errors import DataError, PhotoError
from modiste.photos import MAX_BYTES

__all__ = ["CLASSES", "FILES", "NAME", "IdxSource", "fetched_folder", "has_files", "locate", "read"]

NAME = "fashion-mnist"
CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
FILES = {
    "train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
    "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"),
}
"""Photos and labels of each split."""

DEBIAN = Path("/usr/share/datasets/fashion-mnist")
"""Where Debian's package ``dataset-fashion-mnist`` puts the files."""

_MOST_BYTES = 1_000_000_000  # of a file once unpacked; the largest of the four has 47 MB


def fetched_folder() -> Path:
    """Where ``modiste data fetch fashion-mnist`` puts the files unless told otherwise."""
    from modiste.datasets.cache import cache_folder

    return cache_folder() / "fetched" / NAME


def locate() -> Path:
    """Where Fashion-MNIST lies on this machine. Raises `DataError` if nowhere: nothing is fetched unasked."""
    for folder in (DEBIAN, fetched_folder()):
        if folder.is_dir():
            return folder
    raise DataError(
        f"{NAME}: not on this machine; fetch it with 'modiste data fetch {NAME}', install Debian's package "
        "dataset-fashion-mnist, or give the folder with its four files"
    )


def has_files(source: PhotoSource) -> bool:
    """Whether one of the four files is there, at the top or in one folder."""
    return any(_find(source, file) for files in FILES.values() for file in files)


def read(source: PhotoSource) -> Listing:
    """All photos, those of the training set first, with ``articleType`` and ``split``.

    Raises `DataError` if a file is missing or is not what its name says.
    """
    wanted = [file for files in FILES.values() for file in files]
    if missing := [file for file in wanted if _find(source, file) is None]:
        raise DataError(
            f"{source.path}: Fashion-MNIST's four files expected ({', '.join(wanted)}, packed by gzip or "
            f"not); {', '.join(missing)} missing"
        )
    shown = IdxSource(source)
    table = pd.DataFrame({"photo": shown.names()}, dtype=str).sort_values("photo", key=_training_first)
    table.insert(0, "id", table["photo"].str.removesuffix(".png"))
    types = {
        name: CLASSES[label]
        for split, labels in shown.labels.items()
        for name, label in zip(shown.names_of(split), labels.tolist(), strict=True)
    }
    table["articleType"] = [types[photo] for photo in table["photo"]]
    table["name"] = table["articleType"]
    table["split"] = table["photo"].str.partition("/")[0]
    return Listing(shown, table.reset_index(drop=True), (), NAME)


class IdxSource:
    """The photos of the four files as if they were PNG files in two folders; see `PhotoSource`.

    Memory holds their pixels: 55 MB. Raises `DataError` for files that are not as published.
    """

    def __init__(self, source: PhotoSource) -> None:
        self.path = source.path
        self.labels: dict[str, NDArray[np.uint8]] = {}
        self._photos: dict[str, NDArray[np.uint8]] = {}
        for split, (photos, labels) in FILES.items():
            self._photos[split] = _read_idx(source, photos, dimensions=3)
            self.labels[split] = _read_idx(source, labels, dimensions=1)
            if len(self._photos[split]) != len(self.labels[split]):
                raise DataError(
                    f"{self.path}: {photos} has {len(self._photos[split]):,} photos and {labels} "
                    f"{len(self.labels[split]):,} labels; they do not belong together"
                )
            if self.labels[split].size and self.labels[split].max() >= len(CLASSES):
                raise DataError(
                    f"{self.path}: {labels} has a label {self.labels[split].max()}; Fashion-MNIST has 0 to "
                    f"{len(CLASSES) - 1}"
                )

    def names_of(self, split: str) -> list[str]:
        return [f"{split}/{number:05d}.png" for number in range(len(self._photos[split]))]

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(name for split in FILES for name in self.names_of(split)))

    def read(self, name: str, max_bytes: int = MAX_BYTES) -> bytes:
        file = io.BytesIO()
        Image.fromarray(self._pixels(name)).save(file, "PNG", compress_level=1)
        return file.getvalue()

    def stream(self, name: str, max_bytes: int) -> Iterator[bytes]:
        yield self.read(name, max_bytes)

    def fingerprint(self, names: Iterable[str] | None = None) -> str:
        digest = hashlib.blake2b(digest_size=16)
        for name in self.names() if names is None else names:
            pixels = self._pixels(name)
            digest.update(struct.pack("<QQ", *pixels.shape) + name.encode() + pixels.tobytes())
        return digest.hexdigest()

    def _pixels(self, name: str) -> NDArray[np.uint8]:
        split, _, number = name.removesuffix(".png").partition("/")
        photos = self._photos.get(split)
        if photos is None or not number.isdecimal() or int(number) >= len(photos):
            raise PhotoError(f"not in {self.path.name}")
        pixels: NDArray[np.uint8] = photos[int(number)]
        return pixels


def _training_first(names: pd.Series[str]) -> pd.Series[str]:
    return names.str.replace("train/", "0/", regex=False)


def _find(source: PhotoSource, file: str) -> str | None:
    endings = (file, file.replace("-idx", ".idx"))  # the second as some programs unpack them
    return next(
        (
            name
            for name in source.names()
            if name.count("/") <= 1 and name.rpartition("/")[2].removesuffix(".gz") in endings
        ),
        None,
    )


def _read_idx(source: PhotoSource, file: str, dimensions: int) -> NDArray[np.uint8]:
    """The array in an IDX file: 0, 0, 8 (unsigned bytes), the number of dimensions, their sizes, bytes."""
    name = _find(source, file)
    assert name is not None, file
    try:
        content = source.read(name, _MOST_BYTES)
        if name.endswith(".gz"):
            unpacking = zlib.decompressobj(wbits=31)
            content = unpacking.decompress(content, _MOST_BYTES)
            if not unpacking.eof:
                raise PhotoError("cut off, or far larger than it should be")
    except (PhotoError, zlib.error) as error:
        raise DataError(f"{source.path}: {name}: {error}; get it again") from error
    begin = 4 + 4 * dimensions
    expected = bytes((0, 0, 8, dimensions))
    if len(content) < begin or content[:4] != expected:
        raise DataError(
            f"{source.path}: {name}: an IDX file of bytes in {dimensions} dimensions begins with "
            f"{expected.hex()}; found {content[:4].hex() or 'nothing'}"
        )
    shape = struct.unpack_from(f">{dimensions}I", content, 4)
    size = 1
    for length in shape:
        size *= length
    if len(content) - begin != size or 0 in shape:
        raise DataError(
            f"{source.path}: {name}: {' × '.join(map(str, shape))} bytes promised, "
            f"{len(content) - begin:,} found; get it again"
        )
    return np.frombuffer(content, np.uint8, offset=begin).reshape(shape)
