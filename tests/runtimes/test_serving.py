"""A model for a server: the engine and its vectors are those of `with_runtime`, and PyTorch stays out."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from modiste import compute
from modiste.errors import ModelError
from modiste.label_model import as_label_model
from modiste.model import Model
from modiste.model_card import find_model, read_card
from modiste.model_folder import load_model
from modiste.preprocessing import Preprocess
from modiste.runtimes import ServedModel, export, load_to_serve, with_runtime
from modiste.runtimes.serving import NamingLater

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("openvino")


PREPROCESS = Preprocess.from_dict(read_card(find_model("default"))["preprocess"])
SIZE = (PREPROCESS.height, PREPROCESS.width)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache of its own, also for the process that prepares; full precision."""
    monkeypatch.setenv("MODISTE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MODISTE_PRECISION", "fp32")
    monkeypatch.setenv("MODISTE_DEVICE", "cpu")
    for decided in (compute.precision, compute.device):
        decided.cache_clear()
    yield tmp_path / "cache"
    for decided in (compute.precision, compute.device):
        decided.cache_clear()


@pytest.fixture
def photos() -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 256, (5, *SIZE, 3), dtype=np.uint8)


def test_vectors_and_names_are_the_models_own(cache: Path, photos: NDArray[np.uint8]) -> None:
    folder = find_model("default")
    model = load_model("default")
    served = load_to_serve("default", "onnx", threads=1)
    assert isinstance(served, ServedModel)
    expected = with_runtime(model, folder, "onnx")
    np.testing.assert_array_equal(served.embed(photos), expected.embed(photos))
    assert (served.id, served.dimension, served.calibration) == (
        expected.id,
        expected.dimension,
        model.calibration,
    )
    np.testing.assert_array_equal(served.prototypes, model.prototypes)
    with pytest.raises(ModelError, match="uint8 photos of shape"):
        served.embed(photos[:, :9])

    # It travels to other processes, as a server's workers are.
    naming = pickle.loads(pickle.dumps(as_label_model(served, NamingLater(folder))))
    np.testing.assert_array_equal(naming.probabilities(photos), model.classify(photos))

    # What was kept is used again, unless it is damaged; then it is made anew.
    [kept] = (cache / "served").iterdir()
    before = (kept / "encoder.onnx").stat().st_mtime_ns
    load_to_serve("default", "onnx", threads=1)
    assert (kept / "encoder.onnx").stat().st_mtime_ns == before
    (kept / "encoder.onnx").write_bytes(b"nonsense")
    again = load_to_serve("default", "onnx", threads=1)
    np.testing.assert_array_equal(again.embed(photos), served.embed(photos))


def test_an_export_goes_before_what_is_kept(cache: Path, photos: NDArray[np.uint8]) -> None:
    model = load_model("default")
    made = export(model, "onnx", "int8", cache / "exports" / model.id / "onnx-int8", photos=photos)
    served = load_to_serve("default", "onnx-int8", threads=1)
    assert isinstance(served, ServedModel)
    expected = with_runtime(model, find_model("default"), "onnx-int8")
    assert served.id == expected.id == f"{model.id}{made.variant and '+'}{made.variant}"
    np.testing.assert_array_equal(served.embed(photos), expected.embed(photos))


def test_pytorch_is_loaded_where_it_is_to_run(
    cache: Path, photos: NDArray[np.uint8], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(load_to_serve("default", "torch"), Model)
    monkeypatch.setattr("modiste.runtimes.serving._may_have_gpu", lambda: True)
    assert isinstance(load_to_serve("default", "onnx"), Model)
    assert not (cache / "served").exists()


def test_without_another_runtime_no_process_is_asked_which_one_is_fastest(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("modiste.runtimes.serving._version", lambda package: "1" * (package == "torch"))
    monkeypatch.setattr("modiste.runtimes.choice._installed", lambda runtime: False)
    assert isinstance(load_to_serve("default"), Model)
    assert not (cache / "served").exists()


def test_who_does_not_prepare_takes_what_is_prepared(cache: Path) -> None:
    assert isinstance(load_to_serve("default", "onnx", threads=1, prepares=False), Model)
    assert not (cache / "served").exists()
    load_to_serve("default", "onnx", threads=1)
    assert isinstance(load_to_serve("default", "onnx", threads=1, prepares=False), ServedModel)


def test_what_is_wrong_is_told_as_ever(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="neither a model folder"):
        load_to_serve(tmp_path)
    with pytest.raises(ModelError, match="no export for onnx-int8"):
        load_to_serve("default", "onnx-int8")


SERVER = """
import sys
import uvicorn

def answer(self, sockets):
    from fastapi.testclient import TestClient
    client = TestClient(self.config.app, base_url="http://localhost")
    for name in sys.argv[2:]:
        with open(name, "rb") as photo:
            client.post("/v1/recommendations", files={"photo": photo}).raise_for_status()
    client.get("/v1/catalogue").raise_for_status()
    wanted = ("torch", "pandas", "sklearn", "scipy", "matplotlib", "onnx")
    print("LOADED", *(name for name in wanted if name in sys.modules))

uvicorn.Server.run = answer
from modiste.cli import app
app(["serve", sys.argv[1], "--runtime", "onnx", "--port", "0"], standalone_mode=False)
"""


def test_a_server_answers_without_what_it_does_not_need(cache: Path, tmp_path: Path) -> None:
    from PIL import Image

    from modiste.catalogue import Catalogue, CatalogueItem
    from modiste.embedding import embed_photo

    model = load_model("default")
    rng = np.random.default_rng(3)
    files = []
    shop = Catalogue.create(tmp_path / "shop", model_id=model.id, dimension=model.dimension)
    for at, (height, width) in enumerate([SIZE, (80, 60), (200, 300), (90, 60)]):
        file = tmp_path / f"{at}.png"
        Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8)).save(file)
        shop.add([CatalogueItem(str(at), "", file.read_bytes(), "image/png")], embed_photo(model, file))
        files.append(file)
    load_to_serve("default", "onnx", threads=1)
    done = subprocess.run(
        [sys.executable, "-c", SERVER, tmp_path / "shop", *files],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert done.stdout.splitlines()[-1] == "LOADED"
