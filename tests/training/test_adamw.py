"""AdamW computes what PyTorch's does, and no optimiser imports the compiler."""

from __future__ import annotations

import subprocess
import sys

import torch

from modiste.training.adamw import AdamW


def after_some_steps(kind: type[torch.optim.Optimizer]) -> torch.Tensor:
    torch.manual_seed(0)
    weight, bias = torch.nn.Parameter(torch.randn(5, 3)), torch.nn.Parameter(torch.randn(3))
    groups = [{"params": [weight], "weight_decay": 0.1}, {"params": [bias], "weight_decay": 0.0}]
    optimiser = kind(groups, lr=0.01, betas=(0.9, 0.95))  # type: ignore[call-arg]
    for _ in range(4):
        optimiser.zero_grad(set_to_none=True)
        (torch.randn(7, 5) @ weight + bias).square().mean().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
    assert optimiser.state_dict()["state"][0]["step"] == 4
    return torch.cat([weight.detach().flatten(), bias.detach()])


def test_it_computes_what_pytorchs_does() -> None:
    assert torch.equal(after_some_steps(AdamW), after_some_steps(torch.optim.AdamW))


TRAINED = """
import sys
import torch
from modiste.training.adamw import AdamW
from modiste.training.muon import Muon
weight = torch.nn.Parameter(torch.ones(3, 3))
for optimiser in (Muon([weight], 0.1), AdamW([weight], lr=0.1)):
    weight.sum().backward()
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)
    optimiser.load_state_dict(optimiser.state_dict())
print("torch._dynamo" in sys.modules)
print(float(torch.compile(lambda x: x + 1, backend="eager")(torch.ones(1))))
"""


def test_training_does_without_the_compiler_which_can_be_had_afterwards() -> None:
    done = subprocess.run([sys.executable, "-c", TRAINED], check=True, stdout=subprocess.PIPE, text=True)
    assert done.stdout.splitlines() == ["False", "2.0"]
