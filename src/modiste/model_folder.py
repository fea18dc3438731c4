"""Models on disk: a folder that describes itself and never executes anything when loaded.

::

    model.json            format, name, digest, network, preprocessing, labels, calibration, training
    weights.safetensors   matrices in half precision, finer than the bf16 they are multiplied in
    README.md             the card: data, command, seed, figures
    history.csv           the learning curve: a row per report
    history.png           the same, drawn; may be absent

Loading is strict: another format, a missing or surplus weight, or a digest that does not match is an error.
"""

from __future__ import annotations

import csv
import difflib
import hashlib
import io
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

from modiste import compute
from modiste.datasets.labels import Labels
from modiste.errors import DataError, ModelError
from modiste.model import Calibration, Model
from modiste.networks import NETWORKS, Network, ResNet, architecture_of
from modiste.preprocessing import Preprocess
from modiste.support_set import SupportMethod

__all__ = [
    "DAMAGE",
    "check_model_place",
    "find_model",
    "load_model",
    "read_calibration",
    "read_card",
    "read_network",
    "save_model",
    "shipped",
    "weights_of",
    "write_folder",
]

FORMAT = 1
DAMAGE = (KeyError, TypeError, ValueError, RuntimeError, OSError, SafetensorError, DataError)
"""What reading a damaged folder raises."""
ENCODERS = Path(__file__).parent / "encoders"


def shipped() -> dict[str, Path]:
    """The encoders that come with Modiste, by name."""
    return {path.parent.name: path.parent for path in sorted(ENCODERS.glob("*/model.json"))}


def weights_of(network: Network) -> dict[str, Tensor]:
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
) -> Model:
    """Write a model folder beside its place, then rename; an existing model there is replaced as a whole.

    ``history`` are the rows of ``history.csv``, and ``curve`` is the same as a PNG.
    Returns the model as `load_model` reads it back. `ModelError` when ``folder`` exists and is no model.
    """
    description = {
        "scale": scale,
        "labels": labels.as_dict(),
        "calibration": {
            "support": calibration.support.as_dict(),
            "confidence": dict(calibration.confidence),
            "threshold": calibration.threshold,
        },
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
) -> None:
    """The files of a model folder, beside its place, then renamed; ``description`` adds to ``model.json``.

    The digest is over the weights and what of the description shapes an answer: network, preprocessing,
    scale.
    """
    check_model_place(folder)
    weights = safetensors.torch.save(weights_of(network))
    shape = {
        "architecture": architecture_of(network),
        "network": network.config.as_dict(),
        "preprocess": preprocess.as_dict(),
        "scale": description["scale"],
    }
    whole = {"format": FORMAT, "name": name, "digest": _digest(weights, shape), **shape, **description}
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        (beside / "model.json").write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", "utf-8")
        (beside / "weights.safetensors").write_bytes(weights)
        (beside / "README.md").write_text(card, "utf-8")
        (beside / "history.csv").write_text(_as_csv(history), "utf-8")
        if curve is not None:
            (beside / "history.png").write_bytes(curve)
        beside.chmod(0o755)
        if folder.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{folder.name}-old-", dir=folder.parent))
            folder.replace(old)
            beside.replace(folder)
            shutil.rmtree(old)
        else:
            beside.replace(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def check_model_place(folder: Path) -> None:
    """`ModelError` if a model cannot be written here because something else is: ask before a long run."""
    if folder.is_file() or (
        folder.is_dir() and any(folder.iterdir()) and not (folder / "model.json").exists()
    ):
        raise ModelError(f"{folder} exists and is no model folder; choose another or empty it first")


def load_model(which: str | Path) -> Model:
    """A model folder, or a shipped encoder's name. `ModelError` says what is missing or does not fit."""
    folder = find_model(which)
    description = read_card(folder)
    if description.get("kind") == "labels":
        raise ModelError(
            f"{folder}: names labels and cannot search; use it with modiste classify, or train with --splits"
        )
    try:
        network = read_network(folder, description)
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
        )
    except DAMAGE as error:
        first_line = str(error).partition("\n")[0]
        raise ModelError(f"{folder}: damaged model folder ({type(error).__name__}: {first_line})") from error


def read_network(folder: Path, description: dict[str, Any]) -> Network:
    """The network of a folder with its weights, ready to answer.

    `ModelError` if they do not belong together, one of `DAMAGE` if the folder is damaged.
    """
    weights = (folder / "weights.safetensors").read_bytes()
    shape = {key: description[key] for key in ("architecture", "network", "preprocess", "scale")}
    if _digest(weights, shape) != description["digest"]:
        raise ModelError(f"{folder}: weights and description do not belong together; copy the folder anew")
    network_class, config_class = NETWORKS[shape["architecture"]]
    network: Network = network_class(config_class.from_dict(shape["network"]))
    network.load_state_dict(
        {k: t.float() if t.ndim > 1 else t for k, t in safetensors.torch.load(weights).items()}
    )
    return network.requires_grad_(False).eval().to(compute.device())


def read_card(folder: Path) -> dict[str, Any]:
    """``model.json`` without the weights: what `modiste models` lists."""
    return _read_description(folder)


def read_calibration(folder: Path) -> Calibration:
    """A model folder's calibration alone. `ModelError` if it is not usable."""
    try:
        return _calibration(_read_description(folder)["calibration"])
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{folder}: damaged calibration ({error})") from error


def _calibration(values: dict[str, Any]) -> Calibration:
    return Calibration(
        support=SupportMethod.from_dict(values["support"]),
        confidence=dict(values["confidence"]),
        threshold=float(values["threshold"]),
    )


def find_model(which: str | Path) -> Path:
    """The folder of a model: ``which`` itself, or a shipped encoder of that name. `ModelError` otherwise."""
    encoders = shipped()
    if str(which) in encoders:
        return encoders[str(which)]
    folder = Path(which)
    if (folder / "model.json").is_file():
        return folder
    near = difflib.get_close_matches(str(which), encoders, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    known = ", ".join(encoders) or "none"
    raise ModelError(f"{which}: neither a model folder (no model.json) nor a shipped encoder ({known}){hint}")


def _read_description(folder: Path) -> dict[str, Any]:
    try:
        description = json.loads((folder / "model.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{folder}: cannot read model.json ({error})") from error
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        found = description.get("format") if isinstance(description, dict) else None
        raise ModelError(
            f"{folder}: model format {FORMAT} expected, {found!r} found; update Modiste or retrain"
        )
    return description


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
