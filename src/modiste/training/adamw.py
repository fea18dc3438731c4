"""PyTorch's AdamW without PyTorch's compiler.

Nothing is compiled here, but the first optimiser that is made imports the compiler, to keep itself out of
what it compiles: more than a second, in which a short run shows 3,000 photos. What is told to stay as it is
here is private to PyTorch; a version that does it otherwise will only take that second again.
"""

from __future__ import annotations

import inspect
import sys
from typing import Any

import torch
from torch.optim import Optimizer

__all__ = ["AdamW", "without_compiler"]


def without_compiler() -> None:
    """Have optimisers' methods run as they are, unless the compiler has been imported already.

    Each is wrapped by ``torch._compile._disable_dynamo``, which asks the compiler for a version of the method
    and keeps that beside the method itself. Here it finds that the method is that version.
    """
    wrapper = sys.modules.get("torch._compile")
    if wrapper is None or "torch._dynamo" in sys.modules:
        return
    for method in vars(Optimizer).values():
        if getattr(method, "__globals__", None) is vars(wrapper):
            method.__wrapped__.__dynamo_disable = method.__wrapped__


class AdamW(torch.optim.AdamW):
    """The same numbers; see the module."""

    def __init__(self, params: Any, **options: Any) -> None:
        without_compiler()
        super().__init__(params, **options)

    # Bare of what PyTorch wraps around it, which imports the compiler in every step.
    step = torch.no_grad()(inspect.unwrap(torch.optim.AdamW.step))
