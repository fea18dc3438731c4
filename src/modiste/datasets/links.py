"""Photos that a table names by their addresses (http, https), read from where they were put when fetched.

Reading never uses the network: what has not been fetched is not there. `modiste.datasets.download` fetches,
and only the command line asks it to.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import NamedTemporaryFile

from modiste.datasets.cache import cache_folder
from modiste.datasets.source import PhotoSource
from modiste.errors import PhotoError
from modiste.photos import MAX_BYTES

__all__ = ["FetchedPhoto", "FetchedPhotos", "LinkedSource", "is_link"]

_LINK = re.compile(r"https?://", re.IGNORECASE)


def is_link(text: str) -> bool:
    """Whether a photo is named by an address.

    >>> is_link("https://shop.example/7.jpg"), is_link("images/7.jpg"), is_link("file:///etc/passwd")
    (True, False, False)
    """
    return _LINK.match(text) is not None


@dataclass(frozen=True, slots=True)
class FetchedPhoto:
    """A photo as it came, the hash of its bytes, and what its server calls this state of it, if it does."""

    content: bytes
    hash: str
    etag: str = ""
    modified: str = ""


class FetchedPhotos:
    """Photos by their addresses, in the user's cache folder: a file each, there whole or not at all.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     photos = FetchedPhotos(folder)
    ...     photos.put("https://shop.example/7.jpg", b"...", etag='"v1"')
    ...     photos.get("https://shop.example/7.jpg").content, photos.get("https://shop.example/8.jpg")
    (b'...', None)
    """

    def __init__(self, folder: str | Path | None = None) -> None:
        self.folder = cache_folder() / "links" if folder is None else Path(folder)

    def get(self, url: str) -> FetchedPhoto | None:
        """None if it has not been fetched, or the file is damaged."""
        try:
            about, _, content = self._file(url).read_bytes().partition(b"\n")
            said = json.loads(about)
            found = FetchedPhoto(content, said["hash"], said["etag"], said["modified"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return found if found.hash == _hash(content) and said.get("url") == url else None

    def put(self, url: str, content: bytes, *, etag: str = "", modified: str = "") -> None:
        """Keep a photo in the place of what was there. ``OSError`` if it cannot be written."""
        file = self._file(url)
        file.parent.mkdir(parents=True, exist_ok=True)
        about = {"url": url, "hash": _hash(content), "etag": etag, "modified": modified}
        with NamedTemporaryFile(dir=file.parent, prefix=".unfinished-", delete=False) as beside:
            try:
                beside.write(json.dumps(about).encode() + b"\n" + content)
                beside.close()
                Path(beside.name).replace(file)
            except BaseException:
                Path(beside.name).unlink(missing_ok=True)
                raise

    def _file(self, url: str) -> Path:
        key = hashlib.sha256(os.fsencode(url)).hexdigest()[:32]
        return self.folder / key[:2] / key


class LinkedSource:
    """A `PhotoSource` of another one's files and, under their addresses, of photos that were fetched."""

    def __init__(
        self, inner: PhotoSource, links: Sequence[str], fetched: FetchedPhotos | None = None
    ) -> None:
        self.path = inner.path
        self.fetched = fetched or FetchedPhotos()
        self._inner = inner
        self._links = tuple(sorted(set(links)))

    def names(self) -> tuple[str, ...]:
        return tuple(sorted((*self._inner.names(), *self._links)))

    def read(self, name: str, max_bytes: int = MAX_BYTES) -> bytes:
        if not is_link(name):
            return self._inner.read(name, max_bytes)
        if (found := self.fetched.get(name)) is None:
            raise PhotoError("not fetched; photos are fetched from their addresses by: modiste index")
        if len(found.content) > max_bytes:
            raise PhotoError(f"{len(found.content) / 1e6:.1f} MB; at most {max_bytes / 1e6:g} MB are read")
        return found.content

    def stream(self, name: str, max_bytes: int) -> Iterator[bytes]:
        if is_link(name):
            yield self.read(name, max_bytes)
        else:
            yield from self._inner.stream(name, max_bytes)

    def fingerprint(self, names: Iterable[str] | None = None) -> str:
        wanted = list(self.names() if names is None else names)
        digest = hashlib.blake2b(digest_size=16)
        digest.update(self._inner.fingerprint(name for name in wanted if not is_link(name)).encode())
        for name in filter(is_link, wanted):
            found = self.fetched.get(name)
            digest.update(json.dumps([name, found.hash if found else ""]).encode())
        return digest.hexdigest()


def _hash(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()
