"""A run's whole state on disk, so that a killed run goes on where it stood and ends the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from modiste.errors import ModelError

__all__ = ["load_checkpoint", "save_checkpoint"]

Parts = dict[str, nn.Module | Optimizer]


def save_checkpoint(path: Path, parts: Parts, facts: dict[str, Any]) -> None:
    """Write the tensors of networks and optimisers and some JSON facts to one file, atomically."""
    tensors = {
        f"{part}/{key}": tensor.contiguous()
        for part, owner in parts.items()
        for key, tensor in _tensors(owner).items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".writing")
    save_file(tensors, beside, metadata={"facts": json.dumps(facts)})
    beside.replace(path)


def load_checkpoint(path: Path, parts: Parts) -> dict[str, Any]:
    """Fill networks and optimisers from the file and return its facts. `ModelError` if they do not fit."""
    try:
        with safe_open(path, "pt") as file:
            facts: dict[str, Any] = json.loads(file.metadata()["facts"])
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 - no dict
        for part, owner in parts.items():
            own = {k.removeprefix(f"{part}/"): t for k, t in tensors.items() if k.startswith(f"{part}/")}
            if isinstance(owner, nn.Module):
                owner.load_state_dict(own)
            else:
                _fill(owner, own)
    except (SafetensorError, KeyError, ValueError, RuntimeError, OSError) as error:
        raise ModelError(
            f"{path}: not a checkpoint of this run ({error}); remove it to start afresh"
        ) from error
    return facts


def _tensors(owner: nn.Module | Optimizer) -> dict[str, Tensor]:
    """A network's state, or an optimiser's as ``position.name``; tied to the order of its parameters."""
    if isinstance(owner, nn.Module):
        return dict(owner.state_dict())
    states = owner.state_dict()["state"]
    return {f"{i}.{name}": value for i, state in states.items() for name, value in state.items()}


def _fill(optimiser: Optimizer, tensors: dict[str, Tensor]) -> None:
    whole = optimiser.state_dict()
    states: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        position, name = key.split(".", 1)
        states.setdefault(int(position), {})[name] = tensor
    whole["state"] = states
    optimiser.load_state_dict(whole)
