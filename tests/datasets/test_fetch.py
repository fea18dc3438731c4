"""Fetching, from a publisher who is not there and from one who is made up."""

from __future__ import annotations

import gzip
import hashlib
import io
import sys
from pathlib import Path
from types import SimpleNamespace
from urllib.error import URLError

import pytest

from modiste.datasets import fetch
from modiste.errors import DataError


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """What is at each address; a log of what was asked for is under ``""``."""
    contents = {name: name.encode() for name in fetch.CONTENTS}
    monkeypatch.setattr(fetch, "CONTENTS", {n: hashlib.sha256(c).hexdigest() for n, c in contents.items()})
    at = {f"{fetch.PUBLISHER}{name}.gz": gzip.compress(content) for name, content in contents.items()}

    def open_address(address: str, timeout: float) -> io.BytesIO:
        if address not in at:
            raise URLError("no network")
        return io.BytesIO(at[address])

    monkeypatch.setattr(fetch, "urlopen", open_address)
    return at


def test_fashion_mnist(published: dict[str, bytes], tmp_path: Path) -> None:
    folder = fetch.fetch("fashion-mnist", tmp_path / "data")
    assert {file.name for file in folder.iterdir()} == {f"{name}.gz" for name in fetch.CONTENTS}
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(b"cut off")
    kept = {address: content for address, content in published.items() if "train-labels" in address}
    published.clear()
    with pytest.raises(DataError, match=r"train-labels-idx1-ubyte\.gz cannot be fetched \(no network\)"):
        fetch.fetch("fashion-mnist", folder)
    published |= kept  # the other three are not asked for again
    assert fetch.fetch("fashion-mnist", folder) == folder
    assert gzip.decompress((folder / "train-labels-idx1-ubyte.gz").read_bytes()) == b"train-labels-idx1-ubyte"


def test_a_changed_file_is_refused(published: dict[str, bytes], tmp_path: Path) -> None:
    published[next(iter(published))] = gzip.compress(b"something else")
    with pytest.raises(DataError, match="its checksum differs"):
        fetch.fetch("fashion-mnist", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("what", ["kaggle:owner/some-photos", "owner/some-photos"])
def test_kaggle(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def dataset_download(handle: str, *, output_dir: str | None) -> str:
        asked.append((handle, output_dir))
        return str(tmp_path / "cache")

    monkeypatch.setitem(sys.modules, "kagglehub", SimpleNamespace(dataset_download=dataset_download))
    assert fetch.fetch(what) == tmp_path / "cache"
    fetch.fetch(what, tmp_path / "here")
    assert asked == [("owner/some-photos", None), ("owner/some-photos", str(tmp_path / "here"))]


def test_kaggle_says_no(monkeypatch: pytest.MonkeyPatch) -> None:
    def dataset_download(handle: str, *, output_dir: str | None) -> str:
        raise RuntimeError("403 Forbidden")

    monkeypatch.setitem(sys.modules, "kagglehub", SimpleNamespace(dataset_download=dataset_download))
    with pytest.raises(DataError, match=r"kaggle:a/b cannot be fetched \(RuntimeError: 403 Forbidden\)"):
        fetch.fetch("a/b")


def test_without_kagglehub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    with pytest.raises(DataError, match=r"pip install 'modiste\[kaggle\]'"):
        fetch.fetch("a/b")


@pytest.mark.parametrize("what", ["", "mnist", "../up/and/away", "https://example.org/a.zip"])
def test_other_names(what: str) -> None:
    with pytest.raises(DataError, match="expected fashion-mnist, or owner/name"):
        fetch.fetch(what)
