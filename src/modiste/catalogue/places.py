"""Where a catalogue lies: a folder, or an address in object storage, ``s3://bucket/path``.

How to reach the storage is said by the environment variables of AWS's own tools, for LanceDB and for the one
file beside its table alike: ``AWS_ACCESS_KEY_ID``, ``AWS_SECRET_ACCESS_KEY``, ``AWS_REGION``, and for storage
that is not Amazon's ``AWS_ENDPOINT_URL``, with ``AWS_ALLOW_HTTP=true`` if that is no https.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modiste.datasets.cache import cache_folder
from modiste.errors import CatalogueError

__all__ = ["ObjectPlace", "Place", "is_empty", "place_of", "workplace"]

_ADDRESS = re.compile(r"(?P<scheme>[a-z][a-z0-9+]+):/+(?P<rest>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ObjectPlace:
    """A prefix, or an object, in a bucket. Reading and writing are whole: nobody ever sees half an object.

    >>> str(ObjectPlace("shops", "north/2026") / "search.index")
    's3://shops/north/2026/search.index'
    """

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    def __truediv__(self, name: str) -> ObjectPlace:
        return ObjectPlace(self.bucket, f"{self.key}/{name}")

    def read_bytes(self) -> bytes:
        """``OSError`` if there is no such object, or no way to it."""
        with _file_system().open_input_stream(f"{self.bucket}/{self.key}") as stream:
            return bytes(stream.read())

    def write_bytes(self, content: bytes | memoryview) -> None:
        """In one go, in the place of what was there. ``OSError`` if it cannot be done."""
        with _file_system().open_output_stream(f"{self.bucket}/{self.key}") as stream:
            stream.write(content)


Place = Path | ObjectPlace


def place_of(text: str | Path | ObjectPlace) -> Place:
    """A folder as an absolute path, or an address. `CatalogueError` for storage that is not ``s3://``.

    A `Path` that an address was turned into has lost a slash; it is understood.

    >>> place_of("s3://shops/north/")
    ObjectPlace(bucket='shops', key='north')
    >>> place_of(Path("s3://shops/north")) == place_of("s3://shops/north")
    True
    """
    if isinstance(text, ObjectPlace):
        return text
    if (found := _ADDRESS.fullmatch(str(text))) is None:
        return Path(text).absolute()
    bucket, _, key = found["rest"].rstrip("/").partition("/")
    if found["scheme"] != "s3" or not bucket or not key:
        raise CatalogueError(f"{text}: expected a folder, or an address such as s3://bucket/shop")
    return ObjectPlace(bucket, key)


def is_empty(folder: Path) -> bool:
    """Whether a catalogue can be made in this folder: it is not there, or holds nothing."""
    return not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))


def workplace(place: Place) -> Path:
    """The folder for what is half done and one machine's own: in the catalogue's, or in the user's cache."""
    if isinstance(place, Path):
        return place
    key = hashlib.sha256(f"{os.environ.get('AWS_ENDPOINT_URL', '')}\n{place}".encode()).hexdigest()[:12]
    folder = cache_folder() / "catalogues" / f"{place.key.rpartition('/')[2]}-{key}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _file_system() -> Any:
    from pyarrow.fs import S3FileSystem

    return S3FileSystem(**_options(os.environ))


def _options(environment: Mapping[str, str]) -> dict[str, Any]:
    """What Arrow does not take from the environment by itself.

    >>> _options({"AWS_ENDPOINT_URL": "http://127.0.0.1:5000", "AWS_REGION": "eu-central-1"})
    {'endpoint_override': 'http://127.0.0.1:5000', 'region': 'eu-central-1'}
    """
    options: dict[str, Any] = {}
    if endpoint := environment.get("AWS_ENDPOINT_URL") or environment.get("AWS_ENDPOINT"):
        options["endpoint_override"] = endpoint
    if region := environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION"):
        options["region"] = region
    return options
