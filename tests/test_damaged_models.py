"""Every file of a model folder cut off, changed, gone, or a folder: the same model, or one clear line."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from tests import test_label_model, test_model_folder

from modiste.errors import ModelError
from modiste.label_model import LabelModel, load_label_model
from modiste.memory import Memory
from modiste.model import Model
from modiste.model_folder import load_model, read_calibration, read_card, read_history

SEARCHING = ("weights.safetensors", "rich.safetensors", "memory.safetensors", "README.md", "history.csv")
LABELLING = ("weights.safetensors", "README.md", "history.csv")
PLACES = [2, pytest.param(40, marks=pytest.mark.slow)]
"""At how many places a file is cut off and changed."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models that nothing has happened to."""
    place = tmp_path_factory.mktemp("whole")
    memory = Memory.of(np.eye(5, 24), [0, 1, 0, 1, 1])
    test_model_folder.save(place / "searching", rich=("style", "text"), memory=memory)
    test_label_model.save(place / "labelling")
    return place


def harmed(content: bytes, places: int) -> Iterator[bytes]:
    """Emptied, and at so many places cut off and with other bits, the first and the last byte among them."""
    chance = random.Random(0)
    yield b""
    for at in {0, len(content) - 1, *chance.sample(range(len(content)), min(places, len(content)))}:
        yield content[:at]
        yield content[:at] + bytes((content[at] ^ chance.randrange(1, 256),)) + content[at + 1 :]
        yield content[:at] + bytes((content[at] ^ 1 << chance.randrange(8),)) + content[at + 1 :]


def lying(tensors: bytes) -> Iterator[bytes]:
    """Headers that promise much more than there is."""
    for length in (0, 10_000, 90_000_000, 2**40, 2**63, 2**64 - 1):
        yield length.to_bytes(8, "little") + tensors[8:]
    header = json.loads(tensors[8 : 8 + int.from_bytes(tensors[:8], "little")])
    data = tensors[8 + int.from_bytes(tensors[:8], "little") :]
    for name in sorted(name for name in header if name != "__metadata__")[:2]:
        was = header[name]
        for change in (
            {"shape": [2**20, 2**20]},
            {"shape": [2**40], "data_offsets": [0, 2**41]},
            {"shape": [2**33, 2**33]},
            {"data_offsets": [0, 2**62]},
            {"shape": [-1]},
            {"dtype": "F8_E4M3"},
            {"dtype": "?"},
        ):
            text = json.dumps({**header, name: was | change}).encode()
            yield len(text).to_bytes(8, "little") + text + data


def described(description: bytes, wrongs: int) -> Iterator[bytes]:
    """Texts that are JSON, or nearly, and no description; for each part, so many things that it cannot be."""
    yield from (b"[" * 200_000, b'{"a":' * 200_000, b"[]", b"null", b'{"format": [1]}', b'{"format": {}}')
    yield from (b'{"format": ' + b"1" * 10_000 + b"}", b'{"format": 1}', b'{"format": 2}')
    values = json.loads(description)
    del values["checksum"]
    for key in values:
        kinds = [None, [], {}, "", "x", -1, 1e999, [[]], {"x": 1}, 10**30]
        for wrong in random.Random(key).sample(kinds, min(wrongs, len(kinds))):
            yield json.dumps({**values, key: wrong}).encode()


def answers(model: Model | LabelModel) -> list[object]:
    """All that the model is for others."""
    if isinstance(model, LabelModel):
        found = model.probabilities(test_label_model.photos())
        return [
            model.id,
            model.labels,
            model.answer,
            model.thresholds.tolist(),
            model.training,
            found.tolist(),
        ]
    pixels = test_model_folder.photos(2)
    look = model.look(pixels)
    return [
        *(model.id, model.labels, model.scale, model.calibration, model.training, model.preprocess),
        *(model.embed(pixels).tolist(), model.classify(pixels).tolist()),
        *(look.style.tolist(), look.for_text.tolist(), model.embed_text(["shirt"]).tolist()),
    ]


def refused(read: Callable[[], object]) -> bool:
    """Whether it raises `ModelError` that says in a line what to do; nothing else may be raised."""
    try:
        read()
    except ModelError as error:
        told = str(error)
        assert "\n" not in told, told
        assert len(told) < 700, told
        assert any(word in told for word in ("anew", "retrain", "neither a model", "cannot", "expected")), (
            told
        )
        return True
    return False


def same_or_refused(folder: Path, load: Callable[[Path], Model | LabelModel], expected: list[object]) -> bool:
    loaded: list[Model | LabelModel] = []
    if refused(lambda: loaded.append(load(folder))):
        return False
    assert answers(loaded[0]) == expected
    return True


@pytest.mark.parametrize("places", PLACES)
@pytest.mark.parametrize(
    ("kind", "file"),
    [
        *(("searching", file) for file in ("model.json", *SEARCHING)),
        *(("labelling", file) for file in ("model.json", *LABELLING)),
    ],
)
def test_damage_is_told_or_does_not_matter(
    whole: Path, tmp_path: Path, kind: str, file: str, places: int
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(whole / kind, folder)
    load: Callable[[Path], Model | LabelModel] = load_model if kind == "searching" else load_label_model
    expected = answers(load(folder))
    content = (folder / file).read_bytes()
    changed = [*harmed(content, 4 * places if file == "model.json" else places)]
    if file.endswith(".safetensors"):
        changed += lying(content)
    elif file == "model.json":
        changed += described(content, places)
    unharmed = 0
    for now in changed:
        (folder / file).write_bytes(now)
        if file == "model.json" and b'"checksum"' not in now:  # changed on purpose, or by an older Modiste
            refused(lambda: load(folder))
        else:
            unharmed += same_or_refused(folder, load, expected)
        refused(lambda: read_card(folder))
        refused(lambda: read_calibration(folder))
        refused(lambda: read_history(folder))
    if file.endswith(".safetensors"):
        assert unharmed == 0
    (folder / file).unlink()
    assert same_or_refused(folder, load, expected) == (file == "history.csv")
    (folder / file).mkdir()
    assert same_or_refused(folder, load, expected) == (file == "history.csv")
    assert refused(lambda: read_history(folder)) == (file in ("model.json", "history.csv"))
    (folder / file).rmdir()
    (folder / file).write_bytes(content)
    assert same_or_refused(folder, load, expected)


class Fits:
    """A digest that fits whatever it is compared with."""

    def __ne__(self, other: object) -> bool:
        return False


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
@pytest.mark.parametrize("places", PLACES)
@pytest.mark.parametrize("kind", ["searching", "labelling"])
def test_forged_digests_help_nobody(
    whole: Path, tmp_path: Path, kind: str, places: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(whole / kind, folder)
    for reader in ("model_card", "model_folder"):
        monkeypatch.setattr(f"modiste.{reader}.digest_of", lambda *_: Fits())
    monkeypatch.setattr("modiste.model_card.checksum_of", lambda *_: Fits())
    load: Callable[[Path], Model | LabelModel] = load_model if kind == "searching" else load_label_model
    for file in (file for file in ("model.json", *SEARCHING) if (folder / file).exists()):
        content = (folder / file).read_bytes()
        for now in (*harmed(content, places), *(lying(content) if ".safetensors" in file else ())):
            (folder / file).write_bytes(now)
            refused(lambda: load(folder))
        (folder / file).write_bytes(content)
    load(folder)
