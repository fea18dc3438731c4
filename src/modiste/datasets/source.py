"""Where photos lie: a folder, or a zip read in place. Both give names and bytes, and trust nothing in them.

A name is the path inside the source, with ``/`` between its parts. Hidden files and what operating systems
leave behind (``__MACOSX``, ``Thumbs.db`` …) are not there at all.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import struct
import weakref
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import Protocol

from modiste.errors import DataError, PhotoError
from modiste.photos import MAX_BYTES

__all__ = ["FolderSource", "PhotoSource", "ZipSource", "open_source"]

# What precedes a zip member's bytes is rarely longer: 30 bytes, its name, and a few extra fields.
_MEMBER_HEADER = 300

_CHUNK = 1 << 20

_LEFT_BEHIND = frozenset(("__macosx", "thumbs.db", "desktop.ini"))


class PhotoSource(Protocol):
    """Files by name. All methods may be called from several threads at once."""

    @property
    def path(self) -> Path:
        """The folder or zip."""

    def names(self) -> tuple[str, ...]:
        """Every file's name, sorted."""

    def read(self, name: str, max_bytes: int = MAX_BYTES) -> bytes:
        """One file's bytes. Raises `PhotoError` if it is missing, damaged or larger than ``max_bytes``."""

    def stream(self, name: str, max_bytes: int) -> Iterator[bytes]:
        """The same in pieces of about a megabyte, for lists that are larger than memory should hold."""

    def fingerprint(self, names: Iterable[str] | None = None) -> str:
        """A hash of the names and contents of these files, in this order (all of them if not given)."""


def open_source(path: str | Path) -> PhotoSource:
    """The folder or zip at ``path``. Raises `DataError` if it is neither."""
    path = Path(path)
    if path.is_dir():
        return FolderSource(path)
    if not path.exists():
        raise DataError(f"{path}: no such file or folder; give a folder, a zip or a table of photos")
    return ZipSource(path)


