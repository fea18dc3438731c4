"""Exports and engines: the vectors are PyTorch's, stale and damaged files are refused, the choice is kept."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from modiste import compute
from modiste.datasets.labels import Labels
from modiste.errors import ModelError
from modiste.model import Calibration, Model, embed
from modiste.networks import ResNet, ResNetConfig
from modiste.preprocessing import Preprocess
from modiste.runtimes import EQUAL, export, read_exported, with_runtime
from modiste.runtimes.engines import ParallelEngine, onnx_engine, openvino_engine, torch_engine
from modiste.support_set import SupportMethod

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("openvino")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A cache of its own, and full precision to compare with."""
    monkeypatch.setenv("MODISTE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MODISTE_PRECISION", "fp32")
    monkeypatch.setenv("MODISTE_DEVICE", "cpu")
    for decided in (compute.precision, compute.device):
        decided.cache_clear()
    yield
    for decided in (compute.precision, compute.device):
        decided.cache_clear()


def a_model(
    features: str = "pooled",
    head: str = "cosine",
    *,
    height: int = 20,
    width: int = 15,
    mirror: bool = True,
    members: int = 1,
    stripes: int = 1,
    components: int = 0,
) -> Model:
    """An untrained network whose normalisations, whitening and heads are all far from doing nothing."""
    torch.manual_seed(0)
    network = ResNet(
        ResNetConfig(
            types=5,
            categories=2,
            widths=(8, 16, 16),
            depths=(1, 2, 1),
            projection=12,
            features=features,
            head=head,
            classify_by="head",
            mirror=mirror,
            members=members,
            stripes=stripes,
            components=components,
        )
    )
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d | torch.nn.BatchNorm1d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.uniform_(-0.3, 0.3)
            module.running_var.uniform_(0.5, 2)
            if module.affine:
                torch.nn.init.uniform_(module.weight, 0.5, 1.5)
                torch.nn.init.uniform_(module.bias, -0.3, 0.3)
    network.centre.uniform_(0, 0.5)
    network.whitening.normal_()
    if network.type_bias is not None:
        torch.nn.init.uniform_(network.type_bias)
    labels = Labels.from_dict(
        {
            "types": list("abcde"),
            "type_ids": list(range(5)),
            "categories": ["x", "y"],
            "category_ids": [0, 1],
            "category_of_type": [0, 0, 0, 1, 1],
        }
    )
    support = SupportMethod.from_dict(
        {"name": "lda+knn", "k": 3, "temperature": 0.05, "centred": False, "shrinkage": 0.5}
    )
    return Model(
        name="small",
        digest="0123456789ab",
        network=network.requires_grad_(False).eval(),
        preprocess=Preprocess(height=height, width=width, mean=(120, 110, 100), std=(60, 65, 70)),
        labels=labels,
        scale=10.0,
        calibration=Calibration(support, {}, 0.5),
        training={},
        card="",
    )


def photos_for(model: Model, n: int = 40) -> NDArray[np.uint8]:
    rng = np.random.default_rng(1)
    shape = (n, model.preprocess.height, model.preprocess.width, 3)
    return rng.integers(0, 256, shape, dtype=np.uint8)


