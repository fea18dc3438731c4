"""Exports: an encoder in a file that ONNX Runtime or OpenVINO runs, and what is known of it.

::

    export/openvino-bf16/   one folder for each runtime and precision, in the model folder
      export.json           whose weights, checksums of the files, how near its vectors are to PyTorch's
      encoder.xml .bin      or encoder.onnx

An export that was made from other weights, or has changed since, is an error wherever it is met.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from modiste.datasets.cache import cache_folder
from modiste.errors import ModelError
from modiste.model_card import ENCODERS
from modiste.runtimes.engines import (
    PACKAGES,
    ParallelEngine,
    needed,
    onnx_engine,
    openvino_engine,
    torch_engine,
)

if TYPE_CHECKING:
    from modiste.model import Model

__all__ = [
    "EQUAL",
    "PRECISIONS",
    "Exported",
    "default_place",
    "engine_of",
    "export",
    "find_exported",
    "read_exported",
]

FORMAT = 1
EQUAL = 0.999
"""Vectors whose cosine is at least this are the same vector, rounded differently."""
PRECISIONS = {"onnx": ("fp32", "int8"), "openvino": ("fp32", "bf16", "int8")}
ABOUT = "export.json"
_FILES = {"onnx": ("encoder.onnx",), "openvino": ("encoder.xml", "encoder.bin")}
_CALIBRATED_ON = 256  # photos; their smallest and largest activations decide what the 8 bits stand for


class Identified(Protocol):
    """What tells a model from others."""

    @property
    def name(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def id(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Exported:
    """An export in ``folder``. ``lowest`` and ``mean``: cosines of ``photos`` photos with PyTorch's vectors.

    ``checksum`` is over all files, 12 hex digits.
    """

    folder: Path
    runtime: str
    precision: str
    model_id: str
    dimension: int
    photos: int
    lowest: float
    mean: float
    checksum: str

    @property
    def file(self) -> Path:
        return self.folder / _FILES[self.runtime][0]

    @property
    def variant(self) -> str:
        """What is added to the model's id: nothing if vectors are `EQUAL`, so that catalogues are shared."""
        return "" if self.lowest >= EQUAL else f"{self.runtime}-{self.precision}-{self.checksum[:8]}"


def export(
    model: Model,
    runtime: str,
    precision: str,
    into: Path,
    *,
    photos: NDArray[np.uint8] | None = None,
) -> Exported:
    """Write the encoder of ``model`` for ``runtime`` (``onnx`` or ``openvino``) into the folder ``into``.

    ``precision``: ``fp32``, ``bf16`` (OpenVINO alone) or ``int8``. ``photos`` (N, H, W, 3), fitted, are what
    int8 is calibrated on and what vectors are compared on; without them made-up ones are compared, and int8
    cannot be had. What was in the folder before is replaced if it was an export.

    `ModelError` if something needed is missing, if ``into`` holds something else, or if vectors of a float
    export are not those of PyTorch (cosine < 0.999), which would be a fault of the runtime.
    """
    if precision not in PRECISIONS.get(runtime, ()):
        can = "; ".join(f"{name}: {', '.join(those)}" for name, those in PRECISIONS.items())
        raise ModelError(f"no export to {runtime} in {precision}; there are {can}")
    if into.exists() and not (into.is_dir() and ((into / ABOUT).exists() or not any(into.iterdir()))):
        raise ModelError(f"{into} exists and is no export; name another folder with -o")
    if precision == "int8" and (photos is None or not len(photos)):
        raise ModelError(
            "int8 is calibrated on photos: pass some dozens of the kind it will see, --photos PHOTOS"
        )
    needed("onnx", runtime)
    import torch

    from modiste.runtimes.graph import graph_of

    graph: Any = graph_of(model)
    into.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{into.name}-", dir=into.parent))
    try:
        if precision == "int8":
            assert photos is not None
            graph = _in_int8(graph, photos[:_CALIBRATED_ON], beside)
        if runtime == "onnx":
            (beside / "encoder.onnx").write_bytes(graph.SerializeToString())
        else:
            openvino = needed("openvino", "openvino")
            made = openvino.Core().read_model(graph.SerializeToString())
            openvino.save_model(made, beside / "encoder.xml", compress_to_fp16=precision == "bf16")
        draft = Exported(
            beside, runtime, precision, model.id, model.dimension, 0, 1.0, 1.0, _checksum(beside, runtime)
        )
        compared = _made_up(model) if photos is None else photos
        cosines = np.einsum(
            "nd,nd->n", engine_of(draft)(compared), torch_engine(model, torch.float32)(compared)
        )
        lowest, mean = float(cosines.min()), float(cosines.mean())
        if lowest < EQUAL and precision != "int8":
            raise ModelError(
                f"{runtime} in {precision} makes other vectors than PyTorch here (cosine {lowest:.5f}, at "
                f"least {EQUAL} expected); use another precision or version of {PACKAGES[runtime]}"
            )
        about = {
            "format": FORMAT,
            "model": model.id,
            "dimension": model.dimension,
            "runtime": runtime,
            "precision": precision,
            "checksum": draft.checksum,
            "cosine": {"photos": len(compared), "lowest": lowest, "mean": mean},
            "versions": {name: version(name) for name in ("modiste", "onnx", PACKAGES[runtime])},
        }
        (beside / ABOUT).write_text(json.dumps(about, indent=1) + "\n", "utf-8")
        beside.chmod(0o755)
        if into.exists():
            shutil.rmtree(into)
        beside.replace(into)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return read_exported(into, model)


