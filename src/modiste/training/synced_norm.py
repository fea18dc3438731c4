"""Batch normalisation by the statistics of the whole batch, of which each process sees a share.

`torch.nn.SyncBatchNorm` does the same on GPUs only. Statistics travel in float64 and are merged as Chan et
al. do (http://i.stanford.edu/pub/cstr/reports/cs/tr/79/773/CS-TR-79-773.pdf), so that nothing cancels.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from modiste.training.distributed import add_up

__all__ = ["SyncedBatchNorm", "synchronise"]


def synchronise(network: nn.Module) -> None:
    """Let every `torch.nn.BatchNorm2d` in ``network`` go by the batches of all processes, in place.

    Parameters keep their names, values and order. Layers of vectors (`torch.nn.BatchNorm1d`) stay as they
    are: they come after the photos' features are gathered, and see the whole batch anyway.
    """
    for parent in list(network.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, nn.BatchNorm2d):
                synced = SyncedBatchNorm(layer.num_features, eps=layer.eps, momentum=layer.momentum)
                synced.load_state_dict(layer.state_dict())
                setattr(parent, name, synced.to(layer.weight.device))


class SyncedBatchNorm(nn.BatchNorm2d):
    """`torch.nn.BatchNorm2d` over the pictures (N, C, H, W) of all processes; N may differ between them."""

    def forward(self, input: Tensor) -> Tensor:
        if not self.training:
            return super().forward(input)
        given = input, self.weight, self.bias, self.eps
        normalised, mean, variance, count = _Normalise.apply(*given)  # type: ignore[no-untyped-call]
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        assert self.momentum is not None
        with torch.no_grad():
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_((variance * (count / (count - 1))).float(), self.momentum)
            self.num_batches_tracked.add_(1)
        return normalised  # type: ignore[no-any-return]


class _Normalise(torch.autograd.Function):
    """Pictures in any precision; statistics and arithmetic in float32, rounded once at the end."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        own_variance, own_mean = torch.var_mean(x.float(), dim=(0, 2, 3), correction=0)
        own_count = torch.full_like(own_mean, x.numel() / x.shape[1])
        table = x.new_zeros(dist.get_world_size(), 3, x.shape[1], dtype=torch.float64)
        table[dist.get_rank()] = torch.stack([own_count, own_mean, own_variance])
        counts, means, variances = add_up(table).unbind(dim=1)
        count = counts.sum(dim=0)
        mean = (counts * means).sum(dim=0) / count
        variance = (counts * (variances + (means - mean).square())).sum(dim=0) / count
        mean_32, scale = mean.float(), (variance + eps).rsqrt().float()
        ctx.save_for_backward(x, weight, mean_32, scale, count)
        normalised = (x.float() - _wide(mean_32)) * _wide(scale * weight) + _wide(bias)
        ctx.mark_non_differentiable(mean_32, variance, count)
        return normalised.to(x.dtype), mean_32, variance, count

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        x, weight, mean, scale, count = ctx.saved_tensors
        grad = grads[0].float()
        standard = (x.float() - _wide(mean)) * _wide(scale)
        by_bias, by_weight = grad.sum(dim=(0, 2, 3)), (grad * standard).sum(dim=(0, 2, 3))
        shift, slope = (add_up(torch.stack([by_bias, by_weight]).double()) / count).float()
        by_x = (grad - _wide(shift) - standard * _wide(slope)) * _wide(scale * weight)
        return by_x.to(x.dtype), by_weight, by_bias, None


def _wide(channels: Tensor) -> Tensor:
    """(C,) to be used with (N, C, H, W)."""
    return channels.view(1, -1, 1, 1)
