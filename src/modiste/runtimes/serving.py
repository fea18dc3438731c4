"""A model for a server: by an engine alone, without PyTorch, which takes 200 MB.

PyTorch is needed to say which engine is fastest here and to write the network as a graph. Another process
does that once and keeps both in the user's cache directory, for this model, these versions and this
processor; so it is also done for a server that starts for the first time. Where PyTorch itself is fastest, or
there is a GPU, it is loaded as ever.

Naming a photo's type (`Model.classify`) is left to PyTorch, so that it says the same everywhere: it is loaded
when a photo is first to be named.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from modiste.datasets.cache import cache_folder
from modiste.datasets.labels import Labels
from modiste.errors import ModelError, ModisteError
from modiste.model_card import (
    DAMAGE,
    Calibration,
    Engine,
    calibration_of,
    check_fitted,
    find_model,
    read_card,
    read_weights,
)
from modiste.preprocessing import Preprocess
from modiste.runtimes.engines import PACKAGES, ParallelEngine, onnx_engine, openvino_engine
from modiste.runtimes.exported import engine_of, find_exported

if TYPE_CHECKING:
    from modiste.model import Model

__all__ = ["NamingLater", "ServedModel", "load_to_serve"]

_ABOUT, _GRAPH = "served.json", "encoder.onnx"
_PACKAGES = ("modiste", "torch", "onnx", "onnxruntime", "openvino")
# Where drivers of GPUs show that there is one.
_GPUS = ("/dev/nvidiactl", "/dev/kfd")
_SECONDS_TO_PREPARE = 300.0
# Photos one thread embeds at a time. Each takes 700 kB meanwhile; 32 at a time would be 5 % faster.
_FEW = 4


@dataclass(frozen=True, eq=False)
class ServedModel:
    """What `modiste.model.Model` has for those who search: its fields are the same, its vectors too."""

    name: str
    digest: str
    preprocess: Preprocess
    labels: Labels
    scale: float
    calibration: Calibration
    prototypes: NDArray[np.float32] = field(repr=False)
    training: Mapping[str, Any] = field(repr=False)
    card: str = field(repr=False)
    engine: Engine | None = field(default=None, repr=False)

    @property
    def id(self) -> str:
        variant = "" if self.engine is None else self.engine.variant
        return f"{self.name}-{self.digest}{variant and '+'}{variant}"

    @property
    def dimension(self) -> int:
        return int(self.prototypes.shape[1])

    def embed(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Fitted photos (N, H, W, 3) → unit vectors (N, D), as `Model.embed` makes them."""
        assert self.engine is not None
        check_fitted(self.preprocess, pixels)
        return self.engine(pixels)

    @classmethod
    def read(cls, folder: Path) -> Self:
        """What a model folder says, without an engine yet. `ModelError` or one of `DAMAGE` if damaged."""
        said = read_card(folder)
        weights = safetensors.numpy.load(read_weights(folder, said)[0])
        return cls(
            name=str(said["name"]),
            digest=str(said["digest"]),
            preprocess=Preprocess.from_dict(said["preprocess"]),
            labels=Labels.from_dict(said["labels"]),
            scale=float(said["scale"]),
            calibration=calibration_of(said["calibration"]),
            prototypes=weights["prototypes"].astype(np.float32),
            training=dict(said["training"]),
            card=(folder / "README.md").read_text("utf-8"),
        )


class NamingLater:
    """`Model.classify` of the model in ``folder``, which is loaded when a photo first comes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def classify(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Fitted photos (N, H, W, 3) → probabilities (N, C) of the model's types."""
        with _turn:
            model = _whole(self._folder)
        return model.classify(pixels)


_turn = threading.Lock()


@functools.cache
def _whole(folder: Path) -> Model:
    import torch

    from modiste.model_folder import load_model

    torch.set_num_threads(1)  # a server has many photos at a time, each in a thread of its own
    return load_model(folder)


def load_to_serve(
    which: str | Path, runtime: str = "auto", *, threads: int | None = None, prepares: bool = True
) -> ServedModel | Model:
    """A model folder or a shipped encoder with the engine that `with_runtime` would take.

    ``threads`` for its vectors, by default what ``OMP_NUM_THREADS`` says. One thread takes few photos at a
    time, to need little memory. Preparing an engine takes seconds, which pays for processes that stay:
    without ``prepares`` one is used only if it was prepared before. Errors are those of `load_model` and
    `with_runtime`.
    """
    folder = find_model(which)
    found = None
    if not (_only_torch(runtime) or _may_have_gpu()):
        found = _without_torch(folder, runtime, threads, prepares)
    return _with_torch(which, runtime, threads) if found is None else found


def _only_torch(runtime: str) -> bool:
    """Whether there is no choice, so that nobody needs to load PyTorch to find out."""
    others = [package for package in PACKAGES.values() if _version(package)]
    return runtime == "torch" or (runtime == "auto" and not (others and _version("onnx")))


