"""Engines: one encoder, run by PyTorch, ONNX Runtime or OpenVINO.

The latter two run without PyTorch. They have as many workers as they are told, or else as PyTorch has threads
(``OMP_NUM_THREADS``); each takes some photos and computes them alone. Workers that never wait for each other
keep all cores busier than threads which share every layer, and the vector of a photo does not depend on how
many there are. PyTorch has threads of its own.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from modiste.errors import ModelError

if TYPE_CHECKING:
    import torch

    from modiste.model import Model

__all__ = ["PACKAGES", "ParallelEngine", "needed", "onnx_engine", "openvino_engine", "torch_engine"]

Vectors = NDArray[np.float32]
Pixels = NDArray[np.uint8]

# Photos a worker takes at a time: what they become in the first layers stays in a core's cache.
PORTION = 32

PACKAGES = {"onnx": "onnxruntime", "openvino": "openvino"}
"""The package that runs an export, by the runtime's name; Modiste's extras are called like the runtimes."""


# The first answer sets up OpenVINO's bindings for NumPy. Two threads that both wait for their first can stop
# each other for ever: one holds the interpreter and waits for the set-up, the other does the set-up and waits
# for the interpreter (OpenVINO 2026.4; see https://github.com/pybind/pybind11/pull/4877).
_FIRST_ANSWER = threading.Lock()


class ParallelEngine:
    """``run`` turns ``portion`` photos into vectors; ``workers`` threads call it side by side. See `Engine`.

    The smaller the ``portion``, the less memory is taken; it may be set at any time.

    >>> engine = ParallelEngine("lengths", lambda pixels: np.ones((len(pixels), 1), np.float32), 2, 1)
    >>> engine(np.zeros((70, 8, 8, 3), np.uint8)).shape
    (70, 1)
    """

    def __init__(
        self,
        name: str,
        run: Callable[[Pixels], Vectors],
        workers: int,
        dimension: int,
        *,
        variant: str = "",
        portion: int = PORTION,
    ) -> None:
        self.name = name
        self.variant = variant
        self._run = run
        self._dimension = dimension
        self.portion = portion
        self._workers = ThreadPoolExecutor(workers, "modiste-engine") if workers > 1 else None

    def __call__(self, pixels: Pixels) -> Vectors:
        pixels = np.ascontiguousarray(pixels)
        portions = [pixels[at : at + self.portion] for at in range(0, len(pixels), self.portion)]
        if not portions:
            return np.empty((0, self._dimension), np.float32)
        if len(portions) == 1:
            return self._run(pixels)
        each = map if self._workers is None else self._workers.map
        return np.concatenate(list(each(self._run, portions)))


def needed(package: str, extra: str) -> Any:
    """The optional ``package``; `ModelError` says which extra of Modiste brings it.

    OpenVINO tells its makers of every import, from a process that it forks. What runs here is nobody else's
    business, and a fork amid threads can stand still: it is imported as if that part were not installed. Nor
    does it bring its converter of other frameworks' models, 9 MB and half of the time; who wants that can
    still import it.
    """
    converter = "openvino.tools.ovc"
    if package == "openvino":  # None: not to be found
        sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
        sys.modules.setdefault(converter, None)  # type: ignore[arg-type]
    try:
        return import_module(package)
    except ImportError as error:
        raise ModelError(f"{package} is needed and not installed: pip install 'modiste[{extra}]'") from error
    finally:
        if sys.modules.get(converter, package) is None:
            del sys.modules[converter]


def torch_engine(model: Model, precision: torch.dtype) -> ParallelEngine:
    """PyTorch with its normalisations folded away and weights converted once, not in every call."""
    import torch

    from modiste import compute
    from modiste.model import BATCH
    from modiste.networks.folded import fold

    name = next(name for name, kind in compute.PRECISIONS.items() if kind == precision)
    network, preprocess = model.network, model.preprocess
    module = fold(network).torch(precision)
    mean = torch.tensor(preprocess.mean).view(1, 3, 1, 1)
    std = torch.tensor(preprocess.std).view(1, 3, 1, 1)

    def run(pixels: Pixels) -> Vectors:
        with torch.inference_mode():
            photos = torch.from_numpy(np.array(pixels)).permute(0, 3, 1, 2)
            pictures = (photos.float() - mean) / std
            if network.mirror:
                one, mirrored = module(torch.cat([pictures, pictures.flip(3)])).chunk(2)
                features = (one + mirrored) / 2
            else:
                features = module(pictures)
            vectors: Vectors = network.embed(features).numpy()
        return vectors

    return ParallelEngine(f"torch-{name}", run, 1, model.dimension, portion=BATCH)


def onnx_engine(
    graph: bytes | Path, dimension: int, *, precision: str, variant: str = "", workers: int | None = None
) -> ParallelEngine:
    """ONNX Runtime on the processor, from a graph in memory or a file."""
    runtime = needed("onnxruntime", "onnx")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # warnings are about graphs that could be a little faster
    session = runtime.InferenceSession(
        graph if isinstance(graph, bytes) else str(graph), options, providers=["CPUExecutionProvider"]
    )
    source = session.get_inputs()[0].name

    def run(pixels: Pixels) -> Vectors:
        vectors: Vectors = session.run(None, {source: pixels})[0]
        return vectors

    return ParallelEngine(f"onnx-{precision}", run, workers or _threads(), dimension, variant=variant)


def openvino_engine(
    graph: bytes | Path, dimension: int, *, precision: str, variant: str = "", workers: int | None = None
) -> ParallelEngine:
    """OpenVINO on the processor, from an ONNX graph in memory or a file of either format.

    ``precision`` ``bf16`` has it multiply in bfloat16; an int8 graph does so wherever the graph says.
    """
    core = needed("openvino", "openvino").Core()
    workers = workers or _threads()
    compiled = core.compile_model(
        core.read_model(graph),
        "CPU",
        {
            "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32",
            "INFERENCE_NUM_THREADS": workers,
            "NUM_STREAMS": workers,
            "ENABLE_CPU_PINNING": False,  # cores are shared with the threads that decode
        },
    )
    # A request is for one thread at a time; a server may have more threads than there are workers.
    free: SimpleQueue[Any] = SimpleQueue()
    for _ in range(workers):
        free.put(compiled.create_infer_request())

    def run(pixels: Pixels) -> Vectors:
        request = free.get()
        try:
            vectors: Vectors = np.array(next(iter(request.infer([pixels]).values())))
            return vectors
        finally:
            free.put(request)

    height, width, colours = (side.get_length() for side in list(compiled.input(0).partial_shape)[1:])
    with _FIRST_ANSWER:
        run(np.zeros((1, height, width, colours), np.uint8))
    return ParallelEngine(f"openvino-{precision}", run, workers, dimension, variant=variant)


def _threads() -> int:
    import torch

    return torch.get_num_threads()
