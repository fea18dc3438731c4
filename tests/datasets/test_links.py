"""Fetched photos lie in the cache, whole or not at all, and reading them never asks a server."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from tests.datasets.conftest import make_photo

from modiste.datasets import open_listing
from modiste.datasets.links import FetchedPhotos, LinkedSource
from modiste.datasets.source import FolderSource
from modiste.errors import PhotoError

URL = "https://shop.example/7.jpg"
PHOTO = make_photo()


def test_what_was_put_is_there_until_it_is_damaged(tmp_path: Path) -> None:
    photos = FetchedPhotos(tmp_path / "cache")
    photos.put(URL, PHOTO, etag='"1"', modified="Sat, 21 Nov 2026 10:00:00 GMT")
    found = FetchedPhotos(tmp_path / "cache").get(URL)
    assert found is not None
    assert (found.content, found.etag, found.modified) == (PHOTO, '"1"', "Sat, 21 Nov 2026 10:00:00 GMT")
    assert photos.get(URL + "?") is None
    [file] = [path for path in tmp_path.rglob("*") if path.is_file()]
    whole = file.read_bytes()
    for at in range(len(whole)):
        file.write_bytes(whole[:at])
        assert photos.get(URL) is None
        file.write_bytes(whole[:at] + bytes((whole[at] ^ 1,)) + whole[at + 1 :])
        flipped = photos.get(URL)
        assert flipped is None or flipped.content == PHOTO, "only what the server calls it may differ"


def test_a_photo_that_cannot_be_kept_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        FetchedPhotos(tmp_path / "cache").put(URL, PHOTO)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_addresses_and_files_side_by_side(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(PHOTO)
    source = LinkedSource(FolderSource(tmp_path), [URL, URL], FetchedPhotos(tmp_path / ".cache"))
    assert source.names() == ("a.png", URL)
    assert source.read("a.png") == PHOTO
    with pytest.raises(PhotoError, match=r"not fetched.*modiste index"):
        source.read(URL)
    before = source.fingerprint()
    source.fetched.put(URL, PHOTO)
    assert source.fingerprint() != before
    assert source.fingerprint([URL]) != source.fingerprint(["a.png"])
    assert source.read(URL) == b"".join(source.stream(URL, 10_000)) == PHOTO
    assert b"".join(source.stream("a.png", 10_000)) == PHOTO
    with pytest.raises(PhotoError, match="at most"):
        source.read(URL, len(PHOTO) - 1)


def test_opening_and_reading_a_table_of_addresses_asks_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket, "getaddrinfo", never)
    monkeypatch.setattr(socket.socket, "connect", never)
    monkeypatch.setenv("MODISTE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "a.png").write_bytes(PHOTO)
    (tmp_path / "shop" / "t.csv").write_text(f"id,image,price\n7,{URL},3\na,a.png,4\nf,ftp://x/y.jpg,5\n")
    for place in ("shop", "shop/t.csv"):
        listing = open_listing(tmp_path / place)
        assert listing.ids == ["7", "a"]
        assert listing.photos == [URL, "a.png"]
        assert [str(each) for each in listing.skipped] == [
            "f: row without a photo ('ftp://x/y.jpg' is not there)"
        ]
        with pytest.raises(PhotoError, match="not fetched"):
            listing.source.read(URL)
