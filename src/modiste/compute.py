"""Where and in which precision networks run, decided once per process by what this machine is good at."""

from __future__ import annotations

import ctypes
import functools
import os
import time

import torch
import torch.nn.functional as F
from torch import Tensor

from modiste.errors import ModisteError

__all__ = ["device", "keep_freed_memory", "precision"]

# As in glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4

PRECISIONS = {"bf16": torch.bfloat16, "fp32": torch.float32}


@functools.cache
def device() -> torch.device:
    """The first GPU, or else the processor. ``MODISTE_DEVICE`` overrides (``cpu``, ``cuda``, ``cuda:1``).

    Each process that ``torchrun`` starts on a machine has a GPU of its own; `ModisteError` if GPUs are fewer.
    """
    wanted = os.environ.get("MODISTE_DEVICE") or ("cuda" if torch.cuda.is_available() else "cpu")
    own = os.environ.get("LOCAL_RANK")
    if wanted == "cuda" and own is not None:
        if int(own) >= torch.cuda.device_count():
            raise ModisteError(
                f"process {own} (from 0) of this machine has no GPU of its own, there are "
                f"{torch.cuda.device_count()}; start as many processes as GPUs, or set MODISTE_DEVICE=cpu"
            )
        wanted = f"cuda:{own}"
    return torch.device(wanted)


@functools.cache
def precision() -> torch.dtype:
    """bfloat16 where its convolutions are at least 1.2 times as fast here as float32 ones, else float32.

    Processors with bf16 instructions gain about threefold; on others bf16 is emulated and slower, which
    only a measurement tells. It takes some 50 ms. ``MODISTE_PRECISION`` (``bf16``, ``fp32``) overrides.
    """
    wanted = os.environ.get("MODISTE_PRECISION")
    if wanted is not None:
        if wanted not in PRECISIONS:
            raise ModisteError(f"MODISTE_PRECISION is {wanted!r}; expected one of {', '.join(PRECISIONS)}")
        return PRECISIONS[wanted]
    generator = torch.Generator().manual_seed(0)
    pictures = torch.rand(32, 64, 20, 15, generator=generator).to(device(), memory_format=torch.channels_last)
    weights = torch.rand(64, 64, 3, 3, generator=generator).to(device(), memory_format=torch.channels_last)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # threads that wait for each other would measure what else the machine does
    try:
        half, full = (
            min(_seconds(pictures.to(kind), weights.to(kind)) for _ in range(6))
            for kind in (torch.bfloat16, torch.float32)
        )
    finally:
        torch.set_num_threads(threads)
    return torch.bfloat16 if 1.2 * half < full else torch.float32


def _seconds(pictures: Tensor, weights: Tensor) -> float:
    """What a convolution takes: the processor's own time, or by the clock on a GPU, whose work it is not."""
    clock = time.thread_time if pictures.device.type == "cpu" else time.perf_counter
    start = clock()
    with torch.inference_mode():
        F.conv2d(pictures, weights, padding=1).sum().item()  # item() waits for a GPU
    return clock() - start


@functools.cache
def keep_freed_memory() -> None:
    """Have the process reuse the blocks that tensors leave instead of giving them back to the system.

    Every step of training frees and takes the same hundreds of megabytes, and the system hands out fresh
    pages one fault at a time: 12,000 of them and a tenth of a step, or 470,000 and half of it where pictures
    are large. Only glibc can be told (mallopt(3)); elsewhere nothing happens.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    if mallopt is not None:
        mallopt(_M_MMAP_MAX, 0)  # no block by itself, however large
        mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
