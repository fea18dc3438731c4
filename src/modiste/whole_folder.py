"""A folder that is replaced as a whole: at every moment, killed or not, the old one or the new one is there.

The new one is filled beside the old one, and then the two change places in one step, which Linux can do.
Where the system or the file system cannot, the old one is first moved aside; who is killed just then leaves
none, and `restore` puts it back. What killed writers left beside a folder goes with the next write.
"""

from __future__ import annotations

import ctypes
import glob
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

__all__ = ["put_in_place", "restore"]

AT_FDCWD = -100  # of fcntl.h: paths are as ever
RENAME_EXCHANGE = 2  # of linux/fs.h
NEW, OLD = ".new-", ".old-"


@contextmanager
def put_in_place(folder: Path) -> Iterator[Path]:
    """An empty folder to fill; when the block ends it takes the place of ``folder``, or goes if that raises.

    ``OSError`` if it cannot be made or take its place; what was there is there still.

    >>> with tempfile.TemporaryDirectory() as shop:
    ...     for text in ("one", "two"):
    ...         with put_in_place(Path(shop) / "model") as new:
    ...             _ = (new / "card").write_text(text)
    ...     [path.name for path in Path(shop).iterdir()], (Path(shop) / "model" / "card").read_text()
    (['model'], 'two')
    """
    folder = folder.resolve()  # a link stays one: what it leads to is replaced
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _alone_in(folder.parent) as alone:
        _put_back(folder)
        if alone:  # else it might be somebody's who is still at it
            for left in (*_beside(folder, NEW), *_beside(folder, OLD)):
                shutil.rmtree(left, ignore_errors=True)
        new = Path(tempfile.mkdtemp(prefix=NEW, suffix=f"-{folder.name}", dir=folder.parent))
        try:
            yield new
            new.chmod(0o755)
            for made in (*new.rglob("*"), new):
                _to_disk(made)
            if folder.exists():
                _exchange(new, folder)
            else:
                new.rename(folder)
            _to_disk(folder.parent)
        finally:
            shutil.rmtree(new, ignore_errors=True)


def restore(folder: Path) -> None:
    """Put back what a killed writer moved aside, if it is the only one there is.

    Waits for one that has just moved it aside and lives.
    """
    folder = folder.resolve()
    if folder.exists() or not _beside(folder, OLD):
        return
    with _alone_in(folder.parent) as alone:
        if not alone:
            time.sleep(1)  # a writer that lives needs less
        _put_back(folder)


def _put_back(folder: Path) -> None:
    for old in _beside(folder, OLD):
        if not folder.exists():
            with suppress(OSError):  # such as a disk that must not be written to
                old.rename(folder)


def _beside(folder: Path, which: str) -> list[Path]:
    """What lies beside ``folder`` and is its own: between its mark and its name are eight characters."""
    return sorted(folder.parent.glob(f"{which}????????-{glob.escape(folder.name)}"))


def _exchange(new: Path, folder: Path) -> None:
    """Each is then where the other was."""
    try:
        _exchange_at_once(new, folder)
    except OSError:
        old = new.with_name(OLD + new.name.removeprefix(NEW))
        folder.rename(old)
        try:
            new.rename(folder)
        except BaseException:
            old.rename(folder)
            raise
        old.rename(new)


def _exchange_at_once(one: Path, other: Path) -> None:
    """In one step. ``OSError`` where the system or the file system cannot do that."""
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None) if os.name == "posix" else None
    if renameat2 is None:
        raise OSError("this system cannot exchange two folders")
    if renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), RENAME_EXCHANGE):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


@contextmanager
def _alone_in(folder: Path) -> Iterator[bool]:
    """Only one at a time gets in; the others wait. False, at once, where folders cannot be locked.

    The lock ends with the process that holds it, and leaves no file.
    """
    if sys.platform == "win32":
        yield False
        return
    import fcntl

    lock = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
        except OSError:  # of some network file systems
            yield False
            return
        try:
            yield True
        finally:
            fcntl.flock(lock, fcntl.LOCK_UN)  # a forked child may hold it open, too
    finally:
        os.close(lock)


def _to_disk(place: Path) -> None:
    """Force a file or folder to the disk. ``OSError`` if a file cannot; some systems cannot for folders."""
    with suppress(OSError) if place.is_dir() else nullcontext():
        opened = os.open(place, os.O_RDONLY if place.is_dir() else os.O_RDWR)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
