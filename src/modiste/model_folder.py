"""Models on disk: a folder that describes itself and never executes anything when loaded.

::

    model.json            format, name, digest, network, preprocessing, labels, calibration, training
    weights.safetensors   matrices in half precision, finer than the bf16 they are multiplied in
    rich.safetensors      the same of style head and text encoder; only in models of the rich regime
    memory.safetensors    vectors and types of the training photos; only in models that remember them
    README.md             the card: data, command, seed, figures
    history.csv           the learning curve: a row per report
    history.png           the same, drawn; may be absent

Loading is strict: another format, a missing or surplus weight, or a digest that does not match is an error.
A model is replaced as a whole (see `modiste.whole_folder`), and who is just reading it then reads it again.
"""

from __future__ import annotations

import csv
import difflib
import hashlib
import io
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor, nn

from modiste import compute
from modiste.datasets.labels import Labels
from modiste.errors import DataError, ModelError
from modiste.memory import Memory
from modiste.model import Calibration, MeasuredCurve, Model
from modiste.networks import NETWORKS, Network, ResNet, architecture_of
from modiste.networks.resnet import ResNetConfig
from modiste.networks.style import StyleConfig, StyleHead
from modiste.networks.text import TextConfig, TextMatcher
from modiste.preprocessing import Preprocess
from modiste.support_set import SupportMethod
from modiste.whole_folder import put_in_place, restore

__all__ = [
    "check_model_place",
    "copy_calibrated",
    "find_model",
    "load_model",
    "read_calibration",
    "read_card",
    "read_history",
    "read_network",
    "read_whole",
    "save_model",
    "shipped",
    "store_calibration",
    "weights_of",
    "write_folder",
]

Read = TypeVar("Read")
FORMAT = 1
REMEDY = "copy the folder anew, or train again"
MOST_TOLD = 200  # letters of what went wrong inside
WIDER_FORMAT = 2  # with rich.safetensors or a memory: whoever reads format 1 alone would overlook them
_DAMAGE = (  # what reading a damaged folder raises
    *(LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RuntimeError, OSError),
    SafetensorError,
    DataError,
)
ENCODERS = Path(__file__).parent / "encoders"


def shipped() -> dict[str, Path]:
    """The encoders that come with Modiste, by name."""
    return {path.parent.name: path.parent for path in sorted(ENCODERS.glob("*/model.json"))}


def weights_of(network: nn.Module) -> dict[str, Tensor]:
    """A network's state as it is stored: matrices and kernels in half precision, the rest in full."""
    return {
        name: (tensor.half() if tensor.is_floating_point() and tensor.ndim > 1 else tensor).contiguous().cpu()
        for name, tensor in network.state_dict().items()
    }


def save_model(
    folder: Path,
    *,
    name: str,
    network: ResNet,
    preprocess: Preprocess,
    labels: Labels,
    scale: float,
    calibration: Calibration,
    training: dict[str, Any],
    card: str,
    history: Sequence[dict[str, float]] = (),
    curve: bytes | None = None,
    style_head: StyleHead | None = None,
    text_matcher: TextMatcher | None = None,
    memory: Memory | None = None,
) -> Model:
    """Write a model folder; at every moment a model that was there is, or the new one, as a whole.

    ``history`` are the rows of ``history.csv``, and ``curve`` is the same as a PNG. A model of the rich
    regime also has a ``style_head``, a ``text_matcher`` or both; one that remembers its photos a ``memory``.
    Returns the model as `load_model` reads it back. `ModelError` when ``folder`` exists and is no model.
    """
    rich: dict[str, StyleHead | TextMatcher] = {}
    if style_head is not None:
        rich["style"] = style_head
    if text_matcher is not None:
        rich["text"] = text_matcher
    description = {
        "scale": scale,
        "labels": labels.as_dict(),
        "calibration": _as_dict(calibration),
        "training": training,
    }
    write_folder(
        folder,
        name=name,
        network=network,
        preprocess=preprocess,
        description=description,
        card=card,
        history=history,
        curve=curve,
        rich=rich,
        memory=memory,
    )
    return load_model(folder)


