"""Which runtime makes the vectors: the one that is asked for, or the fastest that is installed.

Float runtimes need no export: the graph is made from the weights in a moment. An export in the model folder
is used where there is one, and must then fit. int8 is never chosen by itself, for its vectors are others.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
import torch

from modiste import compute
from modiste.datasets.cache import cache_folder
from modiste.errors import ModelError
from modiste.model import Engine, Model
from modiste.model_folder import find_model, load_model
from modiste.runtimes.engines import PACKAGES, needed, onnx_engine, openvino_engine, torch_engine
from modiste.runtimes.exported import engine_of, find_exported

__all__ = ["RUNTIMES", "load_with_runtime", "with_runtime"]

RUNTIMES = ("auto", "torch", "onnx", "openvino", "onnx-int8", "openvino-int8")
_TIMED = 64  # photos


def load_with_runtime(which: str | Path, wanted: str = "auto") -> Model:
    """A model folder or a shipped encoder, and its engine; raises what `load_model` and `with_runtime` do."""
    return with_runtime(load_model(which), find_model(which), wanted)


def with_runtime(model: Model, folder: Path, wanted: str = "auto") -> Model:
    """``model`` (of the model folder ``folder``) with the engine for its vectors, one of `RUNTIMES`.

    ``auto`` measures the installed runtimes once (half a second) and keeps the answer in the user's cache
    directory for this model, these versions and this number of threads, so that the next start decides alike.
    On a GPU only PyTorch runs. Vectors are those of ``model`` to a cosine of 0.999 and it keeps its id; with
    an int8 export that is further off, the id says so, and its catalogues are its own.

    `ModelError` if the runtime is unknown or not installed, or an export is missing, stale or damaged.
    """
    if wanted not in RUNTIMES:
        raise ModelError(f"runtime {wanted!r} is not known; expected one of {', '.join(RUNTIMES)}")
    if compute.device().type != "cpu":
        if wanted not in ("auto", "torch"):
            raise ModelError(
                f"runtime {wanted} runs on processors, and the device is {compute.device()}; use torch"
            )
        return model
    engine = _fastest(model, folder) if wanted == "auto" else _engine(model, folder, wanted)
    return replace(model, engine=engine)


def _engine(model: Model, folder: Path, wanted: str) -> Engine:
    if wanted == "torch":
        return torch_engine(model, compute.precision())
    runtime, _, precision = wanted.partition("-")
    if not precision:
        precision = "bf16" if runtime == "openvino" and compute.precision() == torch.bfloat16 else "fp32"
    exported = find_exported(model, folder, f"{runtime}-{precision}")
    if exported is not None:
        return engine_of(exported)
    if precision == "int8":
        raise ModelError(
            f"{folder} has no export for {wanted}; make one with: modiste export {folder} --to {runtime} "
            "--precision int8 --photos PHOTOS"
        )
    needed("onnx", runtime)
    from modiste.runtimes.graph import graph_of

    start = onnx_engine if runtime == "onnx" else openvino_engine
    return start(graph_of(model).SerializeToString(), model.dimension, precision=precision)


def _fastest(model: Model, folder: Path) -> Engine:
    available = ["torch", *(name for name in PACKAGES if _installed(name))]
    if len(available) == 1:
        return _engine(model, folder, "torch")
    kept = cache_folder() / "runtimes" / f"{_circumstances(model, available)}.json"
    try:
        choice = json.loads(kept.read_text("utf-8"))["runtime"]
    except (OSError, ValueError, KeyError, TypeError):
        choice = None
    if choice in available:
        return _engine(model, folder, choice)
    engines = {name: _engine(model, folder, name) for name in available}
    height, width = model.preprocess.height, model.preprocess.width
    photos = np.random.default_rng(0).integers(0, 256, (_TIMED, height, width, 3), dtype=np.uint8)
    seconds = dict.fromkeys(engines, np.inf)
    for _ in range(4):  # taking turns, so that what else the machine does hits all alike; the first warms up
        for name, engine in engines.items():
            began = time.perf_counter()
            engine(photos)
            seconds[name] = min(seconds[name], time.perf_counter() - began)
    choice = min(seconds, key=seconds.__getitem__)
    kept.parent.mkdir(parents=True, exist_ok=True)
    beside = kept.with_suffix(".unfinished")
    beside.write_text(json.dumps({"runtime": choice, "seconds": seconds}) + "\n", "utf-8")
    beside.replace(kept)
    return engines[choice]


def _installed(runtime: str) -> bool:
    try:
        return all(bool(version(package)) for package in ("onnx", PACKAGES[runtime]))
    except PackageNotFoundError:
        return False


def _circumstances(model: Model, available: list[str]) -> str:
    """All that may change which runtime is fastest here."""
    versions = [version(PACKAGES.get(name, name)) for name in available]
    facts = [model.id, *versions, str(compute.precision()), str(torch.get_num_threads())]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]