def lowest_cosine(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    assert one.shape == other.shape
    np.testing.assert_allclose(np.linalg.norm(one, axis=1), 1, atol=1e-3)
    return float((one * other).sum(axis=1).min())


@pytest.mark.parametrize(
    ("features", "head", "mirror", "more"),
    [
        ("pooled", "cosine", True, {}),
        ("pooled", "cosine", False, {"stripes": 4}),  # of five rows
        ("pooled", "cosine", True, {"stripes": 4, "components": 24}),
        ("pooled", "cosine", True, {"members": 3}),
        ("pooled", "cosine", True, {"members": 3, "stripes": 2, "components": 9}),
        ("projection", "cosine", True, {"stripes": 3}),
        ("outputs", "cosine", True, {}),
        ("outputs", "linear", False, {"stripes": 3}),
    ],
)
def test_every_engine_makes_the_vectors_of_the_network(
    features: str, head: str, mirror: bool, more: dict[str, int]
) -> None:
    from modiste.runtimes.graph import graph_of

    model = a_model(features, head, mirror=mirror, **more)
    photos = photos_for(model)
    expected = embed(model.network, model.preprocess, photos)
    graph = graph_of(model).SerializeToString()
    for engine in (
        torch_engine(model, torch.float32),
        onnx_engine(graph, model.dimension, precision="fp32"),
        openvino_engine(graph, model.dimension, precision="fp32"),
    ):
        assert lowest_cosine(engine(photos), expected) > 0.99999, engine.name
        assert engine(photos[:0]).shape == (0, model.dimension)
        np.testing.assert_array_equal(engine(photos), engine(photos))


# Threads that all want their first answer while others keep the interpreter busy. In a process of its own:
# only its first answers count, and one that waits for ever must not take the tests with it.
AT_ONCE = """
import os, sys, threading
import numpy as np
from modiste.runtimes.engines import onnx_engine, openvino_engine

sys.setswitchinterval(1e-6)
make = {"onnx": onnx_engine, "openvino": openvino_engine}[sys.argv[1]]
engine = make(sys.stdin.buffer.read(), 32, precision="fp32", workers=4)
together, done = threading.Barrier(8), threading.Event()

def ask():
    together.wait()
    engine(np.zeros((1, 20, 15, 3), np.uint8))

def keep_busy():
    together.wait()
    while not done.is_set():
        sum(range(50))

asking = [threading.Thread(target=ask) for _ in range(4)]
busy = [threading.Thread(target=keep_busy) for _ in range(4)]
for thread in asking + busy:
    thread.start()
for thread in asking:
    thread.join()
done.set()
"""


ALONE = """
import os, sys
from modiste.runtimes.engines import openvino_engine

os.register_at_fork(before=lambda: print("forked"))
openvino_engine(sys.stdin.buffer.read(), 32, precision="fp32", workers=1)
unwanted = ("openvino_telemetry", "openvino.tools")
print(*(name for name, module in sys.modules.items() if module and name.startswith(unwanted)))
from openvino.tools.ovc import convert_model
"""


def test_openvino_reports_to_nobody_and_brings_its_converter_only_when_asked() -> None:
    from modiste.runtimes.graph import graph_of

    graph = graph_of(a_model()).SerializeToString()
    said = subprocess.run(
        [sys.executable, "-c", ALONE], input=graph, timeout=60, check=True, capture_output=True
    )
    assert said.stdout.split() == []


@pytest.mark.parametrize("runtime", ["onnx", "openvino"])
def test_threads_may_all_ask_first(runtime: str) -> None:
    from modiste.runtimes.graph import graph_of

    graph = graph_of(a_model()).SerializeToString()
    for _ in range(3):  # of ten processes nine stood still before
        subprocess.run([sys.executable, "-c", AT_ONCE, runtime], input=graph, timeout=60, check=True)


def test_odd_sizes_are_halved_as_pytorch_halves_them() -> None:
    from modiste.runtimes.graph import graph_of

    model = a_model(height=27, width=21)
    photos = photos_for(model, 5)
    graph = graph_of(model).SerializeToString()
    expected = embed(model.network, model.preprocess, photos)
    assert lowest_cosine(onnx_engine(graph, model.dimension, precision="fp32")(photos), expected) > 0.99999
    assert (
        lowest_cosine(openvino_engine(graph, model.dimension, precision="fp32")(photos), expected) > 0.99999
    )


def test_portions_come_back_in_order() -> None:
    engine = ParallelEngine("first pixel", lambda pixels: pixels[:, 0, 0, :1].astype(np.float32), 3, 1)
    pixels = np.zeros((200, 2, 2, 3), np.uint8)
    pixels[:, 0, 0, 0] = np.arange(200)
    assert engine(pixels)[:, 0].tolist() == list(range(200))


@pytest.mark.parametrize(
    ("runtime", "precision"), [("onnx", "fp32"), ("openvino", "fp32"), ("openvino", "bf16")]
)
def test_an_export_is_found_and_used(tmp_path: Path, runtime: str, precision: str) -> None:
    model = a_model()
    made = export(model, runtime, precision, tmp_path / "export" / f"{runtime}-{precision}")
    assert made.lowest >= EQUAL
    assert made.variant == ""
    assert made == read_exported(made.folder, model)
    if precision == "fp32":
        used = with_runtime(model, tmp_path, runtime)
        assert used.engine is not None
        assert used.engine.name == f"{runtime}-fp32"
        assert used.id == model.id
        photos = photos_for(model)
        assert lowest_cosine(used.embed(photos), model.embed(photos)) >= EQUAL


def test_int8_has_an_id_of_its_own(tmp_path: Path) -> None:
    model = a_model(height=40, width=30)
    with pytest.raises(ModelError, match="no export for onnx-int8"):
        with_runtime(model, tmp_path, "onnx-int8")
    with pytest.raises(ModelError, match="calibrated on photos"):
        export(model, "onnx", "int8", tmp_path / "export" / "onnx-int8")
    made = export(model, "onnx", "int8", tmp_path / "export" / "onnx-int8", photos=photos_for(model, 33))
    assert made.mean > 0.9
    used = with_runtime(model, tmp_path, "onnx-int8")
    expected = model.id if made.lowest >= EQUAL else f"{model.id}+onnx-int8-{made.checksum[:8]}"
    assert used.id == expected
    assert used.embed(photos_for(model, 3)).shape == (3, model.dimension)
    assert replace(made, lowest=0.99).variant == f"onnx-int8-{made.checksum[:8]}"
    assert replace(made, lowest=0.9995).variant == ""


def test_stale_and_damaged_exports_are_refused(tmp_path: Path) -> None:
    model = a_model()
    made = export(model, "onnx", "fp32", tmp_path / "export" / "onnx-fp32")
    with pytest.raises(ModelError, match="exported from small-0123456789ab, but the model is small-ba98"):
        with_runtime(replace(model, digest="ba9876543210"), tmp_path, "onnx")
    made.file.write_bytes(made.file.read_bytes()[:-1] + b"?")
    with pytest.raises(ModelError, match="not as it was exported"):
        with_runtime(model, tmp_path, "onnx")
    made.file.unlink()
    with pytest.raises(ModelError, match="damaged export"):
        with_runtime(model, tmp_path, "onnx")


def test_what_cannot_be_is_said(tmp_path: Path) -> None:
    model = a_model()
    with pytest.raises(ModelError, match="no export to onnx in bf16; there are onnx: fp32, int8"):
        export(model, "onnx", "bf16", tmp_path / "x")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("keep me")
    with pytest.raises(ModelError, match="is no export"):
        export(model, "onnx", "fp32", tmp_path / "mine")
    assert (tmp_path / "mine" / "letter.txt").exists()
    with pytest.raises(ModelError, match="expected one of auto, torch"):
        with_runtime(model, tmp_path, "tensorflow")
    used = with_runtime(model, tmp_path, "torch")
    with pytest.raises(ModelError, match="uint8 photos of shape"):
        used.embed(np.zeros((1, 5, 5, 3), np.uint8))


def test_the_choice_is_measured_once_and_kept(tmp_path: Path) -> None:
    model = a_model()
    first = with_runtime(model, tmp_path)
    (kept,) = (tmp_path / "cache" / "runtimes").glob("*.json")
    found = json.loads(kept.read_text("utf-8"))
    assert set(found["seconds"]) == {"torch", "onnx", "openvino"}
    assert first.engine is not None
    assert first.engine.name == f"{found['runtime']}-fp32"
    kept.write_text(json.dumps({"runtime": "onnx"}))
    second = with_runtime(model, tmp_path)
    assert second.engine is not None
    assert second.engine.name == "onnx-fp32"
    assert second.id == model.id


def test_without_other_runtimes_pytorch_does_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modiste.runtimes.choice._installed", lambda runtime: False)
    used = with_runtime(a_model(), tmp_path)
    assert used.engine is not None
    assert used.engine.name == "torch-fp32"
    assert not (tmp_path / "cache").exists()
