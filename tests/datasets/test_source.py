"""Folders and zips give the same names and bytes, and neither can be used to harm."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from modiste.datasets.source import FolderSource, ZipSource, open_source
from modiste.errors import DataError, PhotoError


def test_names_and_bytes(pack: Callable[..., Path]) -> None:
    source = open_source(pack({"b/2.png": b"two", "a.jpg": b"one", "b/c/3.gif": b""}))
    assert source.names() == ("a.jpg", "b/2.png", "b/c/3.gif")
    assert [source.read(name) for name in source.names()] == [b"one", b"two", b""]


def test_what_systems_leave_behind_is_not_there(pack: Callable[..., Path]) -> None:
    litter = ["__MACOSX/._a.jpg", ".DS_Store", "b/.hidden.jpg", "b/Thumbs.db", ".git/a.jpg", "desktop.ini"]
    assert open_source(pack(dict.fromkeys([*litter, "a.jpg"], b"x"))).names() == ("a.jpg",)


@pytest.mark.parametrize(
    "name", ["", "gone.jpg", "../secret.txt", "b/../../secret.txt", "/etc/hostname", "b", "a\0"]
)
def test_names_that_lead_nowhere_good(pack: Callable[..., Path], name: str) -> None:
    path = pack({"a.jpg": b"x", "b/2.png": b"y"})
    (path.parent / "secret.txt").write_text("secret")
    with pytest.raises(PhotoError):
        open_source(path).read(name)


def test_large_files_are_refused_before_they_are_read(pack: Callable[..., Path]) -> None:
    source = open_source(pack({"a.jpg": bytes(2001)}))
    assert len(source.read("a.jpg", max_bytes=2001)) == 2001
    with pytest.raises(PhotoError, match=r"at most 0\.002 MB"):
        source.read("a.jpg", max_bytes=2000)


def test_fingerprint_follows_names_contents_and_order(pack: Callable[..., Path], tmp_path: Path) -> None:
    files = {"a.jpg": b"one", "b.jpg": b"two"}
    source = open_source(pack(files))
    assert source.fingerprint() == source.fingerprint(["a.jpg", "b.jpg"])
    prints = {
        source.fingerprint(),
        source.fingerprint(["b.jpg", "a.jpg"]),
        source.fingerprint(["a.jpg"]),
        open_source(pack({"a.jpg": b"one", "b.jpg": b"TWO"})).fingerprint(),
        open_source(pack({"a.jpg": b"one", "c.jpg": b"two"})).fingerprint(["a.jpg", "c.jpg"]),
    }
    assert len(prints) == 5
    assert open_source(pack(files)).fingerprint(["a.jpg", "b.jpg"]) == source.fingerprint()


def test_many_threads_read_one_source(pack: Callable[..., Path]) -> None:
    files = {f"{number}.jpg": bytes([number]) * 5000 for number in range(200)}
    source = open_source(pack(files))
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(source.read, files)) == list(files.values())


def test_what_is_neither(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file or folder"):
        open_source(tmp_path / "gone")
    (tmp_path / "text.zip").write_text("hello")
    with pytest.raises(DataError, match="neither a folder nor a whole zip"):
        open_source(tmp_path / "text.zip")


# Folders -----------------------------------------------------------------------------------------------


def test_links_out_of_the_folder_are_refused(folder_of: Callable[..., Path], tmp_path: Path) -> None:
    folder = folder_of({"a.jpg": b"x"})
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    (tmp_path / "elsewhere").mkdir()
    (folder / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    (folder / "inside.jpg").symlink_to(folder / "a.jpg")
    (folder / "folder").symlink_to(tmp_path / "elsewhere")
    (folder / "loop").symlink_to(folder)
    source = FolderSource(folder)
    assert source.names() == ("a.jpg", "folder", "inside.jpg", "link.jpg", "loop")
    assert source.read("inside.jpg") == b"x"
    for name in ("link.jpg", "folder", "loop"):
        with pytest.raises(PhotoError):
            source.read(name)
    assert source.fingerprint() == FolderSource(folder).fingerprint()


def test_a_linked_folder_itself_may_be_given(folder_of: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(folder_of({"a.jpg": b"x"}))
    assert FolderSource(tmp_path / "link").read("a.jpg") == b"x"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_does_not_keep_us_waiting(folder_of: Callable[..., Path]) -> None:
    folder = folder_of({"a.jpg": b"x"})
    os.mkfifo(folder / "pipe.jpg")
    with pytest.raises(PhotoError, match="not a file"):
        FolderSource(folder).read("pipe.jpg")


# Zips ----------------------------------------------------------------------------------------------------


def patched(path: Path, patch: Callable[[bytearray, zipfile.ZipInfo, int], None]) -> Path:
    """Damage a zip's first member; the third argument is where the central directory describes it."""
    with zipfile.ZipFile(path) as archive:
        member = archive.infolist()[0]
    content = bytearray(path.read_bytes())
    patch(content, member, content.index(b"PK\1\2"))
    path.write_bytes(content)
    return path