class FolderSource:
    """The files below a folder. Links that lead out of it are refused: it shows nobody else's files."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._root = os.path.realpath(self.path)
        self._names: tuple[str, ...] | None = None

    def names(self) -> tuple[str, ...]:
        if self._names is None:
            self._names = tuple(sorted(self._walk(self._root, "")))
        return self._names

    def _walk(self, folder: str, prefix: str) -> list[str]:
        found: list[str] = []
        try:
            entries = list(os.scandir(folder))
        except OSError as error:
            raise DataError(f"{folder}: cannot be listed ({error.strerror})") from error
        for entry in entries:
            if _is_noise(entry.name):
                continue
            if entry.is_dir(follow_symlinks=False):
                found += self._walk(entry.path, f"{prefix}{entry.name}/")
            else:  # a link to a folder stays a name, which `read` refuses: left out, but not silently
                found.append(prefix + entry.name)
        return found

    def read(self, name: str, max_bytes: int = MAX_BYTES) -> bytes:
        with _opened(self.locate(name)) as file:
            status = os.fstat(file.fileno())
            _check_size(status.st_size, max_bytes)
            return file.read(status.st_size)

    def stream(self, name: str, max_bytes: int) -> Iterator[bytes]:
        with _opened(self.locate(name)) as file:
            _check_size(os.fstat(file.fileno()).st_size, max_bytes)
            while chunk := file.read(_CHUNK):
                yield chunk

    def fingerprint(self, names: Iterable[str] | None = None) -> str:
        digest = _Digest()
        for name in self.names() if names is None else names:
            try:
                with _opened(self.locate(name)) as file:
                    digest.add(name, hashlib.file_digest(file, "blake2b").digest())
            except PhotoError:  # refused when it is read, too; only its name counts
                digest.add(name, b"")
        return digest.hex()

    def locate(self, name: str) -> Path:
        """The real path of a name. Raises `PhotoError` unless it is a plain file inside the folder."""
        if not name or "\0" in name or PurePosixPath(name).is_absolute():
            raise PhotoError(f"{name!r} is not the name of a file in {self.path}")
        real = os.path.realpath(f"{self._root}/{name}")
        if not real.startswith(self._root.rstrip("/") + "/"):
            raise PhotoError(f"leads out of the folder {self.path}, to where no photo is read")
        try:
            if not stat.S_ISREG(Path(real).stat().st_mode):  # a pipe would keep us waiting for ever
                raise PhotoError("not a file")
        except OSError as error:
            raise PhotoError(f"not in the folder {self.path} ({error.strerror})") from error
        return Path(real)


class ZipSource:
    """The members of a zip, read in place: nothing is unpacked to disk.

    A member may not be larger than it says (a "zip bomb"), be encrypted, or be packed with anything but the
    two usual methods: store and deflate.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        try:
            self._file = self.path.open("rb", buffering=0)
            weakref.finalize(self, self._file.close)
            with zipfile.ZipFile(self._file) as archive:
                members = archive.infolist()
        except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as error:
            raise DataError(f"{self.path}: neither a folder nor a whole zip ({error})") from error
        except OSError as error:
            raise DataError(f"{self.path}: cannot be read ({error.strerror or error})") from error
        self._members: dict[str, zipfile.ZipInfo] = {}
        for member in members:
            name = member.filename.replace("\\", "/")  # some Windows programs write these
            if not name.endswith("/") and not any(map(_is_noise, name.split("/"))):
                self._members[name] = member
        self._names = tuple(sorted(self._members))

    def names(self) -> tuple[str, ...]:
        return self._names

    def read(self, name: str, max_bytes: int = MAX_BYTES) -> bytes:
        member = self._member(name, max_bytes)
        packed = self._read_packed(member)
        if member.compress_type == zipfile.ZIP_STORED:
            content = packed
        else:
            unpacking = zlib.decompressobj(-zlib.MAX_WBITS)
            try:
                content = unpacking.decompress(packed, member.file_size + 1)
            except zlib.error as error:
                raise PhotoError(f"damaged in the zip ({error})") from error
        if len(content) != member.file_size or zlib.crc32(content) != member.CRC:
            raise PhotoError(_NOT_AS_SAID)
        return content

    def stream(self, name: str, max_bytes: int) -> Iterator[bytes]:
        member = self._member(name, max_bytes)
        unpacking = (
            None if member.compress_type == zipfile.ZIP_STORED else zlib.decompressobj(-zlib.MAX_WBITS)
        )
        left, checksum = member.file_size, 0
        for packed in self._packed_chunks(member):
            more = True
            while more:
                try:
                    chunk = packed if unpacking is None else unpacking.decompress(packed, _CHUNK)
                except zlib.error as error:
                    raise PhotoError(f"damaged in the zip ({error})") from error
                left -= len(chunk)
                if left < 0:  # before it is handed on: a zip bomb ends here
                    raise PhotoError(_NOT_AS_SAID)
                checksum = zlib.crc32(chunk, checksum)
                yield chunk
                packed = b"" if unpacking is None else unpacking.unconsumed_tail
                more = unpacking is not None and (bool(packed) or len(chunk) == _CHUNK)
        if left or checksum != member.CRC:
            raise PhotoError(_NOT_AS_SAID)

    def _packed_chunks(self, member: zipfile.ZipInfo) -> Iterator[bytes]:
        try:
            descriptor = self._file.fileno()
            at = member.header_offset + _before_content(os.pread(descriptor, 30, member.header_offset))
            for start in range(0, member.compress_size, _CHUNK):
                packed = os.pread(descriptor, min(_CHUNK, member.compress_size - start), at + start)
                if not packed:  # the file ends before the member does
                    return
                yield packed
        except OSError as error:
            raise PhotoError(f"cannot be read from the zip ({error.strerror})") from error

    def _member(self, name: str, max_bytes: int) -> zipfile.ZipInfo:
        member = self._members.get(name)
        if member is None:
            raise PhotoError(f"not in {self.path.name}")
        _check_size(member.file_size, max_bytes)
        if member.flag_bits & 0x1:
            raise PhotoError("encrypted in the zip; pack it again without a password")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise PhotoError("packed by a method other than store or deflate; pack the zip again")
        return member

    def _read_packed(self, member: zipfile.ZipInfo) -> bytes:
        """The member's bytes as they lie in the file.

        One system call for a small photo, where zipfile makes several, under a lock: each is an occasion for
        threads to wait for one another, which costs more than decoding. `os.pread` needs no lock, as it moves
        no position.
        """
        # The packed size is as little to be trusted as the other: deflate never grows by more than this.
        size = min(member.compress_size, member.file_size + member.file_size // 1000 + 100)
        try:
            descriptor = self._file.fileno()
            start = os.pread(descriptor, _MEMBER_HEADER + size, member.header_offset)
            begin = _before_content(start)
            if begin <= _MEMBER_HEADER:
                return start[begin : begin + size]
            return os.pread(descriptor, size, member.header_offset + begin)
        except OSError as error:
            raise PhotoError(f"cannot be read from the zip ({error.strerror})") from error

    def fingerprint(self, names: Iterable[str] | None = None) -> str:
        digest = _Digest()
        for name in self.names() if names is None else names:
            member = self._members.get(name)
            digest.add(name, b"" if member is None else struct.pack("<QL", member.file_size, member.CRC))
        return digest.hex()


_NOT_AS_SAID = "damaged in the zip: its size or checksum is not what the zip says"


class _Digest:
    """A hash over (name, content hash) pairs that cannot run into each other."""

    def __init__(self) -> None:
        self._hash = hashlib.blake2b(digest_size=16)

    def add(self, name: str, content: bytes) -> None:
        encoded = name.encode("utf-8", "surrogateescape")
        self._hash.update(struct.pack("<QQ", len(encoded), len(content)) + encoded + content)

    def hex(self) -> str:
        return self._hash.hexdigest()


def _before_content(header: bytes) -> int:
    """How many bytes of a member lie before its content, from the 30 or more it begins with."""
    if len(header) < 30 or not header.startswith(b"PK\3\4"):
        raise PhotoError("not where the zip says it is; the zip is damaged or was changed meanwhile")
    name_length, extra_length = struct.unpack_from("<HH", header, 26)
    return 30 + int(name_length) + int(extra_length)


def _opened(path: Path) -> io.FileIO:
    try:
        return path.open("rb", buffering=0)
    except OSError as error:
        raise PhotoError(f"cannot be opened ({error.strerror})") from error


def _check_size(size: int, max_bytes: int) -> None:
    if size > max_bytes:
        raise PhotoError(f"{size / 1e6:.1f} MB, and at most {max_bytes / 1e6:g} MB are read; make it smaller")


def _is_noise(part: str) -> bool:
    return part.startswith(".") or part.lower() in _LEFT_BEHIND