def write_folder(
    folder: Path,
    *,
    name: str,
    network: Network,
    preprocess: Preprocess,
    description: dict[str, Any],
    card: str,
    history: Sequence[dict[str, float]] = (),
    curve: bytes | None = None,
    rich: Mapping[str, StyleHead | TextMatcher] | None = None,
    memory: Memory | None = None,
) -> None:
    """The files of a model folder, in place as a whole; ``description`` adds to ``model.json``.

    ``rich`` are the parts of ``rich.safetensors``. The digest is over the weights and what of the description
    shapes a vector: network, preprocessing, scale, and how the rich parts are built. The ``memory`` has a
    digest of its own.
    """
    check_model_place(folder)
    weights = safetensors.torch.save(weights_of(network))
    shape: dict[str, Any] = {
        "architecture": architecture_of(network),
        "network": network.config.as_dict(),
        "preprocess": preprocess.as_dict(),
        "scale": description["scale"],
    }
    rich_weights = b""
    if rich:
        shape["rich"] = {which: part.config.as_dict() for which, part in rich.items()}
        rich_weights = safetensors.torch.save(
            {f"{which}.{k}": t for which, part in rich.items() for k, t in weights_of(part).items()}
        )
    remembered: dict[str, Any] = {}
    if memory is not None:
        photos = memory.as_bytes()
        remembered["memory"] = {"photos": len(memory), "digest": _digest(photos, {})}
    whole = {
        "format": WIDER_FORMAT if rich or remembered else FORMAT,
        "name": name,
        "digest": _digest(weights + rich_weights, shape),
        **shape,
        **remembered,
        **description,
    }
    whole["checksum"] = _checksum(whole)
    with put_in_place(folder) as beside:
        (beside / "model.json").write_text(_as_json(whole), "utf-8")
        (beside / "weights.safetensors").write_bytes(weights)
        if rich:
            (beside / "rich.safetensors").write_bytes(rich_weights)
        if remembered:
            (beside / "memory.safetensors").write_bytes(photos)
        (beside / "README.md").write_text(card, "utf-8")
        (beside / "history.csv").write_text(_as_csv(history), "utf-8")
        if curve is not None:
            (beside / "history.png").write_bytes(curve)


def check_model_place(folder: Path) -> None:
    """`ModelError` if a model cannot be written here because something else is: ask before a long run."""
    if folder.is_file() or (
        folder.is_dir() and any(folder.iterdir()) and not (folder / "model.json").exists()
    ):
        raise ModelError(f"{folder} exists and is no model folder; choose another or empty it first")


def load_model(which: str | Path) -> Model:
    """A model folder, or a shipped encoder's name. `ModelError` says what is missing or does not fit."""
    return read_whole(which, _load)


def read_whole(which: str | Path, read: Callable[[Path], Read]) -> Read:
    """What ``read`` makes of a model's folder; read again if another took its place under the reader's eyes.

    `ModelError` if it is damaged, which may make ``read`` raise almost anything.
    """
    while True:
        folder = find_model(which)
        before = _stamp(folder)
        try:
            found = read(folder)
        except (ModelError, *_DAMAGE) as error:
            if before != _stamp(folder):
                continue
            if isinstance(error, ModelError):
                raise
            first_line = str(error).partition("\n")[0][:MOST_TOLD]
            raise ModelError(
                f"{folder}: damaged model folder ({type(error).__name__}: {first_line}); {REMEDY}"
            ) from error
        if before == _stamp(folder):
            return found


def _stamp(folder: Path) -> tuple[int, ...]:
    """Which folder it is, and in which state; never the same twice if there is none."""
    try:
        found = folder.stat()
    except FileNotFoundError:
        return (time.monotonic_ns(),)
    return found.st_ino, found.st_mtime_ns, found.st_ctime_ns


def _load(folder: Path) -> Model:
    description = read_card(folder)
    if description.get("kind") == "labels":
        raise ModelError(
            f"{folder}: names labels and cannot search; use it with modiste classify, or train with --splits"
        )
    weights, rich_weights = _weights(folder, description)
    network = _network(description, weights)
    if not isinstance(network, ResNet):
        raise ModelError(f"{folder}: a resnet expected, which alone can search")
    return Model(
        name=str(description["name"]),
        digest=str(description["digest"]),
        network=network,
        preprocess=Preprocess.from_dict(description["preprocess"]),
        labels=Labels.from_dict(description["labels"]),
        scale=float(description["scale"]),
        calibration=_calibration(description["calibration"]),
        training=dict(description["training"]),
        card=(folder / "README.md").read_text("utf-8"),
        **_rich_parts(description.get("rich", {}), rich_weights),
        memory=_memory(folder, description, network.config),
    )


