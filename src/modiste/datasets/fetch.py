"""Data sets from their publishers, when somebody asks for one.

Beside `modiste.datasets.download` nothing else in Modiste uses the network.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib
import re
import zlib
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from modiste.datasets.readers import idx
from modiste.errors import DataError
from modiste.progress import Progress, silent

__all__ = ["fetch"]

PUBLISHER = "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"

# SHA-256 of the four files once unpacked, the same however they were packed.
CONTENTS = {
    "train-images-idx3-ubyte": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}
_MOST_BYTES = 100_000_000
_SECONDS = 60.0
_KAGGLE = re.compile(r"(?:kaggle:)?(\w[\w.-]*/\w[\w.-]*(?:/versions/\d+)?)")


def fetch(what: str, into: str | Path | None = None, *, progress: Progress = silent) -> Path:
    """``fashion-mnist``, or ``owner/name`` of a Kaggle data set → the folder it is in now.

    Without ``into`` that is a cache: ours, or kagglehub's. What is there already is not fetched again. Raises
    `DataError` when there is no network, no such data set, or no kagglehub (the extra ``kaggle``).
    """
    if what == idx.NAME:
        return _fetch_fashion_mnist(idx.fetched_folder() if into is None else Path(into), progress)
    if match := _KAGGLE.fullmatch(what):
        return _fetch_from_kaggle(match[1], into)
    raise DataError(f"{what!r}: expected {idx.NAME}, or owner/name of a Kaggle data set")


def _fetch_fashion_mnist(folder: Path, progress: Progress) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for done, (name, expected) in enumerate(CONTENTS.items()):
        progress(done, len(CONTENTS), "fetching Fashion-MNIST")
        file = folder / f"{name}.gz"
        if file.is_file() and _content_hash(file.read_bytes()) == expected:
            continue
        try:
            with urlopen(f"{PUBLISHER}{name}.gz", timeout=_SECONDS) as answer:
                content = answer.read(_MOST_BYTES)
        except (URLError, OSError) as error:
            reason = getattr(error, "reason", None) or error
            raise DataError(
                f"{name}.gz cannot be fetched ({reason}); try again online, or put the four files "
                f"into {folder} yourself"
            ) from error
        if _content_hash(content) != expected:
            raise DataError(f"{name}.gz is not the published file (its checksum differs); try again later")
        beside = file.with_name(f".{file.name}.unfinished")
        beside.write_bytes(content)
        beside.replace(file)
    progress(len(CONTENTS), len(CONTENTS), "fetching Fashion-MNIST")
    return folder


def _content_hash(packed: bytes) -> str:
    try:
        return hashlib.sha256(gzip.decompress(packed)).hexdigest()
    except (OSError, EOFError, zlib.error):
        return ""


def _fetch_from_kaggle(handle: str, into: str | Path | None) -> Path:
    try:
        kagglehub = importlib.import_module("kagglehub")
    except ImportError as error:
        raise DataError("fetching from Kaggle needs kagglehub: pip install 'modiste[kaggle]'") from error
    try:
        return Path(kagglehub.dataset_download(handle, output_dir=None if into is None else str(into)))
    except Exception as error:  # whatever kagglehub and its HTTP library raise: they share no base class
        raise DataError(
            f"kaggle:{handle} cannot be fetched ({type(error).__name__}: {' '.join(str(error).split())}); "
            "is the name right, are you online, and does it need your Kaggle token?"
        ) from error
