"""Several processes train one network: each sees its share of every batch, and all hold the same weights.

``torchrun`` starts them; gloo joins them on processors, NCCL on GPUs. The learning curve is that of one
process with the same batch, for three reasons:

- what is random is drawn for the whole batch by every process, and each takes its share (`Share`);
- batch normalisation goes by the whole batch (`modiste.training.synced_norm`);
- the photos' features are gathered, gradients and all, and everything after the trunk is computed for the
  whole batch by every process: the losses that compare photos see all of them, and weighted means are right.

Each process thus has the loss of the whole batch, not of its share, and gradients cross processes on the way
back through what was gathered. That is why there is no ``DistributedDataParallel`` around the network: it
averages the gradients of losses that know nothing of each other. What is left to do is one sum over all
gradients after the backward pass, which for networks as small as these costs less than to sum in pieces.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from types import FrameType
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from modiste import compute
from modiste.errors import ModisteError, RecipeError

__all__ = ["Ranks", "Share", "add_up", "joined", "leads"]

PATIENCE = timedelta(minutes=30)  # for a process that stands still; one that ends is noticed at once


def leads() -> bool:
    """Whether this process speaks and writes files for all that ``torchrun`` started; alone, it does.

    >>> leads()
    True
    """
    if dist.is_available() and dist.is_initialized():
        return dist.get_rank() == 0
    return int(os.environ.get("RANK", "0")) == 0


@contextmanager
def joined() -> Iterator[None]:
    """Join the processes that ``torchrun`` started with this one, for as long as the block lasts.

    A process on its own, or one that its caller has joined to others already, is left as it is.

    >>> with joined():
    ...     Ranks().size
    1
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1 or dist.is_initialized():
        yield
        return
    device = compute.device()
    if device.type == "cuda":
        dist.init_process_group("nccl", timeout=PATIENCE, device_id=device)
    else:
        dist.init_process_group("gloo", timeout=PATIENCE)
    try:
        yield
    finally:
        dist.destroy_process_group()


def add_up(values: Tensor) -> Tensor:
    """The sum over all processes, in place; the same bits everywhere. `ModisteError` if one is gone."""
    try:
        dist.all_reduce(values)
    except RuntimeError as error:
        raise ModisteError(
            "another process of this run ended or does not answer; see what it said, and go on with --resume "
            f"({str(error).partition(chr(10))[0]})"
        ) from error
    return values


@dataclass(frozen=True)
class Share:
    """Rows ``start`` to ``stop`` of a batch of ``total``: those that one process sees, never none.

    >>> Share(3, 6, 12).every(4)  # of rows 0, 4 and 8 it has the second
    Share(start=1, stop=2, total=3)
    """

    start: int
    stop: int
    total: int

    @property
    def rows(self) -> slice:
        return slice(self.start, self.stop)

    def every(self, nth: int) -> Share:
        """The same process's share of every ``nth`` row of the batch."""
        return Share(*(-(-place // nth) for place in (self.start, self.stop, self.total)))

    def gather(self, rows: Tensor) -> Tensor:
        """The shares (stop - start, …) of all processes, one after another (total, …), differentiable."""
        if (self.start, self.stop) == (0, self.total):
            return rows
        whole: Tensor = _Gather.apply(rows, self)  # type: ignore[no-untyped-call]
        return whole


class _Gather(torch.autograd.Function):
    """Sums with zeros, which are exact, and work for shares of different sizes."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, share: Share) -> Tensor:
        ctx.share = share
        whole = rows.new_zeros(share.total, *rows.shape[1:])
        whole[share.rows] = rows
        return add_up(whole)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        return add_up(grads[0].clone(memory_format=torch.contiguous_format))[ctx.share.rows], None


class Ranks:
    """The processes that train together, seen from one of them: number ``rank`` of ``size``.

    >>> Ranks().share(10)  # alone
    Share(start=0, stop=10, total=10)
    """

    def __init__(self) -> None:
        together = dist.is_available() and dist.is_initialized()
        self.rank = dist.get_rank() if together else 0
        self.size = dist.get_world_size() if together else 1
        self._interrupted = self._stopped = False
        self._before: Any = None

    def share(self, batch: int, *, at_least: int = 1) -> Share:
        """This process's share of a batch; `RecipeError` if it has not ``at_least`` as many for each."""
        if batch < at_least * self.size:
            raise RecipeError(
                f"batches of {batch} photos are too small for {self.size} processes, which need at least "
                f"{at_least} each; start fewer, or use a recipe with a larger batch"
            )
        start, stop = (batch * rank // self.size for rank in (self.rank, self.rank + 1))
        return Share(start, stop, batch)

    def mean(self, values: Tensor) -> Tensor:
        """The mean over all processes, the same bits everywhere."""
        if self.size == 1:
            return values
        return (add_up(values.to(compute.device(), copy=True)) / self.size).to(values.device)

    def wait(self) -> None:
        """Go on when all processes are here."""
        self.mean(torch.zeros(1))

    def average_gradients(self, parameters: Iterable[Tensor]) -> None:
        """Give every process the mean of all processes' gradients.

        Whether somebody pressed Ctrl-C travels with them: all processes raise ``KeyboardInterrupt`` at the
        same step.
        """
        if self.size == 1:
            return
        grads = [parameter.grad for parameter in parameters if parameter.grad is not None]
        interrupted = grads[0].new_full((1,), float(self._interrupted))
        flat = add_up(torch.cat([*(grad.flatten() for grad in grads), interrupted]))
        if flat[-1] > 0:
            self._stopped = True
            raise KeyboardInterrupt
        flat /= self.size
        for grad, mean in zip(grads, torch.split(flat[:-1], [grad.numel() for grad in grads]), strict=True):
            grad.copy_(mean.view_as(grad))

    def listen(self) -> None:
        """From now on Ctrl-C waits for `average_gradients`; a second one does not."""
        if self.size > 1 and threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._interrupt)

    def stop_listening(self) -> None:
        """Ctrl-C is as it was, unless it ended the run: this process's own may be still to come."""
        if self._before is not None and not self._stopped:
            signal.signal(signal.SIGINT, self._before)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if self._interrupted:
            raise KeyboardInterrupt
        self._interrupted = True
