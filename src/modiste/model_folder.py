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
import io
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import safetensors.torch
from torch import Tensor, nn

from modiste import compute
from modiste.datasets.labels import Labels
from modiste.errors import ModelError
from modiste.memory import Memory
from modiste.model import Model
from modiste.model_card import (
    DAMAGE,
    FORMAT,
    MOST_TOLD,
    REMEDY,
    WIDER_FORMAT,
    Calibration,
    as_json,
    calibration_of,
    checksum_of,
    digest_of,
    find_model,
    read_card,
    read_weights,
    read_whole,
    shipped,
)
from modiste.networks import NETWORKS, Network, ResNet, architecture_of
from modiste.networks.resnet import ResNetConfig
from modiste.networks.style import StyleConfig, StyleHead
from modiste.networks.text import TextConfig, TextMatcher
from modiste.preprocessing import Preprocess
from modiste.whole_folder import put_in_place

__all__ = [
    "check_model_place",
    "copy_calibrated",
    "find_model",
    "load_model",
    "read_calibration",
    "read_card",
    "read_history",
    "read_network",
    "save_model",
    "shipped",
    "store_calibration",
    "weights_of",
    "write_folder",
]


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
        remembered["memory"] = {"photos": len(memory), "digest": digest_of(photos, {})}
    newer = {"mirror", "members"} & network.config.as_dict().keys()  # described only where they matter
    wider = rich or remembered or newer
    whole = {
        "format": WIDER_FORMAT if wider else FORMAT,
        "name": name,
        "digest": digest_of(weights + rich_weights, shape),
        **shape,
        **remembered,
        **description,
    }
    whole["checksum"] = checksum_of(whole)
    with put_in_place(folder) as beside:
        (beside / "model.json").write_text(as_json(whole), "utf-8")
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


def _load(folder: Path) -> Model:
    description = read_card(folder)
    if description.get("kind") == "labels":
        raise ModelError(
            f"{folder}: names labels and cannot search; use it with modiste classify, or train with --splits"
        )
    weights, rich_weights = read_weights(folder, description)
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
        calibration=calibration_of(description["calibration"]),
        training=dict(description["training"]),
        card=(folder / "README.md").read_text("utf-8"),
        **_rich_parts(description.get("rich", {}), rich_weights),
        memory=_memory(folder, description, network.config),
    )


def read_network(folder: Path, description: dict[str, Any]) -> Network:
    """The network of a folder with its weights, ready to answer.

    `ModelError` if they do not belong together. For use in `read_whole`.
    """
    return _network(description, read_weights(folder, description)[0])


def _memory(folder: Path, description: dict[str, Any], config: ResNetConfig) -> Memory | None:
    if "memory" not in description:
        return None
    photos = (folder / "memory.safetensors").read_bytes()
    if digest_of(photos, {}) != description["memory"]["digest"]:
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
        return calibration_of(read_card(folder)["calibration"])
    except DAMAGE as error:
        raise ModelError(f"{folder}: damaged calibration ({str(error)[:MOST_TOLD]}); {REMEDY}") from error


def store_calibration(folder: Path, calibration: Calibration) -> None:
    """Give the model in ``folder`` another calibration; its id stays, as its vectors do.

    A reader, or a crash at any moment, finds the old calibration or the new one. `ModelError` if there is no
    usable model, ``OSError`` if nothing can be written.
    """
    description = read_card(folder)
    description["calibration"] = _as_dict(calibration)
    description["checksum"] = checksum_of(description)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", prefix=".model-", dir=folder, delete=False
    ) as new:
        beside = Path(new.name)
        try:
            new.write(as_json(description))
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


def _as_csv(history: Sequence[dict[str, float]]) -> str:
    text = io.StringIO()
    if history:
        writer = csv.DictWriter(text, list(history[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(history)
    return text.getvalue()
