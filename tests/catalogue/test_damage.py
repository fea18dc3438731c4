"""Files of a catalogue that were cut off or changed: what can be made anew is, else one line tells."""

from __future__ import annotations

import ast
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.catalogue.damaged import unit
from tests.conftest import FakeEncoder

from modiste.catalogue import Catalogue, CatalogueItem, NamedTypes, exchange, loading, store
from modiste.catalogue.approximate import available
from modiste.embedding import embed_photo
from modiste.errors import CatalogueError

ROOT = Path(__file__).parents[2]


def harmed(content: bytes, places: int, seed: int = 0) -> Iterator[bytes]:
    """Cut off and with a flipped bit, at as many places."""
    chance = random.Random(seed)
    for at in sorted(chance.sample(range(len(content)), min(places, len(content)))):
        yield content[:at]
        yield content[:at] + bytes((content[at] ^ 1 << chance.randrange(8),)) + content[at + 1 :]


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
@pytest.mark.parametrize("times", [10, pytest.param(250, marks=pytest.mark.slow)])
def test_a_damaged_table_works_or_is_refused_in_one_line(times: int, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.catalogue.damaged", str(tmp_path), str(times)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stderr[-2000:]
    found = ast.literal_eval(done.stdout)
    assert set(found) == {"fine", "refused"}, found
    assert sum(found.values()) == times


def test_damaged_named_types_are_told(tmp_path: Path) -> None:
    types = NamedTypes(tmp_path, "m", 2)
    types.put("Poncho", [[0.6, 0.8], [1.0, 0.0]], ["a", "b"])
    types.put("Cape", [[0.0, 1.0]], ["c"])
    whole = types.file.read_bytes()
    refused = 0
    for content in harmed(whole, len(whole)):
        types.file.write_bytes(content)
        try:
            found = NamedTypes(tmp_path, "m", 2).all()
        except CatalogueError as error:
            refused += 1
            told = str(error)
            if "\n" in told or len(told) > 500:
                pytest.fail(told)
        else:
            assert len(found) <= 2
    assert refused > len(whole)
    types.file.write_bytes(whole)
    assert list(NamedTypes(tmp_path, "m", 2).all()) == ["Poncho", "Cape"]


@pytest.mark.skipif(not available(), reason="needs FAISS")
def test_a_damaged_index_or_copy_of_the_vectors_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "EXACT_UP_TO", 1000)
    catalogue = Catalogue.create(tmp_path / "shop", model_id="m", dimension=8)
    vectors = unit(0, 1000)
    catalogue.add([CatalogueItem(str(k), "", b"", "image/png") for k in range(1000)], vectors)
    assert catalogue.build_index()
    index, copy = tmp_path / "shop" / loading.INDEX, tmp_path / "shop" / loading.VECTORS
    whole, kept = index.read_bytes(), copy.read_bytes()
    for content in harmed(whole, 15):
        index.write_bytes(content)
        again = Catalogue.open(tmp_path / "shop")
        assert again.snapshot.index is None
        assert np.array_equal(again.vectors, vectors)
    index.write_bytes(whole)
    for at in (0, 17, 18, 30, 49, 50, 55, 57):  # its mark, the state it is of, how many there are
        copy.write_bytes(kept[:at] + bytes((kept[at] ^ 4,)) + kept[at + 1 :])
        assert np.array_equal(Catalogue.open(tmp_path / "shop").vectors, vectors)
        copy.write_bytes(kept[: at * 600])
        assert np.array_equal(Catalogue.open(tmp_path / "shop").vectors, vectors)
    assert Catalogue.open(tmp_path / "shop").snapshot.index is not None


def test_damaged_vectors_of_the_next_model_are_made_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.catalogue.killed import photo_of

    first, second = FakeEncoder("m-1", 8), FakeEncoder("m-2", 12)
    catalogue = Catalogue.create(tmp_path / "shop", model_id="m-1", dimension=8)
    photos = [photo_of(k) for k in range(4)]
    catalogue.add(
        [CatalogueItem(str(k), "", photo, "image/png") for k, photo in enumerate(photos)],
        np.concatenate([embed_photo(first, photo) for photo in photos]),
    )

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Catalogue, "switch_over", stop)
        with pytest.raises(KeyboardInterrupt):
            exchange.reembed(catalogue, second)
    [file] = (tmp_path / "shop" / "next").glob("*.npz")
    for content in harmed(file.read_bytes(), 60):
        file.write_bytes(content)
        exchange._Beside(file.parent, second)  # raises nothing
    file.write_bytes(file.read_bytes()[:40])
    assert exchange.reembed(catalogue, second) == (4, 0)
    assert np.allclose(catalogue.vectors, np.concatenate([embed_photo(second, photo) for photo in photos]))