def read_network(folder: Path, description: dict[str, Any]) -> Network:
    """The network of a folder with its weights, ready to answer.

    `ModelError` if they do not belong together. For use in `read_whole`.
    """
    return _network(description, _weights(folder, description)[0])


def _weights(folder: Path, description: dict[str, Any]) -> tuple[bytes, bytes]:
    """The network's weights and the rich parts', which belong to the description; `ModelError` if not."""
    weights, rich_weights = (folder / "weights.safetensors").read_bytes(), b""
    shape = {key: description[key] for key in ("architecture", "network", "preprocess", "scale")}
    if description["format"] == WIDER_FORMAT and "rich" in description:
        shape["rich"] = description["rich"]
        rich_weights = (folder / "rich.safetensors").read_bytes()
    if _digest(weights + rich_weights, shape) != description["digest"]:
        raise ModelError(f"{folder}: weights and description do not belong together; {REMEDY}")
    return weights, rich_weights


def _memory(folder: Path, description: dict[str, Any], config: ResNetConfig) -> Memory | None:
    if "memory" not in description:
        return None
    photos = (folder / "memory.safetensors").read_bytes()
    if _digest(photos, {}) != description["memory"]["digest"]:
        raise ModelError(f"{folder}: memory and description do not belong together; {REMEDY}")
    memory = Memory.from_bytes(photos)
    if memory.dimension != config.dimension or memory.types.max() >= config.types:
        raise ValueError("memory.safetensors is of another network")
    return memory


def _network(description: dict[str, Any], weights: bytes) -> Network:
    network_class, config_class = NETWORKS[description["architecture"]]
    network: Network = network_class(config_class.from_dict(description["network"]))
    network.load_state_dict(
        {k: t.float() if t.ndim > 1 else t for k, t in safetensors.torch.load(weights).items()}
    )
    return network.requires_grad_(False).eval().to(compute.device())


def read_card(folder: Path) -> dict[str, Any]:
    """``model.json`` without the weights: what `modiste models` lists. `ModelError` if it is damaged."""
    return _read_description(folder)


def read_history(which: str | Path) -> list[dict[str, float]]:
    """The learning curve of a model folder or a shipped encoder: a row per report, empty where it has none.

    `ModelError` when it is no model, or its curve no table of numbers.
    """
    file = find_model(which) / "history.csv"
    if not file.exists():
        return []
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(lines)]
    except (TypeError, ValueError, OSError, csv.Error) as problem:
        raise ModelError(
            f"{file}: expected a table of numbers; {str(problem)[:MOST_TOLD]}; copy it anew, or remove it"
        ) from problem


def read_calibration(folder: Path) -> Calibration:
    """A model folder's calibration alone. `ModelError` if it is not usable."""
    try:
        return _calibration(_read_description(folder)["calibration"])
    except _DAMAGE as error:
        raise ModelError(f"{folder}: damaged calibration ({str(error)[:MOST_TOLD]}); {REMEDY}") from error


def store_calibration(folder: Path, calibration: Calibration) -> None:
    """Give the model in ``folder`` another calibration; its id stays, as its vectors do.

    A reader, or a crash at any moment, finds the old calibration or the new one. `ModelError` if there is no
    usable model, ``OSError`` if nothing can be written.
    """
    description = _read_description(folder)
    description["calibration"] = _as_dict(calibration)
    description["checksum"] = _checksum(description)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", prefix=".model-", dir=folder, delete=False
    ) as new:
        beside = Path(new.name)
        try:
            new.write(_as_json(description))
            new.flush()
            os.fsync(new.fileno())
            beside.chmod(0o644)
            beside.replace(folder / "model.json")
        except BaseException:
            beside.unlink(missing_ok=True)
            raise


def copy_calibrated(source: Path, out: Path, calibration: Calibration) -> None:
    """A copy of the model in ``source`` with another calibration, at ``out``: whole or not there.

    `ModelError` if there is something already or no usable model, ``OSError`` if it cannot be written.
    """
    with put_in_place(out) as beside:
        if out.exists():
            raise ModelError(f"{out}: already there; give a new folder for the calibrated copy")
        shutil.copytree(source, beside, dirs_exist_ok=True)
        store_calibration(beside, calibration)


