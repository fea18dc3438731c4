"""A trained residual network in fewer steps: batch normalisations folded into the convolutions.

What a normalisation does after training is a factor and a sum for each channel, which a convolution can do by
the way. Half of the steps are gone, and with them most of what a single photo takes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from modiste.networks.resnet import Block, ResNet, striped

__all__ = ["Convolution", "Folded", "FoldedBlock", "Projection", "fold", "projection_of"]

Array = NDArray[np.float32]


class Convolution(NamedTuple):
    """``weight`` (out, in / groups, k, k) and ``bias`` (out,)."""

    weight: Array
    bias: Array
    groups: int = 1


class FoldedBlock(NamedTuple):
    """Two convolutions beside a shortcut, which is a third one where the number of channels changes."""

    halve: bool
    first: Convolution
    second: Convolution
    shortcut: Convolution | None


class Projection(NamedTuple):
    """``features[:, -F:] @ weight (F, D) + bias (D,)``; with ``types`` (D, types), cosines with columns."""

    weight: Array
    bias: Array
    types: Array | None = None


class Folded(NamedTuple):
    """The convolutions of a network in the order of the data; ``depths`` are its blocks in each stage.

    The last stage but one is averaged in so many ``stripes``.
    """

    stem: Convolution
    blocks: tuple[FoldedBlock, ...]
    depths: tuple[int, ...]
    stripes: int

    def torch(self, precision: torch.dtype) -> nn.Module:
        """The same as a module: pictures (N, 3, H, W) → pooled features (N, D) in float32."""
        return _Module(self, precision)


def fold(network: ResNet) -> Folded:
    """The convolutions of a trained ``network``; its features come out as from the network itself.

    >>> from modiste.networks import ResNetConfig
    >>> network = ResNet(ResNetConfig(types=5, categories=2, widths=(8, 16), depths=(1, 1))).eval()
    >>> pictures = torch.rand(2, 3, 20, 15)
    >>> with torch.no_grad():
    ...     torch.allclose(fold(network).torch(torch.float32)(pictures), network(pictures), atol=1e-5)
    True
    """
    blocks = []
    for block in network.blocks:
        assert isinstance(block, Block)
        shortcut = None
        if isinstance(block.shortcut, nn.Conv2d):
            weight = _array(block.shortcut.weight)
            shortcut = Convolution(weight, np.zeros(len(weight), np.float32), block.shortcut.groups)
        blocks.append(
            FoldedBlock(
                block.halve, _folded(block.conv1, block.norm1), _folded(block.conv2, block.norm2), shortcut
            )
        )
    stem, config = _folded(network.stem, network.stem_norm), network.config
    return Folded(stem, tuple(blocks), config.depths, config.stripes)


def projection_of(network: ResNet) -> Projection:
    """What turns pooled features into vectors, before these get length 1; see `ResNet.embed`."""
    config = network.config
    if config.features == "pooled":
        whitening = network.whole_whitening().double()
        return Projection(_array(whitening), _array(-network.centre.double() @ whitening))
    norm = network.project_norm
    assert norm.running_var is not None
    assert norm.running_mean is not None
    scale = torch.rsqrt(norm.running_var.double() + norm.eps)
    weight = (network.project.weight.double() * scale[:, None]).T
    bias = -norm.running_mean.double() * scale
    if config.features == "projection":
        return Projection(_array(weight), _array(bias))
    heads = network.type_head.double()
    if config.head == "linear":
        assert network.type_bias is not None
        return Projection(_array(weight @ heads.T), _array(bias @ heads.T + network.type_bias.double()))
    return Projection(_array(weight), _array(bias), _array(F.normalize(heads, dim=1).T))


class _Module(nn.Module):
    def __init__(self, folded: Folded, precision: torch.dtype) -> None:
        super().__init__()
        self._precision = precision
        self._stem = self._tensors(folded.stem)
        self._blocks = [
            (
                block.halve,
                self._tensors(block.first),
                self._tensors(block.second),
                None if block.shortcut is None else self._tensors(block.shortcut),
            )
            for block in folded.blocks
        ]
        self._depths, self._stripes = folded.depths, folded.stripes
        self._groups = folded.blocks[0].first.groups

    def _tensors(self, convolution: Convolution) -> tuple[Tensor, Tensor]:
        weight, bias = (torch.from_numpy(array).to(self._precision) for array in convolution[:2])
        return weight.contiguous(memory_format=torch.channels_last), bias

    def forward(self, pictures: Tensor) -> Tensor:
        x = pictures.to(self._precision, memory_format=torch.channels_last)
        x = F.relu_(F.conv2d(x, *self._stem, stride=2, padding=1))
        seen, first = [], 0
        for depth in self._depths:
            for halve, one, two, shortcut in self._blocks[first : first + depth]:
                if halve:
                    x = F.avg_pool2d(x, 2, ceil_mode=True)
                y = F.relu_(F.conv2d(x, *one, padding=1, groups=self._groups))
                y = F.conv2d(y, *two, padding=1, groups=self._groups)
                x = F.relu_(y.add_(x if shortcut is None else F.conv2d(x, *shortcut, groups=self._groups)))
            first += depth
            seen.append(x)
        before, last = seen[-2:]
        return torch.cat([striped(before, self._stripes), striped(last, 1)], dim=1)


def _folded(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> Convolution:
    assert norm.running_var is not None
    assert norm.running_mean is not None
    scale = norm.weight.double() * torch.rsqrt(norm.running_var.double() + norm.eps)
    weight = convolution.weight.double() * scale[:, None, None, None]
    bias = norm.bias.double() - norm.running_mean.double() * scale
    return Convolution(_array(weight), _array(bias), convolution.groups)


def _array(tensor: Tensor) -> Array:
    array: Array = np.ascontiguousarray(tensor.detach().cpu().float().numpy())
    return array