def _with_torch(which: str | Path, runtime: str, threads: int | None) -> Model:
    import torch

    from modiste.runtimes.choice import load_with_runtime

    if threads is not None:
        torch.set_num_threads(threads)
    return load_with_runtime(which, runtime)


def _without_torch(folder: Path, runtime: str, threads: int | None, prepares: bool) -> ServedModel | None:
    """The model with its engine; None if PyTorch is to run it, or to say what is wrong."""
    try:
        model = ServedModel.read(folder)
    except (ModelError, *DAMAGE):
        return None
    place = cache_folder() / "served" / _circumstances(model, runtime)
    workers = threads or _threads_told()
    engine = _kept_engine(place, model, folder, workers)
    if engine is None and prepares and not _is_pytorchs(place):
        with suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(
                [sys.executable, "-m", __name__, str(folder.absolute()), runtime, str(place)],
                check=False,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_SECONDS_TO_PREPARE,
            )
        engine = _kept_engine(place, model, folder, workers)
    if engine is None:
        return None
    if workers == 1:
        engine.portion = _FEW
    return replace(model, engine=engine)


class _Choice(NamedTuple):
    """What is kept: ``runtime`` and ``precision``, and the checksum of the graph."""

    runtime: str
    precision: str
    checksum: str


def _threads_told() -> int:
    """What OMP_NUM_THREADS says, else 1. Threads may have threads of their own: "4,2"; the first counts."""
    told = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()
    return max(1, int(told)) if told.isdecimal() else 1


def _kept_engine(place: Path, model: ServedModel, folder: Path, workers: int) -> ParallelEngine | None:
    """The engine that was chosen: from an export if there is one, else from the graph that was kept.

    None if nothing was kept, it is damaged, or PyTorch was chosen.
    """
    try:
        choice = _read_choice(place)
        if choice.runtime == "torch":
            return None
        exported = find_exported(model, folder, f"{choice.runtime}-{choice.precision}")
        if exported is not None:
            return engine_of(exported, workers)
        graph = (place / _GRAPH).read_bytes()
    except (ModelError, OSError, ValueError, TypeError):
        return None
    if hashlib.sha256(graph).hexdigest() != choice.checksum:
        return None
    start = onnx_engine if choice.runtime == "onnx" else openvino_engine
    return start(graph, model.dimension, precision=choice.precision, workers=workers)


def _read_choice(place: Path) -> _Choice:
    return _Choice(**json.loads((place / _ABOUT).read_text("utf-8")))


def _is_pytorchs(place: Path) -> bool:
    """Whether it was found before that PyTorch is fastest: nothing needs to be prepared then."""
    try:
        return _read_choice(place).runtime == "torch"
    except (OSError, ValueError, TypeError):
        return False


def prepare(folder: Path, runtime: str, place: Path) -> None:
    """Choose an engine for the model in ``folder`` and keep the choice and its graph at ``place``.

    With PyTorch. Errors are those of `load_model` and `with_runtime`.
    """
    import torch

    from modiste.model_folder import load_model
    from modiste.runtimes.choice import with_runtime

    torch.set_num_threads(1)
    model = load_model(folder)
    used = with_runtime(model, folder, runtime)
    chosen, _, precision = ("torch" if used.engine is None else used.engine.name).partition("-")
    graph = b""
    if chosen != "torch" and find_exported(model, folder, f"{chosen}-{precision}") is None:
        from modiste.runtimes.graph import graph_of

        graph = graph_of(model).SerializeToString()
    choice = _Choice(chosen, precision, hashlib.sha256(graph).hexdigest())
    place.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=place.parent))
    try:
        (beside / _GRAPH).write_bytes(graph)
        (beside / _ABOUT).write_text(json.dumps(choice._asdict()) + "\n", "utf-8")
        beside.chmod(0o755)  # temporary folders are private
        if place.exists():  # another export, or damage
            shutil.rmtree(place)
        beside.replace(place)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _may_have_gpu() -> bool:
    """Whether PyTorch might find a GPU: only it can tell for sure."""
    wanted = os.environ.get("MODISTE_DEVICE")
    return wanted != "cpu" if wanted else any(Path(sign).exists() for sign in _GPUS)


def _circumstances(model: ServedModel, runtime: str) -> str:
    """All that may change which engine is taken, as far as it is known without PyTorch."""
    wanted = [os.environ.get(name, "") for name in ("MODISTE_PRECISION", "MODISTE_DEVICE")]
    facts = [model.id, runtime, *wanted, *map(_version, _PACKAGES), _processor()]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _processor() -> str:
    """What the processor is and can do; instructions decide which engine is fastest."""
    told = ("model name", "flags", "Features")
    with suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
        return "\n".join(sorted({line for line in lines if line.startswith(told)}))
    return f"{platform.machine()} {platform.processor()}"


if __name__ == "__main__":
    try:
        prepare(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
    except ModisteError:  # whoever wanted it meets the same one, and tells it
        sys.exit(1)