def _rich_parts(configs: dict[str, Any], weights: bytes) -> dict[str, Any]:
    """The style head and text encoder of a rich model, by the fields of `Model`; strict like all loading."""
    tensors = {k: t.float() for k, t in safetensors.torch.load(weights).items()} if weights else {}
    parts: dict[str, StyleHead | TextMatcher] = {}
    if "style" in configs:
        parts["style_head"] = StyleHead(StyleConfig.from_dict(configs["style"]))
    if "text" in configs:
        parts["text_matcher"] = TextMatcher(TextConfig.from_dict(configs["text"]))
    for name, part in parts.items():
        prefix = f"{name.partition('_')[0]}."
        part.load_state_dict(
            {k.removeprefix(prefix): tensors.pop(k) for k in list(tensors) if k.startswith(prefix)}
        )
        part.requires_grad_(False).eval().to(compute.device())
    if tensors:
        raise ValueError(f"rich.safetensors has weights of an unknown part, such as {min(tensors)}")
    return parts


def _calibration(values: dict[str, Any]) -> Calibration:
    return Calibration(
        support=SupportMethod.from_dict(values["support"]),
        confidence=dict(values["confidence"]),
        threshold=float(values["threshold"]),
        style_pull=float(values["style_pull"]) if "style_pull" in values else None,
        guarantee=dict(values["guarantee"]) if "guarantee" in values else None,
        curve=MeasuredCurve.from_dict(values["curve"]) if "curve" in values else None,
    )


def _as_dict(calibration: Calibration) -> dict[str, Any]:
    values: dict[str, Any] = {
        "support": calibration.support.as_dict(),
        "confidence": dict(calibration.confidence),
        "threshold": calibration.threshold,
    }
    if calibration.style_pull is not None:
        values["style_pull"] = calibration.style_pull
    if calibration.guarantee is not None:
        values["guarantee"] = dict(calibration.guarantee)
    if calibration.curve is not None:
        values["curve"] = calibration.curve.as_dict()
    return values


def _as_json(description: dict[str, Any]) -> str:
    return json.dumps(description, indent=1, ensure_ascii=False) + "\n"


def find_model(which: str | Path) -> Path:
    """The folder of a model: ``which`` itself, or a shipped encoder of that name. `ModelError` otherwise."""
    encoders = shipped()
    if str(which) in encoders:
        return encoders[str(which)]
    folder = Path(which)
    if not (folder / "model.json").is_file():
        restore(folder)
    if (folder / "model.json").is_file():
        return folder
    near = difflib.get_close_matches(str(which), encoders, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    known = ", ".join(encoders) or "none"
    raise ModelError(f"{which}: neither a model folder (no model.json) nor a shipped encoder ({known}){hint}")


def _read_description(folder: Path) -> dict[str, Any]:
    try:
        description = json.loads((folder / "model.json").read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ModelError(f"{folder}: cannot read model.json ({str(error)[:MOST_TOLD]}); {REMEDY}") from error
    if not isinstance(description, dict) or description.get("format") not in (FORMAT, WIDER_FORMAT):
        found = description.get("format") if isinstance(description, dict) else None
        raise ModelError(
            f"{folder}: model format {FORMAT} or {WIDER_FORMAT} expected, {repr(found)[:MOST_TOLD]} found; "
            "update Modiste or retrain"
        )
    if description.get("checksum", kept := _checksum(description)) != kept:
        raise ModelError(
            f'{folder}: model.json is not as it was written; {REMEDY}, or take out its line "checksum" if '
            "you changed it on purpose"
        )
    return description


def _checksum(description: dict[str, Any]) -> str:
    """12 hex digits over all of ``model.json``, however it is laid out, but this line itself."""
    as_read = json.loads(_as_json({k: v for k, v in description.items() if k != "checksum"}))
    return hashlib.sha256(json.dumps(as_read, sort_keys=True).encode()).hexdigest()[:12]


def _digest(weights: bytes, shape: dict[str, Any]) -> str:
    """12 hex digits over all that decides what vector a photo gets."""
    text = json.dumps(shape, sort_keys=True).encode()
    return hashlib.sha256(weights + text).hexdigest()[:12]


def _as_csv(history: Sequence[dict[str, float]]) -> str:
    text = io.StringIO()
    if history:
        writer = csv.DictWriter(text, list(history[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(history)
    return text.getvalue()
