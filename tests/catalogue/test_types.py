from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from modiste.catalogue import NamedTypes
from modiste.errors import CatalogueError, ModelMismatch, TypeNameError

UP, RIGHT = [0.0, 1.0], [1.0, 0.0]


@pytest.fixture
def types(tmp_path: Path) -> NamedTypes:
    return NamedTypes(tmp_path, "m-1", dimension=2)


def test_types_are_kept_replaced_and_forgotten(types: NamedTypes, tmp_path: Path) -> None:
    assert types.all() == {}
    types.put("Poncho", [UP, RIGHT], ["a", "b"])
    types.put("Cape", [RIGHT], ["c"])
    again = NamedTypes(tmp_path, "m-1", dimension=2)
    assert [(each.name, each.vectors.tolist(), each.hashes) for each in again.all().values()] == [
        ("Poncho", [UP, RIGHT], ("a", "b")),
        ("Cape", [RIGHT], ("c",)),
    ]
    types.put("Poncho", [UP], ["d"])
    assert again.all()["Poncho"].hashes == ("d",)
    assert again.all() is again.all()
    assert again.remove("Poncho")
    assert not again.remove("Poncho")
    assert list(types.all()) == ["Cape"]
    assert sorted(file.name for file in tmp_path.iterdir() if file.suffix != ".lock") == ["types.safetensors"]


@pytest.mark.parametrize("name", ["", " Poncho", "Pon\ncho", "\u202ePoncho", "x" * 101])
def test_names_nobody_could_read(types: NamedTypes, name: str) -> None:
    with pytest.raises(TypeNameError, match="not a name for a type"):
        types.put(name, [UP], ["a"])


def test_what_does_not_fit_is_refused(types: NamedTypes) -> None:
    for vectors, hashes, error in (
        (np.empty((0, 2)), [], TypeNameError),
        ([UP] * 21, ["a"] * 21, TypeNameError),
        ([UP], [], ValueError),
        ([[1.0, 0.0, 0.0]], ["a"], ValueError),
        ([[2.0, 0.0]], ["a"], ValueError),
    ):
        with pytest.raises(error):
            types.put("Poncho", vectors, hashes)
    assert types.all() == {}


def test_another_model_is_told(types: NamedTypes, tmp_path: Path) -> None:
    types.put("Poncho", [UP], ["a"])
    other = NamedTypes(tmp_path, "m-2", dimension=2)
    for attempt in (other.all, lambda: other.put("Cape", [UP], ["b"]), lambda: other.remove("Poncho")):
        with pytest.raises(ModelMismatch, match="model m-1, but the model in hand is m-2"):
            attempt()
    assert list(types.all()) == ["Poncho"]


def test_damage_is_told(types: NamedTypes, tmp_path: Path) -> None:
    types.put("Poncho", [UP], ["a"])
    whole = types.file.read_bytes()
    about = {"format": 1, "model_id": "m-1", "types": [{"name": "Poncho", "hashes": ["a", "b"]}]}
    for damage in (
        lambda: types.file.write_bytes(whole[:-3]),
        lambda: types.file.write_bytes(b"not much of a file"),
        lambda: save_file({"vectors": np.float32([UP])}, types.file),
        lambda: save_file({"vectors": np.float32([UP])}, types.file, {"modiste": json.dumps(about)}),
        lambda: save_file({"vectors": np.float32([[3, 4]])}, types.file, {"modiste": json.dumps(about)}),
    ):
        damage()
        with pytest.raises(CatalogueError, match="damaged"):
            NamedTypes(tmp_path, "m-1", dimension=2).all()
    save_file(
        {"vectors": np.float32([UP])}, types.file, {"modiste": json.dumps({"format": 2, "model_id": "m-1"})}
    )
    with pytest.raises(CatalogueError, match="upgrade modiste"):
        NamedTypes(tmp_path, "m-1", dimension=2).all()


def test_a_full_disk_leaves_what_was_there(
    types: NamedTypes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    types.put("Poncho", [UP], ["a"])

    def full(file: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("modiste.catalogue.types.os.fsync", full)
        with pytest.raises(CatalogueError, match="No space left"):
            types.put("Cape", [UP], ["b"])
    assert list(NamedTypes(tmp_path, "m-1", dimension=2).all()) == ["Poncho"]
    types.put("Cape", [UP], ["b"])
    assert list(types.all()) == ["Poncho", "Cape"]


def test_nothing_is_lost_between_writers(tmp_path: Path) -> None:
    def write(name: str) -> None:
        own = NamedTypes(tmp_path, "m-1", dimension=2)
        for number in range(5):
            own.put(f"{name}{number}", [UP], ["a"])

    writers = [threading.Thread(target=write, args=(name,)) for name in "abcd"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(NamedTypes(tmp_path, "m-1", dimension=2).all()) == 20