def test_a_member_that_understates_its_size(zip_of: Callable[..., Path]) -> None:
    """A zip bomb: says 1000 bytes, would unpack to 50 million."""

    def understate(content: bytearray, _: zipfile.ZipInfo, central: int) -> None:
        struct.pack_into("<L", content, central + 24, 1000)

    path = patched(zip_of({"a.jpg": bytes(50_000_000)}), understate)
    assert path.stat().st_size < 100_000
    with pytest.raises(PhotoError, match="not what the zip says"):
        ZipSource(path).read("a.jpg")
    with pytest.raises(PhotoError, match="not what the zip says"):
        next(ZipSource(path).stream("a.jpg", 10**9))  # before a single piece is handed on


def test_large_files_in_pieces(pack: Callable[..., Path]) -> None:
    content = np.random.default_rng(0).integers(0, 4, 3_000_000, dtype=np.uint8).tobytes() + bytes(2**20 * 4)
    source = open_source(pack({"list.txt": content, "empty.txt": b""}))
    pieces = list(source.stream("list.txt", 10**8))
    assert b"".join(pieces) == content
    assert max(map(len, pieces)) <= 2**20
    assert list(filter(None, source.stream("empty.txt", 1))) == []
    with pytest.raises(PhotoError, match="at most 1 MB"):
        next(source.stream("list.txt", 10**6))


def test_a_member_that_overstates_its_packed_size(zip_of: Callable[..., Path]) -> None:
    def overstate(content: bytearray, _: zipfile.ZipInfo, central: int) -> None:
        struct.pack_into("<LL", content, central + 20, 2**32 - 2, 2**32 - 2)

    source = ZipSource(patched(zip_of({"a.jpg": b"short"}), overstate))
    with pytest.raises(PhotoError, match="not what the zip says"):
        list(source.stream("a.jpg", 10**10))


def test_a_member_that_unpacks_to_more_than_is_read(zip_of: Callable[..., Path]) -> None:
    with pytest.raises(PhotoError, match="at most 20 MB"):
        ZipSource(zip_of({"a.jpg": bytes(50_000_000)})).read("a.jpg")


def test_damaged_members(zip_of: Callable[..., Path]) -> None:
    def flip(content: bytearray, member: zipfile.ZipInfo, _: int) -> None:
        content[member.header_offset + 30 + len(member.filename) + 5] ^= 0xFF

    def displace(content: bytearray, _: zipfile.ZipInfo, central: int) -> None:
        struct.pack_into("<L", content, central + 42, 7)

    def encrypt(content: bytearray, _: zipfile.ZipInfo, central: int) -> None:
        struct.pack_into("<H", content, central + 8, 1)

    files = {"a.jpg": bytes(range(256)) * 20, "b.jpg": b"fine"}
    for patch, message in ((flip, "damaged in the zip"), (displace, "not where"), (encrypt, "encrypted")):
        source = ZipSource(patched(zip_of(files), patch))
        with pytest.raises(PhotoError, match=message):
            source.read("a.jpg")
        with pytest.raises(PhotoError, match=message):
            list(source.stream("a.jpg", 10**6))
        assert source.read("b.jpg") == b"fine"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unusual_packing_is_refused(tmp_path: Path, method: int) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as archive:
        archive.writestr("a.jpg", bytes(1000))
    with pytest.raises(PhotoError, match="store or deflate"):
        ZipSource(tmp_path / "a.zip").read("a.jpg")


def test_cut_off_zips(zip_of: Callable[..., Path]) -> None:
    path = zip_of({"a.jpg": bytes(1000), "b.jpg": bytes(1000)})
    whole = path.read_bytes()
    for cut in range(0, len(whole) - 1, 7):
        path.write_bytes(whole[:cut])
        with pytest.raises(DataError):
            ZipSource(path)


def test_a_zip_that_changes_while_it_is_open(zip_of: Callable[..., Path]) -> None:
    path = zip_of({"a.jpg": os.urandom(1000)})
    source = ZipSource(path)
    path.write_bytes(os.urandom(500))
    with pytest.raises(PhotoError):
        source.read("a.jpg")


def test_members_with_long_headers(tmp_path: Path) -> None:
    member = zipfile.ZipInfo("long/" * 100 + "a.jpg")
    member.extra = struct.pack("<HH", 0x9999, 2000) + bytes(2000)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(member, b"content")
    assert ZipSource(tmp_path / "a.zip").read(member.filename) == b"content"


def test_a_zip_behind_other_bytes_and_with_backslashes(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("images\\a.jpg", b"x")
    (tmp_path / "a.zip").write_bytes(b"#!self-extracting\n" + file.getvalue())
    source = ZipSource(tmp_path / "a.zip")
    assert source.names() == ("images/a.jpg",)
    assert source.read("images/a.jpg") == b"x"