def read_exported(folder: Path, model: Identified) -> Exported:
    """The export in ``folder``; `ModelError` if it is not of ``model``'s weights, or has changed since."""
    try:
        about = json.loads((folder / ABOUT).read_text("utf-8"))
        if about["format"] != FORMAT:
            raise ModelError(
                f"{folder}: export format {FORMAT} expected, {about['format']!r} found; export again"
            )
        found = Exported(
            folder,
            str(about["runtime"]),
            str(about["precision"]),
            str(about["model"]),
            int(about["dimension"]),
            int(about["cosine"]["photos"]),
            float(about["cosine"]["lowest"]),
            float(about["cosine"]["mean"]),
            str(about["checksum"]),
        )
        checksum = _checksum(folder, found.runtime)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder}: damaged export ({error}); export again or remove it") from error
    if found.model_id != model.id:
        raise ModelError(
            f"{folder}: exported from {found.model_id}, but the model is {model.id}; export again, or remove "
            "it"
        )
    if checksum != found.checksum:
        raise ModelError(f"{folder}: not as it was exported (checksum); export again or remove it")
    return found


def find_exported(model: Identified, folder: Path, name: str) -> Exported | None:
    """The export called ``name`` (``openvino-int8``) of the model in ``folder``; None if there is none."""
    for place in (folder / "export" / name, _own_place(model) / name):
        if place.is_dir():
            return read_exported(place, model)
    return None


def default_place(model: Identified, folder: Path, name: str) -> Path:
    """Where an export goes: into the model folder; for encoders of the package into the user's cache."""
    own = folder.resolve().is_relative_to(ENCODERS.resolve())
    return (_own_place(model) if own else folder / "export") / name


def engine_of(exported: Exported, workers: int | None = None) -> ParallelEngine:
    """What runs an export; `ModelError` if the runtime is not installed."""
    start = onnx_engine if exported.runtime == "onnx" else openvino_engine
    return start(
        exported.file,
        exported.dimension,
        precision=exported.precision,
        variant=exported.variant,
        workers=workers,
    )


def _own_place(model: Identified) -> Path:
    return cache_folder() / "exports" / f"{model.name}-{model.digest}"


def _checksum(folder: Path, runtime: str) -> str:
    digest = hashlib.sha256()
    for name in _FILES[runtime]:
        content = (folder / name).read_bytes()
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:12]


def _made_up(model: Model) -> NDArray[np.uint8]:
    """64 photos of coloured rectangles, smooth enough to be like photos."""
    rng = np.random.default_rng(0)
    height, width = model.preprocess.height, model.preprocess.width
    coarse = rng.integers(0, 256, (64, 4, 3, 3), dtype=np.uint8)
    rows, columns = np.arange(height) * 4 // height, np.arange(width) * 3 // width
    return np.ascontiguousarray(coarse[:, rows][:, :, columns])


def _in_int8(graph: Any, photos: NDArray[np.uint8], place: Path) -> Any:
    """The graph with its convolutions in 8 bits; the stem, which sees three channels, stays as it is.

    https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html
    """
    import onnx

    needed("onnxruntime", "onnx")
    from onnxruntime import quantization as to
    from onnxruntime.quantization import shape_inference as shapes

    class Batches(to.CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._left = iter([{"photos": photos[at : at + 32]} for at in range(0, len(photos), 32)])

        def get_next(self) -> Any:
            return next(self._left, None)

    whole, small = place / "whole.onnx", place / "int8.onnx"
    onnx.save(graph, place / "plain.onnx")
    # The graph is as simple as it gets; this adds the shapes, which the quantiser otherwise asks for.
    shapes.quant_pre_process(place / "plain.onnx", whole, skip_optimization=True, skip_symbolic_shape=True)
    to.quantize_static(
        whole,
        small,
        Batches(),
        quant_format=to.QuantFormat.QDQ,  # which OpenVINO reads, too
        op_types_to_quantize=["Conv", "AveragePool", "Add"],
        nodes_to_exclude=["stem"],
        per_channel=True,
        activation_type=to.QuantType.QUInt8,
        weight_type=to.QuantType.QInt8,
        calibrate_method=to.CalibrationMethod.MinMax,
    )
    made = onnx.load(small)
    for file in (place / "plain.onnx", whole, small):
        file.unlink()
    return made
